"""How motor traffic and walkers come over the day, and which way they go."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from twin.sim.holidays import is_workday
from twin.sim.signals.assumptions import assumed

__all__ = ["inbound_share", "relative_flow", "relative_walkers"]

# Share of the day in each hour [%] on an urban main road: shape from general knowledge (K), two
# peaks as in every German count, evening over morning.
_WORKDAY = np.array(
    [0.8, 0.5, 0.4, 0.4, 0.6, 1.6, 4.2, 6.9, 6.7, 5.2, 4.9, 5.1,
     5.4, 5.5, 5.8, 6.9, 8.2, 8.0, 6.6, 5.0, 3.7, 2.8, 2.3, 1.5]
)  # fmt: skip
_FREE_DAY = assumed("free_day") * np.array(
    [1.9, 1.3, 1.0, 0.8, 0.7, 0.9, 1.5, 2.3, 3.6, 5.1, 6.4, 7.1,
     7.2, 6.9, 7.1, 7.4, 7.4, 7.1, 6.5, 5.4, 4.2, 3.4, 2.7, 2.1]
)  # fmt: skip
_WALKERS = np.array(
    [0.2, 0.1, 0.1, 0.1, 0.2, 0.7, 2.6, 7.6, 5.8, 4.6, 5.4, 6.2,
     7.2, 7.4, 6.8, 7.6, 8.4, 8.4, 7.2, 5.2, 3.4, 2.2, 1.6, 1.0]
)  # fmt: skip
_MIDDLES_H = np.arange(-0.5, 25.0)
_PEAK = assumed("busy_hour")
_WALK_PEAK = float(_WALKERS.max())
_DIRECTION_H = (0.0, 5.0, 6.5, 8.5, 10.0, 14.5, 16.0, 18.5, 20.0, 24.0)


def _between(local: datetime, hours: np.ndarray) -> float:
    """Interpolate between the middles of hours, around midnight too."""
    around = np.concatenate([hours[-1:], hours, hours[:1]])
    hour = local.hour + local.minute / 60.0 + local.second / 3600.0
    return float(np.interp(hour, _MIDDLES_H, around))


def relative_flow(local: datetime) -> float:
    """Motor traffic at a local time over that of the busiest hour of a workday."""
    return _between(local, _WORKDAY if is_workday(local.date()) else _FREE_DAY) / _PEAK


def relative_walkers(local: datetime) -> float:
    """Walkers at a local time over those of the busiest hour."""
    return _between(local, _WALKERS) / _WALK_PEAK


def inbound_share(local: datetime) -> float:
    """Share of the traffic of a main road that goes towards the centre at a local time."""
    if not is_workday(local.date()):
        return 0.5
    busy = assumed("peak_direction")
    shares = (0.5, 0.5, busy, busy, 0.5, 0.5, 1.0 - busy, 1.0 - busy, 0.5, 0.5)
    return float(np.interp(local.hour + local.minute / 60.0, _DIRECTION_H, shares))
