"""Wrong keys, passwords, host keys and weak protocols: refused in time, and nothing is sent."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from controllers.drivers import make_driver
from controllers.ports import Device
from hil.daemons.folders import write_key_pair
from twin.model.errors import (
    DeviceAuthError,
    DeviceHostKeyError,
    DeviceRefused,
    DeviceUnreachable,
)

Within = Callable[[float], Any]


# --- SNMPv3 ------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["auth", "priv", "both"])
def test_a_wrong_snmpv3_key_is_named_in_bounded_time(
    snmp_subject: Any, within: Within, tmp_path: Path, wrong: str
) -> None:
    (tmp_path / "wrong").write_text("not the pass phrase\n")
    names = ("auth", "priv") if wrong == "both" else (wrong,)
    keys = {name: f"file:{tmp_path / 'wrong'}" for name in names}
    device = snmp_subject.changed(secrets={**snmp_subject.device.secrets, **keys})
    before = snmp_subject.read()
    driver = snmp_subject.driver(device, timeout_s="3")
    # a wrong privacy key makes the agent unable to read us; some then stay silent
    expected: Any = DeviceAuthError if "auth" in names else (DeviceAuthError, DeviceUnreachable)
    with within(4), pytest.raises(expected, match=r"user or keys|no SNMP answer"):
        driver.write(snmp_subject.wanted)
    assert snmp_subject.read() == before


def test_an_unknown_snmpv3_user_is_named_in_bounded_time(snmp_subject: Any, within: Within) -> None:
    driver = snmp_subject.driver(snmp_subject.changed(username="nobody"), timeout_s="3")
    with within(4), pytest.raises(DeviceAuthError, match="user"):
        driver.read()


@pytest.mark.parametrize(
    "options",
    [
        {"auth_protocol": "MD5"},
        {"auth_protocol": "SHA-1"},
        {"auth_protocol": "none"},
        {"priv_protocol": "DES"},
        {"priv_protocol": "none"},
        {"legacy": "v2c"},
        {"legacy": "v1: old"},
        {"legacy": "MD5: old"},
    ],
)
def test_weak_snmp_is_refused_before_anything_is_sent(options: dict[str, str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.setblocking(False)
        device = Device(
            id="old", kind="host", profile="snmp-host", host="127.0.0.1",
            port=listener.getsockname()[1], username="stellwerk", options=options,
            secrets={"auth": "file:a", "priv": "file:a"},
        )  # fmt: skip
        with pytest.raises(DeviceRefused, match="old"):
            make_driver(device).read()
        with pytest.raises(BlockingIOError):
            listener.recv(1)


# --- SSH credentials ---------------------------------------------------------------------------


def test_a_wrong_password_or_key_is_named_in_bounded_time(
    ssh_subject: Any, within: Within, tmp_path: Path
) -> None:
    if ssh_subject.is_emulated:
        (tmp_path / "wrong").write_text("not the password\n")
        secrets = {"password": f"file:{tmp_path / 'wrong'}"}
    else:
        write_key_pair(tmp_path / "keys" / "other")
        secrets = {"key": f"file:{tmp_path / 'keys' / 'other'}"}
    before = ssh_subject.read()
    driver = ssh_subject.driver(ssh_subject.changed(secrets=secrets), connect_timeout_s="5")
    with within(7), pytest.raises(DeviceAuthError, match="refuses the login") as caught:
        driver.read()
    assert not isinstance(caught.value, DeviceHostKeyError)
    assert ssh_subject.read() == before


def test_a_password_where_only_keys_are_taken_is_named(
    ssh_subject: Any, within: Within, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("a password\n")
    secrets = {"password": f"file:{tmp_path / 'password'}"}
    driver = ssh_subject.driver(ssh_subject.changed(secrets=secrets), connect_timeout_s="5")
    with within(7), pytest.raises(DeviceAuthError):
        driver.read()


def test_a_wrong_user_is_named(ssh_subject: Any, within: Within) -> None:
    driver = ssh_subject.driver(ssh_subject.changed(username="nobody"), connect_timeout_s="5")
    with within(7), pytest.raises(DeviceAuthError, match="'nobody'"):
        driver.read()


# --- SSH host keys -----------------------------------------------------------------------------


def _with_known_hosts(subject: Any, path: Path, text: str) -> Device:
    path.write_text(text)
    return subject.changed(known_hosts=str(path))  # type: ignore[no-any-return]


@pytest.fixture
def foreign_key(tmp_path: Path) -> str:
    return write_key_pair(tmp_path / "foreign" / "key")


def test_an_unknown_host_key_is_refused_and_nothing_is_sent(
    ssh_subject: Any, within: Within, tmp_path: Path
) -> None:
    device = _with_known_hosts(ssh_subject, tmp_path / "known", "")
    logins = ssh_subject.logins()
    with within(10), pytest.raises(DeviceHostKeyError, match="unknown"):
        ssh_subject.driver(device).read()
    assert ssh_subject.logins() == logins


def test_a_changed_host_key_is_refused_and_nothing_is_sent(
    ssh_subject: Any, within: Within, tmp_path: Path, foreign_key: str
) -> None:
    place = f"[{ssh_subject.device.host}]:{ssh_subject.device.port}"
    device = _with_known_hosts(ssh_subject, tmp_path / "known", f"{place} {foreign_key}\n")
    logins = ssh_subject.logins()
    with within(10), pytest.raises(DeviceHostKeyError, match="CHANGED"):
        ssh_subject.driver(device).read()
    assert ssh_subject.logins() == logins


def test_the_key_of_another_port_is_not_taken(ssh_subject: Any, tmp_path: Path) -> None:
    known = (ssh_subject.device.base / ssh_subject.device.known_hosts).read_text()
    other = known.replace(f":{ssh_subject.device.port} ", ":22022 ")
    device = _with_known_hosts(ssh_subject, tmp_path / "known", other)
    with pytest.raises(DeviceHostKeyError):
        ssh_subject.driver(device).read()


@pytest.mark.parametrize("named", ["", "not/there"])
def test_without_known_hosts_nothing_is_dialled(ssh_subject: Any, named: str) -> None:
    logins = ssh_subject.logins()
    with pytest.raises(DeviceHostKeyError, match="known_hosts"):
        ssh_subject.driver(ssh_subject.changed(known_hosts=named)).read()
    assert ssh_subject.logins() == logins


def test_the_accepted_keys_of_the_user_who_runs_us_do_not_count(
    ssh_subject: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = (ssh_subject.device.base / ssh_subject.device.known_hosts).read_text()
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "known_hosts").write_text(known)
    monkeypatch.setenv("HOME", str(tmp_path))
    device = _with_known_hosts(ssh_subject, tmp_path / "known", "")
    with pytest.raises(DeviceHostKeyError):
        ssh_subject.driver(device).read()


# --- SSH algorithms ----------------------------------------------------------------------------


class _Recorder(asyncssh.SSHServer):
    """Counts who gets as far as naming a user."""

    attempts = 0

    def begin_auth(self, username: str) -> bool:
        type(self).attempts += 1
        return True


@contextmanager
def _weak_server(folder: Path, **algorithms: list[str]) -> Iterator[tuple[str, int, str]]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    key = asyncssh.generate_private_key("ssh-ed25519")

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.create_server(
            _Recorder, "127.0.0.1", 0, server_host_keys=[key], login_timeout=5, **algorithms
        )

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    port = server.get_port()
    public = " ".join(key.export_public_key().decode().split()[:2])
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}\n")
    try:
        yield "127.0.0.1", port, str(folder / "known_hosts")
    finally:

        async def end() -> None:
            server.close()
            await server.wait_closed()

        asyncio.run_coroutine_threadsafe(end(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@pytest.mark.parametrize("profile", ["netconf-host", "linux-host"])
@pytest.mark.parametrize(
    "algorithms",
    [
        {"encryption_algs": ["3des-cbc"]},
        {"encryption_algs": ["aes128-cbc"]},
        {"encryption_algs": ["aes128-ctr"], "mac_algs": ["hmac-md5"]},
        {"encryption_algs": ["aes128-ctr"], "mac_algs": ["hmac-sha1"]},
        {"kex_algs": ["diffie-hellman-group14-sha1"]},
        {"kex_algs": ["diffie-hellman-group1-sha1"]},
        {"encryption_algs": ["chacha20-poly1305@openssh.com"]},
    ],
    ids=lambda value: "+".join(name for names in value.values() for name in names),
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_peer_with_weak_algorithms_only_is_refused_by_the_policy(
    tmp_path: Path, within: Within, profile: str, algorithms: dict[str, list[str]]
) -> None:
    _Recorder.attempts = 0
    (tmp_path / "password").write_text("a password\n")
    with _weak_server(tmp_path, **algorithms) as (host, port, known_hosts):
        device = Device(
            id="old-switch", kind="host", profile=profile, host=host, port=port,
            username="stellwerk", secrets={"password": f"file:{tmp_path / 'password'}"},
            known_hosts=known_hosts, options={"file": "/tmp/x", "connect_timeout_s": "5"},
        )  # fmt: skip
        if profile == "netconf-host":
            device = replace(device, options={"connect_timeout_s": "5"})
        driver = make_driver(device)
        with within(7), pytest.raises(DeviceRefused, match=r"ssh-policy\.yaml"):
            driver.read()
        driver.close()
    assert _Recorder.attempts == 0
