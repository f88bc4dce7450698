"""Sums since the start of a run, from which the figures of the mobile network come."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.sim.cellular.sessions import Moves

__all__ = ["Figures"]

_RATE_BINS = np.linspace(3.0, 10.0, 701)  # decades of bit/s
_LOAD_BINS = np.linspace(0.0, 1.0, 201)


class Figures:
    """Counters and histograms.

    Parameters
    ----------
    n_cells : int
        Number of cells.

    Attributes
    ----------
    offered, served, dropped : ndarray of int64
        Octets by cell.
    handovers, dropped_sessions : ndarray of int64
        By cell.
    energy_j : ndarray of float64
        By cell. [J]
    wanted_bits, asked_bits : float
        Mean demand of all connections, and what is left of it where signals are weak and cells
        full.
    """

    def __init__(self, n_cells: int) -> None:
        self.offered = np.zeros(n_cells, dtype=np.int64)
        self.served = np.zeros(n_cells, dtype=np.int64)
        self.dropped = np.zeros(n_cells, dtype=np.int64)
        self.handovers = np.zeros(n_cells, dtype=np.int64)
        self.dropped_sessions = np.zeros(n_cells, dtype=np.int64)
        self.energy_j = np.zeros(n_cells)
        self.load_s = np.zeros(n_cells)
        self.on_air_s = np.zeros(n_cells)
        self.sleep_s = np.zeros(n_cells)
        self.total_s = 0.0
        self.wanted_bits = self.asked_bits = 0.0
        self.ping_pongs = self.soon_returns = 0
        self.failures = self.outage_failures = 0
        self._hourly: dict[int, int] = {}
        self._rates = np.zeros(_RATE_BINS.size - 1, dtype=np.int64)
        self._loads = np.zeros(_LOAD_BINS.size - 1, dtype=np.int64)
        self._unserved = 0.0
        self._samples = 0

    def add_moves(self, moves: Moves) -> None:
        """Count what happened to connections."""
        self.handovers += moves.handovers
        self.dropped_sessions += moves.dropped
        self.ping_pongs += moves.ping_pongs
        self.soon_returns += moves.soon_returns
        self.failures += moves.failures
        self.outage_failures += moves.outage_failures

    def add_hour(self, begin_s: float, octets: int) -> None:
        """Count served octets in the hour since the start that a step began in."""
        hour = int(begin_s // 3600.0)
        self._hourly[hour] = self._hourly.get(hour, 0) + octets

    def add_sample(
        self, rates_bps: NDArray[np.float64], loads: NDArray[np.float64], unserved: float
    ) -> None:
        """Count rates of users, loads of cells on the air, and the share of users without one."""
        decades = np.log10(np.maximum(rates_bps, 1e3))
        self._rates += np.histogram(decades, _RATE_BINS)[0]
        self._loads += np.histogram(loads, _LOAD_BINS)[0]
        self._unserved += unserved
        self._samples += 1

    def busy_hour_bps(self) -> float:
        """Mean rate of the busiest hour; of the part that was, in a run of less [bit/s]."""
        if not self._hourly or self.total_s <= 0.0:
            return 0.0
        whole = {hour: n for hour, n in self._hourly.items() if (hour + 1) * 3600 <= self.total_s}
        if not whole:
            return 8.0 * sum(self._hourly.values()) / self.total_s
        return 8.0 * max(whole.values()) / 3600.0

    def rate_bps(self, percent: float) -> float:
        """Percentile of the rate of users [bit/s]."""
        return float(10.0 ** _percentile(self._rates, _RATE_BINS, percent))

    def load(self, percent: float) -> float:
        """Percentile of the load over cells and time, 0 to 1."""
        return _percentile(self._loads, _LOAD_BINS, percent)

    def unserved_share(self) -> float:
        """Mean share of users without a cell."""
        return self._unserved / self._samples if self._samples else 0.0


def _percentile(counts: NDArray[np.int64], edges: NDArray[np.float64], percent: float) -> float:
    total = int(counts.sum())
    if not total:
        return float(edges[0])
    place = int(np.searchsorted(np.cumsum(counts), total * percent / 100.0))
    return float(0.5 * (edges[place] + edges[place + 1]))
