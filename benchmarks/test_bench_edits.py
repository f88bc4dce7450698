"""W2: requery of all users after 1 % of them moved, or after one cell was edited.

1,000 cells x 10,000 users, UMa with the expectation over line of sight and the sector pattern; the
answer holds best server, level, SINR, throughput and coupling loss of every user. A full recompute
stands beside it in one group; Python is included everywhere.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from radio_cells import X0, Y0, make_cell

from twin.radio.engine import RadioNetwork

N_CELLS, N_USERS, SIDE_M = 1000, 10_000, 20_000.0


@pytest.fixture(scope="module", params=[1, 2])
def network(request):
    rng = np.random.default_rng(1)
    places = np.repeat(rng.uniform(0, SIDE_M, (N_CELLS // 3 + 1, 2)), 3, axis=0)[:N_CELLS]
    cells = [
        make_cell(f"c{i}", site=f"s{i // 3}", x_m=X0 + x, y_m=Y0 + y, azimuth_deg=120.0 * (i % 3))
        for i, (x, y) in enumerate(places.tolist())
    ]
    made = RadioNetwork(cells, n_threads=request.param)
    x, y = rng.uniform(0, SIDE_M, (2, N_USERS))
    made.add_users(range(N_USERS), x + X0, y + Y0, operator="A")
    made.query()
    return made


@pytest.mark.benchmark(group="W2")
def test_w2_one_in_a_hundred_moves(benchmark, network):
    rng = np.random.default_rng(2)
    n = N_USERS // 100
    moves = [(rng.choice(N_USERS, n, replace=False).tolist(), rng.uniform(0, SIDE_M, (2, n)))
             for _ in range(50)]  # fmt: skip
    turn = itertools.cycle(moves)

    def work():
        who, (x, y) = next(turn)
        network.move_users(who, x + X0, y + Y0)
        return network.query()

    benchmark(work)


@pytest.mark.parametrize("what", ["tx_power_dbm", "tilt_deg", "azimuth_deg", "x_m"])
@pytest.mark.benchmark(group="W2")
def test_w2_one_cell_edited(benchmark, network, what):
    low, high = {"tx_power_dbm": (40.0, 46.0), "tilt_deg": (2.0, 10.0),
                 "azimuth_deg": (0.0, 360.0), "x_m": (X0, X0 + SIDE_M)}[what]  # fmt: skip
    rng = np.random.default_rng(3)

    def work():
        name = f"c{int(rng.integers(N_CELLS))}"
        network.edit_cell(name, **{what: float(rng.uniform(low, high))})
        return network.query()

    benchmark(work)


@pytest.mark.benchmark(group="W2")
def test_w2_full_recompute(benchmark, network):
    benchmark(network.recompute)
