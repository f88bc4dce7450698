"""Which radios of access points hear one another, on the same or on overlapping channels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.model.city import AccessPoint
from twin.radio.wifi.airtime import ED_DBM
from twin.radio.wifi.radio import CCA_DBM, INDOOR_RADIUS_M, entry_loss_db, mean_gain_db, overlap
from twin.sim.wifi.air import BANDS_HZ, block_hz
from twin.sim.wifi.assumptions import figure

__all__ = ["Channels", "Neighbours"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]


class Channels:
    """What is on the air now: edges of the conflict graph and what disturbs without waiting.

    Parameters
    ----------
    n : int
        Radios, numbered 3 x access point + band.
    waiting : pair of ndarray of int
        `listener` and `talker`: radios that wait for one another; both ways.
    disturbing : triple of ndarray
        `disturbed` and `disturbing`: radios whose channels overlap, of which the first hears the
        second too little to wait; and `gain_mw`, the interference while the second sends. [mW]
    """

    def __init__(
        self, n: int, waiting: tuple[_Ints, _Ints], disturbing: tuple[_Ints, _Ints, _Floats]
    ) -> None:
        self.listener, self.talker = waiting
        self.disturbed, self.disturbing, self.gain_mw = disturbing
        self.part = _parts(n, *waiting)

    def heard(self, airtime: _Floats) -> _Floats:
        """Air time that those a radio waits for take, shape (3 n,)."""
        return np.asarray(np.bincount(self.listener, airtime[self.talker], airtime.size), float)

    def interference_mw(self, airtime: _Floats) -> _Floats:
        """Mean power of those a radio does not wait for, shape (3 n,). [mW]."""
        power = self.gain_mw * airtime[self.disturbing]
        return np.asarray(np.bincount(self.disturbed, power, airtime.size), float)


def _parts(n: int, listener: _Ints, talker: _Ints) -> _Ints:
    part = np.arange(n)
    while True:  # the lowest number spreads; parts are small
        lower = part.copy()
        np.minimum.at(lower, listener, part[talker])
        if (lower == part).all():
            return part
        part = lower[lower]


class Neighbours:
    """Losses between access points near one another; fixed, as they do not move.

    Parameters
    ----------
    aps : sequence of AccessPoint
        Access points.
    x_m, y_m : ndarray
        Where they really are. [m]
    """

    def __init__(self, aps: Sequence[AccessPoint], x_m: _Floats, y_m: _Floats) -> None:
        is_fixed = np.array([ap.placement != "vehicle" for ap in aps], dtype=bool)
        self.i, self.j = _near_pairs(x_m, y_m, is_fixed)
        self.loss_db = self._losses(aps, x_m, y_m)

    def _losses(self, aps: Sequence[AccessPoint], x_m: _Floats, y_m: _Floats) -> _Floats:
        """Mean loss of each pair by band, walls on both sides unless they share a room. [dB]."""
        i, j = self.i, self.j
        away = np.hypot(x_m[i] - x_m[j], y_m[i] - y_m[j])
        height = np.array([ap.height_m for ap in aps])
        indoor = np.array([ap.placement == "indoor" for ap in aps], dtype=bool)
        loss = np.empty((i.size, 3))
        for band, freq_hz in enumerate(BANDS_HZ):
            shares = indoor[i] & indoor[j] & (away <= INDOOR_RADIUS_M)
            for is_indoor, rows in ((True, shares), (False, ~shares)):
                gain = mean_gain_db(away[rows], freq_hz, height[j[rows]], is_indoor=is_indoor)
                loss[rows, band] = -gain
            walls = np.where(shares, 0, indoor[i].astype(int) + indoor[j])
            loss[:, band] += walls * entry_loss_db(freq_hz)
        return loss

    def of(self, i: int, band: int) -> list[tuple[int, float]]:
        """Return the access points near one and the loss to each in a band. [dB]."""
        rows = np.flatnonzero((self.i == i) | (self.j == i))
        others = np.where(self.i[rows] == i, self.j[rows], self.i[rows])
        return list(zip(others.tolist(), self.loss_db[rows, band].tolist(), strict=True))

    def on(self, channel: _Ints, width_mhz: _Ints, power_dbm: _Floats, exists: _Bools) -> Channels:
        """Say who hears whom on given channels.

        Parameters
        ----------
        channel, width_mhz : ndarray of int, shape (n, 3)
            Channel and width in use. [MHz]
        power_dbm : ndarray of shape (n, 3)
            Radiated power while on the air. [dBm]
        exists : ndarray of bool, shape (n, 3)
            Radios there are.

        Returns
        -------
        Channels
            Two wait for one another if either hears the other over the threshold, by preamble on
            the same channel and by energy on another.

        References
        ----------
        .. [1] IEEE 802.11-2020, 17.3.10.6; as `twin.radio.wifi.airtime.conflicts`.
        """
        waits: tuple[list[_Ints], list[_Ints]] = ([], [])
        disturbs: tuple[list[_Ints], list[_Ints], list[_Floats]] = ([], [], [])
        for band in range(3):
            rows = np.flatnonzero(exists[self.i, band] & exists[self.j, band])
            i, j, loss = self.i[rows], self.j[rows], self.loss_db[rows, band]
            tuned = np.column_stack([channel[:, band], width_mhz[:, band]])
            at_i, at_j = _overlaps(band, tuned[i], tuned[j])
            heard_i = power_dbm[j, band] - loss + _db(at_i)
            heard_j = power_dbm[i, band] - loss + _db(at_j)
            need_i = np.where(at_i >= 1.0, CCA_DBM, ED_DBM)
            need_j = np.where(at_j >= 1.0, CCA_DBM, ED_DBM)
            waiting = (heard_i >= need_i) | (heard_j >= need_j)
            a, b = 3 * i + band, 3 * j + band
            waits[0].extend((a[waiting], b[waiting]))
            waits[1].extend((b[waiting], a[waiting]))
            for here, there, heard in ((a, b, heard_i), (b, a, heard_j)):
                matters = ~waiting & (heard > _FAINT_DBM)
                disturbs[0].append(here[matters])
                disturbs[1].append(there[matters])
                disturbs[2].append(10.0 ** (heard[matters] / 10.0))
        return Channels(
            exists.size,
            (np.concatenate(waits[0]), np.concatenate(waits[1])),
            (np.concatenate(disturbs[0]), np.concatenate(disturbs[1]), np.concatenate(disturbs[2])),
        )


_FAINT_DBM = -105.0  # below this no disturbance of a 20 MHz channel: its noise is at -94


def _db(part: _Floats) -> _Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(10.0 * np.log10(part))


def _overlaps(band: int, tuned_i: _Ints, tuned_j: _Ints) -> tuple[_Floats, _Floats]:
    """Part of j's power in i's channel, and of i's in j's; rows are channel and width."""
    both = np.concatenate([tuned_i, tuned_j])
    kinds, kind = np.unique(both, axis=0, return_inverse=True)
    blocks = [block_hz(band, int(channel), int(width)) for channel, width in kinds]
    kinds_hz = [((low + high) / 2.0, round((high - low) / 1e6)) for low, high in blocks]
    table = np.array([[overlap(*a, *b) for b in kinds_hz] for a in kinds_hz])
    table = table.reshape(len(kinds_hz), len(kinds_hz))
    i, j = kind.reshape(2, -1)
    return table[i, j], table[j, i]


def _near_pairs(x_m: _Floats, y_m: _Floats, is_fixed: _Bools) -> tuple[_Ints, _Ints]:
    """Find the pairs within reach by a sweep along x."""
    order = np.argsort(x_m, kind="stable")
    order = order[is_fixed[order]]
    x, y = x_m[order], y_m[order]
    stops = np.searchsorted(x, x + figure("hear_m"), side="right")
    first, second = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for k, stop in enumerate(stops):
        near = k + 1 + np.flatnonzero(np.abs(y[k + 1 : stop] - y[k]) <= figure("hear_m"))
        near = near[np.hypot(x[near] - x[k], y[near] - y[k]) <= figure("hear_m")]
        first.append(np.full(near.size, order[k]))
        second.append(order[near])
    return np.concatenate(first), np.concatenate(second)
