"""The dimming curve of DALI against the levels of its standard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.sim.lamps.dali import LIGHT_OF_PERCENT, level_of_percent, percent_of_level


@pytest.mark.parametrize(
    ("percent", "level"), [(100.0, 254), (50.0, 229), (10.0, 170), (1.0, 85), (0.1, 1), (0.0, 0)]
)
def test_percent_has_the_published_level(percent, level):
    assert level_of_percent(percent) == level


@pytest.mark.parametrize(("level", "percent"), [(254, 100.0), (1, 0.1), (229, 50.53), (170, 10.09)])
def test_level_gives_the_light_of_the_curve(level, percent):
    assert percent_of_level(level) == pytest.approx(percent, abs=0.01)


@given(st.integers(0, 254))
def test_a_level_comes_back_from_its_light(level):
    assert level_of_percent(percent_of_level(level)) == level


@given(st.floats(0.1, 100.0))
def test_light_is_within_half_a_step_of_what_was_asked(percent):
    step = 10.0 ** (3.0 / 253.0 / 2.0)
    given_percent = percent_of_level(level_of_percent(percent))
    assert percent / step * 0.999999 <= given_percent <= percent * step * 1.000001


def test_level_170_is_a_tenth_of_the_light_and_not_two_thirds():
    assert LIGHT_OF_PERCENT[10] == pytest.approx(0.101, abs=0.001)


@pytest.mark.parametrize("level", [-1, 255])
def test_mask_and_negative_levels_are_refused(level):
    with pytest.raises(ValueError, match="must be 0 to 254"):
        percent_of_level(level)


@pytest.mark.parametrize("percent", [-0.1, 100.1])
def test_impossible_light_is_refused(percent):
    with pytest.raises(ValueError, match="must be 0 to 100"):
        level_of_percent(percent)
