"""Public Wi-Fi over a day: sessions, caps, portal, radar, crowds, and their laws."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.sim.saved import taken_up
from twin.model.errors import ModelError
from twin.sim.city_wifi import ASSUMPTIONS
from twin.sim.city_wifi.profile import popularity, square_weight, zoo_weight
from twin.sim.city_wifi.users import Users
from twin.sim.simulation import Simulation
from twin.sim.wifi.histogram import Histogram

STREET = [f"ap-fws-{k}" for k in range(1, 5)]
TUESDAY = datetime(2026, 1, 20, tzinfo=ZoneInfo("Europe/Berlin"))


def make_simulation(city, hour=12, **options):
    """The public Wi-Fi of the small city, with 60 s steps."""
    options = {"seed": 3, "tick_s": 30.0, "systems": ["city_wifi"]} | options
    return Simulation(city, start=TUESDAY.replace(hour=hour), **options)


def kpi(simulation, name):
    """A figure of the public Wi-Fi."""
    return simulation.systems["city_wifi"].kpis()[name].value


def system(simulation):
    """The public Wi-Fi."""
    return simulation.systems["city_wifi"]


@pytest.fixture(scope="module")
def day(city):
    """A day of the small city, with eight access points at the zoo."""
    zoo = [
        replace(ap, id=f"ap-zoo-{k}", site="zoo", y_m=ap.y_m + 900.0)
        for k, ap in enumerate(city.access_points)
        if ap.site == "fws"
    ]
    larger = replace(city, access_points=(*city.access_points, *zoo))
    simulation = make_simulation(larger, hour=0, tick_s=60.0)
    for hour in range(1, 25):
        simulation.advance(hour * 3600.0)
        simulation.check_invariants()
    return simulation


def test_a_day_has_the_sessions_of_its_access_points(day):
    assert 8 * 110 * 0.8 < kpi(day, "portal_logins") < 8 * 110 * 1.2
    assert 20.0 < kpi(day, "mean_session_min") < 26.0
    assert 8.0 < kpi(day, "mean_session_mb") < 26.0
    assert kpi(day, "traffic_gb") == pytest.approx(
        kpi(day, "sessions") * kpi(day, "mean_session_mb") / 1e3, rel=0.05
    )


def test_a_user_comes_back_some_times_a_day(day):
    assert 2.0 < kpi(day, "sessions") / kpi(day, "unique_users") < 3.5


def test_the_portal_lets_most_through(day):
    assert 88.0 < kpi(day, "portal_success_percent") < 97.0
    assert 10.0 < kpi(day, "portal_p50_s") < 20.0


def test_figures_are_many_finite_and_have_units(day):
    figures = system(day).kpis()
    assert len(figures) >= 10
    for figure in figures.values():
        assert np.isfinite(figure.value)
        assert figure.unit
    assert kpi(day, "user_throughput_p5_mbps") <= kpi(day, "user_throughput_p50_mbps")
    assert set(system(day).gauges()) >= {"clients", "throughput_mbps", "aps_up"}


def test_the_load_of_each_line_is_what_its_access_points_carry(city):
    simulation = make_simulation(city)
    simulation.advance(1800.0)
    load = system(simulation).fibre_load_bps()
    assert set(load) == {"fws"}
    carried = float(system(simulation).air.fleet.traffic.served_bps.sum())
    assert load["fws"] == pytest.approx(carried)
    assert carried > 0.0


def test_same_seed_same_trace_other_seed_another(city):
    runs = [make_simulation(city, seed=seed) for seed in (3, 3, 4)]
    for run in runs:
        run.advance(3600.0)
    hashes = [run.context.trace.sha256() for run in runs]
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_saved_run_has_the_same_future(city):
    run = make_simulation(city)
    run.advance(1800.0)
    copy = taken_up(run)
    for each in (run, copy):
        each.advance(5400.0)
    assert copy.context.trace.sha256() == run.context.trace.sha256()
    assert copy.systems["city_wifi"].kpis() == run.systems["city_wifi"].kpis()


def test_who_uses_up_the_days_volume_is_out_until_midnight(city):
    run = make_simulation(city, hour=21)
    run.advance(300.0)
    at = system(run).air.fleet.stations
    at.rate_bps[:] = 5e6  # 200 MB in about five minutes
    there = at.size
    run.advance(1200.0)
    assert kpi(run, "capped_users") > 0.5 * there
    assert not system(run).users.admit(np.flatnonzero(system(run).users._is_capped)).any()
    run.advance(3.2 * 3600.0)
    assert not system(run).users._is_capped.any()
    run.check_invariants()


def test_radar_is_legal_drift_of_the_channel_and_ends(city):
    run = make_simulation(city)
    action = system(run).actions()["radar"]
    action.check("ap-fws-1", {})
    run.advance(60.0)
    action.begin("ap-fws-1", {})
    assert run.read("ap-fws-1", "radio/2/tx_power_in_use_dbm") == -10
    run.advance(180.0)
    assert run.read("ap-fws-1", "radio/2/channel_in_use") != 100
    assert run.read("ap-fws-1", "radio/2/channel") == 100
    run.advance(60.0 + 1800.0 + 120.0)
    assert run.read("ap-fws-1", "radio/2/channel_in_use") == 100
    assert kpi(run, "radar_events") == 1
    assert "radar" in system(run).story()[0].text


def test_a_crowd_comes_and_goes(city):
    run = make_simulation(city)
    crowd = system(run).actions()["crowd"]
    run.advance(600.0)
    before = system(run).gauges()["clients"]
    crowd.begin("fws", {"people": 800})
    run.advance(600.0 + 2.0 * 3600.0)
    during = system(run).gauges()["clients"]
    assert before + 120 < during < before + 280
    crowd.end("fws", {"people": 800})
    run.advance(600.0 + 5.0 * 3600.0)
    assert system(run).gauges()["clients"] < 0.25 * during
    run.check_invariants()


def test_a_broken_access_point_lowers_availability_and_its_clients_leave(city):
    run = make_simulation(city)
    fail = system(run).actions()["fail"]
    fail.begin("ap-fws-2", {})
    run.advance(3600.0)
    assert not run.is_reachable("ap-fws-2")
    assert kpi(run, "ap_availability_percent") == pytest.approx(75.0, abs=1.0)
    fail.end("ap-fws-2", {})
    run.advance(3600.0 + 91.0)
    assert run.is_reachable("ap-fws-2")


def test_demand_can_be_nothing(city):
    run = make_simulation(city)
    demand = system(run).actions()["demand"]
    demand.begin("city", {"factor": 0})
    logins = kpi(run, "portal_logins")
    run.advance(3600.0)
    assert kpi(run, "portal_logins") == logins
    demand.end("city", {"factor": 0})
    run.advance(7200.0)
    assert kpi(run, "portal_logins") > logins


@pytest.mark.parametrize(
    ("verb", "target", "parameters"),
    [
        ("radar", "ap-school-1-1", {}),
        ("fail", "nowhere", {}),
        ("crowd", "nowhere", {"people": 5}),
        ("crowd", "fws", {}),
        ("crowd", "fws", {"people": -5}),
        ("crowd", "fws", {"people": float("nan")}),
        ("demand", "fws", {"factor": -1}),
        ("demand", "fws", {"factor": "much"}),
        ("demand", "school-1", {"factor": 1}),
    ],
)
def test_impossible_actions_are_refused_in_one_line(city, verb, target, parameters):
    action = system(make_simulation(city)).actions()[verb]
    with pytest.raises(ModelError, match="city_wifi: ") as refused:
        action.check(target, parameters)
    assert "\n" not in str(refused.value)


def test_a_world_of_lamps_costs_nothing(city):
    run = make_simulation(city, managed=["cab-1"])
    assert run.context.kernel.peek() == float("inf")
    assert run.devices() == {}
    assert len(system(run).kpis()) >= 10


def test_a_world_of_one_access_point_has_its_site_around_it(city):
    run = make_simulation(city, managed=["ap-fws-1"])
    assert run.devices() == {"ap-fws-1": "ap"}
    run.advance(600.0)
    assert kpi(run, "sessions") > 0
    assert system(run).gauges()["aps_up"] == 4.0


def test_a_third_of_log_ins_is_in_the_evening_and_the_zoo_is_shut():
    hours = [square_weight(TUESDAY.replace(hour=h, minute=30)) for h in range(24)]
    assert sum(hours[18:22]) / sum(hours) == pytest.approx(0.333, abs=0.001)
    assert sum(hours) / 24.0 == pytest.approx(1.0, abs=1e-6)
    minutes = [square_weight(TUESDAY.replace(hour=m // 60, minute=m % 60)) for m in range(1440)]
    assert np.abs(np.diff(minutes)).max() < 0.02  # people do not all come at six
    assert zoo_weight(TUESDAY.replace(hour=20)) == 0.0
    day = [zoo_weight(TUESDAY.replace(hour=m // 60, minute=m % 60)) for m in range(1440)]
    assert np.mean(day) == pytest.approx(1.0, abs=0.01)


def test_access_points_are_as_unequal_as_freifunk_nodes():
    """Mean 2, p99 17, 48 % idle; the day adds to the spread that is drawn here."""
    rng = np.random.default_rng(1)
    liked = popularity(5000, rng)
    assert liked.mean() == pytest.approx(1.0)
    assert liked.max() * 110 <= 800.0001
    hours = [square_weight(TUESDAY.replace(hour=h, minute=30)) for h in range(24)]
    clients = rng.poisson(2.0 * np.outer(hours, liked))
    assert 16 <= np.percentile(clients, 99) <= 19
    assert 0.40 < (clients == 0).mean() < 0.50
    assert clients.var() / clients.mean() > 5.0


def test_users_over_two_sessions_are_capped_together():
    users = Users(np.array([100.0]))
    mine, other = np.array([3, 3, 5]), np.array([120.0, 90.0, 120.0])
    np.testing.assert_array_equal(users.over(mine, other), [True, True, False])
    assert users.capped == 1
    users.new_day(np.array([5]), np.array([150.0]))
    assert users.admit(np.array([3])).all()
    assert not users.over(np.array([5]), np.array([300.0])).any()  # 150 of them were yesterday


def test_percentiles_of_a_histogram_are_near_those_of_the_values():
    values = np.random.default_rng(1).lognormal(10.0, 1.0, 20000)
    histogram = Histogram.decades(1.0, 1e9)
    histogram.add(values)
    for percent in (5.0, 50.0, 95.0):
        assert histogram.percentile(percent) == pytest.approx(
            np.percentile(values, percent), rel=0.05
        )
    assert histogram.mean() == pytest.approx(values.mean())


def test_assumptions_name_unit_mark_and_source():
    assert len({each.key for each in ASSUMPTIONS}) == len(ASSUMPTIONS)
    for each in ASSUMPTIONS:
        assert each.key.startswith("city_wifi.")
        assert each.mark in {"R", "S", "C", "K"}
        assert each.unit
        assert each.source
        assert each.used_by
