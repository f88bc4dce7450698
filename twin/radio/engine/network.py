"""Users and cells under edits: edits collect, a query settles what they touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cext import _cells
from twin.model.city import Cell
from twin.radio.engine import tables
from twin.radio.engine.answers import services
from twin.radio.engine.cell_table import CellTable
from twin.radio.engine.matrix import LevelMatrix, empty_state, powers_dbm
from twin.radio.engine.service import LayerService
from twin.radio.ranges import finite

__all__ = ["RadioNetwork"]

_MODES = ("expectation", "draw", "given")
_NAMES = frozenset(item.name for item in fields(Cell)) - {"id"}


class RadioNetwork:
    """A network whose users and cells may be edited at any time.

    Parameters
    ----------
    cells : sequence of Cell
        The cells, on or off.
    los : str
        ``expectation``: mean over line of sight and none; ``draw``: consistent in space, with
        shadowing; ``given``: by `is_los` of the users, without shadowing.
    seed : int
        Of the draw.
    los_sites : sequence of str
        Ids of the sites that the columns of `is_los` stand for.
    n_threads : int
        Threads; the result does not depend on it.
    keep_matrix : bool
        Keep the matrix of `levels_dbm`, 4 bytes per user and cell, up to date with the edits.

    Raises
    ------
    ValueError
        Duplicate or unknown ids, or an unknown mode.
    ModelError
        A cell outside its model.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        *,
        los: str = "expectation",
        seed: int = 0,
        los_sites: Sequence[str] = (),
        n_threads: int = 1,
        keep_matrix: bool = False,
    ) -> None:
        if los not in _MODES:
            raise ValueError(f"los: {los!r} is not one of {', '.join(_MODES)}")
        self.los, self.seed, self.n_threads = los, seed, n_threads
        self._kept = LevelMatrix() if keep_matrix else None
        self._n_los = len(los_sites)
        names = [cell.id for cell in cells]
        if len(set(names)) != len(names):
            raise ValueError(f"cells: id {_twice(names)!r} stands twice")
        self._table = CellTable(cells, los_sites if los == "given" else None, seed)
        self._pending: dict[int, tuple[Any, ...] | None] = {}
        self._all_dirty = True
        self._user_place: dict[Any, int] = {}
        self._xy = np.zeros((2, 0))
        self._local = np.zeros((2, 0), np.float32)
        self._op = np.zeros(0, np.int32)
        self._class = np.zeros(0, np.int32)
        self._is_los = np.zeros((0, len(los_sites)), np.uint8)
        self._dirty = np.zeros(0, np.uint8)
        self._members: dict[int, NDArray[np.int32]] | None = None
        self._state = empty_state(0, 0)
        self._answer: dict[str, LayerService] | None = None
        self._grow()
        if self._kept is not None and cells:
            self._kept.touch_cell(len(cells) - 1)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells as edited, in the order that decides between equal levels."""
        return tuple(cell for cell in self._table.cells if cell is not None)

    @property
    def user_ids(self) -> tuple[Any, ...]:
        """Ids of the users in the order of all results."""
        return tuple(self._user_place)

    @property
    def positions_m(self) -> NDArray[np.float64]:
        """Positions of the users, shape (2, n_users). [m]."""
        return self._xy.copy()

    def add_users(
        self,
        ids: Sequence[Any],
        x_m: ArrayLike,
        y_m: ArrayLike,
        *,
        operator: str | Sequence[str],
        height_m: float = 1.5,
        is_los: ArrayLike | None = None,
    ) -> None:
        """Add users.

        Parameters
        ----------
        ids : sequence
            Their names, hashable.
        x_m, y_m : array_like of shape (n,)
            Positions. [m]
        operator : str or sequence of str
            Whose subscribers they are.
        height_m : float
            Height of the terminals. [m]
        is_los : array_like of bool, shape (n, n_sites)
            Line of sight to each of `los_sites`; in mode ``given`` only.

        Raises
        ------
        ValueError
            Wrong shapes, values that are not finite, ids that stand twice or exist.
        """
        names = list(ids)
        x, y = _pair(x_m, y_m, len(names))
        known = [name for name in names if name in self._user_place]
        if known or len(set(names)) != len(names):
            raise ValueError(f"ids: {known[0] if known else _twice(names)!r} stands twice")
        sight = self._sight(is_los, len(names))
        operators = [operator] * len(names) if isinstance(operator, str) else list(operator)
        if len(operators) != len(names):
            raise ValueError(f"operator: has {len(operators)} rows, must have {len(names)}")
        height = self._height(float(finite(height_m, "height_m")))
        start = len(self._user_place)
        self._user_place.update((name, start + i) for i, name in enumerate(names))
        codes = [self._table.operator(name) for name in operators]
        self._xy = np.concatenate([self._xy, [x, y]], axis=1)
        self._local = np.concatenate([self._local, self._to_local(x, y)], axis=1)
        self._op = np.concatenate([self._op, np.array(codes, np.int32)])
        self._class = np.concatenate([self._class, np.full(len(names), height, np.int32)])
        self._is_los = np.concatenate([self._is_los, sight])
        self._dirty = np.concatenate([self._dirty, np.ones(len(names), np.uint8)])
        fresh = empty_state(len(self._noise), len(names))
        self._state = tuple(
            np.concatenate(pair, axis=1) for pair in zip(self._state, fresh, strict=True)
        )
        if self._kept is not None:
            self._kept.add_users(len(names))
        self._members = self._answer = None

    def move_users(
        self, ids: Sequence[Any], x_m: ArrayLike, y_m: ArrayLike, *, is_los: ArrayLike | None = None
    ) -> None:
        """Move users.

        Parameters
        ----------
        ids : sequence
            Which; one that stands twice ends where it stands last.
        x_m, y_m : array_like of shape (n,)
            New positions. [m]
        is_los : array_like of bool, shape (n, n_sites)
            As in `add_users`.

        Raises
        ------
        ValueError
            An unknown id, or as `add_users`.
        """
        place = self._places(ids)
        x, y = _pair(x_m, y_m, len(place))
        sight = self._sight(is_los, len(place))
        for i, k in enumerate(place) if len(set(place)) != len(place) else ():
            self._xy[:, k], self._is_los[k] = (x[i], y[i]), sight[i]
        if len(set(place)) == len(place):
            self._xy[0, place], self._xy[1, place] = x, y
            self._is_los[place] = sight
        self._local[:, place] = self._to_local(self._xy[0, place], self._xy[1, place])
        self._dirty[place] = 1
        if self._kept is not None:
            self._kept.touch_users(place)
        self._answer = None

    def remove_users(self, ids: Sequence[Any]) -> None:
        """Remove users.

        Parameters
        ----------
        ids : sequence
            Which.

        Raises
        ------
        ValueError
            An unknown id.
        """
        keep = np.ones(len(self._user_place), np.bool_)
        keep[self._places(ids)] = False
        names = [name for name, stays in zip(self._user_place, keep, strict=True) if stays]
        self._user_place = {name: i for i, name in enumerate(names)}
        self._xy = np.ascontiguousarray(self._xy[:, keep])
        self._local = np.ascontiguousarray(self._local[:, keep])
        self._op, self._class = self._op[keep], self._class[keep]
        self._is_los, self._dirty = self._is_los[keep], self._dirty[keep]
        self._state = tuple(np.ascontiguousarray(part[:, keep]) for part in self._state)
        if self._kept is not None:
            self._kept.keep_users(keep)
        self._members = self._answer = None

    def edit_cell(self, name: str, **changes: Any) -> None:  # noqa: ANN401
        """Change anything of a cell but its id.

        Parameters
        ----------
        name : str
            Id of the cell.
        **changes
            Fields of `Cell`: ``tx_power_dbm``, ``tilt_deg``, ``x_m``, ``is_on``, ``load``, ...

        Raises
        ------
        ValueError
            An unknown cell or field, or a value that is not finite.
        ModelError
            The cell would be outside its model; the network is as before.
        """
        if name not in self._table.slot:
            raise ValueError(f"cell {name!r} is unknown")
        for key in changes:
            if key not in _NAMES:
                raise ValueError(f"cell {name}: {key!r} is no field that can be edited")
        slot = self._table.slot[name]
        old = self._table.cells[slot]
        if old is not None:
            self._put(slot, replace(old, **changes))

    def add_cell(self, cell: Cell) -> None:
        """Add a cell.

        Parameters
        ----------
        cell : Cell
            The cell.

        Raises
        ------
        ValueError
            Its id exists.
        ModelError
            It is outside its model.
        """
        if cell.id in self._table.slot:
            raise ValueError(f"cell {cell.id!r} stands twice")
        self._put(len(self._table.cells), cell)

    def remove_cell(self, name: str) -> None:
        """Remove a cell.

        Parameters
        ----------
        name : str
            Its id.

        Raises
        ------
        ValueError
            It is unknown.
        """
        if name not in self._table.slot:
            raise ValueError(f"cell {name!r} is unknown")
        slot = self._table.slot[name]
        self._remember(slot)
        self._table.remove(slot)
        self._answer = None

    def query(self) -> dict[str, LayerService]:
        """Settle the edits and answer for all users.

        Returns
        -------
        dict of str to LayerService
            By technology and band; users in the order of `user_ids`.
        """
        if self._answer is None:
            self._settle()
            self._answer = self._finish()
        return self._answer

    def recompute(self) -> dict[str, LayerService]:
        """Forget the state and compute every row.

        Returns
        -------
        dict of str to LayerService
            As `query`.
        """
        self._all_dirty, self._answer = True, None
        if self._kept is not None:
            self._kept.forget()
        return self.query()

    def levels_dbm(self) -> NDArray[np.float32]:
        """Level of every cell at every user: made on demand, or kept up to date (`keep_matrix`).

        Returns
        -------
        ndarray of float32, shape (n_users, n_cells)
            Level per resource element, columns as in `cells`; -inf of cells that are off. With
            `keep_matrix`: read-only, good until the next edit. [dBm]
        """
        slots = self._table.held()
        if self._kept is None:
            return self._levels(np.array(slots, np.intp), np.arange(len(self._op))).T
        table = self._kept.settle(self._levels)
        view = (table if len(slots) == len(table) else table[slots]).T
        view.flags.writeable = False
        return view

    def _levels(self, slots: NDArray[np.intp], users: NDArray[np.intp]) -> NDArray[np.float32]:
        """Levels of cells at users, shape (n_slots, n_users)."""
        levels = np.zeros((len(slots), len(users)), np.float32)
        rest = [part[slots] for part in (self._table.sectors, *self._table.small[2:])]
        for h in np.unique(self._class[users]).tolist():
            mine = self._class[users] == h
            who = users[mine]
            x, y = self._local[0][who], self._local[1][who]
            levels[:, mine] = powers_dbm(
                (x, y, self._table.x0_m, self._table.y0_m, self._is_los[who]),
                (self._table.sites[h][slots], *rest), mode=_MODES.index(self.los),
                seed=self.seed & 0xFFFFFFFF, n_threads=self.n_threads,
            )  # fmt: skip
        return levels

    def _grow(self) -> None:
        """Make room in the state for carriers that are new."""
        carriers = self._table.carriers
        more = empty_state(len(carriers) - len(self._state[0]), len(self._op))
        self._state = tuple(
            np.concatenate(pair, axis=0) for pair in zip(self._state, more, strict=True)
        )
        self._mixing, self._noise = tables.mixing(carriers), tables.noise_mw(carriers)

    def _height(self, height_m: float) -> int:
        if height_m not in self._table.heights_m:
            height = self._table.height(height_m)
            self._all_dirty |= bool(self._pending)  # what is pending does not know the new height
            return height
        return self._table.height(height_m)

    def _remember(self, slot: int) -> None:
        """Keep what the state holds of a slot, before its first edit."""
        if slot in self._pending:
            return
        is_new = slot == len(self._table.cells)
        self._pending[slot] = None if is_new else self._table.row(slot)

    def _put(self, slot: int, cell: Cell) -> None:
        compiled = self._table.compile(cell)
        self._remember(slot)
        old = self._table.cells[slot] if slot < len(self._table.cells) else None
        self._table.put(slot, compiled)
        if len(self._table.carriers) > len(self._noise):
            self._grow()
        if self._kept is not None and (old is None or replace(old, load=cell.load) != cell):
            self._kept.touch_cell(slot)
        self._answer = None

    def _places(self, ids: Sequence[Any]) -> list[int]:
        try:
            return [self._user_place[name] for name in ids]
        except KeyError as err:
            raise ValueError(f"ids: user {err.args[0]!r} is unknown") from err

    def _sight(self, is_los: ArrayLike | None, n: int) -> NDArray[np.uint8]:
        width = self._n_los
        if self.los != "given":
            if is_los is not None:
                raise ValueError(f"is_los: is for mode 'given', this network is {self.los!r}")
            return np.zeros((n, width), np.uint8)
        matrix = np.asarray(is_los)
        if matrix.dtype != np.bool_ or matrix.shape != (n, width):
            raise ValueError(
                f"is_los: {matrix.dtype} of shape {matrix.shape}, must be bool ({n}, {width})"
            )
        return matrix.astype(np.uint8)

    def _to_local(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float32]:
        return np.array([x - self._table.x0_m, y - self._table.y0_m], np.float32)

    def _call(self, height: int, chosen: NDArray[np.int32], **more: Any) -> None:  # noqa: ANN401
        table = self._table
        users = (*self._local, table.x0_m, table.y0_m, self._op, self._is_los)
        row = more.pop("row", None)
        cells = (table.sites[height], table.sectors, *table.small)
        if row is not None:
            cells = (row[0][height], *row[1:])
        _cells.update(
            users, chosen, cells, self._state, mode=_MODES.index(self.los),
            seed=self.seed & 0xFFFFFFFF, n_threads=self.n_threads, **more,
        )  # fmt: skip

    def _classes(self) -> dict[int, NDArray[np.int32]]:
        if self._members is None:
            self._members = {
                h: np.flatnonzero(self._class == h).astype(np.int32)
                for h in range(len(self._table.heights_m))
            }
        return {h: members for h, members in self._members.items() if members.size}

    def _settle(self) -> None:
        """Shift the sums by the edited cells, then compute the rows that need it."""
        if not self._table.carriers:
            return
        if self._all_dirty or len(self._pending) * 4 > len(self._table.cells):
            self._dirty[:] = 1
        elif self._pending:
            edit = {"floor_mw": float(self._noise.min()), "redo": self._dirty}
            for slot, old in self._pending.items():
                for row, sign in ((old, -1.0), (self._table.row(slot), 1.0)):
                    if row is None or not row[4][0]:
                        continue
                    for height, members in self._classes().items():
                        self._call(height, members, row=row, sign=sign, number=slot, **edit)
        for height, members in self._classes().items():
            self._call(height, members[self._dirty[members] != 0])
        self._dirty[:] = 0
        self._all_dirty = False
        self._pending.clear()

    def _finish(self) -> dict[str, LayerService]:
        if not self._table.carriers:
            return {}
        table = self._table
        return services(
            self._state, carriers=table.carriers, mixing=self._mixing, noise_mw=self._noise,
            kind=table.small[0], mimo_layers=table.mimo_layers, sent_dbm=table.sent_dbm,
            names=table.names(), los=self.los,
        )  # fmt: skip


def _pair(x_m: ArrayLike, y_m: ArrayLike, n: int) -> tuple[NDArray[Any], NDArray[Any]]:
    if n == 0:
        raise ValueError("ids: is empty")
    x, y = finite(x_m, "x_m"), finite(y_m, "y_m")
    for name, values in (("x_m", x), ("y_m", y)):
        if values.shape != (n,):
            raise ValueError(f"{name}: has the shape {values.shape}, must be ({n},)")
    return x, y


def _twice(names: Sequence[object]) -> object:
    return next(name for i, name in enumerate(names) if name in names[:i])
