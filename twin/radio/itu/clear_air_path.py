"""Geometry and radio climate of a path, as ITU-R P.1812 and P.452 derive them alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.radio.itu.clear_air_inputs import Path
from twin.radio.itu.diffraction import wavelength_m

__all__ = [
    "Geometry",
    "ducting_time_percent",
    "effective_radius_m",
    "geometry",
    "inland_factor",
    "longest_run_m",
    "path_centre_latitude_deg",
    "zone_share",
]

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

EARTH_M = 6_371_000.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Geometry:
    """What follows from the profile for the median effective Earth radius.

    Parameters
    ----------
    length_m : ndarray
        Length of the path. [m]
    tx_m, rx_m : ndarray
        Heights of the antennas over sea. [m]
    smooth_tx_m, smooth_rx_m : ndarray
        Heights of the smooth surface at both ends, least squares. [m]
    diffraction_tx_m, diffraction_rx_m : ndarray
        The same, lowered for obstacles and held under the ground: for the diffraction model. [m]
    effective_tx_m, effective_rx_m : ndarray
        Heights of the antennas over the smooth surface held under the ground: for ducting. [m]
    roughness_m : ndarray
        Terrain roughness between the horizons. [m]
    horizon_tx_m, horizon_rx_m : ndarray
        Distance of each end to its horizon. [m]
    elevation_tx_mrad, elevation_rx_mrad, angle_mrad : ndarray
        Elevation of the horizon at each end, and angular distance of the path. [mrad]
    is_transhorizon : ndarray of bool
        The ground hides the ends from each other.
    """

    length_m: Array
    tx_m: Array
    rx_m: Array
    smooth_tx_m: Array
    smooth_rx_m: Array
    diffraction_tx_m: Array
    diffraction_rx_m: Array
    effective_tx_m: Array
    effective_rx_m: Array
    roughness_m: Array
    horizon_tx_m: Array
    horizon_rx_m: Array
    elevation_tx_mrad: Array
    elevation_rx_mrad: Array
    angle_mrad: Array
    is_transhorizon: Bools


def path_centre_latitude_deg(
    tx_deg: tuple[float, float], rx_deg: tuple[float, float], length_m: float
) -> float:
    """Latitude of the point half the length of the path away from the transmitter.

    Parameters
    ----------
    tx_deg, rx_deg : tuple of float
        Latitude and longitude of both ends. [deg]
    length_m : float
        Length of the path. [m]

    Returns
    -------
    float
        Latitude. [deg]

    References
    ----------
    .. [1] ITU-R P.2001-5, Attachment H, eq. (H.2.1) to (H.3.3).
    """
    lat_t, lon_t, lat_r, lon_r = np.deg2rad([*tx_deg, *rx_deg])
    r = np.sin(lat_t) * np.sin(lat_r) + np.cos(lat_t) * np.cos(lat_r) * np.cos(lon_r - lon_t)
    north = np.sin(lat_r) - r * np.sin(lat_t)
    east = np.cos(lat_t) * np.cos(lat_r) * np.sin(lon_r - lon_t)
    bearing = np.arctan2(east, north)
    turn = 0.5 * length_m / EARTH_M
    s = np.sin(lat_t) * np.cos(turn) + np.cos(lat_t) * np.sin(turn) * np.cos(bearing)
    return float(np.rad2deg(np.arcsin(np.clip(s, -1.0, 1.0))))


def effective_radius_m(delta_n: Array) -> Array:
    """Median effective Earth radius.

    Parameters
    ----------
    delta_n : ndarray
        Lapse rate of refractivity, below 157. [N-units/km]

    Returns
    -------
    ndarray
        Radius. [m]

    References
    ----------
    .. [1] ITU-R P.1812-7 (2023), eq. (6), (7a); P.452-18 (2023), eq. (5), (6a).
    """
    return EARTH_M * 157.0 / (157.0 - delta_n)


def _weights(distance_m: Array) -> Array:
    """Length of path that belongs to each point: half of the gaps beside it."""
    half = 0.5 * np.diff(distance_m, axis=-1)
    weights = np.zeros(distance_m.shape)
    weights[..., 1:] += half
    weights[..., :-1] += half
    return weights


def zone_share(distance_m: Array, is_inside: Bools) -> Array:
    """Share of the path in a zone.

    Parameters
    ----------
    distance_m : ndarray of shape (..., n)
        Distance of the points. [m]
    is_inside : ndarray of bool of shape (..., n)
        The point lies in the zone; the border runs halfway between two points.

    Returns
    -------
    ndarray of shape (...)
        Share, 0 to 1.

    References
    ----------
    .. [1] ITU-R P.1812-7 (2023), Table 5 (omega); P.452-18 (2023), Table 4.
    """
    inside = np.where(is_inside, _weights(distance_m), 0.0).sum(axis=-1)
    return np.where(is_inside.all(axis=-1), 1.0, inside / distance_m[..., -1])


def longest_run_m(distance_m: Array, is_inside: Bools) -> Array:
    """Longest continuous stretch of the path in a zone.

    Parameters
    ----------
    distance_m : ndarray of shape (..., n)
        Distance of the points. [m]
    is_inside : ndarray of bool of shape (..., n)
        The point lies in the zone; the border runs halfway between two points.

    Returns
    -------
    ndarray of shape (...)
        Length. [m]

    References
    ----------
    .. [1] ITU-R P.1812-7 (2023), section 3.6 (dtm, dlm); P.452-18 (2023), section 3.2.1.
    """
    summed = np.cumsum(np.where(is_inside, _weights(distance_m), 0.0), axis=-1)
    before = np.maximum.accumulate(np.where(is_inside, 0.0, summed), axis=-1)
    return np.asarray((summed - before).max(axis=-1))


def ducting_time_percent(latitude_deg: Array, land_m: Array, inland_m: Array) -> Array:
    """Share of time in which refractivity falls by more than 100 N-units/km near the ground.

    Parameters
    ----------
    latitude_deg : ndarray
        Latitude of the middle of the path. [deg]
    land_m, inland_m : ndarray
        Longest stretch over land (inland and coastal), and inland. [m]

    Returns
    -------
    ndarray
        beta_0. [%]

    References
    ----------
    .. [1] ITU-R P.1812-7 (2023), section 3.6, eq. (2) to (5); P.452-18 (2023), eq. (2) to (4).
    """
    lat = np.abs(latitude_deg)
    tau = inland_factor(inland_m)
    mu1 = 10.0 ** (-land_m / 1e3 / (16.0 - 6.6 * tau)) + 10.0 ** (-5.0 * (0.496 + 0.354 * tau))
    mu1 = np.minimum(mu1**0.2, 1.0)
    low = 10.0 ** (-0.015 * lat + 1.67) * mu1 ** (0.065 + 0.0176 * lat)
    return np.where(lat <= 70.0, low, 4.17 * mu1**1.3)


def inland_factor(inland_m: Array) -> Array:
    """Weight of the longest inland stretch.

    Parameters
    ----------
    inland_m : ndarray
        Its length. [m]

    Returns
    -------
    ndarray
        tau, 0 to 1.

    References
    ----------
    .. [1] ITU-R P.1812-7 (2023), eq. (3); P.452-18 (2023), eq. (3a).
    """
    return np.asarray(1.0 - np.exp(-4.12e-4 * (inland_m / 1e3) ** 2.41))


def geometry(
    path: Path, tx_height_m: Array, rx_height_m: Array, freq_hz: Array, radius_m: Array
) -> Geometry:
    """Derive horizons, smooth-Earth heights and roughness from the ground of the profile.

    Parameters
    ----------
    path : Path
        Profiles of shape (..., n).
    tx_height_m, rx_height_m : ndarray of shape (...)
        Height of the antennas over the ground. [m]
    freq_hz : ndarray of shape (...)
        Frequency. [Hz]
    radius_m : ndarray of shape (...)
        Median effective Earth radius. [m]

    Returns
    -------
    Geometry
        Values of shape (...).

    References
    ----------
    .. [1] ITU-R P.1812-7 (2023), Attachment 1 to Annex 1, sections 4 and 5, eq. (76) to (95).
    .. [2] ITU-R P.452-18 (2023), Attachment 2 to Annex 1, sections 4 and 5, eq. (150) to (171).
    """
    d, h = path.distance_m, path.ground_m
    length = d[..., -1]
    tx, rx = h[..., 0] + tx_height_m, h[..., -1] + rx_height_m
    smooth_tx, smooth_rx = _least_squares(d, h)
    low_tx, low_rx = _obstructed(d, h, (tx, rx), (smooth_tx, smooth_rx))

    inner, ground = d[..., 1:-1], h[..., 1:-1]
    rest = length[..., None] - inner
    twice = 2.0 * radius_m[..., None]
    up_tx = (ground - tx[..., None]) / inner - inner / twice
    up_rx = (ground - rx[..., None]) / rest - rest / twice
    direct_tx = (rx - tx) / length - length / (2.0 * radius_m)
    direct_rx = (tx - rx) / length - length / (2.0 * radius_m)
    line = (tx[..., None] * rest + rx[..., None] * inner) / length[..., None]
    over = (ground + inner * rest / twice - line) / np.sqrt(inner * rest)  # nu but for a factor
    over = over * np.sqrt(2.0 * length / wavelength_m(freq_hz))[..., None]

    is_hidden = up_tx.max(axis=-1) > direct_tx
    edge = 1 + _last_argmax(over)
    i_tx = np.where(is_hidden, 1 + np.argmax(up_tx, axis=-1), edge)
    i_rx = np.where(is_hidden, 1 + _last_argmax(up_rx), edge)
    angle_tx = 1e3 * np.arctan(np.where(is_hidden, up_tx.max(axis=-1), direct_tx))
    angle_rx = 1e3 * np.arctan(np.where(is_hidden, up_rx.max(axis=-1), direct_rx))

    under_tx, under_rx = np.minimum(smooth_tx, h[..., 0]), np.minimum(smooth_rx, h[..., -1])
    slope = (under_rx - under_tx) / length
    rough = h - (under_tx[..., None] + slope[..., None] * d)
    index = np.arange(d.shape[-1])
    between = (index >= i_tx[..., None]) & (index <= i_rx[..., None])
    take = np.broadcast_to(d, (*i_tx.shape, d.shape[-1]))
    return Geometry(
        length_m=length + 0.0 * tx,
        tx_m=tx,
        rx_m=rx,
        smooth_tx_m=smooth_tx,
        smooth_rx_m=smooth_rx,
        diffraction_tx_m=low_tx,
        diffraction_rx_m=low_rx,
        effective_tx_m=tx - under_tx,
        effective_rx_m=rx - under_rx,
        roughness_m=np.where(between, rough, -np.inf).max(axis=-1),
        horizon_tx_m=np.take_along_axis(take, i_tx[..., None], -1)[..., 0],
        horizon_rx_m=length - np.take_along_axis(take, i_rx[..., None], -1)[..., 0],
        elevation_tx_mrad=angle_tx,
        elevation_rx_mrad=angle_rx,
        angle_mrad=1e3 * length / radius_m + angle_tx + angle_rx,
        is_transhorizon=is_hidden,
    )


def _last_argmax(values: Array) -> NDArray[np.intp]:
    return np.asarray(values.shape[-1] - 1 - np.argmax(values[..., ::-1], axis=-1))


def _least_squares(d: Array, h: Array) -> tuple[Array, Array]:
    """Smooth surface at both ends, P.1812-7 eq. (85) to (88), P.452-18 eq. (161) to (164)."""
    length = d[..., -1]
    a, b = d[..., :-1], d[..., 1:]
    low, high = h[..., :-1], h[..., 1:]
    v1 = ((b - a) * (high + low)).sum(axis=-1)
    v2 = ((b - a) * (high * (2.0 * b + a) + low * (b + 2.0 * a))).sum(axis=-1)
    return (2.0 * v1 * length - v2) / length**2, (v2 - v1 * length) / length**2


def _obstructed(
    d: Array, h: Array, antennas: tuple[Array, Array], smooth: tuple[Array, Array]
) -> tuple[Array, Array]:
    """Smooth surface for diffraction, P.1812-7 eq. (89) to (91), P.452-18 eq. (165) to (167)."""
    tx, rx = antennas
    length = d[..., -1]
    inner = d[..., 1:-1]
    rest = length[..., None] - inner
    line = (tx[..., None] * rest + rx[..., None] * inner) / length[..., None]
    over = h[..., 1:-1] - line
    top = over.max(axis=-1)
    is_clear = top <= 0.0
    from_tx = np.where(is_clear, 1.0, (over / inner).max(axis=-1))
    from_rx = np.where(is_clear, 1.0, (over / rest).max(axis=-1))
    drop = np.maximum(top, 0.0) / (from_tx + from_rx)
    return (
        np.minimum(smooth[0] - drop * from_tx, h[..., 0]),
        np.minimum(smooth[1] - drop * from_rx, h[..., -1]),
    )
