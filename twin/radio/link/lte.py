"""Link adaptation of LTE after Piro: from SNR to efficiency, CQI and MCS, as in ns-3."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.model.errors import ModelRangeError
from twin.radio.ranges import finite

__all__ = [
    "CQI_EFFICIENCY",
    "MCS_EFFICIENCY",
    "lte_cqi",
    "lte_efficiency_bps_hz",
    "lte_mcs",
]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

CQI_EFFICIENCY: tuple[float, ...] = (
    0.0, 0.15, 0.23, 0.38, 0.6, 0.88, 1.18, 1.48, 1.91, 2.41, 2.73, 3.32, 3.9, 4.52, 5.12, 5.55,
)  # fmt: skip
"""TS 36.213 Table 7.2.3-1, two decimals: efficiency of CQI 0 to 15. [bit/s/Hz]"""

MCS_EFFICIENCY: tuple[float, ...] = (
    0.15, 0.19, 0.23, 0.31, 0.38, 0.49, 0.6, 0.74, 0.88, 1.03, 1.18, 1.33, 1.48, 1.7, 1.91, 2.16,
    2.41, 2.57, 2.73, 3.03, 3.32, 3.61, 3.9, 4.21, 4.52, 4.82, 5.12, 5.33, 5.55,
)  # fmt: skip
"""3GPP R1-081483, TBS_support.xls, MCS table, two decimals: efficiency of MCS 0 to 28.
[bit/s/Hz]"""

_MODEL = "Piro et al. 2011, link adaptation"


def lte_efficiency_bps_hz(snr_db: ArrayLike, bit_error_rate: float = 5e-5) -> Array:
    """Spectral efficiency at a target bit error rate.

    Parameters
    ----------
    snr_db : array_like
        Signal to noise (and interference). [dB]
    bit_error_rate : float
        Target, between 0 and 0.2.

    Returns
    -------
    ndarray
        log2(1 + SNR / gamma) with gamma = -ln(5 BER) / 1.5. [bit/s/Hz]

    Raises
    ------
    ModelRangeError
        A target outside its range.
    ValueError
        An SNR that is no number.

    References
    ----------
    .. [1] G. Piro, N. Baldo, M. Miozzo, "An LTE module for the ns-3 network simulator", WNS3 2011,
       section on adaptive modulation and coding.
    """
    if not 0.0 < bit_error_rate < 0.2:
        raise ModelRangeError(_MODEL, "bit error rate", bit_error_rate, "0 to 0.2, both excluded")
    gamma = -math.log(5.0 * bit_error_rate) / 1.5
    snr = 10.0 ** (finite(snr_db, "SNR [dB]") / 10.0)
    return np.asarray(np.log2(1.0 + snr / gamma))


def lte_cqi(snr_db: ArrayLike, bit_error_rate: float = 5e-5) -> Index:
    """Channel quality indicator reported at an SNR.

    Parameters
    ----------
    snr_db : array_like
        Signal to noise (and interference). [dB]
    bit_error_rate : float
        Target, between 0 and 0.2.

    Returns
    -------
    ndarray of int
        Highest indicator whose efficiency is less than that of the channel; 0 to 15.

    References
    ----------
    .. [1] 3GPP TS 36.213 V8.8.0, Table 7.2.3-1; the strict comparison is that of ns-3 LteAmc.
    """
    efficiency = lte_efficiency_bps_hz(snr_db, bit_error_rate)
    chosen = np.searchsorted(CQI_EFFICIENCY, efficiency, side="left") - 1
    return np.asarray(np.maximum(chosen, 0), dtype=np.int64)


def lte_mcs(snr_db: ArrayLike, bit_error_rate: float = 5e-5) -> Index:
    """Modulation and coding scheme a scheduler takes from the indicator.

    Parameters
    ----------
    snr_db : array_like
        Signal to noise (and interference). [dB]
    bit_error_rate : float
        Target, between 0 and 0.2.

    Returns
    -------
    ndarray of int
        Highest scheme whose efficiency is at most that of the indicator, 0 to 28; -1 for CQI 0.

    References
    ----------
    .. [1] 3GPP R1-081483, "Conveying MCS and TB size via PDCCH"; rule of ns-3 LteAmc.
    """
    cqi = lte_cqi(snr_db, bit_error_rate)
    known = np.asarray(CQI_EFFICIENCY)[cqi]
    return np.asarray(np.searchsorted(MCS_EFFICIENCY, known, side="right") - 1, dtype=np.int64)
