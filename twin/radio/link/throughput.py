"""From SINR to bits per second: modulation and coding of TS 38.214, ranks, overheads, load."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.link.bands import n_resource_blocks

__all__ = [
    "MCS_TABLES",
    "OVERHEAD",
    "SINR_AT_10PCT_BLER_DB",
    "efficiency_bps_hz",
    "rank_efficiency_bps_hz",
    "resource_elements_per_s",
    "throughput_bps",
]

Array = NDArray[np.float64]

MCS_TABLES: dict[int, tuple[tuple[int, float], ...]] = {
    1: ((2, 120), (2, 157), (2, 193), (2, 251), (2, 308), (2, 379), (2, 449), (2, 526), (2, 602),
        (2, 679), (4, 340), (4, 378), (4, 434), (4, 490), (4, 553), (4, 616), (4, 658), (6, 438),
        (6, 466), (6, 517), (6, 567), (6, 616), (6, 666), (6, 719), (6, 772), (6, 822), (6, 873),
        (6, 910), (6, 948)),
    2: ((2, 120), (2, 193), (2, 308), (2, 449), (2, 602), (4, 378), (4, 434), (4, 490), (4, 553),
        (4, 616), (4, 658), (6, 466), (6, 517), (6, 567), (6, 616), (6, 666), (6, 719), (6, 772),
        (6, 822), (6, 873), (8, 682.5), (8, 711), (8, 754), (8, 797), (8, 841), (8, 885),
        (8, 916.5), (8, 948)),
    3: ((2, 30), (2, 40), (2, 50), (2, 64), (2, 78), (2, 99), (2, 120), (2, 157), (2, 193),
        (2, 251), (2, 308), (2, 379), (2, 449), (2, 526), (2, 602), (4, 340), (4, 378), (4, 434),
        (4, 490), (4, 553), (4, 616), (6, 438), (6, 466), (6, 517), (6, 567), (6, 616), (6, 666),
        (6, 719), (6, 772)),
}  # fmt: skip
"""TS 38.214 V16.2.0 Tables 5.1.3.1-1, -2 and -3: modulation order and 1024 x code rate by MCS."""

SINR_AT_10PCT_BLER_DB: dict[int, tuple[float, ...]] = {
    1: (-1.08, -0.41, 0.38, 1.26, 1.96, 2.77, 3.53, 4.16, 4.84, 5.81, 6.31, 7.01, 7.90, 8.52, 9.41,
        10.35, 10.83, 11.64, 12.24, 13.18, 14.23, 15.02, 15.89, 16.67, 18.04, 18.78, 19.77, 20.67,
        21.48),
    2: (-0.97, 0.38, 1.96, 3.48, 4.84, 7.01, 7.73, 8.59, 9.41, 10.28, 10.83, 12.24, 13.18, 14.03,
        14.89, 15.81, 16.67, 17.90, 18.78, 19.88, 20.84, 21.48, 22.30, 23.39, 24.70, 25.31, 26.60,
        27.14),
}  # fmt: skip
"""SINR at which a large code block of an MCS fails one time in ten, by MCS table: simulated LDPC
curves of 5G-LENA (QiuYukang/5G-LENA 25752db9, nr-eesm-t1.cc, -t2.cc), interpolated, largest block
listed. MCS 28 of table 1, listed for short blocks only, is taken from MCS 21 of table 2, which has
the same efficiency. [dB]"""

OVERHEAD: dict[str, float] = {"lte": 0.25, "nr": 0.14}
"""Share of resource elements without user data. NR: TS 38.306 V17 4.1.2, FR1 downlink; LTE: control
region of two symbols and cell reference signals of four ports, rounded, assumed."""

_MCS_TABLE = {"lte": 1, "nr": 2}
_LOWEST_SINR_DB = -10.0
_STEP_DB = 0.01
_GRID_DB = (-15.0, 45.0)


def _efficiencies(table: tuple[tuple[int, float], ...]) -> Array:
    return np.array([order * rate / 1024.0 for order, rate in table])


def efficiency_bps_hz(sinr_db: ArrayLike, mcs_table: int = 2) -> Array:
    """Spectral efficiency of one layer with the fastest MCS that holds 10 % block errors.

    Parameters
    ----------
    sinr_db : array_like
        Signal to interference and noise of the layer. [dB]
    mcs_table : int
        1 (64-QAM) or 2 (256-QAM).

    Returns
    -------
    ndarray
        Bits per second and hertz of resource elements that carry data. [bit/s/Hz]

    Raises
    ------
    ValueError
        A table without curve.

    Notes
    -----
    Below MCS 0 the efficiency falls in proportion to the SINR down to -10 dB, as repetition and
    hybrid ARQ with soft combining achieve; then it is zero. Losses by the 10 % of retransmissions
    are within the accuracy of the curves and left out.

    References
    ----------
    .. [1] 3GPP TS 38.214 V16.2.0 (2020), Tables 5.1.3.1-1 and 5.1.3.1-2.
    """
    if mcs_table not in SINR_AT_10PCT_BLER_DB:
        raise ValueError(f"mcs_table: {mcs_table} has no curve; choose of 1, 2")
    sinr = np.asarray(sinr_db, dtype=np.float64)
    thresholds = np.array(SINR_AT_10PCT_BLER_DB[mcs_table])
    efficiency = np.maximum.accumulate(_efficiencies(MCS_TABLES[mcs_table]))
    chosen = np.searchsorted(thresholds, sinr, side="right") - 1
    below = efficiency[0] * 10.0 ** ((np.minimum(sinr, thresholds[0]) - thresholds[0]) / 10.0)
    below = np.where(sinr < _LOWEST_SINR_DB, 0.0, below)
    return np.where(chosen < 0, below, efficiency[np.maximum(chosen, 0)])


def rank_efficiency_bps_hz(sinr_db: ArrayLike, n_layers: int, mcs_table: int = 2) -> Array:
    """Spectral efficiency with the best number of spatial layers.

    Parameters
    ----------
    sinr_db : array_like
        Signal to interference and noise of the whole signal. [dB]
    n_layers : int
        Most layers of the cell and its terminals.
    mcs_table : int
        1 or 2.

    Returns
    -------
    ndarray
        Greatest over r of r times the efficiency at 1/r of the SINR. [bit/s/Hz]

    Raises
    ------
    ValueError
        Less than one layer.

    Notes
    -----
    Power is split evenly and layers are taken as orthogonal: an upper bound for single-user MIMO.
    """
    if n_layers < 1:
        raise ValueError(f"n_layers: {n_layers} is less than 1")
    sinr = np.asarray(sinr_db, dtype=np.float64)
    ranks = range(1, n_layers + 1)
    return np.asarray(
        np.max([r * efficiency_bps_hz(sinr - 10.0 * np.log10(r), mcs_table) for r in ranks], axis=0)
    )


@lru_cache(maxsize=64)
def _curve(n_layers: int, mcs_table: int) -> NDArray[np.float32]:
    low, high = _GRID_DB
    sinr_db = low + _STEP_DB * np.arange(round((high - low) / _STEP_DB) + 1)
    curve = rank_efficiency_bps_hz(sinr_db, n_layers, mcs_table).astype(np.float32)
    curve.flags.writeable = False
    return curve


def resource_elements_per_s(technology: str, bandwidth_hz: float, scs_hz: float) -> float:
    """Resource elements of a carrier per second.

    Parameters
    ----------
    technology : str
        ``lte`` or ``nr``.
    bandwidth_hz, scs_hz : float
        Channel bandwidth and subcarrier spacing. [Hz]

    Returns
    -------
    float
        12 N_RB subcarriers times 14 symbols per slot of normal cyclic prefix. [1/s]

    References
    ----------
    .. [1] 3GPP TS 38.211 V17, 4.3.2 and Table 4.3.2-1; TS 36.211 V17, Table 6.2.3-1.
    """
    symbols_per_s = 14.0 * 1000.0 * scs_hz / 15e3
    return 12.0 * n_resource_blocks(technology, bandwidth_hz, scs_hz) * symbols_per_s


def throughput_bps(
    sinr_db: NDArray[np.float32],
    *,
    technology: str,
    bandwidth_hz: float,
    scs_hz: float,
    mimo_layers: int = 1,
    load: float = 0.0,
    downlink_share: float = 1.0,
) -> NDArray[np.float32]:
    """Downlink rate a further user gets from a cell that is partly busy.

    Parameters
    ----------
    sinr_db : ndarray of float32
        Signal to interference and noise. [dB]  Read off a curve with steps of 0.01 dB.
    technology : str
        ``lte`` (MCS table 1) or ``nr`` (MCS table 2).
    bandwidth_hz, scs_hz : float
        Channel bandwidth and subcarrier spacing. [Hz]
    mimo_layers : int
        Most spatial layers.
    load : float
        Share of resources that others use; the user gets the rest, as in processor sharing.
    downlink_share : float
        Share of time for the downlink.

    Returns
    -------
    ndarray of float32
        Rate; zero where the SINR is too low or NaN. [bit/s]

    References
    ----------
    .. [1] 3GPP TS 38.306 V17, 4.1.2 (the form of the formula and the overhead).
    """
    curve = _curve(mimo_layers, _MCS_TABLE[technology])
    place = np.nan_to_num((sinr_db - np.float32(_GRID_DB[0])) / np.float32(_STEP_DB), nan=0.0)
    place = np.clip(place, 0, len(curve) - 1).astype(np.int32)
    share = (1.0 - OVERHEAD[technology]) * downlink_share * max(0.0, 1.0 - load)
    rate = resource_elements_per_s(technology, bandwidth_hz, scs_hz) * share
    return np.where(np.isnan(sinr_db), np.float32(0.0), curve[place] * np.float32(rate))
