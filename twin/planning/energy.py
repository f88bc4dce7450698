"""Energy of street lamps over a year, by cabinet, from the sun and the dimming windows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from twin.model.city import City, LampCabinet
from twin.sim.power import lamp_power_w
from twin.sim.sun import (
    LAMP_ELEVATION_DEG,
    OBSERVER_HEIGHT_M,
    geometric_threshold_deg,
    next_crossing,
)

__all__ = ["BURNING_ASSUMPTION", "LUMINAIRE_ASSUMPTION", "annual_energy_kwh"]

LUMINAIRE_ASSUMPTION = "luminaire power P = P_n (0.08 + 0.92 d) at light level d"
BURNING_ASSUMPTION = (
    f"lamps burn while the sun stands lower than {-LAMP_ELEVATION_DEG:g} degrees below the horizon"
)
_STEP_MIN = 5


def annual_energy_kwh(city: City, cabinets: Sequence[LampCabinet], *, year: int = 2026) -> float:
    """Energy the lamps of some cabinets use in a year.

    Parameters
    ----------
    city : City
        Gives position, time zone and lamps.
    cabinets : sequence of LampCabinet
        Cabinets with their dimming windows.
    year : int
        Local calendar year.

    Returns
    -------
    float
        Energy, predicted under the two assumptions of this module. [kWh]
    """
    nominal_w = {cabinet.id: 0.0 for cabinet in cabinets}
    for lamp in city.lamps:
        if lamp.cabinet in nominal_w:
            nominal_w[lamp.cabinet] += lamp.power_w
    minute, burning = _year(city, year)
    total_w = 0.0
    for cabinet in cabinets:
        night = _in_window(minute, cabinet.night_start_min, cabinet.night_end_min)
        percent = np.where(night, cabinet.night_level_percent, cabinet.normal_level_percent)
        lit_w = lamp_power_w(np.full(percent.shape, nominal_w[cabinet.id]), percent / 100.0)
        total_w += float(lit_w[burning].sum())
    return total_w * _STEP_MIN / 60 / 1000


def _in_window(minute: NDArray[np.int64], start_min: int, end_min: int) -> NDArray[np.bool_]:
    if start_min <= end_min:
        return (minute >= start_min) & (minute < end_min)
    return (minute >= start_min) | (minute < end_min)


def _year(city: City, year: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Local minute of day of every step of the year, and whether lamps burn in it."""
    zone = ZoneInfo(city.timezone)
    begin, end = datetime(year, 1, 1, tzinfo=zone), datetime(year + 1, 1, 1, tzinfo=zone)
    seconds = np.arange(begin.timestamp(), end.timestamp(), 60.0 * _STEP_MIN)
    local = [datetime.fromtimestamp(second, zone) for second in seconds]
    minute = np.array([when.hour * 60 + when.minute for when in local], dtype=np.int64)
    edges, rises = _crossings(city, begin, end)
    index = np.searchsorted(edges, seconds, side="right")
    # Between two crossings it is dark exactly if the next one is a rise.
    return minute, np.array(rises, dtype=np.bool_)[index]


def _crossings(city: City, begin: datetime, end: datetime) -> tuple[list[float], list[bool]]:
    edges: list[float] = []
    rises: list[bool] = []
    threshold_deg = geometric_threshold_deg(LAMP_ELEVATION_DEG, OBSERVER_HEIGHT_M)
    when = begin.astimezone(UTC)
    while when < end + timedelta(days=2):
        crossing = next_crossing(when, city.lat_deg, city.lon_deg, threshold_deg)
        if crossing is None:
            break
        edges.append(crossing[0].timestamp())
        rises.append(crossing[1])
        when = crossing[0] + timedelta(minutes=1)
    return edges, rises
