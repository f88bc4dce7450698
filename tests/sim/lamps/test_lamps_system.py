"""The lamps as a system: same seed same trace, saved and restored, managed, recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sim.lamps.conftest import BERLIN, make_quarter
from tests.sim.lamps.test_corridors import _signals
from tests.sim.saved import taken_up
from twin.geo.reader import read_city
from twin.sim.lamps.assumptions import ASSUMPTIONS
from twin.sim.simulation import Simulation

DUISBURG = Path(__file__).parents[3] / "twin/cities/duisburg"
DAY_S = 86_400.0


@pytest.fixture(scope="module")
def duisburg():
    return read_city(DUISBURG)


def _busy(run, **options):
    """A run in which a bit of everything happens."""
    city = replace(make_quarter(6, 20), signals=_signals())
    simulation = run(hour=20, city=city, failure_factor=1.0, **options)
    do = simulation.systems["lamps"].actions()
    do["fail"].begin("lamp-2-03", {})
    do["surge"].begin("cab-4", {})
    do["fail_cabinet"].begin("cab-5", {})
    do["dim"].begin("north", {"level_percent": 60})
    do["follow_motion"].begin("cab-3", {})
    return simulation


def _outcome(simulation):
    return simulation.context.trace.sha256(), simulation.kpis(), simulation.gauges()


def test_the_same_seed_gives_the_same_trace_and_figures(run):
    runs = [_busy(run) for _ in range(2)]
    for simulation in runs:
        simulation.advance(5 * DAY_S)
    assert _outcome(runs[0]) == _outcome(runs[1])


def test_another_seed_gives_another_trace(run):
    runs = [_busy(run, seed=seed) for seed in (3, 4)]
    for simulation in runs:
        simulation.advance(5 * DAY_S)
    assert _outcome(runs[0])[0] != _outcome(runs[1])[0]


@pytest.mark.parametrize("after_s", [100.0, 3.2 * 3600.0, 1.6 * DAY_S])
def test_a_saved_run_has_the_same_future(run, after_s):
    simulation = _busy(run)
    simulation.advance(after_s)
    other = taken_up(simulation)
    for each in (simulation, other):
        each.context.supply.cut(["cab-1"], "power", "test")
        each.advance(after_s + 3600.0)
        each.context.supply.restore(["cab-1"], "power", "test")
        each.advance(8 * DAY_S)
    assert _outcome(simulation) == _outcome(other)


def test_kpis_and_gauges_have_units_and_are_enough(run):
    simulation = _busy(run)
    simulation.advance(DAY_S)
    kpis = simulation.kpis()["lamps"]
    assert len(kpis) >= 10
    assert all(kpi.unit for kpi in kpis.values())
    assert set(simulation.gauges()["lamps"]) >= {"power_w", "level_percent", "lamps_dark"}


@given(
    st.lists(
        st.sampled_from(["cut", "restore", "fail", "surge", "trip", "close", "dim", "hour", "day"]),
        max_size=15,
    )
)
@settings(max_examples=25, deadline=None)
def test_whatever_happens_the_laws_of_conservation_hold(steps):
    start = datetime(2026, 1, 20, 16, tzinfo=BERLIN)
    simulation = Simulation(make_quarter(), seed=1, start=start, systems=["lamps"])
    supply, do = simulation.context.supply, simulation.systems["lamps"].actions()
    for step in steps:
        if step == "cut":
            supply.cut(["cab-1", "cab-2"], "power", "test")
        elif step == "restore":
            supply.restore(["cab-1", "cab-2"], "power", "test")
        elif step == "fail":
            do["fail"].begin("lamp-1-05", {})
        elif step == "surge":
            do["surge"].begin("cab-1", {"lamps": 6})
        elif step == "trip":
            do["fail_cabinet"].begin("cab-2", {})
        elif step == "close":
            do["repair_cabinet"].begin("cab-2", {})
        elif step == "dim":
            do["dim"].begin("city", {"level_percent": 30})
        else:
            simulation.advance(simulation.now_s + (3600.0 if step == "hour" else DAY_S))
        simulation.check_invariants()


def test_a_managed_world_has_only_its_cabinets(run):
    simulation = run(managed=["cab-2"])
    assert dict(simulation.devices()) == {"cab-2": "lamp_cabinet"}
    assert simulation.systems["lamps"].fleet.n_lamps == 20


def test_a_world_without_cabinets_costs_nothing(run):
    simulation = run(managed=[])
    simulation.advance(DAY_S)
    assert simulation.context.trace.counts() == {}
    assert simulation.kpis()["lamps"]["energy_kwh"].value == 0.0


def test_quarter_hours_of_cabinets_are_recorded_when_asked_for(run):
    simulation = run(hour=20, telemetry=["cabinets"])
    simulation.advance(3600.5)
    table = simulation.context.telemetry.take("cabinets")
    assert (
        table["at_s"].tolist()
        == [0.0] * 2 + [900.0] * 2 + [1800.0] * 2 + [2700.0] * 2 + [3600.0] * 2
    )
    assert set(table["cabinet"]) == {"cab-1", "cab-2"}
    assert (table["power_w"] > 0.0).all()
    assert run().context.telemetry.tables() == ()


def test_every_assumption_says_what_it_rests_on_and_is_used():
    source = "".join(path.read_text() for path in (DUISBURG.parents[1] / "sim/lamps").glob("*.py"))
    keys = [entry.key.removeprefix("lamps.") for entry in ASSUMPTIONS]
    assert len(set(keys)) == len(keys)
    for entry, key in zip(ASSUMPTIONS, keys, strict=True):
        assert entry.mark in {"R", "S", "C", "K"}
        assert entry.source
        assert f'figure("{key}")' in source


def test_a_winters_day_of_duisburg(duisburg):
    start = datetime(2026, 1, 20, 12, tzinfo=BERLIN)
    simulation = Simulation(duisburg, seed=1, start=start, systems=["lamps"])
    simulation.advance(DAY_S)
    kpis = simulation.kpis()["lamps"]
    assert kpis["energy_kwh"].value == pytest.approx(60_000, rel=0.03)  # 3.9 to 4.2 MW, 14.8 h
    assert kpis["burning_hours"].value == pytest.approx(14.8, abs=0.1)
    assert 3.0 < kpis["energy_saved_percent"].value < 6.0  # a quarter of the lamps is dimmed
    assert kpis["en13201_met_percent"].value > 99.0
    assert len(simulation.systems["lamps"].kpis_by_district()) == 7
    simulation.check_invariants()
