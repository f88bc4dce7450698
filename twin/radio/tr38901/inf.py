"""Indoor factory: path loss of TR 38.901, and the clutter that its P(LOS) needs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.tr38901.geometry import distance_3d_m, within

__all__ = [
    "CLUTTER",
    "Clutter",
    "inf_dh_nlos_db",
    "inf_dl_nlos_db",
    "inf_los_db",
    "inf_sh_nlos_db",
    "inf_sl_nlos_db",
]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clutter:
    """What stands in a factory hall.

    Parameters
    ----------
    size_m : float
        Typical width of an object, d_clutter. [m]
    density : float
        Share of the floor that is covered, r, above 0 and below 1.
    height_m : float
        Effective height of the objects, h_c. [m]  0 to 10.
    """

    size_m: float = field(metadata={"unit": "m"})
    density: float
    height_m: float = field(metadata={"unit": "m"})

    def __post_init__(self) -> None:
        within(self.size_m, 0.01, 100.0, "InF", "clutter size [m]")
        within(self.density, 1e-6, 1.0 - 1e-6, "InF", "clutter density")
        within(self.height_m, 0.0, 10.0, "InF", "clutter height [m]")


CLUTTER = {
    "InF-SL": Clutter(size_m=10.0, density=0.2, height_m=2.0),
    "InF-DL": Clutter(size_m=2.0, density=0.6, height_m=6.0),
    "InF-SH": Clutter(size_m=10.0, density=0.2, height_m=2.0),
    "InF-DH": Clutter(size_m=2.0, density=0.6, height_m=6.0),
}
"""Sizes of Table 7.2-4; densities and heights as the calibration uses them (Table 7.8-7)."""


def _inputs(
    distance_2d_m: ArrayLike, freq_hz: ArrayLike, h_bs_m: ArrayLike, h_ut_m: ArrayLike
) -> tuple[Array, Array]:
    d2 = within(distance_2d_m, 0.0, 600.0, "InF", "2D distance [m]")
    f = within(freq_hz, 0.5e9, 100e9, "InF", "carrier frequency [Hz]")
    h_bs = within(h_bs_m, 0.0, 25.0, "InF", "base station height [m]")
    h_ut = within(h_ut_m, 0.0, 25.0, "InF", "terminal height [m]")
    return within(distance_3d_m(d2, h_bs, h_ut), 1.0, 600.0, "InF", "3D distance [m]"), f


def _slope_db(d3: Array, f: Array, at_1m: float, slope: float, freq_slope: float = 20.0) -> Array:
    return np.asarray(at_1m + slope * np.log10(d3) + freq_slope * np.log10(f / 1e9))


def inf_los_db(
    distance_2d_m: ArrayLike, freq_hz: ArrayLike, h_bs_m: ArrayLike = 8.0, h_ut_m: ArrayLike = 1.5
) -> Array:
    """Indoor factory, line of sight, all kinds of hall.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance; the slant distance must be 1 to 600 m. [m]
    freq_hz : array_like
        Carrier frequency. [Hz]  0.5e9 to 100e9.
    h_bs_m, h_ut_m : array_like
        Heights of base station and terminal, both under a ceiling of at most 25 m. [m]

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
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, InF LOS.
    """
    d3, f = _inputs(distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    return _slope_db(d3, f, 31.84, 21.5, 19.0)


def inf_sl_nlos_db(
    distance_2d_m: ArrayLike, freq_hz: ArrayLike, h_bs_m: ArrayLike = 1.5, h_ut_m: ArrayLike = 1.5
) -> Array:
    """Indoor factory, sparse clutter, low base station, no line of sight.

    Parameters
    ----------
    distance_2d_m, freq_hz, h_bs_m, h_ut_m : array_like
        As `inf_los_db`.

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
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, InF-SL.
    """
    d3, f = _inputs(distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    return np.maximum(_slope_db(d3, f, 33.0, 25.5), _slope_db(d3, f, 31.84, 21.5, 19.0))


def inf_dl_nlos_db(
    distance_2d_m: ArrayLike, freq_hz: ArrayLike, h_bs_m: ArrayLike = 1.5, h_ut_m: ArrayLike = 1.5
) -> Array:
    """Indoor factory, dense clutter, low base station, no line of sight; at least `InF-SL`.

    Parameters
    ----------
    distance_2d_m, freq_hz, h_bs_m, h_ut_m : array_like
        As `inf_los_db`.

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
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, InF-DL.
    """
    d3, f = _inputs(distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    sparse = inf_sl_nlos_db(distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    return np.maximum(_slope_db(d3, f, 18.6, 35.7), sparse)


def inf_sh_nlos_db(
    distance_2d_m: ArrayLike, freq_hz: ArrayLike, h_bs_m: ArrayLike = 8.0, h_ut_m: ArrayLike = 1.5
) -> Array:
    """Indoor factory, sparse clutter, high base station, no line of sight.

    Parameters
    ----------
    distance_2d_m, freq_hz, h_bs_m, h_ut_m : array_like
        As `inf_los_db`.

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
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, InF-SH.
    """
    d3, f = _inputs(distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    return np.maximum(_slope_db(d3, f, 32.4, 23.0), _slope_db(d3, f, 31.84, 21.5, 19.0))


def inf_dh_nlos_db(
    distance_2d_m: ArrayLike, freq_hz: ArrayLike, h_bs_m: ArrayLike = 8.0, h_ut_m: ArrayLike = 1.5
) -> Array:
    """Indoor factory, dense clutter, high base station, no line of sight.

    Parameters
    ----------
    distance_2d_m, freq_hz, h_bs_m, h_ut_m : array_like
        As `inf_los_db`.

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
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, InF-DH.
    """
    d3, f = _inputs(distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    return np.maximum(_slope_db(d3, f, 33.63, 21.9), _slope_db(d3, f, 31.84, 21.5, 19.0))
