"""The stations around access points: where they are, what they hear, which one they join."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from twin.sim.wifi.assumptions import figure

__all__ = ["JOIN_DBM", "SCAN_DBM", "Stations", "choose"]

_Floats = NDArray[np.float64]
_Singles = NDArray[np.float32]
_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]

JOIN_DBM = figure("join_dbm")
"""A station that hears less stays away. [dBm]"""
SCAN_DBM = figure("scan_dbm")
"""A station looks for another access point below this. [dBm]"""

_PREFERENCE_DB = 20.0


@dataclass(slots=True)
class Stations:
    """A table of stations, one row each.

    Parameters
    ----------
    home : ndarray
        Access point near which the station is.
    net : ndarray
        Number of the network name it wants.
    user : ndarray
        Number of its owner, as the system that brought it counts; -1 where nobody cares.
    begin_s, end_s : ndarray
        Its session. [s]
    storm_s, storm_factor : ndarray
        Until then it logs on, with so many times its rate. [s]
    rate_bps : ndarray
        Mean demand. [bit/s]
    is_active : ndarray of bool
        Sends and receives while it roams, so it takes the smaller step.
    is_first : ndarray of bool
        What it gets is marked for a higher access category, see `prioritised_airtime`.
    x_m, y_m : ndarray
        Where it is. [m]
    shadow_db : ndarray of shape (N, K)
        Shadowing towards the K candidate access points of its home. [dB]
    loss_db : ndarray of shape (N, K, 3)
        Loss to them, by band. [dB]
    ap, band : ndarray
        Where it is associated, -1 for nowhere; a band of -2 says that it has not looked yet.
    rssi_dbm : ndarray
        Signal it hears there. [dBm]
    link_bps : ndarray
        Payload rate it has there while alone on the air. [bit/s]
    backlog_bits, served_bits, roams : ndarray
        What waits to be carried, what was carried, and how often it changed its access point.
    """

    home: _Ints
    net: _Ints
    user: _Ints
    begin_s: _Floats
    end_s: _Floats
    storm_s: _Floats
    storm_factor: _Floats
    rate_bps: _Floats
    is_active: _Bools
    is_first: _Bools
    x_m: _Floats
    y_m: _Floats
    shadow_db: _Singles
    loss_db: _Singles
    ap: _Ints
    band: _Ints
    rssi_dbm: _Floats
    link_bps: _Floats
    backlog_bits: _Floats
    served_bits: _Floats
    roams: _Ints

    @classmethod
    def none(cls, n_candidates: int) -> Self:
        """Make an empty table."""
        ints, floats = np.zeros(0, dtype=np.int64), np.zeros(0)
        shadow = np.zeros((0, n_candidates), dtype=np.float32)
        losses = np.zeros((0, n_candidates, 3), dtype=np.float32)
        bools = np.zeros(0, dtype=bool)
        return cls(
            home=ints, net=ints, user=ints, begin_s=floats, end_s=floats, storm_s=floats,
            storm_factor=floats, rate_bps=floats, is_active=bools, is_first=bools, x_m=floats,
            y_m=floats, shadow_db=shadow, loss_db=losses, ap=ints, band=ints, rssi_dbm=floats,
            link_bps=floats, backlog_bits=floats, served_bits=floats, roams=ints,
        )  # fmt: skip

    @property
    def size(self) -> int:
        """Number of rows."""
        return self.home.size

    def only(self, rows: _Bools) -> Stations:
        """Return a table of some rows."""
        return Stations(*(getattr(self, column.name)[rows] for column in fields(self)))

    def keep(self, rows: _Bools) -> None:
        """Drop every row but these."""
        for column in fields(self):
            setattr(self, column.name, getattr(self, column.name)[rows])

    def extend(self, more: Stations) -> None:
        """Append another table."""
        for column in fields(self):
            both = (getattr(self, column.name), getattr(more, column.name))
            setattr(self, column.name, np.concatenate(both))


def choose(
    power_dbm: _Floats,
    loss_db: _Singles,
    candidates: _Ints,
    current: tuple[_Ints, _Ints],
    is_active: _Bools,
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
    current : pair of ndarray of shape (N,)
        Access point and band where the station is now, -1 for nowhere.
    is_active : ndarray of bool of shape (N,)
        Leaves for one 8 dB better, others for one 12 dB better.

    Returns
    -------
    ap, band : ndarray
        Choice, -1 for nowhere.
    rssi_dbm : ndarray
        Signal there; meaningless for nowhere. [dBm]

    Notes
    -----
    Who hears its access point at `SCAN_DBM` or better does not look for another.
    """
    rssi = power_dbm - loss_db
    here = (candidates == current[0][:, None]) & (current[0] >= 0)[:, None]
    score = rssi.copy()
    score[:, :, 1:] += np.where(rssi[:, :, 1:] >= figure("prefer_5_ghz_dbm"), _PREFERENCE_DB, 0.0)
    hold_db = np.where(is_active, figure("roam_active_db"), figure("roam_idle_db"))
    score += (here * hold_db[:, None])[:, :, None]
    is_content = here[:, :, None] & (rssi >= SCAN_DBM)
    is_content &= np.arange(rssi.shape[2]) == current[1][:, None, None]
    score[is_content] += 1e3
    score = np.where(rssi >= JOIN_DBM, score, -np.inf)
    flat = score.reshape(score.shape[0], score.shape[1] * score.shape[2])
    best = np.argmax(flat, axis=1)
    rows = np.arange(flat.shape[0])
    joined = flat[rows, best] > -np.inf
    ap = np.where(joined, candidates[rows, best // 3], -1)
    signal = rssi.reshape(flat.shape)[rows, best]
    return ap, np.where(joined, best % 3, -1), signal
