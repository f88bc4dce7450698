"""Profiles cut from a raster of heights, and lines of sight over it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cext import _itm
from twin.radio.ranges import finite, need
from twin.radio.terrain.raster import SurfaceRaster

__all__ = ["EARTH_CURVATURE_PER_M", "heights_at", "is_line_of_sight", "profile_between"]

EARTH_RADIUS_M = 6_371_000.0
"""Mean radius. [m]"""

EARTH_CURVATURE_PER_M = 1.0 / (4.0 / 3.0 * EARTH_RADIUS_M)
"""Curvature of the Earth for a ray that the average air bends, k = 4/3: ITU-R P.834-9. [1/m]"""

LIGHT_M_PER_S = 299_792_458.0

Array = NDArray[np.float64]


def heights_at(raster: SurfaceRaster, x_m: ArrayLike, y_m: ArrayLike) -> Array:
    """Read heights between the cells, by bilinear interpolation.

    Parameters
    ----------
    raster : SurfaceRaster
        The heights.
    x_m, y_m : array_like
        Points, EPSG:25832. [m]

    Returns
    -------
    ndarray of float64
        Heights above sea level; the coordinates are broadcast. [m]

    Raises
    ------
    ValueError
        A coordinate that is no number, a point outside the raster: says which.
    """
    x, y = np.broadcast_arrays(finite(x_m, "x_m"), finite(y_m, "y_m"))
    n_y, n_x = raster.heights_m.shape
    u, v = (x - raster.x0_m) / raster.step_m, (y - raster.y0_m) / raster.step_m
    slack = 1e-6
    is_out = (u < -slack) | (u > n_x - 1 + slack) | (v < -slack) | (v > n_y - 1 + slack)
    if is_out.any():
        k = int(np.flatnonzero(is_out)[0])
        raise ValueError(f"point {k} at ({x.flat[k]}, {y.flat[k]}) is not on the raster")
    i = np.clip(u.astype(np.intp), 0, n_x - 2)
    j = np.clip(v.astype(np.intp), 0, n_y - 2)
    a, b = u - i, v - j
    h = raster.heights_m.astype(np.float64, copy=False)
    low = h[j, i] * (1.0 - a) + h[j, i + 1] * a
    high = h[j + 1, i] * (1.0 - a) + h[j + 1, i + 1] * a
    return np.asarray(low * (1.0 - b) + high * b)


def profile_between(
    raster: SurfaceRaster,
    start_m: tuple[float, float],
    end_m: tuple[float, float],
    step_m: float | None = None,
) -> tuple[Array, float]:
    """Cut a profile between two points.

    Parameters
    ----------
    raster : SurfaceRaster
        The heights.
    start_m, end_m : tuple of float
        x and y of both ends, EPSG:25832. [m]
    step_m : float, optional
        Greatest distance of two points of the profile; the step of the raster by default. [m]

    Returns
    -------
    heights_m : ndarray of float64
        Heights at even steps, both ends included; at least 3 points. [m]
    step_m : float
        The step that divides the path evenly. [m]

    Raises
    ------
    ValueError
        An end outside the raster, both ends at one place, or a step that is not positive.
    """
    longest = raster.step_m if step_m is None else float(step_m)
    if not (longest > 0.0 and math.isfinite(longest)):
        raise ValueError(f"step_m: is {longest}, must be finite and positive")
    dx, dy = end_m[0] - start_m[0], end_m[1] - start_m[1]
    distance = math.hypot(dx, dy)
    if not distance > 0.0:
        raise ValueError(f"end_m: {end_m} is no other place than the start")
    n = max(2, math.ceil(distance / longest - 1e-9))
    share = np.arange(n + 1) / n
    heights = heights_at(raster, start_m[0] + dx * share, start_m[1] + dy * share)
    return heights, distance / n


def is_line_of_sight(
    raster: SurfaceRaster,
    sites_m: ArrayLike,
    points_m: ArrayLike,
    *,
    step_m: float | None = None,
    curvature_per_m: float = EARTH_CURVATURE_PER_M,
    clearance: float = 0.0,
    freq_hz: float | None = None,
    n_threads: int = 1,
) -> NDArray[np.bool_]:
    """Tell whether the straight line between sites and points passes above the surface.

    Parameters
    ----------
    raster : SurfaceRaster
        Terrain and buildings.
    sites_m : array_like of shape (n_sites, 3)
        x, y, and height of the antenna over the surface there. [m]
    points_m : array_like of shape (n_points, 3)
        The same of the receivers. [m]
    step_m : float, optional
        Distance of two tests along the line; half a cell by default. [m]
    curvature_per_m : float
        Curvature of the effective Earth; 0 is flat. [1/m]
    clearance : float
        Share of the radius of the first Fresnel zone that must be free as well; 0.6 is usual
        where diffraction is to be nil.
    freq_hz : float, optional
        Frequency, needed where `clearance` is not 0. [Hz]
    n_threads : int
        Threads to use; the result is the same for any number.

    Returns
    -------
    ndarray of bool, shape (n_points, n_sites)
        True where nothing rises above the line.

    Raises
    ------
    ValueError
        A number that is none, a place outside the raster, a wrong shape: says which row.

    Notes
    -----
    Both ends stand on the surface: a receiver on a building stands on its roof. The ends
    themselves are not tested. Radius of the Fresnel zone: ITU-R P.526-15, eq. (2).
    """
    clear = float(clearance)
    if clear and freq_hz is None:
        raise ValueError("freq_hz: is needed for a clearance of the Fresnel zone")
    wavelength = 0.0 if freq_hz is None else LIGHT_M_PER_S / float(freq_hz)
    if freq_hz is not None:
        need(freq_hz, 1e6, 1e12, model="ITU-R P.526-15", quantity="frequency [Hz]")
    free = _itm.sight(
        np.ascontiguousarray(raster.heights_m),
        (raster.x0_m, raster.y0_m, raster.step_m),
        _places(sites_m, "sites_m"),
        _places(points_m, "points_m"),
        step_m=0.5 * raster.step_m if step_m is None else float(step_m),
        curvature_per_m=curvature_per_m,
        clearance=clear,
        wavelength_m=wavelength,
        n_threads=n_threads,
    )
    return free.view(np.bool_)


def _places(places_m: ArrayLike, name: str) -> Array:
    places = finite(places_m, name)
    if places.ndim != 2 or places.shape[1] != 3:
        raise ValueError(f"{name}: has shape {places.shape}, must be (n, 3): x, y, height")
    if (places[:, 2] < 0.0).any():
        i = int(np.flatnonzero(places[:, 2] < 0.0)[0])
        raise ValueError(f"{name}[{i}, 2]: is {places[i, 2]}, a height over the surface")
    return np.ascontiguousarray(places)
