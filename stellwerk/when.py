"""Dates and times as people give them on the command line."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from twin.model.city import City
from twin.model.errors import InputError
from twin.sim.clock import real_time

__all__ = ["local_start"]

_FIRST_YEAR, _LAST_YEAR = 1970, 2100


def local_start(text: str, city: City) -> datetime:
    """Read the option ``--start``.

    Parameters
    ----------
    text : str
        Local date and time of the city, or with an offset of its own.
    city : City
        For its time zone.

    Returns
    -------
    datetime
        Timezone-aware.

    Raises
    ------
    InputError
        Not a date and time, of another century, or over which clocks go forward.
    """
    try:
        start = datetime.fromisoformat(text)
    except ValueError as err:
        raise InputError(
            f"--start {text!r} is not a date and time", hint="use 2026-12-01T07:59:30"
        ) from err
    if not _FIRST_YEAR <= start.year < _LAST_YEAR:
        raise InputError(f"--start {text!r} lies outside {_FIRST_YEAR} to {_LAST_YEAR}")
    if start.tzinfo:
        return start
    try:
        return real_time(start, ZoneInfo(city.timezone))
    except ValueError as err:
        raise InputError(f"--start {text!r} {err}") from err
