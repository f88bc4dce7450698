"""Profiles per second of P.1812 (W4): the kernel beside the readable form in NumPy, in one run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cext import _p1812
from twin.radio.itu.clear_air_inputs import Path, RadioClimate, Terminals
from twin.radio.itu.p1812 import transmission_loss

N_PROFILES, N_POINTS = 20_000, 300
LINK = {
    "freq_hz": 900e6, "tx_height_m": 30.0, "rx_height_m": 1.5, "time_percent": 10.0,
    "spread_db": 0.0, "is_vertical": 1.0, "latitude_deg": 51.4, "delta_n": 40.0, "n0": 325.0,
    "tx_coast_m": 500e3, "rx_coast_m": 500e3,
}  # fmt: skip


@pytest.fixture(scope="module")
def scene() -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(4)
    length_m = rng.uniform(2e3, 60e3, (N_PROFILES, 1))
    distance_m = length_m * np.linspace(0, 1, N_POINTS)
    ground_m = 200 + np.cumsum(rng.normal(0, 3, (N_PROFILES, N_POINTS)), axis=1)
    clutter_m = rng.choice([0.0, 10.0, 20.0], (N_PROFILES, N_POINTS))
    return distance_m, ground_m, clutter_m


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("with_clutter", [False, True])
def test_p1812_profiles_of_300_points(
    benchmark: Any, scene: tuple[Any, Any, Any], n_threads: int, with_clutter: bool
) -> None:
    distance_m, ground_m, clutter_m = scene
    row = [LINK[name] for name in _p1812.LINK_COLUMNS]
    links = np.tile(row, (N_PROFILES, 1))
    clutter = clutter_m if with_clutter else None
    benchmark(_p1812.loss, distance_m, ground_m, links, clutter_m=clutter, n_threads=n_threads)
    benchmark.extra_info["profiles_per_s"] = N_PROFILES / benchmark.stats.stats.min


def test_p1812_in_numpy(benchmark: Any, scene: tuple[Any, Any, Any]) -> None:
    n = 500
    distance_m, ground_m, clutter_m = (array[:n] for array in scene)
    path = Path(distance_m=distance_m, ground_m=ground_m, clutter_m=clutter_m)
    ends = Terminals(freq_hz=900e6, tx_height_m=30, rx_height_m=1.5, is_vertical=True)
    air = RadioClimate(latitude_deg=51.4, delta_n=40, n0=325)
    benchmark(transmission_loss, path, ends, air, time_percent=10)
    benchmark.extra_info["profiles_per_s"] = n / benchmark.stats.stats.min
