"""LTE 450: who is reached, what a block carries, and how a cell is shared."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.city import Gateway
from twin.sim.utilities_iot.lte450 import Lte450, fair_shares


def _network(extra_db: float, n: int = 300) -> Lte450:
    masts = [
        Gateway(
            id=f"m{i}",
            technology="lte450",
            x_m=6000.0 * i,
            y_m=0.0,
            height_m=40.0,
            antenna_gain_dbi=9.0,
        )
        for i in range(3)
    ]
    x = np.linspace(100.0, 3000.0, n)
    still = np.zeros(n)
    rng = np.random.default_rng(1)
    return Lte450(masts, x, still, np.full(n, 1.5), np.full(n, extra_db), rng)


@given(
    st.lists(st.tuples(st.floats(0.0, 1e4), st.integers(0, 2)), min_size=1, max_size=60),
    st.lists(st.floats(0.0, 1e4), min_size=3, max_size=3),
)
def test_shares_are_max_min_fair(asked, capacity):
    need = np.array([amount for amount, _ in asked])
    cell = np.array([at for _, at in asked])
    room = np.array(capacity)
    given_ = fair_shares(need, cell, room)
    assert (given_ <= need + 1e-9).all()
    assert (given_ >= 0.0).all()
    for i in range(3):
        here = cell == i
        total = given_[here].sum()
        assert total <= room[i] + 1e-6
        assert total == pytest.approx(min(need[here].sum(), room[i]), abs=1e-6)
        short = here & (given_ < need - 1e-9)
        if short.any():  # nobody got more than those who wanted more
            assert given_[here].max() <= given_[short].min() + 1e-6


def test_loss_indoors_costs_coverage_and_rate():
    outdoors, cellar = _network(0.0), _network(40.0)
    assert outdoors.is_covered.any(axis=1).mean() > 0.95
    assert cellar.is_covered.any(axis=1).mean() < outdoors.is_covered.any(axis=1).mean()
    assert (cellar.up_bps[:, 0] <= outdoors.up_bps[:, 0]).all()
    assert (outdoors.up_blocks >= cellar.up_blocks).all()
    # 180 kHz at no more than 5.55 bit/s/Hz, as TS 36.213 Table 7.2.3-1 ends
    assert outdoors.up_bps.max() <= 180e3 * 5.55
    assert outdoors.down_bps.max() <= 180e3 * 5.55


def test_a_terminal_takes_its_second_cell_while_the_first_is_down():
    network = _network(0.0)
    all_up, without = np.ones(3, dtype=bool), np.array([False, True, True])
    cell, up_bps, _ = network.choose(all_up)
    other = network.mast_of(network.choose(without)[0])
    assert (network.mast_of(cell) == 0).mean() > 0.5
    assert not (other == 0).any()
    assert (other >= 0).any()
    again, again_bps, _ = network.choose(all_up)
    assert (again == cell).all()
    assert (again_bps == up_bps).all()
    none, _, none_bps = network.choose(np.zeros(3, dtype=bool))
    assert (none == -1).all()
    assert (none_bps == 0.0).all()


def test_a_terminal_uses_the_sector_it_lies_in_and_is_weaker_at_its_edge():
    mast = Gateway(
        id="m", technology="lte450", x_m=0.0, y_m=0.0, height_m=40.0, antenna_gain_dbi=9.0
    )
    bearing = np.radians(np.arange(0.0, 360.0, 1.0) + 0.5)
    x, y = 3000.0 * np.sin(bearing), 3000.0 * np.cos(bearing)
    network = Lte450([mast], x, y, np.full(360, 1.5), np.zeros(360), np.random.default_rng(1))
    cell = network.choose(np.ones(1, dtype=bool))[0]
    assert cell[10] == 0  # north
    assert cell[120] == 1
    assert cell[240] == 2
    assert np.bincount(cell[cell >= 0]).min() > 80
    assert (network.mast_of(cell)[cell >= 0] == 0).all()
    ahead = np.abs((np.arange(360) + 0.5 + 60.0) % 120.0 - 60.0) < 20.0
    assert network.up_bps[ahead].mean() > network.up_bps[~ahead].mean()
