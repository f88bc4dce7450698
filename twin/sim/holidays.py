"""Days without work or school in North Rhine-Westphalia."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

__all__ = ["SCHOOL_HOLIDAYS", "is_public_holiday", "is_school_day", "is_workday"]

SCHOOL_HOLIDAYS: tuple[tuple[str, date, date], ...] = (
    ("summer", date(2025, 7, 14), date(2025, 8, 26)),
    ("autumn", date(2025, 10, 13), date(2025, 10, 25)),
    ("Christmas", date(2025, 12, 22), date(2026, 1, 6)),
    ("Easter", date(2026, 3, 30), date(2026, 4, 11)),
    ("Whitsun", date(2026, 5, 26), date(2026, 5, 26)),
    ("summer", date(2026, 7, 20), date(2026, 9, 1)),
    ("autumn", date(2026, 10, 17), date(2026, 10, 31)),
    ("Christmas", date(2026, 12, 23), date(2027, 1, 6)),
    ("Easter", date(2027, 3, 22), date(2027, 4, 3)),
    ("Whitsun", date(2027, 5, 18), date(2027, 5, 18)),
    ("summer", date(2027, 7, 19), date(2027, 8, 31)),
)
"""School holidays 2025/26 and 2026/27, first and last day: general knowledge, unchecked (K)."""


@lru_cache(maxsize=64)
def _public_holidays(year: int) -> frozenset[date]:
    """List the eleven public holidays of a year (Feiertagsgesetz NW, paragraph 2)."""
    easter = _easter_sunday(year)
    fixed = ((1, 1), (5, 1), (10, 3), (11, 1), (12, 25), (12, 26))
    moving = (-2, 1, 39, 50, 60)  # Good Friday, Easter and Whit Monday, Ascension, Corpus Christi
    return frozenset(date(year, month, day) for month, day in fixed) | frozenset(
        easter + timedelta(days=days) for days in moving
    )


def _easter_sunday(year: int) -> date:
    """Find Easter Sunday by the anonymous Gregorian rule (Meeus/Jones/Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def is_public_holiday(day: date) -> bool:
    """Say whether a day is a public holiday in North Rhine-Westphalia."""
    return day in _public_holidays(day.year)


def is_workday(day: date) -> bool:
    """Say whether a day is Monday to Friday and no public holiday."""
    return day.weekday() < 5 and not is_public_holiday(day)


def is_school_day(day: date) -> bool:
    """Say whether schools of North Rhine-Westphalia teach on a day.

    Parameters
    ----------
    day : date
        Local day.

    Returns
    -------
    bool
        True on workdays outside `SCHOOL_HOLIDAYS`. Days outside the two school years of that table
        count as term time.
    """
    return is_workday(day) and not any(first <= day <= last for _, first, last in SCHOOL_HOLIDAYS)
