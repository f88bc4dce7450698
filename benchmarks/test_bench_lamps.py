"""A year of 46,000 street lamps, by event, beside a step of 60 s in NumPy.

The year holds sun, dimming, motion, ageing, failures, crews and classes; the NumPy version only
sun, dimming and energy, and it cannot hold a lamp for 90 s.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from twin.geo.reader import read_city
from twin.sim.clock import Clock
from twin.sim.lamps.timetable import AstroClock, in_window, minute_of_day
from twin.sim.power import lamp_power_w
from twin.sim.simulation import Simulation

DUISBURG = Path(__file__).parents[1] / "twin/cities/duisburg"
START = datetime(2026, 1, 1, tzinfo=ZoneInfo("Europe/Berlin"))
DAY_S = 86_400.0


@pytest.fixture(scope="module")
def duisburg():
    return read_city(DUISBURG)


@pytest.mark.parametrize("days", [1, 30, 365])
@pytest.mark.benchmark(group="lamps of Duisburg by event")
def test_days_by_event(benchmark, duisburg, days):
    def start():
        return (Simulation(duisburg, seed=1, start=START, systems=["lamps"]),), {}

    def run(simulation):
        simulation.advance(days * DAY_S)
        return simulation.kpis()["lamps"]["energy_kwh"].value

    benchmark.extra_info["energy_kwh"] = benchmark.pedantic(run, setup=start, rounds=1)


@pytest.mark.benchmark(group="a week of lamps by steps of 60 s")
def test_week_by_steps(benchmark, duisburg):
    index = {cabinet.id: i for i, cabinet in enumerate(duisburg.cabinets)}
    of = np.array([index[lamp.cabinet] for lamp in duisburg.lamps])
    watts = np.array([lamp.power_w for lamp in duisburg.lamps])
    night = np.array([cabinet.night_level_percent for cabinet in duisburg.cabinets])
    begin = np.array([cabinet.night_start_min for cabinet in duisburg.cabinets])
    end = np.array([cabinet.night_end_min for cabinet in duisburg.cabinets])
    clock = Clock(START, duisburg.timezone)
    astro = AstroClock(clock, duisburg.lat_deg, duisburg.lon_deg)

    def run():
        energy_wh = 0.0
        for minute in range(7 * 1440):
            now_s = 60.0 * minute
            if astro.is_dark(now_s):
                dimmed = in_window(minute_of_day(clock, now_s), begin, end)
                level = np.where(dimmed, night, 100) / 100.0
                energy_wh += float(lamp_power_w(watts, level[of]).sum()) / 60.0
        return energy_wh / 1000.0

    benchmark.extra_info["energy_kwh"] = benchmark.pedantic(run, rounds=1)


@pytest.mark.parametrize("n_cabinets", [50, 200, 800])
@pytest.mark.benchmark(group="30 days of lamps over cabinets")
def test_cost_over_cabinets(benchmark, duisburg, n_cabinets):
    managed = [cabinet.id for cabinet in duisburg.cabinets[:n_cabinets]]

    def start():
        simulation = Simulation(duisburg, seed=1, start=START, systems=["lamps"], managed=managed)
        return (simulation,), {}

    benchmark.pedantic(lambda simulation: simulation.advance(30 * DAY_S), setup=start, rounds=3)
