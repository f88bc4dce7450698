"""The canonical trace of a simulation: counts, the last events, and one hash over all of them."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Event", "EventTrace"]

_KEEP = 500
_KEEP_FIRST = 200  # of each kind
_BLOCK = 65536


@dataclass(frozen=True, slots=True)
class Event:
    """Something discrete that happened: when [s], what, to whom, and how much."""

    at_s: float
    what: str
    who: str
    amount: int = 0


class EventTrace:
    """Collects events and hashes them in the order they happen.

    Notes
    -----
    Times are quantised to milliseconds and every amount is a whole number before it is hashed, so
    the hash does not hang on the last bits of floating point. Blocks of at least `_BLOCK` octets
    are hashed together with the hash so far, because a running hash cannot be saved.
    """

    __slots__ = ("_counts", "_digest", "_first", "_pending", "_recent")

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._digest = bytes(32)
        self._pending = bytearray()
        self._recent: deque[Event] = deque(maxlen=_KEEP)
        self._first: list[Event] = []

    def add(self, at_s: float, what: str, who: str, amount: int = 0) -> None:
        """Record an event."""
        event = Event(at_s, what, who, amount)
        self._counts[what] += 1
        self._recent.append(event)
        if self._counts[what] <= _KEEP_FIRST:
            self._first.append(event)
        self._hash(f"{round(at_s * 1000)}|{what}|{who}|{amount}\n".encode())

    def add_counts(self, at_s: float, what: str, values: NDArray[np.int64]) -> None:
        """Hash a vector of whole numbers, such as users by cell after a tick."""
        self._hash(f"{round(at_s * 1000)}|{what}|{values.size}\n".encode())
        self._hash(np.ascontiguousarray(values, dtype="<i8").tobytes())

    def _hash(self, octets: bytes) -> None:
        self._pending += octets
        if len(self._pending) >= _BLOCK:
            self._digest = hashlib.sha256(self._digest + self._pending).digest()
            self._pending.clear()

    def counts(self) -> Mapping[str, int]:
        """Return how often each kind of event happened, by name in order."""
        return dict(sorted(self._counts.items()))

    def recent(self) -> tuple[Event, ...]:
        """Return the latest events, oldest first."""
        return tuple(self._recent)

    def story(self) -> tuple[Event, ...]:
        """Return the first events of every kind, in the order in which they happened."""
        return tuple(self._first)

    def sha256(self) -> str:
        """Return the hash over everything recorded so far."""
        return hashlib.sha256(self._digest + self._pending).hexdigest()
