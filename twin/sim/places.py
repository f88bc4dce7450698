"""Where people with phones are: census cells and points along the tram line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.model.city import Cell, City

__all__ = ["Places", "place_people"]

_CENSUS_M = 100.0
_SPLIT = 5  # points 20 m apart
_SMALL_REACH_M = 150.0  # a lamp-head cell wins within some 60 m, a census cell is 71 m to a corner


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Points with residents; the first `n_track` are the points of the tram line and have none."""

    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    residents: NDArray[np.float64]
    n_track: int


def place_people(
    city: City,
    track: tuple[NDArray[np.float64], NDArray[np.float64]],
    near: Sequence[Cell] | None,
    radius_m: float,
) -> Places:
    """Collect the places of a city, or those near some cells.

    Parameters
    ----------
    city : City
        City with a census.
    track : pair of ndarray
        Points of the tram line. [m]
    near : sequence of Cell or None
        Keep residents within `radius_m` of one of these; None keeps all.
    radius_m : float
        Radius. [m]

    Returns
    -------
    Places
        Track points first, all of them.

    Notes
    -----
    The residents of a census cell are at its centre. Near street cells, whose reach is less than
    the 100 m of the census, they are spread evenly over 25 points: else whether such a cell has
    users is a matter of where the raster lies.
    """
    census = [cell for cell in city.census if cell.residents > 0.0]
    x = np.array([cell.x_m for cell in census])
    y = np.array([cell.y_m for cell in census])
    residents = np.array([cell.residents for cell in census])
    if near is not None:
        keep = np.zeros(x.size, dtype=bool)
        for site_x, site_y in dict.fromkeys((cell.x_m, cell.y_m) for cell in near):
            keep |= (x - site_x) ** 2 + (y - site_y) ** 2 <= radius_m**2
        x, y, residents = x[keep], y[keep], residents[keep]
    x, y, residents = _spread(x, y, residents, [c for c in city.cells if c.scenario == "UMi"])
    n_track = track[0].size
    return Places(
        x_m=np.concatenate([track[0], x]),
        y_m=np.concatenate([track[1], y]),
        residents=np.concatenate([np.zeros(n_track), residents]),
        n_track=n_track,
    )


def _spread(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    residents: NDArray[np.float64],
    small: Sequence[Cell],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Split the census cells near small cells into points of their own."""
    near = np.zeros(x.size, dtype=bool)
    for site_x, site_y in dict.fromkeys((cell.x_m, cell.y_m) for cell in small):
        near |= (x - site_x) ** 2 + (y - site_y) ** 2 <= _SMALL_REACH_M**2
    steps = (np.arange(_SPLIT) - (_SPLIT - 1) / 2.0) * _CENSUS_M / _SPLIT
    dx, dy = (offset.ravel() for offset in np.meshgrid(steps, steps))
    return (
        np.concatenate([x[~near], (x[near][:, None] + dx).ravel()]),
        np.concatenate([y[~near], (y[near][:, None] + dy).ravel()]),
        np.concatenate([residents[~near], np.repeat(residents[near] / dx.size, dx.size)]),
    )
