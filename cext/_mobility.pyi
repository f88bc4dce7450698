"""Moving users from one report to the next: levels, filtered levels, handover and lost links."""

from collections.abc import Sequence
from typing import Any

__all__ = ["COUNTS", "GROUP", "PHASES", "RULES", "report"]

GROUP: int
COUNTS: tuple[str, ...]
PHASES: tuple[str, ...]
RULES: tuple[str, ...]

def report(
    places: tuple[Any, ...],
    network: tuple[Any, ...],
    field: tuple[Any, ...],
    now: tuple[Any, ...],
    state: tuple[Any, ...],
    *,
    start_s: float,
    step_s: float,
    rules: Sequence[float],
    smoothing: tuple[float, float],
    n_threads: int = 1,
) -> None: ...
