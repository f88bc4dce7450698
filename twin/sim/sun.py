"""Where the sun stands, when it crosses a height, and how long lamps burn in a year."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

__all__ = [
    "LAMP_ELEVATION_DEG",
    "OBSERVER_HEIGHT_M",
    "dark_hours",
    "elevation_deg",
    "geometric_threshold_deg",
    "next_crossing",
    "sunrise_sunset",
]

SUN_RADIUS_DEG = 32.0 / 120.0
"""Sunrise and sunset are of the upper edge [deg]."""

LAMP_ELEVATION_DEG = -3.0
"""Lamps burn while the sun is apparently lower: 4,062 h in Duisburg, as real totals say [deg]."""

OBSERVER_HEIGHT_M = 33.0
"""Ground of Duisburg above sea level; lowers the horizon of the published burning hours [m]."""

_EARTH_RADIUS_M = 6_356_900.0
_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
_STEP_S = 1200.0
_PRECISION_S = 0.01


def elevation_deg(when: datetime, lat_deg: float, lon_deg: float) -> float:
    """Geometric elevation of the sun's centre, without refraction.

    Parameters
    ----------
    when : datetime
        Instant, timezone-aware.
    lat_deg, lon_deg : float
        WGS 84 position, north and east positive. [deg]

    Returns
    -------
    float
        Elevation above the horizon. [deg]

    Raises
    ------
    ValueError
        `when` has no timezone.

    References
    ----------
    .. [1] NOAA Global Monitoring Laboratory, *Solar Calculation Details* (spreadsheet
       NOAA_Solar_Calculations_day), after J. Meeus, *Astronomical Algorithms* (1991), ch. 21-25.
    """
    _require_aware(when)
    days = (when - _J2000).total_seconds() / 86400.0
    declination, equation_min = _declination_and_equation(days / 36525.0)
    minutes_utc = ((days + 0.5) % 1.0) * 1440.0
    hour_angle = math.radians((minutes_utc + equation_min + 4.0 * lon_deg) / 4.0 - 180.0)
    latitude = math.radians(lat_deg)
    sine = math.sin(latitude) * math.sin(declination)
    sine += math.cos(latitude) * math.cos(declination) * math.cos(hour_angle)
    return math.degrees(math.asin(max(-1.0, min(1.0, sine))))


def geometric_threshold_deg(apparent_deg: float, observer_height_m: float = 0.0) -> float:
    """Geometric elevation at which the sun seems to stand at an elevation above the horizon.

    Parameters
    ----------
    apparent_deg : float
        Elevation seen above the visible horizon. [deg]
    observer_height_m : float
        Height over the surroundings, which lowers the horizon. [m]  Must be >= 0.

    Returns
    -------
    float
        Threshold for `next_crossing`. [deg]

    Raises
    ------
    ValueError
        Negative height.

    References
    ----------
    .. [1] NOAA, *Solar Calculation Details*, table of atmospheric refraction; the dip is
       arccos(R / (R + h)).
    """
    if observer_height_m < 0.0:
        raise ValueError(f"observer_height_m is {observer_height_m}, must be 0 or more")
    dip_deg = math.degrees(math.acos(_EARTH_RADIUS_M / (_EARTH_RADIUS_M + observer_height_m)))
    lowered_deg = apparent_deg - dip_deg
    return lowered_deg - _refraction_deg(lowered_deg)


def _refraction_deg(e: float) -> float:
    if e >= 85.0:
        return 0.0
    tangent = math.tan(math.radians(e))
    if e > 5.0:
        seconds = 58.1 / tangent - 0.07 / tangent**3 + 0.000086 / tangent**5
    elif e > -0.575:
        seconds = 1735.0 + e * (-518.2 + e * (103.4 + e * (-12.79 + e * 0.711)))
    else:
        seconds = -20.774 / tangent
    return seconds / 3600.0


def _require_aware(when: datetime) -> None:
    if when.tzinfo is None:
        raise ValueError(f"{when.isoformat()} has no timezone; give one, such as UTC")


def _declination_and_equation(t: float) -> tuple[float, float]:
    """Declination [rad] and equation of time [min] at `t` Julian centuries after J2000."""
    mean_longitude = math.radians((280.46646 + t * (36000.76983 + t * 0.0003032)) % 360.0)
    anomaly = math.radians(357.52911 + t * (35999.05029 - 0.0001537 * t))
    eccentricity = 0.016708634 - t * (0.000042037 + 0.0000001267 * t)
    centre_deg = (
        math.sin(anomaly) * (1.914602 - t * (0.004817 + 0.000014 * t))
        + math.sin(2 * anomaly) * (0.019993 - 0.000101 * t)
        + math.sin(3 * anomaly) * 0.000289
    )
    node = math.radians(125.04 - 1934.136 * t)
    apparent_deg = math.degrees(mean_longitude) + centre_deg - 0.00569 - 0.00478 * math.sin(node)
    seconds = 21.448 - t * (46.815 + t * (0.00059 - t * 0.001813))
    obliquity = math.radians(23.0 + (26.0 + seconds / 60.0) / 60.0 + 0.00256 * math.cos(node))
    declination = math.asin(math.sin(obliquity) * math.sin(math.radians(apparent_deg)))
    y = math.tan(obliquity / 2.0) ** 2
    equation = (
        y * math.sin(2 * mean_longitude)
        - 2 * eccentricity * math.sin(anomaly)
        + 4 * eccentricity * y * math.sin(anomaly) * math.cos(2 * mean_longitude)
        - 0.5 * y * y * math.sin(4 * mean_longitude)
        - 1.25 * eccentricity * eccentricity * math.sin(2 * anomaly)
    )
    return declination, 4.0 * math.degrees(equation)


def next_crossing(
    after: datetime, lat_deg: float, lon_deg: float, threshold_deg: float
) -> tuple[datetime, bool] | None:
    """Find the next time the sun passes a height.

    Parameters
    ----------
    after : datetime
        Instant to search from, timezone-aware.
    lat_deg, lon_deg : float
        Position. [deg]
    threshold_deg : float
        Geometric elevation to cross. [deg]

    Returns
    -------
    (datetime, bool) or None
        Instant in UTC, and whether the sun rises through it; None if it does not within two days.

    Raises
    ------
    ValueError
        `after` has no timezone.
    """
    _require_aware(after)

    def above(offset_s: float) -> float:
        return elevation_deg(start + timedelta(seconds=offset_s), lat_deg, lon_deg) - threshold_deg

    start = after.astimezone(UTC)
    low_s, low = 0.0, above(0.0)
    while low_s < 2 * 86400.0:
        high_s = low_s + _STEP_S
        high = above(high_s)
        if (low < 0.0) != (high < 0.0):
            return start + timedelta(seconds=_bisect(above, low_s, high_s)), high >= 0.0
        low_s, low = high_s, high
    return None


def _bisect(above: Callable[[float], float], low_s: float, high_s: float) -> float:
    """Return the first offset on the far side of a sign change, to `_PRECISION_S`."""
    before = above(low_s) < 0.0
    while high_s - low_s > _PRECISION_S:
        middle_s = 0.5 * (low_s + high_s)
        if (above(middle_s) < 0.0) == before:
            low_s = middle_s
        else:
            high_s = middle_s
    return high_s


def sunrise_sunset(
    day: date, lat_deg: float, lon_deg: float, observer_height_m: float = 0.0
) -> tuple[datetime, datetime] | None:
    """Sunrise and sunset of one solar day at a place.

    Parameters
    ----------
    day : date
        Day at the place's own meridian.
    lat_deg, lon_deg : float
        Position. [deg]
    observer_height_m : float
        Height over the surroundings. [m]

    Returns
    -------
    (datetime, datetime) or None
        Instants in UTC; None where the sun does not both rise and set on that day.
    """
    threshold_deg = geometric_threshold_deg(-SUN_RADIUS_DEG, observer_height_m)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    midnight -= timedelta(seconds=lon_deg * 240.0)
    rise = next_crossing(midnight, lat_deg, lon_deg, threshold_deg)
    if rise is None or not rise[1]:
        return None
    fall = next_crossing(rise[0] + timedelta(seconds=1), lat_deg, lon_deg, threshold_deg)
    if fall is None or fall[0] - midnight > timedelta(hours=30):
        return None
    return rise[0], fall[0]


def dark_hours(year: int, lat_deg: float, lon_deg: float, threshold_deg: float) -> float:
    """Hours of a calendar year (UTC) in which the sun is lower than a height.

    Parameters
    ----------
    year : int
        Calendar year.
    lat_deg, lon_deg : float
        Position. [deg]
    threshold_deg : float
        Geometric elevation, see `geometric_threshold_deg`. [deg]

    Returns
    -------
    float
        Burning hours of lamps switched at that height. [h]
    """
    now, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    is_dark = elevation_deg(now, lat_deg, lon_deg) < threshold_deg
    dark = timedelta()
    while now < end:
        crossing = next_crossing(now, lat_deg, lon_deg, threshold_deg)
        until = min(crossing[0], end) if crossing else min(now + timedelta(days=1), end)
        dark += until - now if is_dark else timedelta()
        if crossing:
            is_dark = not crossing[1]
        now = until
    return dark.total_seconds() / 3600.0
