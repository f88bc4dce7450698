"""Wi-Fi: channels and their overlap, losses, rates and the sharing of the air."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.tr38901 import los, pathloss

__all__ = [
    "BANDS",
    "CCA_DBM",
    "INDOOR_RADIUS_M",
    "LOAD",
    "MAC_EFFICIENCY",
    "entry_loss_db",
    "mean_gain_db",
    "overlap",
    "rate_bps",
]

Array = NDArray[np.float64]

BANDS: dict[str, str] = {"2.4": "1", "5": "2"}
"""Band to the index of the radio that an access point has for it."""

LOAD = 0.3
"""Share of time that a radio is on the air in the busy hour; assumed, not measured in a city."""
CCA_DBM = -82.0
"""Level of a 20 MHz preamble at which a station must defer: IEEE 802.11-2020 17.3.10.6. [dBm]"""
INDOOR_RADIUS_M = 25.0
"""Up to here an indoor access point and the point are taken to share the building; assumed. [m]"""
MAC_EFFICIENCY = 0.7
"""Part of the air time that carries payload with aggregation; assumed."""
STREAMS = 2
"""Spatial streams of a common client."""

_MCS_BITS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 4.5, 5.0, 6.0, 20 / 3, 7.5, 25 / 3)
"""Data bits per subcarrier of HE-MCS 0 to 11: IEEE 802.11ax-2021 27.5, order x code rate."""
_SENSITIVITY_20_DBM = (-82, -79, -77, -74, -70, -66, -65, -64, -59, -57, -54, -52)
"""IEEE 802.11ax-2021 Table 27-51, 20 MHz. [dBm]"""
_SNR_OFFSET_DB = 86.0
"""From sensitivity to SNR: noise of 20 MHz (-101 dBm), 10 dB noise figure and 5 dB implementation
margin, the figures the sensitivities were derived with. [dB]"""
_DATA_TONES = {20: 234, 40: 468, 80: 980, 160: 1960}
"""IEEE 802.11ax-2021 Table 27-14."""
_SYMBOL_S = 13.6e-6
"""12.8 us and the guard interval of 0.8 us."""


def _mask_dbr(offset_mhz: Array, width_mhz: float) -> Array:
    """Transmit spectral mask, IEEE 802.11ax-2021 27.3.19.1."""
    half = width_mhz / 2
    corners = (half - 0.5, half + 0.5, width_mhz, 1.5 * width_mhz)
    return np.interp(np.abs(offset_mhz), corners, (0.0, -20.0, -28.0, -40.0))


@lru_cache(maxsize=4096)
def overlap(centre_a_hz: float, width_a_mhz: int, centre_b_hz: float, width_b_mhz: int) -> float:
    """Part of one transmitter's power that falls into another's receive channel.

    Parameters
    ----------
    centre_a_hz, width_a_mhz : float, int
        Channel of the receiver. [Hz], [MHz]
    centre_b_hz, width_b_mhz : float, int
        Channel of the transmitter. [Hz], [MHz]

    Returns
    -------
    float
        0 to 1; 1 on the same channel.

    Notes
    -----
    The transmitter fills the whole mask the standard allows; the receive filter is rectangular.

    References
    ----------
    .. [1] IEEE 802.11ax-2021, 27.3.19.1 (transmit spectral mask).
    """
    gap_mhz = abs(centre_a_hz - centre_b_hz) / 1e6
    if gap_mhz > width_a_mhz / 2 + 1.5 * width_b_mhz:
        return 0.0
    if gap_mhz == 0.0 and width_a_mhz >= width_b_mhz:
        return 1.0
    offset = np.arange(-3.0 * width_b_mhz, 3.0 * width_b_mhz, 0.25) + 0.125
    density = 10.0 ** (_mask_dbr(offset, width_b_mhz) / 10.0)
    heard = np.abs(offset - gap_mhz) <= width_a_mhz / 2
    return float(density[heard].sum() / density.sum())


def entry_loss_db(freq_hz: ArrayLike, indoor_m: float = 5.0) -> Array:
    """Loss through the wall of an ordinary building and a few metres behind it.

    Parameters
    ----------
    freq_hz : array_like
        Carrier frequency. [Hz]
    indoor_m : float
        Distance from the wall inside. [m]

    Returns
    -------
    ndarray
        Mean loss of the low-loss model plus 0.5 dB per metre. [dB]

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), 7.4.3.1, Tables 7.4.3-1 and 7.4.3-2, low-loss model.
    """
    f_ghz = np.asarray(freq_hz, dtype=np.float64) / 1e9
    glass, concrete = 2.0 + 0.2 * f_ghz, 5.0 + 4.0 * f_ghz
    through = 5.0 - 10.0 * np.log10(
        0.3 * 10.0 ** (-glass / 10.0) + 0.7 * 10.0 ** (-concrete / 10.0)
    )
    return np.asarray(through + 0.5 * indoor_m)


def _expected_db(p_los: Array, los_db: Array, nlos_db: Array) -> Array:
    mean = p_los * 10.0 ** (-los_db / 10.0) + (1.0 - p_los) * 10.0 ** (-nlos_db / 10.0)
    return np.asarray(10.0 * np.log10(mean))


def mean_gain_db(
    distance_2d_m: Array,
    freq_hz: ArrayLike,
    h_ap_m: Array,
    *,
    h_ut_m: ArrayLike = 1.5,
    is_indoor: bool,
) -> Array:
    """Average the gain from an access point to a point over line of sight and none.

    Parameters
    ----------
    distance_2d_m : ndarray
        Horizontal distance; under 10 m outdoors counts as 10 m. [m]
    freq_hz : array_like
        Carrier frequency. [Hz]
    h_ap_m : ndarray
        Height of the access point; outdoors at least 3 m. [m]
    h_ut_m : array_like
        Height of the terminal; 1.5 to 22.5. [m]
    is_indoor : bool
        The access point stands indoors: indoor office near by, street canyon and entry loss beyond.

    Returns
    -------
    ndarray
        Gain, negative. [dB]

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Tables 7.4.1-1 and 7.4.2-1, UMi and InH; 7.4.3.1.
    """
    if np.size(distance_2d_m) == 0:  # no point in reach; the models refuse empty sets
        return np.zeros(np.shape(distance_2d_m))
    d = np.clip(distance_2d_m, 10.0, 5000.0)
    h = np.maximum(h_ap_m, 3.0)
    outdoor = _expected_db(
        los.umi(d),
        pathloss.umi_los_db(d, freq_hz, h, h_ut_m),
        pathloss.umi_nlos_db(d, freq_hz, h, h_ut_m),
    )
    if not is_indoor:
        return outdoor
    near = np.clip(distance_2d_m, 1.0, INDOOR_RADIUS_M)
    indoor = _expected_db(
        los.inh_mixed(near),
        pathloss.inh_los_db(near, freq_hz, h, h_ut_m),
        pathloss.inh_nlos_db(near, freq_hz, h, h_ut_m),
    )
    return np.where(distance_2d_m <= INDOOR_RADIUS_M, indoor, outdoor - entry_loss_db(freq_hz))


def rate_bps(snr_db: ArrayLike, bandwidth_mhz: ArrayLike, n_streams: int = STREAMS) -> Array:
    """Physical rate of 802.11ax at a signal to noise ratio.

    Parameters
    ----------
    snr_db : array_like
        Signal to interference and noise over the channel. [dB]
    bandwidth_mhz : array_like of int
        20, 40, 80 or 160. [MHz]
    n_streams : int
        Spatial streams; each further one needs the power of one more.

    Returns
    -------
    ndarray
        Rate with the guard interval of 0.8 us, zero below HE-MCS 0. [bit/s]

    References
    ----------
    .. [1] IEEE 802.11ax-2021, 27.5 (rates) and Table 27-51 (sensitivity).
    """
    snr = np.asarray(snr_db, dtype=np.float64)
    tones = np.select(
        [np.asarray(bandwidth_mhz) == mhz for mhz in _DATA_TONES], list(_DATA_TONES.values()), 0
    )
    thresholds = np.array(_SENSITIVITY_20_DBM) + _SNR_OFFSET_DB
    bits = np.array([0.0, *_MCS_BITS])
    best = np.zeros(np.broadcast_shapes(snr.shape, tones.shape))
    for streams in range(1, n_streams + 1):
        mcs = np.searchsorted(thresholds, snr - 10.0 * np.log10(streams), side="right")
        best = np.maximum(best, streams * bits[mcs] * tones / _SYMBOL_S)
    return best
