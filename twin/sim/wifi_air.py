"""Wi-Fi on the air: path loss to stations, channel blocks, rates, radar waiting times."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BANDS_HZ",
    "availability_check_s",
    "block_mhz",
    "is_channel",
    "loss_db",
    "rate_bps",
]

_Floats = NDArray[np.float64]

BANDS_HZ = (2.437e9, 5.5e9, 6.2e9)
"""Centre of the band of radio "1", "2" and "3". [Hz]"""

_CHANNELS = (
    frozenset(range(1, 14)),
    frozenset((*range(36, 65, 4), *range(100, 145, 4), *range(149, 174, 4))),
    frozenset(range(1, 234, 4)),
)
_WIDTHS_MHZ = (frozenset((20, 40)), frozenset((20, 40, 80, 160)), frozenset((20, 40, 80, 160, 320)))
_NOISE_FIGURE_DB = 7.0
_MAC_SHARE = 0.65


def is_channel(band: int, channel: int, bandwidth_mhz: int) -> bool:
    """Say whether a radio of a band knows a primary channel and a bandwidth.

    Parameters
    ----------
    band : int
        0 for 2.4 GHz, 1 for 5 GHz, 2 for 6 GHz.
    channel : int
        Primary 20 MHz channel.
    bandwidth_mhz : int
        Width of the whole block. [MHz]

    References
    ----------
    .. [1] IEEE Std 802.11-2020, Annex E, Table E-2 (Europe).
    """
    return channel in _CHANNELS[band] and bandwidth_mhz in _WIDTHS_MHZ[band]


def block_mhz(band: int, channel: int, bandwidth_mhz: int) -> tuple[float, float]:
    """Lower and upper edge of the block that holds a primary channel. [MHz]."""
    if band == 0:
        centre = 2407.0 + 5.0 * channel
        return centre - bandwidth_mhz / 2.0, centre + bandwidth_mhz / 2.0
    if band == 1:
        first = 36 if channel < 100 else 100 if channel < 149 else 149
        base = 5000.0
    else:
        first, base = 1, 5950.0
    step = bandwidth_mhz // 5
    start = first + (channel - first) // step * step
    low = base + 5.0 * start - 10.0
    return low, low + bandwidth_mhz


def availability_check_s(band: int, channel: int, bandwidth_mhz: int) -> float:
    """Time a radio must listen for radar before it may use a channel. [s].

    References
    ----------
    .. [1] ETSI EN 301 893 V2.1.1, Table D.1: 60 s, and 600 s where the block lies in 5600 to
       5650 MHz; radar detection from 5250 to 5350 and 5470 to 5725 MHz.
    """
    if band != 1:
        return 0.0
    low, high = block_mhz(band, channel, bandwidth_mhz)
    if low < 5650.0 and high > 5600.0:
        return 600.0
    if (low < 5350.0 and high > 5250.0) or (low < 5725.0 and high > 5470.0):
        return 60.0
    return 0.0


def loss_db(distance_m: _Floats, freq_hz: float, is_indoor: NDArray[np.bool_]) -> _Floats:
    """Path loss from an access point to a station.

    Parameters
    ----------
    distance_m : ndarray
        Distance, from 1 m. [m]
    freq_hz : float
        Carrier. [Hz]
    is_indoor : ndarray of bool
        True: walls between (InH-Office NLOS); False: the open street (UMi street canyon, LOS).

    Returns
    -------
    ndarray
        Median loss. [dB]

    References
    ----------
    .. [1] 3GPP TR 38.901 V17, Table 7.4.1-1.
    """
    log_d = np.log10(np.maximum(distance_m, 1.0))
    log_f = np.log10(freq_hz / 1e9)
    los = 32.4 + 17.3 * log_d + 20.0 * log_f
    indoor = np.maximum(los, 38.3 * log_d + 17.30 + 24.9 * log_f)
    street = 32.4 + 21.0 * log_d + 20.0 * log_f
    return np.asarray(np.where(is_indoor, indoor, street), dtype=np.float64)


def rate_bps(rssi_dbm: _Floats, bandwidth_mhz: NDArray[np.int64]) -> _Floats:
    """Rate a station gets when it has the air alone.

    Parameters
    ----------
    rssi_dbm : ndarray
        Signal. [dBm]
    bandwidth_mhz : ndarray
        Channel width. [MHz]

    Returns
    -------
    ndarray
        0.6 log2(1 + SNR), at most 6 bit/s/Hz, times 0.65 for contention: an assumption. [bit/s]
    """
    width_hz = bandwidth_mhz * 1e6
    noise_dbm = -174.0 + 10.0 * np.log10(width_hz) + _NOISE_FIGURE_DB
    snr = 10.0 ** ((rssi_dbm - noise_dbm) / 10.0)
    return np.asarray(width_hz * np.minimum(0.6 * np.log2(1.0 + snr), 6.0) * _MAC_SHARE)
