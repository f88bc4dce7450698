"""The cells of a network as the kernel's tables: one slot per cell, so that an edit is a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cext import _cells
from twin.model.city import Cell
from twin.model.errors import ModelError
from twin.radio.engine import tables

__all__ = ["CellTable"]

_MOST_HEIGHTS = 64


class CellTable:
    """Cells by slot; slots of cells that left stay empty.

    Parameters
    ----------
    cells : sequence of Cell
        The cells; ids stand once.
    los_sites : sequence of str or None
        Sites that have a column of given line of sight; None: none is given.
    seed : int
        Of the draw.
    """

    def __init__(self, cells: Sequence[Cell], los_sites: Sequence[str] | None, seed: int) -> None:
        self._seed = seed
        self._los_place = None if los_sites is None else {n: i for i, n in enumerate(los_sites)}
        self.x0_m = 1e4 * round(cells[0].x_m / 1e4) if cells else 0.0
        self.y0_m = 1e4 * round(cells[0].y_m / 1e4) if cells else 0.0
        self.cells: list[Cell | None] = list(cells)
        self.slot = {cell.id: i for i, cell in enumerate(cells)}
        self.carriers: list[tables.Carrier] = []
        self.heights_m: list[float] = []
        self._operators: dict[str, int] = {}
        self._names: tuple[str | None, ...] | None = None
        draw = np.zeros((0, len(_cells.DRAW_COLUMNS)), np.float32)
        self.small: list[NDArray[Any]] = [
            np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.uint8), draw,
            np.zeros(0, np.uint32), np.zeros(0, np.int32),
        ]  # fmt: skip
        rows = [self._small_row(cell, self.carriers) for cell in cells]
        for i, part in enumerate(self.small if rows else ()):
            self.small[i] = np.array([row[i] for row in rows], part.dtype)
        self.sent_dbm = np.array([tables.sent_dbm(cell) for cell in cells], np.float32)
        self.mimo_layers = np.array([cell.mimo_layers for cell in cells], np.int64)
        self.sites: list[NDArray[np.float32]] = []
        self.sectors = np.zeros((0, 0), np.float32)
        self.height(1.5)

    def held(self) -> list[int]:
        """List the slots that hold a cell.

        Returns
        -------
        list of int
            In order.
        """
        return [i for i, cell in enumerate(self.cells) if cell is not None]

    def names(self) -> tuple[str | None, ...]:
        """Give the ids by slot, kept until a cell comes or goes.

        Returns
        -------
        tuple of str or None
            None: the slot is empty.
        """
        if self._names is None:
            self._names = tuple(None if cell is None else cell.id for cell in self.cells)
        return self._names

    def operator(self, name: str) -> int:
        """Give the code of an operator.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        int
            Its code.
        """
        return self._operators.setdefault(name, len(self._operators))

    def height(self, height_m: float) -> int:
        """Find or make the class of a height of terminals; on failure nothing changes.

        Parameters
        ----------
        height_m : float
            The height. [m]

        Returns
        -------
        int
            Index into `sites`.

        Raises
        ------
        ValueError
            One height too many.
        ModelRangeError
            A height outside the model of a cell.
        """
        if height_m in self.heights_m:
            return self.heights_m.index(height_m)
        if len(self.heights_m) == _MOST_HEIGHTS:
            raise ValueError(f"height_m: {height_m} is one more than {_MOST_HEIGHTS} heights")
        sites, sectors = self._rows([c for c in self.cells if c is not None], height_m)
        table = np.zeros((len(self.cells), sites.shape[1]), np.float32)
        table[self.held()] = sites
        if not self.heights_m:
            self.sectors = sectors
        self.heights_m.append(height_m)
        self.sites.append(table)
        return len(self.heights_m) - 1

    def row(self, slot: int) -> tuple[Any, ...]:
        """Copy what the kernel reads of one cell.

        Parameters
        ----------
        slot : int
            Its slot.

        Returns
        -------
        tuple
            Sites by height, sectors, and the small columns; one row each.
        """
        cut = slice(slot, slot + 1)
        return ([sites[cut].copy() for sites in self.sites], self.sectors[cut].copy(),
                *(part[cut].copy() for part in self.small))  # fmt: skip

    def compile(self, cell: Cell) -> tuple[Any, ...]:
        """Make the rows of a cell, for `put`; nothing changes yet.

        Parameters
        ----------
        cell : Cell
            The cell.

        Returns
        -------
        tuple
            For `put`.

        Raises
        ------
        ValueError, ModelError
            A cell outside its model, or with values that are not finite.
        """
        carriers = list(self.carriers)
        small = self._small_row(cell, carriers)
        return cell, carriers, small, [self._rows([cell], h) for h in self.heights_m]

    def put(self, slot: int, compiled: tuple[Any, ...]) -> None:
        """Put a cell into a slot, or into a new one at the end.

        Parameters
        ----------
        slot : int
            The slot.
        compiled : tuple
            From `compile`.
        """
        cell, self.carriers, small, made = compiled
        if slot == len(self.cells):
            self.cells.append(None)
            self.sites = [_longer(part) for part in self.sites]
            self.sectors = _longer(self.sectors)
            self.small = [_longer(part) for part in self.small]
            self.sent_dbm, self.mimo_layers = _longer(self.sent_dbm), _longer(self.mimo_layers)
            self._names = None
        self.cells[slot] = cell
        self.slot[cell.id] = slot
        for table, (site, _) in zip(self.sites, made, strict=True):
            table[slot] = site[0]
        self.sectors[slot] = made[0][1][0]
        self.sent_dbm[slot], self.mimo_layers[slot] = tables.sent_dbm(cell), cell.mimo_layers
        for part, value in zip(self.small, small, strict=True):
            part[slot] = value

    def remove(self, slot: int) -> None:
        """Empty a slot.

        Parameters
        ----------
        slot : int
            The slot.
        """
        cell = self.cells[slot]
        if cell is not None:
            del self.slot[cell.id]
        self.cells[slot] = None
        self.small[2][slot] = 0
        self.mimo_layers[slot], self._names = 0, None

    def _small_row(self, cell: Cell, carriers: list[tables.Carrier]) -> tuple[Any, ...]:
        """Carrier, operator, on, draw, key and column of one cell."""
        tables.check(cell)
        column = 0
        if self._los_place is not None:
            if cell.site not in self._los_place:
                raise ValueError(f"cell {cell.id}: site {cell.site!r} has no column in los_sites")
            column = self._los_place[cell.site]
        carrier = tables.carrier_of(cell)
        if carrier not in carriers:
            if len(carriers) == _cells.MAX_KINDS:
                raise ModelError(f"cell {cell.id}: more than {_cells.MAX_KINDS} carriers")
            carriers.append(carrier)
        return (
            carriers.index(carrier),
            self.operator(cell.operator),
            cell.is_on,
            tables.draw_row(cell),
            tables.site_key(cell.site, self._seed),
            column,
        )

    def _rows(self, cells: Sequence[Cell], height_m: float) -> tuple[NDArray[np.float32], ...]:
        return tables.rows(cells, x0_m=self.x0_m, y0_m=self.y0_m, height_m=height_m)


def _longer(part: NDArray[Any]) -> NDArray[Any]:
    more: NDArray[Any] = np.zeros((1, *part.shape[1:]), part.dtype)
    return np.asarray(np.concatenate([part, more]))
