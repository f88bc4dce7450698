"""A street lattice over the built-up census cells, for want of a street map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.geo.sources import CensusGrid
from twin.model.errors import ModelError

__all__ = ["Streets", "street_lattice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Streets:
    """Straight stretches of street, by column.

    Parameters
    ----------
    start, end : ndarray of shape (N, 2)
        Ends in the plane. [m]
    residents : ndarray of shape (N,)
        Residents of the two cells that a stretch joins.
    """

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    residents: NDArray[np.float64]

    @property
    def length_m(self) -> NDArray[np.float64]:
        """Lengths in m."""
        span = self.end - self.start
        return np.hypot(span[:, 0], span[:, 1])


def street_lattice(census: CensusGrid) -> Streets:
    """Join the centres of neighbouring built-up cells.

    Parameters
    ----------
    census : CensusGrid
        Census cells; built-up are those with a building.

    Returns
    -------
    Streets
        One stretch of 100 m per pair, in the order of the cells: east, then north.

    Raises
    ------
    ModelError
        No pair.
    """
    index = {
        (int(i_x), int(i_y)): i
        for i, (i_x, i_y, n) in enumerate(
            zip(census.i_x, census.i_y, census.buildings, strict=True)
        )
        if n > 0
    }
    pairs = [
        (i, index[neighbour])
        for (i_x, i_y), i in index.items()
        for neighbour in ((i_x + 1, i_y), (i_x, i_y + 1))
        if neighbour in index
    ]
    if not pairs:
        raise ModelError("no two built-up census cells are neighbours, so there are no streets")
    first, second = np.array(pairs).T
    points = np.stack([census.x_m, census.y_m], axis=1)
    return Streets(
        start=points[first],
        end=points[second],
        residents=census.residents[first] + census.residents[second],
    )
