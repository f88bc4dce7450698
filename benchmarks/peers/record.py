"""Runs two ways of doing one piece of work in turn, and keeps the medians."""

from __future__ import annotations

import importlib.metadata
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

__all__ = ["ROUNDS", "Entry", "compare", "version_of"]

ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of `out/bench/peers.json`; a ratio above 1 says that ours is better."""

    work: str
    peer: str
    ours: float
    theirs: float
    unit: str
    higher_is_better: bool
    ratio: float


def version_of(package: str) -> str | None:
    """Name and version of an installed package; None if it is not installed."""
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return None


def compare(
    work: str,
    peer: str,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    *,
    amount: tuple[float, float],
    unit: str,
    rounds: int = ROUNDS,
) -> Entry:
    """Time both in turn after one run to warm up, and divide the amounts by the medians.

    `amount` is what one call of ours and of theirs does, in the unit times seconds: links, points.
    A slow peer may be given less to do than ours.
    """
    ours(), theirs()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for call, kept in zip((ours, theirs), times, strict=True):
            begin = perf_counter()
            call()
            kept.append(perf_counter() - begin)
    rates = [n / statistics.median(kept) for n, kept in zip(amount, times, strict=True)]
    return Entry(
        work=work,
        peer=peer,
        ours=round(rates[0], 3),
        theirs=round(rates[1], 3),
        unit=unit,
        higher_is_better=True,
        ratio=round(rates[0] / rates[1], 2),
    )
