"""Which access points have power, a link, and work."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.sim.wifi.assumptions import figure

__all__ = ["BOOT_S", "Feed"]

_Bools = NDArray[np.bool_]

BOOT_S = figure("ap_boot_s")
"""An access point boots for so long once it has power. [s]"""


class Feed:
    """Supply and health of many access points.

    Parameters
    ----------
    n : int
        Access points; all work at first.
    """

    def __init__(self, n: int) -> None:
        self._powered = np.ones(n, dtype=bool)
        self._linked = np.ones(n, dtype=bool)
        self._failed = np.zeros(n, dtype=bool)
        self._boot_s = np.zeros(n)

    def is_up(self, now_s: float) -> _Bools:
        """Say which work, have power and a link, and have booted."""
        return self._powered & self._linked & ~self._failed & (self._boot_s <= now_s)

    def is_one_up(self, i: int, now_s: float) -> bool:
        """Say whether one works, has power and a link, and has booted."""
        is_fed = self._powered[i] and self._linked[i]
        return bool(is_fed and not self._failed[i] and self._boot_s[i] <= now_s)

    def draws_power(self, i: int) -> bool:
        """Say whether one takes power."""
        return bool(self._powered[i] and not self._failed[i])

    def has_failed(self, i: int) -> bool:
        """Say whether one is broken."""
        return bool(self._failed[i])

    def working(self) -> NDArray[np.int64]:
        """Return those that are not broken."""
        return np.flatnonzero(~self._failed)

    def supply(self, i: int, *, powered: bool, linked: bool, now_s: float) -> bool:
        """Switch power and link of one; return whether it boots now."""
        boots = powered and not self._powered[i]
        self._powered[i], self._linked[i] = powered, linked
        return self._boot(i, now_s) if boots else False

    def set_working(self, i: int, *, works: bool, now_s: float) -> bool:
        """Break or repair one; return whether it boots now."""
        boots = works and bool(self._failed[i])
        self._failed[i] = not works
        return self._boot(i, now_s) if boots else False

    def _boot(self, i: int, now_s: float) -> bool:
        self._boot_s[i] = now_s + BOOT_S
        return True
