"""Seconds for an hour of the morning with all nine systems, and with each of them alone.

The mobile network over the number of users: `test_bench_living_cells.py`. A year of the lamps:
`test_bench_lamps.py`. Shares, memory and the whole day: `python -m benchmarks.living_city --full`.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from twin.geo.cityfile import load_city
from twin.sim.registry import SYSTEM_NAMES
from twin.sim.simulation import Simulation

_MORNING = datetime(2026, 1, 13, 7, 30, tzinfo=ZoneInfo("Europe/Berlin"))
_HOUR_S = 3600.0


@pytest.fixture(scope="module")
def duisburg():
    return load_city("duisburg")


def _go_on(simulation):
    simulation.advance(simulation.now_s + _HOUR_S)


def _measure(benchmark, duisburg, systems):
    def start():
        return (Simulation(duisburg, seed=7, start=_MORNING, systems=systems),), {}

    benchmark.extra_info["simulated_s"] = _HOUR_S
    benchmark.pedantic(_go_on, setup=start, rounds=1)


@pytest.mark.benchmark(group="the living city, 7:30 to 8:30, ticks of 10 s")
def test_an_hour_of_all_nine_systems(benchmark, duisburg):
    _measure(benchmark, duisburg, SYSTEM_NAMES)


@pytest.mark.parametrize("system", SYSTEM_NAMES)
@pytest.mark.benchmark(group="the living city, 7:30 to 8:30, one system alone")
def test_an_hour_of_one_system(benchmark, duisburg, system):
    _measure(benchmark, duisburg, [system])


@pytest.mark.benchmark(group="the living city, start")
def test_start_of_all_nine_systems(benchmark, duisburg):
    benchmark.pedantic(
        lambda: Simulation(duisburg, seed=7, start=_MORNING, systems=SYSTEM_NAMES), rounds=2
    )
