"""The Wi-Fi on board: access points, passengers who log in, and the way back over the cells."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.model.city import AccessPoint, Radio, Ssid
from twin.sim.system import Context, DeviceFleet
from twin.sim.transit_wifi.assumptions import figure
from twin.sim.transit_wifi.backhaul import Backhaul
from twin.sim.transit_wifi.vehicles import Vehicles
from twin.sim.wifi import VEHICLE, Air
from twin.sim.wifi.histogram import Histogram
from twin.sim.wifi.stations import Stations

__all__ = ["Onboard"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]

_SAMPLE_S = 300.0
_SSID = "Stadtwerke-WLAN"


class Onboard:
    """Access points of vehicles and their sessions.

    Parameters
    ----------
    context : Context
        Of the run.
    vehicles : Vehicles
        Where they are.

    Notes
    -----
    Access points of the city file that stand on vehicles are taken in order, those of one site for
    one vehicle; other vehicles have one of their own that is nobody's device.
    """

    def __init__(self, context: Context, vehicles: Vehicles) -> None:
        self._context, self._vehicles = context, vehicles
        aps, self._owner, errors = _access_points(context, vehicles)
        self.air = Air(context, "vehicles", aps, [VEHICLE] * len(aps), errors)
        self._listed = frozenset(ap.id for ap in context.city.access_points)
        sites = {site: k for k, site in enumerate(self.air.fleet.sites)}
        self._site_owner = np.full(len(sites), -1, dtype=np.int64)
        self._aps_of: dict[int, list[int]] = {}
        for i, (ap, owner) in enumerate(zip(aps, self._owner, strict=True)):
            self._site_owner[sites[ap.site]] = owner
            self._aps_of.setdefault(owner, []).append(i)
        self._rng = context.rng("transit_wifi/sessions")
        self._coming: list[tuple[int, int]] = []
        self.backhaul = Backhaul(context, vehicles)
        self._owner_of = np.array(self._owner, dtype=np.int64)
        self.begun = self.ended = 0
        self._length_s = self._octets = 0.0
        self._rates = Histogram.decades(1e3, 1e10)
        self._speed = Histogram.decades(1e3, 1e10)
        self.running_s = self.outage_s = 0.0

    def start(self) -> None:
        """Begin to live."""
        self.air.fleet.when_leaving(VEHICLE, self._leave)
        self.air.precede(self._arrive)
        self.air.follow(self._follow)
        self.air.start()
        self._connect(self._context.kernel.now_s, 0.0)
        self._context.kernel.after(_SAMPLE_S, "transit_wifi", self._sample)

    def access_points(self, vehicle: str) -> list[str]:
        """Return the ids of the access points of a vehicle, none for an unknown one."""
        i = self._vehicles.index.get(vehicle, -1)
        return [self.air.fleet.ids[k] for k in self._aps_of.get(i, ())]

    # Sessions

    def board(self, vehicle: int, passengers: int) -> None:
        """Let some of those who board log in."""
        n = int(self._rng.binomial(passengers, figure("logins_per_boarding")))
        if n and vehicle in self._aps_of:
            self._coming.append((vehicle, n))

    def _log_in(self) -> None:
        """Bring all who have boarded since the last step."""
        if not self._coming:
            return
        now_s, rng = self._context.kernel.now_s, self._rng
        homes = [
            self._aps_of[vehicle][k % len(self._aps_of[vehicle])]
            for vehicle, n in self._coming
            for k in range(n)
        ]
        self._coming = []
        home, n = np.array(homes, dtype=np.int64), len(homes)
        begin = np.full(n, now_s)
        stay = rng.exponential(60.0 * figure("session_min"), n)
        sigma = figure("demand_sigma")
        demand = figure("session_bps") * rng.lognormal(-(sigma**2) / 2.0, sigma, n)
        self.air.fleet.add(home, (begin, begin + stay), demand)
        self.begun += n

    def empty(self, vehicle: int) -> None:
        """Let everybody leave at the terminus."""
        members = self._aps_of.get(vehicle)
        if members:
            at = self.air.fleet.stations
            self.air.fleet.end(np.isin(at.home, members), self._context.kernel.now_s)
        self._coming = [each for each in self._coming if each[0] != vehicle]

    def _leave(self, leaving: Stations) -> None:
        self.ended += leaving.size
        self._length_s += float((leaving.end_s - leaving.begin_s).sum())
        self._octets += float(leaving.served_bits.sum()) / 8.0

    # Backhaul

    def _arrive(self, dt_s: float) -> None:
        """Let the air have what has come over the cells, and no more."""
        bits = self.backhaul.arrive(dt_s)
        self.air.fleet.traffic.backhaul_bps[:] = bits[self._site_owner] / dt_s

    def _follow(self, now_s: float, dt_s: float) -> None:
        bits = self.air.fleet.traffic.served_bps * dt_s
        self.backhaul.pass_on(self._by_vehicle(self._owner_of, bits))
        self._log_in()
        self._connect(now_s, dt_s)

    def _by_vehicle(self, owner: _Ints, bits: _Floats) -> _Floats:
        return np.bincount(owner, bits, len(self._vehicles.ids)).astype(np.float64)

    def _connect(self, now_s: float, dt_s: float) -> None:
        """Ask for the coming step where every vehicle is now."""
        step_s = self._context.tick_s
        at = self.air.fleet.stations
        # Who leaves before the step ends takes nothing more, who has not looked yet will join.
        stays = (at.begin_s <= now_s) & (at.end_s > now_s + step_s)
        rows = np.flatnonzero(stays & ((at.ap >= 0) | (at.band < -1)))
        bits = at.rate_bps[rows] * step_s + at.backlog_bits[rows]
        needed = self._by_vehicle(self._owner_of[at.home[rows]], bits)
        self.backhaul.ask(needed, now_s, step_s)
        self.backhaul.tell_passengers(now_s)
        # Until the next step the line is what a router could have, as a speed test would show.
        self.air.fleet.traffic.backhaul_bps[:] = self.rate_bps[self._site_owner]
        running = self._vehicles.is_running
        self.running_s += dt_s * int(running.sum())
        self.outage_s += dt_s * int((running & (self.rate_bps <= 0.0)).sum())

    @property
    def rate_bps(self) -> _Floats:
        """Most each vehicle's router could have now, shape (n_vehicles,). [bit/s]."""
        return self.backhaul.rate_bps

    def _sample(self) -> None:
        context, fleet = self._context, self.air.fleet
        now_s = context.kernel.now_s
        running = self._vehicles.is_running
        self._rates.add(self.rate_bps[running])
        rows = np.flatnonzero(fleet.stations.ap >= 0)
        self._speed.add(fleet.traffic.user_bps(fleet.stations, rows))
        context.trace.add_counts(now_s, "transit_wifi/passengers", self._vehicles.passengers)
        if context.telemetry.wants("transit_vehicles"):
            x, y = self._vehicles.positions(now_s)
            columns = {
                "vehicle": np.array(self._vehicles.ids),
                "x_m": x,
                "y_m": y,
                "is_running": running,
                "passengers": self._vehicles.passengers,
                "backhaul_bps": self.rate_bps,
            }
            context.telemetry.add("transit_vehicles", now_s, columns)
        context.kernel.after(_SAMPLE_S, "transit_wifi", self._sample)

    # Figures

    def figures(self) -> Mapping[str, float]:
        """Return sums and percentiles since the start, by name with unit."""
        ended = max(self.ended, 1)
        return {
            "mean_session_min": self._length_s / 60.0 / ended,
            "mean_session_mb": self._octets / 1e6 / ended,
            "backhaul_p5_mbps": self._rates.percentile(5.0) / 1e6,
            "backhaul_p50_mbps": self._rates.percentile(50.0) / 1e6,
            "wifi_throughput_p50_mbps": self._speed.percentile(50.0) / 1e6,
        }

    def fleets(self) -> Mapping[str, DeviceFleet]:
        """Return the access points of all vehicles."""
        return {"ap": self.air.devices_of_aps}

    def devices(self) -> Mapping[str, str]:
        """Return the managed access points of the city file on vehicles."""
        found = self.air.devices(VEHICLE)
        return {name: kind for name, kind in found.items() if name in self._listed}


def _access_points(
    context: Context, vehicles: Vehicles
) -> tuple[list[AccessPoint], list[int], tuple[_Floats, _Floats, _Floats]]:
    """Access points, the vehicle of each, and their hidden errors."""
    city, hidden = context.city, context.hidden
    listed = [i for i, ap in enumerate(city.access_points) if ap.placement == "vehicle"]
    sites = dict.fromkeys(city.access_points[i].site for i in listed)
    owner_of = {site: k for k, site in enumerate(sites) if k < len(vehicles.ids)}
    listed = [i for i in listed if city.access_points[i].site in owner_of]
    aps = [city.access_points[i] for i in listed]
    owners = [owner_of[ap.site] for ap in aps]
    n_equipped = round(figure("wifi_share") * len(vehicles.ids))
    for k in range(len(owner_of), n_equipped):
        aps.append(_onboard_ap(vehicles.ids[k]))
        owners.append(k)
    errors = []
    for column in (hidden.ap_power_db, hidden.ap_dx_m, hidden.ap_dy_m):
        errors.append(np.concatenate([column[listed], np.zeros(len(aps) - len(listed))]))
    return aps, owners, (errors[0], errors[1], errors[2])


def _onboard_ap(vehicle: str) -> AccessPoint:
    """Make the access point of a vehicle of which the city file has none.

    At 5 GHz it keeps to 5150 to 5250 MHz and 16 dBm, as allowed in vehicles (40 mW).
    """
    radios = tuple(
        Radio(
            index=index,
            channel=channel,
            bandwidth_mhz=20,
            tx_power_dbm=round(figure(f"ap_{band}_power_dbm")),
            antenna_gain_dbi=figure("ap_gain_dbi"),
        )
        for index, band, channel in (("1", "24", 6), ("2", "5", 36))
    )
    return AccessPoint(
        id=f"ap-{vehicle}",
        site=vehicle,
        x_m=0.0,
        y_m=0.0,
        height_m=3.0,
        placement="vehicle",
        radios=radios,
        ssids=(Ssid(name=_SSID),),
    )
