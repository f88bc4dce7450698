"""A station is cut at 8:10: what goes dark when, and how it comes back, all nine systems at work.

Times come from the assumptions of each system: consumers return 2 s apart, a switch boots 60 s, an
access point 90 s, a router of a school 120 s, a cabinet 30 s, a base station 300 s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import pytest

from twin.sim.cellular.assumptions import assumed as of_cells
from twin.sim.classrooms.assumptions import value as of_schools
from twin.sim.dependencies import find_telling_station
from twin.sim.dependencies.assumptions import figure as of_grid
from twin.sim.run import DEFAULT_START, Run, SimulationResult
from twin.sim.save import restore, save
from twin.sim.scenario import load_scenario
from twin.sim.signals.assumptions import assumed as of_signals
from twin.sim.simulation import Simulation
from twin.sim.wifi.assumptions import figure as of_wifi

pytestmark = [pytest.mark.slow, pytest.mark.long]

BEGIN_H = 8.0 + 5.0 / 60.0
CUT_S = 300.0  # 8:10 local, the run begins at 8:05
BACK_S = CUT_S + 7200.0
END_S = BACK_S + 420.0


def _at_8_05(city, **options):
    return Simulation(city, seed=1, start=DEFAULT_START + timedelta(hours=BEGIN_H), **options)


def _clients(simulation, ap):
    paths = [path for path in simulation.paths(ap) if path.endswith("/clients")]
    return sum(int(simulation.read(ap, path)) for path in paths)


@dataclass
class Seen:
    """What controllers read at one moment."""

    power_w: dict = field(default_factory=dict)
    reachable: dict = field(default_factory=dict)
    clients: dict = field(default_factory=dict)
    cells: dict = field(default_factory=dict)
    users: dict = field(default_factory=dict)
    signal: dict = field(default_factory=dict)
    gauges: dict = field(default_factory=dict)


@dataclass
class Story:
    """A run with the cut: what was read at which second, and what happened to whom."""

    station: object
    battery_s: float
    seen: dict
    result: SimulationResult
    hash_after_a_while: str

    def when(self, what, who):
        """Seconds after 8:05 at which something happened to somebody, who had it once."""
        times = [
            event.at_s for event in self.result.story if (event.what, event.who) == (what, who)
        ]
        assert len(times) == 1, (what, who, times)
        return times[0]


class Watcher:
    """Reads everything that hangs on the station."""

    def __init__(self, simulation, city, station):
        self.simulation, self.station = simulation, station
        self.aps = [ap.id for ap in city.access_points if ap.site in station.wifi_sites]
        self.switches = [switch.id for switch in city.switches if switch.site in station.wifi_sites]
        self.mine = [
            cell
            for cell in city.cells
            if cell.id in simulation.devices() and cell.site in station.cell_sites
        ]

    def look(self):
        read, station = self.simulation.read, self.station
        devices = [*station.cabinets, *station.signals, *self.aps, *self.switches]
        devices += [cell.id for cell in self.mine]
        return Seen(
            power_w={name: read(name, "power_w") for name in station.cabinets},
            reachable={name: self.simulation.is_reachable(name) for name in devices},
            clients={name: _clients(self.simulation, name) for name in self.aps},
            cells={cell.id: read(cell.id, "operational_state") for cell in self.mine},
            users={"mine": sum(read(cell.id, "users") for cell in self.mine)},
            signal={name: read(name, "operational_state") for name in station.signals},
            gauges=self.simulation.gauges(),
        )


@pytest.fixture(scope="module")
def story(duisburg, scenarios):
    station = find_telling_station(duisburg)
    simulation = _at_8_05(duisburg)
    run = Run(
        simulation, hours=END_S / 3600.0, scenario=load_scenario(scenarios / "feeder-cut.yaml")
    )
    watcher = Watcher(simulation, duisburg, station)
    seen = {}
    for name, at_s in (("before", CUT_S - 0.5), ("cut", CUT_S + 0.5)):
        run.advance(at_s)
        seen[name] = watcher.look()
    early = simulation.trace.sha256()
    battery_s = float(
        next(event.amount for event in simulation.trace.story() if event.what == "site_on_battery")
    )
    moments = {
        "on battery": CUT_S + battery_s - 0.6,  # it is told in whole seconds
        "empty": CUT_S + battery_s + 0.6,
        "still dark": BACK_S - 0.5,
        "cabinets": BACK_S + 55.0,
        "switches": BACK_S + 80.0,
        "points": BACK_S + 180.0,
        "cells": END_S,
    }
    for name, at_s in moments.items():
        run.advance(at_s)
        seen[name] = watcher.look()
    simulation.check_invariants()
    return Story(station, battery_s, seen, run.result(), early)


def test_the_scenario_cuts_the_station_that_tells_the_most(story, scenarios):
    (event,) = load_scenario(scenarios / "feeder-cut.yaml").events
    assert (event.target, event.at, event.duration_s) == (story.station.id, "08:10", 7200.0)
    assert story.when("station_out", story.station.id) == CUT_S
    assert story.when("station_back", story.station.id) == BACK_S


def test_lamps_burn_until_the_cut_and_are_dark_with_it(story):
    before, cut = story.seen["before"], story.seen["cut"]
    assert all(watts > 0 for watts in before.power_w.values())
    assert set(cut.power_w.values()) == {0}
    assert cut.gauges["lamps"]["cabinets_without_power"] == len(story.station.cabinets)
    lost_w = before.gauges["lamps"]["power_w"] - cut.gauges["lamps"]["power_w"]
    assert lost_w == pytest.approx(sum(before.power_w.values()), abs=len(before.power_w))
    assert {story.when("cabinet_dark", name) for name in story.station.cabinets} == {CUT_S}


def test_the_signal_is_dark_with_the_cut(story):
    (name,) = story.station.signals
    assert story.seen["before"].signal[name] == "RUNNING"
    assert story.seen["cut"].signal[name] == "DARK"
    assert story.when("signal-dark", name) == CUT_S
    assert story.seen["cut"].gauges["signals"]["dark"] == 1.0
    assert any(m.who == name and m.text.startswith("dark") for m in story.result.moments)


def test_access_points_and_switches_are_silent_at_once_and_their_clients_gone(story):
    before, cut = story.seen["before"], story.seen["cut"]
    assert sum(before.clients.values()) > 0
    assert set(cut.clients.values()) == {0}
    for name in cut.clients:
        assert before.reachable[name], name
        assert not cut.reachable[name], name
    assert not any(cut.reachable[f"sw-{site}"] for site in story.station.wifi_sites)


def test_both_schools_are_offline_and_it_is_told_and_counted(story):
    cut = story.seen["cut"]
    schools = len(story.station.schools)
    assert cut.gauges["classrooms"]["schools_offline"] == schools
    for school in story.station.schools:
        assert story.when("school_dark", school) == CUT_S
        told = [moment for moment in story.result.moments if moment.who == school]
        assert told[0].at_s == CUT_S
        assert told[0].text.startswith("Power fails")
    assert story.result.systems["classrooms"]["offline_min"].value > 0.0


def test_cells_live_on_their_battery_and_no_longer(story):
    (site,) = story.station.cell_sites
    shortest_s, longest_s = of_cells("battery_roof_min_s"), of_cells("battery_mast_max_s")
    assert shortest_s <= story.battery_s <= longest_s  # 20 min of an aged roof to 4 h of a mast
    assert story.battery_s < 7200.0, "the cut must outlast the battery, or the test says nothing"
    assert story.when("site_on_battery", site) == CUT_S
    assert story.when("site_dark", site) == pytest.approx(CUT_S + story.battery_s, abs=0.5)
    assert set(story.seen["cut"].cells.values()) == {"ENABLED"}
    assert story.seen["cut"].gauges["cellular"]["on_battery_count"] == 1.0
    assert set(story.seen["on battery"].cells.values()) == {"ENABLED"}
    assert set(story.seen["empty"].cells.values()) == {"DISABLED"}
    assert not any(story.seen["empty"].reachable[cell] for cell in story.seen["empty"].cells)
    assert set(story.seen["still dark"].cells.values()) == {"DISABLED"}


def test_the_users_of_the_dark_site_are_torn_off_and_connect_again_elsewhere(story):
    on, empty, later = (story.seen[name] for name in ("on battery", "empty", "still dark"))
    assert on.users["mine"] > 0
    assert empty.users["mine"] == later.users["mine"] == 0
    before, after = (s.gauges["cellular"]["users_count"] for s in (on, empty))
    # Others come and go between the two readings.
    assert 0.9 * on.users["mine"] <= before - after < 0.01 * before
    figures = story.result.systems["cellular"]
    assert 0.0 < figures["dropped_session_percent"].value < 1.0
    assert figures["unserved_users_percent"].value < 1.0


def test_neighbours_take_the_people_of_a_dark_site(duisburg):
    (site,) = find_telling_station(duisburg).cell_sites
    run = Simulation(
        duisburg, seed=1, start=DEFAULT_START + timedelta(hours=8.75), systems=["cellular"],
        telemetry=["users"],
    )  # fmt: skip
    run.advance(310.0)
    fail = run.systems["cellular"].actions()["fail"]
    fail.check(site, {})
    fail.begin(site, {})
    run.advance(610.0)
    before, after = run.context.telemetry.take("users")["cell"].reshape(2, -1)
    mine = [cell.id for cell in duisburg.cells if cell.site == site]
    was_here = np.isin(before, mine)
    assert was_here.sum() > 20
    assert not np.isin(after, mine).any()
    assert (after[was_here] != "").mean() > 0.95  # no hole in the coverage


def test_what_is_dark_goes_dark_in_the_order_of_its_batteries(story):
    (site,) = story.station.cell_sites
    dark = [story.when("cabinet_dark", name) for name in story.station.cabinets]
    dark += [story.when("signal-dark", name) for name in story.station.signals]
    dark += [story.when("school_dark", name) for name in story.station.schools]
    assert set(dark) == {CUT_S}
    assert story.when("site_dark", site) > CUT_S


def test_consumers_come_back_after_the_station_in_the_documented_order(story):
    """Schools, then cells, Wi-Fi, signals and cabinets, two seconds apart."""
    station, apart_s = story.station, of_grid("stagger_s")
    (site,), (signal,) = station.cell_sites, station.signals
    cells_s = story.when("site_power_back", site)
    signal_s = story.when("signal-startup", signal)
    cabinets_s = [story.when("cabinet_powered", name) for name in station.cabinets]
    order = [story.when("station_back", station.id), cells_s, signal_s, *cabinets_s]
    assert order == sorted(order)
    steps = [round((at_s - BACK_S) / apart_s, 6) for at_s in order]
    assert all(step == int(step) for step in steps)
    assert steps[1] > len(station.schools)  # an office and the schools come first
    assert cabinets_s[1] - cabinets_s[0] == apart_s
    assert signal_s - cells_s == apart_s * (len(station.wifi_sites) + 1)


def test_each_takes_its_time_to_start(story):
    station = story.station
    (site,), (signal,) = station.cell_sites, station.signals
    start_s = of_signals("start_flash") + of_signals("all_red")
    assert story.when("signal-running", signal) - story.when("signal-startup", signal) == start_s
    for name in station.cabinets:
        boot_s = story.when("cabinet_up", name) - story.when("cabinet_powered", name)
        assert boot_s == 30.0
    for name in station.wifi_sites:  # school and its Wi-Fi hang on two plugs: the later one counts
        switch_s = story.when("switch_up", f"sw-{name}")
        assert 60.0 < switch_s - BACK_S <= 60.0 + 20.0
    for school in station.schools:
        router_s = story.when("school_router_up", school) - BACK_S
        assert of_schools("router_boot_s") < router_s <= of_schools("router_boot_s") + 20.0
    on_air_s = story.when("site_on_air", site) - story.when("site_power_back", site)
    assert on_air_s == of_cells("boot_s") == 300.0


def test_controllers_see_them_return_one_kind_after_the_other(story):
    seen, station = story.seen, story.station
    cabinets, switches, points = seen["cabinets"], seen["switches"], seen["points"]
    names = [f"sw-{site}" for site in station.wifi_sites]
    assert all(cabinets.reachable[name] for name in (*station.cabinets, *station.signals))
    assert not any(cabinets.reachable[name] for name in names)
    assert all(switches.reachable[name] for name in names)
    assert not any(switches.reachable[name] for name in switches.clients)
    assert of_wifi("ap_boot_s") == 90.0
    assert all(points.reachable[name] for name in points.clients)
    assert sum(points.clients.values()) > 0
    assert set(points.cells.values()) == {"DISABLED"}
    assert set(seen["cells"].cells.values()) == {"ENABLED"}
    assert seen["cells"].users["mine"] > 0


def test_lamps_stay_off_when_power_returns_by_day(story):
    assert set(story.seen["cells"].power_w.values()) == {0}
    assert story.seen["cells"].gauges["lamps"]["power_w"] == 0.0


def test_reliability_counts_the_two_hours(story):
    figures = {name: kpi.value for name, kpi in story.result.systems["dependencies"].items()}
    assert figures["longest_outage_min"] >= 120.0
    assert figures["customers_out_max"] >= 223.0
    assert figures["consumer_outages"] >= 8.0
    assert figures["energy_not_supplied_kwh"] >= 223.0 * 2.0 * 0.45
    assert figures["saidi_min"] >= 120.0 * 223.0 / 326_000.0 * 0.99


def test_the_same_seed_gives_the_same_trace(story, duisburg, scenarios):
    again = _at_8_05(duisburg)
    scenario = load_scenario(scenarios / "feeder-cut.yaml")
    run = Run(again, hours=END_S / 3600.0, scenario=scenario)
    run.advance(CUT_S + 0.5)
    assert again.trace.sha256() == story.hash_after_a_while


def test_who_is_saved_in_the_dark_comes_back_as_another_run_does(duisburg, scenarios, tmp_path):
    """From the cut to the last boot after the return; the systems that are quick to run."""
    names = ["dependencies", "egov_backbone", "city_wifi", "classrooms", "signals", "lamps"]
    cut = load_scenario(scenarios / "feeder-cut.yaml")
    one, other = (_at_8_05(duisburg, systems=names) for _ in range(2))
    for simulation in (one, other):
        Run(simulation, hours=END_S / 3600.0, scenario=cut)
        simulation.advance(CUT_S + 1800.0)
    save(other, tmp_path / "dark.sim")
    other = restore(tmp_path / "dark.sim", duisburg)
    for simulation in (one, other):
        simulation.advance(END_S)
        simulation.check_invariants()
    assert other.trace.sha256() == one.trace.sha256()
    assert repr(other.kpis()) == repr(one.kpis())
    told = [event.what for event in one.trace.story()]
    assert told.index("station_back") < told.index("signal-running")
    assert other.gauges()["lamps"]["cabinets_without_power"] == 0
