"""The utility networks as a system: laws, outages, actions, saving."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.sim.saved import taken_up
from twin.geo.reader import read_city
from twin.model.errors import ModelError
from twin.sim.save import branch
from twin.sim.utilities_iot.receptions import OUTCOMES, Outcome

HOUR_S = 3600.0
NAME = "utilities_iot"


def _system(sim):
    return sim.systems[NAME]


def _kpi(sim, name: str) -> float:
    return sim.kpis()[NAME][name].value


def _act(sim, verb: str, target: str, **parameters) -> None:
    action = _system(sim).actions()[verb]
    action.check(target, parameters)
    action.begin(target, parameters)


def _end(sim, verb: str, target: str, **parameters) -> None:
    action = _system(sim).actions()[verb]
    assert action.end is not None
    action.end(target, parameters)


def test_every_frame_has_one_fate_and_every_push_one_state(make_sim):
    sim = make_sim()
    for hour in range(1, 14):
        sim.advance(HOUR_S * hour)
        sim.check_invariants()
    network = _system(sim).network
    assert network.senders.n_sent.sum() == network.outcomes.sum() + network.n_in_flight
    assert network.outcomes.sum() > 1000


def test_a_day_has_the_figures_a_utility_knows(make_sim):
    sim = make_sim()
    sim.advance(24 * HOUR_S)
    figures = sim.kpis()[NAME]
    assert len(figures) >= 20
    assert all(type(kpi.value) is float and kpi.unit for kpi in figures.values())
    assert figures["duty_cycle_violations"].value == 0.0
    assert 90.0 < figures["delivery_ratio_percent"].value <= 100.0
    deep = figures["delivery_ratio_deep_indoor_percent"].value
    assert deep < figures["delivery_ratio_percent"].value
    assert figures["duplicate_receptions"].value > 0.0
    assert figures["smgw_push_success_percent"].value == 100.0
    assert figures["substation_rtu_availability_percent"].value == 100.0
    assert 5.0 < figures["battery_life_median_years"].value < 40.0
    assert figures["multicast_dimming_reach_percent"].note.endswith("mean of 2 commands")
    districts = _system(sim).kpis_by_district()
    assert set(districts) == {"west", "east"}
    assert districts["west"]["lorawan_devices"].value > 0.0
    assert set(_system(sim).gauges()) >= {"uplinks_per_minute", "lte450_load_percent"}


def test_the_same_seed_has_the_same_day_and_another_a_different_one(make_sim):
    hashes = []
    for seed in (3, 3, 4):
        sim = make_sim(seed=seed)
        sim.advance(2 * HOUR_S)
        hashes.append(sim.context.trace.sha256())
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_saved_system_has_the_same_future(make_sim):
    sim = make_sim(21)
    sim.advance(3590.0)
    _act(sim, "fail", "gw-1")
    _act(sim, "dim", "all", level_percent=30)
    sim.advance(3600.3)  # in the middle of a command to all lamps
    twin = taken_up(sim)
    for each in (sim, twin):
        each.advance(2.5 * HOUR_S)
    assert twin.context.trace.sha256() == sim.context.trace.sha256()
    assert twin.kpis() == sim.kpis()


def test_a_branch_has_the_same_future(make_sim, town):
    sim = make_sim(5)
    sim.advance(1000.0)
    other = branch(sim)
    for each in (sim, other):
        each.advance(2000.0)
    assert other.context.trace.sha256() == sim.context.trace.sha256()


def test_a_world_of_managed_devices_has_no_utilities(make_sim, town):
    sim = make_sim(managed=["cab-0"], city=town)
    sim.advance(600.0)
    assert sim.kpis()[NAME] == {}
    assert sim.gauges()[NAME] == {}
    assert _system(sim).actions() == {}
    assert _system(sim).kpis_by_district() == {}
    sim.check_invariants()


def test_a_city_without_gateways_or_devices_is_quiet(make_sim, town):
    bare = replace(town, gateways=(), power_nodes=())
    sim = make_sim(city=bare)
    sim.advance(HOUR_S)
    assert _kpi(sim, "delivery_ratio_percent") == 0.0
    empty = replace(town, buildings=(), census=(), lamps=())
    sim = make_sim(city=empty)
    sim.advance(HOUR_S)
    assert _kpi(sim, "uplinks") == 0.0
    sim.check_invariants()


def test_a_failed_gateway_is_missed_and_boots_when_repaired(make_sim):
    sim = make_sim()
    sim.advance(HOUR_S)
    for gateway in ("gw-1", "gw-2"):
        _act(sim, "fail", gateway)
    sim.advance(HOUR_S + 600.0)
    assert sim.gauges()[NAME]["gateways_up"] == 0.0
    assert sim.gauges()[NAME]["delivered_percent"] == 0.0
    assert _kpi(sim, "gateway_off_percent") > 0.0
    _end(sim, "fail", "gw-1")
    sim.advance(HOUR_S + 600.0 + 119.0)
    assert sim.gauges()[NAME]["gateways_up"] == 0.0
    sim.advance(HOUR_S + 600.0 + 300.0)
    assert sim.gauges()[NAME]["gateways_up"] == 1.0
    assert sim.gauges()[NAME]["delivered_percent"] > 50.0
    assert _kpi(sim, "gateway_availability_percent") < 100.0
    sim.check_invariants()


def test_a_second_gateway_saves_most_frames_of_the_first(make_sim):
    sim = make_sim()
    sim.advance(HOUR_S)
    before = _system(sim).network.outcomes.copy()
    _act(sim, "fail", "gw-1")
    sim.advance(4 * HOUR_S)
    got = _system(sim).network.outcomes - before
    assert got[Outcome.DELIVERED] / got.sum() > 0.5
    assert got[Outcome.OFF] > 0


def test_a_lorawan_gateway_needs_mains_and_backbone_at_once(make_sim):
    sim = make_sim()
    supply = sim.context.supply
    supply.cut(["gw-1"], "power", "test")
    assert sim.gauges()[NAME]["gateways_up"] == 1.0
    supply.cut(["gw-2"], "link", "test")
    assert sim.gauges()[NAME]["gateways_up"] == 0.0
    supply.restore(["gw-2"], "link", "test")
    assert sim.gauges()[NAME]["gateways_up"] == 1.0
    supply.restore(["gw-1"], "power", "test")
    sim.advance(119.0)
    assert sim.gauges()[NAME]["gateways_up"] == 1.0
    sim.advance(121.0)
    assert sim.gauges()[NAME]["gateways_up"] == 2.0


def test_lte_450_carries_substations_through_72_hours_without_mains(make_sim, town):
    small = replace(town, buildings=(), lamps=(), census=())
    sim = make_sim(city=small)
    sim.context.supply.cut(["mast-1"], "power", "blackout")
    sim.context.supply.cut(["mast-1"], "link", "blackout")
    sim.advance(71.9 * HOUR_S)
    assert sim.gauges()[NAME]["rtu_up"] == 2.0
    assert _kpi(sim, "substation_rtu_availability_percent") == 100.0
    sim.advance(72.1 * HOUR_S)
    assert sim.gauges()[NAME]["rtu_up"] == 0.0
    sim.context.supply.restore(["mast-1"], "power", "blackout")
    sim.advance(72.1 * HOUR_S + 240.0)
    assert sim.gauges()[NAME]["rtu_up"] == 0.0
    sim.advance(72.1 * HOUR_S + 420.0)
    assert sim.gauges()[NAME]["rtu_up"] == 2.0
    sim.check_invariants()


def test_a_battery_that_lasts_spares_the_reboot(make_sim, town):
    sim = make_sim(city=replace(town, buildings=(), lamps=(), census=()))
    sim.context.supply.cut(["mast-1"], "power", "short")
    sim.advance(HOUR_S)
    sim.context.supply.restore(["mast-1"], "power", "short")
    sim.advance(74 * HOUR_S)
    assert _kpi(sim, "lte450_availability_percent") == 100.0


def test_a_terminal_of_a_dark_substation_lives_on_its_battery_for_a_day(make_sim, town):
    sim = make_sim(city=replace(town, buildings=(), lamps=(), census=()))
    sim.context.supply.cut(["sub-1"], "power", "test")
    sim.advance(23 * HOUR_S)
    assert sim.gauges()[NAME]["rtu_up"] == 2.0
    sim.advance(25 * HOUR_S)
    assert sim.gauges()[NAME]["rtu_up"] == 1.0


def test_pushes_missed_in_an_outage_are_made_up_for_or_lost_by_noon(make_sim, town):
    small = replace(town, buildings=(), lamps=())
    late = make_sim(city=small)
    _act(late, "fail", "mast-1")
    late.advance(7 * HOUR_S)
    assert _kpi(late, "smgw_push_success_percent") == 0.0
    _end(late, "fail", "mast-1")
    late.advance(13 * HOUR_S)
    assert _kpi(late, "smgw_push_success_percent") > 95.0
    never = make_sim(city=small)
    _act(never, "fail", "mast-1")
    never.advance(13 * HOUR_S)
    meters = _system(never).meters
    assert meters.n_failed == meters.n_due > 0
    assert meters.n_open == 0
    never.check_invariants()


def test_a_station_out_takes_what_hangs_on_it_and_gives_it_back(make_sim):
    sim = make_sim(9, systems=("dependencies", NAME))
    sim.advance(600.0)
    grid = sim.systems["dependencies"]
    station = grid.station_of("gw-1")
    meters = _system(sim).meters
    n_reached = int(meters.is_reached.sum())
    cut = grid.actions()["cut"]
    cut.begin(station, {})
    assert sim.gauges()[NAME]["gateways_up"] < 2.0  # no battery
    sim.advance(700.0)
    assert int(meters.is_reached.sum()) < n_reached
    assert meters.masts.is_up.all()  # 72 h of battery
    assert sim.gauges()[NAME]["rtu_up"] == 2.0
    assert cut.end is not None
    cut.end(station, {})
    sim.advance(1000.0)
    assert sim.gauges()[NAME]["gateways_up"] == 2.0
    assert int(meters.is_reached.sum()) == n_reached


def test_gateways_fail_by_themselves_and_are_repaired(make_sim, town):
    bare = replace(town, buildings=(), lamps=(), census=())
    sim = make_sim(city=bare, failure_factor=2000.0)
    sim.advance(3 * 24 * HOUR_S)
    counts = sim.context.trace.counts()
    assert counts["gateway_failed"] > 3
    assert counts["gateway_up"] > 0
    assert 10.0 < _kpi(sim, "gateway_availability_percent") < 100.0
    sim.check_invariants()


def test_the_push_window_is_the_busy_time(make_sim, town):
    sim = make_sim(city=replace(town, buildings=(), lamps=()))
    loads = []
    for hour in range(1, 13):
        sim.advance(HOUR_S * hour)
        loads.append(float(_system(sim).meters.load_sum.sum()))
    by_hour = np.diff(loads)
    assert by_hour[:4].min() > 3.0 * by_hour[6:].max()


def test_a_firmware_campaign_ends_and_can_be_stopped(make_sim, town):
    small = replace(town, buildings=(), lamps=())
    sim = make_sim(8, city=small)
    sim.advance(60.0)
    _act(sim, "firmware", "all", size_mb=1.0, share_percent=50.0)
    meters = _system(sim).meters
    assert meters.n_firmware_asked == pytest.approx(meters.n / 2, abs=1)
    sim.advance(300.0)
    assert sim.gauges()[NAME]["lte450_load_percent"] == pytest.approx(100.0)
    sim.advance(20 * HOUR_S)
    assert _kpi(sim, "firmware_done_percent") == 100.0
    _act(sim, "firmware", "mast-1", size_mb=1000.0)
    sim.advance(21 * HOUR_S)
    _end(sim, "firmware", "mast-1", size_mb=1000.0)
    sim.check_invariants()
    assert _kpi(sim, "firmware_done_percent") < 100.0
    assert not meters.is_updating.any()


def test_a_shorter_interval_means_more_frames_and_more_collisions(make_sim):
    sim = make_sim(8)
    sim.advance(HOUR_S)
    calm = _system(sim).network.outcomes.copy()
    _act(sim, "uplink_interval", "all", interval_s=120)
    sim.advance(2 * HOUR_S)
    busy = _system(sim).network.outcomes - calm
    assert busy.sum() > 10 * calm.sum()
    assert busy[Outcome.COLLIDED] / busy.sum() > 2 * calm[Outcome.COLLIDED] / calm.sum()
    before = _system(sim).network.outcomes.copy()
    _end(sim, "uplink_interval", "all", interval_s=120)
    sim.advance(3 * HOUR_S)
    again = _system(sim).network.outcomes - before
    assert again.sum() < 1.5 * calm.sum()
    sim.check_invariants()
    assert _kpi(sim, "duty_cycle_violations") == 0.0


def test_overlapping_changes_of_an_interval_end_each_by_itself(make_sim):
    sim = make_sim(8)
    senders = _system(sim).network.senders
    usual = senders.interval_s.copy()
    _act(sim, "uplink_interval", "all", interval_s=600)
    _act(sim, "uplink_interval", "lamp", interval_s=300)
    _end(sim, "uplink_interval", "all", interval_s=600)
    is_lamp = _system(sim).network.devices.kind == 2
    assert (senders.interval_s[is_lamp] == 300.0).all()
    assert (senders.interval_s[~is_lamp] == usual[~is_lamp]).all()
    _end(sim, "uplink_interval", "lamp", interval_s=300)
    assert (senders.interval_s == usual).all()


def test_noise_at_the_gateways_costs_frames_and_raises_factors(make_sim):
    sim = make_sim(8)
    sim.advance(HOUR_S)
    calm = sim.gauges()[NAME]["delivered_percent"]
    before = _system(sim).network.outcomes.copy()
    _act(sim, "interference", "all", noise_db=25.0)
    sim.advance(3 * HOUR_S)
    noisy = _system(sim).network.outcomes - before
    assert 100.0 * noisy[Outcome.DELIVERED] / noisy.sum() < calm - 10.0
    assert noisy[Outcome.WEAK] > 0
    _end(sim, "interference", "all", noise_db=25.0)
    assert (_system(sim).network.masts.rise_db == 0.0).all()


def test_lamps_are_dimmed_by_multicast_at_ten_in_the_evening(make_sim):
    sim = make_sim(21)
    sim.advance(HOUR_S - 1.0)
    assert not _system(sim).multicast.reach
    sim.advance(HOUR_S + 300.0)
    assert sim.context.trace.counts()["multicast_begins"] == 1
    assert _system(sim).multicast.reach == [1.0]
    # two gateways, three rounds, each 10 % of 0.2 s frames
    longest_s = _kpi(sim, "multicast_dimming_longest_s")
    assert 0.0 < _kpi(sim, "multicast_dimming_p95_s") <= longest_s < 10.0


def test_lamps_without_power_are_silent_and_not_commanded(make_sim):
    sim = make_sim(8)
    network = _system(sim).network
    sim.context.supply.cut(["cab-0"], "power", "test")
    sim.advance(2 * HOUR_S)
    rows = np.flatnonzero(network.devices.feeder == 0)
    assert rows.size > 0
    assert network.senders.n_sent[rows].sum() == 0
    _act(sim, "dim", "west", level_percent=30)
    sim.context.supply.restore(["cab-0"], "power", "test")
    sim.advance(4 * HOUR_S)
    assert (network.senders.n_sent[rows] > 0).all()


def test_confirmed_messages_are_sent_again_until_acknowledged_or_given_up(make_sim, town):
    few = replace(town, buildings=(), lamps=())
    sim = make_sim(8, city=few)
    network = _system(sim).network
    bins = np.flatnonzero(network.devices.is_confirmed)
    assert bins.size > 0
    for gateway in ("gw-1", "gw-2"):
        _act(sim, "fail", gateway)
    sim.advance(6.5 * HOUR_S)
    assert network.senders.n_sent[bins].min() >= 3
    assert network.n_unacknowledged >= bins.size


@pytest.mark.parametrize(
    ("verb", "target", "parameters", "words"),
    [
        ("fail", "gw-9", {}, "no gateway 'gw-9'; did you mean 'gw-"),
        ("firmware", "gw-1", {}, "no mast of LTE 450 'gw-1'"),
        ("firmware", "all", {"size_mb": -1}, "size_mb is -1"),
        ("firmware", "all", {"share_percent": 101}, "share_percent is 101"),
        ("uplink_interval", "fridge", {"interval_s": 600}, "no kind of LoRaWAN device 'fridge'"),
        ("uplink_interval", "all", {"interval_s": 1}, "interval_s is 1"),
        ("uplink_interval", "all", {}, "interval_s is missing"),
        ("interference", "all", {"noise_db": "loud"}, "noise_db is 'loud'"),
        ("interference", "mast-1", {"noise_db": 3}, "no LoRaWAN gateway 'mast-1'"),
        ("dim", "north", {"level_percent": 50}, "no district 'north'"),
        ("dim", "all", {"level_percent": True}, "level_percent is True"),
    ],
)
def test_an_impossible_action_is_refused_in_one_line(make_sim, verb, target, parameters, words):
    action = _system(make_sim()).actions()[verb]
    with pytest.raises(ModelError) as error:
        action.check(target, parameters)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_gateways_are_recorded_when_asked_for(make_sim):
    sim = make_sim(telemetry=["gateways", "lte450_cells"])
    sim.advance(HOUR_S + 1.0)
    cells = sim.context.telemetry.take("lte450_cells")
    assert cells["cell"].tolist() == ["mast-1/1", "mast-1/2", "mast-1/3"] * 4
    assert (cells["uplink_load_percent"] > 0.0).all()
    rows = sim.context.telemetry.take("gateways")
    assert rows["at_s"].size == 2 * 4
    assert set(rows["gateway"].tolist()) == {"gw-1", "gw-2"}
    assert (np.diff(rows["received"][rows["gateway"] == "gw-1"]) >= 0).all()
    assert not make_sim().context.telemetry.tables()


def test_an_hour_of_duisburg_is_plausible(make_sim, project_root: Path):
    sim = make_sim(11, city=read_city(project_root / "twin/cities/duisburg"))
    sim.advance(HOUR_S)
    sim.check_invariants()
    network = _system(sim).network
    assert 70_000 < network.devices.n < 120_000
    assert len(OUTCOMES) == network.outcomes.size
    assert 60.0 < _kpi(sim, "delivery_ratio_percent") < 99.0
    assert _kpi(sim, "delivery_ratio_lamps_percent") > 98.0
    assert _kpi(sim, "duty_cycle_violations") == 0.0
    assert _kpi(sim, "substation_rtu_availability_percent") == 100.0
    assert len(_system(sim).kpis_by_district()) == 7
