"""A table of reference values, the check that runs a model over it, and what came out."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from twin.model.errors import InputError

__all__ = ["Excluded", "ReferenceCheck", "ReferenceTable", "Row", "compare", "read_table"]

MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceTable:
    """One CSV file of reference values.

    Parameters
    ----------
    path : Path
        The file; profiles and companions stand beside it.
    header : tuple of str
        Column names of the first line.
    rows : tuple of dict
        The lines below, by column name; a table with a second header line has it as row 0.
    """

    path: Path
    header: tuple[str, ...]
    rows: tuple[dict[str, str], ...]

    def number(self, row: int, column: str) -> float:
        """Read a number.

        Parameters
        ----------
        row : int
            Place in `rows`.
        column : str
            Column name.

        Returns
        -------
        float
            The number.

        Raises
        ------
        InputError
            The cell holds no number: says the line of the file.
        """
        text = self.rows[row].get(column)
        try:
            return float(text or "")
        except ValueError:
            raise InputError(
                f"column {column!r} holds {text!r}, must be a number", str(self.path), row + 2
            ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The error of one row.

    Parameters
    ----------
    row : int
        Place in `ReferenceTable.rows`.
    error : float
        Absolute difference, or relative where the check is relative.
    tolerance : float
        What the row allows.
    """

    row: int
    error: float
    tolerance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """A row that is left out by name.

    Parameters
    ----------
    row : int
        Place in `ReferenceTable.rows`.
    reason : str
        Why: a known trap, or inputs the model refuses.
    """

    row: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceCheck:
    """How one kind of table is recognised and run.

    Parameters
    ----------
    columns : tuple of str
        Column names that identify the table; it may have more.
    model, edition : str
        The model and the document with its edition.
    tolerance : float
        Greatest error allowed; where rows state their own, the greatest that is usual.
    unit : str
        Unit of error and tolerance: ``dB``, ``ns``, ``relative``.
    run : callable
        Takes the table, gives a `Row` or an `Excluded` for every row of values.
    share : float
        Share of rows that must be within; 1 unless the reference itself is an interpolation.
    """

    columns: tuple[str, ...]
    model: str
    edition: str
    tolerance: float
    unit: str
    run: Callable[[ReferenceTable], Iterable[Row | Excluded]] = field(repr=False)
    share: float = 1.0


def compare(row: int, value: float, reference: float, tolerance: float) -> Row:
    """Compare absolutely.

    Parameters
    ----------
    row : int
        Place of the row.
    value, reference : float
        Ours and theirs.
    tolerance : float
        What is allowed.

    Returns
    -------
    Row
        The error.
    """
    return Row(row=row, error=abs(float(value) - reference), tolerance=tolerance)


def read_table(path: Path) -> ReferenceTable | None:
    """Read a table of reference values.

    Parameters
    ----------
    path : Path
        A CSV file.

    Returns
    -------
    ReferenceTable or None
        The table; None if the file is no table with a header.

    Raises
    ------
    InputError
        A file that cannot be read, is too large or is not text.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"is larger than {MAX_BYTES // 1024**2} MB", str(path))
        text = path.read_text(encoding="utf-8-sig")
    except OSError as err:
        raise InputError(err.strerror or "cannot be read", str(path)) from err
    except UnicodeDecodeError as err:
        raise InputError("is not UTF-8 text", str(path)) from err
    lines = list(csv.reader(text.splitlines()))
    if not lines or not lines[0]:
        return None
    header = tuple(name.strip() for name in lines[0])
    rows = tuple(
        dict(zip(header, (cell.strip() for cell in line), strict=False))
        for line in lines[1:]
        if line
    )
    return ReferenceTable(path=path, header=header, rows=rows)
