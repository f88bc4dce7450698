"""Read a CSV table column by column, fast, and point at the cell that is wrong."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from twin.model.errors import InputError
from twin.model.safe.text import checked_text, read_bytes

__all__ = ["MAX_TABLE_BYTES", "Table", "read_table"]

MAX_TABLE_BYTES = 64_000_000
"""Largest table accepted. [octets]"""

_Number = TypeVar("_Number", int, float)
_NUMBER = r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?"
_ENDS = re.compile(r"\r\n|\r|\n")  # of lines, as the csv module takes them
_SHOWN = 200  # characters of a header that is another one
_FIELD = re.compile(r'"(?:[^"]|"")*"|[^,]*')


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of text, converted one column at a time.

    Parameters
    ----------
    source : str
        Name of the file, for messages.
    text : str
        The whole file; only looked at to find the position of a mistake.
    header : tuple of str
        Names of the columns.
    columns : tuple of tuple of str
        Cells by column.
    n_rows : int
        Rows without the header.
    """

    source: str
    text: str
    header: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    n_rows: int

    def texts(
        self, name: str, *, pattern: str = "", choices: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Give a column of text.

        Parameters
        ----------
        name : str
            The column.
        pattern : str
            Regular expression each cell must match as a whole; empty for any text.
        choices : collection of str, optional
            The only values allowed; None for any.

        Returns
        -------
        tuple of str
            The cells.

        Raises
        ------
        InputError
            A cell that does not fit, with its position.
        """
        cells = self._column(name)
        if choices is not None:
            wrong = set(cells).difference(choices)
            if wrong:
                i_row = next(i for i, cell in enumerate(cells) if cell in wrong)
                raise self.error(
                    i_row, name, "is unknown", f"use {', '.join(sorted(choices)) or 'none'}"
                )
        if pattern:
            match = re.compile(pattern).fullmatch
            for i_row, cell in enumerate(cells):
                if not match(cell):
                    raise self.error(i_row, name, "is not allowed here", f"must match {pattern}")
        return cells

    def ids(self, name: str) -> tuple[str, ...]:
        """Give a column of ids, each of its own.

        Parameters
        ----------
        name : str
            The column.

        Returns
        -------
        tuple of str
            The cells.

        Raises
        ------
        InputError
            A cell that is no id or stands twice.
        """
        cells = self.texts(name, pattern=r"[a-z0-9][a-z0-9.-]*")
        if len(set(cells)) < len(cells):
            seen: set[str] = set()
            for i_row, cell in enumerate(cells):
                if cell in seen:
                    raise self.error(i_row, name, "stands twice", "give each row its own")
                seen.add(cell)
        return cells

    def numbers(self, name: str, low: float = -math.inf, high: float = math.inf) -> list[float]:
        """Give a column of finite numbers.

        Parameters
        ----------
        name : str
            The column.
        low, high : float
            Limits, both allowed.

        Returns
        -------
        list of float
            The cells.

        Raises
        ------
        InputError
            A cell that is no number, not finite or out of range, with its position.
        """
        return self._convert(name, float, low, high)

    def wholes(self, name: str, low: float = 0, high: float = math.inf) -> list[int]:
        """Give a column of whole numbers; as `numbers`, by default not negative.

        Parameters
        ----------
        name : str
            The column.
        low, high : float
            Limits, both allowed.

        Returns
        -------
        list of int
            The cells.

        Raises
        ------
        InputError
            A cell that is no whole number or out of range, with its position.
        """
        return self._convert(name, int, low, high)

    def flags(self, name: str) -> list[bool]:
        """Give a column of truth values, written 1 and 0.

        Parameters
        ----------
        name : str
            The column.

        Returns
        -------
        list of bool
            The cells.

        Raises
        ------
        InputError
            A cell that is neither 1 nor 0, with its position.
        """
        return [cell == "1" for cell in self.texts(name, choices=("0", "1"))]

    def error(self, i_row: int, name: str, what: str, hint: str = "") -> InputError:
        """Make the error that says a cell is wrong; the caller raises it.

        Parameters
        ----------
        i_row : int
            Row from 0, without the header.
        name : str
            The column.
        what : str
            What is wrong with the cell.
        hint : str
            What to do about it.

        Returns
        -------
        InputError
            Positioned at the cell.
        """
        i_column = self.header.index(name)
        line = _ENDS.split(self.text)[i_row + 1]
        start = 0
        for _ in range(i_column):
            field = _FIELD.match(line, start)
            start = (field.end() if field else start) + 1
        cell = self.columns[i_column][i_row]
        shown = repr(cell if len(cell) <= 40 else cell[:37] + "...")
        return InputError(f"{name} {shown} {what}", self.source, i_row + 2, start + 1, hint)

    def _column(self, name: str) -> tuple[str, ...]:
        return self.columns[self.header.index(name)]

    def _convert(
        self, name: str, convert: Callable[[str], _Number], low: float, high: float
    ) -> list[_Number]:
        cells = self._column(name)
        try:
            values = list(map(convert, cells))
            # a sum of numbers is finite unless one of them is not: one pass, no test per cell
            is_finite = math.isfinite(sum(values))
        except (ValueError, OverflowError):
            values, is_finite = [], False
        joined = "".join(cells)
        if (
            is_finite
            and (not values or (low <= min(values) and max(values) <= high))
            and joined.isascii()
            and "_" not in joined
        ):
            return values
        raise self._bad_number(name, convert, low, high)

    def _bad_number(
        self, name: str, convert: Callable[[str], _Number], low: float, high: float
    ) -> InputError:
        kind = "whole number" if convert is int else "number"
        for i_row, cell in enumerate(self._column(name)):
            if not re.fullmatch(_NUMBER, cell):
                return self.error(i_row, name, f"is not a {kind}", f"write a {kind}")
            try:
                value = convert(cell)
                is_fit = low <= value <= high and math.isfinite(value)
            except ValueError:
                return self.error(i_row, name, f"is not a {kind}", f"write a {kind}")
            except OverflowError:  # a whole number beyond every float
                is_fit = False
            if not is_fit:
                return self.error(
                    i_row, name, "is out of range", f"must be from {low:g} to {high:g}"
                )
        return InputError(f"{name} is too large in sum", self.source)


def read_table(path: Path, header: Sequence[str]) -> Table:
    """Read a table whose header is known.

    Parameters
    ----------
    path : Path
        The file: UTF-8, comma, first line the header.
    header : sequence of str
        Names of the columns, in order.

    Returns
    -------
    Table
        Its cells as text.

    Raises
    ------
    InputError
        Missing, too large, not CSV, another header, or a row of another length.
    """
    source = str(path)
    text = checked_text(
        read_bytes(path, max_bytes=MAX_TABLE_BYTES), source, max_bytes=MAX_TABLE_BYTES
    )
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = list(reader)
    except csv.Error as err:
        raise InputError(
            f"not CSV: {err}", source, reader.line_num, 1, "quote cells that hold a quote"
        ) from err
    _check_shape(rows, tuple(header), source, reader.line_num)
    columns = tuple(zip(*rows[1:], strict=True)) or ((),) * len(header)
    return Table(
        source=source, text=text, header=tuple(header), columns=columns, n_rows=len(rows) - 1
    )


def _check_shape(rows: list[list[str]], header: tuple[str, ...], source: str, n_lines: int) -> None:
    wanted = ",".join(header)
    if not rows:
        raise InputError("is empty", source, hint=f"first line: {wanted}")
    if tuple(rows[0]) != header:
        shown = ",".join(rows[0])[:_SHOWN]
        raise InputError(f"the header is {shown}", source, 1, 1, f"write {wanted}")
    if set(map(len, rows)) != {len(header)}:
        i_row = next(i for i, row in enumerate(rows) if len(row) != len(header))
        what = f"{len(rows[i_row])} cells instead of {len(header)}"
        raise InputError(what, source, i_row + 1, 1, f"columns are {wanted}")
    if n_lines != len(rows):
        i_row = next(i for i, row in enumerate(rows) if any("\n" in cell for cell in row))
        raise InputError("a cell spans several lines", source, i_row + 1, 1, "one line per row")
