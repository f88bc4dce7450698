"""One schedule, told in the order it happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields

from hil.chaos.engine import SOUND, Engine
from hil.chaos.invariants import Violation
from hil.chaos.run import run_schedule
from hil.chaos.schedule import Schedule, make_schedule
from hil.chaos.stages import Aim, Kill

__all__ = ["TraceLine", "trace_schedule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceLine:
    """One thing that happened.

    Parameters
    ----------
    at_s : float
        Virtual time. [s]
    who : str
        The device; empty for the run.
    what : str
        What happened.
    """

    at_s: float = field(metadata={"unit": "s"})
    who: str
    what: str

    def __str__(self) -> str:
        return f"{self.at_s:10.3f} s  {self.who:4} {self.what}"


def trace_schedule(seed: int, engine: Engine = SOUND) -> tuple[TraceLine, ...]:
    """Run one schedule and tell what happens: knobs, members, steps, records, faults, the end.

    Parameters
    ----------
    seed : int
        Which.
    engine : Engine
        What is driven.

    Returns
    -------
    tuple of TraceLine
        The same for the same seed and engine.
    """
    lines = [TraceLine(at_s=0.0, who="", what=what) for what in _told(make_schedule(seed))]

    def tell(now_s: float, who: str, what: str) -> None:
        lines.append(TraceLine(at_s=now_s, who=who, what=what))

    try:
        digest = run_schedule(seed, engine, tell=tell)
    except Violation as err:
        lines.append(TraceLine(at_s=lines[-1].at_s, who="", what=f"VIOLATION {err}"))
    else:
        lines.append(TraceLine(at_s=lines[-1].at_s, who="", what=f"good; log {digest}"))
    return tuple(lines)


def _told(schedule: Schedule) -> Iterator[str]:
    yield f"seed {schedule.seed}"
    for each in fields(schedule):
        value = getattr(schedule, each.name)
        if each.name in ("seed", "specs") or value == each.default or value in ((), {}):
            continue
        yield f"{each.name.replace('_', ' ')}: {_text(value)}"
    for spec in schedule.specs:
        place = f"wave {spec.wave}, order {spec.order}"
        yield f"{spec.device}: class {spec.device_class}, {spec.kind}, {place}"


def _text(value: object) -> str:
    if isinstance(value, Aim):
        return f"{value.kind} strikes {value.op} in {value.phase}"
    if isinstance(value, Kill):
        when = f"in {value.in_phase}" if value.in_phase else f"at record {value.at_record}"
        return f"{value.kind} {when}"
    if isinstance(value, tuple):
        return "; ".join(map(_text, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(each)}" for key, each in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
