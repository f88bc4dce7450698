"""When lamps change by themselves: the sun's height and the local minutes of dimming."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from twin.sim.clock import Clock
from twin.sim.sun import (
    LAMP_ELEVATION_DEG,
    OBSERVER_HEIGHT_M,
    elevation_deg,
    geometric_threshold_deg,
    next_crossing,
)

__all__ = ["AstroClock", "in_window", "minute_of_day", "next_minute_s"]

_DAY_S = 86400.0


class AstroClock:
    """Says when lamps burn at a place: while the sun is apparently lower than an angle.

    Parameters
    ----------
    clock : Clock
        Simulated seconds and instants.
    lat_deg, lon_deg : float
        The place. [deg]
    sun_deg : float
        Apparent elevation of the sun below which lamps burn. [deg]

    Notes
    -----
    -3 degrees give 4,062 burning hours in Duisburg in 2026, as real totals do.
    """

    def __init__(
        self, clock: Clock, lat_deg: float, lon_deg: float, sun_deg: float = LAMP_ELEVATION_DEG
    ) -> None:
        self._clock, self._place = clock, (lat_deg, lon_deg)
        self._threshold_deg = geometric_threshold_deg(sun_deg, OBSERVER_HEIGHT_M)

    def is_dark(self, now_s: float) -> bool:
        """Say whether lamps burn at a simulated second."""
        return elevation_deg(self._clock.utc(now_s), *self._place) < self._threshold_deg

    def next_change(self, now_s: float) -> tuple[float, bool | None]:
        """Find the next simulated second at which lamps go on or out.

        Returns
        -------
        (float, bool or None)
            Second, later than now, and whether it is dark then; None if the sun does not pass the
            height within a day (ask again then). [s]
        """
        crossing = next_crossing(self._clock.utc(now_s), *self._place, self._threshold_deg)
        if crossing is None:
            return now_s + _DAY_S, None
        return max(self._clock.seconds(crossing[0]), now_s + 0.001), not crossing[1]


def in_window(
    minute: int, start_min: NDArray[np.int64], end_min: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Say in which daily windows a minute lies.

    Parameters
    ----------
    minute : int
        Minutes after local midnight. [min]
    start_min, end_min : ndarray
        Windows [start, end); they may run over midnight, and are empty where both are equal. [min]

    Returns
    -------
    ndarray of bool
        One statement per window.
    """
    over_midnight = start_min > end_min
    inside = (minute >= start_min) & (minute < end_min)
    outside = (minute >= start_min) | (minute < end_min)
    return np.where(over_midnight, outside, inside)


def minute_of_day(clock: Clock, now_s: float) -> int:
    """Return the local minute after midnight. [min]."""
    local = clock.local(now_s)
    return local.hour * 60 + local.minute


def next_minute_s(clock: Clock, now_s: float, minutes: NDArray[np.int64]) -> float:
    """Find when the local clock shows one of some minutes next, or jumps.

    Parameters
    ----------
    clock : Clock
        Local time.
    now_s : float
        Now. [s]
    minutes : ndarray
        Minutes after local midnight, ascending; at least one. [min]

    Returns
    -------
    float
        Simulated second, later than now. Near a change of daylight-saving time the next whole hour
        comes first, so that a jump over a minute is seen. [s]
    """
    local = clock.local(now_s)
    passed_min = local.hour * 60 + local.minute
    later = minutes[minutes > passed_min]
    day = local if later.size else local + timedelta(days=1)
    minute = int(later[0] if later.size else minutes[0])
    at_s = clock.seconds_on(day, minute)
    if at_s <= now_s:  # the hour that comes twice
        at_s += 3600.0
    if clock.local(at_s).utcoffset() != local.utcoffset():
        whole = clock.utc(now_s).replace(minute=0, second=0, microsecond=0)
        at_s = min(at_s, clock.seconds(whole + timedelta(hours=1)))
    return at_s
