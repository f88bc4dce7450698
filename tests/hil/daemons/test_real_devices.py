"""All real devices of a machine at once, and what is said about those missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hil.daemons import available, start_real_devices
from twin.model.errors import InputError


@pytest.mark.daemon("snmpd", "netconfd", "openssh-server")
def test_three_devices_start_together_and_none_is_left(
    tmp_path: Path, is_alive: Callable[[int], bool]
) -> None:
    with start_real_devices(tmp_path) as real:
        pids = [pid for running in real.running for pid in running.pids]
        profiles = [device.profile for device in real.devices]
        assert not real.missing
        assert all(running.is_running for running in real.running)
    assert profiles == ["snmp-host", "netconf-host", "linux-host"]
    assert len({device.id for device in real.devices}) == 3
    assert all(device.origin == "real" for device in real.devices)
    assert pids
    assert not any(is_alive(pid) for pid in pids)


@pytest.mark.daemon("snmpd")
def test_only_the_named_ones_start(tmp_path: Path) -> None:
    with start_real_devices(tmp_path, only=["snmpd"]) as real:
        assert [device.profile for device in real.devices] == ["snmp-host"]


def test_an_unknown_daemon_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown daemon bind; known are snmpd"):
        start_real_devices(tmp_path, only=["bind"])


def test_a_missing_daemon_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hil.daemons.programs.shutil.which", lambda *_args, **_names: None)
    reasons = available()
    assert set(reasons) == {"snmpd", "netconfd", "sshd", "hostapd", "frr"}
    assert "apt-get install snmpd" in reasons["snmpd"]
    assert "netconfd" in reasons["netconfd"].partition("apt-get install")[2]
    assert "openssh-server" in reasons["sshd"]
    with start_real_devices(tmp_path) as real:
        assert real.devices == ()
        assert set(real.missing) == {"snmpd", "netconfd", "sshd"}
