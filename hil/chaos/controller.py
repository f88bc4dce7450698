"""A controller in virtual time: drives the machine as the threaded runner does, until it dies.

Records first, then steps; an answer counts only for the step that is under way. When the journal
cannot be written it does what `controllers.drive` does: it tells the machine that the steps of
the turn were never sent, releases the reserve and writes the retreat; if that fails too it stops.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from simpy.events import Timeout

from controllers.steps import (
    Command,
    Done,
    Event,
    Failed,
    Fault,
    Interrupt,
    Op,
    Phase,
    Tick,
    Turn,
)
from controllers.transaction import Transaction
from hil.chaos.edges import result_of
from hil.chaos.faults import FaultKind
from hil.chaos.invariants import Violation
from hil.chaos.network import Network
from hil.chaos.stages import Kill
from hil.chaos.world import World
from twin.model.errors import JournalError

__all__ = ["Controller"]

_MAX_STEPS = 500  # of each device
_K = FaultKind


class Controller:
    """Drives one machine in a world.

    Parameters
    ----------
    world : World
        Where it is.
    network : Network
        The way to the devices.
    machine : Transaction
        What it drives.
    kill : Kill or None
        When it dies.
    """

    def __init__(
        self, world: World, network: Network, machine: Transaction, kill: Kill | None = None
    ) -> None:
        self.world = world
        self.network = network
        self.machine = machine
        self.is_dead = False
        self._kill = kill
        self._under_way: dict[str, Command] = {}
        self._gathered: list[tuple[Done | Failed, bool]] = []
        self._wake: Timeout | None = None
        self._awake_s = 0.0
        self._is_interrupted = False
        self._is_disk_full = False
        self._n_steps = 0
        world.journal.lease(self)

    # ------------------------------------------------------------------ what it is told

    def begin(self, turn: Turn) -> None:
        """Carry out the first turn of the machine."""
        self._carry_out(turn)

    def on_answer(self, event: Any) -> None:  # noqa: ANN401 - an event of SimPy
        """Take an answer; one nobody waits for is for the machine to ignore."""
        if self._is_deaf(self.on_answer, event.value):
            return
        command: Command = event.value[0]
        answer: Done | Failed = event.value[1]
        answer = type(answer)._make((self.world.env.now, *answer[1:]))
        is_expected = self._under_way.get(command.device) is command
        if is_expected:
            del self._under_way[command.device]
        elif self._gathered or self._waits_for(answer):
            return
        self._gathered.append((answer, is_expected))
        gathers_s = self.world.schedule.gathers_s
        if not gathers_s:
            self._take_gathered()
        elif len(self._gathered) == 1:
            self.world.after(gathers_s, self._on_gathered, None)

    def _waits_for(self, answer: Done | Failed) -> bool:
        """Say whether a late answer could be taken for that of a step under way.

        The runner tells steps apart, the machine only their kinds.
        """
        under_way = self._under_way.get(answer.device)
        return under_way is not None and under_way.op is answer.op

    def on_interrupt(self, event: Any) -> None:  # noqa: ANN401 - an event of SimPy
        """Take a ^C."""
        if self.is_dead or self.machine.outcome is not None:
            return
        if not self._is_deaf(self.on_interrupt, event.value):
            self.world.strike(_K.INTERRUPT)
            self._feed(Interrupt(self.world.env.now, Fault.INTERRUPTED, "^C"))

    def _on_gathered(self, event: Any) -> None:  # noqa: ANN401 - an event of SimPy
        if self._gathered and not self._is_deaf(self._on_gathered, None):
            self._take_gathered()

    def _on_wake(self, event: Any) -> None:  # noqa: ANN401 - an event of SimPy
        if event is not self._wake or self._is_deaf(self._on_wake, None, is_wake=True):
            return
        if self._gathered:
            self._take_gathered()
        else:
            self._feed(Tick(self.world.env.now))

    def _is_deaf(
        self, callback: Callable[[Any], None], value: object, *, is_wake: bool = False
    ) -> bool:
        """Say whether it hears nothing: it is dead, or asleep and hears it later."""
        if self.is_dead:
            return True
        left_s = self._awake_s - self.world.env.now
        if left_s <= 0.0:
            return False
        timeout = self.world.after(left_s, callback, value)
        if is_wake:
            self._wake = timeout
        return True

    def _take_gathered(self) -> None:
        """Take all answers that have come: one write makes durable what follows from them.

        A turn that asks the gate is the last before it is written.
        """
        turns: list[Turn] = []
        while self._gathered and self.machine.outcome is None:
            answer, is_expected = self._gathered.pop(0)
            if not is_expected and (turns or self._waits_for(answer)):
                continue
            if is_expected:
                edge = ("result", self.machine.phase, answer.op, result_of(answer))
                self.world.reach.edges.add(edge)
            turns.append(self._handle(answer))
            if any(command.op is Op.GATE for command in turns[-1].commands):
                break
        if turns:
            self._carry_out(_merged(turns))
        if self._gathered and not self.is_dead and self.machine.outcome is None:
            self._take_gathered()

    def _feed(self, event: Event) -> None:
        if self.machine.outcome is None:
            self._carry_out(self._handle(event))

    def _handle(self, event: Event) -> Turn:
        self._n_steps += 1
        if self._n_steps > _MAX_STEPS * len(self.world.devices):
            raise Violation("I7", "the machine does not end")
        return self.machine.handle(event)

    # ------------------------------------------------------------------ what it does

    def _carry_out(self, turn: Turn) -> None:
        written = self._written(turn)
        if written is None:
            return
        self._pass_records()
        kill = self._kill
        commands = written.commands
        if kill is not None and self._is_due(kill, 0):
            is_amid = kill.kind is _K.KILL_AMID_SEND
            self._send(commands[: self.world.rng.randint(0, len(commands))] if is_amid else ())
            self._die(kill.kind)
            return
        self._send(commands)
        self._wake = None
        if self.machine.outcome is not None:
            self._stop()
        elif written.wake_s is not None:
            delay_s = max(0.0, written.wake_s - self.world.env.now)
            self._wake = self.world.after(delay_s, self._on_wake, None)

    def _send(self, commands: Sequence[Command]) -> None:
        for command in commands:
            self._under_way[command.device] = command
            self.world.watch.sending(self, command)
            self.network.send(self, command)

    def _pass_records(self) -> None:
        """Let strike what waits for a record."""
        schedule, n_records = self.world.schedule, len(self.world.journal.rows)
        if self.world.is_calm:
            return
        if 0 < schedule.suspend_at <= n_records and not self._awake_s:
            self.world.strike(_K.SUSPEND)
            self._awake_s = self.world.env.now + schedule.sleeps_s
        if schedule.interrupt_in is self.machine.phase and not self._is_interrupted:
            self._is_interrupted = True
            self.world.after(0.005, self.on_interrupt, None)
        if 0 < schedule.clock_jump_at <= n_records and not self.world.journal.wall_s:
            self.world.strike(_K.CLOCK_JUMP)
            self.world.journal.wall_s = self.world.rng.choice((-3600.0, 3600.0))

    def _fill_disk(self) -> None:
        schedule, journal = self.world.schedule, self.world.journal
        if schedule.disk_full_in is self.machine.phase and not self._is_disk_full:
            self._is_disk_full = True
            journal.full_at = max(1, len(journal.rows))

    def _written(self, turn: Turn) -> Turn | None:
        """Make a turn durable, or the retreat from it; None if the controller ends here."""
        if not self.world.is_calm:
            self._fill_disk()
        if self._dies_writing(turn):
            return None
        try:
            self._append(turn)
        except JournalError as err:
            return self._retreated(turn, str(err))
        return turn

    def _append(self, turn: Turn) -> None:
        """Write the records of a turn; nothing of it may be sent before."""
        self.world.journal.append(turn.notes, self.world.env.now)
        self.world.watch.noted(turn.notes)

    def _dies_writing(self, turn: Turn) -> bool:
        kill, journal = self._kill, self.world.journal
        if kill is None or not self._is_due(kill, len(turn.notes)):
            return False
        if kill.kind is _K.KILL_BEFORE_RECORD:
            self._die(kill.kind)
            return True
        if kill.kind is _K.TORN_TAIL and turn.notes:
            whole = turn.notes[: self.world.rng.randrange(len(turn.notes))]
            journal.write(whole, self.world.env.now)
            journal.sync()
            self.world.watch.noted(whole)
            self._die(kill.kind)
            return True
        return False

    def _is_due(self, kill: Kill, n_more: int) -> bool:
        n_records = len(self.world.journal.rows) + n_more
        return n_records >= kill.at_record or self.machine.phase is kill.in_phase

    def _retreated(self, turn: Turn, reason: str) -> Turn | None:
        journal = self.world.journal
        self.world.strike(_K.DISK_FULL if journal.has_reserve else _K.DISK_FULL_FOR_GOOD)
        if self.machine.phase in (Phase.LOCK, Phase.START):
            self._stop_for_good()
            return None
        again = turn if self.machine.is_decided else self._retreat(turn, reason)
        journal.release_reserve()
        try:
            self._append(again)
        except JournalError:
            self._stop_for_good()
            return None
        return again

    def _retreat(self, turn: Turn, reason: str) -> Turn:
        """Tell the machine that the steps of a turn were never sent, and give up."""
        now_s = self.world.env.now
        turns = [turn._replace(commands=())]
        turns.append(self.machine.handle(Interrupt(now_s, Fault.JOURNAL, reason)))
        for command in turn.commands:
            failed = Failed(now_s, command.device, command.op, Fault.JOURNAL, reason)
            turns.append(self.machine.handle(failed))
        return _merged(turns)

    # ------------------------------------------------------------------ how it ends

    def _die(self, kind: FaultKind) -> None:
        self.world.strike(kind)
        self.world.reach.edges.add(("killed", self.machine.phase))
        if kind is _K.POWER_CUT:
            self.world.journal.cut_power()
        self._stop_for_good()

    def _stop_for_good(self) -> None:
        """Stop where it is."""
        self.is_dead = True
        self._stop()

    def _stop(self) -> None:
        """Give the lease back; its sessions end a little later, as the devices notice."""
        self.world.journal.release(self)
        self.world.after(0.5, self._end_sessions, None)

    def _end_sessions(self, event: Any) -> None:  # noqa: ANN401 - an event of SimPy
        for device in self.world.devices.values():
            device.lose_session()


def _merged(turns: Sequence[Turn]) -> Turn:
    """Make one turn of several, nothing of which was sent between them."""
    if len(turns) == 1:
        return turns[0]
    return Turn(
        tuple(note for turn in turns for note in turn.notes),
        tuple(command for turn in turns for command in turn.commands),
        turns[-1].wake_s,
    )
