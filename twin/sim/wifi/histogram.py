"""Counts of values by class, from which percentiles of a whole run are read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Histogram"]

_Floats = NDArray[np.float64]


class Histogram:
    """Values of many moments in classes of given edges; takes no more room as time goes by.

    Parameters
    ----------
    edges : ndarray
        Rising edges of the classes; values outside count in the first or last class.
    """

    def __init__(self, edges: _Floats) -> None:
        self._edges = edges
        self._counts = np.zeros(edges.size - 1)
        self._sum = 0.0

    @classmethod
    def percents(cls) -> Histogram:
        """Make one for 0 to 100 % in steps of 0.5 %."""
        return cls(np.linspace(0.0, 100.0, 201))

    @classmethod
    def decades(cls, low: float, high: float) -> Histogram:
        """Make one of 40 classes per decade between two positive values."""
        n = round(40 * np.log10(high / low))
        return cls(np.geomspace(low, high, n + 1))

    def add(self, values: _Floats) -> None:
        """Count values."""
        place = np.searchsorted(self._edges, values, side="right") - 1
        place = np.clip(place, 0, self._counts.size - 1)
        self._counts += np.bincount(place, minlength=self._counts.size)
        self._sum += float(values.sum())

    @property
    def n(self) -> int:
        """Values counted."""
        return int(self._counts.sum())

    def mean(self) -> float:
        """Mean of all values; 0 for none."""
        return self._sum / self.n if self.n else 0.0

    def percentile(self, percent: float) -> float:
        """Value below which so many percent lie, between the edges of its class; 0 for none."""
        if not self.n:
            return 0.0
        below = np.concatenate([[0.0], np.cumsum(self._counts)]) / self.n
        return float(np.interp(percent / 100.0, below, self._edges))
