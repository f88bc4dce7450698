"""Seconds for ten simulated minutes of the mobile network of the whole city, by number of users."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from twin.geo.cityfile import load_city
from twin.sim.cellular import Cellular
from twin.sim.clock import Clock
from twin.sim.deviations import draw_deviations
from twin.sim.kernel import Kernel
from twin.sim.system import Context

_SIMULATED_S = 600.0


@pytest.fixture(scope="module")
def city():
    return load_city("duisburg")


def _evening(city, n_agents):
    start = datetime(2026, 1, 20, 19, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    context = Context(
        city=city,
        seed=1,
        kernel=Kernel(),
        clock=Clock(start, city.timezone),
        hidden=draw_deviations(city, 1),
        managed=None,
        tick_s=10.0,
    )
    mobile = Cellular(context, n_agents=n_agents)
    mobile.start()
    return context.kernel


@pytest.mark.parametrize("n_agents", [1_000, 10_000, 100_000, 1_000_000])
@pytest.mark.benchmark(group="mobile network of the city, 10 min in ticks of 10 s")
def test_ten_minutes_of_the_city(benchmark, city, n_agents):
    kernel = _evening(city, n_agents)
    benchmark.extra_info["simulated_s"] = _SIMULATED_S

    def go_on():
        kernel.advance(kernel.now_s + _SIMULATED_S)

    benchmark.pedantic(go_on, rounds=3)


@pytest.mark.benchmark(group="mobile network of the city, start")
def test_start_of_the_city(benchmark, city):
    benchmark.pedantic(lambda: _evening(city, 100_000), rounds=2)
