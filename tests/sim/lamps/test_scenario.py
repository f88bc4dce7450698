"""What scenarios may do to lamps, and what is refused with one line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.sim.lamps.conftest import make_quarter
from tests.sim.lamps.test_corridors import _signals
from twin.model.errors import ModelError


def _actions(simulation):
    return simulation.systems["lamps"].actions()


def _light(simulation, cabinet):
    return simulation.read(cabinet, "level_now_percent")


def test_a_policy_sets_level_and_window_and_ends_with_the_old_ones(run):
    simulation = run(hour=23)
    dim = _actions(simulation)["dim"]
    given = {"level_percent": 40, "from": "23:30", "to": "5:00"}
    dim.check("city", given)
    dim.begin("city", given)
    assert simulation.read("cab-2", "night_level_percent") == 40
    assert simulation.read("cab-2", "night_start_min") == 23 * 60 + 30
    assert _light(simulation, "cab-1") == 100
    simulation.advance(1801.0)
    assert _light(simulation, "cab-1") == _light(simulation, "cab-2") == 40
    dim.end("city", {})
    assert simulation.read("cab-2", "night_start_min") == 22 * 60
    assert (_light(simulation, "cab-1"), _light(simulation, "cab-2")) == (50, 100)


def test_a_policy_for_a_district_leaves_the_others_alone(run):
    simulation = run(hour=23)
    _actions(simulation)["dim"].begin("north", {"level_percent": 60})
    assert (_light(simulation, "cab-1"), _light(simulation, "cab-2")) == (50, 60)


def test_a_policy_never_goes_below_p6_unless_off(run):
    simulation = run(hour=23)
    dim = _actions(simulation)["dim"]
    dim.begin("cab-1", {"level_percent": 5})
    least = simulation.read("cab-1", "night_level_percent")
    assert 15 <= least <= 35
    simulation.advance(3600.0)
    assert simulation.kpis()["lamps"]["energy_saved_percent"].value > 0.0
    dim.begin("cab-1", {"level_percent": 0})
    assert simulation.read("cab-1", "night_level_percent") == 0


def test_constant_light_costs_power_that_ages_with_the_lamps(run):
    simulation = run(hour=20)
    before_w = simulation.read("cab-1", "power_w")
    clo = _actions(simulation)["constant_light"]
    clo.begin("south", {})
    after_w = simulation.read("cab-1", "power_w")
    assert before_w < after_w <= 1.25 * before_w
    clo.end("south", {})
    assert simulation.read("cab-1", "power_w") == before_w


def test_streets_may_switch_later_but_crossings_keep_to_40_lx(run):
    city = replace(make_quarter(), signals=_signals()[:1])  # at the first cabinet
    hours = {}
    for is_later in (False, True):
        simulation = run(2026, 6, 20, 12, city=city, failure_factor=1e-9)
        if is_later:
            later = _actions(simulation)["switch_later"]
            later.check("city", {})
            later.begin("city", {})
        simulation.advance(86_400.0)
        districts = simulation.systems["lamps"].kpis_by_district()
        hours[is_later] = {slug: kpis["burning_hours"].value for slug, kpis in districts.items()}
    assert hours[True]["south"] == hours[False]["south"]
    assert 10.0 < (hours[False]["north"] - hours[True]["north"]) / 2.0 * 60.0 < 20.0  # minutes


def test_switching_as_usual_comes_back_with_the_end(run):
    simulation = run(2026, 1, 20, 12, failure_factor=1e-9)
    later = _actions(simulation)["switch_later"]
    later.begin("city", {"sun_deg": -6.0})
    dusk_s, _ = simulation.systems["lamps"].astro.next_change(0.0)
    simulation.advance(dusk_s + 60.0)
    assert simulation.gauges()["lamps"]["lamps_lit"] == 0
    later.end("city", {})
    assert simulation.gauges()["lamps"]["lamps_lit"] == 40
    simulation.advance(2 * 86_400.0)
    simulation.check_invariants()
    counts = simulation.context.trace.counts()
    assert (counts["lamps_on"], counts["lamps_off"]) == (1, 2)


def test_a_year_at_4_and_a_half_degrees_burns_as_chemnitz_does(run):
    simulation = run(2026, 1, 1, 0, city=make_quarter(1, 2), failure_factor=1e-9)
    _actions(simulation)["switch_later"].begin("city", {"sun_deg": -4.5})
    simulation.advance(365 * 86_400.0)
    assert simulation.kpis()["lamps"]["burning_hours"].value == pytest.approx(3925, abs=10)


@pytest.mark.parametrize(
    ("verb", "target", "parameters", "cause"),
    [
        ("fail", "lamp-9", {}, "no lamp 'lamp-9'"),
        ("repair", "cab-1", {}, "no lamp 'cab-1'"),
        ("fail_cabinet", "cab-9", {}, "no lamp cabinet 'cab-9'"),
        ("surge", "cab-9", {}, "no lamp cabinet 'cab-9'"),
        ("surge", "cab-1", {"lamps": 0}, "lamps is 0, must be 1 to 1000"),
        ("surge", "cab-1", {"lamps": 1.5}, "lamps is 1.5, must be a whole number"),
        ("surge", "cab-1", {"lamps": "all"}, "lamps is 'all', must be a number"),
        ("dim", "atlantis", {"level_percent": 50}, "no place 'atlantis'"),
        ("dim", "city", {}, "level_percent is missing"),
        ("dim", "city", {"level_percent": 101}, "level_percent is 101"),
        ("dim", "city", {"level_percent": True}, "level_percent is True, must be a number"),
        ("dim", "city", {"level_percent": 50, "from": "24:00"}, "from is '24:00'"),
        ("dim", "city", {"level_percent": 50, "to": 6}, "to is 6, must be a local time"),
        ("switch_later", "city", {"sun_deg": -9}, "sun_deg is -9"),
        ("constant_light", "atlantis", {}, "no place 'atlantis'"),
        ("follow_motion", "cab-1", {"hold_s": 0.0}, "hold_s is 0.0"),
    ],
)
def test_what_cannot_be_is_refused_with_one_line(run, verb, target, parameters, cause):
    with pytest.raises(ModelError) as caught:
        _actions(run())[verb].check(target, parameters)
    assert cause in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_parameter_that_is_read_is_documented(run):
    for action in _actions(run()).values():
        assert action.what
        assert all(action.parameters.values())
