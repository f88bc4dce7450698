"""Class E over the wire: the database transaction of NTCIP 1201 on an emulated controller."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from controllers.drivers import close_snmp, make_driver
from controllers.drivers.snmp_transaction import SnmpTransactionDriver
from controllers.history import history_of
from controllers.intent import parse_intent, paths_to_read, resolve
from controllers.journal import Journal
from controllers.live import read_live
from controllers.plan import Plan, make_plan
from controllers.plan_text import render_plan
from controllers.ports import Device, DeviceClass
from controllers.profiles import load_profile, profile_of
from controllers.recover import recover
from controllers.runner import apply
from controllers.snmp.ber import INTEGER
from controllers.snmp.exchange import Variable
from controllers.steps import Note, State
from hil.emulators.fleet import FleetThread
from hil.emulators.folder import Placement, entries_of, write_folder
from hil.emulators.world_port import MemoryWorld
from twin.model.attributes import Value
from twin.model.errors import (
    DeviceConflict,
    DeviceLocked,
    DeviceRefused,
    DeviceUnreachable,
    InputError,
    JournalError,
)
from twin.model.safe import parse_yaml

SIGNAL = {
    "pattern": 0, "pattern_in_effect": 2, "operational_state": "RUNNING", "is_coordinated": True,
    "inbound_volume": 12, "inbound_occupancy_percent": 7.5, "outbound_volume": 3,
    "outbound_occupancy_percent": 1.0,
}  # fmt: skip
STUCK = """
version: 1
name: the day
changes:
  - {name: day, select: "kind:signal", set: {pattern: 2}}
"""
STATE = load_profile("ntcip-1202-signal").transaction


@dataclass
class Street:
    fleet: FleetThread
    world: MemoryWorld
    device: Device

    def driver(self) -> SnmpTransactionDriver:
        driver = make_driver(self.device)
        assert isinstance(driver, SnmpTransactionDriver)
        return driver

    def pattern(self) -> object:
        return self.fleet.call(lambda: self.world.read("signal-1", "pattern"))

    def command(self, state: int, who: Device | None = None) -> int:
        """Set dbCreateTransaction as another manager would; the error status."""
        other = SnmpTransactionDriver(who or self.device, profile_of(self.device))
        return other._exchange("set", [Variable(STATE.state, INTEGER, state)]).status

    def state(self) -> int:
        return int(self.driver()._state())


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    world = MemoryWorld({"signal-1": "signal"}, {"signal-1": SIGNAL})
    entries = entries_of(
        world,
        ["signal-1"],
        tmp_path,
        network="127.93.7.0/24",
        placement=Placement(snmp=free_port()),
    )
    key = write_folder(tmp_path, entries)
    with FleetThread(world, entries, host_key=key) as fleet:
        quick = dataclasses.replace(entries[0], options={"timeout_s": "2"})
        yield Street(fleet, world, quick)
    close_snmp()


def test_state_of_the_controller_and_its_detectors_is_read(street: Street) -> None:
    driver = street.driver()
    assert driver.device_class is DeviceClass.E
    assert driver.read(list(SIGNAL)) == SIGNAL
    assert driver.read() == {"pattern": 0}


def test_nothing_changes_before_the_commit_and_all_of_it_then(street: Street) -> None:
    driver = street.driver()
    driver.lock()
    driver.prepare({"pattern": 3})
    assert street.pattern() == 0
    assert driver.read() == {"pattern": 0}
    driver.commit(confirm_timeout_s=None, persist_id=None)
    assert street.pattern() == 3
    assert street.state() == 1
    driver.unlock()


def test_what_was_prepared_is_thrown_away_though_it_was_checked(street: Street) -> None:
    driver = street.driver()
    driver.prepare({"pattern": 3})
    assert street.state() == 6  # done: the command normal would store it
    driver.discard()
    assert (street.pattern(), street.state()) == (0, 1)
    driver.discard()  # an empty buffer is no error


def test_a_change_the_controller_finds_wrong_leaves_the_buffer_empty(street: Street) -> None:
    with pytest.raises(DeviceRefused, match="pattern 77 is not in the pattern table"):
        street.driver().prepare({"pattern": 77})
    assert (street.pattern(), street.state()) == (0, 1)


def test_the_buffer_outlives_the_manager_and_the_controller_and_a_new_one_ends_it(
    street: Street,
) -> None:
    street.driver().prepare({"pattern": 3})
    street.fleet.kill("signal-1")
    street.fleet.revive("signal-1")
    close_snmp()
    recovering = street.driver()
    assert street.state() == 6
    with pytest.raises(DeviceLocked, match=r"database transaction is open on it \(done\)"):
        recovering.lock()
    recovering.discard()
    recovering.lock()
    assert (street.pattern(), street.state()) == (0, 1)


def test_a_transaction_of_another_manager_is_refused_and_never_ended(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    buffer = street.fleet.fleet._faces["signal-1"]._buffer
    assert street.command(2) == 0
    street.fleet.call(lambda: setattr(buffer, "owner", b"somebody else"))
    driver = street.driver()
    with pytest.raises(DeviceLocked, match=r"open on it \(transaction\)"):
        driver.lock()
    with pytest.raises(DeviceLocked):
        driver.prepare({"pattern": 3})
    with pytest.raises(DeviceConflict, match="another manager, which was left alone"):
        driver.discard()
    assert street.state() == 2


def test_a_manager_that_comes_between_is_seen_by_the_serial_number(street: Street) -> None:
    driver = street.driver()
    driver.lock()
    assert driver.read() == {"pattern": 0}
    # another process: what it counts up is not counted here
    serial = driver._expected_serial()
    other = SnmpTransactionDriver(street.device, profile_of(street.device))
    changed = other._exchange("set", [Variable((1, 3, 6, 1, 6, 3, 1, 1, 6, 1, 0), INTEGER, serial)])
    assert changed.status == 0
    with pytest.raises(DeviceConflict, match="another manager has set something"):
        driver.prepare({"pattern": 3})
    assert (street.pattern(), street.state()) == (0, 1)
    driver.prepare({"pattern": 3})  # read anew, it goes on
    driver.discard()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("operation", ["set", "validate", "commit"])
def test_a_controller_that_dies_keeps_the_buffer_or_has_stored_it(
    street: Street, operation: str, when: str
) -> None:
    street.fleet.kill_on("signal-1", operation, when)
    driver = street.driver()

    def change() -> None:
        driver.prepare({"pattern": 3})
        driver.commit(confirm_timeout_s=None, persist_id=None)

    with pytest.raises(DeviceUnreachable):
        change()
    street.fleet.revive("signal-1")
    again = street.driver()
    again.discard()
    again.lock()
    assert street.pattern() == (3 if (operation, when) == ("commit", "after") else 0)


def test_a_commit_without_a_check_is_refused(street: Street) -> None:
    with pytest.raises(DeviceRefused, match="cannot commit: its database transaction is normal"):
        street.driver().commit(confirm_timeout_s=None, persist_id=None)
    with pytest.raises(DeviceRefused, match="class E: use prepare"):
        street.driver().write({"pattern": 1})


@pytest.mark.parametrize("state", [1, 3, 6, 9])
def test_the_controller_takes_no_command_out_of_order(street: Street, state: int) -> None:
    assert street.command(state) != 0


def test_a_device_without_the_object_is_named(street: Street) -> None:
    driver = street.driver()
    driver._rule = dataclasses.replace(driver._rule, state=(1, 3, 9, 9, 0))
    with pytest.raises(DeviceRefused, match="has no dbCreateTransaction"):
        driver.lock()


def test_a_profile_of_class_e_without_a_transaction_is_refused(street: Street) -> None:
    profile = dataclasses.replace(profile_of(street.device), transaction=None)
    with pytest.raises(InputError, match="names no transaction"):
        SnmpTransactionDriver(street.device, profile)


def planned(street: Street, *devices: Device) -> Plan:
    """Change pattern and lamps as one transaction."""
    text = (
        "version: 1\nname: one evening\nchanges:\n"
        "  - {name: green wave, select: 'kind:signal', set: {pattern: 3}}\n"
    )
    if len(devices) > 1:
        text += "  - {name: dim, select: 'kind:lamp_cabinet', set: {night_level_percent: 40}}\n"
    intent = parse_intent(parse_yaml(text, "intent.yaml"))
    wants = resolve(intent, devices)
    live = read_live(devices, make_driver, paths=paths_to_read(intent, wants, devices))
    return make_plan(intent, devices, live.values, wants)


def test_signals_and_lamps_change_as_one_transaction_or_not_at_all(
    tmp_path: Path,
) -> None:
    class World(MemoryWorld):
        lies = is_stuck = False

        def write(self, device: str, changes: Mapping[str, Value]) -> None:
            if self.lies and device == "cab-1":
                return
            super().write(device, changes)
            if self.is_stuck and device == "signal-1":
                self.observe("signal-1", "pattern_in_effect", 3)

    cabinet = {
        "contact": "c", "location": "l", "name": "cab-1", "normal_level_percent": 100,
        "night_level_percent": 60, "night_start_min": 0, "night_end_min": 300,
        "level_now_percent": 100, "power_w": 1, "energy_wh": 1, "lamps_total": 1,
        "lamps_failed": 0,
    }  # fmt: skip
    kinds = {"cab-1": "lamp_cabinet", "signal-1": "signal"}
    world = World(kinds, {"cab-1": cabinet, "signal-1": SIGNAL})
    place = Placement(snmp=free_port())
    entries = entries_of(world, list(kinds), tmp_path, network="127.93.8.0/24", placement=place)
    key = write_folder(tmp_path, entries)
    with FleetThread(world, entries, host_key=key) as fleet:
        street = Street(fleet, world, entries[1])
        with Journal(tmp_path / "j.sqlite") as book:
            world.lies = True
            result = apply(planned(street, *entries), entries, make_driver, book)
            assert result.exit_code == 4
            assert "cab-1: said yes and did not set night_level_percent" in result.reason
            assert set(result.devices.values()) == {State.RESTORED}
            assert (street.pattern(), street.state()) == (0, 1)
            world.lies = False
            result = apply(planned(street, *entries), entries, make_driver, book)
            assert result.exit_code == 0, result.reasons
            assert (street.pattern(), street.state()) == (3, 1)
            world.is_stuck = True
            stuck = parse_intent(parse_yaml(STUCK, "intent.yaml"))
            wants = resolve(stuck, entries)
            live = read_live(entries, make_driver, paths=paths_to_read(stuck, wants, entries))
            plan = make_plan(stuck, entries, live.values, wants)
            assert plan.devices[0].settle_s > 200
            assert "class E: buffer that outlives us" in "\n".join(render_plan(plan))
            quick = tuple(dataclasses.replace(part, settle_s=0.3) for part in plan.devices)
            plan = dataclasses.replace(plan, devices=quick)
            result = apply(plan, entries, make_driver, book)
            assert result.exit_code == 4
            assert "signal-1: reads back other values in pattern_in_effect" in result.reason
            assert (street.pattern(), street.state()) == (3, 1)
    close_snmp()


class DyingJournal(Journal):
    """A journal that can be written a few times only: the controller stops there."""

    n_left = 0

    def append(self, run: str, notes: Sequence[Note]) -> int:
        self.n_left -= 1
        if self.n_left < 0:
            raise JournalError("the disk is gone")
        return super().append(run, notes)


@pytest.mark.parametrize("n_writes", range(1, 9))
def test_a_run_that_stops_anywhere_leaves_no_open_buffer_after_recovery(
    street: Street, tmp_path: Path, n_writes: int
) -> None:
    plan = planned(street, street.device)
    with DyingJournal(tmp_path / "j.sqlite") as book:
        book.n_left = n_writes
        with contextlib.suppress(JournalError):
            apply(plan, [street.device], make_driver, book)
    close_snmp()  # what recovers is another process
    with Journal(tmp_path / "j.sqlite") as book:
        is_decided = any(history_of(book, run).is_decided for run in book.runs())
        result = recover(book, [street.device], make_driver)
        assert result.exit_code == 0
    assert (street.pattern(), street.state()) == (3 if is_decided else 0, 1)
