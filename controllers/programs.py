"""Undo and roll-forward: takes one device back, or onward, until evidence or patience ends it.

A run that fails and a recovery after a crash use the same two programs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from controllers.member import Member
from controllers.outbox import Outbox
from controllers.steps import Done, Failed, Limits, Op, Phase, State
from controllers.verify import differences, evidence_id
from twin.model.attributes import Value

__all__ = ["Programs"]


class Programs:
    """Runs the program of each member: the phase ``undo`` or ``confirm``.

    Parameters
    ----------
    outbox : Outbox
        Where records and commands go.
    limits : Limits
        Pauses and patience.
    is_final : bool
        A confirmed member is let go; else it may have to be taken back, and keeps its session.
    """

    __slots__ = ("_limits", "_outbox", "is_final")

    def __init__(self, outbox: Outbox, limits: Limits, *, is_final: bool) -> None:
        self._outbox = outbox
        self._limits = limits
        self.is_final = is_final

    def begin(self, member: Member, phase: Phase) -> None:
        """Start the program of a phase for one member that is open."""
        if phase is Phase.UNDO and not member.is_touched:
            self.settle(member, State.UNTOUCHED)
        else:
            member.begin(phase, self._outbox.now_s, self._limits.patience_s)

    def pulse(self, members: Iterable[Member], phase: Phase) -> None:
        """Send what is due."""
        for member in members:
            if (
                member.state is State.OPEN
                and member.program is phase
                and member.op is None
                and member.due_s <= self._outbox.now_s
            ):
                self._outbox.send(member, member.todo[0])

    def take(self, member: Member, event: Done | Failed) -> None:
        """Take the result of a step of the program."""
        if isinstance(event, Failed):
            if not member.failed_in_program(event, self._limits):
                self._lose(member)
            return
        del member.todo[0]
        if event.op is Op.CONFIRM:
            self.settle(member, State.CONFIRMED)
        elif event.op is Op.READ:
            self._read(member, event.values or {})

    def _read(self, member: Member, values: Mapping[str, Value]) -> None:
        kind, device = member.spec.kind, member.spec.device
        wrong = differences(kind, member.wanted(), values)
        is_forward = member.program is Phase.CONFIRM
        if not wrong and member.is_suspect and not is_forward:
            member.doubt()
            return
        if not wrong:
            member.evidence = evidence_id(device, values)
            self.settle(member, State.CONFIRMED if is_forward else State.RESTORED)
            return
        if differences(kind, member.unwanted(), values):
            # Half written, or written by somebody else: named before it is overwritten.
            self._outbox.note("found", device, values=dict(values), paths=list(wrong))
        if not member.wrong_in_program(wrong, self._outbox.now_s, self._limits):
            self._lose(member)

    def _lose(self, member: Member) -> None:
        is_forward = member.program is Phase.CONFIRM
        self.settle(member, State.DIVERGENT if is_forward else State.INDETERMINATE)

    def settle(self, member: Member, state: State) -> None:
        """End the part of a member.

        Parameters
        ----------
        member : Member
            The member.
        state : State
            How it ends.
        """
        member.state = state
        member.program = None
        member.todo = []
        payload: dict[str, object] = {"state": state.value}
        if state in (State.INDETERMINATE, State.DIVERGENT):
            payload["reason"] = member.reason
        elif member.evidence:
            payload["evidence"] = member.evidence
        self._outbox.note("settled", member.spec.device, **payload)
        if self.is_final or state is not State.CONFIRMED:
            self._outbox.send(member, Op.UNLOCK)
