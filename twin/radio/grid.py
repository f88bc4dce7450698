"""A regular raster in the plane and what lies inside an outline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twin.model.errors import InputError

__all__ = ["Grid"]

_MOST_CELLS = 100_000_000

Rings = Sequence[Sequence[tuple[float, float]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Square cells; row 0 is the southernmost, arrays have the shape [n_y, n_x].

    Parameters
    ----------
    x0_m, y0_m : float
        Centre of cell [0, 0], EPSG:25832. [m]
    step_m : float
        Edge of a cell. [m]
    n_x, n_y : int
        Cells eastward and northward.
    """

    x0_m: float = field(metadata={"unit": "m"})
    y0_m: float = field(metadata={"unit": "m"})
    step_m: float = field(metadata={"unit": "m"})
    n_x: int
    n_y: int

    def __post_init__(self) -> None:
        """Refuse what is no raster."""
        if not self.step_m > 0 or self.n_x < 1 or self.n_y < 1:
            raise InputError(
                f"grid of {self.n_x} x {self.n_y} cells of {self.step_m} m",
                hint="use positive numbers",
            )
        if self.n_x * self.n_y > _MOST_CELLS:
            raise InputError(
                f"grid has {self.n_x * self.n_y:,} cells, at most {_MOST_CELLS:,} are handled",
                hint="use a larger step",
            )

    @classmethod
    def over(cls, rings: Rings, step_m: float) -> Grid:
        """Cover the bounding box of an outline.

        Parameters
        ----------
        rings : sequence of rings
            Outer boundaries and holes. [m]
        step_m : float
            Edge of a cell. [m]

        Returns
        -------
        Grid
            Cell edges lie on multiples of the step, so that rasters of one step fit together.

        Raises
        ------
        InputError
            No ring, or a step that is not positive.
        """
        points = [point for ring in rings for point in ring]
        if not points:
            raise InputError("outline has no point", hint="give the city an outline")
        if not step_m > 0:
            raise InputError(f"step of {step_m} m", hint="use a positive number")
        west = math.floor(min(x for x, _ in points) / step_m)
        south = math.floor(min(y for _, y in points) / step_m)
        return cls(
            x0_m=(west + 0.5) * step_m,
            y0_m=(south + 0.5) * step_m,
            step_m=step_m,
            n_x=max(1, math.ceil(max(x for x, _ in points) / step_m) - west),
            n_y=max(1, math.ceil(max(y for _, y in points) / step_m) - south),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of an array on this grid: (n_y, n_x)."""
        return self.n_y, self.n_x

    def centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Coordinates of the centres.

        Returns
        -------
        x_m : ndarray of shape (n_x,)
            Eastings of the columns. [m]
        y_m : ndarray of shape (n_y,)
            Northings of the rows. [m]
        """
        x_m = self.x0_m + self.step_m * np.arange(self.n_x)
        y_m = self.y0_m + self.step_m * np.arange(self.n_y)
        return np.asarray(x_m, np.float64), np.asarray(y_m, np.float64)

    def mask(self, rings: Rings) -> NDArray[np.bool_]:
        """Find the cells whose centre lies inside an outline.

        Parameters
        ----------
        rings : sequence of rings
            Outer boundaries and holes by the even-odd rule, closed or not. [m]

        Returns
        -------
        ndarray of bool, shape (n_y, n_x)
            True inside.
        """
        inside = np.zeros((self.n_y, self.n_x + 1), dtype=np.int32)
        _, y_m = self.centres()
        for ring in rings:
            points = np.asarray(ring, dtype=np.float64).reshape(-1, 2)
            for start, end in zip(points, np.roll(points, -1, axis=0), strict=True):
                self._cross(inside, y_m, start, end)
        return np.asarray(np.cumsum(inside, axis=1)[:, : self.n_x] % 2 == 1)

    def _cross(
        self,
        flips: NDArray[np.int32],
        y_m: NDArray[np.float64],
        start: NDArray[np.float64],
        end: NDArray[np.float64],
    ) -> None:
        """Flip every row that an edge crosses from the crossing on eastward."""
        low, high = sorted((float(start[1]), float(end[1])))
        rows = np.flatnonzero((y_m >= low) & (y_m < high))
        if not rows.size:
            return
        slope = (end[0] - start[0]) / (end[1] - start[1])
        x_cross = start[0] + (y_m[rows] - start[1]) * slope
        columns = np.ceil((x_cross - self.x0_m) / self.step_m).astype(np.int64)
        np.add.at(flips, (rows, np.clip(columns, 0, self.n_x)), 1)

    def index(
        self, x_m: NDArray[np.float64], y_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """Find the cells that points lie in.

        Parameters
        ----------
        x_m, y_m : ndarray of shape (n,)
            Points. [m]

        Returns
        -------
        rows, columns : ndarray of int
            Cell of each point; meaningless where the point is off the grid.
        is_on : ndarray of bool
            True where the point lies on the grid.
        """
        columns = np.floor((x_m - self.x0_m) / self.step_m + 0.5).astype(np.int64)
        rows = np.floor((y_m - self.y0_m) / self.step_m + 0.5).astype(np.int64)
        is_on = (columns >= 0) & (columns < self.n_x) & (rows >= 0) & (rows < self.n_y)
        return rows, columns, is_on
