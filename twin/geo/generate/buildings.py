"""Buildings by census type, scattered inside their census cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.geo.sources import CensusGrid
from twin.model.city import Building

__all__ = ["CLASSES", "apportion", "generate_buildings"]

CLASSES = (
    ("one_family", (0, 1, 2), 8.0),
    ("two_family", (3, 4, 5), 9.0),
    ("flats", (6,), 12.0),
    ("flats", (7,), 15.0),
    ("flats", (8,), 24.0),
    ("other", (9,), 9.0),
)
"""Kind, columns of the census types and mean height. [m]

8.0 m is the median of 1,003 real residential LoD2 buildings 5 km north of Duisburg; the heights of
the others follow from storeys of 3 m and are assumed.
"""

_HALF_STREET_M = 8.0
_HALF_CELL_M = 48.0


def generate_buildings(census: CensusGrid, rng: np.random.Generator) -> tuple[Building, ...]:
    """Make as many buildings as the census counts in each cell, by its types.

    Parameters
    ----------
    census : CensusGrid
        Census cells.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    tuple of Building
        In the order of the cells; off the streets, which cross in the middle of a cell.
    """
    counts = np.stack([census.types[:, list(types)].sum(axis=1) for _, types, _ in CLASSES], axis=1)
    everywhere = counts.sum(axis=0)
    empty = counts.sum(axis=1) == 0
    counts[empty] = everywhere
    wanted = apportion(counts, census.buildings)
    i_cell, i_class = np.nonzero(wanted)
    n_each = wanted[i_cell, i_class]
    i_cell, i_class = np.repeat(i_cell, n_each), np.repeat(i_class, n_each)
    n = len(i_cell)
    chance = rng.random((n, 5))
    off = _HALF_STREET_M + chance[:, :2] * (_HALF_CELL_M - _HALF_STREET_M)
    off *= np.where(chance[:, 2:4] < 0.5, -1.0, 1.0)
    x = (census.x_m[i_cell] + off[:, 0]).round(1).tolist()
    y = (census.y_m[i_cell] + off[:, 1]).round(1).tolist()
    mean_m = np.array([height for _, _, height in CLASSES])[i_class]
    height = (mean_m * (0.8 + 0.4 * chance[:, 4])).round(1).tolist()
    kinds = [CLASSES[i][0] for i in i_class]
    return tuple(
        Building(x_m=a, y_m=b, kind=kind, height_m=h)
        for a, b, kind, h in zip(x, y, kinds, height, strict=True)
    )


def apportion(counts: NDArray[np.int64], totals: NDArray[np.int64]) -> NDArray[np.int64]:
    """Scale rows of counts so that each sums up to its total, by largest remainder.

    Parameters
    ----------
    counts : ndarray of shape (N, K)
        Counts; no row is all zero.
    totals : ndarray of shape (N,)
        Wanted sums.

    Returns
    -------
    ndarray of shape (N, K)
        Whole numbers.
    """
    exact = counts * (totals / counts.sum(axis=1))[:, None]
    whole = np.floor(exact).astype(np.int64)
    missing = totals - whole.sum(axis=1)
    order = np.argsort(whole - exact, axis=1, kind="stable")
    rank = np.argsort(order, axis=1, kind="stable")
    return np.asarray(whole + (rank < missing[:, None]))
