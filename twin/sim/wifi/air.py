"""Wi-Fi on the air, by number of band as arrays have it: loss to stations, channels, rates."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from twin.model.regulatory import channel_block_hz, needs_cac_s
from twin.radio.link.noise import WIFI_NOISE_FIGURE_DB, noise_dbm
from twin.radio.wifi.radio import MAC_EFFICIENCY, mean_gain_db

__all__ = ["BANDS_HZ", "availability_check_s", "block_hz", "loss_db", "rate_bps"]

_Floats = NDArray[np.float64]

BANDS_HZ = (2.437e9, 5.5e9, 6.2e9)
"""Centre of the band of radio "1", "2" and "3". [Hz]"""

_BANDS = ("2.4", "5", "6")


@lru_cache(maxsize=1024)
def block_hz(band: int, channel: int, bandwidth_mhz: int) -> tuple[float, float]:
    """Lower and upper edge of the block that holds a primary channel. [Hz].

    Parameters
    ----------
    band : int
        0 for 2.4 GHz, 1 for 5 GHz, 2 for 6 GHz.
    channel : int
        Primary 20 MHz channel.
    bandwidth_mhz : int
        Width of the whole block. [MHz]

    Raises
    ------
    ModelError
        The band has no such channel or block.
    """
    return channel_block_hz(_BANDS[band], channel, bandwidth_mhz)


def availability_check_s(band: int, channel: int, bandwidth_mhz: int) -> float:
    """Time a radio must listen for radar before it may use a channel; 5 GHz only. [s]."""
    return needs_cac_s(channel, bandwidth_mhz) if band == 1 else 0.0


def loss_db(distance_m: _Floats, height_m: _Floats, is_indoor: NDArray[np.bool_]) -> _Floats:
    """Path loss from access points to stations, by the model of the planning side.

    Parameters
    ----------
    distance_m : ndarray
        Horizontal distance. [m]
    height_m : ndarray of the same shape
        Height of the access point. [m]
    is_indoor : ndarray of bool of the same shape
        The access point stands indoors.

    Returns
    -------
    ndarray
        Mean loss over line of sight and none; one more axis, for the bands. [dB]
    """
    loss = np.empty((*distance_m.shape, len(BANDS_HZ)))
    for indoor in (False, True):
        chosen = is_indoor == indoor
        if chosen.any():
            distance, height = distance_m[chosen][:, None], height_m[chosen][:, None]
            loss[chosen] = -mean_gain_db(distance, BANDS_HZ, height, is_indoor=indoor)
    return loss


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
        0.6 log2(1 + SNR), at most 6 bit/s/Hz: an assumption; times `MAC_EFFICIENCY`. [bit/s]
    """
    width_hz = bandwidth_mhz * 1e6
    noise = noise_dbm(1.0, WIFI_NOISE_FIGURE_DB) + 10.0 * np.log10(width_hz)
    snr = 10.0 ** ((rssi_dbm - noise) / 10.0)
    return np.asarray(width_hz * np.minimum(0.6 * np.log2(1.0 + snr), 6.0) * MAC_EFFICIENCY)
