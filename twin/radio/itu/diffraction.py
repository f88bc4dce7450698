"""Delta-Bullington diffraction over a profile, as ITU-R P.1812 and P.452 share it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "bullington_db",
    "delta_bullington_db",
    "edge_loss_db",
    "first_term_db",
    "spherical_earth_db",
    "wavelength_m",
]

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

LIGHT_M_PER_S = 2.998e8
"""Speed of light as both Recommendations round it."""
LAND = (22.0, 0.003)
"""Relative permittivity and conductivity [S/m] of land; P.1812 section 4.3.3."""
SEA = (80.0, 5.0)
"""The same of sea."""


def wavelength_m(freq_hz: Array) -> Array:
    """Compute the wavelength with the rounded speed of light of the Recommendations.

    Parameters
    ----------
    freq_hz : ndarray
        Frequency. [Hz]

    Returns
    -------
    ndarray
        Wavelength. [m]
    """
    return LIGHT_M_PER_S / freq_hz


def edge_loss_db(nu: Array) -> Array:
    """Loss of a single knife edge.

    Parameters
    ----------
    nu : ndarray
        Diffraction parameter; may be minus infinity.

    Returns
    -------
    ndarray
        Loss J(nu), 0 at and below nu = -0.78. [dB]

    References
    ----------
    .. [1] ITU-R P.1812-7 (2023), eq. (12); P.452-18 (2023), eq. (13).
    """
    v = np.maximum(nu, -0.78) - 0.1
    loss = 6.9 + 20.0 * np.log10(np.sqrt(v * v + 1.0) + v)
    return np.where(nu > -0.78, loss, 0.0)


def bullington_db(
    distance_m: Array, height_m: Array, tx_m: Array, rx_m: Array, radius_m: Array, wave_m: Array
) -> Array:
    """Bullington part of the diffraction loss.

    Parameters
    ----------
    distance_m, height_m : ndarray of shape (..., n)
        Profile: distance from the transmitter, height over sea with clutter. [m]
    tx_m, rx_m : ndarray of shape (...)
        Heights of the antennas over sea. [m]
    radius_m : ndarray of shape (...)
        Effective Earth radius. [m]
    wave_m : ndarray of shape (...)
        Wavelength. [m]

    Returns
    -------
    ndarray of shape (...)
        Loss. [dB]

    Notes
    -----
    A path whose line just touches the terrain has no Bullington point of its own (both slopes
    cancel); it is then treated as line of sight, which gives the same loss.

    References
    ----------
    .. [1] ITU-R P.1812-7 (2023), section 4.3.1, eq. (13) to (21).
    .. [2] ITU-R P.452-18 (2023), section 4.2.1, eq. (14) to (22).
    """
    d = distance_m[..., 1:-1]
    length = distance_m[..., -1]
    rest = length[..., None] - d
    top = height_m[..., 1:-1] + d * rest / (2.0 * radius_m[..., None])
    slope_tx = ((top - tx_m[..., None]) / d).max(axis=-1)
    slope_rx = ((top - rx_m[..., None]) / rest).max(axis=-1)
    slope_los = (rx_m - tx_m) / length
    line = (tx_m[..., None] * rest + rx_m[..., None] * d) / length[..., None]
    scale = np.sqrt(2.0 * length[..., None] / (wave_m[..., None] * d * rest))
    nu_los = ((top - line) * scale).max(axis=-1)

    both = slope_tx + slope_rx
    is_los = (slope_tx < slope_los) | (both <= 0.0)
    point = (rx_m - tx_m + slope_rx * length) / np.where(is_los, 1.0, both)
    point = np.clip(np.where(is_los, 0.5 * length, point), d[..., 0], d[..., -1])
    over = tx_m + slope_tx * point - (tx_m * (length - point) + rx_m * point) / length
    nu_edge = over * np.sqrt(2.0 * length / (wave_m * point * (length - point)))
    edge = edge_loss_db(np.where(is_los, nu_los, nu_edge))
    return np.asarray(edge + (1.0 - np.exp(-edge / 6.0)) * (10.0 + 2e-5 * length))


def first_term_db(
    length_m: Array,
    tx_m: Array,
    rx_m: Array,
    radius_m: Array,
    freq_hz: Array,
    is_vertical: Bools,
    ground: tuple[float, float],
) -> Array:
    """First term of the residue series of diffraction over a smooth Earth of one ground.

    Parameters
    ----------
    length_m : ndarray
        Length of the path. [m]
    tx_m, rx_m : ndarray
        Heights of the antennas over the smooth Earth. [m]
    radius_m : ndarray
        Effective Earth radius. [m]
    freq_hz : ndarray
        Frequency. [Hz]
    is_vertical : ndarray of bool
        Vertical polarization, else horizontal.
    ground : tuple of float
        Relative permittivity, and conductivity. [S/m]

    Returns
    -------
    ndarray
        Loss; may be negative. [dB]

    References
    ----------
    .. [1] ITU-R P.1812-7 (2023), section 4.3.3, eq. (29) to (36).
    .. [2] ITU-R P.452-18 (2023), section 4.2.2.1, eq. (30) to (37).
    """
    f, a = freq_hz / 1e9, radius_m / 1e3
    permittivity, conductivity = ground
    loss_current = (18.0 * conductivity / f) ** 2
    k = 0.036 * (a * f) ** (-1.0 / 3.0) * ((permittivity - 1.0) ** 2 + loss_current) ** -0.25
    k = np.where(is_vertical, k * np.sqrt(permittivity**2 + loss_current), k)
    k2 = k * k
    beta = (1.0 + 1.6 * k2 + 0.67 * k2 * k2) / (1.0 + 4.5 * k2 + 1.53 * k2 * k2)
    x = 21.88 * beta * (f / a**2) ** (1.0 / 3.0) * length_m / 1e3
    far = 11.0 + 10.0 * np.log10(x) - 17.6 * x
    near = -20.0 * np.log10(x) - 5.6488 * x**1.425
    distance_term = np.where(x >= 1.6, far, near)
    per_metre = 0.9575 * beta**2 * (f * f / a) ** (1.0 / 3.0)
    floor = 2.0 + 20.0 * np.log10(k)
    gains = _height_gain_db(per_metre * tx_m, floor) + _height_gain_db(per_metre * rx_m, floor)
    return np.asarray(-distance_term - gains)


def _height_gain_db(b: Array, floor_db: Array) -> Array:
    """Height gain G(Y), P.1812-7 eq. (35), P.452-18 eq. (36)."""
    above = np.maximum(b, 2.0) - 1.1
    high = 17.6 * np.sqrt(above) - 5.0 * np.log10(above) - 8.0
    low = 20.0 * np.log10(b + 0.1 * b**3)
    return np.maximum(np.where(b > 2.0, high, low), floor_db)


def spherical_earth_db(
    length_m: Array,
    tx_m: Array,
    rx_m: Array,
    radius_m: Array,
    freq_hz: Array,
    is_vertical: Bools,
    sea_share: Array,
) -> Array:
    """Diffraction loss of a smooth spherical Earth.

    Parameters
    ----------
    length_m : ndarray
        Length of the path. [m]
    tx_m, rx_m : ndarray
        Heights of the antennas over the smooth Earth. [m]  Greater than 0.
    radius_m : ndarray
        Effective Earth radius. [m]
    freq_hz : ndarray
        Frequency. [Hz]
    is_vertical : ndarray of bool
        Vertical polarization, else horizontal.
    sea_share : ndarray
        Share of the path over sea, 0 to 1.

    Returns
    -------
    ndarray
        Loss, 0 where the clearance suffices. [dB]

    References
    ----------
    .. [1] ITU-R P.1812-7 (2023), section 4.3.2, eq. (22) to (28).
    .. [2] ITU-R P.452-18 (2023), section 4.2.2, eq. (23) to (29).
    """
    roots = np.sqrt(tx_m) + np.sqrt(rx_m)
    is_beyond = length_m >= np.sqrt(2.0 * radius_m) * roots
    both = tx_m + rx_m
    m = length_m**2 / (4.0 * radius_m * both)
    c = (tx_m - rx_m) / both
    angle = np.arccos(np.clip(1.5 * c * np.sqrt(3.0 * m / (m + 1.0) ** 3), -1.0, 1.0))
    b = 2.0 * np.sqrt((m + 1.0) / (3.0 * m)) * np.cos((np.pi + angle) / 3.0)
    d1 = 0.5 * length_m * (1.0 + b)
    d2 = length_m - d1
    over = (tx_m - d1**2 / (2.0 * radius_m)) * d2 + (rx_m - d2**2 / (2.0 * radius_m)) * d1
    clearance = over / length_m
    # 17.456 holds for kilometres under the root
    needed = 17.456 * np.sqrt(np.maximum(d1 * d2, 0.0) * wavelength_m(freq_hz) / length_m / 1e3)

    marginal = 0.5 * (length_m / roots) ** 2
    radius = np.where(is_beyond, radius_m, marginal)
    ends = (length_m, tx_m, rx_m, radius, freq_hz, is_vertical)
    land, sea = first_term_db(*ends, LAND), first_term_db(*ends, SEA)
    term = sea_share * sea + (1.0 - sea_share) * land
    share = 1.0 - clearance / np.where(needed > 0.0, needed, 1.0)
    within = np.where(clearance > needed, 0.0, share * np.maximum(term, 0.0))
    return np.where(is_beyond, term, within)


def delta_bullington_db(
    distance_m: Array,
    height_m: Array,
    antennas_m: tuple[Array, Array],
    smooth_m: tuple[Array, Array],
    radius_m: Array,
    freq_hz: Array,
    is_vertical: Bools,
    sea_share: Array,
) -> tuple[Array, Array, Array, Array]:
    """Diffraction loss of the whole path for one effective Earth radius.

    Parameters
    ----------
    distance_m, height_m : ndarray of shape (..., n)
        Profile: distance from the transmitter, height over sea with clutter. [m]
    antennas_m : tuple of ndarray of shape (...)
        Heights of transmitter and receiver over sea. [m]
    smooth_m : tuple of ndarray of shape (...)
        Heights of the smooth surface at both ends, for the diffraction model. [m]
    radius_m : ndarray of shape (...)
        Effective Earth radius. [m]
    freq_hz : ndarray of shape (...)
        Frequency. [Hz]
    is_vertical : ndarray of bool of shape (...)
        Vertical polarization, else horizontal.
    sea_share : ndarray of shape (...)
        Share of the path over sea, 0 to 1.

    Returns
    -------
    loss_db, actual_db, smooth_db, spherical_db : ndarray of shape (...)
        Diffraction loss, and its parts: Bullington over the profile, Bullington over the smooth
        path, spherical Earth. [dB]

    References
    ----------
    .. [1] ITU-R P.1812-7 (2023), section 4.3.4, eq. (37) to (39).
    .. [2] ITU-R P.452-18 (2023), section 4.2.3, eq. (38) to (40).
    """
    tx_m, rx_m = antennas_m
    wave_m = wavelength_m(freq_hz)
    actual = bullington_db(distance_m, height_m, tx_m, rx_m, radius_m, wave_m)
    tx_above, rx_above = tx_m - smooth_m[0], rx_m - smooth_m[1]
    flat = np.zeros_like(height_m)
    smooth = bullington_db(distance_m, flat, tx_above, rx_above, radius_m, wave_m)
    spherical = spherical_earth_db(
        distance_m[..., -1], tx_above, rx_above, radius_m, freq_hz, is_vertical, sea_share
    )
    return actual + np.maximum(spherical - smooth, 0.0), actual, smooth, spherical
