"""Outages spread from the grid to its consumers and come back in order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.geo.cityfile import load_city
from twin.model.city import PowerNode
from twin.model.errors import ModelError
from twin.sim.dependencies import Dependencies, find_telling_station
from twin.sim.dependencies.assumptions import ASSUMPTIONS, figure
from twin.sim.dependencies.topology import build_grid, consumers_of
from twin.sim.save import branch
from twin.sim.simulation import Simulation
from twin.sim.system import System

from .conftest import START, make_city

ON_NS_1 = (
    "office-1",
    "s1",
    "pop-1",
    "gw-1",
    "site-1",
    "school-s1",
    "signal-1",
    "cab-1",
)


def do(run, verb, target, **parameters):
    action = run.systems["dependencies"].actions()[verb]
    action.check(target, parameters)
    action.begin(target, parameters)
    return action


def end(run, verb, target):
    run.systems["dependencies"].actions()[verb].end(target, {})


def out(run):
    return run.context.supply.cut_off("power")


def watch(run):
    """Collect what consumers are told, with the simulated second."""
    seen = Told(run)
    run.context.supply.watch([c.id for c in consumers_of(run.context.city)], seen.told)
    return seen.rows


class Told:
    def __init__(self, run):
        self.run, self.rows = run, []

    def told(self, who, kind, is_supplied):
        self.rows.append((self.run.now_s, who, kind, is_supplied))


def test_everything_hangs_on_the_nearest_station(city):
    grid = build_grid(city)
    assert grid.children[grid.number["ns-1"]] == ON_NS_1
    assert grid.children[grid.number["ns-5"]] == ("s2",)
    assert {who for mine in grid.children for who in mine} == {c.id for c in consumers_of(city)}
    assert grid.customers[grid.number["ns-3"]] == round(100 * figure("meters_per_dwelling"))


def test_access_points_of_a_school_hang_where_the_school_does(city):
    grid = build_grid(city)
    assert grid.place_of["school-s1"][0] == grid.place_of["s1"][0]


def test_a_cut_station_takes_everything_with_it_and_brings_it_back_one_by_one(make_run):
    run = make_run()
    run.advance(4200.0)
    rows = watch(run)
    do(run, "cut", "ns-1")
    assert rows == [(4200.0, who, "power", False) for who in ON_NS_1]
    rows.clear()
    run.advance(4200.0 + 7200.0)
    assert rows == []
    end(run, "cut", "ns-1")
    assert run.gauges()["dependencies"]["stations_out"] == 0.0
    assert out(run) == tuple(sorted(ON_NS_1))  # the station is back, its consumers not yet
    run.advance(12_000.0)
    assert rows == [(11_400.0 + 2.0 * (k + 1), who, "power", True) for k, who in enumerate(ON_NS_1)]
    run.check_invariants()


def test_a_second_cut_stops_what_was_coming_back(make_run):
    run = make_run()
    do(run, "cut", "ns-1")
    end(run, "cut", "ns-1")
    run.advance(5.0)
    assert len(out(run)) == len(ON_NS_1) - 2
    do(run, "cut", "ns-1")
    run.advance(60.0)
    assert out(run) == tuple(sorted(ON_NS_1))
    run.check_invariants()


def test_cuts_of_one_station_that_overlap_end_with_the_last(make_run):
    run = make_run()
    do(run, "cut", "ns-1")
    do(run, "cut", "ns-1")
    end(run, "cut", "ns-1")
    run.advance(100.0)
    assert out(run) == tuple(sorted(ON_NS_1))
    end(run, "cut", "ns-1")
    run.advance(200.0)
    assert out(run) == ()


def test_the_ring_holds_without_one_substation(make_run):
    run = make_run(failure_factor=1.0)
    do(run, "cut", "sub-2")
    assert set(out(run)) == {"site-2", "cab-2"}
    assert run.gauges()["dependencies"]["stations_out"] == 2.0
    run.advance(figure("switching_max_s") + 100.0)
    assert out(run) == ()
    system = run.systems["dependencies"]
    assert not system.state.works(system.grid.number["sub-2"])
    assert run.context.trace.counts()["ring_switched"] == 1
    end(run, "cut", "sub-2")
    run.advance(10_000.0)
    assert not system.state.switched_to.any()  # back to the usual feed, unnoticed
    assert run.context.trace.counts()["station_out"] == 2
    run.check_invariants()


@pytest.mark.parametrize("seed", range(5))
def test_switching_takes_1_to_60_minutes(make_run, seed):
    run = make_run(failure_factor=1.0, seed=seed)
    rows = watch(run)
    do(run, "cut", "sub-2")
    run.advance(4000.0)
    back = [at for at, who, _, is_supplied in rows if who == "site-2" and is_supplied]
    assert len(back) == 1
    assert 60.0 <= back[0] - figure("stagger_s") <= 3600.0


def test_a_station_without_either_feed_waits_for_one_of_them(make_run):
    run = make_run(failure_factor=1.0)
    do(run, "cut", "sub-2")
    do(run, "cut", "sub-3")
    run.advance(20_000.0)
    assert set(out(run)) == {"site-2", "cab-2"}
    end(run, "cut", "sub-3")
    run.advance(25_000.0)
    assert out(run) == ()
    run.check_invariants()


def test_a_substation_between_two_that_failed_is_dead(make_run):
    run = make_run()
    system = run.systems["dependencies"]
    assert {system.grid.nodes[k].id for k in system.grid.infeeds} == {"sub-1", "sub-3"}
    do(run, "cut", "sub-1")
    assert system.state.alive[system.grid.number["sub-2"]]
    do(run, "cut", "sub-3")
    assert not system.state.alive.any()
    run.check_invariants()


def test_a_failed_station_is_mended_by_a_crew(make_run):
    run = make_run(failure_factor=1.0)
    do(run, "fail", "ns-3")
    assert run.gauges()["dependencies"]["crews_busy"] == 1.0
    run.advance(figure("travel_min_s") + figure("work_min_s") - 1.0)
    assert "site-2" in out(run)
    run.advance(figure("travel_max_s") + figure("work_max_s") + 60.0)
    assert out(run) == ()
    assert run.gauges()["dependencies"]["crews_busy"] == 0.0


def test_a_repair_takes_the_hours_it_is_given(make_run):
    run = make_run(failure_factor=1.0)
    do(run, "fail", "ns-3", repair_h=20)
    run.advance(20 * 3600.0)
    assert "site-2" in out(run)
    run.advance(20 * 3600.0 + figure("travel_max_s") + 60.0)
    assert out(run) == ()


def test_repair_ends_a_fault_at_once_and_frees_the_crew(make_run):
    run = make_run(failure_factor=1.0)
    do(run, "fail", "ns-3")
    run.advance(100.0)
    do(run, "repair", "ns-3")
    run.advance(110.0)
    assert out(run) == ()
    assert run.gauges()["dependencies"]["crews_busy"] == 0.0
    run.advance(50_000.0)
    assert run.context.trace.counts()["station_mended"] == 1


def test_faults_wait_for_a_crew_and_substations_come_first(make_run):
    run = make_run(failure_factor=1.0)
    for k in range(1, 8):
        do(run, "fail", f"ns-{k}", repair_h=5)
    do(run, "fail", "sub-4", repair_h=5)
    run.advance(10.0)
    assert run.gauges()["dependencies"]["crews_busy"] == figure("crews")
    system = run.systems["dependencies"]
    assert [f.node for f in system.repairs.open if f.due is None] == [
        system.grid.number["ns-7"],
        system.grid.number["sub-4"],
    ]
    do(run, "repair", "ns-1")
    run.advance(20.0)
    assert [f.node for f in system.repairs.open if f.due is None] == [system.grid.number["ns-7"]]
    do(run, "repair", "ns-7")  # no crew ever came
    run.advance(100_000.0)
    assert system.repairs.open == []
    assert run.kpis()["dependencies"]["crew_wait_min"].value > 0.0
    run.check_invariants()


def test_a_branch_takes_a_quarter_of_the_customers(make_run):
    run = make_run(failure_factor=1.0)
    system = run.systems["dependencies"]
    node = system.grid.number["ns-1"]
    system.fail_branch(node, 1)
    system.fail_branch(node, 1)  # it is broken already
    assert set(out(run)) == {"s1", "school-s1"}  # dealt in turn: second and sixth
    assert run.gauges()["dependencies"]["customers_out"] == system.grid.customers[node] / 4
    run.check_invariants()
    run.advance(20_000.0)
    assert out(run) == ()
    assert run.context.trace.counts() == {"branch_failed": 1, "branch_mended": 1}


def test_a_consumer_can_be_cut_alone(make_run):
    run = make_run()
    do(run, "cut", "cab-1")
    assert out(run) == ("cab-1",)
    assert run.gauges()["dependencies"]["customers_out"] == 0.0
    end(run, "cut", "cab-1")
    run.advance(10.0)
    assert out(run) == ()
    assert run.kpis()["dependencies"]["consumer_outages"].value == 1.0


def test_a_consumer_cut_alone_stays_out_when_its_station_is_back(make_run):
    run = make_run()
    do(run, "cut", "cab-1")
    do(run, "cut", "ns-1")
    end(run, "cut", "ns-1")
    run.advance(100.0)
    assert out(run) == ("cab-1",)
    run.check_invariants()


@pytest.mark.parametrize(
    ("verb", "target", "parameters", "message"),
    [
        ("cut", "ns-99", {}, "no substation, station or consumer 'ns-99'; did you mean ns-"),
        ("cut", "cab-11", {}, "did you mean cab-1?"),
        ("fail", "cab-1", {}, "no substation or station 'cab-1'"),
        ("fail", "ns-1", {"repair_h": 0}, "repair_h is 0, must be above 0"),
        ("fail", "ns-1", {"repair_h": float("nan")}, "repair_h is nan"),
        ("fail", "ns-1", {"repair_h": -3.0}, "repair_h is -3.0"),
        ("fail", "ns-1", {"repair_h": True}, "repair_h is True, must be a number"),
        ("fail", "ns-1", {"repair_h": "long"}, "repair_h is 'long', must be a number"),
        ("repair", "", {}, "no substation or station ''"),
        ("surge", "sub-1", {}, "sub-1 is a substation"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(make_run, verb, target, parameters, message):
    run = make_run()
    with pytest.raises(ModelError) as caught:
        do(run, verb, target, **parameters)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert out(run) == ()


def test_cyclic_dependencies_are_refused(make_run, city):
    def station(id_, feed):
        return PowerNode(id=id_, kind="station", x_m=0.0, y_m=0.0, feeds=(feed,))

    nodes = (*city.power_nodes, station("a", "b"), station("b", "c"), station("c", "a"))
    with pytest.raises(ModelError, match="stations feed one another: a < b < c < a"):
        make_run(replace(city, power_nodes=nodes))


def test_a_feed_that_does_not_exist_is_refused(make_run, city):
    lost = PowerNode(id="ns-9", kind="station", x_m=0.0, y_m=0.0, feeds=("sub-9",))
    with pytest.raises(ModelError, match="ns-9 is fed by sub-9, which does not exist"):
        make_run(replace(city, power_nodes=(*city.power_nodes, lost)))


def test_a_station_behind_a_station_goes_with_it(make_run, city):
    behind = PowerNode(id="ns-9", kind="station", x_m=9000.0, y_m=9000.0, feeds=("ns-5",))
    run = make_run(replace(city, power_nodes=(behind, *city.power_nodes)))
    do(run, "cut", "ns-5")
    system = run.systems["dependencies"]
    assert not system.state.alive[system.grid.number["ns-9"]]
    end(run, "cut", "ns-5")
    assert system.state.alive[system.grid.number["ns-9"]]


def test_a_city_without_a_grid_is_never_cut(make_run, city):
    run = make_run(replace(city, power_nodes=()), failure_factor=1e6)
    run.advance(1e6)
    assert out(run) == ()
    assert run.kpis()["dependencies"]["availability"].value == 100.0
    run.check_invariants()


class Lamps(System):
    """Lamps that can be told of a surge."""

    name = "lamps"

    def __init__(self, context):
        super().__init__(context)
        self.surged = []

    def surge(self, cabinet):
        self.surged.append(cabinet)


def test_a_surge_reaches_the_lamps_behind_the_station(make_run):
    run = make_run()
    do(run, "surge", "ns-1")  # nobody to be told
    lamps = run.context.systems["lamps"] = Lamps(run.context)
    do(run, "surge", "ns-1")
    do(run, "surge", "ns-5")
    assert lamps.surged == ["cab-1"]
    assert run.systems["dependencies"].kpis()["surges"].value == 3.0


def test_telemetry_has_a_row_per_branch_that_changes(make_run):
    run = make_run(telemetry=("power_outages",))
    do(run, "cut", "ns-1")
    rows = run.context.telemetry.take("power_outages")
    assert rows["station"].tolist() == ["ns-1"] * 4
    assert rows["is_out"].all()
    assert rows["customers"].sum() == round(100 * figure("meters_per_dwelling"))


def test_figures_of_one_outage_of_two_hours(make_run):
    run = make_run()
    do(run, "cut", "ns-1")
    run.advance(7200.0)
    end(run, "cut", "ns-1")
    run.advance(14_400.0)
    kpis = run.kpis()["dependencies"]
    assert kpis["saidi_min"].value == pytest.approx(120.0 / 8)
    assert kpis["saifi"].value == pytest.approx(1 / 8)
    assert kpis["caidi_min"].value == pytest.approx(120.0)
    assert kpis["availability"].value == pytest.approx(100.0 * (1 - 0.5 / 8))
    assert kpis["longest_outage_min"].value == pytest.approx(120.0)
    assert kpis["stations_out_max"].value == 1.0
    assert kpis["customers_out_max"].value == 140.0
    assert kpis["energy_not_supplied_kwh"].value == pytest.approx(2 * 140 * 0.45)
    assert kpis["consumer_outages"].value == len(ON_NS_1)
    assert kpis["consumer_availability"].value < 100.0
    west, east = (run.systems["dependencies"].kpis_by_district()[d] for d in ("west", "east"))
    assert west["saidi_min"].value == pytest.approx(120.0 / 4)
    assert east["saidi_min"].value == 0.0


def test_interruptions_up_to_three_minutes_do_not_count_in_saidi(make_run):
    run = make_run()
    do(run, "cut", "ns-1")
    run.advance(180.0)
    assert run.kpis()["dependencies"]["saifi"].value == 0.0
    end(run, "cut", "ns-1")
    run.advance(1000.0)
    kpis = run.kpis()["dependencies"]
    assert kpis["saidi_min"].value == 0.0
    assert kpis["availability"].value < 100.0


def test_an_outage_that_lasts_is_in_the_figures(make_run):
    run = make_run()
    do(run, "cut", "ns-1")
    run.advance(600.0)
    kpis = run.kpis()["dependencies"]
    assert kpis["saidi_min"].value == pytest.approx(10.0 / 8)
    assert kpis["longest_outage_min"].value == pytest.approx(10.0)


def test_a_saved_run_has_the_future_of_the_one_it_was_saved_from(make_run):
    run = make_run(failure_factor=3e4)
    run.advance(20_000.0)
    copy = branch(run)
    for one in (run, copy):
        one.advance(200_000.0)
        one.check_invariants()
    assert run.context.trace.counts()["station_failed"] > 0
    assert copy.context.trace.sha256() == run.context.trace.sha256()
    assert copy.kpis() == run.kpis()


def test_the_same_seed_gives_the_same_outages(make_run):
    hashes = []
    for seed in (1, 1, 2):
        run = make_run(failure_factor=1e4, seed=seed)
        run.advance(1e5)
        hashes.append(run.context.trace.sha256())
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_world_of_few_devices_costs_nothing_until_it_is_cut(city):
    run = Simulation(
        city,
        seed=1,
        start=START,
        systems=("dependencies",),
        managed=("ap-1",),
        failure_factor=1e9,
    )
    run.advance(1e6)
    assert run.context.trace.counts() == {}
    assert not run.context.supply._watchers
    do(run, "cut", "ns-1")
    assert "school-s1" in out(run)


steps = st.lists(
    st.tuples(
        st.sampled_from(["cut", "uncut", "fail", "repair", "branch", "ring", "wait"]),
        st.integers(0, 11),
    ),
    max_size=25,
)


@settings(max_examples=60)
@given(steps, st.integers(0, 5))
def test_laws_hold_whatever_is_cut_and_mended(steps, seed):
    run = Simulation(
        make_city(), seed=seed, start=START, systems=("dependencies",), failure_factor=1.0
    )
    system = run.systems["dependencies"]
    cuts = []
    for what, k in steps:
        target = system.grid.nodes[k].id
        match what:
            case "cut":
                do(run, "cut", target)
                cuts.append(target)
            case "uncut" if cuts:
                end(run, "cut", cuts.pop(k % len(cuts)))
            case "fail" | "repair":
                do(run, what, target)
            case "branch":
                system.fail_branch(system.grid.order[k % 8], k % 4)
            case "ring":
                system.break_ring(k % len(system.grid.rings))
            case _:
                run.advance(run.now_s + 10.0 ** (k / 2.5))
        run.check_invariants()
    for target in cuts:
        end(run, "cut", target)
    for fault in list(system.repairs.open):
        system.repairs.mend(fault)
    run.advance(run.now_s + 7300.0)
    run.check_invariants()
    assert system.state.alive.all()
    assert out(run) == ()


@pytest.fixture(scope="module")
def duisburg():
    return load_city("duisburg")


def test_duisburg_has_a_station_that_tells_the_story(duisburg):
    station = find_telling_station(duisburg)
    grid = build_grid(duisburg)
    mine = set(grid.children[grid.number[station.id]])
    for found in (station.cabinets, station.cell_sites, station.wifi_sites, station.schools):
        assert found
        assert set(found) <= mine
    assert set(station.signals) <= mine
    assert {cell.site for cell in duisburg.cells} >= set(station.cell_sites)


def test_a_city_without_such_a_station_says_so(city):
    with pytest.raises(ModelError, match="no station of 'gridtown' feeds cabinet, cell"):
        find_telling_station(replace(city, signals=()))


def test_the_grid_of_duisburg_has_326000_customers(duisburg):
    grid = build_grid(duisburg)
    assert grid.customers.sum() == pytest.approx(326_000, rel=0.002)
    per_station = grid.customers[list(grid.order)]
    assert np.median(per_station) == pytest.approx(188, rel=0.03)
    assert len(grid.infeeds) == 3
    assert max(map(len, grid.rings)) <= figure("ring_stations")


def test_any_substation_of_duisburg_may_fail(duisburg):
    for k in (1, 7, 15):
        run = Simulation(
            duisburg, seed=k, start=START, systems=("dependencies",), failure_factor=1e-6
        )
        run.context.failure_factor = 1.0
        do(run, "cut", f"sub-{k:02d}")
        assert run.gauges()["dependencies"]["stations_out"] > 0
        run.advance(3700.0)
        assert run.gauges()["dependencies"] == {
            "stations_out": 0.0,
            "customers_out": 0.0,
            "consumers_out": 0.0,
            "crews_busy": 0.0,
            "faults_open": 0.0,
        }


def test_years_in_duisburg_are_near_the_saidi_of_germany(duisburg):
    saidi, saifi = [], []
    for seed in range(4):
        run = Simulation(duisburg, seed=seed, start=START, systems=("dependencies",))
        run.advance(365 * 86_400.0)
        kpis = run.kpis()["dependencies"]
        saidi.append(kpis["saidi_min"].value)
        saifi.append(kpis["saifi"].value)
        run.check_invariants()
    assert np.mean(saidi) == pytest.approx(12.8, rel=0.25)
    assert np.mean(saifi) == pytest.approx(0.21, rel=0.4)


def test_every_assumption_is_used():
    assert all(item.key.startswith("dependencies.") for item in ASSUMPTIONS)
    assert len({item.key for item in ASSUMPTIONS}) == len(ASSUMPTIONS)
    assert issubclass(Dependencies, System)
