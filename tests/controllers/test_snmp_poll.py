"""A fleet is polled by gufo-snmp where it can, by drivers elsewhere; sick devices cost little."""

from __future__ import annotations

import dataclasses
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from controllers.drivers import close_snmp, make_driver, snmp_poll
from controllers.drivers.snmp_poll import FleetPoller
from controllers.ports import Device
from hil.emulators.fleet import FleetThread
from hil.emulators.folder import Placement, entries_of, write_folder
from hil.emulators.world_port import MemoryWorld
from twin.model.errors import DeviceRefused

CABINET = {
    "contact": "Bürgerbüro", "location": "l", "name": "cab", "normal_level_percent": 100,
    "night_level_percent": 60, "night_start_min": 0, "night_end_min": 300,
    "level_now_percent": 100, "power_w": 3120, "energy_wh": 2**40, "lamps_total": 40,
    "lamps_failed": 0,
}  # fmt: skip


@dataclass
class Street:
    fleet: FleetThread
    world: MemoryWorld
    devices: tuple[Device, ...]


def secret(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    names = [f"cab-{i}" for i in range(4)]
    world = MemoryWorld(dict.fromkeys(names, "lamp_cabinet"), dict.fromkeys(names, CABINET))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        place = Placement(snmp=sock.getsockname()[1])
    entries = entries_of(world, names, tmp_path, network="127.98.3.0/24", placement=place)
    key = write_folder(tmp_path, entries)
    secret(tmp_path / "secrets" / "community", "of-an-old-switch")
    old = dataclasses.replace(
        entries[3], options={"legacy": "v2c: it can no better"},
        secrets={"community": "file:secrets/community"},
    )  # fmt: skip
    entries = tuple(
        dataclasses.replace(entry, options={**entry.options, "timeout_s": "1"})
        for entry in (*entries[:3], old)
    )
    with FleetThread(world, entries, host_key=key) as fleet:
        yield Street(fleet, world, entries)
    close_snmp()


@pytest.fixture(params=["gufo", "drivers"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "drivers":
        monkeypatch.setattr(snmp_poll, "has_fast_polling", lambda: False)
    return request.param


def test_every_device_is_read_v3_and_v2c_alike(street: Street, way: str) -> None:
    with FleetPoller(street.devices, make_driver) as poller:
        assert poller.n_fast == (4 if way == "gufo" else 0)
        live = poller.poll()
        assert not live.unreachable
        assert live.values == {device.id: CABINET for device in street.devices}
        street.fleet.call(lambda: street.world.observe("cab-1", "power_w", 1))
        assert poller.poll().values["cab-1"]["power_w"] == 1


def test_paths_can_be_chosen_and_must_be_known(street: Street, way: str) -> None:
    paths = {device.id: ["lamps_failed"] for device in street.devices}
    with FleetPoller(street.devices, make_driver, paths=paths) as poller:
        assert poller.poll().values["cab-0"] == {"lamps_failed": 0}
    with pytest.raises(DeviceRefused, match="maps no 'lamps'"):
        FleetPoller(street.devices, make_driver, paths={"cab-0": ["lamps"]})


def test_a_dead_device_is_named_and_comes_back_with_its_next_life(street: Street, way: str) -> None:
    with FleetPoller(street.devices, make_driver) as poller:
        poller.poll()
        street.fleet.kill("cab-2")
        live = poller.poll()
        assert set(live.values) == {"cab-0", "cab-1", "cab-3"}
        assert list(live.unreachable) == ["cab-2"]
        assert "SNMP" in live.unreachable["cab-2"]
        street.fleet.revive("cab-2")
        assert set(poller.poll().values) == {device.id for device in street.devices}


def test_a_wrong_key_is_told_and_hinders_nobody(street: Street, way: str, tmp_path: Path) -> None:
    secret(tmp_path / "wrong", "another pass phrase")
    wrong = dataclasses.replace(
        street.devices[0],
        secrets={"auth": f"file:{tmp_path}/wrong", "priv": f"file:{tmp_path}/wrong"},
    )
    with FleetPoller([wrong, *street.devices[1:]], make_driver) as poller:
        live = poller.poll()
    assert set(live.values) == {"cab-1", "cab-2", "cab-3"}
    assert "another pass phrase" not in live.unreachable["cab-0"]


def test_what_gufo_cannot_speak_goes_by_its_driver(street: Street) -> None:
    odd = dataclasses.replace(
        street.devices[0], options={"priv_protocol": "AES-256-blumenthal", "timeout_s": "1"}
    )
    with FleetPoller([odd, street.devices[1]], make_driver) as poller:
        assert poller.n_fast == 1
        live = poller.poll()
    assert set(live.values) == {"cab-1"}
    assert "cab-0" in live.unreachable  # the emulated agent has no AES-256


def test_a_poller_leaves_no_thread_and_no_socket(street: Street) -> None:
    before = threading.active_count(), len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(3):
        with FleetPoller(street.devices, make_driver) as poller:
            poller.poll()
    # Threads of earlier tests may end meanwhile.
    assert threading.active_count() <= before[0]
    assert len(os.listdir("/proc/self/fd")) <= before[1]  # noqa: PTH208
    with pytest.raises(ValueError, match="context manager"):
        poller.poll()
