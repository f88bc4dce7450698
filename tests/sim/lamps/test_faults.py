"""Failures, tickets, crews and their days; group replacement; surges."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sim.lamps.conftest import make_quarter
from twin.sim.lamps.repair import Ticket, route


def _lamps(simulation):
    return simulation.systems["lamps"]


def _events(simulation, what):
    return [event for event in simulation.context.trace.recent() if event.what == what]


def _do(simulation, verb, target, **parameters):
    action = _lamps(simulation).actions()[verb]
    action.check(target, parameters)
    action.begin(target, parameters)
    return action


def test_a_failed_lamp_is_repaired_by_a_crew_in_working_hours(run):
    simulation = run(failure_factor=1.0)
    _do(simulation, "fail", "lamp-1-03")
    assert simulation.read("cab-1", "lamps_failed") == 1
    simulation.advance(14 * 86_400.0)
    done = next(e for e in _events(simulation, "lamp_repaired") if e.who == "lamp-1-03")
    local = simulation.context.clock.local(done.at_s)
    assert local.weekday() < 5
    assert 7 <= local.hour < 16
    assert 1 <= done.at_s / 86_400.0 <= 12
    kpis = simulation.kpis()["lamps"]
    assert kpis["crew_utilisation_percent"].value > 0.0
    assert kpis["mean_repair_h"].value > 20.0
    simulation.check_invariants()


def test_a_failed_lamp_takes_its_power_and_its_light_class_along(run):
    simulation = run(hour=20, failure_factor=1e-9)
    simulation.advance(3600.0)
    assert simulation.kpis()["lamps"]["en13201_met_percent"].value == pytest.approx(100.0)
    before_w = simulation.read("cab-1", "power_w")
    _do(simulation, "fail", "lamp-1-03")
    assert simulation.read("cab-1", "power_w") == pytest.approx(before_w * 19 / 20, rel=0.02)
    simulation.advance(7200.0)
    kpis = simulation.kpis()["lamps"]
    assert kpis["availability_percent"].value == pytest.approx(100 - 100 / 40 / 2, abs=0.01)
    assert kpis["en13201_met_percent"].value < kpis["availability_percent"].value


def test_no_crew_sets_out_between_christmas_eve_and_the_next_working_day(run):
    """24 December 2026 is a Thursday, the next two days are holidays, then comes a weekend."""
    simulation = run(2026, 12, 17, 6, failure_factor=1.0)
    for k in range(1, 20):
        _do(simulation, "fail", f"lamp-1-{k:02d}")
    simulation.advance(20 * 86_400.0)
    local = simulation.context.clock.local
    days = [local(e.at_s).day for e in _events(simulation, "lamp_repaired")]
    assert days
    assert not set(days) & {25, 26, 27}


def test_the_end_of_a_scenarios_fault_closes_its_ticket(run):
    simulation = run()
    action = _do(simulation, "fail", "lamp-1-03")
    assert simulation.kpis()["lamps"]["open_tickets"].value == 1
    simulation.advance(3600.0)
    action.end("lamp-1-03", {})
    assert simulation.read("cab-1", "lamps_failed") == 0
    assert simulation.kpis()["lamps"]["open_tickets"].value == 0
    simulation.advance(20 * 86_400.0)
    assert _lamps(simulation).crews.open >= 0
    assert sum(e.who == "lamp-1-03" for e in _events(simulation, "lamp_repaired")) == 1


def test_a_surge_takes_lamps_of_one_feeder_only(run):
    simulation = run(hour=20)
    _do(simulation, "surge", "cab-2", lamps=7)
    assert simulation.read("cab-2", "lamps_failed") == 7
    assert simulation.read("cab-1", "lamps_failed") == 0
    assert simulation.kpis()["lamps"]["surge_failures"].value == 7
    _lamps(simulation).surge("cab-1")
    assert simulation.read("cab-1", "lamps_failed") == 5
    _lamps(simulation).surge("cab-of-another-world")


def test_a_tripped_feeder_is_dark_until_the_crew_on_call_comes(run):
    simulation = run(hour=20)
    _do(simulation, "fail_cabinet", "cab-1")
    assert not simulation.is_reachable("cab-1")
    assert simulation.read("cab-1", "power_w") == 0
    simulation.advance(4 * 3600.0)
    assert simulation.is_reachable("cab-1")
    assert [e.what for e in simulation.context.trace.recent() if "cabinet" in e.what] == [
        "cabinet_dark",
        "cabinet_failed",
        "cabinet_repaired",
        "cabinet_powered",
        "cabinet_up",
    ]


def test_a_feeder_repaired_while_the_grid_is_off_waits_for_it(run):
    simulation = run(hour=20)
    supply = simulation.context.supply
    action = _do(simulation, "fail_cabinet", "cab-1")
    supply.cut(["cab-1"], "power", "grid")
    action.end("cab-1", {})
    simulation.advance(600.0)
    assert not simulation.is_reachable("cab-1")
    supply.restore(["cab-1"], "power", "grid")
    simulation.advance(700.0)
    assert simulation.is_reachable("cab-1")


def test_a_restored_grid_does_not_heal_a_tripped_feeder(run):
    simulation = run(hour=20)
    supply = simulation.context.supply
    supply.cut(["cab-1"], "power", "grid")
    _do(simulation, "fail_cabinet", "cab-1")
    supply.restore(["cab-1"], "power", "grid")
    simulation.advance(60.0)
    assert simulation.read("cab-1", "power_w") == 0


def test_worn_sodium_lamps_are_replaced_as_a_group(run):
    simulation = run(failure_factor=1.0)
    lamps = _lamps(simulation)
    for k in range(8):
        lamps.wear.age_h[20:] = 15_000.0
        lamp = 20 + 2 * k
        if lamps.fleet.works[lamp]:
            lamps.faults.wear_out(lamp)
    simulation.advance(20 * 86_400.0)
    assert simulation.kpis()["lamps"]["group_replacements"].value >= 1
    assert (lamps.wear.age_h[20:] < 500.0).all()
    assert simulation.read("cab-2", "lamps_failed") == 0
    simulation.check_invariants()


def test_failures_come_at_the_rate_of_the_ages(run):
    city = make_quarter(50, 40)
    simulation = run(2026, 1, 1, city=city, failure_factor=20.0)
    simulation.advance(60 * 86_400.0)
    counts = simulation.context.trace.counts()
    # 1,000 LED at 0.8 to 1 %, 1,000 sodium at 1.3 % a year on average: 21 to 23 a year.
    assert counts["lamp_failed"] == pytest.approx(22 * 20 * 60 / 365, abs=30)
    simulation.check_invariants()


def test_accelerated_repairs_take_three_to_ten_days_over_the_factor(run):
    simulation = run(city=make_quarter(4, 20), failure_factor=1000.0)
    simulation.advance(10 * 86_400.0)
    kpis = simulation.kpis()["lamps"]
    assert kpis["repairs"].value > 10
    assert 72.0 / 1000 <= kpis["mean_repair_h"].value <= 240.0 / 1000


def test_the_drill_breaks_and_repairs_without_a_crew(run):
    simulation = run(hour=20)
    _lamps(simulation).start_drill()
    simulation.advance(16.0)
    assert simulation.read("cab-1", "lamps_failed") == 1
    simulation.advance(46.0)
    assert simulation.read("cab-1", "lamps_failed") == 0
    assert simulation.kpis()["lamps"]["open_tickets"].value == 0
    assert [e.who for e in _events(simulation, "lamp_failed")] == ["lamp-1-00 drill"]


_PLACES = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=12)


@given(_PLACES)
def test_a_route_visits_every_job_once_and_the_nearest_first(places):
    jobs = [
        Ticket(
            name=f"job-{k}",
            lamps=(k,),
            failed_at_s=0.0,
            x_m=float(x),
            y_m=float(y),
            work_s=1.0,
            kind="lamp",
        )
        for k, (x, y) in enumerate(places)
    ]
    ordered = route(jobs, 0.0, 0.0)
    assert Counter(ordered) == Counter(jobs)
    if jobs:
        assert ordered[0].x_m ** 2 + ordered[0].y_m ** 2 == min(
            job.x_m**2 + job.y_m**2 for job in jobs
        )


def test_crews_work_off_a_backlog_one_after_the_other(run):
    city = make_quarter(2, 20)
    simulation = run(city=city, failure_factor=1.0)
    faults = _lamps(simulation).faults
    for k in range(0, 40, 2):
        faults.open_ticket(faults.break_lamps(k, 1, "scenario"))
    simulation.advance(30 * 86_400.0)
    repaired = _events(simulation, "lamp_repaired")
    assert len(repaired) >= 20
    times = sorted(event.at_s for event in repaired)
    assert min(b - a for a, b in pairwise(times)) >= 2700.0  # one crew
    assert simulation.read("cab-1", "lamps_failed") <= 1


def test_a_lamp_that_does_not_work_cannot_fail_again(run):
    simulation = run()
    _do(simulation, "fail", "lamp-1-03")
    _do(simulation, "fail", "lamp-1-03")
    assert simulation.kpis()["lamps"]["failures"].value == 1


def test_a_cabinet_without_lamps_can_trip_and_be_repaired(run):
    city = make_quarter()
    city = replace(city, lamps=city.lamps[:20])
    simulation = run(city=city)
    _do(simulation, "fail_cabinet", "cab-2")
    simulation.advance(6 * 3600.0)
    assert simulation.is_reachable("cab-2")
