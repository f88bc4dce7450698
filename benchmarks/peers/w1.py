"""W1: 1,000 cells x 10,000 users, UMa without line of sight, to the throughput of each user."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.peers.record import Entry, compare, version_of
from cext import _limit, _sinr
from twin.radio.link.throughput import throughput_bps

N_CELLS, N_USERS, EDGE_M = 1000, 10_000, 20_000.0
FREQ_GHZ, H_BS_M, H_UT_M, POWER_W, BANDWIDTH_HZ = 3.5, 25.0, 1.5, 20.0, 20e6
NOISE_W = 2.0e-20 * BANDWIDTH_HZ
LOG2_DB = np.log2(10.0) / 10.0
LOSS_A_DB, LOSS_SLOPE_DB = 13.54 + 20 * np.log10(FREQ_GHZ), 39.08

__all__ = ["entries", "scene", "tables"]


def scene() -> tuple[np.ndarray, np.ndarray]:
    """Cells and users on a square, shape (2, n). [m]."""
    rng = np.random.default_rng(1)
    return rng.uniform(0, EDGE_M, (2, N_CELLS)), rng.uniform(0, EDGE_M, (2, N_USERS))


def tables(places: np.ndarray) -> tuple[np.ndarray, ...]:
    """Tables of the kernel in which only the branch without line of sight counts."""
    n = places.shape[1]
    sites = np.zeros((n, len(_sinr.SITE_COLUMNS)), np.float32)
    values = {"dh": H_BS_M - H_UT_M, "nlos_a": -LOG2_DB * LOSS_A_DB, "nlos_b": -LOSS_SLOPE_DB / 20,
              "los_k": 1e3, "d_min": 10.0}  # fmt: skip
    for name, value in values.items():
        sites[:, _sinr.SITE_COLUMNS.index(name)] = value
    sites[:, 0], sites[:, 1] = places
    sectors = np.zeros((n, len(_sinr.SECTOR_COLUMNS)), np.float32)
    columns = {"sla_v": LOG2_DB * 30, "a_max": LOG2_DB * 30, "load": 1.0,
               "power": np.log2(POWER_W * 1e3), "serves": 1.0}  # fmt: skip
    for name, value in columns.items():
        if name in _sinr.SECTOR_COLUMNS:
            sectors[:, _sinr.SECTOR_COLUMNS.index(name)] = value
    index = np.arange(n, dtype=np.int32)
    noise_mw = np.array([NOISE_W * 1e3], np.float32)
    return (sites, sectors, np.arange(n + 1, dtype=np.int32), np.zeros(n, np.int32), index,
            np.ones((1, 1), np.float32), noise_mw)  # fmt: skip


def _ours(
    cells: np.ndarray, users: np.ndarray, n_threads: int
) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    points = [np.ascontiguousarray(values, np.float32) for values in users]
    inputs = tables(cells)

    def run() -> tuple[np.ndarray, np.ndarray]:
        _, sinr_db, _ = _sinr.best_server(*points, *inputs, n_threads=n_threads)
        return sinr_db, throughput_bps(
            sinr_db, technology="nr", bandwidth_hz=BANDWIDTH_HZ, scs_hz=15e3
        )

    return run


def _crrm(cells: np.ndarray, users: np.ndarray) -> Callable[[], object]:
    from CRRM import Parameters, Simulator

    simulator = Simulator(
        Parameters(
            cell_locations=np.column_stack([*cells, np.full(N_CELLS, H_BS_M)]),
            ue_initial_locations=np.column_stack([*users, np.full(N_USERS, H_UT_M)]),
            h_UT_default=H_UT_M, h_BS_default=H_BS_M, fc_GHz=FREQ_GHZ, LOS=False,
            p_W=POWER_W, bw_MHz=BANDWIDTH_HZ / 1e6, pathloss_model_name="UMa",
        )
    )  # fmt: skip
    everyone, there = np.arange(N_USERS), np.column_stack([*users, np.full(N_USERS, H_UT_M)])

    def run() -> object:
        simulator.set_ue_locations(everyone, there)
        return simulator.get_UE_throughputs()

    return run


def _numpy(cells: np.ndarray, users: np.ndarray, dtype: type) -> Callable[[], object]:
    x, y = users.astype(dtype)
    cx, cy = cells.astype(dtype)
    a = dtype(10 * np.log10(POWER_W * 1e3) - LOSS_A_DB)

    def run() -> np.ndarray:
        sinr = np.empty(len(x), dtype)
        for start in range(0, len(x), 250):  # blocks that fit the cache, as a careful user would
            cut = slice(start, start + 250)
            square = (x[cut, None] - cx) ** 2 + (y[cut, None] - cy) ** 2
            np.maximum(square, dtype(100.0), out=square)
            square += dtype((H_BS_M - H_UT_M) ** 2)
            power = dtype(10) ** ((a - dtype(LOSS_SLOPE_DB / 2) * np.log10(square)) / dtype(10))
            server = power.argmax(axis=1)
            rows = np.arange(len(server))
            top = power[rows, server].copy()
            power[rows, server] = 0
            disturbance = power.sum(axis=1) + dtype(NOISE_W * 1e3)
            sinr[cut] = dtype(10) * np.log10(top / disturbance)
        return throughput_bps(
            sinr.astype(np.float32), technology="nr", bandwidth_hz=BANDWIDTH_HZ, scs_hz=15e3
        )

    return run


def _numba(cells: np.ndarray, users: np.ndarray, n_threads: int) -> Callable[[], object]:
    import numba

    @numba.njit(parallel=True, fastmath=True)
    def kernel(x, y, cx, cy, a, slope, dh2, noise, out):
        for i in numba.prange(len(x)):
            best = np.float32(0.0)
            total = np.float32(0.0)
            for j in range(len(cx)):
                dx, dy = x[i] - cx[j], y[i] - cy[j]
                square = max(dx * dx + dy * dy, np.float32(100.0)) + dh2
                power = np.exp2(a - slope * np.log2(square))
                total += power
                best = max(best, power)
            out[i] = np.float32(10.0) * np.log10(best / (total - best + noise))

    f32 = np.float32
    inputs = [np.ascontiguousarray(v, f32) for v in (*users, *cells)]
    a = f32(np.log2(POWER_W * 1e3) - LOG2_DB * LOSS_A_DB)
    constants = a, f32(LOSS_SLOPE_DB / 20), f32((H_BS_M - H_UT_M) ** 2), f32(NOISE_W * 1e3)
    sinr = np.empty(N_USERS, f32)

    def run() -> np.ndarray:
        numba.set_num_threads(n_threads)
        kernel(*inputs, *constants, sinr)
        return throughput_bps(sinr, technology="nr", bandwidth_hz=BANDWIDTH_HZ, scs_hz=15e3)

    return run


def _limit_in_c(n_threads: int) -> Callable[[], object]:
    """One log2 and one exp2 for as many links, with the instruction set that ours uses."""
    squares = np.linspace(1e2, 2 * EDGE_M**2, N_USERS, dtype=np.float32)
    sums = np.empty_like(squares)
    return lambda: _limit.log2_exp2(squares, sums, n_rounds=N_CELLS, n_threads=n_threads)


def entries() -> Iterator[Entry]:
    """Compare the kernel with CRRM, NumPy and numba, and with what log2 and exp2 alone allow."""
    cells, users = scene()
    links = N_CELLS * N_USERS / 1e6
    peers: list[tuple[str, int, Callable[[], object]]] = [
        ("NumPy float32", 1, _numpy(cells, users, np.float32)),
        ("NumPy float64", 1, _numpy(cells, users, np.float64)),
    ]
    peers += [("bare log2 + exp2 in C", n, _limit_in_c(n)) for n in (1, 2)]
    if version_of("numba"):
        peers += [(f"{version_of('numba')} float32", n, _numba(cells, users, n)) for n in (1, 2)]
    if version_of("crrm"):
        peers += [(str(version_of("crrm")), n, _crrm(cells, users)) for n in (1, 2)]
    for name, n_threads, theirs in peers:
        work = f"W1 1000 cells x 10000 users, {n_threads} thread{'s' * (n_threads > 1)}"
        yield compare(work, name, _ours(cells, users, n_threads), theirs,
                      amount=(links, links), unit="Mlinks/s")  # fmt: skip
