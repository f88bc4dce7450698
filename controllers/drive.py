"""Drives a transaction machine to its end: journals first, then sends, then waits for results."""

from __future__ import annotations

import contextlib
import logging
import math
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import FrameType

from controllers.endings import PERSON, exit_code_of, phase_outcome
from controllers.hold import Hold, skipped_reasons
from controllers.journal import Journal
from controllers.live import boot_clock
from controllers.plan import Plan
from controllers.ports import Device, DriverFactory
from controllers.sessions import Sessions, reason_of
from controllers.steps import (
    Command,
    Done,
    Event,
    Failed,
    Fault,
    Interrupt,
    Note,
    Op,
    Outcome,
    Phase,
    State,
    Tick,
    Turn,
)
from controllers.transaction import Transaction
from controllers.verify import KpiGate
from twin.model.attributes import Value
from twin.model.errors import DeviceError, JournalError

__all__ = ["OnEvent", "RunResult", "StepEvent", "Watch", "drive"]

log = logging.getLogger(__name__)

_MOST_NOTES = 256
"""Records of one write to the journal: more would keep devices waiting for it."""
_ASK_S = 0.25
"""How often a person who was asked is looked at. [s]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEvent:
    """Progress of a run.

    Parameters
    ----------
    device : str
        Device, or empty for the whole run.
    step : str
        Name of the step or phase.
    seconds : float
        How long it took; 0 for one that begins. [s]
    outcome : str
        ``begins``, ``ok``, why it failed, or for a phase what did not end well.
    """

    device: str
    step: str
    seconds: float = field(metadata={"unit": "s"})
    outcome: str


OnEvent = Callable[[StepEvent], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What may hold a run, or end it.

    Parameters
    ----------
    gate : KpiGate, optional
        Asked before anything is confirmed.
    hold : Hold, optional
        Whom to ask where the plan says hold.
    undo_from_s : float
        Boot time from which on a run that is not decided is taken back. [s]
    """

    gate: KpiGate | None = None
    hold: Hold | None = None
    undo_from_s: float = field(default=math.inf, metadata={"unit": "s"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """How a run ended.

    Parameters
    ----------
    run : str
        Id of the run; empty if there was nothing to do.
    outcome : Outcome
        End state.
    exit_code : int
        0 confirmed, 1 error before anything was written, 4 failed and restored, 5 a person is
        needed, 75 try later, 130 interrupted and restored.
    devices : mapping
        State by device id.
    reasons : mapping
        What went wrong, by device id.
    reason : str
        Why it was given up; empty if it was not.
    seconds : mapping
        Duration of each phase. [s]
    culprit : str
        Device that ended it before any commit was sent; empty if none did.
    fault : Fault or None
        Why it was given up.
    """

    run: str
    outcome: Outcome
    exit_code: int
    devices: Mapping[str, State]
    reasons: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    culprit: str = ""
    fault: Fault | None = None


def drive(
    machine: Transaction,
    begin: Callable[[float], Turn],
    plan: Plan,
    members: Sequence[Device],
    make_driver: DriverFactory,
    journal: Journal,
    *,
    run: str,
    on_event: OnEvent | None = None,
    watch: Watch | None = None,
    n_threads: int = 16,
) -> RunResult:
    """Drive a transaction machine to its end.

    Parameters
    ----------
    machine : Transaction
        The machine.
    begin : callable
        Its `start`, or its `resume` with everything but the time.
    plan, members
        What is done, and the devices of it.
    make_driver : DriverFactory
        Makes the drivers.
    journal : Journal
        An open journal whose lease is held.
    run : str
        Id of the run.
    on_event, n_threads
        See `apply`.
    watch : Watch, optional
        What may hold or end it.

    Returns
    -------
    RunResult
        How it ended; indeterminate if the journal could not be written any more after a device
        was: nothing was sent after that, and recovery must take it up.

    Raises
    ------
    JournalError
        The journal cannot be written, and no device was.
    """
    classes = {part.device: part.device_class for part in plan.devices}
    sessions = Sessions(members, classes, make_driver, boot_clock, n_threads)
    driver = _Drive(machine, plan, sessions, journal, run, on_event, watch or Watch())
    with _signals(driver.interrupt):
        try:
            driver.go(begin)
        except JournalError as err:
            if not driver.has_written:
                raise
            log.error("%s: %s; stopped", run, err)  # noqa: TRY400 - one line, no trace
            return driver.stopped(str(err))
        finally:
            sessions.close()
    return driver.result()


@contextlib.contextmanager
def _signals(interrupt: Callable[[str], None]) -> Iterator[None]:
    """Turn ^C and SIGTERM into an orderly end; only the main thread can be asked for that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_signal(number: int, _: FrameType | None) -> None:
        interrupt("^C" if number == signal.SIGINT else signal.Signals(number).name)

    earlier = {n: signal.signal(n, on_signal) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


class _Drive:
    """One run under way."""

    def __init__(
        self,
        machine: Transaction,
        plan: Plan,
        sessions: Sessions,
        journal: Journal,
        run: str,
        on_event: OnEvent | None,
        watch: Watch,
    ) -> None:
        self._machine = machine
        self._plan = plan
        self._sessions = sessions
        self._journal = journal
        self._run = run
        self._on_event = on_event
        self._gate = watch.gate
        self._hold = watch.hold
        self._undo_from_s = watch.undo_from_s
        self._is_held = False
        self._agreed: set[str] = set()
        self._observed: dict[str, Mapping[str, Value]] = {}
        self._seconds: dict[str, float] = {}
        self._phase = Phase.START
        self._phase_since_s = boot_clock()
        self._interrupts: list[str] = []
        self._wake_s: float | None = None
        self._has_restored = False
        self.has_written = False

    def interrupt(self, reason: str) -> None:
        """Ask for a safe end; safe to call from a signal handler."""
        self._interrupts.append(reason)
        self._sessions.wake()

    def go(self, begin: Callable[[float], Turn]) -> None:
        """Run until the machine has ended."""
        self._carry_out(begin(boot_clock()))
        while self._machine.outcome is None:
            self._carry_out(self._gathered(self._machine.handle(self._next_event())))

    def _gathered(self, turn: Turn) -> Turn:
        """Add what follows from results that have come meanwhile: one write makes all durable.

        Nothing is sent between them, so every record is still on the disk before its command.
        """
        while (
            len(turn.notes) < _MOST_NOTES
            and self._machine.outcome is None
            and not self._interrupts
            and all(command.op is not Op.GATE for command in turn.commands)
            and (result := self._sessions.wait(0.0)) is not None
        ):
            more = self._machine.handle(self._told(*result))
            turn = Turn(turn.notes + more.notes, turn.commands + more.commands, more.wake_s)
        return turn

    def _next_event(self) -> Event:
        if boot_clock() >= self._undo_from_s and not self._machine.is_decided:
            self._undo_from_s = math.inf
            reason = "the maintenance window ends before it could be confirmed"
            return Interrupt(boot_clock(), Fault.LAPSED, reason)
        if self._is_held and (answered := self._answered()) is not None:
            return answered
        result = None if self._interrupts else self._sessions.wait(self._pause_s())
        if self._interrupts:
            reason = self._interrupts.pop(0)
            word = "goes on" if self._machine.is_decided else "rolls back"
            self._tell("", "interrupt", 0.0, f"{reason}: {word}, please wait")
            return Interrupt(boot_clock(), Fault.INTERRUPTED, reason)
        if result is None:
            return Tick(boot_clock())
        return self._told(*result)

    def _pause_s(self) -> float | None:
        """Say how long to wait for a result at most. [s]."""
        times = [self._undo_from_s] if not self._machine.is_decided else []
        times += [] if self._wake_s is None else [self._wake_s]
        times += [boot_clock() + _ASK_S] if self._is_held else []
        first_s = min(times, default=math.inf)
        return max(0.0, first_s - boot_clock()) if first_s < math.inf else None

    def _told(self, event: Done | Failed, seconds: float) -> Event:
        """Tell of a result, and keep what was read."""
        if isinstance(event, Done):
            if event.op is Op.READ and event.values is not None:
                self._observed[event.device] = event.values
            self._tell(event.device, event.op, seconds, "ok")
        else:
            self._tell(event.device, event.op, seconds, event.reason)
        return event

    def _carry_out(self, turn: Turn) -> None:
        """Write the records of a turn, then send its commands; a gate is answered at once."""
        while True:
            turn = self._written(turn)
            self._note_phase()
            self._wake_s = turn.wake_s
            asks_gate = [command for command in turn.commands if command.op is Op.GATE]
            others = [command for command in turn.commands if command.op is not Op.GATE]
            self.has_written = self.has_written or self._machine.has_written
            self._has_restored |= any(command.op is Op.RESTORE for command in others)
            for command in others:
                self._tell(command.device, command.op, 0.0, "begins")
            self._sessions.submit(others)
            if not asks_gate:
                return
            answer = self._ask_gate(asks_gate[0])
            if answer is None:
                return
            turn = self._machine.handle(answer)

    def _written(self, turn: Turn) -> Turn:
        """Make a turn durable; if that fails, try once more, before the decision with a retreat."""
        try:
            self._journal.append(self._run, turn.notes)
        except JournalError as err:
            if self._machine.phase in (Phase.LOCK, Phase.START):
                raise
            way = "trying again" if self._machine.is_decided else "taking back"
            log.error("%s: %s; %s", self._run, err, way)  # noqa: TRY400 - one line, no trace
            again = turn if self._machine.is_decided else self._retreat(turn, str(err))
        else:
            return turn
        self._journal.release_reserve()
        self._journal.append(self._run, again.notes)
        return again

    def _retreat(self, turn: Turn, reason: str) -> Turn:
        """Tell the machine that the commands of a turn were never sent, and give up."""
        now_s = boot_clock()
        retreat = self._machine.handle(Interrupt(now_s, Fault.JOURNAL, reason))
        notes, commands, wake_s = turn.notes + retreat.notes, retreat.commands, retreat.wake_s
        for command in turn.commands:
            after = self._machine.handle(
                Failed(now_s, command.device, command.op, Fault.JOURNAL, reason)
            )
            notes += after.notes
            commands += after.commands
            wake_s = after.wake_s
        return Turn(notes, commands, wake_s)

    def _ask_gate(self, command: Command) -> Event | None:
        """Answer the gate; None if a person was asked, who answers later."""
        skipped = skipped_reasons(self._plan, self._machine.states(), self._machine.reasons())
        outside = self._judged() if self._gate is not None else ()
        may_hold = self._hold is not None and (not outside or self._plan.on_failure == "hold")
        reasons = outside + tuple(reason for reason in skipped if reason not in self._agreed)
        if reasons and may_hold and self._begins_hold(reasons):
            return None
        if outside or (reasons and not may_hold):
            return Failed(boot_clock(), "", Op.GATE, Fault.GATE, "; ".join(reasons))
        return Done(boot_clock(), "", Op.GATE)

    def _judged(self) -> tuple[str, ...]:
        """Ask the gate what does not agree with the prediction."""
        if self._gate is None:
            return ()
        begun_s = boot_clock()
        # What was left out, or comes with a later wave, cannot be as it is predicted to be.
        states = self._machine.states()
        done = tuple(
            part
            for part in self._plan.devices
            if part.device in self._observed and states[part.device] is not State.SKIPPED
        )
        try:
            reasons = tuple(self._gate.judge(replace(self._plan, devices=done), self._observed))
        except Exception as err:
            # Whatever breaks the judgement: armed devices must not be left to their timers.
            log.debug("%s: the gate failed", self._run, exc_info=err)
            where = f"{err.device}: " if isinstance(err, DeviceError) else ""
            reasons = (f"the gate failed: {where}{reason_of(err, 'the gate')}",)
        self._tell("", Op.GATE, boot_clock() - begun_s, "; ".join(reasons) or "ok")
        return reasons

    def _begins_hold(self, reasons: tuple[str, ...]) -> bool:
        """Ask a person; False if the journal cannot say so."""
        try:
            self._journal.append(self._run, [Note("held", "", {"reasons": list(reasons)})])
        except JournalError as err:
            log.error("%s: %s; not held", self._run, err)  # noqa: TRY400 - one line, no trace
            return False
        self._is_held = True
        self._tell("", "hold", 0.0, "; ".join(reasons))
        if self._hold is not None:
            self._hold.ask(self._run, reasons)
        return True

    def _answered(self) -> Event | None:
        """Take the answer of the person who was asked; armed timers run on until it is there."""
        answer = self._hold.answer() if self._hold is not None else None
        if self._machine.phase is not Phase.GATE:
            self._is_held = False
            if self._machine.phase is Phase.UNDO:  # the gate is still owed its answer
                return Failed(boot_clock(), "", Op.GATE, Fault.GATE, "taken back while held")
            return None
        if answer is None:
            return None
        self._is_held = False
        skipped = skipped_reasons(self._plan, self._machine.states(), self._machine.reasons())
        self._agreed |= set(skipped)
        word = "go" if answer.goes_on else "stop"
        self._journal.append(self._run, [Note(word, "", {"by": answer.by})])
        self._tell("", "hold", 0.0, f"{word} by {answer.by}" if answer.by else word)
        if answer.goes_on:
            return Done(boot_clock(), "", Op.GATE)
        return Failed(boot_clock(), "", Op.GATE, Fault.GATE, f"stopped by {answer.by}")

    def _note_phase(self) -> None:
        phase = self._machine.phase
        if phase is self._phase:
            return
        now_s = boot_clock()
        spent = self._seconds.get(self._phase.value, 0.0)
        if self._phase is not Phase.START:
            self._seconds[self._phase.value] = spent + now_s - self._phase_since_s
            has_written = self._machine.has_written or self._has_restored
            ended = phase_outcome(self._machine, self._phase, phase, has_written=has_written)
            self._tell("", self._phase, now_s - self._phase_since_s, ended)
        self._phase, self._phase_since_s = phase, now_s
        if phase is not Phase.END:
            self._tell("", phase, 0.0, "begins")

    def _tell(self, device: str, step: str, seconds: float, outcome: str) -> None:
        if self._on_event is None:
            return
        event = StepEvent(device=device, step=str(step), seconds=seconds, outcome=outcome)
        try:
            self._on_event(event)
        except Exception:
            # A broken progress display must never leave devices half way.
            log.exception("%s: the progress display failed and is left out", self._run)
            self._on_event = None

    def stopped(self, reason: str) -> RunResult:
        """Say that the journal has ended before the run: what it says of devices is open."""
        return RunResult(
            run=self._run,
            outcome=Outcome.INDETERMINATE,
            exit_code=PERSON,
            devices=dict.fromkeys(self._machine.states(), State.INDETERMINATE),
            reasons=self._machine.reasons(),
            reason=f"{reason}; devices were written: put it right, then run `stellwerk recover`",
            seconds=dict(self._seconds),
        )

    def result(self) -> RunResult:
        """Say how it ended."""
        machine = self._machine
        fault, device, reason = machine.cause
        outcome = machine.outcome or Outcome.INDETERMINATE
        return RunResult(
            run=self._run,
            outcome=outcome,
            exit_code=exit_code_of(outcome, fault, has_written=machine.has_written),
            devices=machine.states(),
            reasons=machine.reasons(),
            reason=f"{device}: {reason}" if device else reason,
            seconds=dict(self._seconds),
            culprit="" if machine.has_written else device,
            fault=fault,
        )
