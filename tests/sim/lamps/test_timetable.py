"""The minutes of dimming by event, against a look at every minute, over changes of the clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.sim.clock import Clock
from twin.sim.lamps.timetable import AstroClock, in_window, minute_of_day, next_minute_s

BERLIN = ZoneInfo("Europe/Berlin")
DAYS = ((2026, 1, 20), (2026, 3, 28), (2026, 10, 24))


@pytest.mark.parametrize("day", DAYS)
@given(start=st.integers(0, 1439), end=st.integers(0, 1439))
@settings(max_examples=25, deadline=None)
def test_events_see_every_change_that_a_look_at_each_minute_sees(day, start, end):
    clock = Clock(datetime(*day, 18, tzinfo=BERLIN), "Europe/Berlin")
    minutes = np.unique([start, end])

    def is_night(at_s):
        return bool(in_window(minute_of_day(clock, at_s), np.array([start]), np.array([end]))[0])

    changes, state = [], is_night(0.0)
    for k in range(36 * 60):
        if is_night(60.0 * k) != state:
            state = not state
            changes.append(60.0 * k)
    seen, state, at_s = [], is_night(0.0), 0.0
    while (at_s := next_minute_s(clock, at_s, minutes)) < 36 * 3600.0:
        if is_night(at_s) != state:
            state = not state
            seen.append(at_s)
    assert seen == changes


def test_the_next_minute_is_later_than_now():
    clock = Clock(datetime(2026, 10, 25, 0, 30, tzinfo=BERLIN), "Europe/Berlin")
    at_s = 0.0
    for _ in range(50):
        later = next_minute_s(clock, at_s, np.array([150]))
        assert later > at_s
        at_s = later


def test_dusk_follows_dawn():
    astro = AstroClock(Clock(datetime(2026, 6, 21, tzinfo=BERLIN), "Europe/Berlin"), 51.43, 6.76)
    at_s, states = 0.0, [astro.is_dark(0.0)]
    for _ in range(6):
        at_s, is_dark = astro.next_change(at_s)
        assert astro.is_dark(at_s + 1.0) == is_dark
        states.append(is_dark)
    assert states == [True, False] * 3 + [True]


def test_where_the_sun_stays_away_it_is_asked_again_a_day_later():
    clock = Clock(datetime(2026, 12, 21, tzinfo=BERLIN), "Europe/Berlin")
    assert AstroClock(clock, 80.0, 15.0).next_change(5.0) == (86405.0, None)
