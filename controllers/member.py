"""One device inside a transaction: what was sent to it, what it holds, what is left to do."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from controllers.ports import DeviceClass
from controllers.steps import Command, Done, Failed, Fault, Limits, MemberSpec, Op, Phase, State
from twin.model.attributes import Value

__all__ = ["SILENT", "Member", "Resumed"]

SILENT = (Fault.UNREACHABLE, Fault.BROKEN)
_ARMABLE = (DeviceClass.C, DeviceClass.D)
_TOUCHING = frozenset((Op.PREPARE, Op.COMMIT, Op.WRITE, Op.RESTORE, Op.REAPPLY))
_FILLING = frozenset((Op.PREPARE, Op.RESTORE, Op.REAPPLY))
_RENEWING = frozenset((Op.COMMIT, Op.WRITE, Op.REAPPLY))
_FINAL = frozenset((Op.CONFIRM, Op.REAPPLY))
_TIMED = (Op.COMMIT, Op.REARM)
_LONGEST_PAUSE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """What the journal knows of a member when a run is taken up again.

    Parameters
    ----------
    state : State
        State it was settled in, or ``open``.
    sent : collection of Op
        What was sent to it, answered or not.
    evidence : str
        Id of the read-back its decision rests on.
    """

    state: State = State.OPEN
    sent: Collection[Op] = ()
    evidence: str = ""


class Member:
    """A device and where it stands; the machine gives the time.

    Parameters
    ----------
    spec : MemberSpec
        What is wanted of it.
    persist_id : str
        Token of its confirmed commit.
    """

    __slots__ = (
        "armed_latest_s",
        "armed_until_s",
        "due_s",
        "evidence",
        "give_up_s",
        "has_rewritten",
        "holds_candidate",
        "is_armed",
        "is_suspect",
        "is_verified",
        "op",
        "paths",
        "pause_s",
        "persist_id",
        "program",
        "rearm_s",
        "reason",
        "sent",
        "sent_s",
        "spec",
        "state",
        "todo",
    )

    def __init__(self, spec: MemberSpec, persist_id: str) -> None:
        self.spec = spec
        self.persist_id = persist_id
        self.state = State.OPEN
        self.op: Op | None = None
        self.program: Phase | None = None
        self.todo: list[Op] = []
        self.sent: set[Op] = set()
        self.sent_s = 0.0
        self.due_s = 0.0
        self.pause_s = 0.0
        self.give_up_s = 0.0
        self.holds_candidate = False
        self.is_armed = False
        self.is_suspect = False
        self.has_rewritten = False
        self.armed_until_s = 0.0
        self.armed_latest_s = 0.0
        self.rearm_s = 0.0
        self.is_verified = False
        self.evidence = ""
        self.reason = ""
        self.paths = (*spec.after, *spec.observe)

    @property
    def is_armable(self) -> bool:
        """True if the device reverts by itself unless a commit is confirmed."""
        return self.spec.device_class in _ARMABLE

    @property
    def is_sessionless(self) -> bool:
        """True if what was prepared outlives the session that did it."""
        return self.spec.device_class is DeviceClass.E

    @property
    def is_buffering(self) -> bool:
        """True if what was prepared may still be there, whatever became of its session."""
        return self.is_sessionless and self.holds_candidate

    @property
    def is_touched(self) -> bool:
        """True once anything was sent that may have left a trace."""
        return bool(self.sent & _TOUCHING)

    def remember(self, known: Resumed, *, is_decided: bool, armed_latest_s: float) -> None:
        """Take over what the journal knows.

        Parameters
        ----------
        known : Resumed
            What it knows.
        is_decided : bool
            The run is to be rolled forward.
        armed_latest_s : float
            Latest moment the device's own timer can end. [s]
        """
        good = (
            (State.SKIPPED, State.CONFIRMED)
            if is_decided
            else (State.SKIPPED, State.RESTORED, State.UNTOUCHED)
        )
        self.sent = set(known.sent)
        self.evidence = known.evidence if is_decided else ""
        self.armed_latest_s = armed_latest_s
        self.holds_candidate = self.is_sessionless and bool(self.sent & _FILLING)
        self.is_suspect = bool(self.sent & _RENEWING)
        if known.state in good:
            self.state = known.state

    def command(self, op: Op, now_s: float, limits: Limits, confirm_timeout_s: float) -> Command:
        """Make the command for a step, and account for its being under way.

        Parameters
        ----------
        op : Op
            The step.
        now_s : float
            Monotonic time. [s]
        limits : Limits
            Gives the deadline.
        confirm_timeout_s : float
            Timer of a confirmed commit. [s]

        Returns
        -------
        Command
            What to send.
        """
        self.op, self.sent_s = op, now_s
        self.sent.add(op)
        spec = self.spec
        values = None
        paths: tuple[str, ...] = ()
        timeout_s = None
        if op in (Op.PREPARE, Op.WRITE, Op.REAPPLY):
            values = spec.after
        elif op is Op.RESTORE:
            values = spec.before
        if op in (Op.LOCK, Op.WRITE) or (op is Op.READ and self.program is not None):
            paths = tuple(spec.after)
        elif op is Op.READ:
            paths = self.paths
        if op in _TIMED and self.is_armable:
            timeout_s = confirm_timeout_s
            self.armed_latest_s = now_s + limits.step_s + timeout_s
        device = spec.device
        return Command(device, op, limits.step_s, values, paths, timeout_s, self.persist_id)

    def account(self, event: Done | Failed, confirm_timeout_s: float) -> None:
        """Keep account of what the device holds for us: a candidate, a timer.

        Whatever lies in the candidate of a session that is not ours any more may be foreign: ours
        went when the lock was released, so it is never discarded. [1]_ The buffer of class E has
        no session: once filled, or after a silence of a step that fills it, it may be ours until
        it was discarded. A device that says it has committed it is not believed.

        Parameters
        ----------
        event : Done or Failed
            The result of the step under way.
        confirm_timeout_s : float
            Timer of a confirmed commit. [s]

        References
        ----------
        .. [1] RFC 6241 (2011), section 8.3.5.2.
        """
        op = event.op
        if isinstance(event, Failed):
            self._account_failed(event)
            return
        if op in _RENEWING:
            self.is_suspect = True
        elif op is Op.RESTORE or (op is Op.CANCEL and not self.sent & _FINAL):
            self.is_suspect = False
        if op is Op.PREPARE or (op in _FILLING and self.is_sessionless):
            self.holds_candidate = True
        elif op is Op.DISCARD or (op is Op.COMMIT and not self.is_sessionless):
            self.holds_candidate = False
        if op in _TIMED and self.is_armable:
            # The earliest the timer can end: counted from the moment the commit was sent.
            self.is_armed = True
            self.armed_until_s = self.sent_s + confirm_timeout_s
            self.rearm_s = self.sent_s + confirm_timeout_s / 2
        elif op is Op.CONFIRM:
            self.is_armed = False

    def _account_failed(self, event: Failed) -> None:
        if event.op in _RENEWING and event.fault in (*SILENT, Fault.MISMATCH):
            self.is_suspect = True
        if event.op is Op.DISCARD and event.fault is Fault.CONFLICT:
            self.holds_candidate = False  # the device says that what lies there is not ours
        elif self.is_sessionless:
            is_unknown = event.op in _FILLING and event.fault in (*SILENT, Fault.AUTH)
            self.holds_candidate = self.holds_candidate or is_unknown
        elif event.fault in SILENT and event.op is not Op.READ:
            self.holds_candidate = False

    def begin_verification(self, now_s: float) -> None:
        """Want to be read, from now on and until its operational values must have followed."""
        self.is_verified = False
        self.due_s = now_s
        self.pause_s = 0.0
        self.give_up_s = now_s + self.spec.settle_s

    def has_lapsed(self, now_s: float, margin_s: float) -> bool:
        """Say whether its timer may have ended: the controller slept, or was slow."""
        return self.is_armed and now_s + margin_s >= self.armed_until_s

    def go_on_unrearmed(self) -> None:
        """Let the timer run on as it was; the device must be read once more."""
        self.rearm_s = math.inf
        self.is_verified = False

    def begin(self, program: Phase, now_s: float, patience_s: float) -> None:
        """Start to undo it, or to roll it forward."""
        self.program = program
        self.pause_s = 0.0
        self.due_s = now_s
        self.give_up_s = now_s + patience_s
        self.has_rewritten = False
        self.todo = self._forward() if program is Phase.CONFIRM else self._undo()

    def _undo(self) -> list[Op]:
        steps = []
        if Op.COMMIT in self.sent and self.is_armable:
            steps.append(Op.CANCEL)
        if self.holds_candidate:
            steps.append(Op.DISCARD)
        steps.append(Op.READ)
        return steps

    def _forward(self) -> list[Op]:
        if self.is_armable:
            return [Op.CONFIRM]
        return [Op.DISCARD, Op.READ] if self.is_buffering else [Op.READ]

    def failed_in_program(self, event: Failed, limits: Limits) -> bool:
        """Say what to try next after a step of the program has failed.

        Parameters
        ----------
        event : Failed
            What failed.
        limits : Limits
            Pauses and patience.

        Returns
        -------
        bool
            False if patience is at its end.
        """
        self.reason = event.reason
        forward = self.program is Phase.CONFIRM
        if event.fault is Fault.JOURNAL:
            return True  # it was never sent
        is_answer = event.fault not in SILENT
        if is_answer and event.op is Op.CONFIRM:
            # Reverted, or confirmed and the answer lost: a plain commit is final either way.
            self.todo = [Op.REAPPLY, Op.READ]
            return True
        if is_answer and self._may_leave_out(event):
            del self.todo[0]
            return True
        if is_answer:
            self._outlast_timer(limits)
        if event.now_s >= self.give_up_s:
            return False
        if not forward:
            self.todo = self._undo()
        elif event.op is not Op.READ or self.is_armable:
            self.todo = self._forward()
        self.pause(event.now_s, limits)
        return True

    def _may_leave_out(self, event: Failed) -> bool:
        """Say whether nothing is there to take back, or the read-back will tell."""
        if event.op is Op.DISCARD:  # no read-back shows a buffer without a session
            return not self.is_buffering
        return event.op is Op.CANCEL

    def wrong_in_program(self, wrong: Collection[str], now_s: float, limits: Limits) -> bool:
        """Write again what reads back wrong; False if patience is at its end.

        A device that answers is written at least once, however slowly it does.

        Parameters
        ----------
        wrong : collection of str
            Paths at fault.
        now_s : float
            Monotonic time. [s]
        limits : Limits
            Pauses and patience.
        """
        self._outlast_timer(limits)
        self.is_suspect = True
        if now_s >= self.give_up_s and self.has_rewritten:
            self.reason = f"still reads back other values in {', '.join(wrong)}"
            return False
        again = Op.REAPPLY if self.program is Phase.CONFIRM else Op.RESTORE
        self._rewrite(again)
        if self.sent & {Op.REAPPLY, Op.RESTORE}:
            self.pause(now_s, limits)
        return True

    def doubt(self) -> None:
        """Write the old values although they were read: what is read may be of an earlier time.

        A device that may have taken the new values, and was not told to take them back, is not
        restored by a reading alone.
        """
        self._rewrite(Op.RESTORE)

    def _rewrite(self, op: Op) -> None:
        self.has_rewritten = True
        self.todo = [Op.DISCARD, op, Op.READ] if self.is_buffering else [op, Op.READ]

    def _outlast_timer(self, limits: Limits) -> None:
        """Wait longer for a device that answers: its own confirm timer may be what holds it."""
        if self.is_armable and Op.COMMIT in self.sent:
            after_s = self.armed_latest_s + limits.margin_s + limits.patience_s
            self.give_up_s = max(self.give_up_s, after_s)

    def pause(self, now_s: float, limits: Limits) -> None:
        """Wait a little before the next try, twice as long each time."""
        longest_s = _LONGEST_PAUSE * limits.pause_s
        self.pause_s = min(2 * self.pause_s, longest_s) or limits.pause_s
        self.due_s = now_s + self.pause_s

    def wanted(self) -> dict[str, Value]:
        """Return the values its program takes it to."""
        spec = self.spec
        return dict(spec.after if self.program is Phase.CONFIRM else spec.before)

    def unwanted(self) -> dict[str, Value]:
        """Return the values its program takes it away from."""
        spec = self.spec
        return dict(spec.before if self.program is Phase.CONFIRM else spec.after)
