"""Moving users from one report to the next: levels, filtered levels, handover and lost links."""

from collections.abc import Sequence
from typing import Any

__all__ = ["COUNTS", "ERROR_UNITS", "GROUP", "PHASES", "RULES", "report"]

ERROR_UNITS: float
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
    error: tuple[Any, int] | None = None,
    n_threads: int = 1,
) -> None: ...
