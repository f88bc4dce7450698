"""Urban micro, street canyon: path loss of TR 38.901."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.tr38901.geometry import distance_3d_m, urban_break_m, within

__all__ = ["umi_los_db", "umi_nlos_db", "umi_nlos_optional_db"]

Array = NDArray[np.float64]


def _inputs(
    distance_2d_m: ArrayLike, freq_hz: ArrayLike, h_bs_m: ArrayLike, h_ut_m: ArrayLike
) -> tuple[Array, Array, Array, Array]:
    return (
        within(distance_2d_m, 10.0, 5000.0, "UMi", "2D distance [m]"),
        within(freq_hz, 0.5e9, 100e9, "UMi", "carrier frequency [Hz]"),
        within(h_bs_m, 3.0, 150.0, "UMi", "base station height [m]"),
        within(h_ut_m, 1.5, 22.5, "UMi", "terminal height [m]"),
    )


def umi_los_db(
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike = 10.0,
    h_ut_m: ArrayLike = 1.5,
) -> Array:
    """Urban micro street canyon, line of sight.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance. [m]  10 to 5000.
    freq_hz : array_like
        Carrier frequency. [Hz]  0.5e9 to 100e9.
    h_bs_m, h_ut_m : array_like
        Heights of base station and terminal. [m]  3 to 150; 1.5 to 22.5.

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
    The table fixes the base station at 10 m; lamp heads of 4 to 8 m are taken as they are.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, UMi - street canyon LOS, note 1.
    """
    d2, f, h_bs, h_ut = _inputs(distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    d3 = distance_3d_m(d2, h_bs, h_ut)
    d_break = urban_break_m(f, h_bs, h_ut)
    common = 32.4 + 20.0 * np.log10(f / 1e9)
    near = common + 21.0 * np.log10(d3)
    far = common + 40.0 * np.log10(d3) - 9.5 * np.log10(d_break**2 + (h_bs - h_ut) ** 2)
    return np.where(d2 <= d_break, near, far)


def umi_nlos_db(
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike = 10.0,
    h_ut_m: ArrayLike = 1.5,
) -> Array:
    """Urban micro street canyon, no line of sight; at least the loss with line of sight.

    Parameters
    ----------
    distance_2d_m, freq_hz, h_bs_m, h_ut_m : array_like
        As `umi_los_db`.

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
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, UMi - street canyon NLOS.
    """
    d2, f, h_bs, h_ut = _inputs(distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    d3 = distance_3d_m(d2, h_bs, h_ut)
    loss = 22.4 + 35.3 * np.log10(d3) + 21.3 * np.log10(f / 1e9) - 0.3 * (h_ut - 1.5)
    return np.asarray(np.maximum(umi_los_db(d2, f, h_bs, h_ut), loss))


def umi_nlos_optional_db(
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike = 10.0,
    h_ut_m: ArrayLike = 1.5,
) -> Array:
    """Urban micro street canyon, no line of sight, the optional formula (shadowing 8.2 dB).

    Parameters
    ----------
    distance_2d_m, freq_hz, h_bs_m, h_ut_m : array_like
        As `umi_los_db`.

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
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, UMi - street canyon NLOS, optional.
    """
    d2, f, h_bs, h_ut = _inputs(distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    d3 = distance_3d_m(d2, h_bs, h_ut)
    return np.asarray(32.4 + 20.0 * np.log10(f / 1e9) + 31.9 * np.log10(d3))
