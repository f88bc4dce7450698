"""Lamps of the world: burning with the sun, dimming, energy, daylight saving, repair."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.sim.deviations import draw_deviations
from twin.sim.lamps import in_window
from twin.sim.lamps.dali import LIGHT_OF_PERCENT
from twin.sim.sun import (
    LAMP_ELEVATION_DEG,
    OBSERVER_HEIGHT_M,
    geometric_threshold_deg,
    next_crossing,
)

BERLIN = ZoneInfo("Europe/Berlin")


def _true_w(city, cabinet, seed=3):
    factor = draw_deviations(city, seed).lamp_factor
    return sum(
        lamp.power_w * factor[i] for i, lamp in enumerate(city.lamps) if lamp.cabinet == cabinet
    )


def _share(level):
    return 0.08 + 0.92 * LIGHT_OF_PERCENT[round(100 * level)]  # the DALI level nearest to it


def _dusk_and_dawn(start):
    threshold = geometric_threshold_deg(LAMP_ELEVATION_DEG, OBSERVER_HEIGHT_M)
    dusk, rises = next_crossing(start, 51.43, 6.76, threshold)
    assert not rises
    dawn, rises = next_crossing(dusk + timedelta(seconds=1), 51.43, 6.76, threshold)
    assert rises
    return dusk, dawn


def test_energy_of_a_night_is_the_analytical_one(city, make_world):
    world = make_world(2026, 1, 20, 12, tick_s=600.0)
    world.advance(24 * 3600.0)
    dusk, dawn = _dusk_and_dawn(datetime(2026, 1, 20, 12, tzinfo=BERLIN))
    burning_h = (dawn - dusk).total_seconds() / 3600.0
    night_h = 8.0  # 22 to 6 h, all of it dark in January
    expected = _true_w(city, "cab-1") * ((burning_h - night_h) + night_h * _share(0.5))
    assert world.read("cab-1", "energy_wh") == pytest.approx(expected, abs=1.5)
    full = _true_w(city, "cab-2") * burning_h
    assert world.read("cab-2", "energy_wh") == pytest.approx(full, abs=1.5)


@pytest.mark.parametrize(
    ("day", "hours"), [((2026, 3, 28), 7.0), ((2026, 10, 24), 9.0), ((2026, 1, 20), 8.0)]
)
def test_the_dimmed_window_is_one_hour_off_in_the_nights_of_daylight_saving(
    city, make_world, day, hours
):
    world = make_world(*day, 21, tick_s=600.0)
    start = datetime(*day, 21, tzinfo=BERLIN)
    level_h = {50: 0.0, 100: 0.0}
    dawn = _dusk_and_dawn(datetime(*day, 12, tzinfo=BERLIN))[1]
    end_s = (dawn - start).total_seconds()
    for k in range(int(end_s // 60)):
        level_h[world.read("cab-1", "level_now_percent")] += 1.0 / 60.0
        world.advance(60.0 * (k + 1))
    # 22 to 6 h local wall clock, unless the sun ends it first (it does not in these nights).
    assert level_h[50] == pytest.approx(min(hours, end_s / 3600.0 - 1.0), abs=0.05)


def test_forty_percent_after_midnight_lowers_the_power_by_the_formula(city, make_world):
    world = make_world(2026, 1, 20, 23, 55)
    world.write(
        "cab-2",
        {"night_level_percent": 40, "night_start_min": 0, "night_end_min": 360},
    )
    full = _true_w(city, "cab-2")
    assert world.read("cab-2", "power_w") == round(full)
    world.advance(302.0)
    assert world.read("cab-2", "level_now_percent") == 40
    assert world.read("cab-2", "power_w") == round(full * _share(0.4))


def test_a_level_written_in_the_dark_is_read_at_once_and_lit_within_two_seconds(city, make_world):
    world = make_world(2026, 1, 20, 20)
    full = world.read("cab-1", "power_w")
    world.write("cab-1", {"normal_level_percent": 60})
    assert world.read("cab-1", "level_now_percent") == 60
    assert world.read("cab-1", "power_w") == full
    world.advance(2.0)
    assert world.read("cab-1", "power_w") == round(_true_w(city, "cab-1") * _share(0.6))


def test_lamps_are_dark_by_day(make_world):
    world = make_world(2026, 6, 21, 12)
    assert world.read("cab-1", "level_now_percent") == 0
    assert world.read("cab-1", "power_w") == 0


def test_true_watts_differ_from_the_inventory(city, make_world):
    world = make_world(2026, 1, 20, 20)
    nominal = sum(lamp.power_w for lamp in city.lamps if lamp.cabinet == "cab-2")
    assert world.read("cab-2", "power_w") != nominal
    assert world.read("cab-2", "power_w") == pytest.approx(nominal, rel=0.05)


def test_the_drill_breaks_a_lamp_and_repairs_it(make_world):
    world = make_world(2026, 1, 20, 20, drill=True)
    before = world.read("cab-1", "power_w")
    world.advance(16.0)
    assert world.read("cab-1", "lamps_failed") == 1
    assert world.read("cab-1", "power_w") < before
    world.advance(46.0)
    assert world.read("cab-1", "lamps_failed") == 0
    assert world.read("cab-1", "power_w") == before
    assert [e.who for e in world.trace.recent() if e.what == "lamp_failed"] == ["lamp-1-00 drill"]


def test_accelerated_failures_are_repaired(make_world):
    world = make_world(failure_factor=2e5, tick_s=10.0)
    world.advance(3600.0)
    counts = world.trace.counts()
    for kind in ("lamp", "ap", "cell"):
        assert counts[f"{kind}_failed"] > 0
        assert counts[f"{kind}_repaired"] > 0
        assert counts[f"{kind}_repaired"] <= counts[f"{kind}_failed"]


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 1439))
def test_a_window_and_its_complement_share_the_day(minute, start, end):
    there = in_window(minute, np.array([start]), np.array([end]))[0]
    back = in_window(minute, np.array([end]), np.array([start]))[0]
    assert (not there and not back) if start == end else there != back
