"""Offices, data centre and backbone through a day, with what can go wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.sim.saved import taken_up
from twin.model.errors import ModelError
from twin.sim.clock import Clock
from twin.sim.egov_backbone import ASSUMPTIONS
from twin.sim.egov_backbone.sla import service_s
from twin.sim.save import branch
from twin.sim.system import System

from .conftest import DAY_S, make_city

HOUR_S = 3600.0
AGREED_S = 11 * HOUR_S


def act(simulation, verb, target, **parameters):
    action = simulation.systems["egov_backbone"].actions()[verb]
    action.check(target, parameters)
    action.begin(target, parameters)
    return action


def kpis(simulation):
    return {name: kpi.value for name, kpi in simulation.kpis()["egov_backbone"].items()}


def test_a_day_serves_its_appointments(begin):
    simulation = begin()
    simulation.advance(16 * HOUR_S)
    simulation.check_invariants()
    found = kpis(simulation)
    # 40,000 a year in 250 days of 8.4 h on average: 152 in eight hours, more on the late day
    assert 3 * 150 <= found["appointments_due"] <= 3 * 153 + 40
    assert found["appointments_lost"] == 0
    came = found["appointments_due"] - found["no_shows"]
    assert found["appointments_served"] == came
    assert 0.03 < found["no_shows"] / found["appointments_due"] < 0.14
    assert 0.0 <= found["waiting_p50_min"] < found["waiting_p95_min"] < 45.0
    assert found["service_availability_percent"] == 100.0
    assert found["sla_met_percent"] == 100.0
    assert len(found) >= 10
    assert all(kpi.unit for kpi in simulation.kpis()["egov_backbone"].values())


def test_a_year_would_book_what_the_city_says(begin):
    simulation = begin(make_city(wireless_customers=(), schools=()), day=19)
    simulation.advance(6 * DAY_S)
    assert kpis(simulation)["appointments_due"] == pytest.approx(3 * 40_000 / 50, rel=0.01)


@pytest.mark.parametrize("date", [(2026, 1, 18), (2026, 4, 3), (2026, 5, 1), (2026, 6, 4)])
def test_nobody_comes_on_sundays_and_public_holidays(begin, date):
    simulation = begin(None, *date)
    simulation.advance(DAY_S / 2)
    assert kpis(simulation)["appointments_due"] == 0
    assert simulation.gauges()["egov_backbone"]["offices_open"] == 0.0


def test_one_office_is_open_on_its_late_evening(begin):
    simulation = begin()  # a Tuesday: the late evening of the second office
    simulation.advance(10 * HOUR_S + 60.0)
    offices = simulation.systems["egov_backbone"].offices
    now_s = simulation.now_s
    assert [name for name, office in offices.items() if office.is_open(now_s)] == ["office-2"]


def test_a_dead_data_centre_stops_the_queue_and_citizens_go_home(begin):
    simulation = begin()
    simulation.advance(2 * HOUR_S)
    action = act(simulation, "fail_data_centre", "dc")
    simulation.advance(2.5 * HOUR_S)
    served = kpis(simulation)["appointments_served"]
    simulation.advance(4 * HOUR_S)
    assert kpis(simulation)["appointments_served"] == served
    assert kpis(simulation)["appointments_lost"] > 10
    assert simulation.gauges()["egov_backbone"]["citizens_waiting"] > 0
    action.end("dc", {})
    simulation.advance(4 * HOUR_S + 29 * 60.0)
    assert kpis(simulation)["appointments_served"] == served  # services boot for half an hour
    simulation.advance(DAY_S)
    simulation.check_invariants()
    found = kpis(simulation)
    assert found["appointments_served"] > served
    assert found["sla_met_percent"] == 0.0
    down_s = 2.5 * HOUR_S
    expected = 100.0 * (1.0 - down_s / AGREED_S)
    assert found["service_availability_percent"] == pytest.approx(expected, abs=0.01)


def test_a_cut_ring_is_rerouted_and_nobody_notices(begin):
    simulation = begin()
    simulation.advance(HOUR_S)
    act(simulation, "cut_fibre", "n1-n2")
    egov = simulation.systems["egov_backbone"]
    assert egov.is_reachable("office-1")
    assert simulation.context.supply.cut_off("link") == ()
    found = kpis(simulation)
    assert found["reroutes"] == 1
    assert found["fibre_cuts"] == 1
    assert found["service_availability_percent"] == 100.0


def test_a_cut_spur_takes_the_link_from_what_hangs_on_it_until_it_is_mended(begin):
    simulation = begin()
    simulation.advance(HOUR_S)
    action = act(simulation, "cut_fibre", "7")
    egov = simulation.systems["egov_backbone"]
    assert simulation.context.supply.cut_off("link") == ("7", "school-7")
    assert not egov.is_reachable("school-7")
    assert egov.share("7") == 0.0
    assert egov.is_reachable("office-1")
    assert egov.is_reachable("some mobile site")
    simulation.advance(2 * HOUR_S)
    action.end("7", {})
    assert egov.is_reachable("school-7")
    assert simulation.context.supply.cut_off("link") == ()
    assert kpis(simulation)["places_cut_off_min"] == pytest.approx(60.0)
    simulation.check_invariants()


def test_two_causes_of_one_cut_need_two_repairs(begin):
    simulation = begin()
    action = act(simulation, "cut_fibre", "7")
    act(simulation, "cut_fibre", "7")
    action.end("7", {})
    assert not simulation.systems["egov_backbone"].is_reachable("7")
    action.end("7", {})
    assert simulation.systems["egov_backbone"].is_reachable("7")


def test_the_ups_carries_the_data_centre_until_the_generator_runs(begin):
    simulation = begin()
    simulation.advance(60.0)
    simulation.context.supply.cut(["dc"], "power", "test")
    centre = simulation.systems["egov_backbone"].centre
    assert centre.runs_on == "ups"
    simulation.advance(120.0)
    assert centre.runs_on == "genset"
    assert centre.is_up
    simulation.advance(DAY_S)
    assert centre.is_up
    simulation.context.supply.restore(["dc"], "power", "test")
    assert centre.runs_on == "mains"


def test_a_generator_that_does_not_start_leaves_the_ups_alone(begin, monkeypatch):
    simulation = begin()
    centre = simulation.systems["egov_backbone"].centre

    class Never:
        def random(self):
            return 1.0

    monkeypatch.setattr(centre, "_rng", Never())
    simulation.context.supply.cut(["dc"], "power", "test")
    simulation.advance(14 * 60.0)
    assert centre.is_up
    simulation.advance(16 * 60.0)
    assert not centre.is_up
    simulation.context.supply.restore(["dc"], "power", "test")
    simulation.advance(45 * 60.0)
    assert not centre.is_up
    simulation.advance(47 * 60.0)
    assert centre.is_up


def test_a_fibre_node_rides_through_on_its_battery(begin):
    simulation = begin()
    simulation.context.supply.cut(["n3"], "power", "test")
    egov = simulation.systems["egov_backbone"]
    simulation.advance(3.9 * HOUR_S)
    assert egov.is_reachable("office-3")
    simulation.advance(4.1 * HOUR_S)
    assert not egov.is_reachable("office-3")
    assert egov.is_reachable("office-1")
    simulation.context.supply.restore(["n3"], "power", "test")
    simulation.advance(4.1 * HOUR_S + 61.0)
    assert egov.is_reachable("office-3")


def test_an_office_without_power_stands_but_its_service_is_not_to_blame(begin):
    simulation = begin()
    simulation.advance(2 * HOUR_S)
    simulation.context.supply.cut(["office-1"], "power", "test")
    simulation.advance(6 * HOUR_S)
    offices = simulation.systems["egov_backbone"].offices
    assert not offices["office-1"].works
    assert offices["office-1"].lost() > 0
    assert offices["office-2"].lost() == 0
    assert kpis(simulation)["service_availability_percent"] == 100.0


def test_a_closed_office_sends_everybody_home(begin):
    simulation = begin()
    simulation.advance(3 * HOUR_S)
    action = act(simulation, "close_office", "office-1")
    simulation.advance(5 * HOUR_S)
    office = simulation.systems["egov_backbone"].offices["office-1"]
    assert set(office.tally.lost) == {"closed"}
    served = office.tally.served
    action.end("office-1", {})
    simulation.advance(9 * HOUR_S)
    assert office.tally.served > served
    simulation.check_invariants()


def test_heavy_rain_takes_homes_off_and_they_come_back(begin):
    simulation = begin()
    action = act(simulation, "rain", "city", rate_mm_h=150.0)
    simulation.advance(HOUR_S)
    assert simulation.gauges()["egov_backbone"]["served_homes_percent"] < 100.0
    assert simulation.gauges()["egov_backbone"]["rain_mm_h"] == 150.0
    action.end("city", {})
    simulation.advance(2 * HOUR_S)
    found = kpis(simulation)
    assert 0.0 < found["served_homes_percent"] < 100.0
    assert found["wireless_carried_percent"] <= 100.0
    simulation.check_invariants()


def test_a_hub_runs_on_its_battery_and_then_its_homes_are_out(begin):
    simulation = begin()
    simulation.context.supply.cut(["hub"], "power", "test")
    simulation.advance(25 * 60.0)
    assert simulation.gauges()["egov_backbone"]["served_homes_percent"] == 100.0
    simulation.advance(32 * 60.0)
    assert simulation.gauges()["egov_backbone"]["served_homes_percent"] == 0.0
    simulation.context.supply.restore(["hub"], "power", "test")
    simulation.advance(36 * 60.0)
    assert simulation.gauges()["egov_backbone"]["served_homes_percent"] == 100.0
    found = kpis(simulation)
    assert found["home_outage_min"] > 0.0
    assert found["rain_outage_min"] == 0.0


def test_diggers_come_at_the_stated_rate_and_crews_mend(begin):
    simulation = begin(failure_factor=2000.0)
    simulation.advance(5 * DAY_S)
    cuts = simulation.systems["egov_backbone"].backbone.cuts
    km = float(simulation.systems["egov_backbone"].backbone.fibre.cable_m.sum()) / 1e3
    expected = 1.4 * km / 100.0 * 2000.0 * 5.0 / 365.25
    assert abs(cuts.cuts - expected) < 5.0 * np.sqrt(expected)
    assert cuts.repairs >= cuts.cuts - 3
    simulation.check_invariants()


class Loader(System):
    """Another system with a school that wants more than a cable has."""

    name = "classrooms"

    def kpis(self):
        return {}

    def fibre_load_bps(self):
        return {"7": 3e9}


def test_other_systems_load_the_fibre(begin):
    simulation = begin()
    context = simulation.context
    context.systems["classrooms"] = Loader(context)
    egov = simulation.systems["egov_backbone"]
    egov.backbone.demand = type(egov.backbone.demand)(
        context.city, context.systems, egov.backbone.places
    )
    simulation.advance(HOUR_S)
    assert egov.share("7") == pytest.approx(1.0 / 3.0, rel=0.01)
    assert kpis(simulation)["link_load_max_percent"] >= 300.0
    assert kpis(simulation)["fibre_lost_gb"] > 0.0
    simulation.check_invariants()


@pytest.mark.parametrize(
    ("verb", "target", "parameters", "message"),
    [
        ("cut_fibre", "n1-n9", {}, "no fibre link and no place on the fibre is called 'n1-n9'"),
        ("fail_data_centre", "office-1", {}, "no data centre 'office-1'; the city's is 'dc'"),
        ("rain", "moon", {"rate_mm_h": 5.0}, "it cannot rain on 'moon'"),
        ("rain", "city", {}, "rain needs rate_mm_h"),
        ("rain", "city", {"rate_mm_h": -1.0}, "rate_mm_h is -1.0, must be 0 to 500"),
        ("rain", "city", {"rate_mm_h": float("nan")}, "must be 0 to 500"),
        ("close_office", "office-9", {}, "no citizen office 'office-9'; there are office-1"),
    ],
)
def test_impossible_actions_are_refused_in_one_line(begin, verb, target, parameters, message):
    simulation = begin()
    with pytest.raises(ModelError, match=message) as caught:
        act(simulation, verb, target, **parameters)
    assert "\n" not in str(caught.value)


def test_figures_by_district(begin):
    simulation = begin()
    simulation.advance(4 * HOUR_S)
    found = simulation.systems["egov_backbone"].kpis_by_district()
    assert set(found) == {"west", "east"}
    assert found["east"]["appointments_served"].value > 0.0
    assert found["west"]["served_homes_percent"].value == 100.0


def test_the_story_tells_cuts_and_outages_in_order(begin):
    simulation = begin()
    simulation.advance(HOUR_S)
    cut = act(simulation, "cut_fibre", "n3-n5")
    act(simulation, "cut_fibre", "n1-n2")
    fail = act(simulation, "fail_data_centre", "dc")
    simulation.advance(2 * HOUR_S)
    cut.end("n3-n5", {})
    fail.end("dc", {})
    simulation.advance(3 * HOUR_S)
    story = simulation.systems["egov_backbone"].story()
    told = [f"{moment.who}: {moment.text}" for moment in story]
    wanted = [
        "n3-n5: The cable is cut.",
        "fibre ring: Places cut off: 1 (office-3).",
        "office-3: The office cannot serve citizens; 0 wait.",
        "fibre ring: Places re-routed: 3.",
        "dc: The services of the data centre are down.",
        "n3-n5: The cable is mended.",
        "dc: The services of the data centre are back.",
    ]
    assert [text for text in told if text in wanted] == wanted
    assert [moment.at_s for moment in story] == sorted(moment.at_s for moment in story)


def test_telemetry_only_on_demand(begin):
    simulation = begin(telemetry=["offices", "fibre_links", "wireless_hubs"])
    simulation.advance(HOUR_S)
    tables = dict(simulation.context.telemetry.take_all())
    assert set(tables) == {"offices", "fibre_links", "wireless_hubs"}
    assert set(tables["offices"]) >= {"at_s", "office", "waiting", "served"}
    assert begin().context.telemetry.tables() == ()


def test_the_same_seed_gives_the_same_trace_and_another_does_not(begin):
    traces = []
    for seed in (3, 3, 4):
        simulation = begin(seed=seed, failure_factor=500.0)
        simulation.advance(6 * HOUR_S)
        traces.append(simulation.context.trace.sha256())
    assert traces[0] == traces[1] != traces[2]


@pytest.mark.parametrize("copy", [taken_up, branch])
def test_a_copy_in_mid_run_has_the_same_future(begin, copy):
    simulation = begin(failure_factor=500.0)
    simulation.advance(3.5 * HOUR_S)
    other = copy(simulation)
    for one in (simulation, other):
        one.advance(8 * HOUR_S)
        one.check_invariants()
    assert simulation.context.trace.sha256() == other.context.trace.sha256()
    assert kpis(simulation) == kpis(other)


def test_a_world_of_few_devices_costs_nothing(begin):
    simulation = begin(managed=[])
    simulation.advance(HOUR_S)
    egov = simulation.systems["egov_backbone"]
    assert not simulation.context.trace.counts()
    assert egov.is_reachable("anything")
    assert egov.kpis()["appointments_due"].value == 0.0


def test_a_city_without_any_of_it_starts(begin, town):
    empty = replace(
        town, offices=(), fibre_nodes=(), fibre_links=(), wireless_customers=(), schools=()
    )
    simulation = begin(empty)
    simulation.advance(HOUR_S)
    assert len(kpis(simulation)) >= 5
    with pytest.raises(ModelError, match="no municipal fibre"):
        act(simulation, "cut_fibre", "x")


def test_agreed_hours_leave_out_nights_weekends_and_holidays():
    clock = Clock(datetime(2026, 4, 2, 0, 0, tzinfo=ZoneInfo("Europe/Berlin")), "Europe/Berlin")
    # Thursday, Good Friday, the weekend, Easter Monday, Tuesday
    assert service_s(clock, 0.0, 6 * DAY_S) == 2 * AGREED_S
    assert service_s(clock, 6.5 * HOUR_S, 7.5 * HOUR_S) == 0.5 * HOUR_S
    assert service_s(clock, 20 * HOUR_S, 20 * HOUR_S) == 0.0


def test_every_assumption_has_a_source_and_a_mark():
    assert len({assumption.key for assumption in ASSUMPTIONS}) == len(ASSUMPTIONS)
    for assumption in ASSUMPTIONS:
        assert assumption.mark in {"R", "S", "C", "K"}
        assert assumption.source
        assert assumption.used_by == "egov_backbone"
