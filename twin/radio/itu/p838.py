"""Specific attenuation by rain: ITU-R P.838-3."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.ranges import need

__all__ = ["rain_coefficients", "rain_specific_attenuation_db_km"]

Array = NDArray[np.float64]
MODEL = "ITU-R P.838-3"

# Tables 1 to 4: rows j = 1, 2, ... of a_j, b_j, c_j; then the slope m and the constant c
K_H = (
    ((-5.33980, -0.10008, 1.13098), (-0.35351, 1.26970, 0.45400)),
    ((-0.23789, 0.86036, 0.15354), (-0.94158, 0.64552, 0.16817)),
    (-0.18961, 0.71147),
)
K_V = (
    ((-3.80595, 0.56934, 0.81061), (-3.44965, -0.22911, 0.51059)),
    ((-0.39902, 0.73042, 0.11899), (0.50167, 1.07319, 0.27195)),
    (-0.16398, 0.63297),
)
ALPHA_H = (
    ((-0.14318, 1.82442, -0.55187), (0.29591, 0.77564, 0.19822), (0.32177, 0.63773, 0.13164)),
    ((-5.37610, -0.96230, 1.47828), (16.1721, -3.29980, 3.43990)),
    (0.67849, -1.95537),
)
ALPHA_V = (
    ((-0.07771, 2.33840, -0.76284), (0.56727, 0.95545, 0.54039), (-0.20238, 1.14520, 0.26809)),
    ((-48.2991, 0.791669, 0.116226), (48.5833, 0.791459, 0.116479)),
    (-0.053739, 0.83433),
)
Table = tuple[
    tuple[tuple[float, float, float], ...],
    tuple[tuple[float, float, float], ...],
    tuple[float, float],
]


def rain_coefficients(
    freq_hz: ArrayLike, elevation_deg: ArrayLike = 0.0, tilt_deg: ArrayLike = 0.0
) -> tuple[Array, Array]:
    """Coefficients k and alpha of the power law of rain.

    Parameters
    ----------
    freq_hz : array_like
        Frequency. [Hz]  Valid 1 to 1000 GHz.
    elevation_deg : array_like
        Elevation of the path. [deg]  Valid -90 to 90.
    tilt_deg : array_like
        Tilt of the polarisation against the horizontal: 0 horizontal, 45 circular, 90 vertical.
        [deg]  Valid -180 to 180.

    Returns
    -------
    k, alpha : ndarray
        Factor and exponent, for a rain rate in mm/h.

    Raises
    ------
    ModelRangeError
        An input outside its range: says which element.
    ValueError
        A NaN, an empty array, shapes that do not broadcast.

    References
    ----------
    .. [1] ITU-R P.838-3 (2005), eq. (2) to (5), Tables 1 to 4.
    """
    freq = need(freq_hz, 1e9, 1000e9, model=MODEL, quantity="frequency [Hz]")
    elevation = need(elevation_deg, -90.0, 90.0, model=MODEL, quantity="elevation [deg]")
    tilt = need(tilt_deg, -180.0, 180.0, model=MODEL, quantity="tilt of polarisation [deg]")
    log_f = np.log10(freq / 1e9)
    k_h, k_v = 10.0 ** _curve(log_f, K_H), 10.0 ** _curve(log_f, K_V)
    ka_h, ka_v = k_h * _curve(log_f, ALPHA_H), k_v * _curve(log_f, ALPHA_V)
    turn = np.cos(np.radians(elevation)) ** 2 * np.cos(2.0 * np.radians(tilt))
    k = (k_h + k_v + (k_h - k_v) * turn) / 2.0
    return np.asarray(k), np.asarray((ka_h + ka_v + (ka_h - ka_v) * turn) / (2.0 * k))


def rain_specific_attenuation_db_km(
    freq_hz: ArrayLike,
    rain_rate_mm_h: ArrayLike,
    elevation_deg: ArrayLike = 0.0,
    tilt_deg: ArrayLike = 0.0,
) -> Array:
    """Specific attenuation by rain.

    Parameters
    ----------
    freq_hz : array_like
        Frequency. [Hz]  Valid 1 to 1000 GHz.
    rain_rate_mm_h : array_like
        Rain rate. [mm/h]  Must be >= 0.
    elevation_deg, tilt_deg : array_like
        Path and polarisation, as of `rain_coefficients`. [deg]

    Returns
    -------
    ndarray
        Attenuation. [dB/km]

    Raises
    ------
    ModelRangeError
        An input outside its range: says which element.
    ValueError
        A NaN, an empty array, shapes that do not broadcast.

    References
    ----------
    .. [1] ITU-R P.838-3 (2005), eq. (1).
    """
    rate = need(rain_rate_mm_h, 0.0, 1000.0, model=MODEL, quantity="rain rate [mm/h]")
    k, alpha = rain_coefficients(freq_hz, elevation_deg, tilt_deg)
    return np.asarray(k * rate**alpha)


def _curve(log_f: Array, table: Table) -> Array:
    """Sum of bell curves and a line over log10 of the frequency in GHz, eq. (2) and (3)."""
    *halves, (slope, constant) = table
    bells = sum(a * np.exp(-(((log_f - b) / c) ** 2)) for half in halves for a, b, c in half)
    return np.asarray(bells + slope * log_f + constant)
