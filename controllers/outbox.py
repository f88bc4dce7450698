"""What a transaction wants next: records and commands, collected while it handles one event."""

from __future__ import annotations

from controllers.member import Member
from controllers.steps import Command, Done, Failed, Limits, Note, Op, Turn

__all__ = ["Outbox"]

_NAMED = (Op.COMMIT, Op.REARM, Op.CONFIRM, Op.CANCEL)


class Outbox:
    """Records and commands of the turn that is being made.

    Parameters
    ----------
    limits : Limits
        Give the deadlines.
    confirm_timeout_s : float
        Timer of a confirmed commit. [s]
    """

    __slots__ = ("_commands", "_confirm_timeout_s", "_limits", "_notes", "now_s")

    def __init__(self, limits: Limits, confirm_timeout_s: float) -> None:
        self.now_s = 0.0
        self._limits = limits
        self._confirm_timeout_s = confirm_timeout_s
        self._notes: list[Note] = []
        self._commands: list[Command] = []

    def take(self, wake_s: float | None) -> Turn:
        """Give the turn away, and begin the next one.

        Parameters
        ----------
        wake_s : float or None
            When to be woken, if nothing comes before. [s]
        """
        turn = Turn(tuple(self._notes), tuple(self._commands), wake_s)
        self._notes.clear()
        self._commands.clear()
        return turn

    def note(self, kind: str, device: str = "", **payload: object) -> None:
        """Add a record."""
        self._notes.append(Note(kind, device, payload))

    def note_result(self, event: Done | Failed) -> None:
        """Add the record of a result."""
        payload: dict[str, object] = {"op": event.op.value}
        if isinstance(event, Failed):
            payload |= {"fault": event.fault.value, "reason": event.reason}
            self._notes.append(Note("failed", event.device, payload))
            return
        if event.values is not None:
            payload["values"] = dict(event.values)
        self._notes.append(Note("done", event.device, payload))

    def send(self, member: Member, op: Op) -> None:
        """Add a step of a member, and the record that announces it."""
        command = member.command(op, self.now_s, self._limits, self._confirm_timeout_s)
        payload: dict[str, object] = {"op": op.value}
        if command.confirm_timeout_s is not None:
            payload["confirm_timeout_s"] = command.confirm_timeout_s
        if member.is_armable and op in _NAMED:
            payload["persist_id"] = member.persist_id
        self._notes.append(Note("send", command.device, payload))
        self._commands.append(command)

    def ask_gate(self) -> None:
        """Add the question to the gate."""
        self.note("send", op=Op.GATE.value)
        self._commands.append(Command("", Op.GATE, self._limits.step_s))
