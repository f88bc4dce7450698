"""Cells and trams of the world: power, tilt, lock and failure move users and watts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twin.radio.points import rsrp_dbm
from twin.sim.cellular.shares import layer_shares
from twin.sim.power import MACRO, MICRO, base_station_of, cell_power_w, transceivers
from twin.sim.world import World

CELL = "cell-a-001-1-n78"
LAYER = [f"cell-a-{site:03d}-{sector}-n78" for site in (1, 2, 3) for sector in (1, 2, 3)]


def _users(world, cells=LAYER):
    return sum(world.read(cell, "users") for cell in cells)


def _busiest(world):
    return max(LAYER, key=lambda cell: world.read(cell, "users"))


def test_less_power_weakens_the_signal_and_sends_users_to_neighbours(make_world):
    world = make_world(hour=20)
    cell = _busiest(world)
    users, signal = world.read(cell, "users"), world.read(cell, "mean_rsrp_dbm")
    total = _users(world)
    world.write(cell, {"tx_power_dbm": 34.0})
    assert world.read(cell, "users") < users
    assert world.read(cell, "mean_rsrp_dbm") < signal
    assert _users(world) == total  # the layer still covers the town


def test_tilt_changes_the_signal(make_world):
    world = make_world(hour=20)
    cell = _busiest(world)
    signal = world.read(cell, "mean_rsrp_dbm")
    world.write(cell, {"tilt_deg": 14.0})
    assert world.read(cell, "mean_rsrp_dbm") != signal
    world.write(cell, {"tilt_deg": 6.0})
    assert world.read(cell, "mean_rsrp_dbm") == signal


def test_a_locked_cell_sleeps_and_its_neighbours_take_over(make_world):
    world = make_world(hour=20)
    cell = _busiest(world)
    others = [name for name in LAYER if name != cell]
    before, watts = _users(world, others), world.read(cell, "power_w")
    world.write(cell, {"admin_state": "LOCKED"})
    assert world.read(cell, "users") == 0.0
    assert world.read(cell, "operational_state") == "DISABLED"
    assert world.read(cell, "mean_rsrp_dbm") == -156.0
    assert world.read(cell, "power_w") < watts
    assert _users(world, others) > before
    octets = world.read(cell, "dl_octets")
    world.advance(10.0)
    assert world.read(cell, "dl_octets") == octets
    world.write(cell, {"admin_state": "UNLOCKED"})
    assert world.read(cell, "operational_state") == "ENABLED"
    assert world.read(cell, "users") > 0.0


def test_a_cell_that_shuts_down_is_locked_after_its_grace(make_world):
    world = make_world()
    world.write(CELL, {"admin_state": "SHUTTING_DOWN"})
    world.advance(29.0)
    assert world.read(CELL, "admin_state") == "SHUTTING_DOWN"
    world.advance(31.0)
    assert world.read(CELL, "admin_state") == "LOCKED"


def test_a_shut_down_taken_back_stays_taken_back(make_world):
    world = make_world()
    world.write(CELL, {"admin_state": "SHUTTING_DOWN"})
    world.write(CELL, {"admin_state": "UNLOCKED"})
    world.advance(60.0)
    assert world.read(CELL, "admin_state") == "UNLOCKED"


def test_the_signal_of_the_world_is_not_the_inventorys(city, make_world):
    """Same engine, same places: what differs is hidden."""
    world = make_world(hour=20)
    cells = [cell for cell in city.cells if cell.layer == "A/n78"]
    x = np.array([cell.x_m for cell in city.census])
    y = np.array([cell.y_m for cell in city.census])
    planned = rsrp_dbm(cells, x, y)
    best = planned.argmax(axis=1)
    residuals = []
    for k, cell in enumerate(cells):
        served = best == k
        if served.any():
            seen = world.read(cell.id, "mean_rsrp_dbm")
            residuals.append(seen - planned[served, k].mean())
    assert np.abs(residuals).max() > 1.0
    assert len(set(np.round(residuals, 1))) > 3


def test_evening_has_more_users_and_load_than_night(make_world):
    evening, night = make_world(hour=21), make_world(hour=4)
    for world in (evening, night):
        world.advance(60.0)
    assert _users(evening) > 3 * _users(night)
    load = [np.mean([w.read(c, "prb_load_percent") for c in LAYER]) for w in (evening, night)]
    assert load[0] > load[1]


def test_power_follows_the_earth_model():
    assert 3 * cell_power_w(MACRO, 2, 46.0206, 1.0, is_on_air=True) == pytest.approx(1344, abs=0.1)
    assert cell_power_w(MACRO, 2, 46.0, 0.0, is_on_air=True) == 260.0
    assert cell_power_w(MACRO, 2, 46.0, 1.0, is_on_air=False) == 150.0
    assert cell_power_w(MICRO, 2, 41.0037, 1.0, is_on_air=True) == pytest.approx(144.7, abs=0.1)
    assert transceivers(MACRO, 43.0) == 2
    assert transceivers(MACRO, 53.0103) == 10
    assert base_station_of(30.0) is MACRO
    assert base_station_of(6.0) is MICRO


def test_shares_of_all_layers_are_one(city):
    shares = layer_shares(city.cells)
    # Operator B has no LTE here, so 90 % of its half are missing.
    assert sum(shares.values()) == pytest.approx(0.55)
    assert shares["A/n78"] == pytest.approx(0.05)


def test_trams_move_along_the_stops_and_carry_people(make_world):
    world = make_world(hour=7)
    transit = world.systems["transit_wifi"]
    places, carried = set(), 0
    for minute in range(1, 31):
        world.advance(60.0 * minute)
        for tram in transit.trams():
            places.add((round(tram.x_m), round(tram.y_m)))
            carried = max(carried, tram.passengers)
    assert len(places) > 5
    assert 0 < carried <= 200


def test_a_full_tram_adds_users_to_cells_it_passes(city, make_world):
    empty_town = replace(city, census=())
    start = make_world(hour=7).now
    world = World(empty_town, seed=3, start=start)
    seen = set()
    for minute in range(1, 16):
        world.advance(60.0 * minute)
        seen |= {cell for cell in LAYER if world.read(cell, "users") > 0.0}
    assert len(seen) > 1


def test_a_cell_on_a_lamp_post_has_users_wherever_the_census_raster_lies(city, make_world):
    """Its reach is less than the 100 m between the centres of census cells."""
    head = replace(
        next(cell for cell in city.cells if cell.id == CELL),
        scenario="UMi",
        height_m=8.0,
        tilt_deg=0.0,
        tx_power_dbm=16.0,
        antenna_gain_dbi=6.0,
        beamwidth_h_deg=360.0,
        beamwidth_v_deg=30.0,
    )
    x, y = city.census[-1].x_m, city.census[-1].y_m
    places = ((x - 100.0, y - 100.0), (x - 100.0, y - 350.0), (x - 350.0, y - 150.0))
    heads = [
        replace(head, id=f"cell-a-l{k}-1-n78", site=f"site-a-l{k}", x_m=at[0], y_m=at[1])
        for k, at in enumerate(places)
    ]
    crowd = tuple(replace(cell, residents=20.0 * cell.residents) for cell in city.census)
    town = replace(city, census=crowd, cells=(*city.cells, *heads))
    users = np.zeros(3)
    for seed in range(8):  # the shadow of a site is another with each
        world = World(town, seed=seed, start=make_world(hour=20).now)
        users += [world.read(cell.id, "users") for cell in heads]
    assert users.min() > 0.4 * users.max(), users
