"""Bell times: which lessons a school holds on a day, a little staggered from school to school."""

from __future__ import annotations

from datetime import datetime

from twin.sim.clock import Clock
from twin.sim.holidays import is_school_day
from twin.sim.profiles import timetable

__all__ = ["lessons_of_day"]


def lessons_of_day(
    clock: Clock, day: datetime, form: str, offset_min: int
) -> tuple[tuple[float, float], ...]:
    """List the lessons of a school on a local day.

    Parameters
    ----------
    clock : Clock
        Local time.
    day : datetime
        Local day.
    form : str
        Form of the school, which decides between lessons of 45 and 67.5 min.
    offset_min : int
        So much later than the timetable its bells ring. [min]

    Returns
    -------
    tuple of (float, float)
        Begin and end of each lesson; empty on weekends, holidays and public holidays. [s]
    """
    if not is_school_day(day.date()):
        return ()
    return tuple(
        (clock.seconds_on(day, begin + offset_min), clock.seconds_on(day, end + offset_min))
        for begin, end in timetable(form)
    )
