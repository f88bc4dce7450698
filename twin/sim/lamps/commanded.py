"""Lamps that a controller of their own was told a level, whatever their cabinet asks for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.sim.lamps.dali import LIGHT_OF_PERCENT

__all__ = ["Commanded"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]

_NONE = -1


class Commanded:
    """Levels of single lamps.

    Parameters
    ----------
    cabinet_of : ndarray
        Cabinet of each lamp.

    Notes
    -----
    The last word counts: a level holds until the lamp is told another, its cabinet is given a new
    policy, or it loses power. Then it goes by its cabinet again.
    """

    def __init__(self, cabinet_of: _Ints) -> None:
        self._cabinet_of = cabinet_of
        self.percent = np.full(cabinet_of.size, _NONE, dtype=np.int64)

    @property
    def rows(self) -> _Ints:
        """The lamps that have a level of their own."""
        return np.flatnonzero(self.percent >= 0)

    def tell(self, lamps: _Ints, level_percent: int) -> None:
        """Give lamps a level. [%]."""
        self.percent[lamps] = level_percent

    def forget(self, cabinets: _Ints) -> None:
        """Let the lamps of cabinets go by their cabinet again."""
        self.percent[np.isin(self._cabinet_of, cabinets)] = _NONE

    def light(self, of_cabinet: _Floats) -> _Floats:
        """Return the light of each lamp, 0 to 1, given that of its cabinet."""
        light = of_cabinet[self._cabinet_of]
        rows = self.rows
        light[rows] = LIGHT_OF_PERCENT[self.percent[rows]]
        return light

    def more_w(self, of_cabinet: _Floats, full_w: _Floats, is_other: _Bools) -> _Floats:
        """Return what lamps with a level of their own take more than by their cabinet's.

        Parameters
        ----------
        of_cabinet : ndarray of shape (C,)
            Light that each cabinet asks for, 0 to 1.
        full_w : ndarray of shape (N,)
            Power that full light of each lamp takes, 0 for a broken one. [W]
        is_other : ndarray of bool of shape (N,)
            Lamps whose light something else decides now.

        Returns
        -------
        ndarray of shape (C,)
            Power that makes light, by cabinet; below 0 where they are darker. [W]
        """
        rows = self.rows
        rows = rows[~is_other[rows]]
        of = self._cabinet_of[rows]
        more = LIGHT_OF_PERCENT[self.percent[rows]] - of_cabinet[of]
        return np.bincount(of, more * full_w[rows], of_cabinet.size).astype(np.float64)
