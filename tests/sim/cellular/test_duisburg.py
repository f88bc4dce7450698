"""The busy hour of the city in the box, against the regulator's volume."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from twin.geo.cityfile import load_city
from twin.sim.cellular import Cellular
from twin.sim.simulation import Simulation


@pytest.fixture(scope="module")
def evening():
    """Duisburg from 20 to 21 h with a fifth of the usual agents, all SIMs."""
    city = load_city("duisburg")
    start = datetime(2026, 1, 20, 20, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    run = Simulation(city, seed=1, start=start, systems=["cellular"], managed=[], tick_s=30.0)
    run.context.managed = None
    mobile = Cellular(run.context, n_agents=20_000)
    run.context.systems["cellular"] = mobile
    mobile.start()
    run.advance(3630.0)
    run.check_invariants()
    return mobile


def test_the_city_moves_21_to_24_gbit_per_s_in_the_busy_hour(evening):
    # 7.4 GB per SIM and month, 1.30 SIMs per resident, 6 to 7 % of the day in the busy hour
    assert 21.0 <= evening.kpis()["busy_hour_throughput_gbps"].value <= 24.0


def test_users_and_cells_of_the_busy_hour_are_plausible(evening):
    figures = evening.kpis()
    assert 10.0 < figures["mean_prb_load_percent"].value < 40.0
    assert figures["user_throughput_p5_mbps"].value < figures["user_throughput_p50_mbps"].value
    assert 5.0 < figures["user_throughput_p50_mbps"].value < 150.0
    assert figures["unserved_users_percent"].value < 1.0
    assert figures["traffic_lte_gb"].value > figures["traffic_nr_gb"].value
    # 582 sites, several kilowatts each
    assert 1000.0 < figures["energy_kwh"].value < 3000.0
    assert set(evening.kpis_by_district()) == {
        "walsum",
        "hamborn",
        "meiderich-beeck",
        "homberg-ruhrort-baerl",
        "duisburg-mitte",
        "rheinhausen",
        "duisburg-sued",
    }
