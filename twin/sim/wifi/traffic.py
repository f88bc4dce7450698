"""What stations send and receive: their share of the air and of the line behind, bit by bit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.sim.wifi.air import noise_mw, rate_bps
from twin.sim.wifi.assumptions import figure
from twin.sim.wifi.networks import Networks
from twin.sim.wifi.radios import Radios
from twin.sim.wifi.sharing import contention, fair_airtime
from twin.sim.wifi.stations import Stations

__all__ = ["Traffic"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]

USES = 3
_BEACON = np.array([figure(f"beacon_{band}_share") for band in ("24", "5", "5")])
_FULL = figure("full_share")


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
        self.airtime = np.zeros((n, 3))
        self.utilization = np.zeros((n, 3))
        self.slowdown = np.ones((n, 3))
        self.interference_mw = np.zeros((n, 3))
        self.served_bps = np.zeros(n)
        self.offered_bits = np.zeros(USES)
        self.served_bits = np.zeros(USES)
        self.dropped_bits = np.zeros(USES)

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
        # What does not fit the line of a site never reaches its air: TCP slows down end to end.
        site = self._site_of[ap]
        through = np.bincount(site, waiting, self._n_sites) / dt_s
        asked = waiting * np.minimum(1.0, self.backhaul_bps / np.maximum(through, 1e-9))[site]
        air_s = np.bincount(radio, asked / at.link_bps[joined], on_air.size)
        clients = np.bincount(radio, minlength=on_air.size)
        share = self._share((air_s.astype(np.float64) / dt_s, clients), radios, networks, on_air)
        served = asked * share[radio]
        queued = np.minimum(waiting - served, at.rate_bps[joined] * figure("patience_s"))
        at.backlog_bits[joined] = queued
        at.served_bits[joined] += served
        use = self._use[ap]
        self.offered_bits += np.bincount(use, offered, USES)
        self.served_bits += np.bincount(use, served, USES)
        self.dropped_bits += np.bincount(use, waiting - served - queued, USES)
        networks.carry(ap, at.net[joined], served / 8.0)
        self.served_bps = np.bincount(ap, served, self._use.size) / dt_s

    def _share(
        self, asked: tuple[_Floats, _Ints], radios: Radios, networks: Networks, on_air: _Bools
    ) -> _Floats:
        """Part of what each radio's stations want that the air lets through, shape (3 n,)."""
        want, clients = asked
        channels, backlogged = radios.channels(), np.minimum(want, 1.0)
        slow = contention(1.0 + backlogged * clients + channels.heard(backlogged))
        payload = want / slow
        beacons = (networks.offered().sum(axis=1)[:, None] * _BEACON * on_air).ravel()
        foreign = radios.foreign_airtime().ravel()
        capacity = np.maximum(_FULL - foreign, 0.05)
        edges = channels.listener, channels.talker
        granted = fair_airtime(edges, channels.part, payload + beacons, capacity)
        useful = np.maximum(granted - beacons, 0.0)
        busy = granted + channels.heard(granted) + foreign
        self.airtime = granted.reshape(-1, 3)
        self.utilization = np.where(on_air, np.minimum(busy, 1.0).reshape(-1, 3), 0.0)
        self.slowdown = slow.reshape(-1, 3)
        self.interference_mw = channels.interference_mw(granted).reshape(-1, 3)
        return np.asarray(np.minimum(1.0, useful / np.maximum(payload, 1e-12)))

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
        ap, band = at.ap[rows], at.band[rows]
        busy = np.maximum(self.airtime[ap, band] * 4.0, 1.0)  # a busy radio serves some at once
        free = np.maximum(1.0 - self.utilization[ap, band], _FULL / (1.0 + busy))
        rate = at.link_bps[rows] * self.slowdown[ap, band] * free
        used = np.bincount(self._site_of, self.served_bps, self._n_sites)
        line = np.maximum(self.backhaul_bps - used, 0.1 * self.backhaul_bps)
        return np.asarray(np.minimum(rate, line[self._site_of[ap]]))
