"""The stations around access points: where they are, what they hear, which one they join."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["JOIN_DBM", "Stations", "choose"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]

JOIN_DBM = -80.0
"""A station that hears less stays away: an assumption. [dBm]"""

_PREFER_HIGH_BAND_DBM = -65.0  # iOS prefers 5 GHz from here on (support.apple.com HT203068)
_PREFERENCE_DB = 20.0
_ROAM_DB = 8.0  # an active iOS station roams to an AP 8 dB better (same source)


@dataclass(slots=True)
class Stations:
    """A table of stations, one row each.

    Parameters
    ----------
    home : ndarray
        Access point near which the station is.
    net : ndarray
        Number of the network name it wants.
    begin_s, end_s : ndarray
        Its session. [s]
    storm_s : ndarray
        Until then it logs on, with five times its rate. [s]
    rate_bps : ndarray
        Mean demand. [bit/s]
    loss_db : ndarray of shape (N, K, 3)
        Loss to the K candidate access points of its home, by band. [dB]
    ap, band : ndarray
        Where it is associated, -1 for nowhere.
    rssi_dbm : ndarray
        Signal it hears there. [dBm]
    """

    home: _Ints
    net: _Ints
    begin_s: _Floats
    end_s: _Floats
    storm_s: _Floats
    rate_bps: _Floats
    loss_db: _Floats
    ap: _Ints
    band: _Ints
    rssi_dbm: _Floats

    @classmethod
    def none(cls, n_candidates: int) -> Self:
        """Make an empty table."""
        ints, floats = np.zeros(0, dtype=np.int64), np.zeros(0)
        losses = np.zeros((0, n_candidates, 3))
        return cls(ints, ints, floats, floats, floats, floats, losses, ints, ints, floats)

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Drop every row but these."""
        for name in fields(self):
            setattr(self, name.name, getattr(self, name.name)[rows])

    def extend(self, more: Stations) -> None:
        """Append another table."""
        for name in fields(self):
            both = (getattr(self, name.name), getattr(more, name.name))
            setattr(self, name.name, np.concatenate(both))


def choose(
    power_dbm: _Floats, loss_db: _Floats, candidates: _Ints, current: _Ints
) -> tuple[_Ints, _Ints, _Floats]:
    """Choose access point and band of each station.

    Parameters
    ----------
    power_dbm : ndarray of shape (N, K, 3)
        Radiated power of each candidate's radios, -inf where one is not to be had. [dBm]
    loss_db : ndarray of shape (N, K, 3)
        Loss. [dB]
    candidates : ndarray of shape (N, K)
        Access point of each candidate, -1 for none.
    current : ndarray of shape (N,)
        Where the station is now, -1 for nowhere.

    Returns
    -------
    ap, band : ndarray
        Choice, -1 for nowhere.
    rssi_dbm : ndarray
        Signal there; meaningless for nowhere. [dBm]
    """
    rssi = power_dbm - loss_db
    score = rssi.copy()
    score[:, :, 1:] += np.where(rssi[:, :, 1:] >= _PREFER_HIGH_BAND_DBM, _PREFERENCE_DB, 0.0)
    score += np.where((candidates == current[:, None]) & (current >= 0)[:, None], _ROAM_DB, 0.0)[
        :, :, None
    ]
    score = np.where(rssi >= JOIN_DBM, score, -np.inf)
    flat = score.reshape(score.shape[0], score.shape[1] * score.shape[2])
    best = np.argmax(flat, axis=1)
    rows = np.arange(flat.shape[0])
    joined = flat[rows, best] > -np.inf
    ap = np.where(joined, candidates[rows, best // 3], -1)
    signal = rssi.reshape(flat.shape)[rows, best]
    return ap, np.where(joined, best % 3, -1), signal
