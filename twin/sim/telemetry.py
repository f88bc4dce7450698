"""Columns of what devices measure, kept only if somebody asked for them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["Telemetry"]

_Column = NDArray[np.generic]


class Telemetry:
    """Record batches by table.

    Parameters
    ----------
    tables : collection of str
        Names of the tables to keep, such as ``cells``; ``*`` keeps every one.
    """

    def __init__(self, tables: Collection[str] = ()) -> None:
        self._tables = frozenset(tables)
        self._batches: dict[str, list[dict[str, _Column]]] = {}

    def wants(self, table: str) -> bool:
        """Say whether anybody asked for a table: whoever measures asks this first."""
        return table in self._tables or "*" in self._tables

    def add(self, table: str, at_s: float, columns: Mapping[str, _Column]) -> None:
        """Keep one batch: a row per device, names with units such as ``load_percent``.

        Parameters
        ----------
        table : str
            Name of the table.
        at_s : float
            Simulated second, the first column of every row. [s]
        columns : mapping
            One-dimensional arrays of equal length, the same names in every batch of a table.

        Raises
        ------
        ValueError
            Columns of unequal length.
        """
        if not self.wants(table):
            return
        lengths = {column.shape for column in columns.values()}
        if len(lengths) != 1:
            raise ValueError(f"columns of {table} have shapes {sorted(lengths)}, must be one")
        n = next(iter(columns.values())).size
        batch: dict[str, _Column] = {"at_s": np.full(n, at_s)}
        batch.update({name: column.copy() for name, column in columns.items()})
        self._batches.setdefault(table, []).append(batch)

    def tables(self) -> tuple[str, ...]:
        """Return the tables that have rows."""
        return tuple(sorted(self._batches))

    def take(self, table: str) -> dict[str, _Column]:
        """Return all rows of a table as columns, and forget them."""
        batches = self._batches.pop(table, [])
        names = batches[0] if batches else {}
        return {name: np.concatenate([batch[name] for batch in batches]) for name in names}

    def take_all(self) -> Iterator[tuple[str, dict[str, _Column]]]:
        """Yield and forget every table."""
        for table in self.tables():
            yield table, self.take(table)
