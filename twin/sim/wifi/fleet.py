"""The access points of the world: supply, networks, stations, traffic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.model.attributes import Value
from twin.model.city import AccessPoint
from twin.model.errors import ModelError
from twin.sim.power import access_point_power_w
from twin.sim.wifi.air import loss_db, rate_bps
from twin.sim.wifi.radios import OFF_DBM, Radios
from twin.sim.wifi.stations import Stations, choose

__all__ = ["PUBLIC", "SCHOOL", "VEHICLE", "WifiFleet"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]

PUBLIC, SCHOOL, VEHICLE = 0, 1, 2
_SESSIONS_PER_DAY = (110.0, 20.0, 80.0)  # Wiesbaden; staff: assumed; Remscheid buses
_SESSION_S = (24 * 60.0, 1800.0, 12 * 60.0)  # Buende square; assumed; Wuppertal buses
_RATE_BPS = (111e3, 500e3, 311e3)  # 20 MB a session; assumed; Wuppertal
_REACH_M = (40.0, 15.0, 10.0)  # how far stations are from their access point: assumed
_PUPIL_RATE_BPS = 300e3  # assumed; a video stream takes 2 to 5 Mbit/s
_STORM_FACTOR = 5.0
_STORM_S = 300.0
_CANDIDATES = 4
_CANDIDATE_M = 120.0
_SHADOW_DB = 4.0
_PACKET_OCTETS = 1500
_DOWN_SHARE = 0.85
_BOOT_S = 30.0  # assumed
_FULL = 0.95
_BEACON = np.array([0.02, 0.003, 0.003])  # airtime of one network's beacons by band
NO_CLIENT_DBM = -100
"""Mean signal shown where no station is associated. [dBm]"""

_RADIO = ("enabled", "channel", "bandwidth_mhz", "tx_power_dbm", "dca", "dtp")
_RADIO_STATE = ("channel_in_use", "tx_power_in_use_dbm", "utilization_percent", "noise_floor_dbm")
_SSID = ("enabled", "hidden", "station_isolation")
_SSID_STATE = ("clients", "client_rssi_dbm", "rx_octets", "tx_octets")


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
        Generators ``arrivals``, ``places``, ``traffic``, ``lessons`` and ``air``.
    """

    def __init__(
        self,
        aps: Sequence[AccessPoint],
        use: Sequence[int],
        hidden: tuple[_Floats, _Floats, _Floats],
        rngs: Mapping[str, np.random.Generator],
    ) -> None:
        n = len(aps)
        self._aps = tuple(aps)
        self.ids = tuple(ap.id for ap in aps)
        self.index = {name: i for i, name in enumerate(self.ids)}
        self._use = np.array(use, dtype=np.int64)
        self._rngs = rngs
        self.radios = Radios(aps, hidden[0], rngs["air"])
        self._x_m = np.array([ap.x_m for ap in aps]) + hidden[1]
        self._y_m = np.array([ap.y_m for ap in aps]) + hidden[2]
        self._height_m = np.array([ap.height_m for ap in aps])
        self._indoor = np.array([ap.placement != "outdoor_fixed" for ap in aps], dtype=bool)
        self._popularity = np.minimum(rngs["air"].gamma(1.5, 1.0 / 1.5, n), 4.0)
        self._powered = np.ones(n, dtype=bool)
        self._linked = np.ones(n, dtype=bool)
        self._failed = np.zeros(n, dtype=bool)
        self._boot_s = np.zeros(n)
        self._by_site: dict[str, list[int]] = {}
        for i, ap in enumerate(aps):
            self._by_site.setdefault(ap.site, []).append(i)
        self._candidates = self._find_candidates()
        self._make_networks()
        self.stations = Stations.none(_CANDIDATES)
        self.utilization = np.zeros((n, 3))
        self._airtime = np.zeros((n, 3))
        self._noise_dbm = self.radios.noise_dbm.copy()
        self._on_air = self.radios.settle(0.0, self.is_up(0.0))
        self._seen_s = 0.0

    def _make_networks(self) -> None:
        """Give each network name a number, and lay one slot per access point and network."""
        n = len(self._aps)
        names = dict.fromkeys(ssid.name for ap in self._aps for ssid in ap.ssids)
        self._nets = {name: k for k, name in enumerate(names)}
        self._slot = np.full((n, max(len(names), 1)), -1, dtype=np.int64)
        self._flags: dict[str, list[bool]] = {name: [] for name in _SSID}
        for i, ap in enumerate(self._aps):
            for ssid in ap.ssids:
                self._slot[i, self._nets[ssid.name]] = len(self._flags["enabled"])
                for name in _SSID:
                    self._flags[name].append(getattr(ssid, name))
        n_slots = len(self._flags["enabled"])
        self.clients = np.zeros(n_slots, dtype=np.int64)
        self._rssi_sum = np.zeros(n_slots)
        self.rx_octets = np.zeros(n_slots, dtype=np.int64)
        self.tx_octets = np.zeros(n_slots, dtype=np.int64)

    def _find_candidates(self) -> _Ints:
        """List the access points a station may join: those of its site nearest to its home."""
        table = np.full((len(self._aps), _CANDIDATES), -1, dtype=np.int64)
        for members in self._by_site.values():
            site = np.array(members)
            for i in members:
                away = np.hypot(self._x_m[site] - self._x_m[i], self._y_m[site] - self._y_m[i])
                away[site == i] = -1.0
                order = np.argsort(away, kind="stable")[:_CANDIDATES]
                near = site[order][away[order] <= _CANDIDATE_M]
                table[i, : near.size] = near
        return table

    def is_up(self, now_s: float) -> _Bools:
        """Say which access points work, have power and a link."""
        return self._powered & self._linked & ~self._failed & (self._boot_s <= now_s)

    def set_supply(self, i: int, *, powered: bool, linked: bool, now_s: float) -> None:
        """Switch power and link of an access point; with power back it boots."""
        if (powered, linked) == (self._powered[i], self._linked[i]):
            return
        if powered and not self._powered[i]:
            self._boot(i, now_s)
        self._powered[i], self._linked[i] = powered, linked
        self.refresh(now_s)

    def set_working(self, i: int, *, works: bool, now_s: float) -> None:
        """Break or repair an access point."""
        if works and self._failed[i]:
            self._boot(i, now_s)
        self._failed[i] = not works
        self.refresh(now_s)

    def _boot(self, i: int, now_s: float) -> None:
        self._boot_s[i] = now_s + _BOOT_S
        self.radios.restart(i, now_s + _BOOT_S)

    def working(self) -> _Ints:
        """Return the indices of the access points that have not failed."""
        return np.flatnonzero(~self._failed)

    def power_w(self, i: int) -> float:
        """Power an access point takes from its port. [W]."""
        if not self._powered[i] or self._failed[i]:
            return 0.0
        return access_point_power_w(int(self._on_air[i].sum()), float(self.utilization[i].max()))

    def traffic_octets(self, i: int) -> int:
        """Octets an access point has sent up the wire since the start."""
        slots = self._slot[i][self._slot[i] >= 0]
        return int(self.rx_octets[slots].sum())

    def settle(self, weights: Sequence[float]) -> None:
        """Start with the stations of a long-running network instead of none."""
        mean = self._sessions_per_s(weights) * np.array(_SESSION_S)[self._use]
        self._arrive(self._rngs["arrivals"].poisson(mean), 0.0)
        self.refresh(0.0)

    def _sessions_per_s(self, weights: Sequence[float]) -> _Floats:
        by_use = np.array(_SESSIONS_PER_DAY) / 86400.0 * np.array(weights)
        return np.asarray(by_use[self._use] * self._popularity)

    def _arrive(self, counts: _Ints, now_s: float) -> None:
        rng = self._rngs["arrivals"]
        home = np.repeat(np.arange(len(self._aps)), counts)
        stay_s = rng.exponential(1.0, home.size) * np.array(_SESSION_S)[self._use[home]]
        begin_s = np.full(home.size, now_s)
        rate = np.array(_RATE_BPS)[self._use[home]]
        self._add(home, begin_s, begin_s + stay_s, begin_s, rate)

    def lesson(self, site: str, pupils: int, times_s: tuple[float, float], *, joins: bool) -> int:
        """Let the pupils of a lesson come with their devices.

        Parameters
        ----------
        site : str
            School.
        pupils : int
            Devices in use in this lesson.
        times_s : (float, float)
            Begin and end. [s]
        joins : bool
            True: they log on within five minutes; False: the lesson is under way.

        Returns
        -------
        int
            Devices that have an access point to try.
        """
        rng = self._rngs["lessons"]
        members = np.array(self._by_site.get(site, ()), dtype=np.int64)
        if not members.size:
            return 0
        home = members[np.arange(pupils) % members.size]
        begin_s, end_s = times_s
        log_on = rng.beta(1.0, 3.0, pupils) * _STORM_S if joins else np.zeros(pupils)
        begins = begin_s + log_on
        ends = end_s + rng.uniform(0.0, 120.0, pupils)
        storms = np.full(pupils, begin_s + (_STORM_S if joins else 0.0))
        self._add(home, begins, ends, storms, np.full(pupils, _PUPIL_RATE_BPS))
        return pupils

    def _add(
        self, home: _Ints, begin: _Floats, end: _Floats, storm: _Floats, rate: _Floats
    ) -> None:
        rng = self._rngs["places"]
        n = home.size
        reach = np.array(_REACH_M)[self._use[home]] * np.sqrt(rng.random(n))
        angle = rng.random(n) * 2.0 * np.pi
        x, y = self._x_m[home] + reach * np.cos(angle), self._y_m[home] + reach * np.sin(angle)
        near = self._candidates[home]
        away = np.hypot(self._x_m[near] - x[:, None], self._y_m[near] - y[:, None])
        losses = loss_db(away, self._height_m[near], self._indoor[near])
        losses += rng.normal(0.0, _SHADOW_DB, losses.shape[:2])[:, :, None]
        new = Stations(
            home=home, net=self._wanted_networks(home, rng.random(n)), begin_s=begin, end_s=end,
            storm_s=storm, rate_bps=rate, loss_db=losses, ap=np.full(n, -1, dtype=np.int64),
            band=np.full(n, -1, dtype=np.int64), rssi_dbm=np.zeros(n),
        )  # fmt: skip
        self.stations.extend(new)

    def _wanted_networks(self, home: _Ints, draw: _Floats) -> _Ints:
        """Choose a network of the home: four of five want the first, the rest any of the others."""
        first = np.array(
            [self._nets[ap.ssids[0].name] if ap.ssids else 0 for ap in self._aps], dtype=np.int64
        )
        many = np.array([len(ap.ssids) for ap in self._aps])
        wanted = first[home].copy() if home.size else home
        for row in np.flatnonzero((draw > 0.8) & (many[home] > 1)):
            ssids = self._aps[home[row]].ssids
            pick = 1 + int((draw[row] - 0.8) / 0.2 * (len(ssids) - 1) * 0.999999)
            wanted[row] = self._nets[ssids[pick].name]
        return wanted

    def refresh(self, now_s: float) -> None:
        """Let every station choose again, as after a change of configuration or supply."""
        self._on_air = self.radios.settle(now_s, self.is_up(now_s))
        self._associate(now_s, self.stations.begin_s <= now_s)
        self._count()

    def _associate(self, now_s: float, rows: _Bools) -> None:
        at = self.stations
        offers = np.zeros(self._slot.shape, dtype=bool)
        present = self._slot >= 0
        offers[present] = np.array(self._flags["enabled"], dtype=bool)[self._slot[present]]
        near = self._candidates[at.home[rows]]
        allowed = (near >= 0) & offers[near, at.net[rows][:, None]]
        power = self.radios.radiated_dbm(self._on_air)[near]
        power = np.where(allowed[:, :, None], power, -np.inf)
        ap, band, rssi = choose(power, at.loss_db[rows], near, at.ap[rows])
        at.ap[rows], at.band[rows], at.rssi_dbm[rows] = ap, band, rssi

    def _count(self) -> None:
        at = self.stations
        joined = at.ap >= 0
        slots = self._slot[at.ap[joined], at.net[joined]]
        self.clients = np.bincount(slots, minlength=self.clients.size)
        heard = np.bincount(slots, at.rssi_dbm[joined], minlength=self.clients.size)
        self._rssi_sum = heard.astype(np.float64)

    def step(self, now_s: float, dt_s: float, weights: Sequence[float]) -> None:
        """Let stations come, go and use the air.

        Parameters
        ----------
        now_s, dt_s : float
            End and length of the step. [s]
        weights : sequence of float
            Use relative to the mean of the day, by kind of use.
        """
        at = self.stations
        if (at.end_s <= now_s).any():
            at.keep(at.end_s > now_s)
        self._arrive(self._rngs["arrivals"].poisson(self._sessions_per_s(weights) * dt_s), now_s)
        on_air = self.radios.settle(now_s, self.is_up(now_s))
        changed = bool((on_air != self._on_air).any())
        self._on_air = on_air
        fresh = (at.begin_s <= now_s) & ((at.begin_s > self._seen_s) | changed)
        self._associate(now_s, fresh)
        self._seen_s = now_s
        self._count()
        self._use_air(now_s, dt_s)

    def _use_air(self, now_s: float, dt_s: float) -> None:
        at, n = self.stations, len(self._aps)
        joined = at.ap >= 0
        ap, band = at.ap[joined], at.band[joined]
        demand = at.rate_bps[joined] * np.where(at.storm_s[joined] > now_s, _STORM_FACTOR, 1.0)
        width = self.radios.width_in_use[ap, band]
        radio = 3 * ap + band
        own = np.bincount(
            radio, demand / rate_bps(at.rssi_dbm[joined], width), minlength=3 * n
        ).reshape(n, 3)
        share = np.minimum(1.0, _FULL / np.maximum(own, 1e-12)).ravel()[radio]
        slots = self._slot[ap, at.net[joined]]
        octets = np.bincount(slots, demand * share * dt_s / 8.0, minlength=self.clients.size)
        packets = self._rngs["traffic"].poisson(octets / _PACKET_OCTETS)
        down = np.floor(packets * _DOWN_SHARE).astype(np.int64)
        self.tx_octets += down * _PACKET_OCTETS
        self.rx_octets += (packets - down) * _PACKET_OCTETS
        present = self._slot >= 0
        networks = np.zeros(present.shape)
        networks[present] = np.array(self._flags["enabled"], dtype=float)[self._slot[present]]
        beacons = networks.sum(axis=1)[:, None] * _BEACON
        self._airtime = np.where(self._on_air, np.minimum(own + beacons, _FULL), 0.0)
        busy = np.minimum(self._airtime + self.radios.heard_airtime(self._airtime), 1.0)
        self.utilization = np.where(self._on_air, busy, 0.0)
        jitter = self._rngs["traffic"].normal(0.0, 0.5, (n, 3))
        self._noise_dbm = self.radios.noise_dbm + jitter

    def optimise(self, now_s: float) -> int:
        """Let automatic radios choose channel and power again; return how many moved."""
        at, n = self.stations, len(self._aps)
        joined = at.ap >= 0
        radio = 3 * at.ap[joined] + at.band[joined]
        count = np.bincount(radio, minlength=3 * n)
        total = np.bincount(radio, at.rssi_dbm[joined], minlength=3 * n)
        mean = np.where(count > 0, total / np.maximum(count, 1), -np.inf).reshape(n, 3)
        moved = self.radios.optimise(now_s, self._airtime, mean)
        self.refresh(now_s)
        return moved

    def sites(self) -> frozenset[str]:
        """Return the sites that have an access point here."""
        return frozenset(self._by_site)

    def clients_of_use(self, use: int) -> int:
        """Count the associated stations at access points of one use."""
        at = self.stations
        return int((self._use[at.ap[at.ap >= 0]] == use).sum())

    def paths(self, device: str) -> tuple[str, ...]:
        """Attribute paths of an access point."""
        ap = self._aps[self.index[device]]
        radios = [f"radio/{r.index}/{leaf}" for r in ap.radios for leaf in _RADIO + _RADIO_STATE]
        return tuple(
            radios + [f"ssid/{s.name}/{leaf}" for s in ap.ssids for leaf in _SSID + _SSID_STATE]
        )

    def read(self, device: str, template: str, names: Mapping[str, str], now_s: float) -> Value:
        """Read one attribute of an access point."""
        i, leaf = self.index[device], template.rpartition("/")[2]
        if "ssid" in names:
            return self._read_network(leaf, int(self._slot[i, self._nets[names["ssid"]]]))
        return self._read_radio(leaf, i, int(names["radio"]) - 1, now_s)

    def _read_network(self, leaf: str, slot: int) -> Value:
        if leaf in self._flags:
            return self._flags[leaf][slot]
        clients = int(self.clients[slot])
        if leaf == "client_rssi_dbm":
            return round(float(self._rssi_sum[slot]) / clients) if clients else NO_CLIENT_DBM
        counters = {"rx_octets": self.rx_octets, "tx_octets": self.tx_octets}
        return clients if leaf == "clients" else int(counters[leaf][slot])

    def _read_radio(self, leaf: str, i: int, band: int, now_s: float) -> Value:
        radios = self.radios
        if leaf == "enabled":
            return bool(radios.enabled[i, band])
        if leaf in radios.automatic:
            return bool(radios.automatic[leaf][i, band])
        if leaf in radios.numbers:
            return int(radios.numbers[leaf][i, band])
        is_on_air = bool(radios.settle(now_s, self.is_up(now_s))[i, band])
        match leaf:
            case "channel_in_use":
                return int(radios.in_use[i, band])
            case "tx_power_in_use_dbm":
                return int(radios.power_in_use[i, band]) if is_on_air else OFF_DBM
            case "noise_floor_dbm":
                return round(float(self._noise_dbm[i, band]))
        return round(100.0 * float(self.utilization[i, band])) if is_on_air else 0

    def check(self, device: str, changes: Mapping[str, Value]) -> None:
        """Refuse what this access point cannot do.

        Raises
        ------
        ModelError
            A channel or bandwidth outside the band of the radio.
        """
        try:
            self.radios.check(self.index[device], _radio_changes(changes))
        except ModelError as err:
            raise ModelError(f"{device}: {err}") from err

    def write(self, device: str, changes: Mapping[str, Value], now_s: float) -> None:
        """Apply checked configuration; stations follow at once."""
        i = self.index[device]
        self.radios.set(i, _radio_changes(changes), now_s)
        for path, value in changes.items():
            group, name, leaf = path.split("/")
            if group == "ssid":
                self._flags[leaf][int(self._slot[i, self._nets[name]])] = bool(value)
        self.refresh(now_s)


def _radio_changes(changes: Mapping[str, Value]) -> dict[tuple[int, str], Value]:
    parts = ((path.split("/"), value) for path, value in changes.items())
    return {(int(p[1]) - 1, p[2]): value for p, value in parts if p[0] == "radio"}
