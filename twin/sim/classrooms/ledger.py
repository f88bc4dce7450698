"""What is counted at schools: log-ons, page loads, full lines, time offline, bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ledger"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]

_LONGEST_S = 1200  # log-ons that take longer share the last bin


class Ledger:
    """Sums by school since the start.

    Parameters
    ----------
    n : int
        Number of schools.
    """

    def __init__(self, n: int) -> None:
        self.logons = np.zeros((n, _LONGEST_S + 1), dtype=np.int64)
        self.page_s = np.zeros((n, 2))  # in the first five minutes of a lesson, and later
        self.page_weight = np.zeros((n, 2))
        self.lesson_s = np.zeros(n)
        self.full_s = np.zeros(n)
        self.offline_s = np.zeros(n)
        self.airtime_s = np.zeros(n)
        self.carried_bits = np.zeros(n)
        self.admin_bits = np.zeros(n)
        self.guest_bits = np.zeros(n)
        self.devices_s = np.zeros(n)
        self.peak_percent = np.zeros(n)

    def log_on(self, school: _Ints, took_s: _Floats) -> None:
        """Count log-ons by school and whole seconds."""
        bins = np.clip(np.rint(took_s), 0, _LONGEST_S).astype(np.int64)
        np.add.at(self.logons, (school, bins), 1)

    def logon_quantile_s(self, share: float, schools: _Ints | None = None) -> float:
        """Return the time that a share of log-ons does not exceed; 0 without any.

        Parameters
        ----------
        share : float
            0 to 1.
        schools : ndarray, optional
            Only these.

        Returns
        -------
        float
            Time. [s]
        """
        rows = self.logons if schools is None else self.logons[schools]
        total = np.cumsum(rows.sum(axis=0))
        if not total[-1]:
            return 0.0
        return float(np.searchsorted(total, share * total[-1]))

    def load_pages(self, page_s: _Floats, weight: _Floats, is_start: NDArray[np.bool_]) -> None:
        """Weigh the momentary page load time of each school by its devices."""
        for column, phase in enumerate((is_start, ~is_start)):
            used = np.where(phase, weight, 0.0)
            self.page_s[:, column] += used * page_s
            self.page_weight[:, column] += used

    def page_mean_s(self, column: int, schools: _Ints | None = None) -> float:
        """Return the mean page load time: column 0 at the start of lessons, 1 later. [s]."""
        rows = slice(None) if schools is None else schools
        weight = float(self.page_weight[rows, column].sum())
        return float(self.page_s[rows, column].sum()) / weight if weight else 0.0
