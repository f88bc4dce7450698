"""W2: requery of all users after 1 % of them moved, and after the power of one cell changed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.peers.record import Entry, compare, version_of
from benchmarks.peers.w1 import (
    BANDWIDTH_HZ,
    FREQ_GHZ,
    H_BS_M,
    H_UT_M,
    N_CELLS,
    N_USERS,
    POWER_W,
    scene,
)
from twin.radio.engine import RadioNetwork

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "oracles"))

from radio_cells import X0, Y0, make_cell

__all__ = ["entries"]

N_MOVED = N_USERS // 100


def entries() -> Iterator[Entry]:
    """Compare the engine with CRRM, which recomputes everything when a power changes."""
    name = version_of("crrm")
    if not name:
        return
    from CRRM import Parameters, Simulator

    cells, users = scene()
    network = RadioNetwork(
        [
            make_cell(f"c{i}", site=f"s{i}", x_m=X0 + x, y_m=Y0 + y, height_m=H_BS_M,
                      carrier_hz=FREQ_GHZ * 1e9, beamwidth_h_deg=360.0, beamwidth_v_deg=180.0)
            for i, (x, y) in enumerate(cells.T.tolist())
        ]
    )  # fmt: skip
    network.add_users(range(N_USERS), users[0] + X0, users[1] + Y0, operator="A")
    simulator = Simulator(
        Parameters(
            cell_locations=np.column_stack([*cells, np.full(N_CELLS, H_BS_M)]),
            ue_initial_locations=np.column_stack([*users, np.full(N_USERS, H_UT_M)]),
            h_UT_default=H_UT_M, h_BS_default=H_BS_M, fc_GHz=FREQ_GHZ, LOS=False,
            p_W=POWER_W, bw_MHz=BANDWIDTH_HZ / 1e6, pathloss_model_name="UMa",
        )
    )  # fmt: skip
    rng = np.random.default_rng(2)
    who = rng.choice(N_USERS, N_MOVED, replace=False)

    def our_move() -> object:
        x, y = rng.uniform(0, 20_000.0, (2, N_MOVED))
        network.move_users(who.tolist(), x + X0, y + Y0)
        return network.query()

    def their_move() -> object:
        x, y = rng.uniform(0, 20_000.0, (2, N_MOVED))
        simulator.set_ue_locations(who, np.column_stack([x, y, np.full(N_MOVED, H_UT_M)]))
        return simulator.get_UE_throughputs()

    def our_power() -> object:
        network.edit_cell(f"c{int(rng.integers(N_CELLS))}", tx_power_dbm=float(rng.uniform(40, 46)))
        return network.query()

    def their_power() -> object:
        simulator.change_power_matrix([int(rng.integers(N_CELLS))], float(rng.uniform(-0.1, 0.1)))
        return simulator.get_UE_throughputs()

    # the power first: after a move CRRM 2.0.2 updates only the users moved last, which is wrong
    works = {"power of one cell": (our_power, their_power, 5),
             "1 % of users moved": (our_move, their_move, 20)}  # fmt: skip
    for words, (ours, theirs, rounds) in works.items():
        yield compare(f"W2 {words}, 1000 cells x 10000 users", name, ours, theirs,
                      amount=(1.0, 1.0), unit="requeries/s", rounds=rounds)  # fmt: skip
