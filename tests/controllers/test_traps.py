"""Traps of lamp cabinets over the wire: received, authenticated, bounded."""

from __future__ import annotations

import dataclasses
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controllers.ports import Device
from controllers.traps import TrapEvent, TrapLimits, TrapReceiver
from hil.emulators.fleet import FleetThread
from hil.emulators.folder import Placement, entries_of, write_folder
from hil.emulators.world_port import MemoryWorld
from twin.model.errors import DeviceRefused, InputError

CABINET = {
    "contact": "c", "location": "l", "name": "cab", "normal_level_percent": 100,
    "night_level_percent": 60, "night_start_min": 0, "night_end_min": 300,
    "level_now_percent": 100, "power_w": 3120, "energy_wh": 1, "lamps_total": 40,
    "lamps_failed": 0,
}  # fmt: skip
FAILURE = "STELLWERK-LAMP-MIB::lampFailure"


@dataclass
class Street:
    fleet: FleetThread
    world: MemoryWorld
    devices: tuple[Device, ...]
    folder: Path

    def fail(self, device: str, n_lamps: int) -> None:
        self.fleet.call(lambda: self.world.observe(device, "lamps_failed", n_lamps))


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    names = ["cab-1", "cab-2"]
    world = MemoryWorld(dict.fromkeys(names, "lamp_cabinet"), dict.fromkeys(names, CABINET))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        place = Placement(snmp=sock.getsockname()[1])
    entries = entries_of(world, names, tmp_path, network="127.95.3.0/24", placement=place)
    key = write_folder(tmp_path, entries)
    with FleetThread(world, entries, host_key=key) as fleet:
        yield Street(fleet, world, entries, tmp_path)


def receiver_of(street: Street, **limits: float) -> TrapReceiver:
    return TrapReceiver(street.devices, port=0, limits=TrapLimits(**limits))  # type: ignore[arg-type]


def waited(receiver: TrapReceiver, condition: Callable[[], bool]) -> None:
    for _ in range(200):
        if condition():
            return
        receiver.next_event(0.02)
    pytest.fail(f"waited in vain; {dict(receiver.counts)}")


def sent(street: Street) -> bytes:
    """A trap as cab-1 sends it, caught on its way."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        assert street.fleet.send_traps(sock.getsockname()) == 1
        return sock.recv(4096)


def test_lamps_that_fail_and_are_mended_become_events(street: Street) -> None:
    with receiver_of(street) as receiver:
        to = ("127.0.0.1", receiver.port)
        assert street.fleet.send_traps(to) == 0
        street.fail("cab-2", 3)
        assert street.fleet.send_traps(to) == 1
        event = receiver.next_event(5)
        assert isinstance(event, TrapEvent)
        assert (event.device, event.name) == ("cab-2", FAILURE)
        assert event.values == {"lamps_failed": 3, "lamps_total": 40}
        assert street.fleet.send_traps(to) == 0
        street.fail("cab-2", 1)
        street.fleet.send_traps(to)
        event = receiver.next_event(5)
        assert event is not None
        assert event.name == "STELLWERK-LAMP-MIB::lampRecovery"
        assert receiver.counts == {"received": 2, "events": 2}


def test_a_device_that_is_dead_tells_nothing(street: Street) -> None:
    street.fail("cab-1", 3)
    street.fleet.kill("cab-1")
    assert street.fleet.send_traps(("127.0.0.1", 9)) == 0


def test_what_is_changed_on_its_way_or_comes_from_elsewhere_is_dropped(street: Street) -> None:
    street.fail("cab-1", 3)
    trap = sent(street)
    receiver = receiver_of(street, per_device_burst=1000)
    receiver.take(trap, "127.0.0.1")  # not the address of a device
    assert receiver.counts["unknown"] == 1
    for at in range(0, len(trap), 7):
        receiver.take(trap[:at] + bytes([trap[at] ^ 1]) + trap[at + 1 :], street.devices[0].host)
    receiver.take(trap, street.devices[1].host)  # another device knows its own engine first
    assert receiver.counts["events"] <= 1
    receiver.take(trap, street.devices[0].host)
    event = receiver.next_event(0)
    assert event is not None
    assert event.values["lamps_failed"] == 3


def test_an_old_trap_and_one_of_another_engine_are_refused(street: Street) -> None:
    street.fail("cab-1", 1)
    old = sent(street)
    street.fleet.kill("cab-1")
    street.fleet.revive("cab-1")
    street.fail("cab-1", 2)
    new = sent(street)
    street.fail("cab-1", 0)
    street.fail("cab-2", 5)
    street.fleet.call(street.fleet.fleet._faces["cab-1"]._watch.due)
    other = sent(street)
    receiver = receiver_of(street)
    for trap in (new, old, other, new):
        receiver.take(trap, street.devices[0].host)
    assert receiver.counts == {"received": 4, "events": 1, "refused": 3}
    receiver.forget("cab-1")
    receiver.take(other, street.devices[0].host)
    assert receiver.counts["events"] == 2


@given(st.binary(max_size=400))
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_comes_is_dropped_and_counted(street: Street, noise: bytes) -> None:
    receiver = receiver_of(street)
    receiver.take(noise, street.devices[0].host)
    assert receiver.counts == {"received": 1, "refused": 1}


def test_a_storm_of_traps_takes_bounded_work_and_memory(street: Street) -> None:
    traps = []
    for n_lamps in (1, 2, 3):
        street.fail("cab-1", n_lamps)
        traps.append(sent(street))
    receiver = receiver_of(street, per_device_burst=5, per_device_s=0.001, n_waiting=2)
    for i in range(2000):
        receiver.take(traps[i % 3], street.devices[0].host)
    receiver.take(bytes(5000), street.devices[1].host)
    assert receiver.counts == {
        "received": 2001, "events": 2, "overflow": 1, "refused": 2, "too often": 1995,
        "too long": 1,
    }  # fmt: skip


@pytest.mark.daemon("snmp")
@pytest.mark.parametrize("level", ["authPriv", "authNoPriv", "noAuthNoPriv"])
def test_a_trap_of_net_snmp_is_taken_only_if_it_is_encrypted(street: Street, level: str) -> None:
    tool = shutil.which("snmptrap")
    assert tool is not None
    local = dataclasses.replace(street.devices[0], host="127.0.0.1")
    auth, priv = (
        (street.folder / "secrets" / f"snmp-{n}").read_text().strip() for n in ("auth", "priv")
    )
    with TrapReceiver([local], port=0) as receiver:
        done = subprocess.run(
            [
                tool, "-v3", "-l", level, "-u", "stellwerk", "-a", "SHA-256", "-A", auth,
                "-x", "AES", "-X", priv, "-e", "0x8000000001020304",
                f"127.0.0.1:{receiver.port}", "77", "1.3.6.1.4.1.32473.1.0.1",
                "1.3.6.1.4.1.32473.1.1.2.5.0", "u", "4",
            ],
            capture_output=True, text=True, timeout=30, check=False,
            env={"MIBS": "", "SNMP_PERSISTENT_DIR": str(street.folder), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        if level != "authPriv":
            waited(receiver, lambda: receiver.counts["refused"] == 1)
            return
        event = receiver.next_event(5)
        assert event is not None, receiver.counts
        assert (event.name, event.values) == (FAILURE, {"lamps_failed": 4})


def test_devices_that_could_not_be_told_apart_or_speak_in_clear_are_refused(
    street: Street,
) -> None:
    twins = [dataclasses.replace(device, host="127.0.0.1") for device in street.devices]
    with pytest.raises(InputError, match=r"cab-2 and cab-1 have the address 127\.0\.0\.1"):
        TrapReceiver(twins)
    old = dataclasses.replace(
        street.devices[0], options={"legacy": "v2c: an old one"},
        secrets={"community": "file:secrets/snmp-auth"},
    )  # fmt: skip
    with pytest.raises(DeviceRefused, match="over SNMPv3 only"):
        TrapReceiver([old])


def test_a_port_that_is_taken_is_said_in_one_line(street: Street) -> None:
    with receiver_of(street) as first:
        second = TrapReceiver(street.devices, port=first.port)
        with pytest.raises(InputError, match="cannot listen for traps on"):
            second.__enter__()
