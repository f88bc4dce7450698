"""The one background loop in which pysnmp asks, behind a blocking call.

pysnmp speaks what an inventory names as an exception (v2c, SHA-1) and the ciphers of vendors;
`controllers.snmp` speaks all else, thirty times as fast.

pysnmp hangs when an engine is used from a second event loop, and an engine costs 70 ms. So there
is one thread with one loop, and one engine for each set of credentials: pysnmp keeps the
localised keys of a user per engine, and would go on using an old key for a user of the same name.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import socket
import threading
import time
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import replace
from typing import Any, TypeVar

from controllers.drivers.snmp_wire import (
    AUTH_PROTOCOLS,
    PRIV_PROTOCOLS,
    CommandGeneratorLcdConfigurator,
    ErrorIndication,
    GetCommandGenerator,
    NextCommandGenerator,
    PyAsn1Error,
    PySnmpError,
    SetCommandGenerator,
    from_pysnmp,
    hlapi,
    to_pysnmp,
)
from controllers.snmp.exchange import Answer, Credentials, Operation, Target, Variable

__all__ = ["close_pysnmp", "exchange_by_pysnmp"]

log = logging.getLogger(__name__)

_T = TypeVar("_T")
_JOIN_S = 5.0
_GRACE_S = 0.5
_LONGEST_NOTE = 200
_LCD = CommandGeneratorLcdConfigurator()
# A GET without user or engine id, and the counter in its answer: the discovery of engine ids,
# RFC 3414 (2002) section 4 and usmStatsUnknownEngineIDs.0 in section 5.
_DISCOVERY = bytes.fromhex(
    "303e020103301102042b8e5a11020300ffe30401040201030410300e0400020100020100040004000400"
    "301404000400a00e02042b8e5a110201000201003000"
)
_UNKNOWN_ENGINE = bytes.fromhex("060a2b060106030f01010400")

_GENERATORS = {
    "get": GetCommandGenerator,
    "set": SetCommandGenerator,
    "next": NextCommandGenerator,
}


class _Hub:
    """The thread, its loop and its engines; started at first use, closed at exit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._engines: dict[Credentials, Any] = {}
        self._retired: set[Any] = set()
        self._heard: set[tuple[Credentials, str, int]] = set()

    def run(self, work: Coroutine[Any, Any, _T], limit_s: float) -> _T:
        """Run a coroutine in the loop and wait for it.

        Raises
        ------
        TimeoutError
            It did not end in time; it is cancelled.
        """
        future: Future[_T] = asyncio.run_coroutine_threadsafe(work, self._started())
        try:
            return future.result(limit_s)
        except FutureTimeout:
            future.cancel()
            raise

    def engine(self, credentials: Credentials) -> Any:  # noqa: ANN401
        """Return the engine of some credentials; call it in the loop only."""
        if credentials not in self._engines:
            self._engines[credentials] = hlapi.SnmpEngine()
        return self._engines[credentials]

    def hear(self, target: Target) -> None:
        """Note that an agent has answered these credentials."""
        self._heard.add((target.credentials, target.host, target.port))

    def has_heard(self, target: Target) -> bool:
        """Say whether an agent has ever answered these credentials."""
        return (target.credentials, target.host, target.port) in self._heard

    def retire(self, target: Target, failed: Any) -> None:  # noqa: ANN401
        """Forget the engine that failed; it is closed when exchanges under way have ended."""
        loop = self._started()

        def forget() -> None:
            # Another thread may have replaced it meanwhile; the new one stays.
            if self._engines.get(target.credentials) is failed:
                del self._engines[target.credentials]
                self._retired.add(failed)
                loop.call_later(target.deadline_s, self._drop, failed)

        # The loop does things in their order: a later exchange finds it done.
        loop.call_soon_threadsafe(forget)

    def _drop(self, engine: Any) -> None:  # noqa: ANN401
        if engine in self._retired:
            self._retired.remove(engine)
            engine.close_dispatcher()

    def close(self) -> None:
        """Close the engines, end the loop and join the thread."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._close_engines(), loop).result(_JOIN_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_JOIN_S)

    async def _close_engines(self) -> None:
        for engine in (*self._engines.values(), *self._retired):
            engine.close_dispatcher()
        self._engines.clear()
        self._retired.clear()
        self._heard.clear()
        # The dispatcher's timer task is only cancelled: let it end before the loop does.
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await asyncio.get_running_loop().shutdown_default_executor()
        await asyncio.sleep(0)  # closing a socket takes another turn of the loop

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                loop = asyncio.new_event_loop()
                loop.set_exception_handler(_note)
                self._thread = threading.Thread(
                    target=_serve, args=(loop,), name="snmp-loop", daemon=True
                )
                self._loop = loop
                self._thread.start()
            return self._loop


def _note(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say in one line what pysnmp could not read: anybody can send nonsense to a UDP port."""
    err = context.get("exception")
    what = " ".join(str(err or context.get("message", "")).split())[:_LONGEST_NOTE]
    log.info("what an SNMP peer sent was dropped: %s", what)
    log.debug("dropped", exc_info=err)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()


_hub = _Hub()
atexit.register(_hub.close)


def close_pysnmp() -> None:
    """End the background loop; the next exchange starts a new one."""
    _hub.close()


def exchange_by_pysnmp(
    target: Target,
    operation: Operation,
    variables: Sequence[Variable],
) -> Answer:
    """Send one request and wait for its answer.

    Parameters
    ----------
    target : Target
        The agent.
    operation : str
        ``get``, ``set`` or ``next``.
    variables : sequence of Variable
        What to ask or to set; one PDU.

    Returns
    -------
    Answer
        The answer, or why there is none. Silence is ``RequestTimedOut``.
    """
    begun_s = time.monotonic()
    answer = _exchange_twice(target, begun_s + target.deadline_s, operation, variables)
    return replace(answer, took_s=time.monotonic() - begun_s)


def _exchange_twice(
    target: Target,
    end_s: float,
    operation: Operation,
    variables: Sequence[Variable],
) -> Answer:
    answer, engine = _bounded(target, end_s, operation, variables)
    if answer.failure != "RequestTimedOut" or target.credentials.version == "v2c":
        return answer
    if not _answers_discovery(target, end_s):
        return answer
    if _hub.has_heard(target):
        # The agent has come back with another engine id; pysnmp goes on with the one it knows.
        log.info("%s:%d may have a new SNMP engine id", target.host, target.port)
        _hub.retire(target, engine)
        return _bounded(target, end_s, operation, variables)[0]
    if operation == "get":
        # net-snmp drops what it cannot decrypt without a word.
        return Answer(failure="DecryptionError", failure_text="the agent drops what we encrypt")
    return answer


def _bounded(
    target: Target,
    end_s: float,
    operation: Operation,
    variables: Sequence[Variable],
) -> tuple[Answer, Any]:
    """Exchange until the end at most; the answer, and the engine that was used."""
    left_s = max(0.0, end_s - time.monotonic())
    try:
        work = _exchange(target, left_s, operation, variables)
        return _hub.run(work, left_s + _GRACE_S)
    except TimeoutError:
        text = "no answer within the deadline"
        return Answer(failure="RequestTimedOut", failure_text=text), None


def _answers_discovery(target: Target, end_s: float) -> bool:
    """Ask for the engine id without any secret: tells a silent agent from a dead one."""
    left_s = min(target.timeout_s, end_s - time.monotonic())
    if left_s <= 0:
        return False
    family = socket.AF_INET6 if ":" in target.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asker:
        asker.settimeout(left_s)
        try:
            asker.connect((target.host, target.port))
            asker.send(_DISCOVERY)
            return _UNKNOWN_ENGINE in asker.recv(2048)
        except OSError:
            return False


async def _exchange(
    target: Target,
    limit_s: float,
    operation: Operation,
    variables: Sequence[Variable],
) -> tuple[Answer, Any]:
    async with asyncio.timeout(limit_s):
        try:
            where = await _where(target)
        except PySnmpError as err:
            return Answer(failure="BadAddress", failure_text=_one_line(err)), None
        engine = _hub.engine(target.credentials)
        answer = await _send(engine, target, where, operation, variables)
        if not answer.failure:
            _hub.hear(target)
        return answer, engine


async def _where(target: Target) -> Any:  # noqa: ANN401
    domain = hlapi.Udp6TransportTarget if ":" in target.host else hlapi.UdpTransportTarget
    return await domain.create(
        (target.host, target.port), timeout=target.timeout_s, retries=target.n_retries
    )


async def _send(
    engine: Any,  # noqa: ANN401
    target: Target,
    where: Any,  # noqa: ANN401
    operation: Operation,
    variables: Sequence[Variable],
) -> Answer:
    # The command generator below pysnmp's high-level calls: those resolve each name in MIBs.
    try:
        name, _ = _LCD.configure(engine, _auth(target.credentials), where)
    except (PySnmpError, PyAsn1Error):
        # Not what it says: that repeats the secret.
        return Answer(failure="LocalError", failure_text="these user or secrets cannot be used")
    generator = _GENERATORS[operation]()
    future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    try:
        asked = [(v.oid, to_pysnmp(v)) for v in variables]
        generator.send_varbinds(engine, name, None, b"", asked, _deliver, future)
    except (PySnmpError, PyAsn1Error) as err:
        return _failed(err)
    return await future


def _deliver(
    _engine: Any,  # noqa: ANN401
    _handle: Any,  # noqa: ANN401
    indication: Any,  # noqa: ANN401
    status: Any,  # noqa: ANN401
    index: Any,  # noqa: ANN401
    variables: Any,  # noqa: ANN401
    future: asyncio.Future[Answer],
) -> None:
    if future.done():
        return
    if indication:
        future.set_result(_failed(indication))
        return
    told = tuple(from_pysnmp(tuple(name), value) for name, value in variables)
    future.set_result(Answer(status=int(status), index=int(index), variables=told))


def _failed(cause: Any) -> Answer:  # noqa: ANN401
    if isinstance(cause, ErrorIndication):
        return Answer(failure=type(cause).__name__, failure_text=_one_line(cause))
    return Answer(failure="LocalError", failure_text=_one_line(cause))


def _one_line(cause: object) -> str:
    return " ".join(str(cause).split())[:_LONGEST_NOTE]


def _auth(credentials: Credentials) -> Any:  # noqa: ANN401
    if credentials.version == "v2c":
        # Only where the inventory names the exception and its reason.
        return hlapi.CommunityData(credentials.community, mpModel=1)
    return hlapi.UsmUserData(
        credentials.user,
        authKey=credentials.auth_key,
        privKey=credentials.priv_key,
        authProtocol=AUTH_PROTOCOLS[credentials.auth_protocol],
        privProtocol=PRIV_PROTOCOLS[credentials.priv_protocol],
    )
