"""Percentiles of times, for a table and for JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["spread_ms"]


def spread_ms(times_s: Sequence[float]) -> dict[str, float]:
    """Count, median, 99th percentile (nearest rank) and worst of times. [ms]."""
    ordered = sorted(times_s)
    if not ordered:
        return {"n": 0}

    def rank(share: float) -> float:
        return round(1e3 * ordered[max(0, math.ceil(share * len(ordered)) - 1)], 3)

    return {"n": len(ordered), "p50": rank(0.5), "p99": rank(0.99), "max": rank(1.0)}
