"""Lessons: pupils come to the access points of their school by its timetable."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from datetime import timedelta

import numpy as np
import simpy

from twin.model.city import School
from twin.sim.clock import Clock
from twin.sim.profiles import timetable

__all__ = ["hold_lessons", "lessons_from", "school_sites"]

_PRESENT = 0.93  # assumed
_DEVICE_SHARE = (0.2, 0.6)  # of the pupils in a lesson, around the 40 % of active devices


def school_sites(school: School) -> tuple[str, str]:
    """Return the names under which access points may name a school as their site."""
    return school.id, f"school-{school.id}"


def lessons_from(clock: Clock, now_s: float, form: str) -> Iterator[tuple[float, float]]:
    """List the lessons that end after a time, Monday to Friday, for ever.

    Parameters
    ----------
    clock : Clock
        Local time.
    now_s : float
        Simulated second. [s]
    form : str
        Form of the school, which decides its timetable.

    Yields
    ------
    (float, float)
        Begin and end of a lesson. [s]

    Notes
    -----
    School holidays are not known.
    """
    day = clock.local(now_s).replace(hour=12, minute=0)
    while True:
        if day.weekday() < 5:
            for begin_min, end_min in timetable(form):
                begin_s = clock.seconds_on(day, begin_min)
                end_s = clock.seconds_on(day, end_min)
                if end_s > now_s:
                    yield begin_s, end_s
        day += timedelta(days=1)


def hold_lessons(
    env: simpy.Environment,
    clock: Clock,
    school: School,
    rng: np.random.Generator,
    begin: Callable[[School, int, float, float], None],
    end: Callable[[School], None],
) -> Generator[simpy.Event, None, None]:
    """Hold the lessons of one school (a SimPy process).

    Parameters
    ----------
    env : simpy.Environment
        Simulated time.
    clock : Clock
        Local time.
    school : School
        The school.
    rng : Generator
        For the share of pupils that use a device.
    begin, end : callable
        Called with the school, its devices in use, and begin and end of the lesson; and at its end.
    """
    for begin_s, end_s in lessons_from(clock, env.now, school.form):
        if begin_s > env.now:
            yield env.timeout(begin_s - env.now)
        pupils = int(rng.binomial(school.pupils, _PRESENT * rng.uniform(*_DEVICE_SHARE)))
        begin(school, pupils, begin_s, end_s)
        yield env.timeout(end_s - env.now)
        end(school)
