"""When and where people log in: shape of the day, and how unequal access points are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from twin.sim.city_wifi.assumptions import figure
from twin.sim.profiles import hotspot_weight

__all__ = ["popularity", "square_weight", "zoo_weight"]

_EVENING = range(18, 22)


def _evening_bump(local: datetime) -> float:
    """How much of an evening it is: 1 in the middle of 18 to 22 h, less before and after."""
    away_h = (local.hour + local.minute / 60.0 - 20.0) / figure("evening_spread_h")
    return math.exp(-0.5 * away_h**2)


@lru_cache(maxsize=1)
def _evening_factors() -> tuple[float, float]:
    """Height of the bump, in hours of the mean, and what the day has then to be divided by."""
    hours = [datetime(2026, 1, 20, hour, 30) for hour in range(24)]
    day = [hotspot_weight(hour) for hour in hours]
    bump = [_evening_bump(hour) for hour in hours]
    share = figure("evening_share_percent") / 100.0
    evening_day, evening_bump = (sum(row[hour] for hour in _EVENING) for row in (day, bump))
    height = (share * sum(day) - evening_day) / (evening_bump - share * sum(bump))
    return height, (sum(day) + height * sum(bump)) / 24.0


def square_weight(local: datetime) -> float:
    """Log-ins on squares and at stations at a local time, relative to the mean of the day.

    The shape of places of entertainment, and a bell over the evening as high as it takes to give
    18 to 22 h their published share.
    """
    height, mean = _evening_factors()
    return (hotspot_weight(local) + height * _evening_bump(local)) / mean


def zoo_weight(local: datetime) -> float:
    """Log-ins at the zoo at a local time, relative to the mean of the day: a sine while open."""
    opens, closes = figure("zoo_opens_h"), figure("zoo_closes_h")
    at = (local.hour + local.minute / 60.0 - opens) / (closes - opens)
    if not 0.0 < at < 1.0:
        return 0.0
    return math.pi / 2.0 * math.sin(math.pi * at) * 24.0 / (closes - opens)


def popularity(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Log-ins of access points relative to their mean, lognormal and cut at the busiest known.

    Parameters
    ----------
    n : int
        Access points.
    rng : Generator
        Who gets which.

    Returns
    -------
    ndarray of shape (n,)
        Mean 1. With a mean of two clients this gives the variance of the Freifunk nodes.
    """
    if n == 0:
        return np.zeros(0)
    ranks: Sequence[float] = ((np.arange(n) + 0.5) / n).tolist()
    sigma = figure("popularity_sigma")
    drawn = np.exp(sigma * np.array([NormalDist().inv_cdf(rank) for rank in ranks]))
    most = figure("busiest_per_day") / figure("sessions_per_day")
    for _ in range(20):  # cutting lowers the mean, so cut again
        drawn = np.minimum(drawn / drawn.mean(), most)
    return np.asarray(rng.permutation(drawn))
