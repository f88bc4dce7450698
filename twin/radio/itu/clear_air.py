"""Parts of the loss that ITU-R P.1812 and P.452 compute alike, and how they are put together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.radio.itu.clear_air_inputs import Path
from twin.radio.itu.clear_air_path import Geometry
from twin.radio.itu.diffraction import delta_bullington_db

__all__ = [
    "Diffraction",
    "Link",
    "Losses",
    "diffraction",
    "focusing_db",
    "free_space_db",
    "put_together",
    "scatter_db",
    "tail_quantile",
    "time_factor",
]

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

RADIUS_B_M = 3.0 * 6_371_000.0
"""Effective Earth radius exceeded for beta_0 of the time; P.1812-7 eq. (7b), P.452-18 (6b)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Link:
    """Inputs and path parameters of every path, broadcast to one shape.

    Parameters
    ----------
    path : Path
        Profiles of shape (..., n).
    geometry : Geometry
        What follows from them.
    freq_hz : ndarray
        Frequency. [Hz]
    is_vertical : ndarray of bool
        Vertical polarization.
    percent, ducting_percent : ndarray
        Share of time p, and beta_0. [%]
    sea_share : ndarray
        Share of the path over sea.
    land_m, inland_m : ndarray
        Longest stretch over land, and inland. [m]
    radius_m : ndarray
        Median effective Earth radius. [m]
    tx_coast_m, rx_coast_m : ndarray
        Distance from each end to the coast. [m]
    """

    path: Path
    geometry: Geometry
    freq_hz: Array
    is_vertical: Bools
    percent: Array
    ducting_percent: Array
    sea_share: Array
    land_m: Array
    inland_m: Array
    radius_m: Array
    tx_coast_m: Array
    rx_coast_m: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Diffraction:
    """Diffraction losses and the parts they are made of.

    Parameters
    ----------
    median_db, ducting_db, percent_db : ndarray
        Ld50 for half the time, Ldb for beta_0, Ldp for p. [dB]
    actual_db, smooth_db, spherical_db : ndarray of shape (2, ...)
        Lbulla, Lbulls and Ldsph: for the median Earth radius, and for the radius of beta_0. [dB]
    """

    median_db: Array
    ducting_db: Array
    percent_db: Array
    actual_db: Array
    smooth_db: Array
    spherical_db: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Losses:
    """The loss of every path with all that led to it.

    Parameters
    ----------
    loss_db : ndarray
        Lb, basic transmission loss. [dB]
    median_place_db : ndarray
        Lbc of P.1812, at half of the locations; equals Lb in P.452. [dB]
    free_space_db : ndarray
        Lbfs, in P.452 with gases: Lbfsg. [dB]
    los_percent_db, los_ducting_db : ndarray
        Lb0p and Lb0b: line of sight, not exceeded for p and beta_0. [dB]
    diffraction : Diffraction
        Its losses.
    ducting_db, scatter_db : ndarray
        Lba and Lbs. [dB]
    floor_db, enhanced_db, notional_db, modified_db : ndarray
        Lminb0p, Lminbap, Lbda and Lbam of the combination. [dB]
    time_factor, angle_factor, distance_factor : ndarray
        Fi, Fj and Fk.
    link : Link
        Inputs and path parameters.
    """

    loss_db: Array
    median_place_db: Array
    free_space_db: Array
    los_percent_db: Array
    los_ducting_db: Array
    diffraction: Diffraction
    ducting_db: Array
    scatter_db: Array
    floor_db: Array
    enhanced_db: Array
    notional_db: Array
    modified_db: Array
    time_factor: Array
    angle_factor: Array
    distance_factor: Array
    link: Link


def tail_quantile(probability: Array) -> Array:
    """Inverse of the complementary normal distribution, by the approximation of the documents.

    Parameters
    ----------
    probability : ndarray
        Between 0 and 1, held to 1e-6 and 1 - 1e-6.

    Returns
    -------
    ndarray
        I(x), positive below one half.

    References
    ----------
    .. [1] ITU-R P.1812-7 (2023), Attachment 2 to Annex 1, eq. (96), (97).
    .. [2] ITU-R P.452-18 (2023), Attachment 3 to Annex 1, eq. (172), with the sign reversed.
    """
    x = np.clip(probability, 1e-6, 1.0 - 1e-6)
    t = np.sqrt(-2.0 * np.log(np.minimum(x, 1.0 - x)))
    above = (0.010328 * t + 0.802853) * t + 2.515516698
    below = ((0.001308 * t + 0.189269) * t + 1.432788) * t + 1.0
    return np.where(x <= 0.5, 1.0, -1.0) * (t - above / below)


def time_factor(percent: Array, ducting_percent: Array) -> Array:
    """Weight of the losses for beta_0 against the median at p.

    Parameters
    ----------
    percent, ducting_percent : ndarray
        p and beta_0. [%]

    Returns
    -------
    ndarray
        Fi, 1 where p does not exceed beta_0.

    References
    ----------
    .. [1] ITU-R P.1812-7 (2023), eq. (40); P.452-18 (2023), eq. (41).
    """
    ratio = tail_quantile(percent / 100.0) / tail_quantile(ducting_percent / 100.0)
    return np.where(percent > ducting_percent, ratio, 1.0)


def free_space_db(length_m: Array, tx_m: Array, rx_m: Array, freq_hz: Array) -> Array:
    """Compute the free-space loss over the slant distance.

    Parameters
    ----------
    length_m : ndarray
        Length of the path. [m]
    tx_m, rx_m : ndarray
        Heights of the antennas over sea. [m]
    freq_hz : ndarray
        Frequency. [Hz]

    Returns
    -------
    ndarray
        Lbfs. [dB]

    References
    ----------
    .. [1] ITU-R P.1812-7 (2023), eq. (8); P.452-18 (2023), eq. (8) without gases.
    """
    slant2 = (length_m**2 + (tx_m - rx_m) ** 2) / 1e6
    return np.asarray(92.4 + 20.0 * np.log10(freq_hz / 1e9) + 10.0 * np.log10(slant2))


def focusing_db(horizons_m: Array, percent: Array) -> Array:
    """Correction of line of sight for multipath and focusing.

    Parameters
    ----------
    horizons_m : ndarray
        Sum of the distances of both ends to their horizons. [m]
    percent : ndarray
        Share of time. [%]

    Returns
    -------
    ndarray
        Es. [dB]

    References
    ----------
    .. [1] ITU-R P.1812-7 (2023), eq. (9); P.452-18 (2023), eq. (10).
    """
    return np.asarray(2.6 * (1.0 - np.exp(-1e-4 * horizons_m)) * np.log10(percent / 50.0))


def diffraction(link: Link, surface_m: Array) -> Diffraction:
    """Diffraction loss not exceeded for p.

    Parameters
    ----------
    link : Link
        Inputs and path parameters.
    surface_m : ndarray of shape (..., n)
        Height over sea with clutter, without it where the document says so. [m]

    Returns
    -------
    Diffraction
        Losses.

    References
    ----------
    .. [1] ITU-R P.1812-7 (2023), section 4.3.5, eq. (40), (41).
    .. [2] ITU-R P.452-18 (2023), section 4.2.4, eq. (41), (42).
    """
    geo = link.geometry
    parts = [
        delta_bullington_db(
            link.path.distance_m,
            surface_m,
            (geo.tx_m, geo.rx_m),
            (geo.diffraction_tx_m, geo.diffraction_rx_m),
            radius_m,
            link.freq_hz,
            link.is_vertical,
            link.sea_share,
        )
        for radius_m in (link.radius_m, np.full_like(link.radius_m, RADIUS_B_M))
    ]
    loss, actual, smooth, spherical = (np.stack(part) for part in zip(*parts, strict=True))
    factor = time_factor(link.percent, link.ducting_percent)
    mixed = loss[0] + factor * (loss[1] - loss[0])
    return Diffraction(
        median_db=loss[0],
        ducting_db=loss[1],
        percent_db=np.where(link.percent == 50.0, loss[0], mixed),
        actual_db=actual,
        smooth_db=smooth,
        spherical_db=spherical,
    )


def scatter_db(
    link: Link, n0: Array, *, base_db: float, spread_db: float, coupling_db: Array | float
) -> Array:
    """Loss of tropospheric scatter.

    Parameters
    ----------
    link : Link
        Inputs and path parameters.
    n0 : ndarray
        Refractivity of the surface at sea level. [N-units]
    base_db, spread_db : float
        Constant, and factor of the dependence on time: 190.1 and 10.125 in P.1812, 190 and 10.1 in
        P.452. [dB]
    coupling_db : ndarray or float
        Aperture-to-medium coupling and gases, in P.452. [dB]

    Returns
    -------
    ndarray
        Lbs. [dB]

    References
    ----------
    .. [1] ITU-R P.1812-7 (2023), section 4.4, eq. (44), (45); P.452-18 (2023), eq. (45).
    """
    geo, f = link.geometry, link.freq_hz / 1e9
    of_freq = 25.0 * np.log10(f) - 2.5 * np.log10(f / 2.0) ** 2
    of_time = spread_db * np.log10(50.0 / link.percent) ** 0.7
    of_path = 20.0 * np.log10(geo.length_m / 1e3) + 0.573 * geo.angle_mrad
    return np.asarray(base_db + of_freq + of_path - 0.15 * n0 + coupling_db - of_time)


def put_together(
    link: Link,
    bent: Diffraction,
    *,
    free_space: Array,
    ducting: Array,
    scatter: Array,
    angle_factor: Array,
) -> Losses:
    """Combine line of sight, diffraction, ducting and scatter.

    Parameters
    ----------
    link : Link
        Inputs and path parameters.
    bent : Diffraction
        Diffraction losses.
    free_space, ducting, scatter : ndarray
        Lbfs or Lbfsg, Lba, Lbs. [dB]
    angle_factor : ndarray
        Fj, which both documents define in their own way.

    Returns
    -------
    Losses
        `loss_db` and `median_place_db` are the combined loss.

    References
    ----------
    .. [1] ITU-R P.1812-7 (2023), section 4.6, eq. (42), (43), (58) to (63).
    .. [2] ITU-R P.452-18 (2023), sections 4.2.4 and 4.6, eq. (43), (44), (59) to (64).
    """
    geo = link.geometry
    horizons = geo.horizon_tx_m + geo.horizon_rx_m
    los_p = free_space + focusing_db(horizons, link.percent)
    los_b = free_space + focusing_db(horizons, link.ducting_percent)
    median, of_percent = free_space + bent.median_db, los_p + bent.percent_db
    factor = time_factor(link.percent, link.ducting_percent)
    land = 1.0 - link.sea_share
    mixed = median + (los_b + land * bent.percent_db - median) * factor
    is_common = link.percent >= link.ducting_percent
    floor = np.where(is_common, mixed, los_p + land * bent.percent_db)
    enhanced = 2.5 * np.logaddexp(ducting / 2.5, los_p / 2.5)
    of_distance = 1.0 - 0.5 * (1.0 + np.tanh(1.5 * (geo.length_m / 1e3 - 20.0) / 20.0))
    reduced = enhanced + (of_percent - enhanced) * of_distance
    notional = np.where(enhanced > of_percent, of_percent, reduced)
    modified = notional + (floor - notional) * angle_factor
    scale = -0.2 * np.log(10.0)
    loss = np.logaddexp(scale * scatter, scale * modified) / scale
    return Losses(
        loss_db=loss,
        median_place_db=loss,
        free_space_db=free_space,
        los_percent_db=los_p,
        los_ducting_db=los_b,
        diffraction=bent,
        ducting_db=ducting,
        scatter_db=scatter,
        floor_db=floor,
        enhanced_db=enhanced,
        notional_db=notional,
        modified_db=modified,
        time_factor=factor,
        angle_factor=angle_factor,
        distance_factor=of_distance,
        link=link,
    )
