"""Levels of all cells at all users, for those who want the matrix: on demand, or kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cext import _cells

__all__ = ["LevelMatrix", "empty_state", "powers_dbm"]

_USERS = 8192  # users at a time: 15 MB of scratch


def empty_state(n_kinds: int, n_users: int) -> tuple[NDArray[Any], ...]:
    """Make a state without a cell, as the kernel wants it.

    Parameters
    ----------
    n_kinds, n_users : int
        Carriers and users.

    Returns
    -------
    tuple of ndarray
        Level of the best, its power times load, sum of the others, bound of its error, index.
    """
    shape = (n_kinds, n_users)
    return (np.full(shape, -1.0, np.float32), np.zeros(shape, np.float32), np.zeros(shape),
            np.zeros(shape), np.full(shape, -1, np.int32))  # fmt: skip


def powers_dbm(
    users: tuple[Any, ...],
    cells: tuple[NDArray[Any], ...],
    **options: Any,  # noqa: ANN401
) -> NDArray[np.float32]:
    """Compute the level of every cell at every user.

    Parameters
    ----------
    users : tuple
        x, y, x0, y0 [m] and line of sight, as for `cext._cells.update`.
    cells : tuple of ndarray
        Sites, sectors, on, draw, key and column of line of sight.
    **options
        mode, seed and n_threads.

    Returns
    -------
    ndarray of float32, shape (n_cells, n_users)
        Level per resource element; -inf of cells that are off. [dBm]
    """
    x, y, x0, y0, los = users
    levels = np.full((len(cells[0]), len(x)), -np.inf, np.float32)
    on = np.flatnonzero(cells[2])
    for start in range(0, len(x), _USERS):
        some = slice(start, start + _USERS)
        who = np.arange(len(x[some]), dtype=np.int32)
        none = np.zeros(len(who), np.int32)
        for at in range(0, len(on), _cells.MAX_KINDS):
            slots = on[at : at + _cells.MAX_KINDS]  # each is the only cell of its carrier
            sites, sectors, *rest = (part[slots] for part in cells)
            kinds = np.arange(len(slots), dtype=np.int32)
            state = empty_state(len(slots), len(who))
            table = (sites, sectors, kinds, np.zeros_like(kinds), *rest)
            _cells.update((x[some], y[some], x0, y0, none, los[some]), who, table, state, **options)
            levels[slots, some] = 10.0 * np.log10(np.maximum(state[0], np.float32(1e-37)))
    return levels


class LevelMatrix:
    """A matrix of levels that knows which of its rows and columns are out of date."""

    def __init__(self) -> None:
        self._levels = np.zeros((0, 0), np.float32)
        self._old_cells = np.zeros(0, np.bool_)
        self._old_users = np.zeros(0, np.bool_)

    def add_users(self, n: int) -> None:
        """Append users.

        Parameters
        ----------
        n : int
            How many.
        """
        self._old_users = np.concatenate([self._old_users, np.ones(n, np.bool_)])

    def touch_users(self, places: list[int]) -> None:
        """Mark users that moved.

        Parameters
        ----------
        places : list of int
            Their indices.
        """
        self._old_users[places] = True

    def keep_users(self, keep: NDArray[np.bool_]) -> None:
        """Drop users.

        Parameters
        ----------
        keep : ndarray of bool
            Who stays.
        """
        n = self._levels.shape[1]
        self._levels = np.ascontiguousarray(self._levels[:, keep[:n]])
        self._old_users = self._old_users[keep]

    def touch_cell(self, slot: int) -> None:
        """Mark a cell that is new or was edited.

        Parameters
        ----------
        slot : int
            Its index.
        """
        more = max(0, slot + 1 - len(self._old_cells))
        self._old_cells = np.concatenate([self._old_cells, np.ones(more, np.bool_)])
        self._old_cells[slot] = True

    def forget(self) -> None:
        """Mark everything."""
        self._old_cells[:] = True

    def settle(
        self, compute: Callable[[NDArray[np.intp], NDArray[np.intp]], NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """Compute what is out of date.

        Parameters
        ----------
        compute : callable
            Gives the levels of cells (first argument) at users (second).

        Returns
        -------
        ndarray of float32, shape (n_cells, n_users)
            The matrix itself. [dBm]
        """
        shape = (len(self._old_cells), len(self._old_users))
        if self._levels.shape != shape:
            was, self._levels = self._levels, np.full(shape, -np.inf, np.float32)
            self._levels[: was.shape[0], : was.shape[1]] = was
        cells, every = np.flatnonzero(self._old_cells), np.arange(shape[1])
        if cells.size:
            self._levels[cells] = compute(cells, every)
        rest, users = np.flatnonzero(~self._old_cells), np.flatnonzero(self._old_users)
        if rest.size and users.size:
            self._levels[np.ix_(rest, users)] = compute(rest, users)
        self._old_cells[:] = False
        self._old_users[:] = False
        return self._levels
