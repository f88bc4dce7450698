"""Devices that fail and are repaired: rates, repair times, and the processes."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np
import simpy

__all__ = ["AP_RATE", "CELL_RATE", "LAMP_RATE", "FailureRate", "break_and_repair", "drill"]

_DAY_S = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRate:
    """How often one device of a kind fails and how long its repair takes.

    Parameters
    ----------
    per_hour : float
        Failures of one device. [1/h]
    repair_s : (float, float)
        Shortest and longest repair, uniform. [s]
    """

    per_hour: float
    repair_s: tuple[float, float]


LAMP_RATE = FailureRate(per_hour=0.0075 / 8760.0, repair_s=(3 * _DAY_S, 10 * _DAY_S))
"""0.5 to 1 % a year, repaired in 3 to 10 days: from general knowledge, an assumption."""

AP_RATE = FailureRate(per_hour=1.0 / 500e3, repair_s=(4 * 3600.0, 24 * 3600.0))
"""MTBF 300,000 to 700,000 h, repair 4 to 24 h: an assumption."""

CELL_RATE = FailureRate(per_hour=1.0 / 225e3, repair_s=(4 * 3600.0, 24 * 3600.0))
"""MTBF of a remote radio unit 150,000 to 300,000 h, repair 4 to 24 h: an assumption."""

_DRILL_FIRST_S = 15.0
_DRILL_REPAIR_S = 30.0
_DRILL_EVERY_S = 120.0


def break_and_repair(
    env: simpy.Environment,
    rate: FailureRate,
    factor: float,
    rng: np.random.Generator,
    working: Callable[[], int],
    fail: Callable[[int], Callable[[], None]],
) -> Generator[simpy.Event, None, None]:
    """Break random devices of one kind and have each repaired (a SimPy process).

    Parameters
    ----------
    env : simpy.Environment
        Simulated time.
    rate : FailureRate
        Rate of one device.
    factor : float
        Times more often, and repaired as many times faster; 1 is real.  Must be > 0.
    rng : Generator
        For times and choices.
    working : callable
        How many devices work.
    fail : callable
        Breaks the k-th working one and returns what repairs it.
    """
    while True:
        n = working()
        mean_s = 3600.0 / (rate.per_hour * factor * n) if n else 3600.0
        yield env.timeout(float(rng.exponential(mean_s)))
        if n and working():
            repair = fail(int(rng.integers(working())))
            env.process(_repair(env, float(rng.uniform(*rate.repair_s)) / factor, repair))


def drill(
    env: simpy.Environment, fail: Callable[[], Callable[[], None]]
) -> Generator[simpy.Event, None, None]:
    """Fail and repair by schedule, so that a short demonstration sees it (a SimPy process).

    Parameters
    ----------
    env : simpy.Environment
        Simulated time.
    fail : callable
        Breaks something and returns what repairs it.
    """
    yield env.timeout(_DRILL_FIRST_S)
    while True:
        env.process(_repair(env, _DRILL_REPAIR_S, fail()))
        yield env.timeout(_DRILL_EVERY_S)


def _repair(
    env: simpy.Environment, after_s: float, repair: Callable[[], None]
) -> Generator[simpy.Event, None, None]:
    yield env.timeout(after_s)
    repair()
