"""Transactions over command lines of every class: all new, or all old, whoever dies."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from controllers.drivers import make_driver
from controllers.intent import parse_intent, resolve
from controllers.journal import Journal
from controllers.live import read_live
from controllers.plan import Plan, make_plan
from controllers.ports import DeviceClass
from controllers.recover import recover, rollback
from controllers.runner import apply
from controllers.steps import Limits, Outcome, State
from hil.emulators.fleet import FleetThread
from hil.emulators.folder import Placement, entries_of, write_folder
from hil.emulators.world_port import MemoryWorld
from hil.rehearse import rehearse
from twin.model.attributes import Value
from twin.model.safe import parse_yaml

pytestmark = pytest.mark.long  # each waits for some sessions one after the other

QUICK = Limits(step_s=20.0, patience_s=1.5, margin_s=2.0, pause_s=0.1)
PORT: dict[str, Value] = {"port/1/admin_up": True, "port/1/alias": "ap", "port/1/oper_up": True}
RADIO: dict[str, Value] = {
    "radio/2/enabled": True, "radio/2/channel": 36, "radio/2/channel_in_use": 36,
}  # fmt: skip
WORLD: dict[str, tuple[str, str, dict[str, Value]]] = {
    "vrp8": ("switch", "huawei-vrp8-switch", {"contact": "it", "name": "sw8", **PORT}),
    "vrp5": ("switch", "huawei-vrp5-switch", {"contact": "it", "name": "sw5", **PORT}),
    "openwrt": ("ap", "openwrt-ap", RADIO),
    "plain": ("ap", "openwrt-ap", RADIO),
    "frr": (
        "router", "frr-router",
        {"name": "edge", "interface/eth0/description": "", "interface/eth0/enabled": True},
    ),
}  # fmt: skip
INTENT = """
version: 1
name: command lines
changes:
  - {name: switches, select: "kind:switch", set: {contact: NOC, port/1/alias: room 7}}
  - {name: aps, select: "kind:ap", set: {radio/2/channel: 44}}
  - {name: routers, select: "kind:router", set: {interface/eth0/description: to the core}}
"""
NEW = {"contact": "NOC", "port/1/alias": "room 7", "radio/2/channel": 44,
       "interface/eth0/description": "to the core"}  # fmt: skip


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[SimpleNamespace]:
    world = MemoryWorld(
        {name: kind for name, (kind, _, _) in WORLD.items()},
        {name: values for name, (_, _, values) in WORLD.items()},
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    placement = Placement(
        cli=port, profiles={name: profile for name, (_, profile, _) in WORLD.items()},
        options={"plain": {"rpcd": "no"}},
    )  # fmt: skip
    network = f"127.{200 + secrets.randbelow(40)}.{secrets.randbelow(250)}.0/24"
    entries = entries_of(world, list(WORLD), tmp_path, network=network, placement=placement)
    key = write_folder(tmp_path, entries)
    with (
        FleetThread(world, entries, host_key=key) as fleet,
        Journal(tmp_path / "journal.db") as journal,
    ):
        yield SimpleNamespace(fleet=fleet, world=world, entries=entries, journal=journal)


def planned(lab: Any) -> Plan:
    intent = parse_intent(parse_yaml(INTENT, "intent.yaml"))
    wants = resolve(intent, lab.entries)
    live = read_live([d for d in lab.entries if d.id in wants], make_driver)
    assert not live.unreachable
    return make_plan(intent, lab.entries, live.values, wants, limits=QUICK)


def values(lab: Any, *, skip: str = "") -> dict[tuple[str, str], Value]:
    return {
        (name, path): lab.fleet.call(lambda name=name, path=path: lab.world.read(name, path))
        for name in WORLD if name != skip for path in NEW if path in WORLD[name][2]
    }  # fmt: skip


def test_a_change_over_five_command_lines_is_confirmed_and_taken_back(lab: Any) -> None:
    old = values(lab)
    plan = planned(lab)
    classes = {part.device: part.device_class for part in plan.devices}
    assert classes == {
        "vrp8": DeviceClass.C, "vrp5": DeviceClass.A, "openwrt": DeviceClass.C,
        "plain": DeviceClass.B, "frr": DeviceClass.A,
    }  # fmt: skip
    result = apply(plan, lab.entries, make_driver, lab.journal, limits=QUICK)
    assert (result.outcome, result.exit_code) == (Outcome.CONFIRMED, 0), result
    assert values(lab) == {key: NEW[key[1]] for key in old}
    assert planned(lab).no_op
    back = rollback(lab.journal, result.run, lab.entries, make_driver, limits=QUICK)
    assert back.outcome is Outcome.CONFIRMED, back
    assert values(lab) == old
    lab.journal.verify()


@pytest.mark.parametrize(
    ("victim", "operation", "when"),
    [
        ("vrp8", "commit", "after"),
        ("vrp5", "write", "half"),
        ("openwrt", "commit", "after"),
        ("plain", "write", "after"),
        ("frr", "write", "after"),
    ],
)
def test_one_dies_all_others_are_old_and_recover_restores_it(
    lab: Any, victim: str, operation: str, when: Any
) -> None:
    old = values(lab)
    plan = planned(lab)
    lab.fleet.kill_on(victim, operation, when)
    result = apply(plan, lab.entries, make_driver, lab.journal, limits=QUICK)
    assert (result.outcome, result.exit_code) == (Outcome.INDETERMINATE, 5), result
    assert result.devices[victim] is State.INDETERMINATE
    assert values(lab, skip=victim) == {k: v for k, v in old.items() if k[0] != victim}
    lab.fleet.revive(victim)
    done = recover(lab.journal, lab.entries, make_driver, limits=QUICK)
    assert done.exit_code == 0, done
    assert values(lab) == old


def test_a_plan_is_rehearsed_on_copies_that_speak_as_their_originals(lab: Any) -> None:
    rehearsal = rehearse(planned(lab), lab.entries)
    assert rehearsal.is_good, rehearsal.run
    assert values(lab) == {
        (name, path): values[path] for name, (_, _, values) in WORLD.items()
        for path in NEW if path in values
    }  # fmt: skip
