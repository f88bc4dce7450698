"""Every check there is, and the walk over files and folders that runs them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from twin.model.errors import InputError
from twin.radio.check import (
    backhaul,
    clutter,
    empirical,
    itm,
    link,
    lora,
    p452,
    p1812,
    tr38901,
    wifi,
)
from twin.radio.check.table import Excluded, ReferenceCheck, ReferenceTable, Row, read_table

__all__ = ["CHECKS", "CheckedFile", "check_paths", "check_table", "find_check"]

CHECKS: tuple[ReferenceCheck, ...] = (
    *tr38901.CHECKS,
    *itm.CHECKS,
    *wifi.CHECKS,
    *lora.CHECKS,
    *clutter.CHECKS,
    *empirical.CHECKS,
    *backhaul.CHECKS,
    *p1812.CHECKS,
    *p452.CHECKS,
    *link.CHECKS,
)
"""All checks, the most specific header first where one contains another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFile:
    """What came out for one file.

    Parameters
    ----------
    file, model, edition : str
        The file, the model and its document.
    rows, within : int
        Rows that were compared, and how many of them lie within their tolerance.
    excluded : tuple of Excluded
        Rows left out by name.
    worst_error, tolerance : float
        The greatest error and what is allowed. In `unit`.
    unit : str
        Unit of both.
    is_within : bool
        Enough rows lie within: all, unless the reference is an interpolation.
    """

    file: str
    model: str
    edition: str
    rows: int
    within: int
    excluded: tuple[Excluded, ...]
    worst_error: float
    tolerance: float
    unit: str
    is_within: bool


def find_check(table: ReferenceTable) -> ReferenceCheck | None:
    """Find the check whose columns a table has.

    Parameters
    ----------
    table : ReferenceTable
        The table.

    Returns
    -------
    ReferenceCheck or None
        The check with the most columns that are all there.
    """
    known = [check for check in CHECKS if set(check.columns) <= set(table.header)]
    return max(known, key=lambda check: len(check.columns), default=None)


def check_table(check: ReferenceCheck, table: ReferenceTable) -> CheckedFile:
    """Run a check over a table.

    Parameters
    ----------
    check : ReferenceCheck
        The check.
    table : ReferenceTable
        The table.

    Returns
    -------
    CheckedFile
        The result.

    Raises
    ------
    InputError
        A cell that cannot be read, a word the model does not know, a profile that is missing.
    """
    try:
        outcome = list(check.run(table))
    except KeyError as err:
        raise InputError(
            f"{check.model} does not know {err.args[0]!r}", str(table.path), hint="correct the row"
        ) from err
    except InputError:
        raise
    except (ValueError, LookupError, ArithmeticError) as err:
        raise InputError(f"{check.model}: {err}", str(table.path), hint="correct the row") from err
    rows = [item for item in outcome if isinstance(item, Row)]
    within = sum(item.error <= item.tolerance for item in rows)
    errors = [item.error for item in rows]
    worst = math.nan if any(map(math.isnan, errors)) else max(errors, default=0.0)
    return CheckedFile(
        file=str(table.path),
        model=check.model,
        edition=check.edition,
        rows=len(rows),
        within=within,
        excluded=tuple(item for item in outcome if isinstance(item, Excluded)),
        worst_error=worst,
        tolerance=max((item.tolerance for item in rows), default=check.tolerance),
        unit=check.unit,
        is_within=bool(rows) and within >= check.share * len(rows),
    )


def check_paths(
    paths: Iterable[Path],
) -> tuple[list[CheckedFile], list[Path], list[InputError]]:
    """Run every file that has a model.

    Parameters
    ----------
    paths : iterable of Path
        Files and folders; of a folder the CSV files in it, not those of its folders.

    Returns
    -------
    checked : list of CheckedFile
        One result per file that was recognised.
    unknown : list of Path
        CSV files whose header no check knows.
    failed : list of InputError
        Tables that a model could not run: each names its file; the others are not held up.

    Raises
    ------
    InputError
        A path that does not exist, a file that cannot be read as text.
    """
    checked, unknown, failed = [], [], []
    for path in _files(paths):
        table = read_table(path)
        check = find_check(table) if table else None
        if table is None or check is None:
            unknown.append(path)
        else:
            try:
                checked.append(check_table(check, table))
            except InputError as err:
                failed.append(err)
    return checked, unknown, failed


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(path.glob("*.csv"))
        elif path.exists():
            yield path
        else:
            raise InputError(
                "no such file or folder", str(path), hint="name a CSV file or a folder"
            )
