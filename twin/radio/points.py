"""Levels and service at single points: what a simulation asks for its users."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.model.city import Cell
from twin.radio.links import layer_tables, link_levels_dbm, serve

__all__ = ["best_server", "rsrp_dbm"]

Array = NDArray[np.float64]


def _points(x_m: ArrayLike, y_m: ArrayLike) -> tuple[Array, Array]:
    x = np.atleast_1d(np.asarray(x_m, dtype=np.float64))
    y = np.atleast_1d(np.asarray(y_m, dtype=np.float64))
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"x_m, y_m: shapes {x.shape} and {y.shape} must be equal and flat")
    return x, y


def rsrp_dbm(
    cells: Sequence[Cell],
    x_m: ArrayLike,
    y_m: ArrayLike,
    height_m: float = 1.5,
    *,
    n_threads: int = 1,
) -> NDArray[np.float32]:
    """Level of every cell at every point.

    Parameters
    ----------
    cells : sequence of Cell
        Cells of any layers.
    x_m, y_m : array_like of shape (n_points,)
        Points. [m]
    height_m : float
        Height of the receivers; at most 13 where a cell is urban macro. [m]
    n_threads : int
        Threads; the result does not depend on it.

    Returns
    -------
    ndarray of float32, shape (n_points, n_cells)
        Level per resource element, -inf of cells that are off. [dBm]

    Raises
    ------
    ValueError
        Points that are not finite or do not fit together.
    ModelError
        A cell outside the models.
    """
    x, y = _points(x_m, y_m)
    levels = np.full((x.size, len(cells)), -np.inf, dtype=np.float32)
    if any(cell.is_on for cell in cells):
        x0_m, y0_m = cells[0].x_m, cells[0].y_m
        tables = layer_tables(cells, x0_m=x0_m, y0_m=y0_m, height_m=height_m)
        levels[:, tables.index] = link_levels_dbm(tables, x, y, n_threads=n_threads)
    return levels


def best_server(
    cells: Sequence[Cell],
    x_m: ArrayLike,
    y_m: ArrayLike,
    height_m: float = 1.5,
    *,
    n_threads: int = 1,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]]:
    """Best server, its level and the SINR within one layer.

    Parameters
    ----------
    cells : sequence of Cell
        Cells of one layer.
    x_m, y_m : array_like of shape (n_points,)
        Points. [m]
    height_m : float
        Height of the receivers; at most 13 where a cell is urban macro. [m]
    n_threads : int
        Threads; the result does not depend on it.

    Returns
    -------
    rsrp_dbm, sinr_db : ndarray of float32, shape (n_points,)
        NaN if no cell is on. [dBm], [dB]
    best : ndarray of int32, shape (n_points,)
        Index into `cells`, -1 if no cell is on.

    Raises
    ------
    ValueError
        Points that are not finite or do not fit together.
    ModelError
        A cell outside the models.
    """
    x, y = _points(x_m, y_m)
    if not any(cell.is_on for cell in cells):
        nothing = np.full(x.size, np.nan, dtype=np.float32)
        return nothing, nothing.copy(), np.full(x.size, -1, dtype=np.int32)
    x0_m, y0_m = cells[0].x_m, cells[0].y_m
    tables = layer_tables(cells, x0_m=x0_m, y0_m=y0_m, height_m=height_m)
    return serve(tables, x, y, n_threads=n_threads)
