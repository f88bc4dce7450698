"""Which cell serves a place: best server, signal and spectral efficiency of one layer of cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.model.city import Cell
from twin.radio.link.noise import noise_dbm

__all__ = ["MIN_RSRP_DBM", "NO_SIGNAL_DBM", "Layer", "RsrpFunction"]

RsrpFunction = Callable[
    [Sequence[Cell], NDArray[np.float64], NDArray[np.float64]], NDArray[np.float32]
]
"""RSRP of cells at points, shape (points, cells). [dBm]"""

MIN_RSRP_DBM = -120.0
"""A weaker cell does not keep a connection: an assumption. [dBm]"""

NO_SIGNAL_DBM = -156.0
"""Lowest value of the SS-RSRP report, TS 38.133 V17 Table 10.1.6.1-1. [dBm]"""

_STEPS_PER_DB = 64.0


class Layer:
    """The cells of one operator and band, which compete for the same users.

    Parameters
    ----------
    name : str
        Operator and band.
    members : ndarray
        Index of each cell in the fleet.
    cells : sequence of Cell
        The same cells, for carrier data.
    n_places : int
        How many places there are.
    """

    def __init__(
        self, name: str, members: NDArray[np.int64], cells: Sequence[Cell], n_places: int
    ) -> None:
        self.name = name
        self.members = members
        self._loads = [cell.load for cell in cells]
        self._noise_mw = 10.0 ** (noise_dbm(cells[0].scs_hz) / 10.0)
        empty = (np.zeros(0, dtype=np.int64), np.zeros(0))
        self.columns: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = [empty] * len(members)
        self.best_cell = np.full(n_places, -1, dtype=np.int64)
        self.best_rsrp_dbm = np.full(n_places, NO_SIGNAL_DBM)
        self.efficiency = np.zeros(n_places)

    def rebuild(self, power_dbm: NDArray[np.float64], is_on_air: NDArray[np.bool_]) -> None:
        """Choose the best server of every place again.

        Parameters
        ----------
        power_dbm : ndarray
            True radiated power of each cell of the fleet. [dBm]
        is_on_air : ndarray of bool
            Which of them transmit.

        Notes
        -----
        Signals are quantised to 1/64 dB before they are compared, the first cell wins a tie.
        Spectral efficiency is 0.6 log2(1 + SINR), at most 4.4 bit/s/Hz (TR 36.942 V17 A.2).
        """
        best = np.full(self.best_cell.size, NO_SIGNAL_DBM)
        server = np.full(self.best_cell.size, -1, dtype=np.int64)
        own_mw = np.zeros(best.size)
        others_mw = np.zeros(best.size)
        for column, (where, gain_db) in enumerate(self.columns):
            cell = self.members[column]
            if not is_on_air[cell] or not where.size:
                continue
            rsrp = np.rint((gain_db + power_dbm[cell]) * _STEPS_PER_DB) / _STEPS_PER_DB
            heard_mw = self._loads[column] * 10.0 ** (rsrp / 10.0)
            wins = rsrp > best[where]
            # Never the total less the server: the server of until now joins the others.
            others_mw[where] += np.where(wins, own_mw[where], heard_mw)
            winners = where[wins]
            best[winners], server[winners] = rsrp[wins], cell
            own_mw[winners] = heard_mw[wins]
        covered = best >= MIN_RSRP_DBM
        self.best_cell = np.where(covered, server, -1)
        self.best_rsrp_dbm = best
        sinr = 10.0 ** (best / 10.0) / (self._noise_mw + others_mw)
        self.efficiency = np.minimum(0.6 * np.log2(1.0 + sinr), 4.4)
