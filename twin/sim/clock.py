"""Simulated seconds and the local clock of a city, over changes of daylight-saving time."""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from zoneinfo import ZoneInfo

__all__ = ["Clock", "real_time"]


class Clock:
    """Translates seconds since the start of a simulation into local time and back.

    Parameters
    ----------
    start : datetime
        Instant of second 0, timezone-aware.
    timezone : str
        IANA name of the city's timezone.

    Raises
    ------
    ValueError
        `start` has no timezone.
    """

    __slots__ = ("_start", "_zone")

    def __init__(self, start: datetime, timezone: str) -> None:
        if start.tzinfo is None:
            raise ValueError(f"start {start.isoformat()} has no timezone; give one, such as UTC")
        self._start = start.astimezone(UTC)
        self._zone = ZoneInfo(timezone)

    def utc(self, now_s: float) -> datetime:
        """Return the instant of a simulated second in UTC."""
        return self._start + timedelta(seconds=now_s)

    def local(self, now_s: float) -> datetime:
        """Return the local wall clock at a simulated second."""
        return self.utc(now_s).astimezone(self._zone)

    def seconds(self, when: datetime) -> float:
        """Return the simulated second of an aware instant [s]."""
        return (when.astimezone(UTC) - self._start).total_seconds()

    def seconds_on(self, day: datetime, minute: int) -> float:
        """Return the simulated second of a minute after local midnight of a local day [s]."""
        wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=self._zone)
        return self.seconds(wall)

    def seconds_at(self, wall: datetime) -> float:
        """Return the simulated second of a naive local date and time [s].

        Of a time that comes twice, when clocks go back, it is the first.

        Raises
        ------
        ValueError
            As `real_time`.
        """
        return self.seconds(real_time(wall, self._zone))


def real_time(wall: datetime, zone: ZoneInfo) -> datetime:
    """Give a naive local date and time its zone.

    Parameters
    ----------
    wall : datetime
        Naive.
    zone : ZoneInfo
        Where.

    Returns
    -------
    datetime
        Aware; of a time that comes twice, the first.

    Raises
    ------
    ValueError
        The local time does not exist, because clocks go forward over it, or lies in the first or
        last year that can be written.
    """
    if not MINYEAR < wall.year < MAXYEAR:
        raise ValueError(f"lies in the year {wall.year}")
    moment = wall.replace(tzinfo=zone)
    there = moment.astimezone(UTC).astimezone(zone)
    if there.replace(tzinfo=None) != wall:
        raise ValueError(f"does not exist, clocks go forward then; {there:%H:%M} does")
    return moment
