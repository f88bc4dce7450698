"""Projections between the coordinates of the sources and the plane the twin computes in."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Transformer

__all__ = ["laea_to_utm", "utm_to_wgs84", "wgs84_to_utm"]

_WGS84 = 4326
_LAEA = 3035
_UTM32 = 25832


@cache
def _transformer(source: int, target: int) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def _transform(
    source: int, target: int, first: ArrayLike, second: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    u, v = _transformer(source, target).transform(
        np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    )
    return np.asarray(u), np.asarray(v)


def wgs84_to_utm(
    lon_deg: ArrayLike, lat_deg: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Project longitude and latitude into the plane.

    WGS 84 and ETRS89 are taken as equal; they differ by less than a metre in Germany.

    Parameters
    ----------
    lon_deg, lat_deg : array_like
        EPSG:4326. [deg]

    Returns
    -------
    x_m, y_m : ndarray
        EPSG:25832. [m]
    """
    return _transform(_WGS84, _UTM32, lon_deg, lat_deg)


def utm_to_wgs84(x_m: ArrayLike, y_m: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Find longitude and latitude of a point of the plane.

    Parameters
    ----------
    x_m, y_m : array_like
        EPSG:25832. [m]

    Returns
    -------
    lon_deg, lat_deg : ndarray
        EPSG:4326. [deg]
    """
    return _transform(_UTM32, _WGS84, x_m, y_m)


def laea_to_utm(x_m: ArrayLike, y_m: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Project coordinates of the European census grid into the plane.

    Parameters
    ----------
    x_m, y_m : array_like
        EPSG:3035. [m]

    Returns
    -------
    x_m, y_m : ndarray
        EPSG:25832. [m]
    """
    return _transform(_LAEA, _UTM32, x_m, y_m)
