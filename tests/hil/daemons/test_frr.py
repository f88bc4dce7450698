"""FRRouting behind sshd, changed by the driver and by somebody else with vtysh itself."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from netmiko import ConnectHandler

from controllers.drivers import make_driver
from controllers.drivers.cli_immediate import ImmediateDriver
from controllers.ports import Device
from hil.daemons import RunningDevice, start_frr
from hil.daemons.frr import INTERFACES
from twin.model.errors import DeviceConflict, DeviceRefused

pytestmark = [pytest.mark.daemon("frr", "openssh-server"), pytest.mark.long]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDevice]:
    with start_frr(tmp_path_factory.mktemp("frr")) as frr:
        yield frr


@pytest.fixture
def driver(running: RunningDevice) -> Iterator[ImmediateDriver]:
    made = make_driver(running.device)
    assert isinstance(made, ImmediateDriver)
    before = made.read()
    yield made
    made.write(before)
    made.close()


def somebody(device: Device, *lines: str) -> str:
    """Another person at the router, by the command the login shell runs."""
    shell = (device.base / "shell").read_text().splitlines()[-1].removeprefix("exec ")
    words = " ".join(f"-c '{line}'" for line in lines)
    return subprocess.run(
        ["/bin/sh", "-c", f"{shell} {words}"], capture_output=True, text=True, check=True,
        timeout=20, stdin=subprocess.DEVNULL,
    ).stdout  # fmt: skip


def saved(device: Device) -> str:
    return (device.base / "etc" / "frr.conf").read_text()


def test_what_was_written_is_saved_and_outlives_a_power_cut(
    running: RunningDevice, driver: ImmediateDriver
) -> None:
    driver.write({"interface/eth0/description": 'to the "core"', "interface/eth1/enabled": False})
    assert ' description to the "core"\n' in saved(running.device)
    driver.close()
    running.kill()
    running.revive()
    values = driver.read(["interface/eth0/description", "interface/eth1/enabled"])
    assert values == {
        "interface/eth0/description": 'to the "core"', "interface/eth1/enabled": False,
    }  # fmt: skip


def test_one_wrong_line_never_leaves_the_device_half_configured(
    running: RunningDevice, driver: ImmediateDriver
) -> None:
    before, file = driver.read(), saved(running.device)
    with pytest.raises(DeviceRefused, match=r"router-id 1\.2\.3\.400.*Unknown command"):
        driver.write(
            {"interface/eth0/description": "new", "interface/eth1/enabled": False,
             "router_id": "1.2.3.400"}
        )  # fmt: skip
    assert driver.read() == before
    assert saved(running.device) == file
    with pytest.raises(DeviceRefused, match="asks this command line for help"):
        driver.write({"interface/eth0/description": "who?"})
    assert driver.read() == before


def test_a_line_of_somebody_else_meanwhile_is_a_conflict_and_ours_is_taken_back(
    running: RunningDevice, driver: ImmediateDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, send = driver.read(), driver._send

    def meanwhile(lines: list[tuple[str, str]]) -> None:
        send(lines)
        somebody(running.device, "configure terminal", "ip route 198.51.100.0/24 Null0")

    with monkeypatch.context() as patch:
        patch.setattr(driver, "_send", meanwhile)
        with pytest.raises(DeviceConflict, match="somebody else changed 1 line"):
            driver.write({"interface/eth0/description": "new"})
    assert driver.read() == before
    assert "198.51.100.0/24" not in saved(running.device)
    somebody(running.device, "configure terminal", "no ip route 198.51.100.0/24 Null0")


def test_a_configuration_that_cannot_be_saved_is_taken_back(
    running: RunningDevice, driver: ImmediateDriver
) -> None:
    before, etc = driver.read(), running.device.base / "etc"
    etc.rename(etc.with_name("away"))
    try:
        with pytest.raises(DeviceRefused, match="store the configuration"):
            driver.write({"interface/eth0/description": "new"})
        assert driver.read() == before
    finally:
        etc.with_name("away").rename(etc)


def test_the_operational_state_is_that_of_the_kernel(driver: ImmediateDriver) -> None:
    paths = [f"interface/{name}/oper_up" for name in INTERFACES]
    assert driver.read(paths) == dict.fromkeys(paths, True)
    driver.write({"interface/eth1/enabled": False})
    assert driver.read(paths) == dict.fromkeys(paths, False), "the ends of one cable"


def test_an_error_pattern_of_the_inventory_refuses_more(
    running: RunningDevice, driver: ImmediateDriver
) -> None:
    strict = driver_with(running.device, error_pattern="^frr version")
    with pytest.raises(DeviceRefused, match=r"the device says 'frr version"):
        strict.read()
    strict.close()
    with pytest.raises(DeviceRefused, match="no regular expression"):
        driver_with(running.device, error_pattern="(").read()


def driver_with(device: Device, **options: str) -> ImmediateDriver:
    made = make_driver(replace(device, options=options))
    assert isinstance(made, ImmediateDriver)
    return made


def test_plain_netmiko_takes_an_error_for_a_success_without_a_pattern(
    running: RunningDevice,
) -> None:
    device = running.device
    connection = ConnectHandler(
        device_type="cisco_ios", host=device.host, port=device.port, username=device.username,
        use_keys=True, key_file=device.secrets["key"].removeprefix("file:"), ssh_strict=True,
        alt_host_keys=True, alt_key_file=device.known_hosts, allow_agent=False,
    )  # fmt: skip
    try:
        assert "% Unknown command" in connection.send_config_set(["bogus line"])
    finally:
        connection.disconnect()


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with start_frr(tmp_path / "frr") as frr:
        pids = frr.pids
        assert len(pids) >= 3
    left = [pid for pid in pids if Path(f"/proc/{pid}/cmdline").exists()
            and b"frr" in Path(f"/proc/{pid}/cmdline").read_bytes()]  # fmt: skip
    assert not left
