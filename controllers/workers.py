"""Threads that are kept while there is work: starting one takes longer than most steps do."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

__all__ = ["Workers"]

_IDLE_S = 1.0


class Workers:
    """Runs each piece of work in a thread at once: one that is idle, or a new one.

    It bounds nothing: whoever gives it work does. A thread that has had nothing to do for a second
    ends, so nothing is left behind by who forgets to close it.

    Parameters
    ----------
    name : str
        Begin of the names of the threads.
    """

    # A condition and not `queue.SimpleQueue`: where several wait in it with a timeout, that of
    # CPython 3.11 can forget the timeout of one of them.

    def __init__(self, name: str) -> None:
        self._name = name
        self._changed = threading.Condition()
        self._work: deque[Callable[[], None]] = deque()
        self._n_idle = 0
        self._n_started = 0
        self._is_closed = False

    def run(self, work: Callable[[], None]) -> None:
        """Run something in a thread; it must not raise."""
        with self._changed:
            if self._n_idle > len(self._work):
                self._work.append(work)
                self._changed.notify()
                return
            self._n_started += 1
            name = f"{self._name}-{self._n_started}"
        threading.Thread(target=self._serve, args=(work,), name=name, daemon=True).start()

    def close(self) -> None:
        """Let threads that are idle end now, and the others after their work."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _serve(self, first: Callable[[], None]) -> None:
        work: Callable[[], None] | None = first
        while work is not None:
            work()
            work = self._next()

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            self._n_idle += 1
            self._changed.wait_for(lambda: self._work or self._is_closed, _IDLE_S)
            self._n_idle -= 1
            return self._work.popleft() if self._work else None
