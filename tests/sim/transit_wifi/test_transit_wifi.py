"""Trams and buses: timetable, delays, riders, Wi-Fi on board, and their laws."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sim.conftest import make_city
from tests.sim.saved import taken_up
from twin.model.city import AccessPoint, Radio, Ssid, Stop, TransitLine
from twin.model.errors import ModelError
from twin.sim.simulation import Simulation
from twin.sim.transit_wifi import ASSUMPTIONS, TIMETABLE_KEY
from twin.sim.transit_wifi.delays import LATE_S, Delays
from twin.sim.transit_wifi.lines import find_line
from twin.sim.transit_wifi.patterns import HeadwayTimetable, Timetable, pattern_of
from twin.sim.transit_wifi.vehicles import BETWEEN, STATION, Vehicles

TUESDAY = datetime(2026, 1, 20, tzinfo=ZoneInfo("Europe/Berlin"))


@cache
def make_town():
    """Make the small city with a tram, two of its five stops below ground, and a bus."""
    city = make_city()
    stops = tuple(stop.id for stop in city.stops)
    tram = TransitLine(
        id="901", mode="tram", stops=stops, vehicle_places=200, headway_peak_s=300.0,
        headway_s=900.0, tunnel_stops=stops[1:3],
    )  # fmt: skip
    bus = TransitLine(
        id="bus-1", mode="bus", stops=stops[::2], vehicle_places=90, headway_peak_s=600.0,
        headway_s=1200.0,
    )  # fmt: skip
    return replace(city, lines=(tram, bus))


@pytest.fixture(scope="module")
def town():
    """The small city with its lines."""
    return make_town()


def make_simulation(town, hour=7, **options):
    """Public transport of the town."""
    options = {"seed": 3, "tick_s": 30.0, "systems": ["transit_wifi"]} | options
    return Simulation(town, start=TUESDAY.replace(hour=hour), **options)


def kpi(simulation, name):
    """A figure of public transport."""
    return simulation.systems["transit_wifi"].kpis()[name].value


def system(simulation):
    """Public transport."""
    return simulation.systems["transit_wifi"]


@pytest.fixture(scope="module")
def day(town):
    """A day of the town."""
    simulation = make_simulation(town, hour=0, tick_s=60.0)
    for hour in range(1, 25):
        simulation.advance(hour * 3600.0)
        simulation.check_invariants()
    return simulation


def test_a_day_carries_the_riders_of_the_residents(day, town):
    residents = sum(cell.residents for cell in town.census)
    assert kpi(day, "passengers") == pytest.approx(residents * 174 / 488, rel=0.08)


def test_a_day_is_about_as_reliable_and_punctual_as_the_operator_says(day):
    assert 76.0 < kpi(day, "reliability_tram_percent") < 93.0
    assert 88.0 < kpi(day, "reliability_bus_percent") < 98.0
    assert 72.0 < kpi(day, "punctual_tram_percent") < 86.0
    assert 78.0 < kpi(day, "punctual_bus_percent") < 93.0


def _under_way(timetable, day):
    """Vehicles on a trip each minute of a day."""
    minutes = 60.0 * np.arange(24 * 60)
    busy = np.zeros(minutes.size)
    for pattern, times in zip(timetable.patterns, timetable.departures(day), strict=True):
        for begin_s in times:
            busy += (minutes >= begin_s) & (minutes < begin_s + pattern.offset_s[-1])
    return busy


def test_lines_do_not_all_leave_at_once(town):
    lines = tuple(
        replace(town.lines[0], id=f"line-{k}", headway_peak_s=1200.0, headway_s=2400.0)
        for k in range(30)
    )
    timetable = HeadwayTimetable(replace(town, lines=lines))
    busy = _under_way(timetable, TUESDAY)
    noon, evening = busy[10 * 60 : 15 * 60], busy[21 * 60 : 24 * 60]
    for part in (noon, evening):
        assert part.max() - part.min() <= 0.2 * part.mean() + 2.0
    assert noon.mean() == pytest.approx(2.0 * evening.mean(), rel=0.1)


def test_a_public_holiday_has_the_service_and_the_riders_of_a_weekend(town):
    timetable = HeadwayTimetable(town)
    ascension, saturday, tuesday = (TUESDAY.replace(month=5, day=day) for day in (14, 16, 12))
    trips = [sum(map(len, timetable.departures(day))) for day in (ascension, saturday, tuesday)]
    assert trips[0] == trips[1] < trips[2]
    run = Simulation(town, start=ascension, seed=3, tick_s=300.0, systems=["transit_wifi"])
    run.advance(86_400.0)
    residents = sum(cell.residents for cell in town.census)
    assert kpi(run, "passengers") == pytest.approx(0.6 * residents * 174 / 488, rel=0.1)


def test_sessions_follow_log_ins_per_boarding(day):
    assert kpi(day, "sessions") == pytest.approx(kpi(day, "passengers") * 80 / 770, rel=0.1)
    assert kpi(day, "traffic_gb") == pytest.approx(
        kpi(day, "sessions") * kpi(day, "mean_session_mb") / 1e3, rel=0.05
    )


def test_figures_are_many_finite_and_have_units(day):
    figures = system(day).kpis()
    assert len(figures) >= 8
    for figure in figures.values():
        assert np.isfinite(figure.value)
        assert figure.unit
    assert kpi(day, "backhaul_p5_mbps") <= kpi(day, "backhaul_p50_mbps")
    assert kpi(day, "outage_s_per_vehicle_h") > 0.0


def test_there_are_vehicles_by_day_and_none_in_the_small_hours(town):
    night, noon = make_simulation(town, hour=3), make_simulation(town, hour=12)
    for run in (night, noon):
        run.advance(600.0)
    assert system(night).positions() == ()
    assert system(noon).trams()
    assert all(each.id.startswith("tram-") for each in system(noon).trams())
    xs = [stop.x_m for stop in town.stops]
    for each in system(noon).positions():
        assert min(xs) <= each.x_m <= max(xs)


def test_trams_move_from_stop_to_stop(town):
    run = make_simulation(town)
    seen, names = set(), set()
    for k in range(1, 41):
        run.advance(15.0 * k)
        for each in system(run).trams():
            seen.add((each.id, round(each.x_m)))
            names.add(each.stop)
    assert len(seen) > 3 * len({name for name, _ in seen})
    assert names > {"", "Stop 0", "Stop 4"}


def test_a_run_that_begins_by_day_has_its_vehicles_under_way(town):
    run = make_simulation(town, hour=8)
    assert len(system(run).trams()) >= 2
    assert system(run).gauges()["passengers"] > 0


def test_same_seed_same_trace_other_seed_another(town):
    runs = [make_simulation(town, seed=seed) for seed in (3, 3, 4)]
    for run in runs:
        run.advance(3600.0)
    hashes = [run.context.trace.sha256() for run in runs]
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_saved_run_has_the_same_future(town):
    run = make_simulation(town)
    run.advance(1800.0)
    copy = taken_up(run)
    for each in (run, copy):
        each.advance(5400.0)
    assert copy.context.trace.sha256() == run.context.trace.sha256()
    assert copy.systems["transit_wifi"].kpis() == run.systems["transit_wifi"].kpis()


def test_the_router_has_nothing_in_the_tunnel_and_the_repeater_at_its_stations(town):
    run = make_simulation(town)
    onboard, vehicles = system(run).onboard, system(run).operation.vehicles
    rates = {STATION: set(), BETWEEN: set(), 0: set()}
    for k in range(1, 41):
        run.advance(30.0 * k + 0.001)  # just after a step
        below = vehicles.tunnels(run.now_s)
        for i in vehicles.running():
            rates[int(below[i])].add(float(onboard.rate_bps[i]))
    assert rates == {STATION: {20e6}, BETWEEN: {0.0}, 0: {25e6}}
    system(run).actions()["repeaters"].begin("all", {})
    outage = kpi(run, "outage_s_per_vehicle_h")
    run.advance(run.now_s + 1800.0)
    assert kpi(run, "outage_s_per_vehicle_h") > outage
    run.check_invariants()


class _Cells:
    """Cells that could give 10 Mbit/s, and give half of what is asked."""

    def __init__(self):
        self.routers = self
        self.riders, self.given, self.octets = [], 0, np.zeros(1, dtype=np.int64)

    def offer(self, at_m, wanted_bps, sims, knows_nr):
        assert list(sims) == ["A", "B"]
        assert not knows_nr.any()
        self.octets = (wanted_bps * 30.0 / 16.0).astype(np.int64)
        return np.full(wanted_bps.size, 10e6), np.ones(wanted_bps.size, dtype=bool)

    def collect(self):
        self.given += int(self.octets.sum())
        return self.octets

    def carry(self, x_m, y_m, passengers):
        self.riders.append(int(np.sum(passengers)))


def test_passengers_get_what_the_cells_give_and_no_more(town):
    run, alone = make_simulation(town, hour=8), make_simulation(town, hour=8)
    cells = run.context.systems["cellular"] = _Cells()
    for each in (run, alone):
        each.advance(3600.0)
        system(each).check_invariants()
    assert max(cells.riders) > 0
    assert kpi(run, "traffic_over_cells_gb") == pytest.approx(cells.given / 1e9)
    assert kpi(run, "traffic_gb") <= cells.given / 1e9
    assert kpi(run, "backhaul_given_percent") == pytest.approx(50.0, abs=1.0)
    assert kpi(run, "traffic_gb") < 0.95 * kpi(alone, "traffic_gb")
    assert kpi(alone, "traffic_over_cells_gb") == 0.0
    assert kpi(alone, "backhaul_given_percent") == pytest.approx(100.0)
    running = system(run).operation.vehicles.is_running
    rates = system(run).onboard.rate_bps[running].tolist()
    assert set(rates) <= {0.0, 10e6}  # at a tunnel station the repeater of the cell above


def test_bits_of_vehicles_are_served_by_the_simulated_cells(town):
    run = make_simulation(town, hour=8, tick_s=10.0, systems=["cellular", "transit_wifi"])
    for minute in range(1, 31):
        run.advance(60.0 * minute)
        run.check_invariants()
    backhaul = system(run).onboard.backhaul
    assert backhaul.cells_bits > 0.8 * backhaul.passed_bits > 0.0
    assert backhaul.other_bits > 0.0  # the last stop lies where no cells are simulated
    assert kpi(run, "backhaul_given_percent") > 50.0  # one full LTE carrier in this town


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**31), part=st.floats(0.0, 1.0), riders=st.sampled_from([1.0, 8.0]))
def test_no_bit_is_lost_between_passengers_and_cells(seed, part, riders):
    run = make_simulation(make_town(), hour=8, seed=seed, systems=["cellular", "transit_wifi"])
    system(run).actions()["demand"].begin("all", {"factor": riders})
    run.advance(300.0)
    if part < 0.5:
        run.systems["cellular"].actions()["demand"].begin("testtown", {"factor": 120.0 * part})
    else:
        run.systems["cellular"].actions()["fail"].begin("site-a-001", {})
    run.advance(900.0)
    run.check_invariants()


def test_a_disrupted_line_runs_dry_and_comes_back(town):
    run = make_simulation(town)
    disrupt = system(run).actions()["disrupt"]
    disrupt.begin("901", {})
    run.advance(3600.0)
    assert system(run).trams() == ()
    assert system(run).positions()
    disrupt.end("901", {})
    run.advance(7200.0)
    assert system(run).trams()
    assert kpi(run, "reliability_tram_percent") < 70.0
    assert [each.who for each in system(run).story()] == ["901", "901"]
    run.check_invariants()


def test_too_many_riders_are_left_behind_and_wait(town):
    run = make_simulation(town)
    system(run).actions()["demand"].begin("all", {"factor": 20})
    run.advance(3600.0)
    assert kpi(run, "left_behind") > 100
    assert max(each.passengers for each in system(run).positions()) <= 200
    run.check_invariants()


def test_a_vehicle_without_wifi_has_no_clients(town):
    run = make_simulation(town)
    fail = system(run).actions()["fail"]
    for name in system(run).operation.vehicles.ids:
        fail.check(name, {})
        fail.begin(name, {})
    run.advance(3600.0)
    assert system(run).gauges()["clients"] == 0.0
    assert kpi(run, "traffic_gb") == 0.0
    run.check_invariants()


@pytest.mark.parametrize(
    ("verb", "target", "parameters"),
    [
        ("disrupt", "902", {}),
        ("fail", "tram-999", {}),
        ("demand", "901", {"factor": 2}),
        ("demand", "all", {"factor": -1}),
        ("demand", "all", {"factor": float("nan")}),
        ("demand", "all", {}),
        ("repeaters", "901", {}),
    ],
)
def test_impossible_actions_are_refused_in_one_line(town, verb, target, parameters):
    action = system(make_simulation(town)).actions()[verb]
    with pytest.raises(ModelError, match="transit_wifi: ") as refused:
        action.check(target, parameters)
    assert "\n" not in str(refused.value)


def _vehicle_ap(name, site):
    return AccessPoint(
        id=name, site=site, x_m=0.0, y_m=0.0, height_m=3.0, placement="vehicle",
        radios=(
            Radio(index="2", channel=36, bandwidth_mhz=20, tx_power_dbm=13, antenna_gain_dbi=3.0),
        ),
        ssids=(Ssid(name="Stadtwerke-WLAN"),),
    )  # fmt: skip


def test_access_points_of_the_city_file_ride_on_vehicles(town):
    aps = (_vehicle_ap("ap-a", "wagon-1"), _vehicle_ap("ap-b", "wagon-1"))
    ridden = replace(town, access_points=(*town.access_points, *aps))
    run = make_simulation(ridden, managed=["ap-a"])
    assert run.devices() == {"ap-a": "ap"}
    assert system(run).onboard.access_points("tram-001") == ["ap-a", "ap-b"]
    run.advance(3600.0)
    assert run.is_reachable("ap-a")
    assert run.read("ap-a", "ssid/Stadtwerke-WLAN/tx_octets") > 0


def test_a_world_without_vehicles_costs_nothing(town):
    run = make_simulation(town, managed=["cab-1"])
    assert run.context.kernel.peek() == float("inf")
    assert system(run).positions() == ()
    assert len(system(run).kpis()) >= 8
    run.check_invariants()


def test_a_city_without_lines_has_one_tram_through_its_stops(city):
    timetable = HeadwayTimetable(city)
    assert [pattern.mode for pattern in timetable.patterns] == ["tram", "tram"]
    assert timetable.patterns[0].stops == timetable.patterns[1].stops[::-1]


def test_a_line_runs_from_end_to_end_whatever_the_order_of_the_stops():
    places = [(0, 0), (500, 0), (1000, 50), (1500, 0), (2000, 0), (1000, 400)]
    stops = [
        Stop(id=f"s{k}", name=f"s{k}", x_m=x, y_m=y, modes=("tram",))
        for k, (x, y) in enumerate(places)
    ]
    line = find_line([stops[i] for i in (3, 5, 0, 4, 2, 1)])
    names = [stop.name for stop in line]
    assert names in (["s0", "s1", "s2", "s3", "s4"], ["s4", "s3", "s2", "s1", "s0"])


def test_platforms_of_one_stop_are_one_and_a_town_without_trams_has_no_line():
    pair = [Stop(id=f"s{k}", name="s", x_m=10.0 * k, y_m=0.0, modes=("tram",)) for k in range(2)]
    assert find_line(pair) == ()
    assert find_line([]) == ()
    bus = Stop(id="b", name="b", x_m=0.0, y_m=0.0, modes=("bus",))
    assert find_line([bus]) == ()


def test_headways_hold_at_peak_and_off_peak(town):
    timetable = HeadwayTimetable(town)
    assert isinstance(timetable, Timetable)
    times = timetable.departures(TUESDAY)[0]
    at_peak = times[(times > 8 * 3600) & (times < 18 * 3600)]
    np.testing.assert_allclose(np.diff(at_peak), 300.0)
    late = times[times > 20 * 3600]
    np.testing.assert_allclose(np.diff(late), 900.0)
    assert times.min() >= 4.5 * 3600
    assert len(timetable.departures(TUESDAY.replace(day=25))[0]) < len(times) / 2  # a Sunday


class _Once:
    """One tram at eight."""

    def __init__(self, stops):
        self.patterns = (pattern_of("x", "tram", stops, places=200),)

    def departures(self, day):
        return [np.array([8 * 3600.0])]


def test_a_given_timetable_replaces_the_headways(town):
    run = make_simulation(town, shared={TIMETABLE_KEY: _Once(town.stops)})
    run.advance(6 * 3600.0)
    assert system(run).operation.sums["tram"].trips == 1
    assert system(run).operation.sums["bus"].trips == 0
    run.check_invariants()


class _Variants:
    """The lines of a town, each departure of a pattern with a running time of its own."""

    def __init__(self, town, n):
        self._table, self._n = HeadwayTimetable(town), n
        self.patterns = tuple(
            replace(pattern, offset_s=tuple(at_s + 0.1 * k for at_s in pattern.offset_s))
            for pattern in self._table.patterns
            for k in range(n)
        )

    def departures(self, day):
        times = self._table.departures(day)
        return [each[k :: self._n] for each in times for k in range(self._n)]


def test_riders_wait_for_a_line_whatever_its_running_times(town):
    riders = []
    for n in (1, 40):
        run = make_simulation(town, hour=8, shared={TIMETABLE_KEY: _Variants(town, n)})
        run.advance(4 * 3600.0)
        run.check_invariants()
        riders.append(kpi(run, "passengers"))
    assert riders[1] == pytest.approx(riders[0], rel=0.05)


@pytest.mark.parametrize("percent", [79.1, 85.6, 95.0])
def test_delays_have_the_known_share_of_punctual_departures(percent):
    delays = Delays(percent, np.random.default_rng(5))
    punctual = []
    for _ in range(3000):
        delay_s = delays.first()
        for _ in range(30):
            punctual.append(delay_s < LATE_S)
            delay_s = delays.next(delay_s)
    assert 100.0 * np.mean(punctual) == pytest.approx(percent, abs=2.0)


def test_vehicles_are_taken_where_they_stand_before_one_is_sent():
    vehicles = Vehicles(["tram", "tram"])
    assert [vehicles.take("tram", "a", 0.0) for _ in range(3)] == [0, 1, -1]
    vehicles.give_back(1, "b", 0.0, 300.0)
    assert vehicles.take("tram", "a", 60.0) == -1  # not idle for long enough
    assert vehicles.take("tram", "b", 60.0) == 1
    assert vehicles.take("bus", "b", 60.0) == -1


def test_assumptions_name_unit_mark_and_source():
    assert len({each.key for each in ASSUMPTIONS}) == len(ASSUMPTIONS)
    for each in ASSUMPTIONS:
        assert each.key.startswith("transit_wifi.")
        assert each.mark in {"R", "S", "C", "K"}
        assert each.unit
        assert each.source
        assert each.used_by
