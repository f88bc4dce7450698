"""Public Wi-Fi on squares, at stations and in the zoo: log-ins, sessions, roaming and radar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from twin.geo.rings import district_slugs
from twin.sim.city_wifi.assumptions import figure
from twin.sim.city_wifi.books import Books
from twin.sim.city_wifi.portal import Portal
from twin.sim.city_wifi.profile import popularity, square_weight, zoo_weight
from twin.sim.city_wifi.users import Users
from twin.sim.city_wifi.verbs import public_actions
from twin.sim.schools import school_sites
from twin.sim.system import Action, Context, DeviceFleet, Kpi, Moment, System
from twin.sim.wifi import PUBLIC, shared_air
from twin.sim.wifi.radios import NON_OCCUPANCY_S
from twin.sim.wifi.stations import Stations

__all__ = ["CityWifi"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]

_SAMPLE_S = 300.0
_CAP_CHECK_S = 60.0
ZOO = "zoo"
"""Site whose access points follow the zoo's opening hours."""


class CityWifi(System):
    """Public access points of a city, the people around them, and what they use."""

    name: ClassVar[str] = "city_wifi"
    tables = ("city_wifi_aps",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.air = shared_air(context)
        fleet = self.air.fleet
        self._rngs = {
            purpose: context.rng(f"city_wifi/{purpose}")
            for purpose in ("arrivals", "sessions", "walks", "radar")
        }
        self.public = np.flatnonzero(fleet.use == PUBLIC)
        per_s = np.zeros(fleet.use.size)
        liked = _popularity(context)
        per_s[self.public] = [liked[fleet.ids[i]] for i in self.public]
        self._per_s = per_s * figure("sessions_per_day") / 86400.0
        self._is_zoo = np.array([fleet.sites[k] == ZOO for k in fleet.site_of], dtype=bool)
        self.factor = np.ones(per_s.size)
        self.crowd_per_s = np.zeros(per_s.size)
        per_site = np.bincount(fleet.site_of, self._per_s * 86400.0, len(fleet.sites))
        self.users = Users(per_site.astype(np.float64))
        self._portal = Portal(self._rngs["sessions"])
        slugs = district_slugs(
            context.city.districts, fleet.x_m[self.public], fleet.y_m[self.public]
        )
        self.books = Books(fleet, self.public, slugs)
        self._is_started = False

    # Life

    def start(self) -> None:
        """Bring the sessions under way and begin to live."""
        if not self.public.size:
            if self.devices():
                self.air.start()
            return
        fleet, kernel = self.air.fleet, self.context.kernel
        fleet.when_leaving(PUBLIC, self._leave)
        self.air.follow(self._step)
        mean_s = 60.0 * figure("session_min")
        self._come(self._rngs["arrivals"].poisson(self._rates() * mean_s), settles=True)
        self.air.start()
        kernel.after(_CAP_CHECK_S, self.name, self._check_volume)
        kernel.after(figure("walk_s"), self.name, self._walk)
        kernel.after(_SAMPLE_S, self.name, self._sample)
        self._plan_midnight()
        self._plan_radar()

    def _rates(self) -> _Floats:
        """Log-ins of every access point now. [1/s]."""
        local = self.context.clock.local(self.context.kernel.now_s)
        weight = np.where(self._is_zoo, zoo_weight(local), square_weight(local))
        return np.asarray(self._per_s * weight * self.factor + self.crowd_per_s)

    def _step(self, now_s: float, dt_s: float) -> None:
        """Let those who come in the next step come, after a step of the air."""
        self._come(self._rngs["arrivals"].poisson(self._rates() * dt_s))
        self.books.follow(now_s, dt_s)

    def _come(self, counts: _Ints, *, settles: bool = False) -> None:
        home = np.repeat(np.arange(counts.size), counts)
        if not home.size:
            return
        fleet, rng, now_s = self.air.fleet, self._rngs["sessions"], self.context.kernel.now_s
        crowd = self.crowd_per_s / np.maximum(self._rates(), 1e-12)
        of_crowd = rng.random(home.size) < crowd[home]
        user = self.users.draw(fleet.site_of[home], of_crowd, rng)
        admitted = self.users.admit(user)
        passed, portal_s = self._portal.open(home.size, admitted, counts=not settles)
        if settles:
            passed, portal_s = np.ones(home.size, dtype=bool), np.zeros(home.size)
        home, user, portal_s = home[passed], user[passed], portal_s[passed]
        begin = np.full(home.size, now_s)
        stay = rng.exponential(60.0 * figure("session_min"), home.size)
        sigma = figure("volume_sigma")
        spread = rng.lognormal(-(sigma**2) / 2.0, sigma, home.size)
        mean_bps = 8e6 * figure("session_mb") / (60.0 * figure("session_min"))
        fleet.add(
            home,
            (begin, begin + portal_s + stay),
            mean_bps * spread,
            storm=(begin + portal_s, np.full(home.size, figure("portal_demand_share"))),
            user=user,
            active_share=figure("active_share"),
        )
        self.books.begin(home)

    def _leave(self, leaving: Stations) -> None:
        self.users.book(leaving.user, leaving.served_bits / 8e6)
        served = leaving.served_bits > 0.0
        self.users.see(leaving.user[served])
        self._portal.lose(int((~served).sum()))
        self.books.end(leaving)

    def _running(self) -> _Ints:
        return np.flatnonzero(self.air.fleet.of_use(PUBLIC))

    def _check_volume(self) -> None:
        fleet, rows = self.air.fleet, self._running()
        at = fleet.stations
        over = np.zeros(at.size, dtype=bool)
        over[rows] = self.users.over(at.user[rows], at.served_bits[rows] / 8e6)
        if over.any():
            fleet.end(over, self.context.kernel.now_s)
        self.context.kernel.after(_CAP_CHECK_S, self.name, self._check_volume)

    def _plan_midnight(self) -> None:
        clock, now_s = self.context.clock, self.context.kernel.now_s
        tomorrow = clock.local(now_s).replace(hour=12) + timedelta(days=1)
        self.context.kernel.at(clock.seconds_on(tomorrow, 0), self.name, self._new_day)

    def _new_day(self) -> None:
        rows, at = self._running(), self.air.fleet.stations
        self.users.new_day(at.user[rows], at.served_bits[rows] / 8e6)
        self._plan_midnight()

    def _walk(self) -> None:
        """Let some people walk on, but stay around the access point they came to."""
        fleet, rng, rows = self.air.fleet, self._rngs["walks"], self._running()
        rows = rows[rng.random(rows.size) < figure("walk_share")]
        if rows.size:
            at = fleet.stations
            angle = rng.random(rows.size) * 2.0 * np.pi
            x = at.x_m[rows] + figure("walk_m") * np.cos(angle)
            y = at.y_m[rows] + figure("walk_m") * np.sin(angle)
            home = at.home[rows]
            away = np.hypot(x - fleet.x_m[home], y - fleet.y_m[home])
            stays = away <= figure("reach_m")
            fleet.move(rows[stays], x[stays], y[stays])
        self.context.kernel.after(figure("walk_s"), self.name, self._walk)

    def _sample(self) -> None:
        now_s = self.context.kernel.now_s
        self.books.sample(self.context, now_s)
        self.context.kernel.after(_SAMPLE_S, self.name, self._sample)

    # Radar

    def _plan_radar(self) -> None:
        per_s = figure("radar_per_ap_day") * self.public.size / 86400.0
        per_s *= self.context.failure_factor
        wait_s = float(self._rngs["radar"].exponential(1.0 / per_s))
        self.context.kernel.after(wait_s, self.name, self._radar_somewhere)

    def _radar_somewhere(self) -> None:
        self.see_radar(int(self.public[self._rngs["radar"].integers(self.public.size)]))
        self._plan_radar()

    def see_radar(self, i: int) -> None:
        """Let an access point see radar, if it is on the air on a channel where that matters."""
        fleet, kernel = self.air.fleet, self.context.kernel
        if not fleet.is_up(kernel.now_s)[i] or not fleet.see_radar(i, kernel.now_s):
            return
        self.books.see_radar(fleet.ids[i], kernel.now_s)
        self.context.note("radar", fleet.ids[i], int(fleet.radios.target[i, 1]))
        kernel.after(NON_OCCUPANCY_S, fleet.ids[i], self._go_home, i)

    def _go_home(self, i: int) -> None:
        self.air.fleet.radios.go_home(i, self.context.kernel.now_s)

    # What others ask

    def fleets(self) -> Mapping[str, DeviceFleet]:
        """Return the access points and switches."""
        return self.air.fleets()

    def devices(self) -> Mapping[str, str]:
        """Return the managed public access points and switches."""
        return self.air.devices(PUBLIC)

    def kpis(self) -> Mapping[str, Kpi]:
        """Return figures since the start."""
        return {
            **self.books.kpis(),
            "unique_users": Kpi(self.users.seen, "users"),
            "capped_users": Kpi(self.users.capped, "users", "200 MB a day"),
            **self._portal.kpis(),
        }

    def kpis_by_district(self) -> Mapping[str, Mapping[str, Kpi]]:
        """Return sessions, traffic and availability by slug of the district."""
        return self.books.by_district()

    def gauges(self) -> Mapping[str, float]:
        """Return clients, traffic and airtime now."""
        return self.books.gauges(self.context.kernel.now_s)

    def fibre_load_bps(self) -> Mapping[str, float]:
        """Return what public access points carry now, by site: the load of its line. [bit/s]."""
        fleet, rows = self.air.fleet, self.public
        carried = fleet.traffic.served_bps[rows]
        by_site = np.bincount(fleet.site_of[rows], carried, len(fleet.sites))
        return {fleet.sites[k]: float(by_site[k]) for k in np.unique(fleet.site_of[rows])}

    def story(self) -> tuple[Moment, ...]:
        """Return radar events."""
        return tuple(self.books.moments)

    def actions(self) -> Mapping[str, Action]:
        """Return what a scenario can do: radar, fail, crowd, demand."""
        return public_actions(self)

    def check_invariants(self) -> None:
        """Bits offered are served, dropped or queued; sessions that began ended or run."""
        self.books.check(int(self._running().size))


def _popularity(context: Context) -> dict[str, float]:
    """Popularity of every public access point of the city, whoever of them is simulated."""
    schools = {site for school in context.city.schools for site in school_sites(school)}
    aps = [
        ap.id
        for ap in context.city.access_points
        if ap.placement != "vehicle" and ap.site not in schools
    ]
    drawn = popularity(len(aps), context.rng("city_wifi/popularity"))
    return dict(zip(aps, drawn.tolist(), strict=True))
