"""Ages of the lamps, and the failures that come of them, drawn day by day."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from twin.sim.lamps.ageing import (
    constant_light_drive,
    depreciation_per_h,
    failures_per_h,
    light_left,
)
from twin.sim.lamps.assumptions import figure
from twin.sim.lamps.fleet import LampFleet
from twin.sim.system import Context

__all__ = ["Wear"]

_DAY_S = 86400.0
BURNING_H = 4062.0
"""Burning hours of a year, to make ages of years (CITY_FACTS section 3). [h]"""


class Wear:
    """How old every lamp is, and which fail.

    Parameters
    ----------
    context : Context
        Time and chance.
    fleet : LampFleet
        The lamps.
    fail : callable
        Bound method called with the index of a working lamp that fails.

    Notes
    -----
    Once a day the risk of every lamp follows from its age; how many fail in the next 24 h is
    Poisson, and which ones and when is drawn in proportion to the risk. That is exact but for the
    ageing within one day.
    """

    def __init__(self, context: Context, fleet: LampFleet, fail: Callable[[int], object]) -> None:
        self._context, self._fleet, self._fail = context, fleet, fail
        self._rng = context.rng("lamps/failures")
        rng = context.rng("lamps/ages")
        n, of = len(fleet.ids), fleet.cabinet_of
        oldest_h = np.where(
            fleet.is_sodium, figure("sodium_group_h"), figure("led_age_years") * BURNING_H
        )
        self.age_h: NDArray[np.float64] = rng.random(n)[of] * oldest_h
        self._loss_per_h = depreciation_per_h(of.size, rng)
        self._burned_h = np.zeros(n)
        self.keeps_light = np.zeros(n, dtype=bool)

    def start(self) -> None:
        """Set the light that age has left, and draw the first day."""
        self._day()

    def _day(self) -> None:
        context, fleet = self._context, self._fleet
        now_s = context.kernel.now_s
        burned_h = fleet.totals(now_s).burning_h
        self.age_h += (burned_h - self._burned_h)[fleet.cabinet_of]
        self._burned_h = burned_h
        self.apply()
        risk = failures_per_h(self.age_h, fleet.is_sodium, BURNING_H / 8760.0) * fleet.works
        each = np.cumsum(risk)
        if each.size and each[-1] > 0.0:
            n = int(self._rng.poisson(each[-1] * context.failure_factor * _DAY_S / 3600.0))
            at_s = np.sort(now_s + self._rng.random(n) * _DAY_S)
            rows = np.searchsorted(each, self._rng.random(n) * each[-1], side="right")
            rows = rows.clip(max=each.size - 1)
            for when_s, row in zip(at_s.tolist(), rows.tolist(), strict=True):
                context.kernel.at(when_s, fleet.lamp_ids[row], self._fail_if_working, row)
        context.kernel.after(_DAY_S, "ageing of lamps", self._day)

    def _fail_if_working(self, lamp: int) -> None:
        if self._fleet.works[lamp]:
            self._fail(lamp)

    def apply(self) -> None:
        """Let light and power follow the ages."""
        fleet = self._fleet
        left = light_left(self.age_h, self._loss_per_h, fleet.is_sodium)
        keeps = self.keeps_light[fleet.cabinet_of] & ~fleet.is_sodium
        drive = np.where(keeps, constant_light_drive(left), 1.0)
        fleet.set_age(self._context.kernel.now_s, left, drive)

    def renew(self, lamps: tuple[int, ...]) -> None:
        """Begin anew with lamps that were replaced."""
        self.age_h[list(lamps)] = 0.0
