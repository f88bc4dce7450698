"""`stellwerk radio check`: our models against tables of reference values."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stellwerk.exits import Exit
from stellwerk.output import JsonOption, columns, notes, print_json
from twin.model.errors import InputError
from twin.radio.check import CheckedFile, check_paths

__all__ = ["app"]

_KNOWN = "the tables that are known stand in docs/reference/models"

app = typer.Typer(no_args_is_help=True, help="Radio models and their references.")


@app.callback()
def _group() -> None:
    """Radio models and their references."""


@app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="CSV files, or folders of them.")],
    *,
    json: JsonOption = False,
) -> None:
    """Compare the models with reference tables, which are recognised by their header.

    Profiles and companion files are looked for beside the table. Ends with 6 if a table is not
    within its tolerance.
    """
    checked, unknown, failed = check_paths(paths)
    if not checked and failed:
        raise failed[0]
    if not checked:
        where = ", ".join(str(path) for path in paths)
        raise InputError("holds no reference table that a model knows", where, hint=_KNOWN)
    if json:
        print_json({"files": [_document(item) for item in checked]})
    else:
        _show(checked)
    for path in unknown:
        notes.print(f"{path}: no model knows this header", markup=False)
    for err in failed:
        notes.print(f"error: {err}", markup=False)
    if failed:
        raise typer.Exit(Exit.ERROR)
    if not all(item.is_within for item in checked):
        raise typer.Exit(Exit.LIMIT_FAILED)


def _document(item: CheckedFile) -> dict[str, object]:
    return {
        "file": item.file,
        "model": item.model,
        "edition": item.edition,
        "rows": item.rows,
        "within": item.within,
        "excluded": [{"row": left.row + 1, "reason": left.reason} for left in item.excluded],
        "worst_error": item.worst_error,
        "tolerance": item.tolerance,
        "unit": item.unit,
    }


def _show(checked: list[CheckedFile]) -> None:
    heads = "file", "model", "rows", "within", "excluded", "worst error", "tolerance", "unit"
    columns("Models against references", heads, [_cells(item) for item in checked])
    for item in checked:
        for reason in dict.fromkeys(left.reason for left in item.excluded):
            count = sum(left.reason == reason for left in item.excluded)
            name = Path(item.file).name
            notes.print(f"{name}: {count} rows left out: {reason}", markup=False)


def _cells(item: CheckedFile) -> list[str]:
    counts = item.rows, item.within, len(item.excluded)
    numbers = f"{item.worst_error:.3g}", f"{item.tolerance:g}"
    return [Path(item.file).name, item.model, *map(str, counts), *numbers, item.unit]
