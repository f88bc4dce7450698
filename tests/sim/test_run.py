"""Simulating in virtual time: the same seed gives the same result, in any process."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from twin.model.city import City
from twin.model.errors import ModelError
from twin.sim import simulate
from twin.sim.registry import SYSTEM_NAMES
from twin.sim.run import Run
from twin.sim.simulation import Simulation

MORNING = datetime(2026, 1, 20, 6, 30, tzinfo=UTC)


def test_the_same_seed_gives_the_same_trace_and_another_seed_another(city):
    one, same, other = (simulate(city, hours=0.5, seed=seed, start=MORNING) for seed in (7, 7, 8))
    assert one.trace_sha256 == same.trace_sha256
    assert one.systems == same.systems
    assert one.curves == same.curves
    assert one.trace_sha256 != other.trace_sha256


def test_the_trace_is_the_same_in_a_process_with_another_hash_seed(city):
    code = (
        "import importlib.util as u, sys;"
        "s = u.spec_from_file_location('c', sys.argv[1]); m = u.module_from_spec(s);"
        "s.loader.exec_module(m);"
        "from twin.sim import simulate;"
        "print(simulate(m.make_city(), hours=0.25, seed=7).trace_sha256)"
    )
    conftest = __file__.replace("test_run.py", "conftest.py")
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code, conftest],
            capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
        ).stdout.strip()
        for seed in ("1", "2")
    }  # fmt: skip
    assert hashes == {simulate(city, hours=0.25, seed=7).trace_sha256}


def test_every_system_has_figures_with_units_and_curves(city):
    seen = []
    result = simulate(city, hours=1.5, seed=7, start=MORNING, progress=seen.append)
    assert set(result.systems) == set(SYSTEM_NAMES)
    for name, kpis in result.systems.items():
        assert len(kpis) >= 5, name
        assert all(kpi.unit for kpi in kpis.values()), name
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert result.at_s == tuple(300.0 * k for k in range(1, 19))
    for name, curves in result.curves.items():
        for gauge, values in curves.items():
            assert len(values) == 18, (name, gauge)
    assert result.events["lamps_off"] == 1
    assert json.loads(json.dumps(result.as_dict()))["simulated_seconds"] == 5400.0


def test_only_the_systems_asked_for_are_simulated(city):
    result = simulate(city, hours=0.1, seed=7, systems=["lamps", "signals"])
    assert set(result.systems) == {"lamps", "signals"}
    with pytest.raises(ModelError, match="no system 'trains'; there are dependencies"):
        simulate(city, hours=0.1, seed=7, systems=["trains"])


def test_a_city_with_nothing_in_it_can_be_simulated(city):
    empty = City(
        name="empty", title="Empty", seed=1, timezone="UTC", lat_deg=0.0, lon_deg=0.0,
        outline=city.outline,
    )  # fmt: skip
    result = simulate(empty, hours=1.0, seed=1)
    assert set(result.systems) == set(SYSTEM_NAMES)
    assert all(len(kpis) >= 5 for kpis in result.systems.values())


def test_a_town_without_people_has_no_users(city):
    result = simulate(replace(city, census=(), stops=()), hours=0.5, seed=1)
    assert result.systems["cellular"]["traffic_gb"].value == 0.0
    assert result.systems["transit_wifi"]["passengers"].value == 0.0


@pytest.mark.parametrize("hours", [0.0, -1.0, float("nan"), 1e6])
def test_hours_out_of_range_are_refused(city, hours):
    with pytest.raises(ValueError, match="hours"):
        simulate(city, hours=hours, seed=1)


def test_a_start_without_timezone_is_refused(city):
    with pytest.raises(ValueError, match="no timezone"):
        simulate(city, hours=1.0, seed=1, start=datetime(2026, 1, 20, 7))


def test_hours_that_have_passed_are_refused(city):
    simulation = Simulation(city, seed=1, start=MORNING, systems=["lamps"])
    simulation.advance(7200.0)
    with pytest.raises(ValueError, match="but 2 h have passed"):
        Run(simulation, hours=1.0)


def test_the_memory_of_a_run_is_not_that_of_the_process_that_started_it():
    big = np.ones(60_000_000)  # 480 MB
    code = "from twin.sim.run import peak_rss_mb; print(peak_rss_mb())"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert big.nbytes > 400e6
    assert 20.0 < float(said) < 400.0
