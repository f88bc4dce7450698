"""The transaction machine: events in, commands out; no clock, no thread and no I/O inside.

Main path: lock and re-read all, prepare all, commit wave by wave with timers armed (class A last),
verify each wave, ask the gate, then the decision, a record of its own, and the confirms. A failure
before the decision undoes everybody; after it every device is rolled forward. In ``atomic: wave``
each wave has a decision of its own, and only that of the last wave ends the way back.

Undo and roll-forward are programs of their own (`controllers.programs`), the same that recovery
runs: `Transaction.resume` starts in them with what the journal says was sent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from controllers.member import SILENT, Member, Resumed
from controllers.outbox import Outbox
from controllers.ports import DeviceClass
from controllers.programs import Programs
from controllers.steps import (
    Done,
    Event,
    Failed,
    Fault,
    Interrupt,
    Limits,
    MemberSpec,
    Op,
    Outcome,
    Phase,
    State,
    Turn,
)
from controllers.verify import Verdict, differences, drift, evidence_id, judge
from twin.model.attributes import Value

__all__ = ["Resumed", "Transaction"]


class Transaction:
    """The state machine of one run.

    Parameters
    ----------
    members : sequence of MemberSpec
        The devices; at least one.
    run : str
        Id of the run, part of the persist ids.
    token : str
        Random text that makes the persist ids unguessable.
    confirm_timeout_s : float
        Time a device waits for the confirm before it reverts by itself. [s]
    limits : Limits
        How long things may take.
    by_wave : bool
        Confirm each wave alone (``atomic: wave``).
    may_skip : bool
        A device that cannot be reached leaves before the first commit instead of ending the run.
    has_gate : bool
        Ask the gate before each decision.

    Raises
    ------
    ValueError
        No members, one device twice, or a confirm timeout too short to be re-armed in time.
    """

    def __init__(
        self,
        members: Sequence[MemberSpec],
        *,
        run: str,
        token: str,
        confirm_timeout_s: float,
        limits: Limits,
        by_wave: bool = False,
        may_skip: bool = False,
        has_gate: bool = False,
    ) -> None:
        self._members = {
            spec.device: Member(spec, f"{run}-{token}-{i}") for i, spec in enumerate(members)
        }
        if not members or len(self._members) != len(members):
            raise ValueError("a transaction needs members, each device once")
        if confirm_timeout_s < limits.shortest_window_s:
            raise ValueError(
                f"confirm timeout {confirm_timeout_s:g} s must be at least "
                f"{limits.shortest_window_s:g} s to be re-armed in time"
            )
        self._all = tuple(self._members.values())
        self._waves = tuple(sorted({spec.wave for spec in members}))
        self._limits = limits
        self._confirm_timeout_s = confirm_timeout_s
        self._by_wave = by_wave
        self._may_skip = may_skip
        self._has_gate = has_gate
        self._phase = Phase.START
        self._i_wave = 0
        self._groups: list[list[Member]] = []
        self._gate_open = False
        self._gate_busy = False
        self._out = Outbox(limits, confirm_timeout_s)
        self._programs = Programs(self._out, limits, is_final=not by_wave)
        self._cause: tuple[Fault | None, str, str] = (None, "", "")
        self._is_decided = False
        self._outcome: Outcome | None = None
        self._pulses: Mapping[Phase, Callable[[], None]] = {
            Phase.LOCK: self._pulse_lock,
            Phase.PREPARE: self._pulse_prepare,
            Phase.COMMIT: self._pulse_commit,
            Phase.VERIFY: self._pulse_verify,
            Phase.GATE: self._pulse_gate,
            Phase.CONFIRM: self._pulse_program,
            Phase.UNDO: self._pulse_program,
        }

    # ---------------------------------------------------------------- what the driver sees

    @property
    def phase(self) -> Phase:
        """Where the transaction is."""
        return self._phase

    @property
    def outcome(self) -> Outcome | None:
        """The end state, or None while it runs."""
        return self._outcome

    @property
    def is_decided(self) -> bool:
        """True once the new state is the only way to end."""
        return self._is_decided

    @property
    def cause(self) -> tuple[Fault | None, str, str]:
        """Why it was given up: fault, device and reason; None and empty if it was not."""
        return self._cause

    @property
    def has_written(self) -> bool:
        """True once a commit or a write was sent to any device."""
        return any(member.sent & {Op.COMMIT, Op.WRITE} for member in self._all)

    def states(self) -> dict[str, State]:
        """Return the state of every device."""
        return {member.spec.device: member.state for member in self._all}

    def reasons(self) -> dict[str, str]:
        """Return the last complaint about every device that has one."""
        return {member.spec.device: member.reason for member in self._all if member.reason}

    def start(self, now_s: float) -> Turn:
        """Begin a new run.

        Parameters
        ----------
        now_s : float
            Monotonic time. [s]
        """
        self._out.now_s = now_s
        self._enter(Phase.LOCK)
        for member in self._all:
            self._out.send(member, Op.LOCK)
        return self._out.take(self._wake_s())

    def resume(self, now_s: float, known: Mapping[str, Resumed], *, is_decided: bool) -> Turn:
        """Take up a run that a journal describes: undo it, or roll it forward if it was decided.

        Parameters
        ----------
        now_s : float
            Monotonic time. [s]
        known : mapping
            What the journal knows by device; settled members are left alone.
        is_decided : bool
            The decision of the last wave is in the journal.
        """
        self._out.now_s = now_s
        self._i_wave = len(self._waves) - 1
        # The device's own timer ends at the latest one window after the controller came back.
        latest_s = now_s + self._confirm_timeout_s
        for member in self._all:
            facts = known.get(member.spec.device, Resumed())
            member.remember(facts, is_decided=is_decided, armed_latest_s=latest_s)
        self._is_decided = is_decided
        self._programs.is_final = is_decided or not self._by_wave
        self._enter(Phase.CONFIRM if is_decided else Phase.UNDO)
        for member in self._all:
            self._begin(member)
        self._advance()
        return self._out.take(self._wake_s())

    def handle(self, event: Event) -> Turn:
        """Take an event and say what to do next.

        Parameters
        ----------
        event : Event
            A result, a tick or an interrupt, with the monotonic time it came.

        Returns
        -------
        Turn
            Records to make durable, then commands to send, then the time to be woken at.
        """
        self._out.now_s = event.now_s
        if isinstance(event, (Done, Failed)):  # a union would be made anew each time
            self._result(event)
        elif isinstance(event, Interrupt):
            self._interrupt(event)
        self._advance()
        return self._out.take(self._wake_s())

    def _wake_s(self) -> float | None:
        if self._outcome is not None:
            return None
        idle = [m for m in self._all if m.op is None and m.state is State.OPEN]
        times = [m.due_s for m in idle if m.due_s > self._out.now_s]
        if self._phase in (Phase.COMMIT, Phase.VERIFY, Phase.GATE):
            times += [m.rearm_s for m in idle if m.is_armed and m.rearm_s < math.inf]
        return min(times, default=None)

    def _enter(self, phase: Phase) -> None:
        self._phase = phase
        self._out.note("phase", phase=phase.value, wave=self._waves[self._i_wave])

    # ---------------------------------------------------------------- input

    def _result(self, event: Done | Failed) -> None:
        if event.op is Op.GATE:
            self._gate_result(event)
            return
        member = self._members[event.device]
        if member.op is not event.op:
            return  # a late answer of a step that was given up
        member.op = None
        self._out.note_result(event)
        member.account(event, self._confirm_timeout_s)
        if member.program is not None:
            if member.program is self._phase and member.state is State.OPEN:
                self._programs.take(member, event)
        elif self._phase is Phase.UNDO:
            self._begin(member)
        elif event.op is Op.UNLOCK:
            return
        elif isinstance(event, Failed):
            self._main_failed(member, event)
        else:
            self._main_done(member, event)

    def _interrupt(self, event: Interrupt) -> None:
        if self._is_decided or self._phase in (Phase.UNDO, Phase.END):
            self._out.note("interrupt", reason=event.reason, effect="goes on")
            return
        self._give_up(event.fault, "", event.reason)

    def _main_failed(self, member: Member, event: Failed) -> None:
        member.reason = event.reason
        if event.op is Op.REARM and self._may_go_on_unrearmed(member):
            member.go_on_unrearmed()
            return
        early = event.op is Op.LOCK and event.fault in (*SILENT, Fault.LOCKED)
        if early and self._may_skip:
            member.state = State.SKIPPED
            self._out.note("settled", event.device, state=member.state.value, reason=event.reason)
            return
        self._give_up(event.fault, event.device, event.reason)

    def _may_go_on_unrearmed(self, member: Member) -> bool:
        """Say whether a failed follow-up commit may be survived.

        The timer of a persistent commit then runs on as it was, and `_has_lapsed` minds it. The
        device must be read once more before anything is decided.
        """
        is_held = member.spec.device_class is DeviceClass.D
        return is_held and self._phase in (Phase.COMMIT, Phase.VERIFY, Phase.GATE)

    def _main_done(self, member: Member, event: Done) -> None:
        spec = member.spec
        values = event.values or {}
        if event.op is Op.LOCK:
            if wrong := differences(spec.kind, spec.before, values):
                self._complain(member, Fault.STALE, drift(spec.before, values, wrong))
        elif event.op is Op.WRITE:
            if wrong := differences(spec.kind, spec.after, values):
                what = f"said yes and did not set {', '.join(wrong)}"
                self._complain(member, Fault.MISMATCH, what)
        elif event.op is Op.READ:
            self._verified(member, values)

    def _verified(self, member: Member, values: Mapping[str, Value]) -> None:
        spec = member.spec
        verdict, wrong = judge(spec.kind, spec.after, values)
        if verdict is Verdict.AGREES:
            member.is_verified = True
            member.evidence = evidence_id(spec.device, values)
        elif verdict is Verdict.PENDING and self._out.now_s < member.give_up_s:
            member.pause(self._out.now_s, self._limits)
        else:
            self._complain(member, Fault.MISMATCH, f"reads back other values in {', '.join(wrong)}")

    def _complain(self, member: Member, fault: Fault, reason: str) -> None:
        member.reason = reason
        self._give_up(fault, member.spec.device, reason)

    def _give_up(self, fault: Fault, device: str, reason: str) -> None:
        if self._phase is Phase.UNDO:
            return
        self._cause = (fault, device, reason)
        undone = sorted({m.spec.wave for m in self._all if m.state is State.CONFIRMED})
        self._out.note("giving-up", device, fault=fault.value, reason=reason, undone_waves=undone)
        self._enter(Phase.UNDO)
        for member in self._all:
            if member.state in (State.CONFIRMED, State.DIVERGENT):  # of an earlier wave
                member.state = State.OPEN
            member.program = None
            if member.op is None:
                self._begin(member)

    # ---------------------------------------------------------------- main path

    def _advance(self) -> None:
        before = None
        while before is not self._phase and self._phase is not Phase.END:
            before = self._phase
            self._pulses[before]()

    def _is_busy(self) -> bool:
        return any(member.op is not None for member in self._all)

    def _taking_part(self) -> list[Member]:
        return [member for member in self._all if member.state is State.OPEN]

    def _wave(self) -> list[Member]:
        number = self._waves[self._i_wave]
        return [member for member in self._taking_part() if member.spec.wave == number]

    def _deciding(self) -> list[Member]:
        """Members of the next decision."""
        return self._wave() if self._by_wave else self._taking_part()

    def _pulse_lock(self) -> None:
        if self._is_busy():
            return
        if not self._taking_part():
            self._give_up(Fault.UNREACHABLE, "", "no device could be reached")
            return
        self._prepare()

    def _prepare(self) -> None:
        self._enter(Phase.PREPARE)
        for member in self._deciding():
            if member.spec.device_class is not DeviceClass.A:
                self._out.send(member, Op.PREPARE)

    def _pulse_prepare(self) -> None:
        if not self._is_busy():
            self._commit()

    def _commit(self) -> None:
        self._enter(Phase.COMMIT)
        wave = self._wave()
        orders = sorted({member.spec.order for member in wave})
        self._groups = [[m for m in wave if m.spec.order == order] for order in orders]

    def _pulse_commit(self) -> None:
        self._rearm()
        if self._phase is not Phase.COMMIT or self._is_busy():
            return
        if self._groups:
            for member in self._groups.pop(0):
                is_plain = member.spec.device_class is DeviceClass.A
                self._out.send(member, Op.WRITE if is_plain else Op.COMMIT)
            return
        self._enter(Phase.VERIFY)
        is_last = self._i_wave == len(self._waves) - 1
        # A later wave may have cut the way to an earlier one, which nobody could confirm then.
        for member in self._deciding() if is_last else self._wave():
            member.begin_verification(self._out.now_s)

    def _pulse_verify(self) -> None:
        self._rearm()
        if self._phase is not Phase.VERIFY:
            return
        if self._lacks_evidence() or self._is_busy():
            return
        is_last = self._i_wave == len(self._waves) - 1
        if not (is_last or self._by_wave):
            self._i_wave += 1
            self._commit()
        elif self._has_gate:
            self._gate_open = False
            self._enter(Phase.GATE)
            self._gate_busy = True
            self._out.ask_gate()
        else:
            self._decide()

    def _lacks_evidence(self) -> bool:
        """Read the committed members that are not verified, and say whether there are any."""
        reached = self._waves[self._i_wave]
        waiting = [m for m in self._deciding() if m.spec.wave <= reached and not m.is_verified]
        for member in waiting:
            if member.op is None and member.due_s <= self._out.now_s:
                self._out.send(member, Op.READ)
        return bool(waiting)

    def _gate_result(self, event: Done | Failed) -> None:
        if not self._gate_busy:
            return
        self._gate_busy = False
        self._out.note_result(event)
        if self._phase is not Phase.GATE:
            return
        if isinstance(event, Failed):
            self._give_up(event.fault, "", event.reason)
        else:
            self._gate_open = True

    def _pulse_gate(self) -> None:
        self._rearm()
        if self._phase is not Phase.GATE or self._lacks_evidence():
            return
        if self._gate_open and not self._is_busy():
            self._decide()

    def _rearm(self) -> None:
        for member in self._all:
            if member.is_armed and member.op is None and member.rearm_s <= self._out.now_s:
                if self._has_lapsed(member):
                    return
                self._out.send(member, Op.REARM)

    def _has_lapsed(self, member: Member) -> bool:
        if not member.has_lapsed(self._out.now_s, self._limits.margin_s):
            return False
        self._give_up(Fault.LAPSED, member.spec.device, "its confirm timer may have ended")
        return True

    def _decide(self) -> None:
        deciding = self._deciding()
        if any(self._has_lapsed(member) for member in deciding):
            return
        is_last = self._i_wave == len(self._waves) - 1
        self._is_decided = is_last
        self._programs.is_final = is_last or not self._by_wave
        self._out.note(
            "decision",
            wave=self._waves[self._i_wave],
            is_last=is_last,
            evidence={member.spec.device: member.evidence for member in deciding},
        )
        self._enter(Phase.CONFIRM)
        for member in deciding:
            if member.is_armable:
                self._begin(member)
            else:
                self._programs.settle(member, State.CONFIRMED)
        if self._by_wave and is_last:
            for member in self._all:
                if member not in deciding and member.state is State.CONFIRMED:
                    self._out.send(member, Op.UNLOCK)

    # ---------------------------------------------------------------- undo and roll-forward

    def _begin(self, member: Member) -> None:
        if member.state is State.OPEN:
            self._programs.begin(member, self._phase)

    def _pulse_program(self) -> None:
        self._programs.pulse(self._all, self._phase)
        is_between_waves = self._phase is Phase.CONFIRM and not self._is_decided
        members = self._wave() if is_between_waves else self._taking_part()
        if members or self._is_busy() or self._gate_busy:
            return
        if is_between_waves:
            self._next_wave()
        else:
            self._end()

    def _next_wave(self) -> None:
        lost = [member for member in self._all if member.state is State.DIVERGENT]
        if lost:
            self._give_up(Fault.UNREACHABLE, lost[0].spec.device, lost[0].reason)
            return
        self._i_wave += 1
        self._prepare()

    def _end(self) -> None:
        states = self.states()
        if self._is_decided:
            lost = State.DIVERGENT in states.values()
            self._outcome = Outcome.DIVERGENT if lost else Outcome.CONFIRMED
        else:
            lost = State.INDETERMINATE in states.values()
            self._outcome = Outcome.INDETERMINATE if lost else Outcome.RESTORED
        self._phase = Phase.END
        named = {device: state.value for device, state in states.items()}
        self._out.note("end", outcome=self._outcome.value, states=named)
