"""Days without work or school in North Rhine-Westphalia."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest

from twin.sim.holidays import SCHOOL_HOLIDAYS, is_public_holiday, is_school_day, is_workday


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 1, 1),
        date(2026, 4, 3),  # Good Friday; Easter Sunday is 5 April
        date(2026, 4, 6),
        date(2026, 5, 14),
        date(2026, 5, 25),
        date(2026, 6, 4),
        date(2027, 3, 29),  # Easter Sunday is 28 March
        date(2026, 11, 1),
    ],
)
def test_public_holidays_move_with_easter(day):
    assert is_public_holiday(day)
    assert not is_workday(day)
    assert not is_school_day(day)


def test_a_year_has_eleven_public_holidays():
    days = [date(2026, 1, 1) + timedelta(days=k) for k in range(365)]
    assert sum(is_public_holiday(day) for day in days) == 11
    assert sum(is_workday(day) for day in days) == pytest.approx(250, abs=4)


def test_schools_rest_in_the_holidays_and_on_weekends():
    assert is_school_day(date(2026, 1, 20))
    assert is_school_day(date(2026, 3, 27))
    assert not is_school_day(date(2026, 3, 30))
    assert not is_school_day(date(2026, 8, 3))
    assert is_workday(date(2026, 8, 3))
    assert not is_school_day(date(2026, 1, 24))


def test_the_table_is_in_order():
    for (_, first, last), (_, next_first, _) in itertools.pairwise(SCHOOL_HOLIDAYS):
        assert first <= last < next_first
