"""One transaction over SNMPv3, NETCONF and SSH at once, against emulated devices."""

from __future__ import annotations

import secrets
import socket
from types import SimpleNamespace

import pytest

from controllers.drivers import make_driver
from controllers.intent import parse_intent, resolve
from controllers.journal import Journal
from controllers.live import read_live
from controllers.plan import make_plan
from controllers.recover import recover, rollback
from controllers.runner import apply
from controllers.steps import Limits, Outcome, State
from hil.emulators.fleet import FleetThread
from hil.emulators.folder import Placement, entries_of, write_folder
from hil.emulators.world_port import MemoryWorld
from twin.model.safe import parse_yaml

QUICK = Limits(step_s=20.0, patience_s=1.5, margin_s=2.0, pause_s=0.1)
RADIO = {
    "enabled": True, "channel": 36, "bandwidth_mhz": 20, "tx_power_dbm": 15, "dca": False,
    "dtp": False, "channel_in_use": 36, "tx_power_in_use_dbm": 15,
}  # fmt: skip
AP = {f"radio/2/{name}": value for name, value in RADIO.items()}
CELL = {"admin_state": "UNLOCKED", "tx_power_dbm": 43.0, "tilt_deg": 6.0,
        "operational_state": "ENABLED"}  # fmt: skip
CABINET = {"contact": "c", "location": "l", "name": "cab", "normal_level_percent": 100,
           "night_level_percent": 60, "night_start_min": 0, "night_end_min": 300}  # fmt: skip
WORLD = {
    "ap-1": ("ap", AP), "ap-2": ("ap", AP), "cell-1": ("cell", CELL),
    "cab-1": ("lamp_cabinet", CABINET), "cab-2": ("lamp_cabinet", CABINET),
}  # fmt: skip
INTENT = """
version: 1
name: wire
changes:
  - name: channels
    select: "kind:ap"
    set: {radio/2/tx_power_dbm: 12}
    cycle: {radio/2/channel: [40, 44]}
  - name: tilt
    select: "kind:cell"
    set: {tilt_deg: 8.5, tx_power_dbm: 40.0}
  - name: lamps
    select: "kind:lamp_cabinet"
    set: {night_level_percent: 40}
"""


def placement():
    ports = []
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as sock:
            sock.bind(("127.0.0.1", 0))
            ports.append(sock.getsockname()[1])
    return Placement(snmp=ports[0], netconf=ports[1], cli=ports[2])


@pytest.fixture
def lab(tmp_path):
    world = MemoryWorld(
        {name: kind for name, (kind, _) in WORLD.items()},
        {name: values for name, (_, values) in WORLD.items()},
    )
    network = f"127.{secrets.choice(range(80, 250))}.{secrets.choice(range(1, 250))}.0/24"
    entries = entries_of(world, list(WORLD), tmp_path, network=network, placement=placement())
    key = write_folder(tmp_path, entries)
    with (
        FleetThread(world, entries, host_key=key) as fleet,
        Journal(tmp_path / "journal.db") as journal,
    ):
        yield SimpleNamespace(fleet=fleet, world=world, entries=entries, journal=journal)


def planned(lab):
    intent = parse_intent(parse_yaml(INTENT, "intent.yaml"))
    wants = resolve(intent, lab.entries)
    live = read_live([d for d in lab.entries if d.id in wants], make_driver)
    assert not live.unreachable
    return make_plan(intent, lab.entries, live.values, wants, limits=QUICK)


def values(lab, *, skip=()):
    return {
        (name, path): lab.fleet.call(lambda name=name, path=path: lab.world.read(name, path))
        for name in WORLD
        if name not in skip
        for path in ("night_level_percent", "tilt_deg", "radio/2/channel")
        if path in WORLD[name][1]
    }


NEW = {
    ("ap-1", "radio/2/channel"): 40, ("ap-2", "radio/2/channel"): 44, ("cell-1", "tilt_deg"): 8.5,
    ("cab-1", "night_level_percent"): 40, ("cab-2", "night_level_percent"): 40,
}  # fmt: skip


def test_a_change_is_applied_replans_empty_and_is_taken_back(lab):
    old = values(lab)
    result = apply(planned(lab), lab.entries, make_driver, lab.journal, limits=QUICK)
    assert (result.outcome, result.exit_code) == (Outcome.CONFIRMED, 0), result
    assert values(lab) == NEW
    assert planned(lab).no_op
    back = rollback(lab.journal, result.run, lab.entries, make_driver, limits=QUICK)
    assert back.outcome is Outcome.CONFIRMED, back
    assert values(lab) == old
    lab.journal.verify()


@pytest.mark.parametrize(
    ("victim", "operation", "when", "half"),
    [
        ("cab-1", "set", "half", {"night_level_percent": 55}),
        ("cab-2", "set", "after", None),
        ("ap-1", "commit", "before", {"radio/2/channel": 48}),
        ("cell-1", "commit", "after", None),
        ("ap-2", "edit-config", "after", None),
    ],
)
def test_one_dies_all_others_are_old_and_recover_restores_it(lab, victim, operation, when, half):
    old = values(lab)
    plan = planned(lab)
    lab.fleet.kill_on(victim, operation, when)
    result = apply(plan, lab.entries, make_driver, lab.journal, limits=QUICK)
    assert (result.outcome, result.exit_code) == (Outcome.INDETERMINATE, 5), result
    assert result.devices[victim] is State.INDETERMINATE
    others = {key: value for key, value in old.items() if key[0] != victim}
    assert values(lab, skip=[victim]) == others
    lab.fleet.revive(victim, half)
    done = recover(lab.journal, lab.entries, make_driver, limits=QUICK)
    assert done.exit_code == 0, done
    assert values(lab) == old
