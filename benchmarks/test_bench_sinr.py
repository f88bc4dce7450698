"""Links per second of the kernel beside NumPy in float32 and float64, in one run.

W1 is the work other systems are measured by: 1,000 cells x 10,000 receivers, UMa path loss without
line of sight, omnidirectional, best server and SINR. The full kernel adds both branches of line of
sight, P(LOS), the expectation and the sector pattern. Rates stand in `extra_info`.
"""

from __future__ import annotations

from time import perf_counter

import numpy as np
import pytest

from cext import _isa, _limit, _sinr
from twin.radio.link.throughput import throughput_bps

N_CELLS, N_POINTS = 1000, 10_000
LOG2_DB = np.log2(10) / 10
FREQ_GHZ, DH_M, NOISE_MW = 3.5, 23.5, 10**-12.2
POWER_DBM = 43.0 - 35.2 + 17.0


@pytest.fixture(scope="module")
def scene():
    rng = np.random.default_rng(1)
    return rng.uniform(0, 20_000, (2, N_CELLS)), rng.uniform(0, 20_000, (2, N_POINTS))


def tables(places, n_sectors, *, is_nlos_only):
    n_sites = places.shape[1] // n_sectors
    sites = np.zeros((n_sites, len(_sinr.SITE_COLUMNS)), np.float32)
    f_db = 20 * np.log10(FREQ_GHZ)
    d_break = 4 * (DH_M + 0.5) * 0.5 * FREQ_GHZ * 1e9 / 3e8
    far = 28 + f_db - 9 * np.log10(d_break**2 + DH_M**2)
    values = {
        "dh": DH_M, "break": d_break, "near_a": -LOG2_DB * (28 + f_db), "near_b": -22 / 20,
        "far_a": -LOG2_DB * far, "far_b": -40 / 20, "nlos_a": -LOG2_DB * (13.54 + f_db),
        "nlos_b": -39.08 / 20, "los_d0": 18.0, "los_k": np.log2(np.e) / 63, "d_min": 10.0,
    }  # fmt: skip
    if is_nlos_only:  # one branch: P(LOS) = 0 everywhere
        values |= {"near_a": 0.0, "near_b": 0.0, "far_a": 0.0, "far_b": 0.0,
                   "los_d0": 0.0, "los_k": 1e3}  # fmt: skip
    for name, value in values.items():
        sites[:, _sinr.SITE_COLUMNS.index(name)] = value
    sites[:, 0], sites[:, 1] = places[:, :n_sites]
    n = n_sites * n_sectors
    sectors = np.zeros((n, len(_sinr.SECTOR_COLUMNS)), np.float32)
    sectors[:, 0] = np.tile(2 * np.pi / 3 * np.arange(n_sectors) - 1, n_sites)
    if n_sectors > 1:
        sectors[:, 1] = LOG2_DB * 12 / np.radians(65) ** 2
        sectors[:, 2:4] = np.radians(6), LOG2_DB * 12 / np.radians(8) ** 2
    sectors[:, 4:6] = LOG2_DB * 30
    sectors[:, 6:9] = LOG2_DB * POWER_DBM, 0.5, 1.0  # power, load, serves
    first = np.arange(0, n + 1, n_sectors, dtype=np.int32)
    index = np.arange(n, dtype=np.int32)
    mixing = np.ones((1, 1), np.float32)
    return (sites, sectors, first, np.zeros(n, np.int32), index, mixing,
            np.array([NOISE_MW], np.float32))  # fmt: skip


def report(benchmark, n_links):
    if benchmark.stats:
        benchmark.extra_info["Mlinks_per_s"] = round(n_links / benchmark.stats.stats.min / 1e6, 1)
    benchmark.extra_info["isa"] = _isa.active_isa()


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("isa", _isa.isas())
@pytest.mark.benchmark(group="W1")
def test_w1_kernel(benchmark, scene, monkeypatch, isa, n_threads):
    monkeypatch.setenv("STELLWERK_ISA", isa)
    places, (x, y) = scene
    inputs = tables(places, 1, is_nlos_only=True)
    points = x.astype(np.float32), y.astype(np.float32)
    benchmark(lambda: _sinr.best_server(*points, *inputs, n_threads=n_threads))
    report(benchmark, N_CELLS * N_POINTS)
    share_of_limit(benchmark, n_threads)


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.benchmark(group="W1 to throughput")
def test_w1_kernel_to_throughput(benchmark, scene, n_threads):
    places, (x, y) = scene
    inputs = tables(places, 1, is_nlos_only=True)
    points = x.astype(np.float32), y.astype(np.float32)

    def run():
        sinr_db = _sinr.best_server(*points, *inputs, n_threads=n_threads)[1]
        return throughput_bps(sinr_db, technology="nr", bandwidth_hz=20e6, scs_hz=15e3)

    assert benchmark(run).max() > 0
    report(benchmark, N_CELLS * N_POINTS)
    share_of_limit(benchmark, n_threads)


def limit(n_threads):
    """One log2 and one exp2 for as many links as W1 has."""
    x = np.linspace(1e2, 1e8, N_POINTS, dtype=np.float32)
    out = np.empty_like(x)
    return lambda: _limit.log2_exp2(x, out, n_rounds=N_CELLS, n_threads=n_threads)


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("isa", _isa.isas())
@pytest.mark.benchmark(group="bare log2 and exp2")
def test_limit(benchmark, monkeypatch, isa, n_threads):
    monkeypatch.setenv("STELLWERK_ISA", isa)
    benchmark(limit(n_threads))
    report(benchmark, N_CELLS * N_POINTS)


def share_of_limit(benchmark, n_threads):
    if not benchmark.stats:
        return
    run, seconds = limit(n_threads), []
    for _ in range(20):
        begin = perf_counter()
        run()
        seconds.append(perf_counter() - begin)
    benchmark.extra_info["share_of_limit"] = round(min(seconds) / benchmark.stats.stats.min, 2)


def numpy_w1(places, points, dtype):
    x, y = points.astype(dtype)
    cx, cy = places.astype(dtype)
    a = dtype(POWER_DBM - 13.54 - 20 * np.log10(FREQ_GHZ))
    best = np.empty(len(x), dtype)
    sinr = np.empty(len(x), dtype)
    for start in range(0, len(x), 250):  # blocks that fit the cache, as a careful user would
        cut = slice(start, start + 250)
        square = (x[cut, None] - cx) ** 2 + (y[cut, None] - cy) ** 2
        np.maximum(square, dtype(100.0), out=square)
        square += dtype(DH_M**2)
        level = a - dtype(39.08 / 2) * np.log10(square)
        power = dtype(10) ** (level / dtype(10))
        server = power.argmax(axis=1)
        rows = np.arange(len(server))
        top = power[rows, server]
        power[rows, server] = 0
        best[cut] = level[rows, server]
        disturbance = dtype(0.5) * power.sum(axis=1) + dtype(NOISE_MW)
        sinr[cut] = dtype(10) * np.log10(top / disturbance)
    return best, sinr


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.benchmark(group="W1")
def test_w1_numpy(benchmark, scene, dtype):
    places, points = scene
    level, sinr = benchmark(lambda: numpy_w1(places, points, dtype))
    report(benchmark, N_CELLS * N_POINTS)
    kernel = _sinr.best_server(
        *(v.astype(np.float32) for v in points), *tables(places, 1, is_nlos_only=True)
    )
    np.testing.assert_allclose(kernel[0], level, atol=0.01)
    np.testing.assert_allclose(kernel[1], sinr, atol=0.01)


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("n_sectors", [1, 3])
@pytest.mark.benchmark(group="full expectation over LOS and NLOS")
def test_full_kernel(benchmark, scene, n_sectors, n_threads):
    places, (x, y) = scene
    inputs = tables(places[:, :999], n_sectors, is_nlos_only=False)
    points = x.astype(np.float32), y.astype(np.float32)
    benchmark(lambda: _sinr.best_server(*points, *inputs, n_threads=n_threads))
    report(benchmark, 999 * N_POINTS)
