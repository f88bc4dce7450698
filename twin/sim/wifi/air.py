"""Wi-Fi on the air, by number of band as arrays have it: loss to stations, channels, rates."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from twin.model.regulatory import channel_block_hz, needs_cac_s
from twin.radio.link.noise import WIFI_NOISE_FIGURE_DB, noise_dbm
from twin.radio.wifi.radio import STREAMS, mean_gain_db
from twin.radio.wifi.radio import rate_bps as radio_rate_bps
from twin.radio.wifi.rates import MCS, Mode, phy_rate_bps
from twin.radio.wifi.sharing import ampdu_efficiency
from twin.sim.wifi.assumptions import figure

__all__ = [
    "BANDS_HZ",
    "N_FRAMES",
    "LossTable",
    "availability_check_s",
    "block_hz",
    "loss_db",
    "noise_mw",
    "rate_bps",
]

_Floats = NDArray[np.float64]

BANDS_HZ = (2.437e9, 5.5e9, 6.2e9)
"""Centre of the band of radio "1", "2" and "3". [Hz]"""

N_FRAMES = round(figure("aggregate_frames"))
"""Frames of 1500 octets in a mean aggregate."""

_BANDS = ("2.4", "5", "6")
_FRAME_OCTETS = 1500
_HE_MCS = MCS[:12]
_LONGEST_S = 4e-3  # aggregates at low rates are shortened to stay below the 5.484 ms allowed
_TABLE_M, _TABLE_STEP_M = 300.0, 0.5
_LOWEST_SNR_DB, _SNR_STEP_DB, _SNR_STEPS = -10.0, 0.25, 321


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


class LossTable:
    """Losses from access points of some heights to stations, read from a table by distance.

    Parameters
    ----------
    height_m : ndarray of shape (n,)
        Height of each access point. [m]
    is_indoor : ndarray of bool of shape (n,)
        It stands indoors.

    Notes
    -----
    `loss_db` every half metre, linear between; beyond 300 m as at 300 m.
    """

    def __init__(self, height_m: _Floats, is_indoor: NDArray[np.bool_]) -> None:
        kinds, kind = np.unique(np.column_stack([height_m, is_indoor]), axis=0, return_inverse=True)
        self._kind = kind.reshape(-1)
        steps = np.arange(0.0, _TABLE_M + _TABLE_STEP_M, _TABLE_STEP_M)
        rows = [
            loss_db(steps, np.full(steps.size, height), np.full(steps.size, bool(indoor)))
            for height, indoor in kinds.tolist()
        ]
        self._table = np.array(rows).reshape(len(rows), steps.size, len(BANDS_HZ))

    def __call__(self, ap: NDArray[np.int64], distance_m: _Floats) -> _Floats:
        """Loss of links from access points by index; one more axis, for the bands. [dB]."""
        place = np.minimum(distance_m, _TABLE_M - _TABLE_STEP_M) / _TABLE_STEP_M
        below = place.astype(np.int64)
        part = (place - below)[..., None]
        kind = self._kind[ap]
        low, high = self._table[kind, below], self._table[kind, below + 1]
        return np.asarray(low + part * (high - low))


@lru_cache(maxsize=8)
def _payload_rates(bandwidth_mhz: int) -> _Floats:
    """Payload rate of a lone sender by SNR in steps of a quarter dB. [bit/s]."""
    snr = _LOWEST_SNR_DB + _SNR_STEP_DB * np.arange(_SNR_STEPS)
    payload = np.zeros(snr.size)
    for streams in range(1, STREAMS + 1):
        for index in range(len(_HE_MCS)):
            mode = Mode(phy="He", index=index, width_mhz=bandwidth_mhz, n_streams=streams)
            needed = np.flatnonzero(radio_rate_bps(snr, bandwidth_mhz) >= phy_rate_bps(mode) - 1.0)
            if needed.size:
                at = slice(int(needed[0]), None)
                payload[at] = np.maximum(payload[at], _payload_bps(mode))
    return payload


def _payload_bps(mode: Mode) -> float:
    frames = N_FRAMES
    while frames > 1 and 8.0 * _FRAME_OCTETS * frames / phy_rate_bps(mode) > _LONGEST_S:
        frames //= 2
    return ampdu_efficiency(frames, mode) * phy_rate_bps(mode)


def rate_bps(snr_db: _Floats, bandwidth_mhz: NDArray[np.int64]) -> _Floats:
    """Payload rate a station gets when it has the air alone.

    Parameters
    ----------
    snr_db : ndarray
        Signal to noise and interference over the channel. [dB]
    bandwidth_mhz : ndarray of int
        Channel width: 20, 40, 80 or 160. [MHz]

    Returns
    -------
    ndarray
        802.11ax with two streams, less preambles, acknowledgements and backoff of aggregates of
        16 frames; at least `lowest_bps`. [bit/s]

    References
    ----------
    .. [1] IEEE 802.11ax-2021, 27.5 and Table 27-51; IEEE 802.11-2020, 10.12, by
       `ampdu_efficiency`.
    """
    steps = np.rint((snr_db - _LOWEST_SNR_DB) / _SNR_STEP_DB)
    step = np.clip(steps, 0, _SNR_STEPS - 1).astype(np.int64)
    rate = np.zeros(snr_db.shape)
    for width in (20, 40, 80, 160):
        rows = bandwidth_mhz == width
        if rows.any():
            rate[rows] = _payload_rates(width)[step[rows]]
    return np.maximum(rate, figure("lowest_bps"))


def noise_mw(bandwidth_mhz: NDArray[np.int64]) -> _Floats:
    """Thermal noise of a station over a channel width. [mW]."""
    density = 10.0 ** (noise_dbm(1.0, WIFI_NOISE_FIGURE_DB) / 10.0)
    return np.asarray(density * 1e6 * bandwidth_mhz)
