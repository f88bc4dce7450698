"""Rows that come and go, locks between managers and answers that are too big, over the wire."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

import hil.daemons.snmpd
from controllers.drivers import close_snmp, make_driver, snmp
from controllers.drivers.snmp import SnmpDriver
from controllers.drivers.snmp_serial import SERIAL_OID
from controllers.ports import Device
from controllers.snmp.ber import INTEGER
from controllers.snmp.exchange import Answer, Operation, Target, Variable
from controllers.snmp.manager import Manager
from hil.daemons import start_snmpd
from hil.emulators.fleet import FleetThread
from hil.emulators.folder import write_folder
from hil.emulators.world_port import MemoryWorld
from twin.model.attributes import Value
from twin.model.errors import DeviceConflict, DeviceRefused

PROFILE = """
profile: acme
kind: host
protocol: snmp
device_class: A
quality: {{checked_against: nothing}}
rows:
  interface:
    object: ACME-MIB::ifStatus
    oid: 1.3.6.1.4.1.32473.9.1.1
    index: "{{interface}}"
    create: {create}
    change: {change}
attributes:
  interface/{{interface}}/description:
    object: ACME-MIB::ifText
    oid: 1.3.6.1.4.1.32473.9.1.2
    index: "{{interface}}"
    syntax: DisplayString
    row: interface
    absent: ""
  interface/{{interface}}/enabled:
    object: ACME-MIB::ifOn
    oid: 1.3.6.1.4.1.32473.9.1.3
    index: "{{interface}}"
    syntax: TruthValue
    values: {{"true": 1, "false": 2}}
    row: interface
    absent: false
    order: {{"false": 0, "true": 5}}
"""
THERE = {"interface/1/description": "uplink", "interface/1/enabled": True}
EMPTY: dict[str, Value] = {"interface/2/description": "", "interface/2/enabled": False}


@dataclass
class Host:
    device: Device
    sent: list[list[object]]


@pytest.fixture(params=["createAndGo", "createAndWait"])
def create(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["active", "notInService"])
def change(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def host(
    tmp_path: Path, create: str, change: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Host]:
    (tmp_path / "profiles").mkdir()
    text = PROFILE.format(create=create, change=change)
    (tmp_path / "profiles" / "acme.yaml").write_text(text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    device = Device(
        id="h-1", kind="host", profile="acme", host="127.99.1.1", port=port, username="stellwerk",
        secrets={"auth": "file:secrets/snmp-auth", "priv": "file:secrets/snmp-priv"},
        instances={"interface": ("1", "2")}, base=tmp_path, options={"timeout_s": "2"},
    )  # fmt: skip
    world = MemoryWorld({"h-1": "host"}, {"h-1": THERE | EMPTY})
    sent: list[list[object]] = []
    original = SnmpDriver._exchange

    def exchange(self: SnmpDriver, operation: Operation, variables: Sequence[Variable]) -> Answer:
        if operation == "set":
            sent.append([v.value for v in variables if v.oid != SERIAL_OID])
        return original(self, operation, variables)

    monkeypatch.setattr(SnmpDriver, "_exchange", exchange)
    key = write_folder(tmp_path, [device])
    with FleetThread(world, [device], host_key=key):
        yield Host(device, sent)
    close_snmp()


def test_a_row_that_is_not_there_reads_as_nothing(host: Host) -> None:
    assert make_driver(host.device).read() == THERE | EMPTY


def test_a_row_is_made_for_its_values_and_an_undo_takes_it_away(host: Host, create: str) -> None:
    driver = make_driver(host.device)
    driver.write({"interface/2/description": "to the zoo", "interface/2/enabled": True})
    assert driver.read() == THERE | {
        "interface/2/description": "to the zoo", "interface/2/enabled": True,
    }  # fmt: skip
    at_a_stroke = [[4, b"to the zoo", 1]]
    made = at_a_stroke if create == "createAndGo" else [[5], [b"to the zoo"], [1], [1]]
    assert host.sent == made
    driver.write(EMPTY)
    assert host.sent[len(made) :] == [[6]]
    assert driver.read() == THERE | EMPTY


def test_a_row_is_taken_out_of_service_where_its_profile_says_so(host: Host, change: str) -> None:
    driver = make_driver(host.device)
    driver.write({"interface/1/description": "to the port"})
    assert driver.read()["interface/1/description"] == "to the port"
    one = [[b"to the port"]]
    assert host.sent == (one if change == "active" else [[2], *one, [1]])


def test_a_row_that_a_crash_left_out_of_service_is_put_back(host: Host, change: str) -> None:
    if change == "active":
        return
    driver = make_driver(host.device)
    row = next(o.row for o in driver._objects.values() if o.row is not None)
    assert driver._exchange("set", [Variable(row.oid, INTEGER, 2)]).status == 0
    assert driver._exchange("set", [Variable((*row.oid[:-2], 2, 1), 4, b"half")]).status == 0
    make_driver(host.device).write({"interface/1/description": "uplink"})
    assert make_driver(host.device).read() == THERE | EMPTY
    assert host.sent[2:] == [[b"uplink"], [1]]


# --- the advisory lock ---------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Device]:
    """An emulated host with snmpSetSerialNo."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    device = Device(
        id="h-2", kind="host", profile="snmp-host", host="127.99.1.2", port=port, username="x",
        secrets={"auth": "file:secrets/snmp-auth", "priv": "file:secrets/snmp-priv"},
        base=tmp_path, options={"timeout_s": "2"},
    )  # fmt: skip
    values: dict[str, Value] = {"contact": "c", "location": "l", "name": "n", "uptime_s": 1}
    world = MemoryWorld({"h-2": "host"}, {"h-2": values})
    key = write_folder(tmp_path, [device])
    with FleetThread(world, [device], host_key=key):
        yield device
    close_snmp()


def test_a_foreign_set_is_seen_and_the_second_try_goes_through(desk: Device) -> None:
    ours = make_driver(desk)
    ours.lock()
    ours.read()
    serial = ours._expected_serial()
    assert serial is not None
    test_and_incr = Variable(SERIAL_OID, INTEGER, serial)
    assert make_driver(desk)._exchange("set", [test_and_incr]).status == 0
    with pytest.raises(DeviceConflict, match=f"snmpSetSerialNo is {serial + 1}, not {serial}"):
        ours.write({"contact": "NOC"})
    assert ours.read(["contact"]) == {"contact": "c"}
    ours.write({"contact": "NOC"})
    ours.write({"contact": "NOC 2"})
    assert ours.read(["contact"]) == {"contact": "NOC 2"}


def test_two_drivers_of_one_agent_do_not_hinder_each_other(desk: Device) -> None:
    first, second = make_driver(desk), make_driver(desk)
    for driver in (first, second):
        driver.lock()
        driver.read()
    first.write({"contact": "first"})
    second.write({"location": "second"})
    first.write({"contact": "third"})
    assert second.read() == {"contact": "third", "location": "second"}


def test_a_set_whose_answer_was_lost_is_not_taken_for_a_foreign_one(
    desk: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Manager.exchange

    def twice(
        self: Manager, target: Target, operation: Operation, variables: Sequence[Variable]
    ) -> Answer:
        answer = original(self, target, operation, variables)
        if operation == "get":
            return answer
        return dataclasses.replace(original(self, target, operation, variables), n_sent=2)

    monkeypatch.setattr(Manager, "exchange", twice)
    driver = make_driver(desk)
    driver.write({"contact": "once"})
    assert driver.read(["contact"]) == {"contact": "once"}
    driver.write({"contact": "again"})


# --- a real agent --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def snmpd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    """snmpd that shows snmpSetSerialNo: 5.9 refuses each SET of it with wrongLength."""
    views = "".join(f"view {name} included .1.3.6.1.6.3.1.1.6\n" for name in ("seen", "settable"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hil.daemons.snmpd, "_CONFIG", hil.daemons.snmpd._CONFIG + views)
        with start_snmpd(tmp_path_factory.mktemp("snmpd")) as running:
            yield running.device
    close_snmp()


@pytest.mark.daemon("snmpd")
def test_snmpd_shows_a_number_that_nobody_can_count_up_and_is_set_all_the_same(
    snmpd: Device,
) -> None:
    driver = make_driver(snmpd)
    driver.lock()
    driver.read()
    serial = driver._expected_serial()
    assert serial is not None
    counted = make_driver(snmpd)._exchange("set", [Variable(SERIAL_OID, INTEGER, serial)])
    assert counted.status == 8
    driver.write({"contact": "NOC"})
    assert driver.read(["contact"]) == {"contact": "NOC"}


@pytest.mark.daemon("snmpd")
def test_an_agent_that_lets_nobody_count_is_used_without(
    snmpd: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    # snmpd has sysServices, which nobody can set
    monkeypatch.setattr(snmp, "SERIAL_OID", (1, 3, 6, 1, 2, 1, 1, 7, 0))
    monkeypatch.setattr(
        snmp, "test_of", lambda value: Variable((1, 3, 6, 1, 2, 1, 1, 7, 0), INTEGER, value)
    )
    driver = make_driver(snmpd)
    driver.write({"contact": "without"})
    assert driver.read(["contact"]) == {"contact": "without"}
    monkeypatch.setattr(snmp, "SERIAL_OID", (1, 3, 6, 1, 4, 1, 32473, 99, 0))
    absent = make_driver(snmpd)
    absent.write({"contact": "absent"})
    assert absent.read(["contact"]) == {"contact": "absent"}


@pytest.mark.daemon("snmpd")
def test_what_an_agent_calls_too_big_is_asked_and_set_in_halves(
    snmpd: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Manager.exchange

    def small(
        self: Manager, target: Target, operation: Operation, variables: Sequence[Variable]
    ) -> Answer:
        if len(variables) > 2:
            return Answer(status=1)
        return original(self, target, operation, variables)

    monkeypatch.setattr(Manager, "exchange", small)
    driver = make_driver(snmpd)
    driver.write({"contact": "c1", "location": "l1"})
    assert set(driver.read(["contact", "location", "name", "uptime_s"])) == {
        "contact", "location", "name", "uptime_s",
    }  # fmt: skip
    assert driver.read() == {"contact": "c1", "location": "l1"}
    monkeypatch.setattr(Manager, "exchange", lambda *_: Answer(status=1))
    with pytest.raises(DeviceRefused, match="tooBig"):
        driver.read(["name"])
