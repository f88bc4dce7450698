"""How much people use networks over the day, and the timetables of schools."""

from __future__ import annotations

import math
from datetime import datetime

from twin.sim.holidays import is_workday

__all__ = [
    "LESSONS_45_MIN",
    "LESSONS_67_MIN",
    "hotspot_weight",
    "mobile_weight",
    "office_weight",
    "timetable",
    "transport_weight",
]

_Harmonics = tuple[tuple[float, float, float], tuple[float, float, float]]

# Fits of three harmonics to measured day shapes of mobile traffic (mean 1, peak 21 h or 17 h) in
# F. Xu et al., "Understanding Mobile Traffic Patterns of Large Scale Cellular Towers in Urban
# Environment", IEEE/ACM Trans. Netw. 25(2), 2017, digitised by github.com/tmc-calc/mob-traffic-ds.
_RESIDENTIAL_WORKDAY: _Harmonics = ((0.03, 0.10, 0.02), (-0.52, -0.30, -0.06))
_RESIDENTIAL_WEEKEND: _Harmonics = ((-0.11, 0.17, 0.02), (-0.49, -0.20, 0.0))
_OFFICE: _Harmonics = ((-0.87, 0.31, 0.05), (-0.36, -0.07, 0.08))
_ENTERTAINMENT: _Harmonics = ((-0.55, 0.03, -0.09), (-0.65, -0.10, 0.12))

# Share of the day in each hour. [%]  The same source gives the peak (7 h, 10.1 %) and the night
# minimum (0.2 %) of places of transport; the hours between are an assumption.
_TRANSPORT_PERCENT = (
    0.7, 0.3, 0.2, 0.2, 0.6, 2.2, 6.5, 10.1, 7.6, 4.6, 3.9, 4.0,
    4.6, 5.0, 5.2, 6.3, 7.6, 8.4, 7.1, 5.0, 3.7, 2.8, 2.0, 1.4,
)  # fmt: skip

LESSONS_67_MIN = ((480, 548), (555, 622), (650, 717), (725, 792), (850, 918))
"""Lessons of 67.5 min at a secondary school, minutes after midnight (rsgolzheim.de)."""

LESSONS_45_MIN = ((460, 505), (510, 555), (575, 620), (625, 670), (685, 730), (735, 780))
"""Lessons of 45 min, minutes after midnight (schickhardt.net; taken for primary schools)."""


def _shape(local: datetime, harmonics: _Harmonics) -> float:
    angle = 2.0 * math.pi * (local.hour + local.minute / 60.0) / 24.0
    cosines, sines = harmonics
    total = 1.0
    for k, (a, b) in enumerate(zip(cosines, sines, strict=True), start=1):
        total += a * math.cos(k * angle) + b * math.sin(k * angle)
    return max(total, 0.0)


def mobile_weight(local: datetime) -> float:
    """Mobile use at home at a local time, relative to the mean of the day (residential areas).

    Public holidays are as weekends, here and below: an assumption.
    """
    return _shape(local, _RESIDENTIAL_WORKDAY if is_workday(local.date()) else _RESIDENTIAL_WEEKEND)


def office_weight(local: datetime) -> float:
    """Mobile use at places of work at a local time, relative to the mean of a working day.

    At weekends they are used like homes: an assumption, there is no fit.
    """
    return _shape(local, _OFFICE if is_workday(local.date()) else _RESIDENTIAL_WEEKEND)


def hotspot_weight(local: datetime) -> float:
    """Use of a public hotspot at a local time, relative to the mean of the day."""
    return _shape(local, _ENTERTAINMENT)


def transport_weight(local: datetime) -> float:
    """Passengers of public transport at a local time, relative to the mean of the day.

    At weekends nobody commutes: people ride when they go out, so the shape is that of places of
    entertainment. An assumption, there is no fit.
    """
    if not is_workday(local.date()):
        return _shape(local, _ENTERTAINMENT)
    return _TRANSPORT_PERCENT[local.hour] * 24.0 / 100.0


def timetable(form: str) -> tuple[tuple[int, int], ...]:
    """Lessons of a school by its form, as (begin, end) in minutes after local midnight."""
    return LESSONS_45_MIN if form.lower().startswith("grund") else LESSONS_67_MIN
