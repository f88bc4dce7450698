"""A wireless controller that configures many access points by rows of its MIB, emulated."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from controllers.drivers import close_snmp, make_driver
from controllers.drivers.snmp import SnmpDriver
from controllers.intent import parse_intent, paths_to_read, resolve
from controllers.journal import Journal
from controllers.live import read_live
from controllers.plan import Plan, make_plan
from controllers.ports import Device
from controllers.profiles import load_profile, snmp_objects
from controllers.runner import RunResult, apply
from controllers.steps import Limits
from hil.emulators.fleet import FleetThread
from hil.emulators.folder import write_folder
from hil.emulators.world_port import MemoryWorld
from hil.rehearse import rehearse
from twin.model.attributes import Value
from twin.model.errors import DeviceRefused, DeviceUnreachable, InputError
from twin.model.safe import parse_yaml

RADIO: Mapping[str, Value] = {
    "enabled": True, "channel": 1, "bandwidth_mhz": 20, "tx_power_dbm": 15, "dca": True,
    "dtp": True, "channel_in_use": 1, "tx_power_in_use_dbm": 15, "utilization_percent": 20,
    "noise_floor_dbm": -95,
}  # fmt: skip
AP = {f"radio/{i}/{name}": value for i in (0, 1) for name, value in RADIO.items()}
MOST_DBM = 17


class AirWorld(MemoryWorld):
    """Access points that save any power and radiate what they can."""

    def write(self, device: str, changes: Mapping[str, Value]) -> None:
        super().write(device, changes)
        for path, value in changes.items():
            if path.endswith("/tx_power_dbm"):
                shown = path.replace("/tx_power_dbm", "/tx_power_in_use_dbm")
                self.observe(device, shown, min(int(value), MOST_DBM))


@dataclass
class Hall:
    fleet: FleetThread
    world: MemoryWorld
    devices: tuple[Device, ...]
    folder: Path

    def read(self, device: str, path: str) -> Value:
        return self.fleet.call(lambda: self.world.read(device, path))

    def plan(self, change: str) -> Plan:
        text = f"version: 1\nname: air\nchanges:\n  - {{name: c, select: 'kind:ap', set: {change}}}"
        intent = parse_intent(parse_yaml(text, "intent.yaml"))
        wants = resolve(intent, self.devices)
        paths = paths_to_read(intent, wants, self.devices)
        live = read_live(self.devices, make_driver, paths=paths)
        return make_plan(intent, self.devices, live.values, wants)

    def apply(self, change: str) -> RunResult:
        plan = self.plan(change)
        quick = tuple(replace(part, settle_s=0.3) for part in plan.devices)
        plan = replace(plan, devices=quick)
        with Journal(self.folder / "j.sqlite") as book:
            return apply(plan, self.devices, make_driver, book, limits=Limits(pause_s=0.1))


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.94.1.1", 0))
        port = sock.getsockname()[1]
    world = AirWorld({"ap-1": "ap", "ap-2": "ap"}, {"ap-1": AP, "ap-2": AP})
    devices = tuple(
        Device(
            id=f"ap-{i}", kind="ap", profile="huawei-ac-wlan", host="127.94.1.1", port=port,
            username="stellwerk", instances={"radio": ("0", "1")}, base=tmp_path,
            secrets={"auth": "file:secrets/snmp-auth", "priv": "file:secrets/snmp-priv"},
            options={"ap_mac": f"00:25:9E:00:00:{i:02X}", "timeout_s": "2"}, origin="emulated",
        )
        for i in (1, 2)
    )  # fmt: skip
    key = write_folder(tmp_path, devices)
    with FleetThread(world, devices, host_key=key) as fleet:
        yield Hall(fleet, world, devices, tmp_path)
    close_snmp()


def test_rows_are_found_by_mac_and_radio_and_state_by_radio_and_mac(hall: Hall) -> None:
    objects = {o.path: o.oid for o in snmp_objects(load_profile("huawei-ac-wlan"), hall.devices[1])}
    mac = (0, 0x25, 0x9E, 0, 0, 2)
    assert objects["radio/1/channel"][-7:] == (1, *mac)
    assert objects["radio/1/channel_in_use"][-7:] == (*mac, 1)


def test_one_controller_serves_many_access_points(hall: Hall) -> None:
    first, second = map(make_driver, hall.devices)
    first.write({"radio/0/channel": 11, "radio/1/bandwidth_mhz": 40})
    assert hall.read("ap-1", "radio/0/channel") == 11
    assert hall.read("ap-2", "radio/0/channel") == 1
    assert first.read(["radio/0/channel_in_use", "radio/1/bandwidth_mhz"]) == {
        "radio/0/channel_in_use": 11, "radio/1/bandwidth_mhz": 40,
    }  # fmt: skip
    assert second.read(["radio/0/channel", "radio/0/noise_floor_dbm"]) == {
        "radio/0/channel": 1, "radio/0/noise_floor_dbm": -95,
    }  # fmt: skip


def test_the_choice_of_the_controller_is_switched_off_before_a_channel_is_pinned(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, ...]] = []
    original = SnmpDriver._send

    def send(self: SnmpDriver, pack, done):  # type: ignore[no-untyped-def]
        sent.append(tuple(a.path.rpartition("/")[2] for a in pack))
        original(self, pack, done)

    monkeypatch.setattr(SnmpDriver, "_send", send)
    driver = make_driver(hall.devices[0])
    driver.write({"radio/0/channel": 6, "radio/0/dca": False, "radio/0/tx_power_dbm": 12})
    driver.write({"radio/0/dca": True, "radio/0/channel": 1})
    assert sent == [("dca",), ("channel", "tx_power_dbm"), ("channel",), ("dca",)]


def test_access_points_of_one_controller_are_changed_at_once(hall: Hall) -> None:
    result = hall.apply("{radio/0/channel: 6, radio/0/dca: false}")
    assert result.exit_code == 0, result.reasons
    assert {hall.read(ap, "radio/0/channel") for ap in ("ap-1", "ap-2")} == {6}


def test_a_change_is_rehearsed_on_copies_that_keep_their_index(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms: list[int] = []  # a rehearsal of a city needs more open files than a process has
    monkeypatch.setattr("hil.rehearse.make_room", rooms.append)
    rehearsal = rehearse(hall.plan("{radio/0/channel: 6, radio/0/dca: false}"), hall.devices)
    assert rehearsal.is_good, rehearsal.run.reasons
    assert rooms == [2]
    assert hall.read("ap-1", "radio/0/channel") == 1


def test_a_power_that_is_saved_and_not_radiated_is_taken_back(hall: Hall) -> None:
    result = hall.apply("{radio/0/tx_power_dbm: 20, radio/0/dtp: false}")
    assert result.exit_code == 4
    assert "radio/0/tx_power_in_use_dbm" in result.reason
    assert {hall.read(ap, "radio/0/tx_power_dbm") for ap in ("ap-1", "ap-2")} == {15}
    result = hall.apply("{radio/0/tx_power_dbm: 17, radio/0/dtp: false}")
    assert result.exit_code == 0, result.reasons


def test_an_access_point_that_left_its_controller_is_not_reachable(hall: Hall) -> None:
    hall.fleet.kill("ap-1")
    with pytest.raises(DeviceUnreachable, match=r"127\.94\.1\.1:\d+ does not show it"):
        make_driver(hall.devices[0]).read()
    assert make_driver(hall.devices[1]).read()
    hall.fleet.revive("ap-1")
    assert make_driver(hall.devices[0]).read()


def test_a_row_that_is_not_there_is_made_with_its_values(hall: Hall) -> None:
    face = hall.fleet.fleet._faces["ap-1"]
    book = face._agent._rows  # type: ignore[attr-defined]
    driver = make_driver(hall.devices[0])
    assert driver.read()
    row = next(r for r in book._rows.values() if r.device.id == "ap-1")
    hall.fleet.call(lambda: setattr(row, "status", 0))
    assert not any(path.startswith("radio/0") for path in driver.read())
    driver.write({"radio/0/channel": 11})
    assert driver.read()["radio/0/channel"] == 11
    assert row.status == 1


def test_a_mac_address_is_asked_for(hall: Hall) -> None:
    with pytest.raises(InputError, match="lacks option 'ap_mac'"):
        make_driver(replace(hall.devices[0], options={}))
    with pytest.raises(InputError, match="is no index of an SNMP object"):
        make_driver(replace(hall.devices[0], options={"ap_mac": "ap one"}))


def test_a_message_that_is_too_long_is_split(hall: Hall) -> None:
    small = replace(
        hall.devices[0], options={**hall.devices[0].options, "max_message_bytes": "484"}
    )
    driver = make_driver(small)
    names = ("channel", "bandwidth_mhz", "tx_power_dbm", "enabled")
    values = driver.read([f"radio/{i}/{name}" for i in (0, 1) for name in names])
    driver.write({**values, "radio/1/channel": 100})
    assert hall.read("ap-1", "radio/1/channel") == 100
    with pytest.raises(DeviceRefused, match="from 484 to 65507"):
        make_driver(replace(small, options={**small.options, "max_message_bytes": "9"})).read()
