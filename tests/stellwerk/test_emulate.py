"""Emulated devices in another process: alive, reachable with foreign tools, gone when told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from controllers.drivers import make_driver
from controllers.inventory import load_inventory
from controllers.ports import Device
from controllers.profiles import load_profile, snmp_objects
from twin.model.errors import DeviceUnreachable

ROOT = Path(__file__).resolve().parents[2]


def _emulate(folder: Path, network: str, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "stellwerk", "emulate", str(folder), "--json"]
    return subprocess.Popen(
        [*command, "--network", network, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def _ready(process: subprocess.Popen[str]) -> dict[str, object]:
    assert process.stdout is not None
    text = ""
    while line := process.stdout.readline():
        text += line
        if line == "}\n":
            return json.loads(text)  # type: ignore[no-any-return]
    raise AssertionError(process.communicate()[1])


@pytest.fixture(scope="module")
def emulated(
    tmp_path_factory: pytest.TempPathFactory, network: str
) -> Iterator[tuple[Device, ...]]:
    folder = tmp_path_factory.mktemp("emulated")
    process = _emulate(
        folder, network, "--select", "site:fws | id:cab-0488 | id:cell-a-105-*-n78",
        "--start", "2026-12-21T07:30:00", "--parent-pid", str(os.getpid()),
    )  # fmt: skip
    try:
        assert _ready(process)["ready"] is True
        yield load_inventory(folder / "inventory.yaml")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 0


def _of(devices: tuple[Device, ...], name: str) -> Device:
    return next(device for device in devices if device.id == name)


def _snmpget(device: Device, oid: str) -> int:
    secrets = device.base / "secrets"
    out = subprocess.run(
        [
            *("snmpget", "-v3", "-l", "authPriv", "-u", device.username, "-Oqv", "-m", ""),
            *("-a", "SHA-256", "-A", (secrets / "snmp-auth").read_text().strip()),
            *("-x", "AES", "-X", (secrets / "snmp-priv").read_text().strip()),
            *(f"{device.host}:{device.port}", oid),
        ],
        capture_output=True, text=True, check=True, timeout=20,
    ).stdout  # fmt: skip
    return int(out.split()[0])


@pytest.mark.daemon("snmp")
def test_a_value_read_over_snmp_five_seconds_apart_has_moved(
    emulated: tuple[Device, ...],
) -> None:
    cabinet = _of(emulated, "cab-0488")
    driver = make_driver(cabinet)
    power_w = float(driver.read(["power_w"])["power_w"])
    driver.close()
    # cabinetEnergy of STELLWERK-LAMP-MIB: lamps burn at half past seven on the shortest day.
    objects = snmp_objects(load_profile(cabinet.profile), cabinet)
    oid = next(".".join(map(str, item.oid)) for item in objects if item.path == "energy_wh")
    begin = monotonic()
    first = _snmpget(cabinet, oid)
    sleep(5.0)
    later = _snmpget(cabinet, oid)
    moved_wh = later - first
    assert moved_wh > 0
    # The counter is in whole watt-hours, so it may be one off at either end.
    assert abs(moved_wh - power_w * (monotonic() - begin) / 3600) <= 2.0


def test_counters_of_a_cell_and_of_an_access_point_move(emulated: tuple[Device, ...]) -> None:
    cell = make_driver(_of(emulated, "cell-a-105-2-n78"))
    first = cell.read(["dl_octets"])["dl_octets"]
    deadline = monotonic() + 20
    while cell.read(["dl_octets"])["dl_octets"] == first:
        assert monotonic() < deadline, "the downlink volume of a central cell stands still"
        sleep(0.5)
    cell.close()


def test_a_pushed_change_changes_the_world(emulated: tuple[Device, ...]) -> None:
    driver = make_driver(_of(emulated, "cab-0488"))
    before = driver.read(["power_w", "normal_level_percent"])
    driver.write({"normal_level_percent": 40})
    # P = P_n (0.08 + 0.92 d): from d = 1 to d = 0.4, faded within two seconds
    wanted = pytest.approx(float(before["power_w"]) * 0.448, rel=0.02)
    deadline = monotonic() + 10
    while float(driver.read(["power_w"])["power_w"]) != wanted:
        assert monotonic() < deadline, "the lamps do not follow"
        sleep(0.2)
    driver.write({"normal_level_percent": before["normal_level_percent"]})
    driver.close()


@pytest.mark.slow
@pytest.mark.long  # it boots for 90 s
def test_an_access_point_without_power_falls_silent_and_comes_back(
    emulated: tuple[Device, ...],
) -> None:
    switch = make_driver(_of(emulated, "sw-fws"))
    fed = _of(emulated, "ap-fws-07")
    switch.write({"port/7/poe_enabled": False})
    try:
        _until(lambda: not _answers(fed), 15, "ap-fws-07 answers without power")
    finally:
        switch.write({"port/7/poe_enabled": True})
        switch.close()
    _until(lambda: _answers(fed), 130, "ap-fws-07 does not come back with power")


def _answers(device: Device) -> bool:
    driver = make_driver(device)
    try:
        return bool(driver.read(["radio/1/channel"]))
    except DeviceUnreachable:
        return False
    finally:
        driver.close()


def _until(is_so: Callable[[], bool], limit_s: float, otherwise: str) -> None:
    deadline = monotonic() + limit_s
    while not is_so():
        assert monotonic() < deadline, otherwise
        sleep(0.5)


def test_a_second_fleet_on_the_same_addresses_is_refused_in_one_line(
    emulated: tuple[Device, ...], tmp_path: Path, network: str
) -> None:
    process = _emulate(tmp_path, network, "--select", "site:fws")
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Traceback" not in err
    (line,) = [line for line in err.splitlines() if line.startswith("error: ")]
    assert network.removesuffix("0/24") in line
