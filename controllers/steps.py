"""The words between the transaction machine and whoever drives it: steps, results, limits.

Tuples and slots classes: a fault schedule sends some hundred of them, and tens of thousands of
schedules must run in a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from controllers.ports import DeviceClass
from twin.model.attributes import Value

__all__ = [
    "Command",
    "Done",
    "Event",
    "Failed",
    "Fault",
    "Interrupt",
    "Limits",
    "MemberSpec",
    "Note",
    "Op",
    "Outcome",
    "Phase",
    "State",
    "Tick",
    "Turn",
]


class Op(StrEnum):
    """One thing asked of one device (of the gate, for `GATE`)."""

    LOCK = "lock"
    PREPARE = "prepare"
    COMMIT = "commit"
    REARM = "rearm"
    WRITE = "write"
    READ = "read"
    GATE = "gate"
    CONFIRM = "confirm"
    CANCEL = "cancel"
    DISCARD = "discard"
    RESTORE = "restore"
    REAPPLY = "reapply"
    UNLOCK = "unlock"


class Phase(StrEnum):
    """Where the whole transaction is."""

    START = "start"
    LOCK = "lock"
    PREPARE = "prepare"
    COMMIT = "commit"
    VERIFY = "verify"
    GATE = "gate"
    CONFIRM = "confirm"
    UNDO = "undo"
    END = "end"


class State(StrEnum):
    """Where one device ends; `OPEN` while it has not.

    ``untouched``: nothing was written. ``restored``: read back at the old values. ``confirmed``:
    at the new values for good. ``indeterminate``: not reached since something was sent to it.
    ``divergent``: others are confirmed, this one is not. ``skipped``: left before the first commit.
    """

    OPEN = "open"
    UNTOUCHED = "untouched"
    RESTORED = "restored"
    CONFIRMED = "confirmed"
    INDETERMINATE = "indeterminate"
    DIVERGENT = "divergent"
    SKIPPED = "skipped"


class Outcome(StrEnum):
    """Where the transaction ends."""

    CONFIRMED = "confirmed"
    RESTORED = "restored"
    INDETERMINATE = "indeterminate"
    DIVERGENT = "confirmed-divergent"


class Fault(StrEnum):
    """Why a step failed; after ``unreachable`` and ``broken`` the outcome of a write is unknown."""

    UNREACHABLE = "unreachable"
    BROKEN = "broken"
    LOCKED = "locked"
    AUTH = "auth"
    CONFLICT = "conflict"
    REFUSED = "refused"
    MISMATCH = "mismatch"
    STALE = "stale"
    GATE = "gate"
    LAPSED = "lapsed"
    INTERRUPTED = "interrupted"
    JOURNAL = "journal"


class Command(NamedTuple):
    """Do `op` on `device` within `deadline_s` and report `Done` or `Failed`."""

    device: str
    op: Op
    deadline_s: float
    values: Mapping[str, Value] | None = None
    paths: tuple[str, ...] = ()
    confirm_timeout_s: float | None = None
    persist_id: str = ""


class Note(NamedTuple):
    """A record that must be durable before the commands of the same turn are sent."""

    kind: str
    device: str
    payload: Mapping[str, Any]


class Turn(NamedTuple):
    """What the machine wants after an event: first all notes, then the commands."""

    notes: tuple[Note, ...]
    commands: tuple[Command, ...]
    wake_s: float | None


class Done(NamedTuple):
    """A command succeeded as far as the device says."""

    now_s: float
    device: str
    op: Op
    values: Mapping[str, Value] | None = None


class Failed(NamedTuple):
    """A command failed."""

    now_s: float
    device: str
    op: Op
    fault: Fault
    reason: str


class Tick(NamedTuple):
    """Time has passed."""

    now_s: float


class Interrupt(NamedTuple):
    """The user, or a failing journal, wants it to end safely."""

    now_s: float
    fault: Fault
    reason: str


Event: TypeAlias = Done | Failed | Tick | Interrupt


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long things may take.

    Parameters
    ----------
    step_s : float
        Deadline of one command. [s]
    patience_s : float
        How long a device that does not answer is tried again while undoing or rolling forward. [s]
    margin_s : float
        Distance kept from the end of a confirm timer. [s]
    pause_s : float
        First pause between two tries, doubled up to eight times. [s]
    """

    step_s: float = field(default=30.0, metadata={"unit": "s"})
    patience_s: float = field(default=20.0, metadata={"unit": "s"})
    margin_s: float = field(default=5.0, metadata={"unit": "s"})
    pause_s: float = field(default=0.5, metadata={"unit": "s"})

    def __post_init__(self) -> None:
        if min(self.step_s, self.patience_s, self.margin_s, self.pause_s) <= 0:
            raise ValueError("limits must be positive")

    @property
    def shortest_window_s(self) -> float:
        """Shortest confirm timeout that can be re-armed in time. [s]."""
        return 2.0 * (self.step_s + self.margin_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSpec:
    """One device of a transaction.

    Parameters
    ----------
    device, kind : str
        Id and kind.
    device_class : DeviceClass
        How it takes back a change.
    wave, order : int
        Wave, and place inside the wave; equal places go together.
    before, after : mapping
        Old and new values by path.
    observe : tuple of str
        Operational paths read as evidence too.
    settle_s : float
        How long operational values may take to follow. [s]
    """

    device: str
    kind: str
    device_class: DeviceClass
    before: Mapping[str, Value]
    after: Mapping[str, Value]
    wave: int = 0
    order: int = 0
    observe: tuple[str, ...] = ()
    settle_s: float = field(default=10.0, metadata={"unit": "s"})
