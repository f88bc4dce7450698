"""The logarithmic dimming curve of DALI: percent of light and arc power levels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["LIGHT_OF_PERCENT", "MAX_LEVEL", "level_of_percent", "percent_of_level"]

MAX_LEVEL = 254
"""Arc power level of full light; 255 is MASK and no level."""

_DECADES = 3.0  # from 0.1 % at level 1 to 100 % at level 254
_STEPS = MAX_LEVEL - 1


def percent_of_level(level: int) -> float:
    """Light of an arc power level.

    Parameters
    ----------
    level : int
        Arc power level, 0 (off) to 254.

    Returns
    -------
    float
        Light relative to full light. [%]

    Raises
    ------
    ValueError
        Level outside 0 to 254.

    References
    ----------
    .. [1] IEC 62386-102, 9.3, logarithmic dimming curve: X % = 10^((n - 1) 3/253 - 1).
    """
    if not 0 <= level <= MAX_LEVEL:
        raise ValueError(f"level is {level}, must be 0 to {MAX_LEVEL}")
    if level == 0:
        return 0.0
    return float(10.0 ** ((level - 1) * _DECADES / _STEPS - 1.0))


def level_of_percent(percent: float) -> int:
    """Arc power level that comes nearest to a light.

    Parameters
    ----------
    percent : float
        Light relative to full light, 0 to 100. [%]

    Returns
    -------
    int
        0 for no light, 1 for anything under the physical minimum of 0.1 %, up to 254.

    Raises
    ------
    ValueError
        Outside 0 to 100.

    Notes
    -----
    Nearest on the curve, that is in the logarithm: 50 % is level 229, not 127.

    References
    ----------
    .. [1] IEC 62386-102, 9.3, solved for n: n = 1 + 253/3 (log10 X + 1).
    """
    if not 0.0 <= percent <= 100.0:
        raise ValueError(f"percent is {percent}, must be 0 to 100")
    if percent == 0.0:
        return 0
    exact = 1.0 + _STEPS / _DECADES * (math.log10(percent) + 1.0)
    return max(1, round(exact))


def _table() -> NDArray[np.float64]:
    shares = [percent_of_level(level_of_percent(percent)) / 100.0 for percent in range(101)]
    table = np.array(shares)
    table.setflags(write=False)
    return table


LIGHT_OF_PERCENT = _table()
"""Light that a driver really gives for each whole percent it is asked for, 0 to 1."""
