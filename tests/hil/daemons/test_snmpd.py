"""snmpd as a device, asked by net-snmp's own tools."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from controllers.ports import Device
from hil.daemons import RunningDevice, start_snmpd
from twin.model.errors import BenchError
from twin.model.secret import resolve_secret

pytestmark = pytest.mark.daemon("snmpd", "snmp")
CONTACT, NAME, LOCATION = (f"1.3.6.1.2.1.1.{i}.0" for i in (4, 5, 6))
UPTIME = "1.3.6.1.2.1.1.3.0"


@pytest.fixture(scope="module")
def snmpd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDevice]:
    with start_snmpd(tmp_path_factory.mktemp("snmpd")) as running:
        yield running


def _tool(device: Device, tool: str, *arguments: str, security: tuple[str, ...] = ()) -> str:
    auth, priv = (resolve_secret(device.secrets[n], device.base).reveal() for n in ("auth", "priv"))
    security = security or ("-v3", "-l", "authPriv", "-u", device.username, "-a", "SHA-256",
                            "-A", auth, "-x", "AES", "-X", priv)  # fmt: skip
    command = [tool, *security, "-t", "1", "-r", "1", "-On", "-Oq",
               f"{device.host}:{device.port}", *arguments]  # fmt: skip
    environment = {"PATH": "/usr/bin:/bin", "MIBS": "", "SNMPCONFPATH": "/dev/null",
                   "SNMP_PERSISTENT_DIR": "/dev/null"}  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False,
                          env=environment)  # fmt: skip
    return done.stdout + done.stderr


def test_what_is_set_reads_back(snmpd: RunningDevice) -> None:
    _tool(snmpd.device, "snmpset", CONTACT, "s", "NOC", LOCATION, "s", "Rathaus", NAME, "s", "sw-1")
    seen = _tool(snmpd.device, "snmpget", CONTACT, LOCATION, NAME)
    assert '"NOC"' in seen
    assert '"Rathaus"' in seen
    assert '"sw-1"' in seen


def test_only_the_system_group_can_be_seen(snmpd: RunningDevice) -> None:
    walk = _tool(snmpd.device, "snmpwalk", "1.3")
    lines = [line for line in walk.splitlines() if line.startswith(".1.3")]
    assert len(lines) > 10
    assert all(line.startswith(".1.3.6.1.2.1.1.") for line in lines)


def test_only_contact_name_and_location_can_be_set(snmpd: RunningDevice) -> None:
    answer = _tool(snmpd.device, "snmpset", "1.3.6.1.2.1.2.2.1.7.1", "i", "2")
    assert "noAccess" in answer


@pytest.mark.parametrize(
    "security",
    [
        ("-v2c", "-c", "public"),
        ("-v1", "-c", "private"),
        ("-v3", "-l", "noAuthNoPriv", "-u", "stellwerk"),
        ("-v3", "-l", "noAuthNoPriv", "-u", "nobody"),
    ],
)
def test_nothing_but_the_user_with_privacy_gets_an_answer(
    snmpd: RunningDevice, security: tuple[str, ...]
) -> None:
    answer = _tool(snmpd.device, "snmpget", UPTIME, security=security)
    assert f".{UPTIME} " not in answer


def test_authentication_without_privacy_is_refused(snmpd: RunningDevice) -> None:
    auth = resolve_secret(snmpd.device.secrets["auth"], snmpd.device.base).reveal()
    security = ("-v3", "-l", "authNoPriv", "-u", "stellwerk", "-a", "SHA-256", "-A", auth)
    assert "authorizationError" in _tool(snmpd.device, "snmpget", UPTIME, security=security)


def test_values_outlive_a_stop(tmp_path: Path) -> None:
    with start_snmpd(tmp_path) as first:
        _tool(first.device, "snmpset", CONTACT, "s", "night shift")
    with start_snmpd(tmp_path) as second:
        assert "night shift" in _tool(second.device, "snmpget", CONTACT)


def test_a_killed_one_comes_back_at_the_same_place(tmp_path: Path) -> None:
    with start_snmpd(tmp_path) as running:
        running.kill()
        assert not running.is_running
        running.revive()
        assert UPTIME in _tool(running.device, "snmpget", UPTIME)


def test_many_run_side_by_side_and_none_is_left(
    tmp_path: Path, is_alive: Callable[[int], bool]
) -> None:
    several = [start_snmpd(tmp_path / str(i), device_id=f"host-{i}") for i in range(5)]
    pids = [pid for running in several for pid in running.pids]
    try:
        places = {(running.device.host, running.device.port) for running in several}
        assert len(places) == 5
        assert len(pids) == 5
    finally:
        for running in several:
            running.stop()
    assert not any(is_alive(pid) for pid in pids)


def test_a_taken_port_is_refused_before_anything_starts(
    snmpd: RunningDevice, tmp_path: Path
) -> None:
    with pytest.raises(BenchError, match=r"in use.*name a free port"):
        start_snmpd(tmp_path, host=snmpd.device.host, port=snmpd.device.port)


def test_a_failed_start_quotes_the_log_of_snmpd(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "snmpd.conf").write_text("[snmp] persistentDir\nagentAddress udp:::::\n")
    with pytest.raises(BenchError, match=r"snmpd host-snmpd .*log .* ends with: \S"):
        start_snmpd(tmp_path, deadline_s=5.0)


def test_secrets_are_private_and_differ(snmpd: RunningDevice) -> None:
    auth, priv = (Path(snmpd.device.secrets[n].removeprefix("file:")) for n in ("auth", "priv"))
    assert auth.read_text() != priv.read_text()
    for path in (auth, priv, auth.parent.parent / "snmpd.conf"):
        assert path.stat().st_mode & 0o077 == 0
