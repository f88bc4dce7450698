"""Files that appear together at the end, or not at all; and a polite end when told to stop."""

from __future__ import annotations

import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import typer

from stellwerk.exits import Exit
from stellwerk.output import notes
from twin.model.errors import InputError

__all__ = ["stoppable", "whole_files"]


class _Stopped(Exception):
    """Somebody sent SIGTERM."""


@contextmanager
def stoppable() -> Iterator[None]:
    """End work on ^C or SIGTERM in one line, once what is half written has been taken away.

    Raises
    ------
    typer.Exit
        With the code of `Exit.INTERRUPTED` or `Exit.TERMINATED`.
    """
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, _stop) if is_main else None
    try:
        yield
    except _Stopped:
        notes.print("terminated; no file is half written", markup=False)
        raise typer.Exit(Exit.TERMINATED) from None
    except KeyboardInterrupt:
        notes.print("interrupted; no file is half written", markup=False)
        raise typer.Exit(Exit.INTERRUPTED) from None
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _Stopped


@contextmanager
def whole_files(folder: Path) -> Iterator[Path]:
    """Give an empty folder to write to, and move its files to another one at the end.

    Parameters
    ----------
    folder : Path
        Where the files belong; it is made if it is not there. Files of the same names are replaced,
        others stay as they are.

    Yields
    ------
    Path
        A folder on the same disk. When the work in it fails, nothing of it stays.

    Raises
    ------
    InputError
        The folder cannot be made or written.
    """
    made = next((p for p in (*reversed(folder.parents), folder) if not p.exists()), None)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".stellwerk-", dir=folder) as name:
            yield Path(name)
            for file in sorted(Path(name).iterdir()):
                file.replace(folder / file.name)
    except OSError as err:
        _take_away(folder, made)
        raise InputError("cannot be written", str(folder), hint=str(err.strerror)) from err
    except InputError as err:
        _take_away(folder, made)
        raise InputError(err.what, str(folder), hint=err.hint) from err
    except BaseException:
        _take_away(folder, made)
        raise


def _take_away(folder: Path, made: Path | None) -> None:
    """Remove the empty folders that were made for nothing."""
    for path in (folder, *folder.parents) if made else ():
        try:
            path.rmdir()
        except OSError:  # somebody's files are in it
            return
        if path == made:
            return
