"""Peers that misbehave: each is an error of ours in bounded time, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from ssh_peers import HOST, PASSWORD, USER, Loop, Session, ssh_peer, tcp_peer

from controllers.drivers import close_snmp, make_driver, snmp_link
from controllers.ports import Device
from twin.model.errors import (
    DeviceAuthError,
    DeviceError,
    DeviceHostKeyError,
    DeviceRefused,
    DeviceTimeout,
    DeviceUnreachable,
)

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
HELLO = (
    f'<hello xmlns="{BASE}"><capabilities><capability>urn:ietf:params:netconf:base:1.0'
    "</capability><capability>urn:ietf:params:netconf:capability:candidate:1.0</capability>"
    "</capabilities><session-id>1</session-id></hello>]]>]]>"
)
KEY = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
"""A host key of nobody."""

CONNECT_S = 1.0
"""Deadline where a timeout is what is tested; else it is long enough for a busy machine. [s]"""

LONG_S = 10.0
OPERATION_S = 1.0
GRACE_S = 2.5
"""What a deadline may be late on a busy machine. [s]"""


@pytest.fixture
def peers() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


def device(
    tmp_path: Path,
    port: int,
    key: str,
    *,
    profile: str = "netconf-host",
    connect_s: float = LONG_S,
) -> Device:
    (tmp_path / "known_hosts").write_text(f"[{HOST}]:{port} {key}\n" if key else "")
    (tmp_path / "password").write_text(PASSWORD)
    return Device(
        id="peer-1", kind="host", profile=profile, host=HOST, port=port, username=USER,
        secrets={"password": "file:password"}, known_hosts="known_hosts",
        instances={"interface": ("eth0",)}, base=tmp_path,
        options={
            "connect_timeout_s": str(connect_s), "timeout_s": str(OPERATION_S), "file": "/x"
        },
    )  # fmt: skip


def attempt(wanted: Device) -> tuple[DeviceError, float]:
    """Read from a device that will fail; the error and the seconds it took."""
    driver = make_driver(wanted)
    start_s = time.monotonic()
    try:
        with pytest.raises(DeviceError) as caught:
            driver.read()
        return caught.value, time.monotonic() - start_s
    finally:
        driver.close()


async def never(_peer: Any) -> None:
    await asyncio.sleep(3600)


async def drip(writer: asyncio.StreamWriter) -> None:
    for byte in b"SSH-2.0-slow" * 100:
        writer.write(bytes([byte]))
        await asyncio.sleep(0.2)


async def http(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await writer.drain()


async def hang_up(_writer: asyncio.StreamWriter) -> None:
    return


PROFILES = ("netconf-host", "linux-host")


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("talk", "expected"),
    [
        (never, DeviceTimeout),
        (drip, DeviceTimeout),
        (http, DeviceUnreachable),
        (hang_up, DeviceUnreachable),
    ],
)
def test_a_peer_that_is_no_ssh_server(
    peers: Loop, tmp_path: Path, profile: str, talk: Any, expected: type[DeviceError]
) -> None:
    port = tcp_peer(peers, talk)
    wanted = device(tmp_path, port, KEY, profile=profile, connect_s=CONNECT_S)
    error, took_s = attempt(wanted)
    assert isinstance(error, expected)
    assert took_s < CONNECT_S + GRACE_S


@pytest.mark.parametrize("profile", PROFILES)
def test_nobody_listens(tmp_path: Path, profile: str) -> None:
    with socket.socket() as holder:
        holder.bind((HOST, 0))
        port = holder.getsockname()[1]
        error, took_s = attempt(device(tmp_path, port, KEY, profile=profile))
    assert isinstance(error, DeviceUnreachable)
    assert not isinstance(error, DeviceTimeout)
    assert took_s < 1.0


@pytest.mark.parametrize("profile", PROFILES)
def test_a_login_that_never_ends(peers: Loop, tmp_path: Path, profile: str) -> None:
    port, key = ssh_peer(peers, never, hangs=True)
    wanted = device(tmp_path, port, key, profile=profile, connect_s=CONNECT_S)
    error, took_s = attempt(wanted)
    assert isinstance(error, DeviceTimeout)
    assert took_s < CONNECT_S + GRACE_S


@pytest.mark.parametrize("profile", PROFILES)
def test_a_wrong_password(peers: Loop, tmp_path: Path, profile: str) -> None:
    port, key = ssh_peer(peers, never)
    wanted = device(tmp_path, port, key, profile=profile)
    (tmp_path / "password").write_text("wrong-canary")
    error, _ = attempt(wanted)
    assert type(error) is DeviceAuthError
    assert "wrong-canary" not in str(error)


@pytest.mark.parametrize("profile", PROFILES)
def test_an_unknown_host_key_is_refused_before_the_login(
    peers: Loop, tmp_path: Path, profile: str
) -> None:
    port, _ = ssh_peer(peers, never)
    error, _ = attempt(device(tmp_path, port, "", profile=profile))
    assert type(error) is DeviceHostKeyError
    assert "is unknown" in str(error)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("algorithm", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
def test_a_changed_host_key_is_refused_before_the_login(
    peers: Loop, tmp_path: Path, profile: str, algorithm: str
) -> None:
    port, _ = ssh_peer(peers, never)
    other = asyncssh.generate_private_key(algorithm).export_public_key().decode().strip()
    error, _ = attempt(device(tmp_path, port, other, profile=profile))
    assert type(error) is DeviceHostKeyError
    assert "CHANGED" in str(error)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    "weak",
    [
        {"encryption_algs": ["aes256-cbc"]},
        {"encryption_algs": ["3des-cbc"]},
        {"encryption_algs": ["aes256-ctr"], "mac_algs": ["hmac-sha1"]},
        {"encryption_algs": ["aes256-ctr"], "mac_algs": ["hmac-md5"]},
        {"kex_algs": ["diffie-hellman-group14-sha1"]},
    ],
)
def test_a_peer_with_weak_algorithms_only_is_refused_and_the_policy_is_named(
    peers: Loop, tmp_path: Path, profile: str, weak: dict[str, list[str]]
) -> None:
    port, key = ssh_peer(peers, never, **weak)
    error, _ = attempt(device(tmp_path, port, key, profile=profile))
    assert isinstance(error, DeviceRefused)
    assert "ssh-policy.yaml" in str(error)


async def half_hello(process: Any) -> None:
    process.stdout.write(HELLO[:80].encode())
    await never(process)


async def endless_hello(process: Any) -> None:
    while True:
        process.stdout.write(b"<capability>x</capability>" * 1000)
        await process.stdout.drain()


async def garbage_hello(process: Any) -> None:
    process.stdout.write(b"Welcome to the router!\r\n]]>]]>")
    await never(process)


async def doctype_hello(process: Any) -> None:
    process.stdout.write(b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>]]>]]>')
    await never(process)


async def early_close(_process: Any) -> None:
    return


@pytest.mark.parametrize(
    ("session", "expected", "limit_s"),
    [
        (never, DeviceTimeout, CONNECT_S),
        (half_hello, DeviceTimeout, CONNECT_S),
        (endless_hello, DeviceUnreachable, LONG_S),
        (garbage_hello, DeviceUnreachable, LONG_S),
        (doctype_hello, DeviceUnreachable, LONG_S),
        (early_close, DeviceUnreachable, LONG_S),
    ],
)
def test_a_netconf_server_that_does_not_get_through_its_hello(
    peers: Loop, tmp_path: Path, session: Session, expected: type[DeviceError], limit_s: float
) -> None:
    port, key = ssh_peer(peers, session)
    error, took_s = attempt(device(tmp_path, port, key, connect_s=limit_s))
    assert isinstance(error, expected)
    assert took_s < limit_s + GRACE_S


def after_hello(answer: bytes, *, stays: bool = True) -> Session:
    async def session(process: Any) -> None:
        process.stdout.write(HELLO.encode())
        await process.stdin.readuntil(b"]]>]]>")
        await process.stdin.readuntil(b"]]>]]>")
        process.stdout.write(answer)
        if stays:
            await never(process)

    return session


@pytest.mark.parametrize(
    ("answer", "stays", "expected"),
    [
        (b"", True, DeviceTimeout),
        (b"", False, DeviceUnreachable),
        (b"<rpc-reply", True, DeviceTimeout),
        (b"not xml]]>]]>", True, DeviceUnreachable),
        (
            f'<rpc-reply xmlns="{BASE}" message-id="77"><ok/></rpc-reply>]]>]]>'.encode(),
            True,
            DeviceUnreachable,
        ),
        (f'<rpc-reply xmlns="{BASE}"><ok/></rpc-reply>]]>]]>'.encode(), True, DeviceUnreachable),
        (b"\xff\xfe]]>]]>", True, DeviceUnreachable),
    ],
)
def test_a_netconf_server_that_fails_at_the_first_operation(
    peers: Loop, tmp_path: Path, answer: bytes, stays: bool, expected: type[DeviceError]
) -> None:
    port, key = ssh_peer(peers, after_hello(answer, stays=stays))
    error, took_s = attempt(device(tmp_path, port, key))
    assert isinstance(error, expected)
    assert took_s < LONG_S + OPERATION_S + GRACE_S


def test_a_peer_that_stops_reading_does_not_block_a_write_for_ever(
    peers: Loop, tmp_path: Path
) -> None:
    async def deaf(process: Any) -> None:
        process.stdout.write(HELLO.encode())
        process.channel.pause_reading()
        await never(process)

    port, key = ssh_peer(peers, deaf)
    error, took_s = attempt(device(tmp_path, port, key))
    assert isinstance(error, DeviceTimeout)
    assert took_s < LONG_S + OPERATION_S + GRACE_S


@pytest.mark.parametrize(
    ("session", "expected"), [(never, DeviceTimeout), (early_close, DeviceUnreachable)]
)
def test_a_host_without_a_shell(
    peers: Loop, tmp_path: Path, session: Session, expected: type[DeviceError]
) -> None:
    port, key = ssh_peer(peers, session)
    wanted = device(tmp_path, port, key, profile="linux-host", connect_s=3 * CONNECT_S)
    error, took_s = attempt(wanted)
    assert isinstance(error, expected)
    assert took_s < 3 * CONNECT_S + GRACE_S


def test_an_snmp_agent_that_is_silent_or_sends_nonsense(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a-long-password")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
        agent.bind((HOST, 0))
        agent.settimeout(0.1)
        wanted = Device(
            id="peer-2", kind="host", profile="snmp-host", host=HOST,
            port=agent.getsockname()[1], username=USER,
            secrets={"auth": "file:key", "priv": "file:key"}, base=tmp_path,
            options={"timeout_s": str(OPERATION_S)},
        )  # fmt: skip
        error, took_s = attempt(wanted)
        assert isinstance(error, DeviceTimeout)
        assert took_s < OPERATION_S + GRACE_S
        done = threading.Event()
        talker = threading.Thread(target=_babble, args=(agent, done))
        talker.start()
        error, took_s = attempt(wanted)
        done.set()
        talker.join(5)
    assert isinstance(error, DeviceTimeout)
    assert took_s < OPERATION_S + GRACE_S
    close_snmp()


@contextmanager
def agent_that(answer: Callable[[bytes], bytes | None]) -> Iterator[int]:
    """An SNMP agent in a thread; its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
        agent.bind((HOST, 0))
        agent.settimeout(0.05)
        done = threading.Event()

        def talk() -> None:
            while not done.is_set():
                try:
                    asked, sender = agent.recvfrom(4096)
                except TimeoutError:
                    continue
                said = answer(asked)
                if said is not None:
                    agent.sendto(said, sender)

        talker = threading.Thread(target=talk)
        talker.start()
        try:
            yield agent.getsockname()[1]
        finally:
            done.set()
            talker.join(5)


def snmp_device(tmp_path: Path, port: int, timeout_s: float) -> Device:
    (tmp_path / "key").write_text("a-long-password")
    return Device(
        id="peer-2", kind="host", profile="snmp-host", host=HOST, port=port, username=USER,
        secrets={"auth": "file:key", "priv": "file:key"}, base=tmp_path,
        options={"timeout_s": str(timeout_s)},
    )  # fmt: skip


@pytest.mark.parametrize("is_known", [False, True])
def test_an_agent_that_answers_discovery_only_takes_no_longer_than_the_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_known: bool
) -> None:
    # The report of the agent: usmStatsUnknownEngineIDs, in a message of engine 80001f8804616263.
    def discovery_only(asked: bytes) -> bytes | None:
        return None if b"\x80\x00\x1f" in asked else _report_to(asked)

    monkeypatch.setattr(snmp_link.manager, "has_answered", lambda _target: is_known)
    with agent_that(discovery_only) as port:
        driver = make_driver(snmp_device(tmp_path, port, 3))
        start_s = time.monotonic()
        with pytest.raises(DeviceError):
            driver.read()
        assert time.monotonic() - start_s < 3 + 1
        start_s = time.monotonic()
        # Who has never heard the agent takes it that the agent cannot decrypt what we send.
        expected = DeviceTimeout if is_known else DeviceAuthError
        with pytest.raises(expected, match=r"no SNMP answer .* in \d\.\d s|user or keys") as caught:
            driver.write({"contact": "x"})
        took_s = time.monotonic() - start_s
    assert took_s < 3 + 1
    for said in re.findall(r"in (\d\.\d) s", str(caught.value)):
        assert float(said) == pytest.approx(took_s, abs=0.3)
    close_snmp()


def _report_to(asked: bytes) -> bytes:
    """Answer a discovery with a report, RFC 3414 section 4."""
    message_id = re.search(rb"\x30.\x02(.)", asked[4:], re.DOTALL)
    assert message_id is not None
    start = 4 + message_id.start() + 2
    ident = asked[start : start + 2 + message_id[1][0]]

    def tlv(tag: int, *parts: bytes) -> bytes:
        body = b"".join(parts)
        return bytes([tag, len(body)]) + body

    engine = bytes.fromhex("80001f8804616263")
    header = tlv(0x30, ident, b"\x02\x03\x00\xff\xe3", b"\x04\x01\x00", b"\x02\x01\x03")
    usm = tlv(0x30, tlv(4, engine), b"\x02\x01\x01\x02\x01\x01", b"\x04\x00" * 3)
    counter = tlv(0x30, bytes.fromhex("060a2b060106030f01010400"), b"\x41\x01\x01")
    pdu = tlv(0xA8, b"\x02\x01\x00" * 3, tlv(0x30, counter))
    scoped = tlv(0x30, tlv(4, engine), b"\x04\x00", pdu)
    return tlv(0x30, b"\x02\x01\x03", header, tlv(4, usm), scoped)


def test_random_octets_of_an_snmp_peer_print_no_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nonsense = iter([os.urandom(200), b"\x30\x80" * 200, b"\x30\x84\xff\xff\xff\xff"] * 100)
    with caplog.at_level(logging.INFO), agent_that(lambda _asked: next(nonsense)) as port:
        for _ in range(3):
            error, _ = attempt(snmp_device(tmp_path, port, OPERATION_S))
            assert isinstance(error, DeviceTimeout)
    close_snmp()
    assert "Exception in callback" not in caplog.text
    assert "Traceback" not in caplog.text
    assert all(len(record.getMessage()) < 400 for record in caplog.records)


def _babble(agent: socket.socket, done: threading.Event) -> None:
    answers = [b"", b"\x30", b"\x30\x84\xff\xff\xff\xff", b"\x30\x80" * 200, os.urandom(200)]
    while not done.is_set():
        try:
            _, sender = agent.recvfrom(4096)
        except TimeoutError:
            continue
        for answer in answers:
            agent.sendto(answer, sender)


def _left(before: set[threading.Thread], open_before: set[str]) -> tuple[list[str], list[str]]:
    """Threads and open files that were not there before."""
    threads = [thread.name for thread in threading.enumerate() if thread not in before]
    return threads, [
        f"{fd} -> {name}" for fd, name in _open() if f"{fd} -> {name}" not in open_before
    ]


def _open() -> Iterator[tuple[str, str]]:
    for fd in Path("/proc/self/fd").iterdir():
        try:
            yield fd.name, str(fd.readlink())
        except FileNotFoundError:
            continue  # the listing itself


@pytest.mark.slow
@pytest.mark.parametrize("profile", PROFILES)
def test_two_hundred_attempts_at_a_silent_peer_leave_no_thread_and_no_socket(
    tmp_path: Path, profile: str
) -> None:
    # A listener that never accepts: the kernel takes the connection, and nobody speaks.
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen(400)
        port = listener.getsockname()[1]
        wanted = device(tmp_path, port, KEY, profile=profile, connect_s=0.05)
        attempt(wanted)
        before = set(threading.enumerate())
        open_before = {f"{fd} -> {name}" for fd, name in _open()}
        for _ in range(200):
            error, _ = attempt(wanted)
            assert isinstance(error, DeviceTimeout)
        end_s = time.monotonic() + 10
        while _left(before, open_before) != ([], []) and time.monotonic() < end_s:
            threading.Event().wait(0.05)
        # Compared one by one: what other tests left and now ends cannot hide a leak of ours.
        assert _left(before, open_before) == ([], [])
