"""Indoor office: path loss of TR 38.901, the same for open and mixed offices."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.tr38901.geometry import distance_3d_m, within

__all__ = ["inh_los_db", "inh_nlos_db", "inh_nlos_optional_db"]

Array = NDArray[np.float64]


def _inputs(
    distance_2d_m: ArrayLike, freq_hz: ArrayLike, h_bs_m: ArrayLike, h_ut_m: ArrayLike
) -> tuple[Array, Array]:
    d2 = within(distance_2d_m, 0.0, 150.0, "InH", "2D distance [m]")
    f = within(freq_hz, 0.5e9, 100e9, "InH", "carrier frequency [Hz]")
    h_bs = within(h_bs_m, 0.0, 150.0, "InH", "access point height [m]")
    h_ut = within(h_ut_m, 0.0, 150.0, "InH", "terminal height [m]")
    return within(distance_3d_m(d2, h_bs, h_ut), 1.0, 150.0, "InH", "3D distance [m]"), f


def inh_los_db(
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike = 3.0,
    h_ut_m: ArrayLike = 1.0,
) -> Array:
    """Indoor office, line of sight.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance; the slant distance must be 1 to 150 m. [m]
    freq_hz : array_like
        Carrier frequency. [Hz]  0.5e9 to 100e9.
    h_bs_m, h_ut_m : array_like
        Heights of access point and terminal over the floor. [m]

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
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, InH - office LOS.
    """
    d3, f = _inputs(distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    return np.asarray(32.4 + 17.3 * np.log10(d3) + 20.0 * np.log10(f / 1e9))


def inh_nlos_db(
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike = 3.0,
    h_ut_m: ArrayLike = 1.0,
) -> Array:
    """Indoor office, no line of sight; at least the loss with line of sight.

    Parameters
    ----------
    distance_2d_m, freq_hz, h_bs_m, h_ut_m : array_like
        As `inh_los_db`.

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
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, InH - office NLOS.
    """
    d3, f = _inputs(distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    loss = 17.3 + 38.3 * np.log10(d3) + 24.9 * np.log10(f / 1e9)
    return np.asarray(np.maximum(inh_los_db(distance_2d_m, freq_hz, h_bs_m, h_ut_m), loss))


def inh_nlos_optional_db(
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike = 3.0,
    h_ut_m: ArrayLike = 1.0,
) -> Array:
    """Indoor office, no line of sight, the optional formula (shadowing 8.29 dB).

    Parameters
    ----------
    distance_2d_m, freq_hz, h_bs_m, h_ut_m : array_like
        As `inh_los_db`.

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
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, InH - office NLOS, optional.
    """
    d3, f = _inputs(distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    return np.asarray(32.4 + 20.0 * np.log10(f / 1e9) + 31.9 * np.log10(d3))
