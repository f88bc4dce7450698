"""LoRa links: sensitivity, SNR limits, which frames survive others, and the link budget."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.ranges import finite, need

__all__ = [
    "CAPTURE_DB",
    "DEVICE_SENSITIVITY_DBM",
    "GATEWAY_SENSITIVITY_DBM",
    "REJECTION_DB",
    "REQUIRED_SNR_DB",
    "best_sf",
    "is_received",
    "link_margin_db",
    "noise_dbm",
    "required_snr_db",
    "survives",
]

Array = NDArray[np.float64]

DOCUMENT = "LoRa SF7 to SF12"
REQUIRED_SNR_DB = (-7.5, -10.0, -12.5, -15.0, -17.5, -20.0)
"""SF7 to SF12: Semtech SX1276 data sheet, Table 13. [dB]"""
GATEWAY_SENSITIVITY_DBM = (-130.0, -132.5, -135.0, -137.5, -140.0, -142.5)
"""SF7 to SF12 at 125 kHz, SX1301 as in ns-3 lorawan gateway-lora-phy.cc. [dBm]"""
DEVICE_SENSITIVITY_DBM = (-124.0, -127.0, -130.0, -133.0, -135.0, -137.0)
"""SF7 to SF12 at 125 kHz, SX1272 as in ns-3 lorawan end-device-lora-phy.cc. [dBm]"""
CAPTURE_DB = 6.0
"""A frame survives another of its own factor that is so much weaker. [dB]"""
REJECTION_DB: tuple[tuple[float, ...], ...] = (
    (6, -16, -18, -19, -19, -20),
    (-24, 6, -20, -22, -22, -22),
    (-27, -27, 6, -23, -25, -25),
    (-30, -30, -30, 6, -26, -28),
    (-33, -33, -33, -33, 6, -29),
    (-36, -36, -36, -36, -36, 6),
)
"""Row: factor of the frame, column: of the interferer, SF7 to SF12; the ratio that it needs. [dB]

C. Goursaud, J.-M. Gorce, "Dedicated networks for IoT: PHY/MAC state of the art and challenges",
EAI Endorsed Trans. IoT 1 (1), 2015, as in ns-3 lorawan lora-interference-helper.cc."""


def noise_dbm(bandwidth_hz: ArrayLike = 125e3, noise_figure_db: ArrayLike = 6.0) -> Array:
    """Noise of a receiver.

    Parameters
    ----------
    bandwidth_hz : array_like
        Bandwidth. [Hz]
    noise_figure_db : array_like
        Noise figure. [dB]

    Returns
    -------
    ndarray
        -174 dBm/Hz over the bandwidth and the figure. [dBm]

    References
    ----------
    .. [1] Semtech AN1200.22 (2015), section 2.
    """
    width = need(bandwidth_hz, 1e3, 1e7, model=DOCUMENT, quantity="bandwidth [Hz]")
    return np.asarray(-174.0 + 10.0 * np.log10(width) + finite(noise_figure_db, "noise_figure_db"))


def required_snr_db(sf: ArrayLike) -> Array:
    """SNR a factor needs.

    Parameters
    ----------
    sf : array_like of int
        Spreading factor, 7 to 12.

    Returns
    -------
    ndarray
        Limit. [dB]

    Raises
    ------
    ModelRangeError
        Another factor.
    """
    return np.asarray(REQUIRED_SNR_DB, dtype=np.float64)[_index(sf)]


def is_received(
    power_dbm: ArrayLike, sf: ArrayLike, *, at_gateway: bool = True
) -> NDArray[np.bool_]:
    """Say whether a frame is strong enough where nothing else is on the air.

    Parameters
    ----------
    power_dbm : array_like
        Received power. [dBm]
    sf : array_like of int
        Spreading factor, 7 to 12.
    at_gateway : bool
        Uplink; False: at a device.

    Returns
    -------
    ndarray of bool
        At or over the sensitivity.

    Raises
    ------
    ModelRangeError
        Another factor.
    """
    table = GATEWAY_SENSITIVITY_DBM if at_gateway else DEVICE_SENSITIVITY_DBM
    return np.asarray(finite(power_dbm, "power_dbm") >= np.array(table)[_index(sf)])


def survives(power_dbm: ArrayLike, sf: int, others_dbm: ArrayLike, others_sf: ArrayLike) -> bool:
    """Say whether a frame survives those that overlap it in time and channel.

    Parameters
    ----------
    power_dbm : float
        Received power of the frame. [dBm]
    sf : int
        Its spreading factor.
    others_dbm, others_sf : array_like
        Power and factor of each interferer. [dBm]

    Returns
    -------
    bool
        Over every factor the frame is so much above the sum of that factor's power as
        `REJECTION_DB` says; the powers are added in milliwatts.

    Raises
    ------
    ModelRangeError
        Another factor.
    ValueError
        Powers and factors that do not match.
    """
    own = float(finite(power_dbm, "power_dbm"))
    power, index = np.atleast_1d(finite(others_dbm, "others_dbm")), np.atleast_1d(_index(others_sf))
    if power.shape != index.shape:
        raise ValueError(f"others_sf: shape {index.shape}, must be {power.shape} as others_dbm")
    sums_mw = np.bincount(index, 10.0 ** (power / 10.0), minlength=6)
    needed = np.array(REJECTION_DB[int(_index(sf))])
    return all(
        own - 10.0 * np.log10(total) >= ratio
        for total, ratio in zip(sums_mw, needed, strict=True)
        if total > 0.0
    )


def link_margin_db(
    erp_dbm: ArrayLike,
    path_loss_db: ArrayLike,
    sf: ArrayLike,
    *,
    antenna_gain_dbi: ArrayLike = 0.0,
    at_gateway: bool = True,
) -> Array:
    """Margin of a link over its sensitivity.

    Parameters
    ----------
    erp_dbm : array_like
        Power relative to a half-wave dipole, as the regulation counts it. [dBm]
    path_loss_db : array_like
        Loss between isotropic antennas, entry and shadowing included. [dB]
    sf : array_like of int
        Spreading factor.
    antenna_gain_dbi : array_like
        Of the receiver, cable taken off. [dBi]
    at_gateway : bool
        Uplink; False: at a device.

    Returns
    -------
    ndarray
        EIRP (ERP and 2.15 dB) less the loss and the sensitivity. [dB]

    Raises
    ------
    ModelRangeError
        Another factor.
    """
    table = np.array(GATEWAY_SENSITIVITY_DBM if at_gateway else DEVICE_SENSITIVITY_DBM)
    received = finite(erp_dbm, "erp_dbm") + 2.15 - finite(path_loss_db, "path_loss_db")
    return np.asarray(received + finite(antenna_gain_dbi, "antenna_gain_dbi") - table[_index(sf)])


def best_sf(snr_db: ArrayLike, margin_db: float = 0.0) -> NDArray[np.int64]:
    """Fastest factor a link can use.

    Parameters
    ----------
    snr_db : array_like
        SNR of the link. [dB]
    margin_db : float
        Kept in reserve. [dB]

    Returns
    -------
    ndarray of int
        7 to 12; 0 where not even SF12 is enough.
    """
    snr = finite(snr_db, "snr_db")
    is_enough = snr[..., None] - margin_db >= np.array(REQUIRED_SNR_DB)
    return np.where(is_enough.any(axis=-1), 7 + is_enough.argmax(axis=-1), 0)


def _index(sf: ArrayLike) -> NDArray[np.int64]:
    factor = need(sf, 7, 12, model=DOCUMENT, quantity="spreading factor")
    if (factor != np.floor(factor)).any():
        raise ValueError("sf: must be whole numbers")
    return np.asarray(factor.astype(np.int64) - 7)
