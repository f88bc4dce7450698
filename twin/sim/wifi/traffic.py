"""What stations send and receive: their share of the air and of the line behind, bit by bit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.sim.wifi.air import noise_mw, rate_bps
from twin.sim.wifi.assumptions import figure
from twin.sim.wifi.networks import Networks
from twin.sim.wifi.radios import Radios
from twin.sim.wifi.sharing import contention, fair_airtime, prioritised_airtime
from twin.sim.wifi.stations import Stations

__all__ = ["Split", "Traffic"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]

USES = 3
_BEACON = np.array([figure(f"beacon_{band}_share") for band in ("24", "5", "5")])
_FULL = figure("full_share")
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Split:
    """How the air is shared, by radio; stations marked as first come first.

    Parameters
    ----------
    granted : ndarray of shape (n, 3)
        Air time of each radio.
    utilization : ndarray of shape (n, 3)
        What it sends, hears and takes for foreign.
    utilization_first : ndarray of shape (n, 3)
        The same without what waits for the first.
    slowdown : ndarray of shape (n, 3)
        Payload under contention, relative to a lone sender.
    part : ndarray of shape (2, 3 n)
        What part of their demand stations get, ordinary ones and first ones.
    """

    granted: _Floats
    utilization: _Floats
    utilization_first: _Floats
    slowdown: _Floats
    part: _Floats


class Traffic:
    """Bits of the stations of a fleet by use, and the air they take.

    Parameters
    ----------
    use : ndarray of int
        Use of each access point.
    site_of : ndarray of int
        Number of the site of each.

    Notes
    -----
    Demand is a flow per station: bits offered while associated either are served, wait (at most
    30 s worth), or are dropped: offered = served + dropped + queued by use at any time.
    """

    def __init__(self, use: _Ints, site_of: _Ints) -> None:
        n = use.size
        self._use, self._site_of = use, site_of
        self._n_sites = int(site_of.max(initial=-1)) + 1
        self.backhaul_bps = np.full(self._n_sites, np.inf)
        zero = np.zeros((n, 3))
        self.now = Split(zero, zero, zero, np.ones((n, 3)), np.ones((2, 3 * n)))
        self.interference_mw = np.zeros((n, 3))
        self.served_bps = np.zeros(n)
        self.offered_bits = np.zeros(USES)
        self.served_bits = np.zeros(USES)
        self.dropped_bits = np.zeros(USES)

    @property
    def airtime(self) -> _Floats:
        """Air time of each radio in the last step, shape (n, 3)."""
        return self.now.granted

    @property
    def utilization(self) -> _Floats:
        """What each radio sends, hears and takes for foreign, shape (n, 3)."""
        return self.now.utilization

    def link_bps(self, radios: Radios, ap: _Ints, band: _Ints, rssi_dbm: _Floats) -> _Floats:
        """Payload rate of stations that have the air alone, under the present interference."""
        width = radios.width_in_use[ap, band]
        disturbed = noise_mw(width) + self.interference_mw[ap, band]
        return rate_bps(rssi_dbm - 10.0 * np.log10(disturbed), width)

    def step(
        self,
        at: Stations,
        radios: Radios,
        networks: Networks,
        on_air: _Bools,
        times_s: tuple[float, float],
    ) -> None:
        """Carry the bits of one step.

        Parameters
        ----------
        at : Stations
            Stations; their backlog and what was served is changed.
        radios, networks : Radios, Networks
            State of the access points; counters are changed.
        on_air : ndarray of bool, shape (n, 3)
            Radios on the air.
        times_s : (float, float)
            End and length of the step. [s]
        """
        now_s, dt_s = times_s
        joined = np.flatnonzero(at.ap >= 0)
        ap, radio = at.ap[joined], 3 * at.ap[joined] + at.band[joined]
        storm = np.where(at.storm_s[joined] > now_s, at.storm_factor[joined], 1.0)
        offered = at.rate_bps[joined] * storm * dt_s
        waiting = offered + at.backlog_bits[joined]
        site = self._site_of[ap]
        asked = waiting * self._fits(site, waiting / dt_s, at.is_first[joined])
        want = self.wanted_airtime(at, joined, asked / dt_s)
        self.now = now = self.split(want, radios, networks, on_air)
        self.interference_mw = radios.channels().interference_mw(now.granted.ravel()).reshape(-1, 3)
        served = asked * now.part[at.is_first[joined].astype(np.int64), radio]
        queued = np.minimum(waiting - served, at.rate_bps[joined] * figure("patience_s"))
        at.backlog_bits[joined] = queued
        at.served_bits[joined] += served
        use = self._use[ap]
        self.offered_bits += np.bincount(use, offered, USES)
        self.served_bits += np.bincount(use, served, USES)
        self.dropped_bits += np.bincount(use, waiting - served - queued, USES)
        networks.carry(ap, at.net[joined], served / 8.0)
        self.served_bps = np.bincount(ap, served, self._use.size) / dt_s

    def _fits(self, site: _Ints, wanted_bps: _Floats, is_first: _Bools) -> _Floats:
        """Say what part of a demand fits the line of its site, those marked as first before all.

        What does not fit never reaches the air: TCP slows down end to end.
        """
        part = np.ones(site.size)
        left_bps = self.backhaul_bps
        for rows in (np.flatnonzero(is_first), np.flatnonzero(~is_first)):
            total_bps = np.bincount(site[rows], wanted_bps[rows], self._n_sites)
            part[rows] = np.minimum(1.0, left_bps / np.maximum(total_bps, 1e-9))[site[rows]]
            left_bps = np.maximum(left_bps - total_bps, 0.0)
        return part

    def wanted_airtime(self, at: Stations, rows: _Ints, rate_bps: _Floats) -> tuple[_Floats, _Ints]:
        """Work out the air time that rates of associated stations need.

        Parameters
        ----------
        at : Stations
            Stations.
        rows : ndarray of int
            Which of them.
        rate_bps : ndarray
            Rate of each. [bit/s]

        Returns
        -------
        want : ndarray of shape (2, 3 n)
            Air time by radio of ordinary stations and of those that come first.
        clients : ndarray of shape (3 n,)
            Stations by radio.
        """
        radio, size = 3 * at.ap[rows] + at.band[rows], 3 * self._use.size
        place = radio + size * at.is_first[rows]
        want = np.bincount(place, rate_bps / at.link_bps[rows], 2 * size)
        return want.astype(np.float64).reshape(2, size), np.bincount(radio, minlength=size)

    def split(
        self, asked: tuple[_Floats, _Ints], radios: Radios, networks: Networks, on_air: _Bools
    ) -> Split:
        """Share the air among radios; changes nothing.

        Parameters
        ----------
        asked : (ndarray of shape (2, 3 n), ndarray of shape (3 n,))
            As `wanted_airtime` returns them.
        radios, networks : Radios, Networks
            State of the access points.
        on_air : ndarray of bool, shape (n, 3)
            Radios on the air.

        Returns
        -------
        Split
            Who gets what.
        """
        by_class, clients = asked
        channels, backlogged = radios.channels(), np.minimum(by_class.sum(axis=0), 1.0)
        slow = contention(1.0 + backlogged * clients + channels.heard(backlogged))
        ordinary, first = by_class / slow
        beacons = (networks.offered().sum(axis=1)[:, None] * _BEACON * on_air).ravel()
        foreign = radios.foreign_airtime().ravel()
        capacity = np.maximum(_FULL - foreign, 0.05)
        edges = channels.listener, channels.talker
        if first.any():
            ahead, rest = prioritised_airtime(
                edges, channels.part, (first + beacons, ordinary), capacity
            )
            granted = ahead + rest
            part = np.stack([_part(rest, ordinary), _part(ahead - beacons, first)])
            busy_first = ahead + channels.heard(ahead) + foreign
        else:
            granted = fair_airtime(edges, channels.part, ordinary + beacons, capacity)
            part = np.stack([_part(granted - beacons, ordinary), np.ones(first.size)])
            busy_first = beacons + channels.heard(beacons) + foreign
        busy = granted + channels.heard(granted) + foreign
        return Split(
            granted.reshape(-1, 3),
            np.where(on_air, np.minimum(busy, 1.0).reshape(-1, 3), 0.0),
            np.where(on_air, np.minimum(busy_first, 1.0).reshape(-1, 3), 0.0),
            slow.reshape(-1, 3),
            part,
        )

    def leave(self, leaving: Stations) -> None:
        """Drop what still waits at stations that go."""
        use = self._use[leaving.home]
        self.dropped_bits += np.bincount(use, leaving.backlog_bits, USES)

    def user_bps(self, at: Stations, rows: _Ints) -> _Floats:
        """Throughput an associated station would see if it began a download now.

        Parameters
        ----------
        at : Stations
            Stations.
        rows : ndarray of int
            Which of them; all associated.

        Returns
        -------
        ndarray
            Its rate over the air left free, or over a fair share of it among the stations that
            are busy, at most what the line behind leaves. [bit/s]
        """
        site = self._site_of[at.ap[rows]]
        used = np.bincount(self._site_of, self.served_bps, self._n_sites)
        line = np.maximum(self.backhaul_bps - used, 0.1 * self.backhaul_bps)
        return np.asarray(np.minimum(self.air_bps(at, rows, self.now), line[site]))

    def air_bps(self, at: Stations, rows: _Ints, now: Split) -> _Floats:
        """Throughput over the air alone of a download that begins now.

        Parameters
        ----------
        at : Stations
            Stations.
        rows : ndarray of int
            Which of them; all associated.
        now : Split
            How the air is shared.

        Returns
        -------
        ndarray
            Rate. [bit/s]
        """
        ap, band = at.ap[rows], at.band[rows]
        busy = np.maximum(now.granted[ap, band] * 4.0, 1.0)  # a busy radio serves some at once
        free = np.maximum(1.0 - now.utilization[ap, band], _FULL / (1.0 + busy))
        is_first = at.is_first[rows]
        ahead = np.maximum(figure("first_share") * _FULL - now.utilization_first[ap, band], free)
        free = np.where(is_first, ahead, free)
        return np.asarray(at.link_bps[rows] * now.slowdown[ap, band] * free)


def _part(useful: _Floats, wanted: _Floats) -> _Floats:
    """Return what part of a demand is met; what is missing by rounding alone is none."""
    met = np.ones(wanted.size)
    short = useful < wanted * (1.0 - _ROUNDING)
    np.divide(np.maximum(useful, 0.0), wanted, out=met, where=short)
    return met
