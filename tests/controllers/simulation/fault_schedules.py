"""Seeded fault schedules: the transaction machine in virtual time, every invariant checked.

`run_schedules(start_seed, count)` returns what was violated; run as a program it prints it:
``python tests/controllers/simulation/fault_schedules.py START COUNT``.
"""

from __future__ import annotations

import hashlib
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

import simpy
from fault_devices import FOREIGN, SimDevice, SimFault
from simpy.events import Timeout

from controllers.history import replay
from controllers.ports import DeviceClass
from controllers.steps import (
    Command,
    Done,
    Failed,
    Fault,
    Interrupt,
    Limits,
    MemberSpec,
    Note,
    Op,
    Outcome,
    State,
    Tick,
    Turn,
)
from controllers.transaction import Transaction

FOR_EVER_S = 1e9
_KINDS = ("lost-reply", "lost-request", "refuse", "lie", "die-before", "die-after", "half", "slow")
_LIES = (Op.COMMIT, Op.WRITE, Op.CANCEL, Op.RESTORE, Op.REAPPLY)


class Violation(Exception):
    """An invariant does not hold."""


@dataclass
class Schedule:
    """What one seed stands for."""

    seed: int
    specs: list[MemberSpec]
    limits: Limits
    confirm_timeout_s: float
    by_wave: bool
    may_skip: bool
    has_gate: bool
    p_fault: float
    crash_at: int
    interrupt_s: float
    foreign: dict[str, str]
    lags_s: list[float]
    cannot_rearm: frozenset[str] = frozenset()


def make_schedule(seed: int) -> Schedule:
    rng = random.Random(seed)
    n = rng.choice((1, 2, 2, 3, 3, 4, 5, 6, 8)) if rng.random() < 0.97 else rng.randint(9, 40)
    by_wave = rng.random() < 0.25
    n_waves = rng.choice((1, 2, 3)) if by_wave or rng.random() < 0.2 else 1
    limits = Limits(
        step_s=rng.choice((1.0, 5.0, 30.0)),
        patience_s=rng.choice((1.0, 10.0, 20.0)),
        margin_s=rng.choice((0.5, 5.0)),
        pause_s=rng.choice((0.1, 0.5)),
    )
    specs = [_spec(rng, i, rng.randrange(n_waves)) for i in range(n)]
    foreign = {}
    if rng.random() < 0.12:
        foreign[rng.choice(specs).device] = rng.choice(("stale", "dirty", "locked"))
    return Schedule(
        seed=seed,
        specs=specs,
        limits=limits,
        confirm_timeout_s=limits.shortest_window_s * rng.choice((1.0, 1.5, 4.0)),
        by_wave=by_wave,
        may_skip=rng.random() < 0.2,
        has_gate=rng.random() < 0.2,
        p_fault=rng.choice((0.0, 0.0, 0.01, 0.03, 0.1, 0.25)),
        crash_at=rng.randint(1, 20 * n) if rng.random() < 0.3 else 0,
        interrupt_s=rng.uniform(0.0, 5.0) if rng.random() < 0.1 else -1.0,
        foreign=foreign,
        lags_s=[rng.choice((0.0, 0.0, 2.0, 8.0)) if rng.random() < 0.98 else 50.0 for _ in specs],
        cannot_rearm=frozenset(spec.device for spec in specs if rng.random() < 0.1),
    )


def _spec(rng: random.Random, i: int, wave: int) -> MemberSpec:
    device_class = rng.choice(list(DeviceClass))
    kind = rng.choice(("switch", "cell")) if device_class is DeviceClass.A else "ap"
    before, after, observe = {
        "switch": (
            {"contact": "old", "location": "old"}, {"contact": "new", "location": "new"}, (),
        ),
        "cell": (
            {"tx_power_dbm": 40.0, "tilt_deg": 2.0}, {"tx_power_dbm": 43.0, "tilt_deg": 6.0}, (),
        ),
        "ap": (
            {"radio/2/channel": 36, "radio/2/tx_power_dbm": 20},
            {"radio/2/channel": 100, "radio/2/tx_power_dbm": 17},
            ("radio/2/channel_in_use", "radio/2/enabled", "radio/2/dca"),
        ),
    }[kind]  # fmt: skip
    order = {"A": 2, "B": 1, "E": 1}.get(device_class.value, 0)
    return MemberSpec(
        device=f"d{i}", kind=kind, device_class=device_class, before=before, after=after,
        wave=wave, order=order + 3 * rng.randrange(2), observe=observe, settle_s=10.0,
    )  # fmt: skip


@dataclass
class Counters:
    """What was reached: a kind never reached is a hole in the test."""

    faults: Counter = field(default_factory=Counter)
    edges: Counter = field(default_factory=Counter)
    ends: Counter = field(default_factory=Counter)


class World:
    """The devices, their clock and the journal of one schedule."""

    def __init__(self, schedule: Schedule, counters: Counters) -> None:
        self.schedule = schedule
        self.counters = counters
        self.rng = random.Random(schedule.seed ^ 0x5DEECE66D)
        self.env = simpy.Environment()
        self.devices = {
            spec.device: SimDevice(spec, lag_s)
            for spec, lag_s in zip(schedule.specs, schedule.lags_s, strict=True)
        }
        self.notes: list[Note] = []
        self.calm = False
        for name in schedule.cannot_rearm:
            self.devices[name].can_rearm = False
        for name, what in schedule.foreign.items():
            self._disturb(self.devices[name], what)

    def _disturb(self, device: SimDevice, what: str) -> None:
        path = next(iter(device.spec.before))
        if what == "stale":
            device.values[path] = {str: "theirs", float: 30.0, int: 44}[type(device.values[path])]
            device.foreign = {path: device.values[path]}
        elif device.cls is not DeviceClass.A:
            if what == "dirty":
                device.candidate, device.candidate_owner = {path: device.values[path]}, FOREIGN
            else:
                device.lock_owner = FOREIGN

    def machine(self) -> Transaction:
        schedule = self.schedule
        return Transaction(
            schedule.specs, run="r", token="t", confirm_timeout_s=schedule.confirm_timeout_s,
            limits=schedule.limits, by_wave=schedule.by_wave, may_skip=schedule.may_skip,
            has_gate=schedule.has_gate,
        )  # fmt: skip


class Controller:
    """Drives a machine in the world until it ends or crashes."""

    def __init__(self, world: World, machine: Transaction, crash_at: int) -> None:
        self.world = world
        self.env = world.env
        self.machine = machine
        self.crash_at = crash_at
        self.crashed = False
        self.wake: Timeout | None = None
        self.steps = 0

    def carry_out(self, turn: Turn) -> None:
        world = self.world
        for note in turn.notes:
            world.notes.append(note)
            self._check_note(note)
        if self.crash_at and len(world.notes) >= self.crash_at:
            self.crashed = True
            self._at(0.5, self._end_sessions, None)
            if world.rng.random() < 0.5:
                return  # durable, but not sent
        announced = {(n.device, n.payload["op"]) for n in turn.notes if n.kind == "send"}
        for command in turn.commands:
            if (command.device, command.op.value) not in announced:
                raise Violation(f"I4: {command.op} to {command.device} without a record")
            self._send(command)
        self.wake = None
        if turn.wake_s is not None and not self.crashed:
            self.wake = self._at(max(0.0, turn.wake_s - self.env.now), self._on_wake, None)

    def _at(self, delay_s: float, callback, argument) -> Timeout:
        timeout = Timeout(self.env, delay_s, argument)
        timeout.callbacks.append(callback)
        return timeout

    def _on_wake(self, event: Timeout) -> None:
        if event is self.wake:
            self._feed(Tick(self.env.now))

    def _end_sessions(self, event: Timeout) -> None:
        for device in self.world.devices.values():
            device.lose_session()

    def interrupt(self, event: Timeout) -> None:
        self._feed(Interrupt(self.env.now, Fault.INTERRUPTED, "^C"))

    def _feed(self, event) -> None:
        if self.crashed or self.machine.outcome is not None:
            return
        self.steps += 1
        if self.steps > 20_000:
            raise Violation("I7: the machine does not end")
        self.carry_out(self.machine.handle(event))

    # ------------------------------------------------------------------ the way to the devices

    def _send(self, command: Command) -> None:
        rng = self.world.rng
        if command.op is Op.GATE:
            is_good = self.world.calm or rng.random() < 0.7
            self._at(0.1, self._gate, is_good)
            return
        kind = self._fault_of(command)
        self._at(rng.uniform(0.01, 0.3), self._arrive, (command, kind))

    def _gate(self, event: Timeout) -> None:
        now_s = self.env.now
        good = Done(now_s, "", Op.GATE)
        self._feed(good if event.value else Failed(now_s, "", Op.GATE, Fault.GATE, "out of band"))

    def _fault_of(self, command: Command) -> str:
        world = self.world
        if world.calm or command.op is Op.UNLOCK or world.rng.random() >= world.schedule.p_fault:
            return ""
        kind = world.rng.choice(_KINDS)
        if (kind == "lie" and command.op not in _LIES) or (
            kind == "half" and command.op not in (Op.WRITE, Op.COMMIT)
        ):
            return "lost-reply"
        return kind

    def _arrive(self, event: Timeout) -> None:
        command, kind = event.value
        world, now_s = self.world, self.env.now
        device = world.devices[command.device]
        device.settle(now_s)
        if self.crashed:
            if world.rng.random() < 0.5:
                return  # lost with the controller
            kind = ""
        if kind:
            world.counters.faults[kind, command.op.value] += 1
        if command.op is Op.UNLOCK:
            if not device.is_dead(now_s):
                device.execute(now_s, command, lie=False)
            self._answer(0.05, Done(now_s, command.device, command.op))
        elif device.is_dead(now_s) or kind == "lost-request":
            self._fail(command, device)
        elif kind in ("die-before", "half"):
            if kind == "half":
                device.half_write()
            self._kill(device)
            self._fail(command, device)
        elif kind == "refuse":
            self._answer(0.05, _failed(now_s, command, Fault.REFUSED, "no"))
        else:
            self._execute(command, device, kind)

    def _execute(self, command: Command, device: SimDevice, kind: str) -> None:
        now_s = self.env.now
        try:
            values = device.execute(now_s, command, lie=kind == "lie")
        except SimFault as err:
            self._answer(0.05, _failed(now_s, command, err.fault, err.reason))
            return
        if kind == "die-after":
            self._kill(device)
        if kind in ("lost-reply", "slow", "die-after"):
            self._fail(command, device)
            return
        self._answer(
            self.world.rng.uniform(0.01, 0.3), Done(now_s, command.device, command.op, values)
        )

    def _kill(self, device: SimDevice) -> None:
        back_s = self.world.rng.choice((2.0, 15.0, 100.0, FOR_EVER_S))
        device.die(self.env.now, back_s)

    def _fail(self, command: Command, device: SimDevice) -> None:
        if command.op is not Op.READ:
            device.lose_session()
        delay_s = self.world.rng.choice((0.05, command.deadline_s))
        self._answer(delay_s, _failed(self.env.now, command, Fault.UNREACHABLE, "no answer"))

    def _answer(self, delay_s: float, event) -> None:
        self._at(delay_s, self._on_answer, event)

    def _on_answer(self, timeout: Timeout) -> None:
        event = timeout.value._replace(now_s=self.env.now)
        edge = event.fault.value if isinstance(event, Failed) else "ok"
        self.world.counters.edges[self.machine.phase.value, event.op.value, edge] += 1
        self._feed(event)

    # ------------------------------------------------------------------ invariants

    def _check_note(self, note: Note) -> None:
        if note.kind == "settled":
            self._check_settled(note)
        elif note.kind == "decision":
            missing = [name for name, proof in note.payload["evidence"].items() if not proof]
            if missing:
                raise Violation(f"I2: decided without evidence from {missing}")

    def _check_settled(self, note: Note) -> None:
        device = self.world.devices[note.device]
        state = State(note.payload["state"])
        device.settle(self.env.now)
        if state in (State.RESTORED, State.CONFIRMED) and not note.payload.get("evidence"):
            raise Violation(f"I6: {note.device} {state} without evidence")
        is_right = {State.RESTORED: device.is_old, State.CONFIRMED: device.is_new}.get(state)
        if is_right is not None and not is_right():
            raise Violation(f"I10: {note.device} is called {state} and holds {device.config()}")
        if state in (State.RESTORED, State.CONFIRMED) and device.armed:
            raise Violation(f"I3: {note.device} is {state} and armed")


def _failed(now_s: float, command: Command, fault: Fault, reason: str) -> Failed:
    return Failed(now_s, command.device, command.op, fault, reason)


def run_schedule(seed: int, counters: Counters | None = None) -> str:
    """Run one schedule to its very end; returns the hash of its event log."""
    schedule = make_schedule(seed)
    counters = counters or Counters()
    world = World(schedule, counters)
    controller = Controller(world, world.machine(), schedule.crash_at)
    if schedule.interrupt_s >= 0:
        controller._at(schedule.interrupt_s, controller.interrupt, None)
    begun_s = world.env.now
    controller.carry_out(controller.machine.start(world.env.now))
    world.env.run()
    _check_end(controller, begun_s)
    for round_ in range(6):
        facts = replay(world.notes, list(world.devices))
        states = {facts_.state for facts_ in facts.known.values()}
        lost = {State.OPEN, State.INDETERMINATE, State.DIVERGENT}
        if facts.outcome is not None and not states & lost:
            break
        controller = _recover(world, calm=round_ >= 2)
    else:
        raise Violation("I7: recovery does not end")
    _check_rest(world)
    return hashlib.sha256(repr(world.notes).encode()).hexdigest()


def run_radar_check(lag_s: float, *, can_rearm: bool) -> tuple[Outcome | None, list[str]]:
    """Move one access point to a radar channel, with the times of a plan; gives phases too."""
    spec = MemberSpec(
        device="ap", kind="ap", device_class=DeviceClass.D,
        before={"radio/2/channel": 36}, after={"radio/2/channel": 100},
        observe=("radio/2/channel_in_use", "radio/2/enabled", "radio/2/dca"), settle_s=70.0,
    )  # fmt: skip
    schedule = Schedule(
        seed=0, specs=[spec], limits=Limits(), confirm_timeout_s=130.0, by_wave=False,
        may_skip=False, has_gate=True, p_fault=0.0, crash_at=0, interrupt_s=-1.0, foreign={},
        lags_s=[lag_s], cannot_rearm=frozenset() if can_rearm else frozenset(("ap",)),
    )  # fmt: skip
    world = World(schedule, Counters())
    world.calm = True
    controller = Controller(world, world.machine(), 0)
    controller.carry_out(controller.machine.start(world.env.now))
    world.env.run()
    _check_rest(world)
    phases = [note.payload["phase"] for note in world.notes if note.kind == "phase"]
    return controller.machine.outcome, phases


def _recover(world: World, *, calm: bool) -> Controller:
    """Bring the dead back, some of them half written, and take the run up again."""
    world.calm = calm
    schedule, rng = world.schedule, world.rng
    facts = replay(world.notes, list(world.devices))
    for device in world.devices.values():
        device.lose_session()
        _edit_meanwhile(world, device, is_over=calm)
        if device.is_dead(world.env.now) and (calm or rng.random() < 0.5):
            device.dead_until_s = -1.0
            is_touched = facts.known[device.name].sent & {Op.COMMIT, Op.WRITE, Op.RESTORE}
            if is_touched and rng.random() < 0.4:
                device.half_write()
                world.counters.faults["half-written", "revival"] += 1
    crash_at = 0
    if not calm and rng.random() < 0.3:
        crash_at = len(world.notes) + rng.randint(1, 30)
    world.env.run(until=world.env.now + rng.choice((0.5, 30.0, schedule.confirm_timeout_s * 2)))
    controller = Controller(world, world.machine(), crash_at)
    begun_s = world.env.now
    world.notes.append(Note("resumed", "", {"way": "forward" if facts.is_decided else "back"}))
    controller.carry_out(
        controller.machine.resume(world.env.now, facts.known, is_decided=facts.is_decided)
    )
    world.env.run()
    _check_end(controller, begun_s)
    return controller


def _edit_meanwhile(world: World, device: SimDevice, *, is_over: bool) -> None:
    """Let a person edit the candidate between a crash and the recovery, and finish later."""
    if device.n_deaths_at_edit == device.n_deaths:
        if device.candidate_owner != FOREIGN:
            raise Violation(f"I9: what a person edited on {device.name} is gone")
        if is_over:
            device.candidate = device.candidate_owner = device.n_deaths_at_edit = None
        return
    is_free = device.candidate is None and device.cls is not DeviceClass.A
    if is_over or not is_free or device.is_dead(world.env.now) or world.rng.random() >= 0.1:
        return
    path, value = next(iter(device.spec.before.items()))
    device.candidate, device.candidate_owner = {path: value}, FOREIGN
    device.n_deaths_at_edit = device.n_deaths
    world.counters.faults["edit-meanwhile", "revival"] += 1


def _check_end(controller: Controller, begun_s: float) -> None:
    world, machine = controller.world, controller.machine
    if controller.crashed:
        world.counters.ends["crash", machine.phase.value] += 1
        return
    if machine.outcome is None:
        raise Violation(f"I7: stuck in {machine.phase}")
    world.counters.ends[machine.outcome.value, ""] += 1
    limits, n = world.schedule.limits, len(world.devices)
    steps_s = 40 * limits.step_s * (1 + n // 16)
    bound_s = 6 * world.schedule.confirm_timeout_s + steps_s + 4 * limits.patience_s + 100.0
    if world.env.now - begun_s > bound_s * (3 if world.schedule.by_wave else 1):
        raise Violation(f"I7: took {world.env.now - begun_s:.0f} s")
    for name, state in machine.states().items():
        device = world.devices[name]
        if state in (State.RESTORED, State.UNTOUCHED, State.CONFIRMED, State.SKIPPED):
            _check_released(device, world.env.now)
    bad = {State.OPEN}
    good = {
        Outcome.CONFIRMED: {State.CONFIRMED, State.SKIPPED},
        Outcome.RESTORED: {State.RESTORED, State.UNTOUCHED, State.SKIPPED},
    }.get(machine.outcome)
    states = set(machine.states().values())
    if states & bad or (good is not None and states - good):
        raise Violation(f"I1: {machine.outcome} with {sorted(states)}")


def _check_released(device: SimDevice, now_s: float) -> None:
    device.settle(now_s)
    if device.armed:
        raise Violation(f"I3: {device.name} is armed at rest")
    if device.lock_owner not in (None, FOREIGN):
        raise Violation(f"I3: {device.name} is locked at rest")
    if device.candidate and device.candidate_owner != FOREIGN:
        raise Violation(f"I3: {device.name} has our candidate at rest")


def _check_rest(world: World) -> None:
    facts = replay(world.notes, list(world.devices))
    for name, device in world.devices.items():
        _check_released(device, world.env.now)
        state = facts.known[name].state
        skipped = state is State.SKIPPED
        if device.foreign:
            path, value = next(iter(device.foreign.items()))
            if device.values[path] != value:
                raise Violation(f"I9: the foreign value of {name} was overwritten")
        elif facts.is_decided and not skipped and not device.is_new():
            raise Violation(f"I1: decided, and {name} is not new")
        elif (skipped or not facts.is_decided) and not device.is_old():
            raise Violation(f"I1: not decided, and {name} is not old")
        what = world.schedule.foreign.get(name)
        is_dirty = what == "dirty" and device.cls is not DeviceClass.A and not device.n_deaths
        if is_dirty and device.candidate_owner != FOREIGN:
            raise Violation(f"I9: the foreign candidate of {name} is gone")
    again = world.machine()
    turn = again.resume(world.env.now, facts.known, is_decided=facts.is_decided)
    if any(command.op not in (Op.UNLOCK,) for command in turn.commands):
        raise Violation("I5: recovery of a closed run sends something")


@dataclass(frozen=True)
class Failure:
    """A seed and what it violates."""

    seed: int
    what: str

    def __str__(self) -> str:
        program = "tests/controllers/simulation/fault_schedules.py"
        return f"seed {self.seed}: {self.what}; replay: python {program} {self.seed} 1"


def run_schedules(start_seed: int, count: int, counters: Counters | None = None) -> list[Failure]:
    """Run `count` schedules from a seed on; returns every violation."""
    counters = counters or Counters()
    failures = []
    for seed in range(start_seed, start_seed + count):
        try:
            run_schedule(seed, counters)
        except Violation as err:
            failures.append(Failure(seed, str(err)))
    return failures


def main() -> int:
    start, count = int(sys.argv[1]), int(sys.argv[2])
    counters = Counters()
    begun = time.perf_counter()
    failures = run_schedules(start, count, counters)
    seconds = time.perf_counter() - begun
    for failure in failures[:20]:
        sys.stdout.write(f"{failure}\n")
    rate = count / seconds
    sys.stdout.write(f"{count} schedules, {len(failures)} failures, {rate:.0f} schedules/s\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.path.insert(0, str(__import__("pathlib").Path(__file__).parents[3]))
    sys.exit(main())
