"""Rural macro: path loss of TR 38.901."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.tr38901.geometry import LIGHT_M_PER_S, distance_3d_m, within

__all__ = [
    "RMA_BUILDING_HEIGHT_M",
    "RMA_STREET_WIDTH_M",
    "rma_break_m",
    "rma_los_db",
    "rma_nlos_db",
]

RMA_BUILDING_HEIGHT_M = 5.0
RMA_STREET_WIDTH_M = 20.0

Array = NDArray[np.float64]


def _inputs(
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike,
    h_ut_m: ArrayLike,
    building_height_m: ArrayLike,
    longest_m: float,
) -> tuple[Array, Array, Array, Array, Array]:
    return (
        within(distance_2d_m, 10.0, longest_m, "RMa", "2D distance [m]"),
        within(freq_hz, 0.5e9, 30e9, "RMa", "carrier frequency [Hz]"),
        within(h_bs_m, 10.0, 150.0, "RMa", "base station height [m]"),
        within(h_ut_m, 1.0, 10.0, "RMa", "terminal height [m]"),
        within(building_height_m, 5.0, 50.0, "RMa", "building height [m]"),
    )


def _near_db(d3: Array, f: Array, h: Array) -> Array:
    return np.asarray(
        20.0 * np.log10(40.0 * np.pi * d3 * f / 1e9 / 3.0)
        + np.minimum(0.03 * h**1.72, 10.0) * np.log10(d3)
        - np.minimum(0.044 * h**1.72, 14.77)
        + 0.002 * np.log10(h) * d3
    )


def rma_break_m(freq_hz: ArrayLike, h_bs_m: ArrayLike = 35.0, h_ut_m: ArrayLike = 1.5) -> Array:
    """Breakpoint of the rural model.

    Parameters
    ----------
    freq_hz : array_like
        Carrier frequency. [Hz]
    h_bs_m, h_ut_m : array_like
        Heights of base station and terminal. [m]

    Returns
    -------
    ndarray
        Horizontal distance. [m]

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, note 5.
    """
    heights = np.multiply(h_bs_m, h_ut_m, dtype=np.float64)
    return np.asarray(2.0 * np.pi * heights * np.asarray(freq_hz, np.float64) / LIGHT_M_PER_S)


def rma_los_db(
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike = 35.0,
    h_ut_m: ArrayLike = 1.5,
    *,
    building_height_m: ArrayLike = RMA_BUILDING_HEIGHT_M,
) -> Array:
    """Rural macro, line of sight.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance. [m]  10 to 10,000.
    freq_hz : array_like
        Carrier frequency. [Hz]  0.5e9 to 30e9.
    h_bs_m, h_ut_m : array_like
        Heights of base station and terminal. [m]  10 to 150; 1 to 10.
    building_height_m : array_like
        Average height of buildings. [m]  5 to 50.

    Returns
    -------
    ndarray
        Basic path loss, positive. [dB]

    Raises
    ------
    ModelRangeError
        An argument outside its range.

    Notes
    -----
    The document puts the breakpoint (a 2D distance) into PL1 as if it were a 3D distance: the
    branches meet within 0.03 dB only. Kept as written.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, RMa LOS, note 5.
    """
    d2, f, h_bs, h_ut, h = _inputs(
        distance_2d_m, freq_hz, h_bs_m, h_ut_m, building_height_m, 10_000.0
    )
    d3 = distance_3d_m(d2, h_bs, h_ut)
    d_break = rma_break_m(f, h_bs, h_ut)
    far = _near_db(d_break, f, h) + 40.0 * np.log10(d3 / d_break)
    return np.where(d2 <= d_break, _near_db(d3, f, h), far)


def rma_nlos_db(
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike = 35.0,
    h_ut_m: ArrayLike = 1.5,
    *,
    building_height_m: ArrayLike = RMA_BUILDING_HEIGHT_M,
    street_width_m: ArrayLike = RMA_STREET_WIDTH_M,
) -> Array:
    """Rural macro, no line of sight; at least the loss with line of sight.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance. [m]  10 to 5000.
    freq_hz : array_like
        Carrier frequency. [Hz]  0.5e9 to 30e9.
    h_bs_m, h_ut_m : array_like
        Heights of base station and terminal. [m]  10 to 150; 1 to 10.
    building_height_m, street_width_m : array_like
        Average height of buildings and width of streets. [m]  5 to 50.

    Returns
    -------
    ndarray
        Basic path loss, positive. [dB]

    Raises
    ------
    ModelRangeError
        An argument outside its range.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, RMa NLOS.
    """
    d2, f, h_bs, h_ut, h = _inputs(
        distance_2d_m, freq_hz, h_bs_m, h_ut_m, building_height_m, 5000.0
    )
    width = within(street_width_m, 5.0, 50.0, "RMa", "street width [m]")
    d3 = distance_3d_m(d2, h_bs, h_ut)
    loss = (
        161.04
        - 7.1 * np.log10(width)
        + 7.5 * np.log10(h)
        - (24.37 - 3.7 * (h / h_bs) ** 2) * np.log10(h_bs)
        + (43.42 - 3.1 * np.log10(h_bs)) * (np.log10(d3) - 3.0)
        + 20.0 * np.log10(f / 1e9)
        - (3.2 * np.log10(11.75 * h_ut) ** 2 - 4.97)
    )
    return np.asarray(np.maximum(rma_los_db(d2, f, h_bs, h_ut, building_height_m=h), loss))
