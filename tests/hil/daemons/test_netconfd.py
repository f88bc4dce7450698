"""netconfd as a device, asked by the OpenSSH client and by ncclient as it is."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ncclient import manager
from ncclient.operations import RPCError

from controllers.ports import Device
from hil.daemons import RunningDevice, start_netconfd

pytestmark = pytest.mark.daemon("netconfd", "openssh-server")
NS = "urn:ietf:params:xml:ns:netconf:base:1.0"
IF = "urn:ietf:params:xml:ns:yang:ietf-interfaces"
SYS = "urn:ietf:params:xml:ns:yang:ietf-system"


@pytest.fixture
def netconfd(tmp_path: Path) -> Iterator[RunningDevice]:
    with start_netconfd(tmp_path / "netconfd", interfaces=("eth0", "wlan0")) as running:
        yield running


def _connect(device: Device) -> manager.Manager:
    return manager.connect(
        host=device.host, port=device.port, username=device.username,
        key_filename=device.secrets["key"].removeprefix("file:"), hostkey_verify=True,
        ssh_config=None, look_for_keys=False, allow_agent=False, timeout=20,
        unknown_host_cb=lambda *_: True,
    )  # fmt: skip


def _describe(text: str) -> str:
    return (
        f'<config xmlns="{NS}"><interfaces xmlns="{IF}"><interface><name>eth0</name>'
        f"<description>{text}</description></interface></interfaces></config>"
    )


def _running(session: manager.Manager) -> str:
    return str(session.get_config("running").data_xml)


def test_the_interfaces_are_there_from_the_start(netconfd: RunningDevice) -> None:
    with _connect(netconfd.device) as session:
        text = _running(session)
        assert (
            "urn:ietf:params:netconf:capability:confirmed-commit:1.1" in session.server_capabilities
        )
    assert "<name>eth0</name>" in text
    assert "<name>wlan0</name>" in text


def test_a_commit_without_validate_changes_running(netconfd: RunningDevice) -> None:
    with _connect(netconfd.device) as session:
        session.edit_config(_describe("uplink"), target="candidate")
        session.commit()
        assert "<description>uplink</description>" in _running(session)


def test_contact_and_location_of_ietf_system_are_held(netconfd: RunningDevice) -> None:
    config = (
        f'<config xmlns="{NS}"><system xmlns="{SYS}"><contact>NOC</contact>'
        "<location>Rathaus</location></system></config>"
    )
    with _connect(netconfd.device) as session:
        session.edit_config(config, target="candidate")
        session.commit()
    with _connect(netconfd.device) as later:
        assert "<contact>NOC</contact>" in _running(later)
        assert "<location>Rathaus</location>" in _running(later)


def _reverts(session: manager.Manager, *, pause_s: float, deadline_s: float) -> bool:
    """Look from time to time whether the short-lived description has gone."""
    end_s = time.monotonic() + deadline_s
    while "<description>short</description>" in _running(session):
        if time.monotonic() > end_s:
            return False
        time.sleep(pause_s)
    return True


def test_a_confirmed_commit_reverts_by_itself(netconfd: RunningDevice) -> None:
    with _connect(netconfd.device) as session:
        session.edit_config(_describe("short"), target="candidate")
        session.commit(confirmed=True, timeout="1", persist="p1")
    with _connect(netconfd.device) as observer:
        assert _reverts(observer, pause_s=1.5, deadline_s=15)


@pytest.mark.xfail(strict=True, reason="netconfd 2.13: timers run only in a second of silence")
def test_a_confirmed_commit_reverts_while_somebody_asks_often(netconfd: RunningDevice) -> None:
    with _connect(netconfd.device) as session:
        session.edit_config(_describe("short"), target="candidate")
        session.commit(confirmed=True, timeout="1", persist="p1")
        assert _reverts(session, pause_s=0.2, deadline_s=5)


def test_a_persist_id_cancels_from_another_session(netconfd: RunningDevice) -> None:
    with _connect(netconfd.device) as session:
        session.edit_config(_describe("short"), target="candidate")
        session.commit(confirmed=True, timeout="60", persist="p1")
    with _connect(netconfd.device) as other:
        assert "<description>short</description>" in _running(other)
        with pytest.raises(RPCError):
            other.cancel_commit(persist_id="not-this")
        other.cancel_commit(persist_id="p1")
        assert "<description>short</description>" not in _running(other)


@pytest.mark.xfail(strict=True, reason="netconfd 2.13: commit after validate changes nothing")
def test_a_commit_after_validate_changes_running(netconfd: RunningDevice) -> None:
    with _connect(netconfd.device) as session:
        session.edit_config(_describe("uplink"), target="candidate")
        session.validate("candidate")
        session.commit()
        assert "<description>uplink</description>" in _running(session)


@pytest.mark.xfail(strict=True, reason="netconfd 2.13: a locked running is not rolled back")
def test_a_cancel_under_the_lock_on_running_rolls_back(netconfd: RunningDevice) -> None:
    with _connect(netconfd.device) as session, session.locked("running"):
        session.edit_config(_describe("short"), target="candidate")
        session.commit(confirmed=True, timeout="60", persist="p1")
        session.cancel_commit(persist_id="p1")
        assert "<description>short</description>" not in _running(session)


@pytest.mark.xfail(strict=True, reason="netconfd 2.13: a locked running outlives the timeout")
def test_a_timeout_under_the_lock_on_running_rolls_back(netconfd: RunningDevice) -> None:
    with _connect(netconfd.device) as session, session.locked("running"):
        session.edit_config(_describe("short"), target="candidate")
        session.commit(confirmed=True, timeout="1", persist="p1")
        assert _reverts(session, pause_s=1.5, deadline_s=5)


def test_copy_to_an_absent_startup_answers_two_errors(netconfd: RunningDevice) -> None:
    with _connect(netconfd.device) as session, pytest.raises(RPCError) as caught:
        session.copy_config(source="running", target="startup")
    assert len(caught.value.errors) == 2


def test_the_key_opens_no_shell(netconfd: RunningDevice) -> None:
    device = netconfd.device
    key = device.secrets["key"].removeprefix("file:")
    done = subprocess.run(
        ["ssh", "-F", "none", "-o", "BatchMode=yes", "-o",
         f"UserKnownHostsFile={device.known_hosts}", "-i", key, "-p", str(device.port),
         f"{device.username}@{device.host}", "echo a-shell"],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20, check=False,
    )  # fmt: skip
    assert "a-shell" not in done.stdout


def test_a_killed_one_comes_back_with_what_was_committed(netconfd: RunningDevice) -> None:
    with _connect(netconfd.device) as session:
        session.edit_config(_describe("uplink"), target="candidate")
        session.commit()
        session.edit_config(_describe("never committed"), target="candidate")
    netconfd.kill()
    netconfd.revive()
    with _connect(netconfd.device) as session:
        text = _running(session)
    assert "<name>wlan0</name>" in text
    assert "<description>uplink</description>" in text


def test_what_it_stores_stays_in_its_folder(netconfd: RunningDevice) -> None:
    home = Path.home() / ".yuma"
    before = {path: path.stat().st_mtime_ns for path in home.glob("*")}
    with _connect(netconfd.device) as session:
        session.edit_config(_describe("uplink"), target="candidate")
        session.commit()
    assert "uplink" in (netconfd.device.base / "startup-cfg.xml").read_text()
    assert {path: path.stat().st_mtime_ns for path in home.glob("*")} == before


def test_the_backup_of_a_confirmed_commit_stays_in_its_folder(netconfd: RunningDevice) -> None:
    with _connect(netconfd.device) as session:
        session.edit_config(_describe("short"), target="candidate")
        session.commit(confirmed=True, timeout="60", persist="p1")
        session.cancel_commit(persist_id="p1")
    assert not Path("backup-cfg.xml").exists()


def test_two_run_side_by_side_and_sockets_are_removed(
    netconfd: RunningDevice, tmp_path: Path
) -> None:
    second = start_netconfd(tmp_path / "second")
    sockets = second._temporary
    assert sockets is not None
    assert (sockets / "netconfd.sock").is_socket()
    second.stop()
    assert not sockets.exists()
    with _connect(netconfd.device) as session:
        assert "<name>eth0</name>" in _running(session)
