"""Illuminance on a street under a row of equal lamps, by the point formula."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["intensity_cd", "mean_and_uniformity", "segment_figures", "street_illuminance_lx"]

_Floats = NDArray[np.float64]

N_SECTIONS = 20
"""Parts into which the way from one lamp to the next is cut; both ends are points of the grid."""

N_EACH_SIDE = 5
"""Lamps taken into account beyond each end of a segment."""


def intensity_cd(flux_lm: _Floats) -> _Floats:
    """Luminous intensity of a lamp that shines evenly into the lower half-space.

    Parameters
    ----------
    flux_lm : ndarray
        Luminous flux. [lm]

    Returns
    -------
    ndarray
        Flux over 2 pi: the simplest luminaire, without optics for streets. [cd]
    """
    return flux_lm / (2.0 * np.pi)


def street_illuminance_lx(
    height_m: float, spacing_m: float, lateral_m: tuple[float, ...] = (0.0,)
) -> _Floats:
    """Horizontal illuminance between two lamps of a long row, for 1 cd of each.

    Parameters
    ----------
    height_m : float
        Light point above the street. [m]  Must be > 0.
    spacing_m : float
        From lamp to lamp. [m]  Must be > 0.
    lateral_m : tuple of float
        Rows of points, by their distance from the line under the lamps. [m]

    Returns
    -------
    ndarray of shape (len(lateral_m), 21)
        Illuminance at each point. [lx per cd]

    Raises
    ------
    ValueError
        Height or spacing not above 0.

    References
    ----------
    .. [1] EN 13201-3:2015, 7.1: E_h = sum of I cos^3(gamma) / h^2, written as
       I h / (h^2 + d^2)^1.5. The grid is finer than its clause 7.1.3 asks for.
    """
    if not height_m > 0.0 or not spacing_m > 0.0:
        raise ValueError(f"height {height_m} m and spacing {spacing_m} m must be above 0")
    along_m = np.linspace(0.0, spacing_m, N_SECTIONS + 1)
    lamps_m = spacing_m * np.arange(-N_EACH_SIDE, N_EACH_SIDE + 2)
    across_m = np.array(lateral_m)
    square = (along_m[:, None] - lamps_m) ** 2 + across_m[:, None, None] ** 2
    total: _Floats = (height_m / (height_m**2 + square) ** 1.5).sum(axis=-1)
    return total


def mean_and_uniformity(illuminance_lx: _Floats) -> tuple[float, float]:
    """Return mean illuminance [lx] and overall uniformity, the least over the mean."""
    mean = float(illuminance_lx.mean())
    return mean, float(illuminance_lx.min()) / mean


def segment_figures(
    height_m: _Floats, spacing_m: _Floats, lateral_m: tuple[float, ...]
) -> tuple[_Floats, _Floats]:
    """Mean and least illuminance of many segments, for 1 cd.

    Parameters
    ----------
    height_m, spacing_m : ndarray of shape (N,)
        Segments; spacings are rounded to whole metres. [m]
    lateral_m : tuple of float
        Rows of points. [m]

    Returns
    -------
    mean, least : ndarray of shape (N,)
        Illuminance. [lx per cd]
    """
    pairs = np.stack([height_m, np.rint(spacing_m)], axis=1)
    kinds, which = np.unique(pairs, axis=0, return_inverse=True)
    grids = [street_illuminance_lx(float(h), float(s), lateral_m) for h, s in kinds]
    mean = np.array([grid.mean() for grid in grids])
    least = np.array([grid.min() for grid in grids])
    which = which.reshape(-1)
    return mean[which], least[which]
