"""Signal programmes of Duisburg: which runs when, and how the cycle is split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.sim.signals.assumptions import assumed

__all__ = [
    "CHANGE_MINUTES",
    "FLASH_PATTERN",
    "LOST_PHASE_S",
    "PATTERNS",
    "Pattern",
    "is_off_at",
    "pattern_at",
    "split_greens_s",
]

_H = 60
FLASH_PATTERN = 255
"""Number that asks for flashing, as in NTCIP 1202 ``systemPatternControl``."""

LOST_PHASE_S = round(assumed("lost_time") / 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A programme; `wave` is the direction of the green wave, ``both`` a compromise."""

    number: int
    name: str
    cycle_s: int
    wave: str


PATTERNS = (
    Pattern(number=1, name="night", cycle_s=60, wave="both"),
    Pattern(number=2, name="day", cycle_s=80, wave="both"),
    Pattern(number=3, name="inbound", cycle_s=100, wave="inbound"),
    Pattern(number=4, name="outbound", cycle_s=100, wave="outbound"),
)
"""Cycles of rp-online 12422359 [R]."""

_NIGHT, _DAY, _INBOUND, _OUTBOUND = range(4)
_WORKDAY = (
    (0, _NIGHT),
    (6 * _H, _INBOUND),
    (9 * _H, _DAY),
    (15 * _H + 30, _OUTBOUND),
    (19 * _H, _DAY),
    (21 * _H, _NIGHT),
)
_FREE_DAY = ((0, _NIGHT), (6 * _H, _DAY), (21 * _H, _NIGHT))

_PEDESTRIAN_OFF = (20 * _H, 6 * _H + 30)
_OTHER_OFF = (23 * _H, 5 * _H)

CHANGE_MINUTES = tuple(
    sorted({minute for minute, _ in (*_WORKDAY, *_FREE_DAY)} | {*_PEDESTRIAN_OFF, *_OTHER_OFF})
)
"""Minutes after local midnight at which something may change."""


def pattern_at(minute: int, *, is_workday: bool) -> int:
    """Find the programme of a local time.

    Parameters
    ----------
    minute : int
        Minutes after local midnight.
    is_workday : bool
        True: Monday to Friday.

    Returns
    -------
    int
        Index into `PATTERNS`.

    Notes
    -----
    The source gives 21-6, 6-9, 9-15 and 15:30-19 h. Between them, 15-15:30 and 19-21 h, and at
    weekends from 6 to 21 h the day programme runs here: an assumption.
    """
    table = _WORKDAY if is_workday else _FREE_DAY
    return next(index for start, index in reversed(table) if minute >= start)


def is_off_at(minute: int, *, is_pedestrian: bool) -> bool:
    """Say whether a signal with a night pause is off; 20-6:30 and 23-5 h (WAZ 6379525) [R]."""
    start, end = _PEDESTRIAN_OFF if is_pedestrian else _OTHER_OFF
    return minute >= start or minute < end


def split_greens_s(
    cycle_s: int, main_ratio: NDArray[np.float64], side_ratio: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Share the green of a cycle between two phases as their flow ratios are.

    Parameters
    ----------
    cycle_s : int
        Cycle. [s]
    main_ratio, side_ratio : ndarray of shape (N,)
        Highest flow over saturation flow of each phase.

    Returns
    -------
    main_s, side_s : ndarray of shape (N,)
        Effective greens, whole seconds, neither below the minimum. [s]

    References
    ----------
    .. [1] F. V. Webster, Road Research Technical Paper 39, 1958: greens in proportion to the flow
       ratios give least delay, nearly.
    """
    green = cycle_s - 2 * LOST_PHASE_S
    least = round(assumed("min_green"))
    total = np.maximum(main_ratio + side_ratio, 1e-9)
    main = np.rint(green * main_ratio / total).astype(np.int64)
    main = np.clip(main, least, green - least)
    return main, green - main
