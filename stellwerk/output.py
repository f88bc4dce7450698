"""What commands print: data on stdout, everything else on stderr, JSON when asked."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, TypeAlias

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from twin.model.errors import InputError

__all__ = [
    "JsonOption",
    "Report",
    "columns",
    "has_lost_reader",
    "notes",
    "print_json",
    "print_line",
    "progress",
    "table",
    "told_progress",
    "waiting",
]

JsonOption: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on stdout.")
]
Report: TypeAlias = Callable[[float], None]


_PAGE_COLUMNS = 160


class _Notes(Console):
    """A console that falls silent when its reader goes away: a run must not die of its display."""

    def on_broken_pipe(self) -> None:
        """Print no more."""
        self.quiet = True


notes = _Notes(stderr=True, highlight=False, soft_wrap=True)


def print_json(document: object) -> None:
    """Print a document on stdout, indented, keys in their own order.

    Parameters
    ----------
    document : object
        Anything JSON can hold; what is not a finite number becomes null.
    """
    print_line(json.dumps(_finite(document), indent=2, ensure_ascii=False, allow_nan=False))


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

    Raises
    ------
    InputError
        Standard output is closed or full. A reader that went away is no error.
    """
    if sys.stdout is None:
        raise InputError("standard output is closed", hint="give the command somewhere to print")
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _leave_stdout()
    except OSError as err:
        _leave_stdout()
        raise InputError("standard output cannot be written", hint=str(err.strerror)) from err


def has_lost_reader() -> bool:
    """Say whether nobody reads standard output any more; what is left for it is then dropped."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _leave_stdout()
        return True
    return False


def _leave_stdout() -> None:
    """Send what is still buffered nowhere, or Python would complain when it ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def table(title: str, rows: Mapping[str, object]) -> None:
    """Print a two-column table on stdout.

    Parameters
    ----------
    title : str
        Heading.
    rows : mapping
        Name to value.
    """
    grid = Table(show_header=False, box=None)
    grid.add_column(style="bold")
    grid.add_column(justify="right")
    for name, value in rows.items():
        shown = f"{value:,}" if isinstance(value, int | float) else str(value)
        grid.add_row(name.replace("_", " "), shown)
    _print_grid(title, grid)


def columns(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table of several columns on stdout.

    Parameters
    ----------
    title : str
        Heading.
    heads : sequence of str
        Heads of the columns.
    rows : sequence of sequence of str
        The cells.
    """
    grid = Table(box=None)
    for head in heads:
        grid.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        grid.add_row(*row)
    _print_grid(title, grid)


def _print_grid(title: str, grid: Table) -> None:
    page = io.StringIO()
    Console(file=page, highlight=False, markup=False, width=_PAGE_COLUMNS).print(grid)
    lines = [line.rstrip() for line in page.getvalue().splitlines()]
    print_line("\n".join([title, *lines]))


def _is_watched() -> bool:
    """Tell whether something that moves would be seen: a demand for colour makes no terminal."""
    stderr = sys.stderr
    return stderr is not None and stderr.isatty() and os.environ.get("TERM") != "dumb"


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
        disable=not _is_watched(),
    )
    with bar:
        task = bar.add_task(title, total=1.0)
        yield lambda share: bar.update(task, completed=share)


@contextmanager
def told_progress(title: str) -> Iterator[Callable[[float, str], None]]:
    """Show a progress bar with a few words beside it on a terminal, and nothing elsewhere.

    Parameters
    ----------
    title : str
        What is going on.

    Yields
    ------
    callable
        Takes the share done, 0 to 1, and the words.
    """
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[words]}"),
        TimeElapsedColumn(),
        console=notes,
        transient=True,
        disable=not _is_watched(),
    )
    with bar:
        task = bar.add_task(title, total=1.0, words="")
        yield lambda share, words: bar.update(task, completed=share, words=words)


@contextmanager
def waiting(title: str) -> Iterator[None]:
    """Show that something goes on whose end is not known; nothing outside a terminal.

    Parameters
    ----------
    title : str
        What is going on.
    """
    if not _is_watched():
        yield
        return
    with notes.status(title):
        yield
