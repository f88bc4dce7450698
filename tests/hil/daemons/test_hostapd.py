"""hostapd behind sshd: what it takes over, what it passes over, and what its socket tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from controllers.drivers import make_driver
from controllers.ports import Device, Driver
from controllers.verify import Verdict, judge
from hil.daemons import RunningDevice, start_hostapd

pytestmark = [pytest.mark.daemon("hostapd", "openssh-server"), pytest.mark.long]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningDevice]:
    with start_hostapd(tmp_path / "ap") as hostapd:
        yield hostapd


@pytest.fixture
def driver_of() -> Iterator[Callable[..., Driver]]:
    opened: list[Driver] = []

    def make(device: Device, **options: str) -> Driver:
        opened.append(make_driver(replace(device, options={**device.options, **options})))
        return opened[-1]

    yield make
    for driver in opened:
        driver.close()


def test_every_key_of_the_profile_is_one_that_hostapd_knows(
    running: RunningDevice, driver_of: Callable[..., Driver], wait_for: Callable[..., None]
) -> None:
    driver = driver_of(running.device)
    driver.write(
        {"radio/1/channel": 11, "ssid/city/hidden": True, "ssid/city/station_isolation": True}
    )
    log = running.device.base / "hostapd.log"
    wait_for(lambda: log.read_text().count("ENABLED") > 1 or "Failed" in log.read_text(), "reload")
    assert "unknown configuration item" not in log.read_text()
    assert "Failed to read new configuration" not in log.read_text()


def test_a_reload_that_says_ok_and_reads_nothing_is_found_by_the_channel_in_use(
    running: RunningDevice, driver_of: Callable[..., Driver]
) -> None:
    device = running.device
    lying = driver_of(device, reload=f"hostapd_cli -p {device.options['ctrl']} -i lo reload")
    lying.write({"radio/1/channel": 11})
    paths = ["radio/1/channel", "radio/1/channel_in_use"]
    read = lying.read(paths)
    assert read == {"radio/1/channel": 11, "radio/1/channel_in_use": 6}
    assert judge(device.kind, {"radio/1/channel": 11}, read)[0] is not Verdict.AGREES
