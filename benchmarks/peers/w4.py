"""W4: loss over terrain profiles of 300 points, handed over as one array."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.peers.record import Entry, compare, version_of

__all__ = ["entries", "profiles"]

N_POINTS, STEP_M, FREQ_HZ, H_TX_M, H_RX_M = 300, 50.0, 900e6, 30.0, 2.0
N_OURS, N_THEIRS = 20_000, 30
CONSTANTS = {"eps": 15.0, "sgm": 0.005, "klim": 5, "ens0": 301.0, "ipol": 1}


def profiles(n: int = N_OURS) -> np.ndarray:
    """Rolling hills with noise, shape (n, 300). [m]."""
    rng = np.random.default_rng(3)
    x = np.arange(N_POINTS) * STEP_M
    length, phase = rng.uniform(1500, 9000, (n, 3, 1)), rng.uniform(0, 2 * np.pi, (n, 3, 1))
    waves = rng.uniform(5, 60, (n, 3, 1)) * np.sin(2 * np.pi * x / length + phase)
    return np.ascontiguousarray(100 + waves.sum(axis=1) + rng.normal(0, 2, (n, N_POINTS)))


def itmlogic_db(heights_m: np.ndarray, step_m: float = STEP_M) -> float:
    """Loss of one profile by itmlogic, as its own example calls it."""
    from itmlogic.misc.qerfi import qerfi
    from itmlogic.preparatory_subroutines.qlrpfl import qlrpfl
    from itmlogic.statistics.avar import avar

    wave_number = FREQ_HZ / 1e6 / 47.7
    ground = complex(CONSTANTS["eps"], 376.62 * CONSTANTS["sgm"] / wave_number)
    impedance = np.sqrt(ground - 1)
    if CONSTANTS["ipol"]:
        impedance = impedance / ground
    d_km = (len(heights_m) - 1) * step_m / 1e3
    prop = CONSTANTS | {
        "fmhz": FREQ_HZ / 1e6, "d": d_km, "dkm": d_km, "xkm": 0, "kwx": 0, "lvar": 5,
        "hg": [H_TX_M, H_RX_M], "gma": 157e-9, "wn": wave_number, "ens": CONSTANTS["ens0"],
        "gme": 157e-9 * (1 - 0.04665 * math.exp(CONSTANTS["ens0"] / 179.3)), "zgnd": impedance,
        "klimx": 0, "mdvarx": 11, "pfl": [len(heights_m) - 1, step_m, *heights_m.tolist()],
    }  # fmt: skip
    prop = qlrpfl(prop)
    median = qerfi([0.5])[0]
    extra_db, _ = avar(median, 0, median, prop)
    return float(8.685890 * math.log(2 * wave_number * prop["dist"]) + extra_db)


def _itmlogic(heights_m: np.ndarray) -> Callable[[], object]:
    return lambda: [itmlogic_db(row) for row in heights_m[:N_THEIRS]]


def _pycraf(heights_m: np.ndarray) -> Callable[[], object]:
    """P.452-16 to every point of one path, so to 300 profiles of 150 points on average."""
    from astropy import units as u
    from pycraf import pathprof

    data = pathprof.height_path_data_generic(
        (N_POINTS - 1) * STEP_M / 1e3 * u.km, STEP_M * u.m, 6.76 * u.deg, 51.43 * u.deg
    )
    data["heights"] = np.resize(heights_m[0], len(data["heights"]))
    freq, times = FREQ_HZ / 1e9 * u.GHz, 50 * u.percent

    def run() -> object:
        return pathprof.atten_path_fast(
            freq, 288.15 * u.K, 1013.25 * u.hPa, H_TX_M * u.m, H_RX_M * u.m, times, data
        )

    return run


def _itm(heights_m: np.ndarray, n_threads: int) -> Callable[[], object]:
    from twin.radio.terrain.itm import itm_p2p_db

    singles = heights_m.astype(np.float32)
    return lambda: itm_p2p_db(singles, STEP_M, H_TX_M, H_RX_M, FREQ_HZ, n_threads=n_threads)


def _p1812(heights_m: np.ndarray, n_threads: int) -> Callable[[], object]:
    from twin.radio.itu.clear_air_inputs import Path, RadioClimate, Terminals
    from twin.radio.itu.p1812_batch import batch_loss_db

    path = Path(distance_m=np.arange(N_POINTS) * STEP_M, ground_m=heights_m)
    ends = Terminals(freq_hz=FREQ_HZ, tx_height_m=H_TX_M, rx_height_m=H_RX_M)
    air = RadioClimate(latitude_deg=51.43, delta_n=45.0, n0=325.0)
    return lambda: batch_loss_db(path, ends, air, n_threads=n_threads)


def entries() -> Iterator[Entry]:
    """Compare ITM with itmlogic, and P.1812 with the P.452 of pycraf."""
    heights_m = profiles()
    if version_of("itmlogic"):
        theirs = [itmlogic_db(row) for row in heights_m[:N_THEIRS]]
        assert np.median(np.abs(np.asarray(_itm(heights_m, 1)())[:N_THEIRS] - theirs)) < 0.1
        for n_threads in (1, 2):
            yield compare(
                f"W4 ITM, 300-point profiles, {n_threads} thread{'s' * (n_threads > 1)}",
                str(version_of("itmlogic")),
                _itm(heights_m, n_threads),
                _itmlogic(heights_m),
                amount=(N_OURS, N_THEIRS),
                unit="profiles/s",
            )
    if version_of("pycraf"):
        for n_threads in (1, 2):
            yield compare(
                f"W4 P.1812, 300-point profiles, {n_threads} thread{'s' * (n_threads > 1)}",
                f"{version_of('pycraf')} P.452-16",
                _p1812(heights_m, n_threads),
                _pycraf(heights_m),
                amount=(N_OURS, N_POINTS / 2),
                unit="profiles/s",
            )
