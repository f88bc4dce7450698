"""Where the sites stand: 19 hexagons that wrap around, or the hall of an indoor hotspot."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["hall_sites_m", "hexagon_points_m", "hexagon_sites_m", "wrapped_offsets_m"]

Array = NDArray[np.float64]

_RINGS = 2
_ROW = math.sqrt(0.75)


def _plane_m(q: Array, r: Array, isd_m: float) -> Array:
    """Cartesian places of lattice coordinates; neighbours stand at 0, 60, ... degrees."""
    return np.stack((isd_m * (q + 0.5 * r), isd_m * _ROW * r), axis=-1)


def hexagon_sites_m(isd_m: float) -> Array:
    """Sites of two rings around one.

    Parameters
    ----------
    isd_m : float
        Distance between sites. [m]

    Returns
    -------
    ndarray of shape (19, 2)
        Places, the middle one first. [m]
    """
    steps = range(-_RINGS, _RINGS + 1)
    lattice = sorted(
        ((q, r) for q in steps for r in steps if abs(q + r) <= _RINGS),
        key=lambda place: (max(abs(place[0]), abs(place[1]), abs(sum(place))), place),
    )
    q, r = np.array(lattice, np.float64).T
    return _plane_m(q, r, isd_m)


def wrapped_offsets_m(from_m: Array, to_m: Array, isd_m: float) -> Array:
    """Offsets by the shortest way round: the 19 hexagons tile the plane.

    Parameters
    ----------
    from_m : ndarray of shape (n_sites, 2)
        Sites. [m]
    to_m : ndarray of shape (n, 2)
        Terminals. [m]
    isd_m : float
        Distance between sites. [m]

    Returns
    -------
    ndarray of shape (n, n_sites, 2)
        From each site, or its nearest copy, to each terminal. [m]
    """
    q, r = [0.0, 3.0], [0.0, 2.0]
    for _ in range(5):  # six copies of the cluster, a sixth of a turn apart: 3^2 + 3 2 + 2^2 = 19
        q, r = [*q, -r[-1]], [*r, q[-1] + r[-1]]
    copies = _plane_m(np.array(q), np.array(r), isd_m)
    straight = to_m[:, None, :] - from_m[None, :, :]
    ways = straight[None] - copies[:, None, None, :]
    nearest = (ways**2).sum(axis=-1).argmin(axis=0)
    return np.asarray(np.take_along_axis(ways, nearest[None, ..., None], axis=0)[0])


def hexagon_points_m(n: int, isd_m: float, rng: np.random.Generator) -> Array:
    """Draw points evenly over the area of the 19 sites.

    Parameters
    ----------
    n : int
        Points.
    isd_m : float
        Distance between sites. [m]
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of shape (n, 2)
        Points. [m]
    """
    sites = hexagon_sites_m(isd_m)
    u, v, third = rng.random(n), rng.random(n), rng.integers(0, 3, n)
    # a hexagon is three rhombs that meet in its centre
    angle = np.radians(30.0 + 120.0 * third[:, None] + np.array([0.0, 120.0]))
    edges = isd_m / math.sqrt(3.0) * np.stack((np.cos(angle), np.sin(angle)), axis=-1)
    inside = u[:, None] * edges[:, 0] + v[:, None] * edges[:, 1]
    return np.asarray(sites[rng.integers(0, len(sites), n)] + inside)


def hall_sites_m() -> Array:
    """Access points of the open office of 120 m by 50 m: two rows of six, 20 m apart.

    Returns
    -------
    ndarray of shape (12, 2)
        Places, the middle of the hall at 0, 0. [m]

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.2-2, Figure 7.2-1.
    """
    x, y = np.meshgrid(np.arange(-50.0, 51.0, 20.0), [-10.0, 10.0])
    return np.stack((x.ravel(), y.ravel()), axis=-1)
