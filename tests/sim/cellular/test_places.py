"""Places, signals and agents: nobody is lost, and everyone hears the strongest cell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twin.geo.cityfile import load_city
from twin.radio.points import best_server
from twin.sim.cellular.agents import Agents
from twin.sim.cellular.places import KINDS, make_places
from twin.sim.cellular.rates import calibrated_rates, site_spacing_m
from twin.sim.cellular.shares import layer_shares
from twin.sim.cellular.signals import INDOOR, OUTDOOR, Signals
from twin.sim.mobility.rates import mobility_rates

CELL = "cell-a-001-1-n78"


def _signals(city, places, cells):
    signals = Signals(cells, np.zeros(len(cells)), places.x_m, places.y_m)
    tx_dbm = np.array([cell.tx_power_dbm for cell in cells])
    signals.listen(np.array([cell.tilt_deg for cell in cells]), tx_dbm)
    signals.serve(tx_dbm, np.ones(len(cells), dtype=bool))
    return signals, tx_dbm


def test_residents_are_spread_and_none_is_lost(city):
    places = make_places(city, None)
    assert places.residents.sum() == pytest.approx(16 * 16 * 60.0)
    head = replace(city.cells[0], scenario="UMi")
    split = make_places(replace(city, cells=(head,)), None)
    assert split.residents.sum() == pytest.approx(places.residents.sum())
    near = np.hypot(split.x_m - head.x_m, split.y_m - head.y_m) < 80.0
    assert set(split.residents[near & (split.residents > 0.0)]) == {60.0 / 25.0}


def test_every_point_finds_a_place_close_by(city):
    places = make_places(city, None)
    rng = np.random.default_rng(1)
    x = rng.uniform(places.x_m.min(), places.x_m.max(), 2000)
    y = rng.uniform(places.y_m.min(), places.y_m.max(), 2000)
    at = places.at(x, y)
    away = np.hypot(places.x_m[at] - x, places.y_m[at] - y)
    assert away.max() < 300.0
    at_home = places.at(places.x_m[:50], places.y_m[:50])
    assert np.array_equal(places.x_m[at_home], places.x_m[:50])


def test_places_of_duisburg_are_of_every_kind():
    places = make_places(load_city("duisburg"), None)
    people = np.bincount(places.kind, places.residents, minlength=len(KINDS))
    assert (people > 0.0).all()
    assert people[0] / people.sum() > 0.7  # most live in residential districts
    assert places.residents.sum() == pytest.approx(488_419, rel=0.001)
    assert (places.district[places.residents > 0] < len(places.districts) - 1).mean() > 0.98


def test_the_server_is_the_one_of_the_radio_engine(city):
    places = make_places(city, None)
    cells = [cell for cell in city.cells if cell.layer == "A/n78"]
    signals, _ = _signals(city, places, cells)
    loads = np.full(len(cells), 0.3)
    signals.disturb(loads)
    rsrp_dbm, sinr_db, best = best_server(cells, places.x_m, places.y_m)
    same = signals.server == best
    assert same.mean() > 0.999  # levels within 1/64 dB are a tie
    assert np.abs(signals.level_dbm - rsrp_dbm)[same].max() < 0.01
    # eight of nine cells are kept; cells of the engine have the same load
    assert np.abs(signals.sinr_db[OUTDOOR] - sinr_db)[same].max() < 0.2


def test_indoors_is_worse_and_falls_back_to_another_layer(city):
    places = make_places(city, None)
    far = [replace(cell, x_m=cell.x_m + 1000.0) if cell.band == "n78" else cell
           for cell in city.cells if cell.operator == "A"]  # fmt: skip
    weak = [replace(cell, tx_power_dbm=10.0) if cell.band == "n78" else cell for cell in far]
    signals, _ = _signals(city, places, weak)
    signals.disturb(np.full(len(weak), 0.1))
    n78, b3 = signals.layers.index("A/n78"), signals.layers.index("A/B3")
    n = signals.n_places
    resolved = signals.resolved[INDOOR, n78 * n : (n78 + 1) * n]
    assert ((resolved // n == b3) & (resolved >= 0)).any()
    lte = signals.resolved[INDOOR, b3 * n : (b3 + 1) * n]
    assert set(np.unique(lte // n)) <= {b3, -1}  # LTE terminals know no NR
    served = signals.server >= 0
    assert (signals.sinr_db[INDOOR][served] <= signals.sinr_db[OUTDOOR][served] + 1e-3).all()


def test_agents_move_within_their_means_and_keep_a_cell_that_is_good_enough(city):
    places = make_places(city, None)
    signals, tx_dbm = _signals(city, places, list(city.cells))
    shares = layer_shares(city.cells)
    weights = np.array([shares[layer] for layer in signals.layers])
    agents = Agents(
        4000,
        places,
        signals,
        (weights / weights.sum(), 0.5),
        (np.zeros(0), np.zeros(0)),
        np.random.default_rng(4),
    )
    agents.camp()
    changes = outliers = 0
    for _ in range(60):
        place, cell = agents.place.copy(), agents.cell.copy()
        agents.move(10.0, 1.0, tx_dbm)
        hop = np.hypot(
            places.x_m[agents.place] - places.x_m[place],
            places.y_m[agents.place] - places.y_m[place],
        )
        assert (hop[agents.mode == 0] == 0.0).all()
        changes += int((agents.cell != cell).sum())
        outliers += int((hop > 84.0 + 300.0).sum())
    assert changes > 0
    assert outliers == 0
    served = agents.cell >= 0
    slot, cell = agents.slot[served], agents.cell[served]
    own = signals.level_of(cell, slot, tx_dbm)
    assert (signals.level_dbm[slot] < own + 3.0 + 0.02).all()  # within the hysteresis


def test_busy_cells_send_users_to_other_layers_and_get_them_back(city):
    places = make_places(city, None)
    signals, _ = _signals(city, places, [c for c in city.cells if c.operator == "A"])
    agents = Agents(
        2000, places, signals, (np.array([0.1, 0.9]), 1.0), (np.zeros(0), np.zeros(0)),
        np.random.default_rng(4),
    )  # fmt: skip
    agents.camp()
    assert signals.layers == ("A/n78", "A/B3")
    members = np.array([cell.layer == "A/B3" for cell in city.cells if cell.operator == "A"])
    before = np.count_nonzero(members[agents.cell])
    for _ in range(3):
        agents.balance(np.where(members, 0.95, 0.05))
    assert np.count_nonzero(members[agents.cell]) < 0.2 * before
    for _ in range(12):
        agents.balance(np.where(members, 0.05, 0.05))
    assert np.count_nonzero(members[agents.cell]) == before


def test_shares_of_all_layers_are_one(city):
    shares = layer_shares(city.cells)
    # operator B has no LTE here, so 90 % of its half are missing
    assert sum(shares.values()) == pytest.approx(0.55)
    assert sum(layer_shares(load_city("duisburg").cells).values()) == pytest.approx(1.0)


def test_a_cell_on_a_lamp_post_has_users_wherever_the_census_raster_lies(city, simulate):
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
    spots = ((x - 100.0, y - 100.0), (x - 100.0, y - 350.0), (x - 350.0, y - 150.0))
    heads = [
        replace(head, id=f"cell-a-l{k}-1-n78", site=f"site-a-l{k}", x_m=at[0], y_m=at[1])
        for k, at in enumerate(spots)
    ]
    crowd = tuple(replace(cell, residents=60.0 * cell.residents) for cell in city.census)
    town = replace(city, census=crowd, cells=(*city.cells, *heads))
    users = np.zeros(3)
    for seed in range(8):  # the shadow of a site is another with each
        run = simulate(town=town, seed=seed, managed=[cell.id for cell in heads])
        users += [run.read(cell.id, "users") for cell in heads]
    assert users.min() > 0.3 * users.max(), users


def test_handover_rates_are_those_of_exact_runs_at_the_spacing_of_the_sites(city):
    assert site_spacing_m(city.cells) == pytest.approx(700.0)
    assert site_spacing_m(city.cells[:3]) == 600.0
    rates = calibrated_rates(city.cells)
    exact = mobility_rates(700.0, 30.0 / 3.6)
    row = rates.row(np.array([0.31]))[0]
    assert rates.handovers_per_km[row][1] == pytest.approx(exact.handovers_per_km)
    assert rates.ping_pong[row][1] == pytest.approx(exact.ping_pong_share)
    assert rates.soon_return[row][1] == pytest.approx(exact.soon_return_share)
    assert rates.radio_link_failure[row][1] == pytest.approx(exact.lost_links_per_handover)
    assert rates.radio_link_failure[row][0] <= rates.radio_link_failure[row][1]
    by_car = np.array(rates.radio_link_failure)[:, 1]
    assert (np.diff(by_car) >= 0.0).all()  # the busier the cells around, the more links fail
    assert by_car[-1] > 10.0 * by_car[row]
    assert "700 m" in rates.source
