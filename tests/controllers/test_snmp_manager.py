"""The SNMPv3 manager against agents that restart, forget, lie and are impersonated."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controllers.ports import Device
from controllers.snmp.ber import NULL, OCTET_STRING
from controllers.snmp.exchange import Answer, Credentials, Target, Variable
from controllers.snmp.manager import Manager
from controllers.snmp.message import (
    PduType,
    decode_message,
    encode_header,
    encode_pdu,
    encode_scoped_pdu,
)
from hil.emulators.device import EmulatedDevice
from hil.emulators.snmp_agent import SnmpAgent
from hil.emulators.snmp_objects import profile_nodes
from hil.emulators.usm import UsmUser
from hil.emulators.world_port import MemoryWorld

CONTACT = (1, 3, 6, 1, 2, 1, 1, 4, 0)
PHRASES = ("an authentic phrase", "a private phrase")
Change = Callable[[bytes, bytes | None], list[bytes]]


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Peer:
    """An agent behind a socket, whose answers can be changed on their way."""

    agent: SnmpAgent
    port: int
    clock: Clock
    change: Change
    n_heard: int = 0
    manager: Manager = field(default_factory=Manager)

    def target(self, host: str = "127.0.0.1", **fields: object) -> Target:
        credentials = Credentials("v3", "u", "SHA-256", "AES-128", *PHRASES)
        known: dict[str, object] = {
            "host": host, "port": self.port, "credentials": credentials, "timeout_s": 0.2,
            "n_retries": 1, "deadline_s": 2.0,
        }  # fmt: skip
        return Target(**(known | fields))  # type: ignore[arg-type]

    def get(self, **fields: object) -> Answer:
        return self.manager.exchange(
            self.target(**fields),
            "get",
            [Variable(CONTACT, NULL, None)],  # type: ignore[arg-type]
        )


def made(clock: Clock, *, boots: int = 1, name: str = "h-1") -> SnmpAgent:
    entry = Device(id=name, kind="host", profile="snmp-host", host="", port=0, username="u")
    values = {"contact": "c", "location": "l", "name": "n", "uptime_s": 1}
    world = MemoryWorld({name: "host"}, {name: values})
    device = EmulatedDevice(entry, world, boots=boots, clock=clock)
    return SnmpAgent(device, (UsmUser("u", *PHRASES),), profile_nodes(device))


def as_it_is(_asked: bytes, answer: bytes | None) -> list[bytes]:
    return [] if answer is None else [answer]


@contextmanager
def running(family: socket.AddressFamily, host: str) -> Iterator[Peer]:
    clock = Clock()
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        sock.settimeout(0.05)
        peer = Peer(made(clock), sock.getsockname()[1], clock, as_it_is)
        done = threading.Event()

        def talk() -> None:
            while not done.is_set():
                try:
                    asked, sender = sock.recvfrom(65535)
                except TimeoutError:
                    continue
                peer.n_heard += 1
                for datagram in peer.change(asked, peer.agent.answer(asked)):
                    sock.sendto(datagram, sender)

        thread = threading.Thread(target=talk)
        thread.start()
        try:
            yield peer
        finally:
            done.set()
            thread.join(5)


@pytest.fixture
def peer() -> Iterator[Peer]:
    with running(socket.AF_INET, "127.0.0.1") as found:
        yield found


def test_the_engine_is_discovered_once(peer: Peer) -> None:
    assert peer.get().variables == (Variable(CONTACT, OCTET_STRING, b"c"),)
    assert peer.n_heard == 2
    assert peer.get().variables
    assert peer.n_heard == 3
    peer.manager.forget()
    assert peer.get().variables
    assert peer.n_heard == 5


@pytest.mark.parametrize("boots", [1, 2, 3, 9])
def test_an_agent_that_restarts_is_known_again_even_with_fewer_boots(
    peer: Peer, boots: int
) -> None:
    peer.agent = made(peer.clock, boots=3)
    peer.clock.now_s += 5000
    assert peer.get().variables
    peer.agent = made(peer.clock, boots=boots)
    answer = peer.get()
    assert answer.variables
    assert answer.n_sent == 2


def test_an_agent_that_comes_back_as_another_engine_is_known_again(peer: Peer) -> None:
    assert peer.get().variables
    peer.agent = made(peer.clock, name="h-2")
    assert peer.get().variables


def test_a_lost_answer_is_asked_for_again_and_a_late_one_is_taken(peer: Peer) -> None:
    assert peer.get().variables
    kept: list[bytes] = []

    def late(_asked: bytes, answer: bytes | None) -> list[bytes]:
        assert answer is not None
        kept.append(answer)
        return [] if len(kept) == 1 else [kept[0]]

    peer.change = late
    answer = peer.get()
    assert (answer.variables[0].value, answer.n_sent) == (b"c", 2)


@pytest.mark.parametrize("at", range(0, 120, 7))
def test_an_answer_that_is_changed_on_its_way_is_not_taken(peer: Peer, at: int) -> None:
    assert peer.get().variables

    def changed(_asked: bytes, answer: bytes | None) -> list[bytes]:
        assert answer is not None
        i = at % len(answer)
        return [answer[:i] + bytes([answer[i] ^ 0x55]) + answer[i + 1 :]]

    peer.change = changed
    answer = peer.get(timeout_s=0.03, n_retries=0, deadline_s=0.1)
    assert answer.failure
    assert not answer.variables


def test_an_answer_in_clear_is_not_taken_for_one_of_the_agent(peer: Peer) -> None:
    assert peer.get().variables

    def clear(asked: bytes, answer: bytes | None) -> list[bytes]:
        message = decode_message(asked)
        pdu = encode_pdu(PduType.RESPONSE, 1, 0, 0, b"")
        scoped = encode_scoped_pdu(peer.agent.usm.engine_id, b"", pdu)
        forged = peer.agent.usm.seal(encode_header(message.id, 0), 0, b"u", scoped)
        return [forged, *as_it_is(asked, answer)]

    peer.change = clear
    assert peer.get().variables[0].value == b"c"


@pytest.mark.parametrize(
    ("fields", "failure"),
    [
        ({"user": "somebody"}, "UnknownUserName"),
        ({"auth_key": "another phrase"}, "WrongDigest"),
        ({"priv_key": "another phrase"}, "DecryptionError"),
    ],
)
def test_wrong_credentials_are_told_apart(peer: Peer, fields: dict[str, str], failure: str) -> None:
    known = {
        "version": "v3", "user": "u", "auth_protocol": "SHA-256", "priv_protocol": "AES-128",
        "auth_key": PHRASES[0], "priv_key": PHRASES[1],
    } | fields  # fmt: skip
    answer = peer.get(credentials=Credentials(**known))  # type: ignore[arg-type]
    assert answer.failure == failure
    assert not any(phrase in repr(answer) for phrase in PHRASES)


@pytest.mark.parametrize("auth", ["SHA-224", "SHA-384", "SHA-512"])
def test_a_digest_the_agent_does_not_have_is_refused_not_misread(peer: Peer, auth: str) -> None:
    credentials = Credentials("v3", "u", auth, "AES-128", *PHRASES)
    assert peer.get(credentials=credentials).failure == "WrongDigest"


def test_nobody_at_the_port_is_said_at_once(peer: Peer) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    answer = peer.get(port=port, timeout_s=5.0, deadline_s=10.0)
    assert answer.failure == "ConnectionRefused"
    assert answer.took_s < 1.0
    assert peer.get(host="no.such.host.invalid").failure == "BadAddress"


def test_version_6_addresses_are_asked() -> None:
    with running(socket.AF_INET6, "::1") as peer:
        assert peer.get(host="::1").variables


@given(st.binary(max_size=300))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_comes_before_the_answer_does_no_harm(peer: Peer, noise: bytes) -> None:
    peer.change = lambda asked, answer: [noise, noise[::-1], *as_it_is(asked, answer)]
    assert peer.get().variables[0].value == b"c"
