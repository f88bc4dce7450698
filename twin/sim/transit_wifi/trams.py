"""Trams on a line as a SimPy process."""

from __future__ import annotations

from collections.abc import Callable, Generator

import numpy as np
import simpy

from twin.sim.transit_wifi.lines import Line, TramPosition, find_line

__all__ = ["Line", "Tram", "TramPosition", "find_line", "run_tram"]

CAPACITY = 200
"""Places of an NF4 tram (DVG press release 2019-03-08)."""

_SPEED_M_S = 19.5 / 3.6  # commercial speed with stops, 19 to 20 km/h
_DWELL_S = (15.0, 25.0)
_BOARDINGS_PER_STOP = 7.0  # 770 passengers per vehicle and day over some 110 calls
_RIDE_STOPS = 8.0


class Tram:
    """A vehicle: where it is between two stops, and its passengers."""

    __slots__ = ("_from_m", "_from_s", "_to_m", "_to_s", "id", "passengers", "stop")

    def __init__(self, name: str, at_m: float) -> None:
        self.id = name
        self.passengers = 0
        self.stop = ""
        self._from_m = self._to_m = at_m
        self._from_s = self._to_s = 0.0

    def go(self, to_m: float, now_s: float, run_s: float) -> None:
        """Set off to a point of the line."""
        self._from_m, self._to_m = self._to_m, to_m
        self._from_s, self._to_s = now_s, now_s + run_s
        self.stop = ""

    def at_m(self, now_s: float) -> float:
        """Distance along the line now. [m]."""
        if now_s >= self._to_s:
            return self._to_m
        part = (now_s - self._from_s) / (self._to_s - self._from_s)
        return self._from_m + part * (self._to_m - self._from_m)


def run_tram(
    env: simpy.Environment,
    tram: Tram,
    line: Line,
    i_start: int,
    rng: np.random.Generator,
    weight: Callable[[float], float],
    arrived: Callable[[Tram], None],
) -> Generator[simpy.Event, None, None]:
    """Drive a tram to and fro along its line for ever (a SimPy process).

    Parameters
    ----------
    env : simpy.Environment
        Simulated time.
    tram, line
        What drives where.
    i_start : int
        Stop it begins at; from twice the number of stops it begins on the way back.
    rng : Generator
        For dwell times and passengers.
    weight : callable
        Passengers at a simulated second, relative to the mean of the day.
    arrived : callable
        Called at every stop.
    """
    n = len(line.stops)
    order = [*range(n), *range(n - 2, 0, -1)]
    k = i_start % len(order)
    while True:
        here = order[k]
        tram.stop = line.stops[here].name
        leaving = int(rng.binomial(tram.passengers, 1.0 / _RIDE_STOPS))
        if here in (0, n - 1):
            leaving = tram.passengers
        joining = int(rng.poisson(_BOARDINGS_PER_STOP * weight(env.now)))
        tram.passengers = min(tram.passengers - leaving + joining, CAPACITY)
        arrived(tram)
        dwell_s = float(rng.uniform(*_DWELL_S))
        yield env.timeout(dwell_s)
        k = (k + 1) % len(order)
        goal_m = float(line.at_m[order[k]])
        hop_s = abs(goal_m - float(line.at_m[here])) / _SPEED_M_S
        run_s = max(hop_s - dwell_s, 0.5 * hop_s)
        tram.go(goal_m, env.now, run_s)
        yield env.timeout(run_s)
