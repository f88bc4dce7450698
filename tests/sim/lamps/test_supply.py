"""Cabinets without power or link: what goes dark, who answers, and what comes back when."""

from __future__ import annotations

import pytest


def _supply(simulation):
    return simulation.context.supply


def test_a_cut_of_power_makes_a_cabinet_dark_and_silent(run):
    city = run(hour=20)
    before = city.gauges()["lamps"]["power_w"]
    _supply(city).cut(["cab-1"], "power", "test")
    assert city.read("cab-1", "power_w") == 0
    assert city.read("cab-1", "level_now_percent") == 0
    assert not city.is_reachable("cab-1")
    assert city.is_reachable("cab-2")
    after = city.gauges()["lamps"]["power_w"]
    assert after == pytest.approx(city.read("cab-2", "power_w"), abs=0.5)
    assert after < before


@pytest.mark.parametrize(("cabinet", "again_s"), [("cab-1", 3600.0), ("cab-2", 3300.0)])
def test_energy_stands_still_in_the_dark_and_counts_on_with_the_light(run, cabinet, again_s):
    city = run(hour=18)
    full_w = city.read(cabinet, "power_w")
    city.advance(3600.0)
    _supply(city).cut([cabinet], "power", "test")
    city.advance(7200.0)
    assert city.read(cabinet, "energy_wh") == pytest.approx(full_w, abs=1.0)
    _supply(city).restore([cabinet], "power", "test")
    city.advance(10800.0)  # sodium takes no current until it is cool enough to strike
    expected_wh = full_w * (1.0 + again_s / 3600.0)
    assert city.read(cabinet, "energy_wh") == pytest.approx(expected_wh, abs=1.0)


def test_the_controller_answers_thirty_seconds_after_power_is_back(run):
    city = run(hour=23)
    _supply(city).cut(["cab-1"], "power", "test")
    city.advance(600.0)
    _supply(city).restore(["cab-1"], "power", "test")
    assert not city.is_reachable("cab-1")
    assert city.read("cab-1", "level_now_percent") == 100  # the drivers' power-on level
    city.advance(629.0)
    assert not city.is_reachable("cab-1")
    city.advance(632.0)
    assert city.is_reachable("cab-1")
    assert city.read("cab-1", "level_now_percent") == 50


def test_hot_sodium_lamps_need_minutes_and_leds_do_not(run):
    city = run(hour=20)
    lit = {name: city.gauges()["lamps"]["lamps_lit"] for name in ("before",)}
    _supply(city).cut(["cab-1", "cab-2"], "power", "test")
    assert city.gauges()["lamps"]["lamps_lit"] == 0
    city.advance(60.0)
    _supply(city).restore(["cab-1", "cab-2"], "power", "test")
    assert city.gauges()["lamps"]["lamps_lit"] == 20
    city.advance(60.0 + 299.0)
    assert city.gauges()["lamps"]["lamps_lit"] == 20
    city.advance(60.0 + 301.0)
    assert city.gauges()["lamps"]["lamps_lit"] == lit["before"] == 40


def test_a_second_cut_during_the_start_begins_it_anew(run):
    city = run(hour=20)
    supply = _supply(city)
    supply.cut(["cab-1"], "power", "test")
    city.advance(10.0)
    supply.restore(["cab-1"], "power", "test")
    city.advance(20.0)
    supply.cut(["cab-1"], "power", "test")
    city.advance(35.0)
    supply.restore(["cab-1"], "power", "test")
    city.advance(50.0)  # the first start would be over, the second is not
    assert not city.is_reachable("cab-1")
    city.advance(66.0)
    assert city.is_reachable("cab-1")


def test_two_causes_must_both_go(run):
    city = run(hour=20)
    supply = _supply(city)
    supply.cut(["cab-1"], "power", "grid")
    supply.cut(["cab-1"], "power", "works")
    supply.restore(["cab-1"], "power", "grid")
    city.advance(60.0)
    assert not city.is_reachable("cab-1")
    supply.restore(["cab-1"], "power", "works")
    city.advance(120.0)
    assert city.is_reachable("cab-1")


def test_without_its_link_a_cabinet_burns_on_by_its_own_clock(run):
    city = run(hour=21, minute=59)
    _supply(city).cut(["cab-1"], "link", "test")
    assert not city.is_reachable("cab-1")
    city.advance(120.0)
    assert city.read("cab-1", "level_now_percent") == 50
    _supply(city).restore(["cab-1"], "link", "test")
    assert city.is_reachable("cab-1")


def test_a_cut_by_day_shows_at_dusk(run):
    city = run(hour=12)
    _supply(city).cut(["cab-1"], "power", "test")
    city.advance(8 * 3600.0)
    assert city.gauges()["lamps"]["lamps_lit"] == 20
    assert city.kpis()["lamps"]["availability_percent"].value == pytest.approx(50.0, abs=0.1)
