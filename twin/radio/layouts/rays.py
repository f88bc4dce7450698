"""Gain of a sector over the spread of rays, polarisation included: what a port really couples.

Rays are drawn from the angular spreads of TR 38.901 Table 7.5-6 around the line of sight, not by
the whole procedure of clusters; enough for means of power.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.radio.antenna.element import PanelArray, array_gain_dbi

__all__ = ["N_RAYS", "UrbanSpread", "draw_spread", "spread_gain"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

N_RAYS = 24
"""Rays of a link; their powers differ as those of clusters do."""

_K_DB, _K_SIGMA_DB = 9.0, 3.5
_CLUSTER_SIGMA_DB = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UrbanSpread:
    """Rays of links of shape (n, n_sites).

    Parameters
    ----------
    k : ndarray
        Power of the direct ray over that of all others; 0 without one.
    theta_deg, phi_deg : ndarray of shape (N_RAYS, n, n_sites)
        Turn of each ray from the line of sight. [deg]
    power : ndarray of shape (N_RAYS, n, n_sites)
        Powers that add up to 1.
    cross : ndarray of shape (n, n_sites)
        Power that changes its polarisation over power that keeps it.
    """

    k: Array
    theta_deg: Array
    phi_deg: Array
    power: Array
    cross: Array


def draw_spread(
    freq_hz: float,
    distance_m: Array,
    h_m: Array,
    is_los: Mask,
    is_indoor: Mask,
    rng: np.random.Generator,
) -> UrbanSpread:
    """Draw the rays of urban macro links.

    Parameters
    ----------
    freq_hz : float
        Carrier frequency. [Hz]  Below 6 GHz that of 6 GHz counts.
    distance_m, h_m : ndarray
        Horizontal distance, height of the terminal; shapes (n, n_sites) and (n, 1). [m]
    is_los, is_indoor : ndarray of bool
        State of the link up to the building; terminals inside, which have no direct ray.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    UrbanSpread
        The rays.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.5-6 part 1 (UMa), Table 7.5-7.
    """
    f = np.log10(max(freq_hz / 1e9, 6.0))
    shape = distance_m.shape
    normal = rng.standard_normal((5, *shape))
    lg_asd = np.where(is_los, 1.06 + 0.1114 * f, 1.5 - 0.1144 * f) + 0.28 * normal[0]
    lg_asd = np.where(is_indoor, 1.25 + 0.42 * normal[0], lg_asd)
    falls = -2.1 * distance_m / 1e3 - 0.01 * (h_m - 1.5)
    lg_zsd = np.where(
        is_los,
        np.maximum(-0.5, falls + 0.75) + 0.40 * normal[1],
        np.maximum(-0.5, falls + 0.9) + 0.49 * normal[1],
    )
    asd, zsd = np.minimum(10.0**lg_asd, 104.0), np.minimum(10.0**lg_zsd, 52.0)
    lift = (7.66 * f - 5.96) - 10.0 ** (
        (0.208 * f - 0.782) * np.log10(np.maximum(25.0, distance_m))
        + (-0.13 * f + 2.03)
        - 0.07 * (h_m - 1.5)
    )
    has_direct = is_los & ~is_indoor
    k = np.where(has_direct, 10.0 ** ((_K_DB + _K_SIGMA_DB * normal[2]) / 10.0), 0.0)
    xpr_db = np.where(is_los, 8.0 + 4.0 * normal[3], 7.0 + 3.0 * normal[3])
    xpr_db = np.where(is_indoor, 9.0 + 5.0 * normal[3], xpr_db)
    cluster_db = _CLUSTER_SIGMA_DB * rng.standard_normal((N_RAYS, *shape))
    power = rng.exponential(size=(N_RAYS, *shape)) * 10.0 ** (cluster_db / 10.0)
    return UrbanSpread(
        k=k,
        theta_deg=np.where(is_los, 0.0, lift)
        + rng.laplace(scale=1.0 / np.sqrt(2.0), size=(N_RAYS, *shape)) * zsd,
        phi_deg=rng.standard_normal((N_RAYS, *shape)) * asd,
        power=power / power.sum(axis=0),
        cross=10.0 ** (-xpr_db / 10.0),
    )


def spread_gain(
    panel: PanelArray, theta_deg: Array, phi_deg: Array, bearing_deg: float, rays: UrbanSpread
) -> Array:
    """Power that a port at 45 degrees couples to the mean of an upright and a flat port.

    Parameters
    ----------
    panel : PanelArray
        Antenna of the sector.
    theta_deg, phi_deg : ndarray of shape (n, n_sites)
        Direction of the line of sight. [deg]
    bearing_deg : float
        Boresight of the sector, counter-clockwise from x. [deg]
    rays : UrbanSpread
        The rays.

    Returns
    -------
    ndarray of shape (n, n_sites)
        Linear gain; half at most is kept, for the port leans.

    References
    ----------
    .. [1] 3GPP TR 36.873 V12.5.0 (2017), eq. (8.1-1), mean over the phases.
    """
    direct = 10.0 ** (array_gain_dbi(panel, theta_deg, phi_deg, bearing_deg=bearing_deg) / 10.0)
    scattered = np.zeros_like(direct)
    for theta, phi, power in zip(rays.theta_deg, rays.phi_deg, rays.power, strict=True):
        ray_theta = 180.0 - np.abs(180.0 - np.abs(theta_deg + theta) % 360.0)
        gain_dbi = array_gain_dbi(panel, ray_theta, phi_deg + phi, bearing_deg=bearing_deg)
        scattered += power * 10.0 ** (gain_dbi / 10.0)
    share = rays.k / (1.0 + rays.k)
    return np.asarray(0.5 * (share * direct + (1.0 - share) * (1.0 + rays.cross) * scattered))
