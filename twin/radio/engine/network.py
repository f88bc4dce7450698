"""Users and cells under edits: edits collect, a query settles what they touch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cext import _cells
from twin.model.city import Cell
from twin.model.errors import ModelError
from twin.radio.engine import tables
from twin.radio.engine.service import LayerService
from twin.radio.link.bands import n_resource_blocks
from twin.radio.link.throughput import throughput_bps
from twin.radio.ranges import finite

__all__ = ["RadioNetwork"]

_MODES = ("expectation", "draw", "given")
_NAMES = frozenset(item.name for item in fields(Cell)) - {"id"}
_MOST_HEIGHTS = 64


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
    ) -> None:
        if los not in _MODES:
            raise ValueError(f"los: {los!r} is not one of {', '.join(_MODES)}")
        self.los, self.seed, self.n_threads = los, seed, n_threads
        self._los_place = {name: i for i, name in enumerate(los_sites)}
        self._x0_m = 1e4 * round(cells[0].x_m / 1e4) if cells else 0.0
        self._y0_m = 1e4 * round(cells[0].y_m / 1e4) if cells else 0.0
        self._cells: list[Cell | None] = []
        self._slot: dict[str, int] = {}
        self._carriers: list[tables.Carrier] = []
        self._operators: dict[str, int] = {}
        self._heights: list[float] = []
        self._sites: list[NDArray[np.float32]] = []
        self._small = self._empty_cells()
        self._sectors = np.zeros((0, 0), np.float32)
        self._powers = np.zeros(0, np.float32)
        self._layers = np.zeros(0, np.int64)
        self._ids: tuple[str | None, ...] | None = None
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
        self._state = self._empty_state(0, 0)
        self._answer: dict[str, LayerService] | None = None
        names = [cell.id for cell in cells]
        if len(set(names)) != len(names):
            raise ValueError(f"cells: id {_twice(names)!r} stands twice")
        self._install(list(cells))

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells as edited, in the order that decides between equal levels."""
        return tuple(cell for cell in self._cells if cell is not None)

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
        codes = [self._operators.setdefault(name, len(self._operators)) for name in operators]
        self._xy = np.concatenate([self._xy, [x, y]], axis=1)
        self._local = np.concatenate([self._local, self._to_local(x, y)], axis=1)
        self._op = np.concatenate([self._op, np.array(codes, np.int32)])
        self._class = np.concatenate([self._class, np.full(len(names), height, np.int32)])
        self._is_los = np.concatenate([self._is_los, sight])
        self._dirty = np.concatenate([self._dirty, np.ones(len(names), np.uint8)])
        fresh = self._empty_state(len(self._carriers), len(names))
        self._state = tuple(
            np.concatenate(pair, axis=1) for pair in zip(self._state, fresh, strict=True)
        )
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
        if name not in self._slot:
            raise ValueError(f"cell {name!r} is unknown")
        for key in changes:
            if key not in _NAMES:
                raise ValueError(f"cell {name}: {key!r} is no field that can be edited")
        slot = self._slot[name]
        old = self._cells[slot]
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
        if cell.id in self._slot:
            raise ValueError(f"cell {cell.id!r} stands twice")
        self._put(len(self._cells), cell)
        self._slot[cell.id] = len(self._cells) - 1

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
        if name not in self._slot:
            raise ValueError(f"cell {name!r} is unknown")
        slot = self._slot.pop(name)
        self._remember(slot)
        self._cells[slot] = None
        self._small[2][slot] = 0
        self._layers[slot], self._ids = 0, None
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
        return self.query()

    def levels_dbm(self) -> NDArray[np.float32]:
        """Level of every cell at every user: the matrix, made on demand and not kept.

        Returns
        -------
        ndarray of float32, shape (n_users, n_cells)
            Level per resource element, columns as in `cells`; -inf of cells that are off. [dBm]
        """
        n = len(self._op)
        matrix = np.full((n, len(self.cells)), -np.inf, np.float32)
        users = (*self._local, self._x0_m, self._y0_m, np.zeros(n, np.int32), self._is_los)
        slots = [i for i, cell in enumerate(self._cells) if cell is not None]
        for column, slot in enumerate(slots):
            sites, sectors, _, _, on, *rest = self._row(slot)
            if not on[0]:
                continue
            zero, state = np.zeros(1, np.int32), self._empty_state(1, n)
            for height, members in self._classes().items():
                cells = (sites[height], sectors, zero, zero, on, *rest)
                _cells.update(
                    users, members, cells, state, mode=_MODES.index(self.los),
                    seed=self.seed & 0xFFFFFFFF, n_threads=self.n_threads,
                )  # fmt: skip
            matrix[:, column] = 10.0 * np.log10(np.maximum(state[0][0], np.float32(1e-37)))
        return matrix

    def _empty_cells(self) -> list[Any]:
        kinds = (np.int32, np.int32, np.uint8)
        draw = np.zeros((0, len(_cells.DRAW_COLUMNS)), np.float32)
        return [*(np.zeros(0, kind) for kind in kinds), draw,
                np.zeros(0, np.uint32), np.zeros(0, np.int32)]  # fmt: skip

    @staticmethod
    def _empty_state(n_kinds: int, n_users: int) -> tuple[NDArray[Any], ...]:
        shape = (n_kinds, n_users)
        return (np.full(shape, -1.0, np.float32), np.zeros(shape, np.float32), np.zeros(shape),
                np.zeros(shape), np.full(shape, -1, np.int32))  # fmt: skip

    def _small_row(self, cell: Cell, carriers: list[tables.Carrier]) -> tuple[Any, ...]:
        """Carrier, operator, on, draw, key and column of one cell."""
        _check(cell)
        if self.los == "given" and cell.site not in self._los_place:
            raise ValueError(f"cell {cell.id}: site {cell.site!r} has no column in los_sites")
        carrier = tables.carrier_of(cell)
        if carrier not in carriers:
            if len(carriers) == _cells.MAX_KINDS:
                raise ModelError(f"cell {cell.id}: more than {_cells.MAX_KINDS} carriers")
            carriers.append(carrier)
        return (
            carriers.index(carrier),
            self._operators.setdefault(cell.operator, len(self._operators)),
            cell.is_on,
            tables.draw_row(cell),
            tables.site_key(cell.site, self.seed),
            self._los_place.get(cell.site, 0),
        )

    def _install(self, cells: list[Cell]) -> None:
        carriers: list[tables.Carrier] = []
        rows = [self._small_row(cell, carriers) for cell in cells]
        for i, part in enumerate(self._small if rows else ()):
            self._small[i] = np.array([row[i] for row in rows], part.dtype)
        self._cells, self._slot = list(cells), {cell.id: i for i, cell in enumerate(cells)}
        self._powers = np.array([_transmitted_dbm(cell) for cell in cells], np.float32)
        self._layers = np.array([cell.mimo_layers for cell in cells], np.int64)
        self._grow(carriers)
        self._height(1.5)

    def _grow(self, carriers: list[tables.Carrier]) -> None:
        more = self._empty_state(len(carriers) - len(self._carriers), len(self._op))
        self._state = tuple(
            np.concatenate(pair, axis=0) for pair in zip(self._state, more, strict=True)
        )
        self._carriers = carriers
        self._mixing, self._noise = tables.mixing(carriers), tables.noise_mw(carriers)

    def _rows(self, cells: Sequence[Cell], height_m: float) -> tuple[NDArray[np.float32], ...]:
        return tables.rows(cells, x0_m=self._x0_m, y0_m=self._y0_m, height_m=height_m)

    def _height(self, height_m: float) -> int:
        """Find or make the class of a height; on failure nothing changes."""
        if height_m in self._heights:
            return self._heights.index(height_m)
        if len(self._heights) == _MOST_HEIGHTS:
            raise ValueError(f"height_m: {height_m} is one more than {_MOST_HEIGHTS} heights")
        slots = [i for i, cell in enumerate(self._cells) if cell is not None]
        sites, sectors = self._rows(self.cells, height_m)
        table = np.zeros((len(self._cells), sites.shape[1]), np.float32)
        table[slots] = sites
        if not self._heights:
            self._sectors = sectors
        self._heights.append(height_m)
        self._sites.append(table)
        self._all_dirty |= bool(self._pending)  # what is pending does not know the new height
        return len(self._heights) - 1

    def _remember(self, slot: int) -> None:
        """Keep what the state holds of a slot, before its first edit."""
        if slot in self._pending:
            return
        self._pending[slot] = self._row(slot) if slot < len(self._cells) else None

    def _row(self, slot: int) -> tuple[Any, ...]:
        cut = slice(slot, slot + 1)
        return ([sites[cut].copy() for sites in self._sites], self._sectors[cut].copy(),
                *(part[cut].copy() for part in self._small))  # fmt: skip

    def _put(self, slot: int, cell: Cell) -> None:
        carriers = list(self._carriers)
        small = self._small_row(cell, carriers)
        made = [self._rows([cell], height_m) for height_m in self._heights]
        self._remember(slot)
        if len(carriers) > len(self._carriers):
            self._grow(carriers)
        if slot == len(self._cells):
            self._cells.append(None)
            self._sites = [_longer(part) for part in self._sites]
            self._sectors = _longer(self._sectors)
            self._small = [_longer(part) for part in self._small]
            self._powers, self._layers = _longer(self._powers), _longer(self._layers)
            self._ids = None
        self._cells[slot] = cell
        for table, (site, _) in zip(self._sites, made, strict=True):
            table[slot] = site[0]
        self._sectors[slot] = made[0][1][0]
        self._powers[slot], self._layers[slot] = _transmitted_dbm(cell), cell.mimo_layers
        for part, value in zip(self._small, small, strict=True):
            part[slot] = value
        self._answer = None

    def _places(self, ids: Sequence[Any]) -> list[int]:
        try:
            return [self._user_place[name] for name in ids]
        except KeyError as err:
            raise ValueError(f"ids: user {err.args[0]!r} is unknown") from err

    def _sight(self, is_los: ArrayLike | None, n: int) -> NDArray[np.uint8]:
        width = len(self._los_place)
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
        return np.array([x - self._x0_m, y - self._y0_m], np.float32)

    def _call(self, height: int, chosen: NDArray[np.int32], **more: Any) -> None:  # noqa: ANN401
        users = (self._local[0], self._local[1], self._x0_m, self._y0_m, self._op, self._is_los)
        row = more.pop("row", None)
        cells = (self._sites[height], self._sectors, *self._small)
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
                for h in range(len(self._heights))
            }
        return {h: members for h, members in self._members.items() if members.size}

    def _settle(self) -> None:
        """Shift the sums by the edited cells, then compute the rows that need it."""
        if not self._carriers:
            return
        if self._all_dirty or len(self._pending) * 4 > len(self._cells):
            self._dirty[:] = 1
        elif self._pending:
            edit = {"floor_mw": float(self._noise.min()), "redo": self._dirty}
            for slot, old in self._pending.items():
                for row, sign in ((old, -1.0), (self._row(slot), 1.0)):
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
        best, own, others, _, index = self._state
        names = [f"{c[3]}/{c[4]}" for c in self._carriers]
        ids = self._names()
        answer = {}
        held = [cell is not None for cell in self._cells]
        used = set(self._small[0][held].tolist())
        for layer in dict.fromkeys(names[k] for k in sorted(used)):
            kinds = [k for k, name in enumerate(names) if name == layer and k in used]
            chosen = _strongest(best, kinds)
            level, server = _take(best, kinds, chosen), _take(index, kinds, chosen)
            noise = np.full(level.size, self._noise[0])
            for k in kinds:
                floor = others[k] + self._noise[k]
                for h in np.flatnonzero(self._mixing[k]):
                    if h != k:
                        floor = floor + self._mixing[k, h] * (others[h] + own[h])
                noise = np.where(chosen == k, floor, noise)
            has = server >= 0
            power = np.where(has, np.maximum(level, np.float32(1e-37)), np.float32(np.nan))
            rsrp = np.float32(10.0) * np.log10(power)
            sinr = rsrp - (10.0 * np.log10(noise)).astype(np.float32)
            answer[layer] = LayerService(
                layer=layer, los=self.los, best=server, cells=ids, rsrp_dbm=rsrp, sinr_db=sinr,
                throughput_bps=self._rate(sinr, server, kinds),
                coupling_loss_db=self._powers[server] - rsrp if ids else rsrp,
            )  # fmt: skip
        return answer

    def _names(self) -> tuple[str | None, ...]:
        """Ids by slot, kept until a cell comes or goes."""
        if self._ids is None:
            self._ids = tuple(None if cell is None else cell.id for cell in self._cells)
        return self._ids

    def _rate(
        self, sinr: NDArray[np.float32], server: NDArray[np.int32], kinds: list[int]
    ) -> NDArray[np.float32]:
        used = np.isin(self._small[0], kinds) & (self._layers > 0)
        pairs = np.unique(self._small[0][used].astype(np.int64) * 256 + self._layers[used])
        rate = np.zeros(sinr.size, np.float32)
        for pair in pairs.tolist():
            kind, layers = divmod(pair, 256)
            c = self._carriers[kind]
            values = throughput_bps(
                sinr, technology=c[3], bandwidth_hz=c[1], scs_hz=c[2], mimo_layers=layers
            )
            if len(pairs) == 1:
                return values
            mine = (self._small[0] == kind) & (self._layers == layers)
            rate = np.where((server >= 0) & mine[server], values, rate)
        return rate


def _strongest(best: NDArray[np.float32], kinds: list[int]) -> NDArray[np.int64]:
    if len(kinds) == 1:
        return np.full(best.shape[1], kinds[0])
    return np.asarray(np.array(kinds)[np.argmax(best[kinds], axis=0)], np.int64)


def _take(part: NDArray[Any], kinds: list[int], chosen: NDArray[np.int64]) -> NDArray[Any]:
    if len(kinds) == 1:
        return np.array(part[kinds[0]])
    return np.asarray(np.take_along_axis(part, chosen[None], axis=0)[0])


def _transmitted_dbm(cell: Cell) -> float:
    """Conducted power of one resource element. [dBm]."""
    n_re = 12 * n_resource_blocks(cell.technology, cell.bandwidth_hz, cell.scs_hz)
    return cell.tx_power_dbm - 10.0 * math.log10(n_re)


def _check(cell: Cell) -> None:
    """Refuse numbers of a cell that are not finite, and a load below zero."""
    for name in ("x_m", "y_m", "height_m", "azimuth_deg", "tilt_deg", "carrier_hz", "bandwidth_hz",
                 "scs_hz", "tx_power_dbm", "antenna_gain_dbi", "beamwidth_h_deg", "beamwidth_v_deg",
                 "load"):  # fmt: skip
        value = getattr(cell, name)
        if isinstance(value, str) or not math.isfinite(value):
            raise ValueError(f"cell {cell.id}: {name} is {value!r}, must be finite")
    if not 1 <= cell.mimo_layers <= 64:
        raise ValueError(f"cell {cell.id}: mimo_layers is {cell.mimo_layers}, must be in 1..64")
    if not 0 <= cell.load <= 1:
        raise ValueError(f"cell {cell.id}: load is {cell.load}, must be in 0..1")


def _pair(x_m: ArrayLike, y_m: ArrayLike, n: int) -> tuple[NDArray[Any], NDArray[Any]]:
    if n == 0:
        raise ValueError("ids: is empty")
    x, y = finite(x_m, "x_m"), finite(y_m, "y_m")
    for name, values in (("x_m", x), ("y_m", y)):
        if values.shape != (n,):
            raise ValueError(f"{name}: has the shape {values.shape}, must be ({n},)")
    return x, y


def _longer(part: NDArray[Any]) -> NDArray[Any]:
    more: NDArray[Any] = np.zeros((1, *part.shape[1:]), part.dtype)
    return np.asarray(np.concatenate([part, more]))


def _twice(names: Sequence[object]) -> object:
    return next(name for i, name in enumerate(names) if name in names[:i])
