"""Profiles beyond one of each protocol: each is set, read back and taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from controllers.drivers.netconf import NetconfDriver
from controllers.ports import DeviceClass, Driver
from controllers.profiles import load_profile
from twin.model.attributes import Value
from twin.model.errors import DeviceLocked

Set = Callable[[Driver, Mapping[str, Value]], None]


@pytest.mark.parametrize("name", ["lte-cell", "ietf-switch", "lorawan"])
def test_an_emulated_device_is_set_read_and_taken_back(
    name: str, make_emulated: Any, templates_of: Any, set_for_good: Set, tmp_path: Path
) -> None:
    with make_emulated(name, tmp_path / name) as subject, closing(subject.driver()) as driver:
        before = driver.read()
        everything = driver.read(list(templates_of(subject.device)))
        assert set(everything) == set(templates_of(subject.device))
        set_for_good(driver, subject.wanted)
        assert subject.read() == {**before, **subject.wanted}
        set_for_good(driver, {path: before[path] for path in subject.wanted})
        assert subject.read() == before
        assert driver.device_class is load_profile(subject.device.profile).device_class


@pytest.mark.daemon("netconfd", "openssh-server")
def test_the_ietf_switch_is_understood_by_a_server_nobody_here_wrote(
    make_real: Any, foreign: Any, set_for_good: Set, tmp_path: Path
) -> None:
    profile = load_profile("ietf-interfaces-switch")
    quirks = load_profile("netconf-host").quirks  # of this server, not of a switch
    wanted: dict[str, Value] = {
        "contact": "NOC", "port/eth0/alias": "ap of room 7", "port/eth1/admin_up": False,
    }  # fmt: skip
    with make_real("netconfd", tmp_path / "netconfd") as subject:
        device = replace(
            subject.device, kind="switch", profile=profile.name, options={"timeout_s": "10"},
            instances={"port": subject.device.instances["interface"]},
        )  # fmt: skip
        with closing(NetconfDriver(device, replace(profile, quirks=quirks))) as driver:
            before = driver.read()
            assert before["port/eth1/admin_up"] is True
            assert driver.device_class is DeviceClass.D
            set_for_good(driver, wanted)
            assert driver.read() == {**before, **wanted}
            driver.lock()
            driver.prepare({path: before[path] for path in wanted})
            driver.commit(confirm_timeout_s=60, persist_id="p-1")
            driver.cancel("p-1")
            driver.unlock()
            assert driver.read() == {**before, **wanted}
            other = foreign(subject.device)
            other.lock("candidate")
            with pytest.raises(DeviceLocked, match=rf"session {other.session_id}\b"):
                driver.lock()
