"""Devices that fail and are repaired: rates, repair times, and what makes them happen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from twin.sim.kernel import Kernel

__all__ = ["AP_RATE", "Drill", "FailureRate", "Failures"]

_Broken = TypeVar("_Broken")


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


AP_RATE = FailureRate(per_hour=1.0 / 500e3, repair_s=(4 * 3600.0, 24 * 3600.0))
"""MTBF 300,000 to 700,000 h, repair 4 to 24 h: an assumption."""

_DRILL_FIRST_S = 15.0
_DRILL_REPAIR_S = 30.0
_DRILL_EVERY_S = 120.0
_LOOK_AGAIN_S = 3600.0  # while nothing works that could fail


class Failures(Generic[_Broken]):
    """Random devices of one kind fail and are repaired; can be saved with the kernel.

    Parameters
    ----------
    kernel : Kernel
        Simulated time.
    who : str
        What acts, for error messages, such as ``failures of access points``.
    rng : Generator
        For times and choices; a stream of its own.
    rate : FailureRate
        Rate of one device.
    factor : float
        Times more often, and repaired as many times faster; 1 is real.  Must be > 0.
    count : callable
        How many devices work now.
    fail : callable
        Breaks the k-th working one and returns what `repair` needs to know, such as its id.
    repair : callable
        Repairs it.

    Raises
    ------
    ValueError
        `factor` is not above 0.

    Notes
    -----
    Times to the next failure are exponential with the rate of what works when they are drawn. The
    three callables must be bound methods or module functions.
    """

    def __init__(
        self,
        kernel: Kernel,
        who: str,
        rng: np.random.Generator,
        rate: FailureRate,
        factor: float,
        *,
        count: Callable[[], int],
        fail: Callable[[int], _Broken],
        repair: Callable[[_Broken], object],
    ) -> None:
        if not factor > 0.0:
            raise ValueError(f"factor is {factor}, must be greater than 0")
        self._kernel, self._who, self._rng = kernel, who, rng
        self._rate, self._factor = rate, factor
        self._count, self._fail, self._repair = count, fail, repair

    def start(self) -> None:
        """Schedule the first failure; each one schedules the next."""
        n = self._count()
        mean_s = 3600.0 / (self._rate.per_hour * self._factor * n) if n else _LOOK_AGAIN_S
        self._kernel.after(float(self._rng.exponential(mean_s)), self._who, self._break, n)

    def _break(self, n_then: int) -> None:
        n = self._count()
        if n_then and n:
            broken = self._fail(int(self._rng.integers(n)))
            repair_s = float(self._rng.uniform(*self._rate.repair_s)) / self._factor
            self._kernel.after(repair_s, self._who, self._repair, broken)
        self.start()


class Drill(Generic[_Broken]):
    """Fails and repairs by schedule, so that a short demonstration sees it.

    The first failure comes after 15 s, each repair 30 s later, the next failure every two minutes.

    Parameters
    ----------
    kernel : Kernel
        Simulated time.
    who : str
        What acts, for error messages.
    fail : callable
        Breaks something and returns what `repair` needs to know.
    repair : callable
        Repairs it.
    """

    def __init__(
        self,
        kernel: Kernel,
        who: str,
        fail: Callable[[], _Broken],
        repair: Callable[[_Broken], object],
    ) -> None:
        self._kernel, self._who, self._fail, self._repair = kernel, who, fail, repair

    def start(self) -> None:
        """Schedule the first failure."""
        self._kernel.after(_DRILL_FIRST_S, self._who, self._break)

    def _break(self) -> None:
        self._kernel.after(_DRILL_REPAIR_S, self._who, self._repair, self._fail())
        self._kernel.after(_DRILL_EVERY_S, self._who, self._break)
