"""What commands print: data on stdout, everything else on stderr, JSON when asked."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, TypeAlias

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

__all__ = [
    "JsonOption",
    "Report",
    "notes",
    "print_json",
    "print_line",
    "progress",
    "table",
    "waiting",
]

JsonOption: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on stdout.")
]
Report: TypeAlias = Callable[[float], None]

notes = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(document: object) -> None:
    """Print a document on stdout, indented, keys in their own order.

    Parameters
    ----------
    document : object
        Anything JSON can hold.
    """
    text = json.dumps(_finite(document), indent=2, ensure_ascii=False, allow_nan=False)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _finite(document: object) -> object:
    """Give null for what is not a number: JSON has no other word for "there is none"."""
    if isinstance(document, float) and not math.isfinite(document):
        return None
    if isinstance(document, Mapping):
        return {key: _finite(value) for key, value in document.items()}
    if isinstance(document, list | tuple):
        return [_finite(value) for value in document]
    return document


def print_line(text: str) -> None:
    """Print one line of data on stdout.

    Parameters
    ----------
    text : str
        The line.
    """
    sys.stdout.write(text + "\n")


def table(title: str, rows: Mapping[str, object], *, console: Console | None = None) -> None:
    """Print a two-column table on stdout.

    Parameters
    ----------
    title : str
        Heading.
    rows : mapping
        Name to value.
    console : Console, optional
        Where to print; stdout if not given.
    """
    grid = Table(title=title, title_justify="left", show_header=False, box=None)
    grid.add_column(style="bold")
    grid.add_column(justify="right")
    for name, value in rows.items():
        shown = f"{value:,}" if isinstance(value, int | float) else str(value)
        grid.add_row(name.replace("_", " "), shown)
    (console or Console(highlight=False)).print(grid)


@contextmanager
def progress(title: str) -> Iterator[Report]:
    """Show a progress bar on a terminal, and nothing elsewhere.

    Parameters
    ----------
    title : str
        What is going on.

    Yields
    ------
    callable
        Takes the share done, 0 to 1.
    """
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=notes,
        transient=True,
        disable=not notes.is_terminal,
    )
    with bar:
        task = bar.add_task(title, total=1.0)
        yield lambda share: bar.update(task, completed=share)


@contextmanager
def waiting(title: str) -> Iterator[None]:
    """Show that something goes on whose end is not known; nothing outside a terminal.

    Parameters
    ----------
    title : str
        What is going on.
    """
    if not notes.is_terminal:
        yield
        return
    with notes.status(title):
        yield
