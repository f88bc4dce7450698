"""Where people with phones are: census cells and points along the tram line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.model.city import Cell, City

__all__ = ["Places", "place_people"]


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
    n_track = track[0].size
    return Places(
        x_m=np.concatenate([track[0], x]),
        y_m=np.concatenate([track[1], y]),
        residents=np.concatenate([np.zeros(n_track), residents]),
        n_track=n_track,
    )
