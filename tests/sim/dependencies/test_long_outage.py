"""Five hours without electricity: sites live on their batteries, one after another, and return."""

from __future__ import annotations

import numpy as np
import pytest

from twin.geo.cityfile import load_city
from twin.sim.cellular.assumptions import assumed
from twin.sim.dependencies.assumptions import figure
from twin.sim.dependencies.topology import build_grid
from twin.sim.simulation import Simulation

from .conftest import START, cell, make_city

HOUR_S = 3600.0
CUT_S, LONG_S = 60.0, 5 * HOUR_S
AWAY = "site-2"  # hangs on another station


def _town():
    """Six masts on one station, one on another."""
    near = tuple(cell(f"mast-{k}", 20.0 * k, 540.0) for k in range(6))
    return make_city(cells=(*near, cell(AWAY, 8000.0, 600.0)))


def _run(city, **options):
    return Simulation(
        city, seed=3, start=START, systems=("dependencies", "cellular"), failure_factor=1e-9,
        tick_s=300.0, **options,
    )  # fmt: skip


def _cut(simulation, station, at_s, length_s):
    action = simulation.systems["dependencies"].actions()["cut"]
    simulation.advance(at_s)
    action.begin(station, {})
    simulation.advance(at_s + length_s)
    action.end(station, {})


def _when(simulation, what):
    """When something happened to each site."""
    return {e.who: e.at_s for e in simulation.context.trace.story() if e.what == what}


def _batteries(simulation, sites):
    plant = simulation.systems["cellular"]._plant
    return {site: plant.battery_s(site) for site in sites}


def _check_order(simulation, station, grid):
    """Sites go dark as their batteries end, and return in the order of their station."""
    sites = [
        who for who in grid.children[grid.number[station]] if grid.consumers[who].kind == "cell"
    ]
    batteries = _batteries(simulation, sites)
    dark = _when(simulation, "site_dark")
    assert set(dark) == set(sites)
    for site in sites:
        assert dark[site] == pytest.approx(CUT_S + batteries[site])
    assert sorted(sites, key=dark.__getitem__) == sorted(sites, key=batteries.__getitem__)
    back, on_air = (_when(simulation, what) for what in ("site_power_back", "site_on_air"))
    children = grid.children[grid.number[station]]
    for site in sites:
        turn = children.index(site) + 1
        assert back[site] == pytest.approx(CUT_S + LONG_S + turn * figure("stagger_s"))
        assert on_air[site] == pytest.approx(back[site] + assumed("boot_s"))
    assert sorted(sites, key=on_air.__getitem__) == sites
    return sites, batteries


def test_sites_go_dark_in_order_of_their_batteries_and_come_back_in_order():
    city = _town()
    simulation = _run(city)
    _cut(simulation, "ns-1", CUT_S, LONG_S)
    simulation.advance(CUT_S + LONG_S + 900.0)
    sites, batteries = _check_order(simulation, "ns-1", build_grid(city))
    assert len(sites) == 6
    assert len(set(batteries.values())) == 6
    assert all(2 * HOUR_S <= seconds <= 4 * HOUR_S for seconds in batteries.values())
    simulation.check_invariants()


def test_sites_on_battery_become_fewer_hour_by_hour():
    simulation = _run(_town())
    dependencies = simulation.systems["dependencies"]
    simulation.advance(CUT_S)
    dependencies.actions()["cut"].begin("ns-1", {})
    seen = []
    for half_hour in range(1, 11):
        simulation.advance(CUT_S + 1800.0 * half_hour)
        seen.append(simulation.gauges()["cellular"]["on_battery_count"])
    assert seen[:3] == [6.0] * 3
    assert np.all(np.diff(seen) <= 0.0)
    assert seen[-2:] == [0.0] * 2  # four hours are the longest


def test_a_battery_that_outlasts_the_cut_spares_its_site():
    city = _town()
    simulation = _run(city)
    sites = [cell.site for cell in city.cells if cell.site != AWAY]
    batteries = sorted(_batteries(simulation, sites).values())
    length_s = (batteries[2] + batteries[3]) / 2.0
    _cut(simulation, "ns-1", CUT_S, length_s)
    simulation.advance(CUT_S + length_s + 900.0)
    assert len(_when(simulation, "site_dark")) == 3
    assert len(_when(simulation, "site_on_air")) == 3
    assert len(_when(simulation, "site_power_back")) == 6


@pytest.mark.parametrize("pause_h", [2.0, 60.0])
def test_batteries_recharge_ten_times_as_slowly_as_they_empty(pause_h):
    """After two hours they hold twelve minutes, after two and a half days all they can."""
    site = "mast-0"
    simulation = _run(_town(), managed=[f"cell-{site}"])
    (full_s,) = _batteries(simulation, [site]).values()
    _cut(simulation, "ns-1", CUT_S, LONG_S)
    again_s = CUT_S + LONG_S + pause_h * HOUR_S
    simulation.advance(again_s)
    back_s = _when(simulation, "site_power_back")[site]
    simulation.systems["dependencies"].actions()["cut"].begin("ns-1", {})
    charged_s = min(full_s, assumed("battery_recharge") * (again_s - back_s))
    simulation.advance(again_s + charged_s - 1.0)
    assert simulation.is_reachable(f"cell-{site}")
    simulation.advance(again_s + charged_s + 1.0)
    assert not simulation.is_reachable(f"cell-{site}")


def test_a_station_of_duisburg_with_roofs_and_masts_tells_the_same_story():
    city = load_city("duisburg")
    grid = build_grid(city)
    kinds = {site.id: site.kind for site in city.sites}
    most, station, mine = 0, "", ()
    for node in grid.order:
        sites = tuple(who for who in grid.children[node] if grid.consumers[who].kind == "cell")
        if {"rooftop", "mast"} <= {kinds[site] for site in sites} and len(sites) > most:
            most, station, mine = len(sites), grid.nodes[node].id, sites
    managed = [cell.id for cell in city.cells if cell.site in mine]
    simulation = _run(city, managed=managed)
    _cut(simulation, station, CUT_S, LONG_S)
    simulation.advance(CUT_S + LONG_S + 900.0)
    sites, batteries = _check_order(simulation, station, grid)
    assert len(sites) >= 4
    assert min(batteries.values()) < 2400.0 < 7200.0 < max(batteries.values())
    simulation.check_invariants()
