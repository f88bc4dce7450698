"""The access points of the world: supply, networks, stations, traffic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.model.city import AccessPoint
from twin.model.errors import ModelError
from twin.sim.power import access_point_power_w
from twin.sim.wifi.air import LossTable
from twin.sim.wifi.assumptions import figure
from twin.sim.wifi.feed import BOOT_S, Feed
from twin.sim.wifi.networks import Networks
from twin.sim.wifi.radios import Radios
from twin.sim.wifi.stations import SCAN_DBM, Stations, choose
from twin.sim.wifi.traffic import USES, Split, Traffic

__all__ = ["PUBLIC", "SCHOOL", "VEHICLE", "WifiFleet"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]

PUBLIC, SCHOOL, VEHICLE = 0, 1, 2
"""Uses of an access point; the system of each brings the stations of its own."""

_REACH_M = tuple(figure(f"{use}_reach_m") for use in ("public", "school", "vehicle"))
_CANDIDATES = 4

_NEVER_LOOKED = -2

_Leaves = Callable[[Stations], None]


class WifiFleet:
    """State of many access points and of the stations around them.

    Parameters
    ----------
    aps : sequence of AccessPoint
        Access points as the inventory has them.
    use : sequence of int
        `PUBLIC`, `SCHOOL` or `VEHICLE` for each.
    hidden : triple of ndarray
        Power error [dB] and position error [m] of each.
    rngs : mapping
        Generators ``places``, ``traffic`` and ``air``.
    """

    def __init__(
        self,
        aps: Sequence[AccessPoint],
        use: Sequence[int],
        hidden: tuple[_Floats, _Floats, _Floats],
        rngs: Mapping[str, np.random.Generator],
    ) -> None:
        self._aps = tuple(aps)
        self.ids = tuple(ap.id for ap in aps)
        self.index = {name: i for i, name in enumerate(self.ids)}
        self.use = np.array(use, dtype=np.int64)
        self._rngs = rngs
        self.x_m = np.array([ap.x_m for ap in aps]) + hidden[1]
        self.y_m = np.array([ap.y_m for ap in aps]) + hidden[2]
        self.radios = Radios(aps, hidden[0], (self.x_m, self.y_m), rngs["air"])
        indoor = np.array([ap.placement != "outdoor_fixed" for ap in aps], dtype=bool)
        self._loss_db = LossTable(np.array([ap.height_m for ap in aps]), indoor)
        self._feed = Feed(len(aps))
        sites = list(dict.fromkeys(ap.site for ap in aps))
        self._site_number = {site: k for k, site in enumerate(sites)}
        self.sites = tuple(sites)
        self.site_of = np.array([self._site_number[ap.site] for ap in aps], dtype=np.int64)
        self._members = [np.flatnonzero(self.site_of == k) for k in range(len(sites))]
        self._candidates = _candidates(self._members, self.x_m, self.y_m)
        self.networks = Networks(aps)
        self.stations = Stations.none(_CANDIDATES)
        self._told: list[tuple[int, _Leaves]] = []
        self.traffic = Traffic(self.use, self.site_of)
        self.roams = np.zeros(USES, dtype=np.int64)
        self._noise_dbm = self.radios.noise_dbm.copy()
        self._on_air = self.radios.settle(0.0, self.is_up(0.0))
        self._scan_s = 0.0

    def ap(self, device: str) -> AccessPoint:
        """Return an access point as the inventory has it."""
        return self._aps[self.index[device]]

    def noise_dbm(self, i: int, band: int) -> float:
        """Noise floor a radio measures. [dBm]."""
        return float(self._noise_dbm[i, band])

    # Supply

    def is_up(self, now_s: float) -> _Bools:
        """Say which access points work, have power and a link."""
        return self._feed.is_up(now_s)

    def is_reachable(self, device: str, now_s: float) -> bool:
        """Say whether an access point would answer."""
        return self._feed.is_one_up(self.index[device], now_s)

    def set_supply(self, i: int, *, powered: bool, linked: bool, now_s: float) -> None:
        """Switch power and link of an access point; with power back it boots.

        Stations react at the next `refresh` or `step`.
        """
        if self._feed.supply(i, powered=powered, linked=linked, now_s=now_s):
            self.radios.restart(i, now_s + BOOT_S)

    def set_working(self, i: int, *, works: bool, now_s: float) -> None:
        """Break or repair an access point."""
        if self._feed.set_working(i, works=works, now_s=now_s):
            self.radios.restart(i, now_s + BOOT_S)
        self.refresh(now_s)

    def has_failed(self, device: str) -> bool:
        """Say whether an access point is broken."""
        return self._feed.has_failed(self.index[device])

    def working(self) -> _Ints:
        """Return the indices of the access points that have not failed."""
        return self._feed.working()

    def power_w(self, i: int) -> float:
        """Power an access point takes from its port. [W]."""
        if not self._feed.draws_power(i):
            return 0.0
        return access_point_power_w(
            int(self._on_air[i].sum()), float(self.traffic.utilization[i].max())
        )

    def traffic_octets(self, i: int) -> int:
        """Octets an access point has sent up the wire since the start."""
        return self.networks.octets_up(i)

    def set_backhaul(self, site: str, bps: float) -> None:
        """Limit what all access points of a site carry together, such as by a school's line.

        Parameters
        ----------
        site : str
            Site of the access points; one without any does nothing.
        bps : float
            Limit; infinite for none. [bit/s]
        """
        k = self._site_number.get(site)
        if k is not None:
            self.traffic.backhaul_bps[k] = bps

    # Stations that come and go

    def try_rates(self, rate_bps: _Floats) -> Split:
        """Work out the air as it would be if stations wanted other rates; changes nothing.

        Parameters
        ----------
        rate_bps : ndarray of shape (stations.size,)
            Mean demand of each station. [bit/s]

        Returns
        -------
        Split
            Air time by radio, and what part of the demand gets through.
        """
        traffic, at = self.traffic, self.stations
        joined = np.flatnonzero(at.ap >= 0)
        want = traffic.wanted_airtime(at, joined, rate_bps[joined])
        return traffic.split(want, self.radios, self.networks, self._on_air)

    def members(self, site: str) -> _Ints:
        """Return the indices of the access points of a site, empty for none."""
        k = self._site_number.get(site)
        return self._members[k] if k is not None else np.zeros(0, dtype=np.int64)

    def when_leaving(self, use: int, told: _Leaves) -> None:
        """Have a bound method called with the stations of a use that leave, at each step."""
        self._told.append((use, told))

    def add(
        self,
        home: _Ints,
        times_s: tuple[_Floats, _Floats],
        demand_bps: _Floats,
        *,
        storm: tuple[_Floats, _Floats] | None = None,
        user: _Ints | None = None,
        ssid: str = "",
        active_share: float = 1.0,
    ) -> None:
        """Let stations come; they look for an access point at the next step.

        Parameters
        ----------
        home : ndarray of int, shape (N,)
            Access point near which each is.
        times_s : pair of ndarray
            Begin and end. [s]
        demand_bps : ndarray
            Mean demand of each. [bit/s]
        storm : pair of ndarray, optional
            Until when [s] each has how many times its demand.
        user : ndarray of int, optional
            Number of each one's owner, not negative.
        ssid : str
            Network all want; empty: four of five the first of their access point.
        active_share : float
            Share that roams by the smaller step of active stations.

        Raises
        ------
        ModelError
            No access point has such a network.
        """
        if ssid and ssid not in self.networks.number:
            raise ModelError(f"no access point has a network {ssid!r}")
        rng, n = self._rngs["places"], home.size
        reach = np.array(_REACH_M)[self.use[home]] * np.sqrt(rng.random(n))
        angle = rng.random(n) * 2.0 * np.pi
        x, y = self.x_m[home] + reach * np.cos(angle), self.y_m[home] + reach * np.sin(angle)
        shadow = rng.normal(0.0, figure("shadow_db"), (n, _CANDIDATES)).astype(np.float32)
        draw, is_active = rng.random(n), rng.random(n) < active_share
        nets = self.networks.wanted(home, draw)
        if ssid:
            nets = np.full(n, self.networks.number[ssid], dtype=np.int64)
        until, factor = storm if storm is not None else (times_s[0], np.ones(n))
        self.stations.extend(
            Stations(
                home=home,
                net=nets,
                user=np.full(n, -1, dtype=np.int64) if user is None else user,
                begin_s=times_s[0],
                end_s=times_s[1],
                storm_s=until,
                storm_factor=factor,
                rate_bps=demand_bps,
                is_active=is_active,
                is_first=np.zeros(n, dtype=bool),
                x_m=x,
                y_m=y,
                shadow_db=shadow,
                loss_db=self._losses(home, x, y, shadow),
                ap=np.full(n, -1, dtype=np.int64),
                band=np.full(n, _NEVER_LOOKED, dtype=np.int64),
                rssi_dbm=np.zeros(n),
                link_bps=np.ones(n),
                backlog_bits=np.zeros(n),
                served_bits=np.zeros(n),
                roams=np.zeros(n, dtype=np.int64),
            )
        )

    def _losses(
        self, home: _Ints, x: _Floats, y: _Floats, shadow: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        near = self._candidates[home]
        away = np.hypot(self.x_m[near] - x[:, None], self.y_m[near] - y[:, None])
        return (self._loss_db(near, away) + shadow[:, :, None]).astype(np.float32)

    def move(self, rows: _Ints, x_m: _Floats, y_m: _Floats) -> None:
        """Put stations, by their rows in the table, somewhere else; they scan at the next step."""
        at = self.stations
        at.x_m[rows], at.y_m[rows] = x_m, y_m
        at.loss_db[rows] = self._losses(at.home[rows], x_m, y_m, at.shadow_db[rows])

    def of_use(self, use: int) -> _Bools:
        """Say which rows of `stations` are at home at an access point of a use."""
        return np.asarray(self.use[self.stations.home] == use)

    def of_site(self, site: str) -> _Bools:
        """Say which rows of `stations` are at home at a site."""
        k = self._site_number.get(site, -1)
        return np.asarray(self.site_of[self.stations.home] == k)

    def end(self, rows: _Bools, now_s: float) -> None:
        """Let stations leave at the next step."""
        at = self.stations
        at.end_s[rows] = np.minimum(at.end_s[rows], now_s)

    def clients_by_ap(self) -> _Ints:
        """Count the associated stations of each access point."""
        ap = self.stations.ap
        return np.bincount(ap[ap >= 0], minlength=len(self._aps))

    def clients_of_use(self, use: int) -> int:
        """Count the associated stations at access points of one use."""
        ap = self.stations.ap
        return int((self.use[ap[ap >= 0]] == use).sum())

    # Time

    def refresh(self, now_s: float) -> None:
        """Let every station choose again, as after a change of configuration or supply."""
        self._on_air = self.radios.settle(now_s, self.is_up(now_s))
        self._associate(self.stations.begin_s <= now_s)
        self._count()

    def _associate(self, rows: _Bools) -> None:
        at = self.stations
        near = self._candidates[at.home[rows]]
        allowed = (near >= 0) & self.networks.offered()[near, at.net[rows][:, None]]
        power = self.radios.radiated_dbm(self._on_air)[near]
        power = np.where(allowed[:, :, None], power, -np.inf)
        was = at.ap[rows]
        ap, band, rssi = choose(
            power, at.loss_db[rows], near, (was, at.band[rows]), at.is_active[rows]
        )
        roams = (was >= 0) & (ap >= 0) & (ap != was)
        at.roams[rows] += roams
        self.roams += np.bincount(self.use[ap[roams]], minlength=USES)
        at.ap[rows], at.band[rows], at.rssi_dbm[rows] = ap, band, rssi
        at.link_bps[rows] = self.traffic.link_bps(self.radios, ap, band, rssi)

    def _count(self) -> None:
        at, joined = self.stations, self.stations.ap >= 0
        self.networks.count(at.ap[joined], at.net[joined], at.rssi_dbm[joined])

    def step(self, now_s: float, dt_s: float) -> None:
        """Let stations go, join, roam and use the air.

        Parameters
        ----------
        now_s, dt_s : float
            End and length of the step. [s]
        """
        self._leave(now_s)
        at = self.stations
        is_up = self.is_up(now_s)
        on_air = self.radios.settle(now_s, is_up)
        changed = bool((on_air != self._on_air).any())
        self._on_air = on_air
        looks = (at.band == _NEVER_LOOKED) | changed
        if now_s >= self._scan_s + figure("scan_every_s"):
            self._scan_s = now_s
            looks |= (at.ap < 0) | (at.rssi_dbm < SCAN_DBM)
        looks &= at.begin_s <= now_s
        if looks.any():
            self._associate(looks)
        self._count()
        self.traffic.step(at, self.radios, self.networks, on_air, (now_s, dt_s))
        jitter = self._rngs["traffic"].normal(0.0, 0.5, on_air.shape)
        self._noise_dbm = self.radios.noise_dbm + jitter

    def _leave(self, now_s: float) -> None:
        gone = self.stations.end_s <= now_s
        if not gone.any():
            return
        leaving = self.stations.only(gone)
        self.stations.keep(~gone)
        use = self.use[leaving.home]
        self.traffic.leave(leaving)
        for which, told in self._told:
            if (use == which).any():
                told(leaving.only(use == which))

    def queued_bits(self, use: int) -> float:
        """Bits that wait at the stations of a use."""
        return float(self.stations.backlog_bits[self.of_use(use)].sum())

    def see_radar(self, i: int, now_s: float) -> bool:
        """Let a 5 GHz radio see radar and leave; False if its channel has no radar duty."""
        has_left = self.radios.see_radar(i, self.traffic.airtime, now_s)
        if has_left:
            self.refresh(now_s)
        return has_left

    def optimise(self, now_s: float) -> int:
        """Let automatic radios choose channel and power again; return how many moved."""
        at, n = self.stations, len(self._aps)
        joined = at.ap >= 0
        radio = 3 * at.ap[joined] + at.band[joined]
        count = np.bincount(radio, minlength=3 * n)
        total = np.bincount(radio, at.rssi_dbm[joined], minlength=3 * n)
        mean = np.where(count > 0, total / np.maximum(count, 1), -np.inf).reshape(n, 3)
        moved = self.radios.optimise(now_s, self.traffic.airtime, mean)
        self.refresh(now_s)
        return moved


def _candidates(members: Sequence[_Ints], x_m: _Floats, y_m: _Floats) -> _Ints:
    """List the access points a station may join: those of its site nearest to its home."""
    table = np.full((x_m.size, _CANDIDATES), -1, dtype=np.int64)
    for site in members:
        for i in site:
            away = np.hypot(x_m[site] - x_m[i], y_m[site] - y_m[i])
            away[site == i] = -1.0
            order = np.argsort(away, kind="stable")[:_CANDIDATES]
            near = site[order][away[order] <= figure("candidate_m")]
            table[i, : near.size] = near
    return table
