"""The life of one schedule: a run, its death, recoveries until it is closed, and the way back."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from controllers.chain import Record
from controllers.history import Facts, replay
from controllers.steps import MemberSpec, Note, Op, Outcome, State
from hil.chaos.devices import MemoryDevice
from hil.chaos.engine import SOUND, Engine
from hil.chaos.faults import FaultKind
from hil.chaos.invariants import Violation, Watch, check_end, check_rest
from hil.chaos.journal import damaged
from hil.chaos.network import Network
from hil.chaos.schedule import Schedule, make_schedule
from hil.chaos.stages import Kill
from hil.chaos.world import Reach, Tell, World
from twin.model.errors import JournalBusy, JournalDamaged

__all__ = ["run_schedule"]

_MAX_ROUNDS = 6
_CALM_FROM = 2
_UNDO_ONE_IN = 8
_VERIFY_ONE_IN = 16
_AGAIN_ONE_IN = 4
_OPEN = frozenset((State.OPEN, State.INDETERMINATE, State.DIVERGENT))
_TOUCHED = frozenset((Op.COMMIT, Op.WRITE, Op.RESTORE, Op.REAPPLY))
_KILLS = (FaultKind.KILL_BEFORE_SEND, FaultKind.KILL_AMID_SEND, FaultKind.POWER_CUT)
_K = FaultKind
# Nobody edits where there is no candidate, and a buffer without a session tempts most.
_P_EDITS = {"A": 0.0, "B": 0.1, "C": 0.1, "D": 0.1, "E": 0.3}


def run_schedule(
    seed: int, engine: Engine = SOUND, reach: Reach | None = None, tell: Tell | None = None
) -> str:
    """Run one schedule to its very end.

    Parameters
    ----------
    seed : int
        Which schedule.
    engine : Engine
        What is driven.
    reach : Reach, optional
        Where it is noted what was reached.
    tell : Tell, optional
        Hears what happens.

    Returns
    -------
    str
        The digest of all it has recorded, with times and values: equal for equal seeds.

    Raises
    ------
    Violation
        An invariant does not hold.
    """
    return _Life(make_schedule(seed), engine, reach or Reach(), tell).live()


class _Life:
    """One schedule under way."""

    def __init__(self, schedule: Schedule, engine: Engine, reach: Reach, tell: Tell | None) -> None:
        self._schedule = schedule
        self._engine = engine
        self._world = World(schedule, reach, engine.journal(), tell)
        self._begin_run(schedule.specs)

    def _begin_run(self, specs: Sequence[MemberSpec]) -> None:
        self._specs = specs
        self._names = [spec.device for spec in specs]
        self._network = Network(self._world)
        self._world.watch = Watch(self._world, specs)

    def live(self) -> str:
        world, schedule = self._world, self._schedule
        journal = world.journal
        journal.has_reserve = schedule.has_reserve
        machine = self._engine.make_machine(schedule, self._specs)
        controller = self._engine.controller(world, self._network, machine, schedule.kill)
        if schedule.second_s >= 0:
            world.after(schedule.second_s, self._second, None)
        controller.begin(machine.start(world.now_s))
        world.env.run()
        check_end(controller, 0.0)
        facts = self._close()
        check_rest(world, facts)
        if schedule.seed % _AGAIN_ONE_IN == 0:
            self._check_closed(facts)
        self._read_journal()
        head = journal.head
        is_confirmed = facts.outcome is Outcome.CONFIRMED and not schedule.core
        if is_confirmed and schedule.seed % _UNDO_ONE_IN == 0:
            head += self._undo_and_redo()
        return hashlib.sha256(head.encode()).hexdigest() if len(head) > 64 else head

    # ------------------------------------------------------------------ recovery

    def _close(self) -> Facts:
        """Recover until the run is closed."""
        for i_round in range(_MAX_ROUNDS):
            facts = replay(self._world.journal.notes, self._names)
            if facts.outcome is not None and not any(
                known.state in _OPEN for known in facts.known.values()
            ):
                return facts
            self._recover(is_calm=i_round >= _CALM_FROM)
        raise Violation("I7", "recovery does not end")

    def _recover(self, *, is_calm: bool) -> None:
        world, rng = self._world, self._world.rng
        journal = world.journal
        world.is_calm = is_calm
        journal.full_at = 0
        self._spoil_journal()
        facts = replay(self._read_journal(), self._names)
        for device in world.devices.values():
            device.lose_session()
            self._edit_meanwhile(device)
            self._revive(device, facts)
        pause_s = rng.choice((0.5, 30.0, self._schedule.confirm_timeout_s * 2))
        world.env.run(until=world.now_s + pause_s)
        kill = None
        if not is_calm and rng.random() < 0.25:
            at_record = len(journal.rows) + rng.randint(1, 30)
            kill = Kill(at_record=at_record, kind=rng.choice(_KILLS))
        self._take_up(facts, kill)

    def _take_up(self, facts: Facts, kill: Kill | None) -> None:
        world = self._world
        machine = self._engine.make_machine(self._schedule, self._specs)
        controller = self._engine.controller(world, self._network, machine, kill)
        begun_s = world.now_s
        note = Note("resumed", "", {"way": "forward" if facts.is_decided else "back"})
        world.journal.append([note], world.now_s)
        world.watch.noted([note])
        controller.begin(machine.resume(begun_s, facts.known, is_decided=facts.is_decided))
        world.env.run()
        check_end(controller, begun_s)

    def _second(self, event: Any) -> None:  # noqa: ANN401 - an event of SimPy
        """Let a second controller try to recover the run while the first may be at work."""
        world = self._world
        is_free = world.journal.holder is None
        world.strike(_K.SECOND_CONTROLLER)
        with contextlib.suppress(JournalBusy):
            world.journal.lease(event)
            world.journal.release(event)
            if not is_free:
                facts = replay(world.journal.notes, self._names)
                self._interfere(facts)

    def _interfere(self, facts: Facts) -> None:
        """Recover beside the first controller: only a broken lease lets it come so far."""
        world = self._world
        machine = self._engine.make_machine(self._schedule, self._specs)
        controller = self._engine.controller(world, self._network, machine, None)
        controller.begin(machine.resume(world.now_s, facts.known, is_decided=facts.is_decided))

    def _edit_meanwhile(self, device: MemoryDevice) -> None:
        """Let a person edit a device between a crash and the recovery, and finish later."""
        world = self._world
        if world.is_calm:
            if device.is_edited:
                device.end_foreign_edit()
            device.lock_owner = 0
            return
        is_free = device.buffer is None and not device.is_dead(world.now_s)
        if is_free and world.rng.random() < _P_EDITS[device.device_class]:
            device.begin_foreign_edit()
            world.strike(_K.EDIT_MEANWHILE, device.name)

    def _revive(self, device: MemoryDevice, facts: Facts) -> None:
        world = self._world
        if not device.is_dead(world.now_s) or not (world.is_calm or world.rng.random() < 0.5):
            return
        device.dead_until_s = -1.0
        if _TOUCHED.intersection(facts.known[device.name].sent) and world.rng.random() < 0.4:
            device.write_half(device.spec.after)
            device.previous = {}
            world.strike(_K.HALF_WRITTEN, device.name)

    # ------------------------------------------------------------------ the journal

    def _spoil_journal(self) -> None:
        """Offer the recovery a journal that was edited, or an older copy: it must refuse."""
        world, journal = self._world, self._world.journal
        kind, rows = self._schedule.damage, journal.rows
        if kind is None or world.is_calm or len(rows) < 2:
            return
        world.strike(kind)
        noted = len(rows), journal.head
        i_row = world.rng.randrange(len(rows) - 1)
        is_older = kind is _K.JOURNAL_OLDER_COPY
        journal.rows = rows[: i_row + 1] if is_older else damaged(rows, i_row, i_row % 3)
        try:
            journal.verify(noted)
        except JournalDamaged:
            journal.rows = rows  # from the backup, and on
            return
        raise Violation("I13", f"{kind} at record {i_row + 1} was not noticed")

    def _read_journal(self) -> Sequence[Note | Record]:
        """Read the journal as a recovery does; in most schedules what it would read is at hand."""
        journal = self._world.journal
        if self._schedule.seed % _VERIFY_ONE_IN:
            return journal.notes
        try:
            journal.verify((len(journal.rows), journal.head))
        except JournalDamaged as err:
            raise Violation("I13", str(err)) from err
        return journal.records()

    def _check_closed(self, facts: Facts) -> None:
        """Check that recovering a closed run, once more, does nothing."""
        machine = self._engine.make_machine(self._schedule, self._specs)
        turn = machine.resume(self._world.now_s, facts.known, is_decided=facts.is_decided)
        again = [command for command in turn.commands if command.op is not Op.UNLOCK]
        if again:
            first = again[0]
            raise Violation("I5", f"recovery of a closed run sends {first.op} to {first.device}")

    # ------------------------------------------------------------------ and back

    def _undo_and_redo(self) -> str:
        """Apply the reverse of a confirmed run, and the reverse of that: all is as it was."""
        world = self._world
        known = replay(world.journal.notes, self._names).known
        specs = [s for s in self._specs if known[s.device].state is not State.SKIPPED]
        world.is_calm = True
        heads = ""
        for _ in range(2):
            specs = [replace(spec, before=spec.after, after=spec.before) for spec in specs]
            for spec in specs:
                device = world.devices[spec.device]
                device.spec, device.lag_s, device.lock_owner = spec, 0.0, 0
                device.end_foreign_edit()
            world.journal = self._engine.journal()
            self._begin_run(specs)
            machine = self._engine.make_machine(self._schedule, specs)
            controller = self._engine.controller(world, self._network, machine, None)
            begun_s = world.now_s
            controller.begin(machine.start(begun_s))
            world.env.run()
            check_end(controller, begun_s)
            if machine.outcome is not Outcome.CONFIRMED:
                raise Violation("I1", f"the undo is {machine.outcome}: {machine.cause}")
            heads += world.journal.head
        for spec in self._schedule.specs:
            if spec in specs and not world.devices[spec.device].holds(spec.after):
                raise Violation("I1", f"undo of undo changes {spec.device}")
        return heads
