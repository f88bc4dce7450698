"""What a seed can aim at: one step in one phase, and what must be so for it to come to pass."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from controllers.ports import DeviceClass
from controllers.steps import Op, Phase
from hil.chaos.faults import POINTS, FaultKind

__all__ = ["ARMED", "STAGES", "Aim", "Kill", "Stage", "choose_aim"]

_ONE_OF_EACH = (FaultKind.DELAY, FaultKind.REQUEST_LOST, FaultKind.REFUSED, FaultKind.AUTH)

# Phase and step that a seed can aim at; the undo is where steps of the main path come back late.
_AIMS = (
    *((Phase.LOCK, Op.LOCK), (Phase.PREPARE, Op.PREPARE)),
    *((Phase.COMMIT, op) for op in (Op.COMMIT, Op.WRITE, Op.REARM)),
    *((Phase.VERIFY, op) for op in (Op.READ, Op.REARM)),
    *((Phase.GATE, op) for op in (Op.READ, Op.REARM)),
    *((Phase.CONFIRM, op) for op in (Op.CONFIRM, Op.DISCARD, Op.DISCARD, Op.REAPPLY, Op.READ)),
    *((Phase.UNDO, op) for op in (Op.LOCK, Op.PREPARE, Op.COMMIT, Op.WRITE, Op.READ, Op.REARM)),
    *((Phase.UNDO, op) for op in (Op.CANCEL, Op.DISCARD, Op.RESTORE)),
    *((Phase.UNDO, op) for op in (Op.CONFIRM, Op.REAPPLY)),
    (Phase.GATE, Op.GATE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """One fault that a seed wants to see: it strikes the first step it fits.

    Parameters
    ----------
    phase : Phase
        Phase in which the result of the step must come.
    op : Op
        The step.
    kind : FaultKind
        What strikes it.
    """

    phase: Phase
    op: Op
    kind: FaultKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """The controller dies at a record, or as soon as it comes to a phase.

    Parameters
    ----------
    kind : FaultKind
        What of the turn is durable and sent.
    at_record : int
        Number of the record it does not survive.
    in_phase : Phase or None
        The phase it does not survive.
    """

    kind: FaultKind
    at_record: int = 1_000_000
    in_phase: Phase | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What must be so for a step to come to pass in a phase.

    Time must be short for a timer to be re-armed, a device must refuse that to be read again at
    the gate, only a recovery from half a turn empties a buffer after the decision, and only what
    was given up in time is taken back.

    Parameters
    ----------
    first : tuple of Aim
        What strikes before.
    is_hasty : bool
        Deadlines and windows are the shortest.
    is_by_wave, is_alone : bool
        Each wave is decided alone; nothing else strikes.
    n, n_waves : int
        How many members and waves; 0 for any.
    gate : float
        Share of the confirm timer that the gate takes; 0 for any, or no gate.
    lag_s : float
        How long operational values take to follow; 0 for any. [s]
    classes : tuple of DeviceClass
        Which classes the members are of.
    odd : FaultKind or None
        What is odd about all devices.
    kill : Kill or None
        When the controller dies.
    interrupt_in, disk_full_in : Phase or None
        In which phase it is interrupted, and the disk full.
    rare : tuple of FaultKind
        Kinds that would seldom strike here by chance.
    """

    first: tuple[Aim, ...] = ()
    is_hasty: bool = False
    is_by_wave: bool = False
    is_alone: bool = False
    n: int = 0
    n_waves: int = 0
    gate: float = 0.0
    lag_s: float = field(default=0.0, metadata={"unit": "s"})
    classes: tuple[DeviceClass, ...] = tuple(DeviceClass)
    odd: FaultKind | None = None
    kill: Kill | None = None
    interrupt_in: Phase | None = None
    disk_full_in: Phase | None = None
    rare: tuple[FaultKind, ...] = ()


ARMED = (DeviceClass.D, DeviceClass.C)
_FINAL = (DeviceClass.A, DeviceClass.B, DeviceClass.E)
_BUFFERED = (DeviceClass.B, DeviceClass.E)
# A confirm that was carried out and not answered is refused the next time, and written again.
_UNANSWERED = Aim(phase=Phase.CONFIRM, op=Op.CONFIRM, kind=FaultKind.ANSWER_LOST)
_SLOW_COMMIT = Aim(phase=Phase.COMMIT, op=Op.COMMIT, kind=FaultKind.DELAY)
_NOT_AS_PREDICTED = Aim(phase=Phase.GATE, op=Op.GATE, kind=FaultKind.GATE_REFUSES)
_REFUSED = Stage(first=(_NOT_AS_PREDICTED,), is_alone=True, gate=0.01)
_REWRITTEN = Stage(
    first=(_UNANSWERED,),
    is_hasty=True,
    is_alone=True,
    classes=ARMED,
    rare=(FaultKind.AUTH, FaultKind.REFUSED),
)
STAGES: Mapping[tuple[Phase, Op], Stage] = MappingProxyType(
    {
        (Phase.COMMIT, Op.REARM): Stage(
            first=(_SLOW_COMMIT, _SLOW_COMMIT),
            is_hasty=True,
            is_alone=True,
            n=2,
            n_waves=2,
            lag_s=8.0,
            classes=ARMED,
        ),
        (Phase.VERIFY, Op.REARM): Stage(is_hasty=True, is_alone=True, lag_s=8.0, classes=ARMED),
        (Phase.GATE, Op.REARM): Stage(is_alone=True, gate=2.2, classes=ARMED),
        (Phase.UNDO, Op.REARM): Stage(is_alone=True, gate=2.2, classes=ARMED),
        (Phase.GATE, Op.READ): Stage(
            is_alone=True,
            gate=0.6,
            classes=(DeviceClass.D,),
            odd=FaultKind.NO_REARM,
            rare=(FaultKind.BROKEN, FaultKind.MISMATCH),
        ),
        (Phase.PREPARE, Op.PREPARE): Stage(
            classes=(*_BUFFERED, DeviceClass.D, DeviceClass.E), rare=(FaultKind.ANSWER_LOST,) * 2
        ),
        (Phase.COMMIT, Op.COMMIT): Stage(
            rare=(
                *(FaultKind.BROKEN, FaultKind.LOCKED),
                *(FaultKind.NO_REVERT, FaultKind.EARLY_REVERT),
            )
        ),
        (Phase.COMMIT, Op.WRITE): Stage(rare=(FaultKind.BROKEN, FaultKind.MISMATCH)),
        (Phase.GATE, Op.GATE): Stage(is_alone=True, gate=1.0, interrupt_in=Phase.GATE),
        (Phase.CONFIRM, Op.DISCARD): Stage(
            is_alone=True,
            classes=(DeviceClass.E, DeviceClass.E, DeviceClass.A),
            kill=Kill(kind=FaultKind.TORN_TAIL, in_phase=Phase.CONFIRM),
        ),
        (Phase.CONFIRM, Op.REAPPLY): _REWRITTEN,
        (Phase.CONFIRM, Op.READ): _REWRITTEN,
        (Phase.UNDO, Op.CONFIRM): Stage(is_by_wave=True, n_waves=2, classes=ARMED),
        (Phase.UNDO, Op.REAPPLY): replace(_REWRITTEN, is_by_wave=True, n_waves=2),
        (Phase.UNDO, Op.CANCEL): replace(_REFUSED, classes=ARMED, disk_full_in=Phase.UNDO),
        (Phase.UNDO, Op.READ): replace(_REFUSED, classes=_FINAL, rare=(FaultKind.STALE_READ,) * 4),
        (Phase.UNDO, Op.DISCARD): Stage(classes=_BUFFERED, interrupt_in=Phase.COMMIT),
        (Phase.UNDO, Op.RESTORE): Stage(classes=_FINAL, interrupt_in=Phase.VERIFY),
        (Phase.UNDO, Op.WRITE): Stage(classes=(DeviceClass.A,)),
    }
)


def choose_aim(rng: random.Random) -> Aim:
    """Choose a step to aim at, and what strikes it.

    Parameters
    ----------
    rng : random.Random
        Decides.
    """
    phase, op = rng.choice(_AIMS)
    stage = STAGES.get((phase, op), Stage())
    kinds = POINTS[op] if op is Op.GATE or rng.random() < 0.5 else (*_ONE_OF_EACH, *stage.rare)
    return Aim(phase=phase, op=op, kind=rng.choice(kinds))
