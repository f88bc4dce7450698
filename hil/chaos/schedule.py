"""What one seed stands for: the transaction, its knobs, and the faults that may strike it.

Knobs are randomised as much as faults: deadlines, windows, waves and patience differ from seed to
seed. A quarter of the fault points is active in a seed and an active one fires in a quarter of
its passes [1]_, from the seed's onset on and until its budget is spent, so that the late phases
are struck as often as the early ones. Beside that, half of the seeds aim at one edge.

References
----------
.. [1] FoundationDB's BUGGIFY: 25 % of the points active, firing in 25 % of the passes.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from controllers.ports import DeviceClass
from controllers.steps import Limits, MemberSpec, Phase
from hil.chaos.faults import FaultKind
from hil.chaos.stages import ARMED, STAGES, Aim, Kill, Stage, choose_aim
from twin.model.attributes import Value

__all__ = ["P_ACTIVE", "P_FIRES", "Schedule", "make_schedule"]

P_ACTIVE = 0.25
P_FIRES = 0.25

_N_MEMBERS = (1, 2, 2, 2, 2, 2, 3, 3, 4)
_P_MANY = 0.01
_P_AIM = 0.5
_P_CUT = 0.05
_INTERRUPTED = (
    *(Phase.LOCK, Phase.PREPARE, Phase.COMMIT, Phase.VERIFY),
    *(Phase.GATE, Phase.CONFIRM, Phase.UNDO),
)
_KILLED = (*_INTERRUPTED, Phase.END)
_DAMAGES = (FaultKind.JOURNAL_DAMAGED, FaultKind.JOURNAL_OLDER_COPY)
_KILLS = (
    FaultKind.KILL_BEFORE_RECORD,
    FaultKind.KILL_BEFORE_SEND,
    FaultKind.KILL_AMID_SEND,
    FaultKind.TORN_TAIL,
    FaultKind.POWER_CUT,
)
_ORDER = {DeviceClass.A: 2, DeviceClass.B: 1, DeviceClass.E: 1}
_AP: Mapping[str, Value] = {"radio/2/channel": 36, "radio/2/tx_power_dbm": 20}
_AP_NEW: Mapping[str, Value] = {"radio/2/channel": 100, "radio/2/tx_power_dbm": 17}
_AP_SHOWS = ("radio/2/channel_in_use", "radio/2/enabled", "radio/2/dca")
_SWITCH: Mapping[str, Value] = {"contact": "old", "location": "old"}
_SWITCH_NEW: Mapping[str, Value] = {"contact": "new", "location": "new"}
_CELL: Mapping[str, Value] = {"tx_power_dbm": 40.0, "tilt_deg": 2.0}
_CELL_NEW: Mapping[str, Value] = {"tx_power_dbm": 43.0, "tilt_deg": 6.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Everything one seed stands for.

    Parameters
    ----------
    seed : int
        The seed.
    specs : tuple of MemberSpec
        The members.
    limits : Limits
        Deadlines and patience.
    confirm_timeout_s : float
        Timer of a confirmed commit. [s]
    by_wave, may_skip, has_gate : bool
        See `controllers.transaction.Transaction`.
    gate_s : float
        How much longer than usual the gate takes. [s]
    gathers_s : float
        How long answers are gathered to be made durable together. [s]
    n_faults, onset : int
        How many fault points may fire, and how many steps pass before the first.
    aims : tuple of Aim
        The faults it wants to see, one after the other.
    kill : Kill or None
        When the controller dies.
    devices : mapping
        What is odd about a device from the start.
    core, behind : str, frozenset of str
        A device whose new values cut the way to others, and those.
    lags_s : mapping
        How long operational values take to follow, where they take any time. [s]
    interrupt_in, disk_full_in : Phase or None
        In which phase somebody presses ^C, and the disk is full.
    second_s : float
        When a second controller comes; negative for never. [s]
    suspend_at, clock_jump_at : int
        At which record the controller is put to sleep, and the clock on the wall jumps; 0 for
        never.
    sleeps_s : float
        How long it sleeps. [s]
    has_reserve : bool
        The full disk has a reserve.
    damage : FaultKind or None
        What becomes of the journal before the recovery.
    """

    seed: int
    specs: tuple[MemberSpec, ...]
    limits: Limits
    confirm_timeout_s: float = field(metadata={"unit": "s"})
    by_wave: bool = False
    may_skip: bool = False
    has_gate: bool = False
    gate_s: float = field(default=0.0, metadata={"unit": "s"})
    gathers_s: float = field(default=0.0, metadata={"unit": "s"})
    n_faults: int = 0
    onset: int = 0
    aims: tuple[Aim, ...] = ()
    kill: Kill | None = None
    devices: Mapping[str, FaultKind] = field(default_factory=dict)
    core: str = ""
    behind: frozenset[str] = frozenset()
    lags_s: Mapping[str, float] = field(default_factory=dict, metadata={"unit": "s"})
    interrupt_in: Phase | None = None
    disk_full_in: Phase | None = None
    second_s: float = field(default=-1.0, metadata={"unit": "s"})
    suspend_at: int = 0
    sleeps_s: float = field(default=0.0, metadata={"unit": "s"})
    clock_jump_at: int = 0
    has_reserve: bool = True
    damage: FaultKind | None = None


def make_schedule(seed: int) -> Schedule:
    """Make the schedule of a seed: the same one always.

    Parameters
    ----------
    seed : int
        Any integer.
    """
    rng = random.Random(seed)  # noqa: S311 - a simulation
    chance = rng.random
    aim = choose_aim(rng) if chance() < _P_AIM else None
    stage = STAGES.get((aim.phase, aim.op), Stage()) if aim else Stage()
    limits = Limits(
        step_s=1.0 if stage.is_hasty else rng.choice((1.0, 5.0, 30.0)),
        patience_s=rng.choice((1.0, 10.0, 20.0)),
        margin_s=0.5 if stage.is_hasty else rng.choice((0.5, 5.0)),
        pause_s=rng.choice((0.1, 0.5)),
    )
    factor = 1.0 if stage.is_hasty else rng.choice((1.0, 1.5, 4.0))
    confirm_timeout_s = limits.shortest_window_s * factor
    n = rng.choice(_N_MEMBERS) if chance() >= _P_MANY else rng.randint(6, 40)
    by_wave = stage.is_by_wave or chance() < 0.25
    n_waves = stage.n_waves or (rng.choice((1, 2, 3)) if by_wave or chance() < 0.25 else 1)
    n = stage.n or max(n, stage.n_waves)
    waves = [i % n_waves if stage.n_waves else rng.randrange(n_waves) for i in range(n)]
    specs = tuple(_spec(rng, i, wave, stage.classes) for i, wave in enumerate(waves))
    n_records = 18 * n
    core, behind = _cut(rng, specs, by_wave=by_wave)
    is_quiet = stage.is_alone or (bool(core) and chance() < 0.5)
    return Schedule(
        seed=seed,
        specs=specs,
        limits=limits,
        confirm_timeout_s=confirm_timeout_s,
        by_wave=by_wave,
        may_skip=chance() < 0.2,
        has_gate=bool(stage.gate) or chance() < 0.4,
        gate_s=confirm_timeout_s * _slow_gate(rng, stage),
        n_faults=0 if is_quiet else rng.choice((0, 0, 1, 1, 2, 4, 1000)),
        gathers_s=rng.choice((0.0, 0.0, 0.15)),
        onset=rng.choice((0, n, 3 * n, 5 * n)),
        aims=(*stage.first, aim) if aim and not (core and is_quiet) else (),
        kill=stage.kill or (None if is_quiet else _kill(rng, n_records)),
        devices={} if core and is_quiet else _odd_devices(rng, specs, stage.odd),
        core=core,
        behind=behind,
        lags_s={spec.device: _lag_s(rng, stage) for spec in specs if spec.observe},
        interrupt_in=_phase(rng, 0.08, n_waves if by_wave else 1) or stage.interrupt_in,
        disk_full_in=_phase(rng, 0.06, n_waves if by_wave else 1) or stage.disk_full_in,
        second_s=rng.uniform(0.0, 4.0) if chance() < 0.05 else -1.0,
        suspend_at=rng.randint(1, n_records) if chance() < 0.05 else 0,
        sleeps_s=rng.choice((1.0, 40.0, 1000.0)),
        clock_jump_at=rng.randint(1, n_records) if chance() < 0.05 else 0,
        has_reserve=chance() < 0.8,
        damage=rng.choice(_DAMAGES) if chance() < 0.2 else None,
    )


def _kill(rng: random.Random, n_records: int) -> Kill | None:
    if rng.random() >= 0.2:
        return None
    kind = rng.choice(_KILLS)
    if rng.random() < 0.5:
        return Kill(kind=kind, at_record=rng.randint(1, n_records))
    return Kill(kind=kind, in_phase=rng.choice(_KILLED))


def _phase(rng: random.Random, share: float, n_decisions: int) -> Phase | None:
    """Choose the phase something strikes in, more often where one wave waits for another."""
    if rng.random() >= share:
        return None
    if n_decisions > 1 and rng.random() < 0.5:
        return Phase.CONFIRM
    return rng.choice(_INTERRUPTED)


def _slow_gate(rng: random.Random, stage: Stage) -> float:
    """Give the share of the confirm timer that the gate takes."""
    if stage.gate:
        return stage.gate
    return rng.choice((0.6, 2.2)) if rng.random() < 0.15 else 0.0


def _spec(rng: random.Random, i: int, wave: int, classes: tuple[DeviceClass, ...]) -> MemberSpec:
    device_class = rng.choice(classes)
    observe: tuple[str, ...] = ()
    if device_class is not DeviceClass.A:
        kind, before, after, observe = "ap", _AP, _AP_NEW, _AP_SHOWS
    elif rng.random() < 0.5:
        kind, before, after = "switch", _SWITCH, _SWITCH_NEW
    else:
        kind, before, after = "cell", _CELL, _CELL_NEW
    return MemberSpec(
        device=f"d{i}",
        kind=kind,
        device_class=device_class,
        before=before,
        after=after,
        wave=wave,
        order=_ORDER.get(device_class, 0) + 3 * rng.randrange(2),
        observe=observe,
        settle_s=10.0,
    )


def _lag_s(rng: random.Random, stage: Stage) -> float:
    return stage.lag_s or rng.choice((0.0, 0.0, 0.0, 2.0, 8.0))


def _cut(
    rng: random.Random, specs: tuple[MemberSpec, ...], *, by_wave: bool
) -> tuple[str, frozenset[str]]:
    """Choose a device that cuts the way to others; a wave decided alone minds only its own."""
    core = max(rng.sample(specs, min(2, len(specs))), key=lambda spec: spec.wave)
    share = _P_CUT if by_wave or core.wave == 0 else 6 * _P_CUT
    if len(specs) == 1 or rng.random() >= share:
        return "", frozenset()
    others = [
        spec.device
        for spec in specs
        if spec is not core and (spec.wave == core.wave or not by_wave)
    ]
    return core.device, frozenset(rng.sample(others, min(len(others), rng.randint(1, 3))))


def _odd_devices(
    rng: random.Random, specs: tuple[MemberSpec, ...], odd: FaultKind | None
) -> Mapping[str, FaultKind]:
    if odd is not None:
        return {spec.device: odd for spec in specs}
    if rng.random() >= 0.25:
        return {}
    spec = rng.choice(specs)
    kinds = [FaultKind.FOREIGN_VALUES]
    if spec.device_class is not DeviceClass.A:
        kinds += [FaultKind.FOREIGN_CANDIDATE, FaultKind.FOREIGN_LOCK, FaultKind.NEVER_FOLLOWS]
    if spec.device_class in ARMED:
        kinds += [FaultKind.NO_REARM, FaultKind.SLOW_TIMER]
    return {spec.device: rng.choice(kinds)}
