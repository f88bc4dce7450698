"""Channel quality indicators of NR: modulation, code rate and efficiency by index."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.ranges import finite

__all__ = ["CQI_TABLES", "cqi_efficiency_bps_hz", "cqi_of_efficiency", "rounded_efficiency"]

Array = NDArray[np.float64]

_QPSK = ((2, 78), (2, 120), (2, 193), (2, 308), (2, 449), (2, 602))
_QAM16 = ((4, 378), (4, 490), (4, 616))
_QAM64 = ((6, 466), (6, 567), (6, 666), (6, 772), (6, 873))

CQI_TABLES: dict[int, tuple[tuple[int, int], ...]] = {
    1: (*_QPSK, *_QAM16, *_QAM64, (6, 948)),
    2: ((2, 78), (2, 193), (2, 449), *_QAM16, *_QAM64, (8, 711), (8, 797), (8, 885),
        (8, 948)),
    3: ((2, 30), (2, 50), *_QPSK, *_QAM16, *_QAM64[:4]),
}  # fmt: skip
"""TS 38.214 V16.2.0 Tables 5.2.2.1-2, -3 and -4: modulation order and 1024 x code rate of CQI 1 to
15; CQI 0 is out of range."""


def rounded_efficiency(order: ArrayLike, rate_x1024: ArrayLike) -> Array:
    """Efficiency as the tables print it.

    Parameters
    ----------
    order : array_like
        Modulation order. [bit]
    rate_x1024 : array_like
        1024 times the code rate.

    Returns
    -------
    ndarray
        Product over 1024, rounded half up to four decimals. [bit/s/Hz]
    """
    exact = finite(order, "order") * finite(rate_x1024, "rate_x1024") / 1024.0
    return np.asarray(np.floor(exact * 1e4 + 0.5) / 1e4)


def cqi_efficiency_bps_hz(cqi: ArrayLike, table: int = 1) -> Array:
    """Spectral efficiency a channel quality indicator stands for.

    Parameters
    ----------
    cqi : array_like
        Indicator, 0 to 15.
    table : int
        1 (64-QAM), 2 (256-QAM) or 3 (64-QAM, low code rates).

    Returns
    -------
    ndarray
        Efficiency with the four decimals of the table; 0 for CQI 0. [bit/s/Hz]

    Raises
    ------
    ValueError
        An unknown table, an indicator that is none.

    References
    ----------
    .. [1] 3GPP TS 38.214 V16.2.0 (2020), Tables 5.2.2.1-2 to -4.
    """
    index = finite(cqi, "cqi")
    is_bad = (index < 0) | (index > 15) | (index != np.floor(index))
    if is_bad.any():
        raise ValueError(f"cqi: {index[is_bad].flat[0]:g} is no whole number from 0 to 15")
    return np.asarray(_efficiencies(table)[index.astype(int)])


def cqi_of_efficiency(efficiency_bps_hz: ArrayLike, table: int = 1) -> NDArray[np.int64]:
    """Report the highest indicator an efficiency allows.

    Parameters
    ----------
    efficiency_bps_hz : array_like
        Efficiency the channel holds. [bit/s/Hz]
    table : int
        1, 2 or 3.

    Returns
    -------
    ndarray of int
        0 to 15.

    Raises
    ------
    ValueError
        An unknown table, an efficiency that is no number.
    """
    efficiency = finite(efficiency_bps_hz, "efficiency [bit/s/Hz]")
    chosen = np.searchsorted(_efficiencies(table), efficiency, side="right") - 1
    return np.asarray(np.maximum(chosen, 0), dtype=np.int64)


def _efficiencies(table: int) -> Array:
    if table not in CQI_TABLES:
        raise ValueError(f"table: {table} is unknown; choose of 1, 2, 3")
    order, rate = np.array(CQI_TABLES[table], dtype=np.float64).T
    return np.concatenate([[0.0], rounded_efficiency(order, rate)])
