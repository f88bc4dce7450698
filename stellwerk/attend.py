"""A person attends a run: they are asked in the terminal, and answer there or by a signal."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from controllers.hold import Answer, Operator, Switch
from stellwerk.output import notes
from stellwerk.terminal import may_ask

__all__ = ["attended"]


class _Terminal:
    """Implements `controllers.hold.Hold`: go or stop as a line, or SIGUSR1 for go.

    Parameters
    ----------
    by : str
        Who sits there.
    """

    def __init__(self, by: str) -> None:
        self._switch = Switch(by)
        self._is_read = False

    def ask(self, run: str, reasons: Sequence[str]) -> None:
        """Print the question, and read the answer beside the run."""
        self._switch.ask(run, reasons)
        for reason in reasons:
            notes.print(f"  held: {reason}", markup=False)
        has_terminal = may_ask()
        typed = "type go or stop, or " if has_terminal else ""
        notes.print(
            f"run {run} is held: {typed}`kill -USR1 {os.getpid()}` to go on, ^C takes all back",
            markup=False,
        )
        if has_terminal and not self._is_read:
            self._is_read = True
            threading.Thread(target=self._read, name="stellwerk-hold", daemon=True).start()

    def answer(self) -> Answer | None:
        """Return what was decided, None as long as nothing was."""
        return self._switch.answer()

    def go(self) -> None:
        """Let the run go on."""
        self._switch.go()

    def _read(self) -> None:
        for line in sys.stdin:
            word = line.strip().lower()
            if word in ("go", "stop"):
                (self._switch.go if word == "go" else self._switch.stop)()
            else:
                notes.print("type go or stop", markup=False)


@contextmanager
def attended(name: str) -> Iterator[Operator]:
    """Make the operator of a run that this process carries out.

    Parameters
    ----------
    name : str
        Who applies it.

    Yields
    ------
    Operator
        Asked in this terminal; while it lasts, SIGUSR1 means go.
    """
    terminal = _Terminal(name)
    if threading.current_thread() is not threading.main_thread():
        yield Operator(name=name, hold=terminal)
        return

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        terminal.go()

    earlier = signal.signal(signal.SIGUSR1, on_signal)
    try:
        yield Operator(name=name, hold=terminal)
    finally:
        signal.signal(signal.SIGUSR1, earlier)
