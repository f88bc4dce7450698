"""Vehicles that enter the corridors at night, for lamps that wait for them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from twin.sim.signals.assumptions import assumed
from twin.sim.signals.layout import INBOUND, OUTBOUND, Layout
from twin.sim.sun import elevation_deg
from twin.sim.system import Context

__all__ = ["Passing"]

_ASK_SUN_S = 300


class Passing:
    """Makes single vehicles of the flow over the first stop line of each corridor.

    Parameters
    ----------
    context : Context
        For the sun and chance.
    layout : Layout
        Corridors.
    """

    def __init__(self, context: Context, layout: Layout) -> None:
        self._context = context
        self._rng = context.rng("signals/speeds")
        self._told: list[Callable[[str, float, float], object]] = []
        self._waiting: list[tuple[str, float, float]] = []
        ends = [
            (name, way, places[0 if way == INBOUND else -1])
            for name, places in layout.corridors.items()
            for way in (INBOUND, OUTBOUND)
        ]
        self._names = [name for name, _, _ in ends]
        self._ways = np.array([way for _, way, _ in ends], dtype=np.int64)
        self._places = np.array([place for _, _, place in ends], dtype=np.int64)
        self._part = np.zeros(len(ends))
        self._is_dark = False
        self._ask_s = -1.0

    def watch(self, told: Callable[[str, float, float], object]) -> None:
        """Have a bound method called with (corridor, at_s, speed_m_s)."""
        self._told.append(told)

    def add(self, t0_s: int, entered: NDArray[np.float64]) -> None:
        """Note the vehicles of some seconds; who watches is told at the next step.

        Traffic also flows up to the present when somebody only looks, and a look must not make
        others hear of vehicles at another time.

        Parameters
        ----------
        t0_s : int
            First second.
        entered : ndarray of shape (n, 2, S)
            Vehicles that left over the stop lines of the main road.
        """
        if not self._told or not self._names or not self._is_night(t0_s):
            return
        total = self._part + entered[:, self._ways, self._places].cumsum(axis=0)
        whole = np.floor(total)
        new = np.diff(whole, axis=0, prepend=np.zeros((1, whole.shape[1])))
        self._part = total[-1] - whole[-1]
        for second, k in zip(*np.nonzero(new), strict=True):
            for _ in range(int(new[second, k])):
                factor = float(np.clip(self._rng.normal(1.0, assumed("speed_spread")), 0.6, 1.4))
                speed = assumed("progression_speed") * factor
                self._waiting.append((self._names[k], float(t0_s + second), speed))

    def tell(self) -> None:
        """Tell of the vehicles noted since the last time."""
        waiting, self._waiting = self._waiting, []
        for corridor, at_s, speed in waiting:
            for told in self._told:
                told(corridor, at_s, speed)

    def _is_night(self, now_s: int) -> bool:
        if now_s >= self._ask_s:
            city = self._context.city
            when = self._context.clock.utc(now_s)
            self._is_dark = elevation_deg(when, city.lat_deg, city.lon_deg) < 0.0
            self._ask_s = now_s + _ASK_SUN_S
        return self._is_dark
