"""Writes `twin/sim/mobility/rate_table.py`: `python tools/calibrate_handover.py`.

Runs `MobilitySimulation` with reports of 200 ms, the samples of layer 1, over a torus of 36 sites
for every corner of the grid below, with the same users and the same shadowing for every setting of
handover. A quarter of an hour on two processors.
"""

from __future__ import annotations

import itertools
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from twin.sim.mobility.hexagons import hexagonal_layer
from twin.sim.mobility.policy import HandoverPolicy
from twin.sim.mobility.simulation import MobilityCounts, MobilitySimulation
from twin.sim.mobility.walk import straight_walk

TARGET = Path(__file__).parents[1] / "twin/sim/mobility/rate_table.py"
LOAD, ISD_M, SPEED_KM_H = (0.3, 0.45, 0.6, 0.8, 1.0), (300.0, 500.0, 1000.0), (3.0, 30.0, 50.0)
HYSTERESIS_DB, TIME_TO_TRIGGER_S = (1.0, 2.0, 3.0, 6.0), (0.04, 0.256, 0.64)
N_SITES, N_USERS, STEP_S, SEED = (6, 6), 384, 0.2, 36839
LEAST_KM, LONGEST_S, N_PROCESSES = 1000.0, 1800.0, 2

HEAD = '''"""Rates of handover, made by `tools/calibrate_handover.py`; do not edit.

{n_users} users, {n_sites} sites on a torus, UMa at 2.1 GHz, reports of {step_s} s, seed {seed}.
"""

from __future__ import annotations

__all__ = ["AXES", "RATES"]

AXES: dict[str, tuple[float, ...]] = {{
    "load": {load},
    "isd_m": {isd},
    "speed_km_h": {speed},
    "hysteresis_db": {hysteresis},
    "time_to_trigger_s": {trigger},
}}

RATES: tuple[tuple[float, float, float, float, float], ...] = (
'''


def measure(
    load: float, isd_m: float, speed_km_h: float, hysteresis_db: float, time_to_trigger_s: float
) -> MobilityCounts:
    """Run one corner of the grid."""
    cells, size_m = hexagonal_layer(*N_SITES, isd_m, load=load)
    walk = straight_walk(N_USERS, speed_km_h / 3.6, size_m, np.random.default_rng(SEED))
    policy = HandoverPolicy(hysteresis_db=hysteresis_db, time_to_trigger_s=time_to_trigger_s)
    simulation = MobilitySimulation(
        cells, walk, np.random.default_rng(SEED + 1), policy=policy, has_full_buffer=False
    )
    duration_s = min(LONGEST_S, LEAST_KM * 1e3 / (N_USERS * speed_km_h / 3.6))
    simulation.run(round(duration_s / STEP_S), STEP_S)
    return simulation.counts()


def main() -> int:
    """Measure all corners and write the table."""
    axes = (LOAD, ISD_M, SPEED_KM_H, HYSTERESIS_DB, TIME_TO_TRIGGER_S)
    corners = list(itertools.product(*axes))
    lines = []
    with ProcessPoolExecutor(N_PROCESSES) as pool:
        results = pool.map(measure, *zip(*corners, strict=True))
        for corner, found in zip(corners, results, strict=True):
            row = (found.handovers_per_km, found.ping_pong_share, found.soon_return_share,
                   found.failure_share, found.link_losses_per_km)  # fmt: skip
            lines.append(f"({', '.join(f'{value:.4g}' for value in row)}),")
            print(*corner, *(f"{value:.4g}" for value in row), flush=True)
    head = HEAD.format(
        n_users=N_USERS, n_sites=N_SITES[0] * N_SITES[1], step_s=STEP_S, seed=SEED, load=LOAD,
        isd=ISD_M, speed=SPEED_KM_H, hysteresis=HYSTERESIS_DB, trigger=TIME_TO_TRIGGER_S,
    )  # fmt: skip
    text = (
        head
        + "".join(f"    {' '.join(lines[k : k + 2])}\n" for k in range(0, len(lines), 2))
        + ''')  # fmt: skip
"""Handovers per km, shares of ping-pong, of returns within 5 s and of failures, lost links per km.

The last axis runs fastest.
"""
'''
    )
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
