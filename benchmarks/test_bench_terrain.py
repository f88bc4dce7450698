"""Speed of the Irregular Terrain Model: profiles in a batch (W4), points of a map (W5)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cext import _itm
from twin.radio.terrain.itm import ItmSetting

SETTING = ItmSetting().for_kernel()


@pytest.mark.parametrize("n_threads", [1, 2])
def test_itm_profiles_of_300_points(benchmark: Any, n_threads: int) -> None:
    rng = np.random.default_rng(0)
    n = 8000
    heights = (200 + np.cumsum(rng.normal(0, 3, (n, 300)), axis=1)).astype(np.float32)
    one = np.ones(n)
    inputs = heights, 50 * one, 20 * one, 1.5 * one, 800 * one, SETTING
    benchmark(_itm.profiles, *inputs, n_threads=n_threads)
    benchmark.extra_info["profiles_per_s"] = n / benchmark.stats.stats.min


@pytest.mark.parametrize("n_threads", [1, 2])
def test_itm_map_with_sampling(benchmark: Any, n_threads: int) -> None:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:1000, 0:1000]
    walk = np.cumsum(rng.normal(0, 0.3, (1000, 1000)), 1)
    heights = (50 + 20 * np.sin(x / 37) + 15 * np.cos(y / 51) + walk).astype(np.float32)
    u, v = (a.ravel().copy() for a in np.meshgrid(np.arange(200) * 100.0, np.arange(200) * 100.0))
    transmitter = (10e3, 10e3, 30.0, 1.5, 800.0, 40.0)
    inputs = heights, (0.0, 0.0, 20.0), transmitter, u, v, SETTING
    benchmark(_itm.coverage, *inputs, n_threads=n_threads)
    benchmark.extra_info["points_per_s"] = u.size / benchmark.stats.stats.min
