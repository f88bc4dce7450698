"""One exchange with one SNMPv3 agent over a socket of its own, and what is known of the agent.

References
----------
.. [1] RFC 3412, section 7.2 (what becomes of an incoming message).
.. [2] RFC 3414, sections 3.2 (checks) and 4 (discovery of the engine).
"""

from __future__ import annotations

import itertools
import logging
import secrets
import socket
import time
from dataclasses import dataclass, replace

from controllers.snmp.ber import BerError, decode_oid, decode_value, encode_oid
from controllers.snmp.exchange import Answer, Target, Variable
from controllers.snmp.message import (
    Message,
    Pdu,
    PduType,
    decode_message,
    decode_scoped_pdu,
    encode_header,
    encode_pdu,
    encode_scoped_pdu,
)
from controllers.snmp.usm import (
    AUTH_FLAG,
    PRIV_FLAG,
    REPORTABLE_FLAG,
    TIME_WINDOW_S,
    Keys,
    UsmParameters,
    decrypt,
    has_right_digest,
    seal,
)

__all__ = ["MOST_CORRECTIONS", "SILENCE", "Agent", "Conversation", "Refused"]

log = logging.getLogger(__name__)

MOST_CORRECTIONS = 3
"""Times an agent may tell us a new engine id or a new clock in one exchange."""
_FLAGS = AUTH_FLAG | PRIV_FLAG
_ID_BITS = 31
_MAX_DATAGRAM_BYTES = 65535
_STATS = encode_oid((1, 3, 6, 1, 6, 3, 15, 1, 1))
_UNKNOWN_ENGINE = 4
_NOT_IN_TIME = 2
_REPORTS = {
    1: ("UnsupportedSecurityLevel", "it does not take authentication with encryption"),
    3: ("UnknownUserName", "it does not know the user"),
    5: ("WrongDigest", "the digest is wrong"),
    6: ("DecryptionError", "it cannot decrypt what we send"),
}
"""Failures by the last arc of the usmStats counter in a report, RFC 3414 section 5."""
SILENCE = Answer(failure="RequestTimedOut", failure_text="no answer within the deadline")


@dataclass(slots=True)
class Agent:
    """What is known of one agent; its clock is one tuple, so that threads see all of it or none."""

    engine_id: bytes
    keys: Keys
    clock: tuple[int, int, float]
    max_bytes: int
    has_answered: bool = False

    def now(self, now_s: float) -> tuple[int, int]:
        """Boots and time of the engine now."""
        boots, time_s, seen_s = self.clock
        return boots, time_s + int(now_s - seen_s)

    def learn(self, security: UsmParameters, now_s: float) -> bool:
        """Take over the clock of an authentic message; False if it is too old."""
        boots, time_s = self.now(now_s)
        if security.boots < boots or (
            security.boots == boots and security.time_s < time_s - TIME_WINDOW_S
        ):
            return False
        if (security.boots, security.time_s) > (boots, time_s):
            self.clock = (security.boots, security.time_s, now_s)
        return True


class Refused(Exception):
    """Nobody listens at the address."""


class Conversation:
    """One exchange: a connected socket, the ids it has used, and when it must end."""

    _salts = itertools.count(secrets.randbits(62))

    def __init__(self, target: Target, end_s: float) -> None:
        self.target = target
        self.n_sent = 0
        self.is_silent = False
        self._end_s = end_s
        self._user = target.credentials.user.encode()
        self._ids: set[int] = set()

    def __enter__(self) -> Conversation:
        family, _, _, _, address = socket.getaddrinfo(
            self.target.host, self.target.port, type=socket.SOCK_DGRAM
        )[0]
        self._sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._sock.connect(address)
        except OSError:
            self._sock.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    def discover(self, n_retries: int) -> Message | None:
        """Ask for the engine id; the report, or None."""
        pdu = encode_pdu(PduType.GET, secrets.randbits(_ID_BITS), 0, 0, b"")
        scoped = encode_scoped_pdu(b"", b"", pdu)
        ids: set[int] = set()
        for _ in range(1 + n_retries):
            until_s = self._next_end_s()
            if until_s is None:
                return None
            header = encode_header(self._new_id(ids), REPORTABLE_FLAG)
            self._send(
                seal(header, 0, None, scoped, engine_id=b"", boots=0, time_s=0, user=b"", salt=0)
            )
            while (message := self._receive(ids, until_s)) is not None:
                if _tells_engine(message):
                    return message
        return None

    def ask(self, agent: Agent, kind: PduType, varbinds: bytes) -> Answer | None:
        """Ask an agent; None if it says that it is another engine than we think."""
        request_id = secrets.randbits(_ID_BITS)
        pdu = encode_pdu(kind, request_id, 0, 0, varbinds)
        scoped = encode_scoped_pdu(agent.engine_id, b"", pdu)
        n_corrected = 0
        n_left = 1 + self.target.n_retries
        while n_left > 0:
            n_left -= 1
            until_s = self._next_end_s()
            if until_s is None:
                break
            self._send_sealed(agent, scoped)
            while (message := self._receive(self._ids, until_s)) is not None:
                heard = self._heard(agent, message, request_id)
                if heard == _UNKNOWN_ENGINE:
                    return None
                if heard == _NOT_IN_TIME and n_corrected < MOST_CORRECTIONS:
                    n_corrected += 1
                    n_left += 1
                    break
                if isinstance(heard, Answer):
                    return replace(heard, n_sent=self.n_sent, max_bytes=agent.max_bytes)
        return replace(SILENCE, n_sent=self.n_sent)

    def _send_sealed(self, agent: Agent, scoped: bytes) -> None:
        boots, time_s = agent.now(time.monotonic())
        header = encode_header(self._new_id(self._ids), _FLAGS | REPORTABLE_FLAG)
        datagram = seal(
            header, _FLAGS, agent.keys, scoped,
            engine_id=agent.engine_id, boots=boots, time_s=time_s, user=self._user,
            salt=next(self._salts),
        )  # fmt: skip
        self.n_sent += 1
        self._send(datagram)

    def _heard(self, agent: Agent, message: Message, request_id: int) -> Answer | int | None:
        """Judge a message: an answer, the number of a report to act on, or None to drop it."""
        try:
            if not message.flags & AUTH_FLAG:
                return self._report_in_clear(agent, message)
            plain = self._opened(agent, message)
            if plain is None:
                return None
            pdu = decode_scoped_pdu(plain).pdu
            now_s = time.monotonic()
            if pdu.type == PduType.REPORT:
                # It answers an id we have just made, so it is no old one: even fewer boots than
                # before are believed, of an agent that has lost its count.
                agent.clock = (message.security.boots, message.security.time_s, now_s)
                return self._act_on(_stat_of(pdu), may_correct=True)
            if pdu.type != PduType.RESPONSE or pdu.request_id != request_id:
                return None
            if not agent.learn(message.security, now_s):
                return None
            if not message.is_encrypted:
                return None  # nobody who has our keys answers an encrypted question in clear
            agent.max_bytes = message.max_size
            return Answer(
                status=pdu.status,
                index=pdu.index,
                variables=tuple(
                    Variable(decode_oid(v.oid), v.tag, decode_value(v.tag, v.value))
                    for v in pdu.varbinds
                ),
            )
        except BerError as err:
            log.info("what an SNMP peer sent was dropped: %s", err)
            return None

    def _opened(self, agent: Agent, message: Message) -> bytes | None:
        security = message.security
        if security.engine_id != agent.engine_id or security.user != self._user:
            return None
        if not has_right_digest(agent.keys, message.data, security):
            return None
        if message.is_encrypted:
            return decrypt(agent.keys, security, message.payload)
        return message.payload

    def _report_in_clear(self, agent: Agent, message: Message) -> Answer | int | None:
        pdu = decode_scoped_pdu(message.payload).pdu
        if pdu.type != PduType.REPORT:
            return None
        stat = _stat_of(pdu)
        if stat == _UNKNOWN_ENGINE and message.security.engine_id == agent.engine_id:
            return None
        return self._act_on(stat, may_correct=False)

    def _act_on(self, stat: int, *, may_correct: bool) -> Answer | int | None:
        if stat in _REPORTS:
            name, text = _REPORTS[stat]
            return Answer(failure=name, failure_text=text)
        if stat == _NOT_IN_TIME:
            return stat if may_correct else None
        return stat if stat == _UNKNOWN_ENGINE else None

    def _new_id(self, ids: set[int]) -> int:
        number = secrets.randbits(_ID_BITS)
        ids.add(number)
        return number

    def _next_end_s(self) -> float | None:
        """When to stop waiting for the next answer; None if the time is over."""
        now_s = time.monotonic()
        if now_s >= self._end_s:
            return None
        return min(now_s + self.target.timeout_s, self._end_s)

    def _send(self, datagram: bytes) -> None:
        try:
            self._sock.send(datagram)
        except ConnectionRefusedError as err:
            raise Refused from err

    def _receive(self, ids: set[int], until_s: float) -> Message | None:
        """Wait for the next message with an id of ours; None when the time is over."""
        while (left_s := until_s - time.monotonic()) > 0:
            self._sock.settimeout(left_s)
            try:
                message = decode_message(self._sock.recv(_MAX_DATAGRAM_BYTES))
            except TimeoutError:
                return None
            except ConnectionRefusedError as err:
                raise Refused from err
            except BerError as err:
                log.info("what an SNMP peer sent was dropped: %s", err)
                continue
            if message.id in ids:
                return message
        return None


def _stat_of(pdu: Pdu) -> int:
    """Last arc of the usmStats counter in a report; 0 for another one."""
    oid = pdu.varbinds[0].oid if len(pdu.varbinds) == 1 else b""
    if oid[:-2] != _STATS or oid[-1:] != b"\x00":
        return 0
    return oid[-2]


def _tells_engine(message: Message) -> bool:
    """Say whether a message is the report of an engine that we did not know."""
    if message.flags & _FLAGS or not 5 <= len(message.security.engine_id) <= 32:
        return False
    try:
        pdu = decode_scoped_pdu(message.payload).pdu
    except BerError:
        return False
    return pdu.type == PduType.REPORT and _stat_of(pdu) == _UNKNOWN_ENGINE
