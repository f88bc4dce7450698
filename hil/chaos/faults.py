"""The kinds of faults a schedule may hold, and the steps of a transaction each can strike."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from controllers.steps import Fault, Op

__all__ = ["HARMLESS", "POINTS", "REFUSALS", "FaultKind"]


class FaultKind(StrEnum):
    """What can go wrong: on the way, in the device, by somebody else, in the controller."""

    REQUEST_LOST = "request-lost"
    ANSWER_LOST = "answer-lost"
    DELAY = "delay"
    REORDER = "reorder"
    ANSWER_LATE = "answer-late"
    ANSWER_TWICE = "answer-twice"
    REQUEST_TWICE = "request-twice"

    REFUSED = "refused"
    AUTH = "auth"
    LOCKED = "locked"
    CONFLICT = "conflict"
    MISMATCH = "mismatch"
    BROKEN = "broken"
    LIE = "lie"
    HALF_DONE = "half-done"
    STALE_READ = "stale-read"
    DIES_BEFORE = "dies-before"
    DIES_AFTER = "dies-after"
    DIES_HALF_WAY = "dies-half-way"
    EARLY_REVERT = "early-revert"
    NO_REVERT = "no-revert"
    SLOW_TIMER = "slow-timer"
    NO_REARM = "no-rearm"
    NEVER_FOLLOWS = "never-follows"
    PATH_CUT = "path-cut"

    FOREIGN_VALUES = "foreign-values"
    FOREIGN_CANDIDATE = "foreign-candidate"
    FOREIGN_LOCK = "foreign-lock"
    EDIT_MEANWHILE = "edit-meanwhile"
    HALF_WRITTEN = "half-written"

    GATE_REFUSES = "gate-refuses"
    GATE_SLOW = "gate-slow"
    INTERRUPT = "interrupt"
    SUSPEND = "suspend"
    CLOCK_JUMP = "clock-jump"
    DISK_FULL = "disk-full"
    DISK_FULL_FOR_GOOD = "disk-full-for-good"
    KILL_BEFORE_RECORD = "kill-before-record"
    KILL_BEFORE_SEND = "kill-before-send"
    KILL_AMID_SEND = "kill-amid-send"
    TORN_TAIL = "torn-tail"
    POWER_CUT = "power-cut"
    SECOND_CONTROLLER = "second-controller"
    JOURNAL_DAMAGED = "journal-damaged"
    JOURNAL_OLDER_COPY = "journal-older-copy"


# Refusals: the device, or the driver, answers and has done nothing.
REFUSALS: Mapping[FaultKind, Fault] = MappingProxyType(
    {
        FaultKind.REFUSED: Fault.REFUSED,
        FaultKind.AUTH: Fault.AUTH,
        FaultKind.LOCKED: Fault.LOCKED,
        FaultKind.CONFLICT: Fault.CONFLICT,
        FaultKind.MISMATCH: Fault.MISMATCH,
    }
)

_K = FaultKind

# A run struck by nothing but these is confirmed all the same.
HARMLESS = frozenset(
    (
        _K.ANSWER_TWICE,
        _K.CLOCK_JUMP,
        _K.REORDER,
        _K.REQUEST_TWICE,
        _K.SECOND_CONTROLLER,
        _K.SLOW_TIMER,
    )
)

_ON_THE_WAY = (
    _K.REQUEST_LOST,
    _K.ANSWER_LOST,
    _K.DELAY,
    _K.REORDER,
    _K.ANSWER_LATE,
    _K.ANSWER_TWICE,
    _K.BROKEN,
    _K.DIES_BEFORE,
    _K.DIES_AFTER,
    _K.REFUSED,
    _K.AUTH,
)
_HALF = (_K.HALF_DONE, _K.DIES_HALF_WAY)
_FOR_GOOD = (*_ON_THE_WAY, _K.LIE, _K.LOCKED, _K.CONFLICT, *_HALF, _K.REQUEST_TWICE)

# Fault points of each step. A device that says it has confirmed, discarded or unlocked and has
# not is believed: nothing a manager can read shows it before its timer ends (see the
# documentation of the transaction, "What it cannot know").
POINTS: Mapping[Op, tuple[FaultKind, ...]] = MappingProxyType(
    {
        Op.LOCK: (*_ON_THE_WAY, _K.LOCKED),
        Op.PREPARE: (*_ON_THE_WAY, _K.LIE, _K.LOCKED, _K.CONFLICT, _K.MISMATCH, _K.REQUEST_TWICE),
        Op.COMMIT: (
            *_ON_THE_WAY,
            _K.LIE,
            _K.LOCKED,
            *_HALF,
            _K.EARLY_REVERT,
            _K.NO_REVERT,
            _K.REQUEST_TWICE,
        ),
        Op.REARM: _ON_THE_WAY,
        Op.WRITE: (*_ON_THE_WAY, _K.LIE, _K.MISMATCH, *_HALF, _K.REQUEST_TWICE),
        Op.READ: (*_ON_THE_WAY, _K.MISMATCH, _K.STALE_READ),
        Op.CONFIRM: _ON_THE_WAY,
        Op.CANCEL: (*_ON_THE_WAY, _K.LIE),
        Op.DISCARD: (*_ON_THE_WAY, _K.LOCKED),
        Op.RESTORE: _FOR_GOOD,
        Op.REAPPLY: _FOR_GOOD,
        Op.UNLOCK: (_K.REQUEST_LOST,),
        Op.GATE: (_K.GATE_REFUSES,),
    }
)
