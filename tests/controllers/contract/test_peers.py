"""Peers that misbehave: each attempt ends within its deadline, and leaves nothing behind (T08)."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import asyncssh
import pytest

from controllers.drivers import make_driver
from controllers.ports import Device
from twin.model.errors import DeviceError, DeviceRefused, DeviceUnreachable

log = logging.getLogger(__name__)
NS = "urn:ietf:params:xml:ns:netconf:base:1.0"
DEADLINE_S = 0.6
BOUND_S = 2 * DEADLINE_S + 1.0  # one to connect, one for the operation, and a second
LEFTOVER_S = 20.0  # paramiko's timer of a handshake, 15 s, outlives its session under netmiko
N_ATTEMPTS = 4
N_LONG_ATTEMPTS = 40
_HELLO = (
    f'<hello xmlns="{NS}"><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability>'
    "<capability>urn:ietf:params:netconf:capability:candidate:1.0</capability></capabilities>"
    "<session-id>1</session-id></hello>]]>]]>"
).encode()
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Session = Callable[[Any], Awaitable[None]]


class Bench:
    """One event loop in a thread, with the bad servers in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        (folder / "password").write_text("a password of good length\n")

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def device(self, profile: str, port: int) -> Device:
        public = " ".join(self.key.export_public_key().decode().split()[:2])
        (self.folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}\n")
        options = {"timeout_s": str(DEADLINE_S)}
        if profile != "snmp-host":
            options["connect_timeout_s"] = str(DEADLINE_S)
        if profile == "linux-host":
            options["file"] = "/etc/ap.conf"
        reference = f"file:{self.folder / 'password'}"
        return Device(
            id="toxic", kind="host", profile=profile, host="127.0.0.1", port=port,
            username="stellwerk", known_hosts=str(self.folder / "known_hosts"),
            secrets=dict.fromkeys(("password", "auth", "priv"), reference), options=options,
        )  # fmt: skip

    def close(self) -> None:
        async def cancel() -> None:
            others = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await asyncio.sleep(0.02)  # transports close in the next turns of the loop
            await asyncio.get_running_loop().shutdown_default_executor()

        self.run(cancel())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


# --- below SSH ---------------------------------------------------------------------------------


async def _silent(reader: Any, writer: Any) -> None:
    await reader.read()


async def _close(reader: Any, writer: Any) -> None:
    """Close at once."""


async def _reset(reader: Any, writer: Any) -> None:
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


async def _garbage(reader: Any, writer: Any) -> None:
    writer.write(os.urandom(4096))
    await reader.read()


async def _half_banner(reader: Any, writer: Any) -> None:
    writer.write(b"SSH-2.0-Open")
    await reader.read()


async def _banner_then_silence(reader: Any, writer: Any) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    await reader.read()


async def _banner_then_garbage(reader: Any, writer: Any) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n" + os.urandom(65536))
    await reader.read()


async def _slow_banner(reader: Any, writer: Any) -> None:
    for byte in b"SSH-2.0-OpenSSH_9.2\r\n":
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1.0)


async def _endless_banner(reader: Any, writer: Any) -> None:
    while True:
        writer.write(b"wait a little\r\n" * 100)
        await writer.drain()
        await asyncio.sleep(0.001)


async def _tls(reader: Any, writer: Any) -> None:
    writer.write(bytes.fromhex("15030300020228"))  # a fatal alert


BELOW = {f.__name__.strip("_"): f for f in (
    _silent, _close, _reset, _garbage, _half_banner, _banner_then_silence, _banner_then_garbage,
    _slow_banner, _endless_banner, _tls,
)}  # fmt: skip


@contextlib.contextmanager
def _tcp(bench: Bench, handler: Handler) -> Iterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError):
                await handler(reader, writer)
            writer.close()
        finally:
            if not writer.is_closing():  # the peer was cancelled while it spoke
                writer.transport.abort()

    server = bench.run(asyncio.start_server(serve, "127.0.0.1", 0))
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        bench.loop.call_soon_threadsafe(server.close)


# --- above SSH ---------------------------------------------------------------------------------


async def _mute(process: Any) -> None:
    await process.stdin.read()


async def _half_hello(process: Any) -> None:
    process.stdout.write(_HELLO[:80])
    await process.stdin.read()


async def _slow_hello(process: Any) -> None:
    for byte in _HELLO:
        process.stdout.write(bytes([byte]))
        await asyncio.sleep(1.0)


async def _endless_hello(process: Any) -> None:
    process.stdout.write(_HELLO.removesuffix(b"</hello>]]>]]>"))
    while True:
        process.stdout.write(b"<x/>" * 10_000)
        await process.stdout.drain()


async def _garbage_hello(process: Any) -> None:
    process.stdout.write(os.urandom(4096) + b"]]>]]>")
    await process.stdin.read()


async def _bomb_hello(process: Any) -> None:
    process.stdout.write(
        b'<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]><hello>&c;</hello>]]>]]>'
    )
    await process.stdin.read()


async def _deep_hello(process: Any) -> None:
    process.stdout.write(b"<a>" * 100_000 + b"]]>]]>")
    await process.stdin.read()


async def _close_after_hello(process: Any) -> None:
    process.stdout.write(_HELLO)
    process.exit(0)


async def _silence_after_hello(process: Any) -> None:
    process.stdout.write(_HELLO)
    await process.stdin.read()


async def _close_at_the_request(process: Any) -> None:
    process.stdout.write(_HELLO)
    await process.stdin.readuntil(b"</rpc>")
    process.exit(0)


async def _garbage_reply(process: Any) -> None:
    process.stdout.write(_HELLO)
    await process.stdin.readuntil(b"</rpc>")
    process.stdout.write(os.urandom(4096) + b"]]>]]>")
    await process.stdin.read()


async def _reply_to_another(process: Any) -> None:
    process.stdout.write(_HELLO)
    await process.stdin.readuntil(b"</rpc>")
    process.stdout.write(
        f'<rpc-reply xmlns="{NS}" message-id="9"><data/></rpc-reply>]]>]]>'.encode()
    )
    await process.stdin.read()


async def _huge_reply(process: Any) -> None:
    process.stdout.write(_HELLO)
    await process.stdin.readuntil(b"</rpc>")
    process.stdout.write(f'<rpc-reply xmlns="{NS}" message-id="'.encode())
    block = b"x" * 1_000_000
    for _ in range(1_000):  # 1 GB, if it is let
        process.stdout.write(block)
        await process.stdout.drain()


NETCONF = {f.__name__.strip("_"): f for f in (
    _mute, _half_hello, _slow_hello, _endless_hello, _garbage_hello, _bomb_hello, _deep_hello,
    _close_after_hello, _silence_after_hello, _close_at_the_request, _garbage_reply,
    _reply_to_another, _huge_reply,
)}  # fmt: skip


async def _prompt_then_silence(process: Any) -> None:
    process.stdout.write(b"$ ")
    await process.stdin.read()


async def _endless_output(process: Any) -> None:
    while True:
        process.stdout.write(b"yes\r\n" * 10_000)
        await process.stdout.drain()


async def _close_at_the_command(process: Any) -> None:
    process.stdout.write(b"$ ")
    await process.stdin.readuntil(b"\n")
    process.exit(1)


async def _says_the_end_without_a_beginning(process: Any) -> None:
    process.stdout.write(b"$ E0000000000000000-0\r\n$ ")
    await process.stdin.read()


CLI = {f.__name__.strip("_"): f for f in (
    _mute, _prompt_then_silence, _endless_output, _close_at_the_command,
    _says_the_end_without_a_beginning,
)}  # fmt: skip


class _Open(asyncssh.SSHServer):
    """Lets everybody in."""

    opened: ClassVar[list[Any]] = []

    def connection_made(self, conn: Any) -> None:
        self.opened.append(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return True


class _Hanging(_Open):
    """Never finishes the login."""

    async def validate_password(self, username: str, password: str) -> bool:  # type: ignore[override]
        await asyncio.sleep(60)
        return True


@contextlib.contextmanager
def _ssh(bench: Bench, session: Session, server_type: type[_Open] = _Open) -> Iterator[int]:
    async def serve(process: Any) -> None:
        with contextlib.suppress(ConnectionError, asyncssh.Error, asyncio.IncompleteReadError):
            await session(process)

    async def listen() -> Any:
        return await asyncssh.create_server(
            server_type, "127.0.0.1", 0, server_host_keys=[bench.key], process_factory=serve,
            encoding=None,
        )  # fmt: skip

    async def end() -> None:
        server.close()
        while server_type.opened:
            connection = server_type.opened.pop()
            connection.abort()
            await connection.wait_closed()

    server = bench.run(listen())
    try:
        yield server.get_port()
    finally:
        bench.run(end())


# --- the attempts ------------------------------------------------------------------------------


def _state() -> tuple[int, int]:
    """Threads and descriptors; the pool that the servers' own loop keeps does not count."""
    threads = [t for t in threading.enumerate() if not t.name.startswith("asyncio_")]
    return len(threads), len(list(Path("/proc/self/fd").iterdir()))


def _attempt(device: Device) -> tuple[float, BaseException | None]:
    begun_s = time.monotonic()
    driver = make_driver(device)
    error: BaseException | None = None
    try:
        driver.read()
    except DeviceError as err:
        error = err
    finally:
        driver.close()
    return time.monotonic() - begun_s, error


def _attempts(device: Device, n_attempts: int = N_ATTEMPTS) -> list[BaseException | None]:
    """Try at once, and check time and leftovers."""
    _attempt(device)  # what is made once and kept: engines, pools, imports
    gc.collect()
    before = _state()
    with ThreadPoolExecutor(N_ATTEMPTS) as pool:
        results = list(pool.map(_attempt, [device] * n_attempts))
    slowest = max(seconds for seconds, _ in results)
    assert slowest <= BOUND_S, f"one attempt took {slowest:.1f} s"
    end_s = time.monotonic() + LEFTOVER_S
    while any(now > then for now, then in zip(_state(), before, strict=True)):
        assert time.monotonic() < end_s, (
            f"threads and descriptors {before} became {_state()}: {threading.enumerate()}"
        )
        gc.collect()
        time.sleep(0.02)
    return [error for _, error in results]


@pytest.mark.parametrize("profile", ["netconf-host", "linux-host"])
@pytest.mark.parametrize("peer", list(BELOW))
def test_a_peer_that_does_not_speak_ssh(bench: Bench, profile: str, peer: str) -> None:
    with _tcp(bench, BELOW[peer]) as port:
        errors = _attempts(bench.device(profile, port))
    assert all(isinstance(error, DeviceError) for error in errors), errors


@pytest.mark.parametrize("peer", list(NETCONF))
def test_a_peer_that_does_not_speak_netconf(bench: Bench, peer: str) -> None:
    with _ssh(bench, NETCONF[peer]) as port:
        errors = _attempts(bench.device("netconf-host", port))
    assert all(isinstance(error, DeviceUnreachable | DeviceRefused) for error in errors), errors


@pytest.mark.parametrize("peer", list(CLI))
def test_a_peer_whose_shell_is_none(bench: Bench, peer: str) -> None:
    with _ssh(bench, CLI[peer]) as port:
        errors = _attempts(bench.device("linux-host", port))
    assert all(isinstance(error, DeviceUnreachable | DeviceRefused) for error in errors), errors


@pytest.mark.parametrize("profile", ["netconf-host", "linux-host"])
def test_a_peer_that_hangs_in_the_login(bench: Bench, profile: str) -> None:
    with _ssh(bench, _mute, _Hanging) as port:
        errors = _attempts(bench.device(profile, port))
    assert all(isinstance(error, DeviceError) for error in errors), errors


# --- SNMP --------------------------------------------------------------------------------------


def _nothing(data: bytes) -> list[bytes]:
    return []


def _random(data: bytes) -> list[bytes]:
    return [os.urandom(200)]


def _echo(data: bytes) -> list[bytes]:
    return [data]


def _cut(data: bytes) -> list[bytes]:
    return [data[:20]]


def _huge(data: bytes) -> list[bytes]:
    return [b"\x30\x83\x00\xff\x00" + b"\x30" * 60_000]


def _nested(data: bytes) -> list[bytes]:
    return [b"\x30\x80" * 10_000]


def _many(data: bytes) -> list[bytes]:
    return [data, data[:-1], b"", os.urandom(8)] * 50


SNMP = {f.__name__.strip("_"): f for f in (_nothing, _random, _echo, _cut, _huge, _nested, _many)}


class _Agent(asyncio.DatagramProtocol):
    def __init__(self, answer: Callable[[bytes], list[bytes]], *, from_elsewhere: bool) -> None:
        self.answer = answer
        self.from_elsewhere = from_elsewhere

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        for one in self.answer(data):
            if self.from_elsewhere:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                    other.sendto(one, addr)
            else:
                self.transport.sendto(one, addr)


@contextlib.contextmanager
def _udp(
    bench: Bench, answer: Callable[[bytes], list[bytes]], *, from_elsewhere: bool = False
) -> Iterator[int]:
    async def listen() -> Any:
        return await bench.loop.create_datagram_endpoint(
            lambda: _Agent(answer, from_elsewhere=from_elsewhere), local_addr=("127.0.0.1", 0)
        )

    transport, _ = bench.run(listen())
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        bench.loop.call_soon_threadsafe(transport.close)


@pytest.mark.parametrize("peer", list(SNMP))
def test_an_agent_that_does_not_speak_snmp(bench: Bench, peer: str) -> None:
    with _udp(bench, SNMP[peer]) as port:
        errors = _attempts(bench.device("snmp-host", port))
    assert all(isinstance(error, DeviceError) for error in errors), errors


def test_an_answer_from_another_port_is_not_taken(bench: Bench) -> None:
    with _udp(bench, _echo, from_elsewhere=True) as port:
        errors = _attempts(bench.device("snmp-host", port))
    assert all(isinstance(error, DeviceUnreachable) for error in errors), errors


# --- many --------------------------------------------------------------------------------------


@pytest.mark.soak
@pytest.mark.parametrize("profile", ["netconf-host", "linux-host"])
def test_four_hundred_attempts_leave_memory_as_it_was(
    bench: Bench, profile: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "paramiko")  # pytest would keep every traceback
    psutil = pytest.importorskip("psutil")
    process = psutil.Process()
    peers = [*BELOW.values()]
    before_mb = 0.0
    for i, handler in enumerate(peers):
        with _tcp(bench, handler) as port:
            _attempts(bench.device(profile, port), n_attempts=N_LONG_ATTEMPTS)
        if i == 0:
            gc.collect()
            before_mb = process.memory_info().rss / 1e6
    gc.collect()
    grown_mb = process.memory_info().rss / 1e6 - before_mb
    log.info("grown by %.1f MB", grown_mb)
    assert grown_mb < 5.0
