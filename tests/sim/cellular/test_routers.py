"""Routers on vehicles are users of the cells: they load them, share them, and lose no octet."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sim.saved import taken_up
from twin.sim.cellular.assumptions import assumed
from twin.sim.simulation import Simulation

N = 6
AT = (
    np.array([344_050.0, 344_400.0, 344_100.0, 344_700.0, 344_050.0, 344_300.0]),
    np.array([5_700_050.0, 5_700_300.0, 5_700_600.0, 5_700_050.0, 5_700_050.0, 5_700_000.0]),
)
LTE, BOTH = np.zeros(N, dtype=bool), np.ones(N, dtype=bool)


@pytest.fixture
def network(simulate):
    """The network of the small city after a minute."""
    run = simulate()
    run.advance(60.0)
    return run.systems["cellular"]._network


@pytest.fixture(scope="module")
def shared(city):
    """A network that many examples share."""
    start = datetime(2026, 1, 20, 20, tzinfo=ZoneInfo("Europe/Berlin"))
    run = Simulation(city, seed=3, start=start, systems=["cellular"])
    return run.systems["cellular"]._network


def test_a_router_for_lte_never_uses_a_5g_cell(network):
    cells = network.plant.cells
    _, _, lte = network.routers.rates_bps(*AT, ["A", "B"], LTE)
    _, _, both = network.routers.rates_bps(*AT, ["A", "B"], BOTH)
    assert {cells[i].technology for i in lte} == {"lte"}
    assert "nr" in {cells[i].technology for i in both}


def test_the_second_sim_helps_where_the_first_has_no_coverage(network):
    cells = network.plant.cells
    rate, _, cell = network.routers.rates_bps(*AT, ["B", "A"], LTE)  # B has no LTE here
    assert (rate > 0.0).all()
    assert {cells[i].operator for i in cell} == {"A"}


@settings(max_examples=60, deadline=None)
@given(
    wanted=st.lists(st.floats(0.0, 3e8), min_size=N, max_size=N),
    users=st.lists(st.floats(0.0, 3.0), min_size=27, max_size=27),
    dark=st.sets(st.integers(0, 26)),
    dt_s=st.sampled_from([1.0, 10.0, 60.0]),
)
def test_no_octet_and_no_time_of_a_cell_is_given_twice(shared, wanted, users, dark, dt_s):
    routers, room = shared.routers, 1.0 - assumed("overhead_load")
    is_on_air = np.array([i not in dark for i in range(27)])
    rate, _ = routers.offer(AT, np.array(wanted), ["A"], BOTH)
    asked, users = routers.airtime.copy(), np.array(users)
    by_cell, share = routers.serve(users, is_on_air, dt_s)
    octets = routers.collect()
    assert by_cell.sum() == octets.sum()
    assert (octets <= np.minimum(wanted, rate) * dt_s / 8.0 + 1e-6).all()
    assert (share <= room + 1e-9).all()
    assert not by_cell[~is_on_air].any()
    fits = is_on_air & (users + asked <= room)
    assert share[fits].sum() == pytest.approx(asked[fits].sum(), rel=1e-3, abs=1e-6)
    assert not routers.collect().any()
    assert not routers.serve(users, is_on_air, dt_s)[0].any()  # nobody has asked again


def test_what_routers_carry_is_octets_and_load_of_their_cells(simulate):
    served, loads = [], []
    for wanted_bps in (0.0, 10e6):
        run = simulate()
        run.advance(60.0)
        network = run.systems["cellular"]._network
        before, given = network.figures.served.sum(), 0
        for k in range(30):
            _, is_served = network.routers.offer(AT, np.full(N, wanted_bps), ["A"], BOTH)
            assert is_served.all()
            run.advance(70.0 + 10.0 * k)
            given += int(network.routers.collect().sum())
        run.check_invariants()
        assert given == pytest.approx(N * wanted_bps * 300.0 / 8.0, rel=0.02)
        served.append(network.figures.served.sum() - before)
        loads.append(network.loads.sum())
    assert served[1] - served[0] == pytest.approx(N * 10e6 * 300.0 / 8.0, rel=0.1)
    assert loads[1] > loads[0] + 0.05


def test_in_a_full_cell_routers_and_users_slow_down_together(simulate):
    run = simulate()
    run.systems["cellular"].actions()["demand"].begin("testtown", {"factor": 60.0})
    run.advance(600.0)
    network, given = run.systems["cellular"]._network, np.zeros(N)
    for k in range(12):
        network.routers.offer(AT, np.full(N, 30e6), ["A"], LTE)
        run.advance(610.0 + 10.0 * k)
        given += network.routers.collect()
    run.check_invariants()
    assert (given > 0).all()
    assert given.sum() < 0.5 * N * 30e6 * 120.0 / 8.0
    assert network.loads.max() <= 1.0


def test_a_cell_that_goes_dark_gives_its_routers_nothing(simulate):
    run = simulate()
    run.advance(60.0)
    mobile, network = run.systems["cellular"], run.systems["cellular"]._network
    network.routers.offer(AT, np.full(N, 1e6), ["A"], BOTH)
    for site in ("site-a-001", "site-a-002", "site-a-003"):
        mobile.actions()["fail"].begin(site, {})
    run.advance(90.0)
    assert network.routers.collect().sum() == 0
    run.check_invariants()


def test_a_saved_run_gives_routers_the_same(simulate):
    run = simulate()
    run.advance(60.0)
    run.systems["cellular"].routers.offer(AT, np.full(N, 5e6), ["A"], LTE)
    copy = taken_up(run)
    given = []
    for each in (run, copy):
        each.advance(200.0)
        given.append(each.systems["cellular"].routers.collect().tolist())
    assert given[0] == given[1]
    assert sum(given[0]) > 0
