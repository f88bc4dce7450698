"""Simulating in virtual time: the same seed gives the same result, in any process."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import datetime

import pytest

from twin.geo.cityfile import load_city
from twin.model.city import City
from twin.sim import simulate


def test_the_same_seed_gives_the_same_trace_and_another_seed_another(city):
    one, same, other = (simulate(city, hours=0.5, seed=seed) for seed in (7, 7, 8))
    assert one == same
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


def test_the_result_is_a_table_by_hour_that_adds_up(city):
    seen = []
    result = simulate(city, hours=2.5, seed=7, progress=seen.append)
    assert len(result.table) == 3
    assert sum(row.mobile_gb for row in result.table) == pytest.approx(result.mobile_gb, abs=0.01)
    assert sum(row.lamps_kwh for row in result.table) == pytest.approx(result.lamps_kwh, abs=0.01)
    assert sum(row.cells_kwh for row in result.table) == pytest.approx(result.cells_kwh, abs=0.01)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert result.table[0].begin == "2026-01-20T07:30:00+01:00"
    assert result.events["lamps_off"] == 1
    assert result.events["lesson_begins"] == 2
    assert result.school_clients_max > 30
    assert json.loads(json.dumps(result.as_dict()))["seed"] == 7


def test_a_city_with_nothing_in_it_can_be_simulated(city):
    empty = City(
        name="empty", title="Empty", seed=1, timezone="UTC", lat_deg=0.0, lon_deg=0.0,
        outline=city.outline,
    )  # fmt: skip
    result = simulate(empty, hours=1.0, seed=1)
    assert result.mobile_gb == 0.0
    assert result.devices == {}


def test_a_town_without_people_has_no_users(city):
    result = simulate(replace(city, census=(), stops=()), hours=0.5, seed=1)
    assert result.mobile_gb == 0.0
    assert result.trams == 0


@pytest.mark.parametrize("hours", [0.0, -1.0, float("nan"), 1e6])
def test_hours_out_of_range_are_refused(city, hours):
    with pytest.raises(ValueError, match="hours"):
        simulate(city, hours=hours, seed=1)


def test_a_start_without_timezone_is_refused(city):
    with pytest.raises(ValueError, match="no timezone"):
        simulate(city, hours=1.0, seed=1, start=datetime(2026, 1, 20, 7))


@pytest.mark.slow
def test_an_hour_of_duisburg_is_the_same_twice():
    duisburg = load_city("duisburg")
    one, same = (simulate(duisburg, hours=1.0, seed=7) for _ in range(2))
    assert one == same
    assert one.events["lesson_begins"] > 100
    assert one.school_clients_max > 10_000
    assert 1000.0 < one.lamps_kwh < 5000.0
