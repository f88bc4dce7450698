"""Single schedules by hand: the radar check, the way back and back again, the full disk."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controllers.plan import DevicePlan, Plan, members_of, reverse_plan
from controllers.ports import Change, DeviceClass
from controllers.steps import Limits, MemberSpec, Outcome
from hil.chaos.controller import Controller
from hil.chaos.engine import SOUND
from hil.chaos.faults import FaultKind
from hil.chaos.invariants import Watch
from hil.chaos.journal import MemoryJournal
from hil.chaos.network import Network
from hil.chaos.schedule import Schedule
from hil.chaos.world import Reach, World


def run(world, specs):
    """Run one transaction to its end; gives the machine and its phases."""
    world.journal = MemoryJournal()
    world.watch = Watch(world, specs)
    machine = SOUND.make_machine(world.schedule, specs)
    Controller(world, Network(world), machine).begin(machine.start(world.now_s))
    world.env.run()
    notes = world.journal.notes
    return machine, [note.payload["phase"] for note in notes if note.kind == "phase"]


def calm_world(specs, **knobs):
    knobs = {"limits": Limits(), "confirm_timeout_s": 130.0, **knobs}
    schedule = Schedule(seed=0, specs=tuple(specs), **knobs)
    return World(schedule, Reach(), MemoryJournal())


@pytest.mark.parametrize("can_rearm", [True, False])
@pytest.mark.parametrize("lag_s", [0.0, 61.0, 68.0])
def test_radar_check_passes_verification_gate_and_confirm(lag_s, can_rearm):
    spec = MemberSpec(
        device="ap",
        kind="ap",
        device_class=DeviceClass.D,
        before={"radio/2/channel": 36},
        after={"radio/2/channel": 100},
        observe=("radio/2/channel_in_use", "radio/2/enabled", "radio/2/dca"),
        settle_s=70.0,
    )
    odd = {} if can_rearm else {"ap": FaultKind.NO_REARM}
    world = calm_world([spec], has_gate=True, lags_s={"ap": lag_s}, devices=odd)
    machine, phases = run(world, [spec])
    assert machine.outcome is Outcome.CONFIRMED
    assert phases[-3:] == ["verify", "gate", "confirm"]


def plan_of_every_class():
    parts = tuple(
        DevicePlan(
            device=f"d{name}",
            kind="cell",
            site="",
            origin="emulated",
            device_class=DeviceClass(name),
            changes=(
                Change(device=f"d{name}", path="tilt_deg", before=2.0, after=6.0),
                Change(device=f"d{name}", path="tx_power_dbm", before=40.0, after=43.0),
            ),
            order="DCBEA".index(name),
        )
        for name in "ABCDE"
    )
    return Plan(name="every class", devices=parts)


def test_reverse_of_the_reverse_applied_changes_nothing_on_any_class():
    plan = plan_of_every_class()
    world = calm_world(members_of(plan))
    configs = []
    for step in (plan, reverse_plan(plan), reverse_plan(reverse_plan(plan))):
        specs = members_of(step)
        for spec in specs:
            world.devices[spec.device].spec = spec
        machine, _ = run(world, specs)
        assert machine.outcome is Outcome.CONFIRMED
        configs.append({name: device.config() for name, device in world.devices.items()})
    assert configs[0] == configs[2] != configs[1]
    assert configs[1] == {spec.device: dict(spec.before) for spec in members_of(plan)}


def test_full_disk_in_the_middle_takes_everything_back():
    plan = plan_of_every_class()
    world = calm_world(members_of(plan))
    specs = members_of(plan)
    world.watch = Watch(world, specs)
    world.journal.full_at, world.journal.has_reserve = 22, True
    machine = SOUND.make_machine(world.schedule, specs)
    Controller(world, Network(world), machine).begin(machine.start(0.0))
    world.env.run()
    assert machine.outcome is Outcome.RESTORED
    assert FaultKind.DISK_FULL in world.reach.kinds
    assert all(device.holds(device.spec.before) for device in world.devices.values())


def test_change_of_one_device_less_is_another_schedule():
    plan = plan_of_every_class()
    less = replace(plan, devices=plan.devices[1:])
    machine, _ = run(calm_world(members_of(less)), members_of(less))
    assert len(machine.states()) == 4
