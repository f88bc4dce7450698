"""Manners towards terminals: colour, questions, moving pictures, pagers."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import TextIO

from stellwerk.output import notes, print_line

__all__ = [
    "Colour",
    "forbid_questions",
    "is_coloured",
    "may_ask",
    "print_paged",
    "print_signed",
    "settle_colour",
    "with_own_manners",
]


class Colour(StrEnum):
    """When to use colour."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


_no_questions: ContextVar[bool] = ContextVar("no_questions", default=False)
_COLOUR_VARIABLES = ("NO_COLOR", "FORCE_COLOR")
_RESET = "\x1b[0m"
_STYLES = {"+": "\x1b[32m", "-": "\x1b[31m", "~": "\x1b[33m", "?": "\x1b[33m", "!": "\x1b[1;31m"}
_HEAD_STYLE = "\x1b[1m"
_PLACE_STYLE = "\x1b[36m"


@contextmanager
def with_own_manners() -> Iterator[None]:
    """Put back, at the end, what a command has settled about colour and questions."""
    before = {name: os.environ.get(name) for name in _COLOUR_VARIABLES}
    no_colour = notes.no_color
    token = _no_questions.set(False)
    try:
        yield
    finally:
        _no_questions.reset(token)
        notes.no_color = no_colour
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def settle_colour(choice: Colour) -> None:
    """Settle when colour is used: by the flag, else by the variables everybody uses.

    Parameters
    ----------
    choice : Colour
        The flag. With ``auto``: NO_COLOR forbids, FORCE_COLOR and CLICOLOR_FORCE demand, TERM=dumb
        and CLICOLOR=0 forbid; else it is for terminals only.

    References
    ----------
    .. [1] https://no-color.org; https://bixense.com/clicolors.
    """
    if choice is Colour.AUTO:
        choice = _of_variables()
    # rich, which prints the help and the log, reads these two and no others.
    if choice is Colour.NEVER:
        os.environ["NO_COLOR"] = "1"
        os.environ.pop("FORCE_COLOR", None)
    elif choice is Colour.ALWAYS:
        os.environ["FORCE_COLOR"] = "1"
        os.environ.pop("NO_COLOR", None)
    notes.no_color = choice is Colour.NEVER


def _of_variables() -> Colour:
    read = os.environ.get
    if read("NO_COLOR"):
        return Colour.NEVER
    if read("FORCE_COLOR") or read("CLICOLOR_FORCE", "0") not in ("", "0"):
        return Colour.ALWAYS
    if read("TERM") == "dumb" or read("CLICOLOR") == "0":
        return Colour.NEVER
    return Colour.AUTO


def is_coloured(stream: TextIO) -> bool:
    """Tell whether to use colour on a stream; `settle_colour` came before.

    Parameters
    ----------
    stream : file
        Where it would go.

    Returns
    -------
    bool
        Whether to.
    """
    choice = _of_variables()
    return choice is Colour.ALWAYS or (choice is Colour.AUTO and stream.isatty())


def forbid_questions() -> None:
    """Ask nothing from now on, even on a terminal."""
    _no_questions.set(True)


def may_ask() -> bool:
    """Tell whether somebody is there who can be asked."""
    return not _no_questions.get() and sys.stdin is not None and sys.stdin.isatty()


def print_signed(lines: Sequence[str]) -> None:
    """Print lines on stdout; on a terminal their sign gets a colour, which only repeats it.

    Parameters
    ----------
    lines : sequence of str
        Lines that begin, after blanks, with one of ``+ - ~ ? !`` and a blank, or do not.
    """
    if is_coloured(sys.stdout):
        lines = [_signed(line) for line in lines]
    print_line("\n".join(lines))


def _signed(line: str) -> str:
    words = line.lstrip()
    style = _STYLES.get(words[:1]) if words[1:2] == " " else None
    return f"{style}{line}{_RESET}" if style else line


def print_paged(lines: Sequence[str]) -> None:
    """Print a unified diff on stdout; on a terminal in colour and through the pager.

    Parameters
    ----------
    lines : sequence of str
        The diff.
    """
    if is_coloured(sys.stdout):
        lines = [_of_diff(line) for line in lines]
    text = "\n".join(lines)
    if lines and not _through_pager(text):
        print_line(text)


def _of_diff(line: str) -> str:
    if line.startswith(("--- ", "+++ ", "diff ")):
        style = _HEAD_STYLE
    elif line.startswith("@@"):
        style = _PLACE_STYLE
    else:
        style = _STYLES.get(line[:1], "") if line[:1] in "+-" else ""
    return f"{style}{line}{_RESET}" if style else line


def _through_pager(text: str) -> bool:
    """Show text in ``$PAGER``; False if there is none, or nobody sits before it."""
    pager = os.environ.get("PAGER", "less")
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb" or pager in ("", "cat"):
        return False
    try:
        words = shlex.split(pager)
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            text=True,
            errors="backslashreplace",
            env={"LESS": "FRX", **os.environ},
        )
    except (OSError, ValueError, IndexError):
        return False
    # ^C is the pager's: it stops a search there, and must not end us before it.
    earlier = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with contextlib.suppress(BrokenPipeError):
            process.communicate(text + "\n")
    finally:
        signal.signal(signal.SIGINT, earlier)
    return True
