"""W3: 300 cells, 2,000 moving users, reports of a second with handover, in simulated s per wall s.

Beside it the exact mode of 40 ms, and a careful NumPy version of the same levels and events.
"""

from __future__ import annotations

import numpy as np
import pytest

from twin.sim.mobility import MobilitySimulation, hexagonal_layer, straight_walk

N_USERS, SPEED_M_S, ISD_M = 2000, 30 / 3.6, 500.0


def simulation(n_threads, n_users=N_USERS, n_sites=(10, 10)):
    cells, size_m = hexagonal_layer(*n_sites, ISD_M)
    walk = straight_walk(n_users, SPEED_M_S, size_m, np.random.default_rng(1))
    return MobilitySimulation(cells, walk, np.random.default_rng(2), n_threads=n_threads)


def run(benchmark, sim, n_reports, step_s):
    sim.run(20)
    benchmark(sim.run, n_reports, step_s)
    if benchmark.stats:
        seconds = n_reports * step_s / benchmark.stats.stats.median
        benchmark.extra_info["simulated_s_per_wall_s"] = round(seconds, 1)
    assert sim.counts().handovers > 0


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.benchmark(group="W3")
def test_w3_reports_of_a_second(benchmark, n_threads):
    run(benchmark, simulation(n_threads), 100, 1.0)


@pytest.mark.benchmark(group="W3, exact steps")
def test_w3_steps_of_40_ms(benchmark):
    run(benchmark, simulation(2), 100, 0.04)


@pytest.mark.parametrize("n_users", [500, 2000, 8000])
@pytest.mark.benchmark(group="W3 over users")
def test_cost_over_users(benchmark, n_users):
    run(benchmark, simulation(1, n_users), 20, 1.0)


@pytest.mark.parametrize("n_columns", [4, 10, 20])
@pytest.mark.benchmark(group="W3 over cells")
def test_cost_over_cells(benchmark, n_columns):
    run(benchmark, simulation(1, n_sites=(n_columns, 10)), 20, 1.0)
