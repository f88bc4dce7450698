"""What is counted of the public Wi-Fi: sessions, traffic, air, availability, by district."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.sim.system import Context, Kpi, Moment
from twin.sim.wifi import PUBLIC, WifiFleet
from twin.sim.wifi.histogram import Histogram
from twin.sim.wifi.stations import Stations

__all__ = ["Books"]

_Ints = NDArray[np.int64]
_MOST_MOMENTS = 40


class Books:
    """Figures of the public access points since the start.

    Parameters
    ----------
    fleet : WifiFleet
        Access points of all uses.
    public : ndarray of int
        Which of them are public.
    slugs : sequence of str
        District of each public one.
    """

    def __init__(self, fleet: WifiFleet, public: _Ints, slugs: Sequence[str]) -> None:
        self._fleet, self._public = fleet, public
        self._slugs = tuple(dict.fromkeys(sorted(slugs)))
        self._district = np.array([self._slugs.index(slug) for slug in slugs], dtype=np.int64)
        n = fleet.use.size
        self._begun, self._ended = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
        self._length_s, self._octets = np.zeros(n), np.zeros(n)
        self._up_s, self._seconds = np.zeros(n), 0.0
        self._clients_max = 0
        self._clients = Histogram(np.arange(-0.5, 400.5))
        self._airtime = Histogram.percents()
        self._speed = Histogram.decades(1e4, 1e10)
        self._radar = 0
        self.moments: list[Moment] = []

    def begin(self, home: _Ints) -> None:
        """Count sessions that begin."""
        self._begun += np.bincount(home, minlength=self._begun.size)

    def end(self, leaving: Stations) -> None:
        """Count sessions that end."""
        n, home = self._ended.size, leaving.home
        self._ended += np.bincount(home, minlength=n)
        self._length_s += np.bincount(home, leaving.end_s - leaving.begin_s, n)
        self._octets += np.bincount(home, leaving.served_bits / 8.0, n)

    def follow(self, now_s: float, dt_s: float) -> None:
        """Count time and clients after a step."""
        self._up_s += self._fleet.is_up(now_s) * dt_s
        self._seconds += dt_s
        self._clients_max = max(self._clients_max, self._fleet.clients_of_use(PUBLIC))

    def sample(self, context: Context, now_s: float) -> None:
        """Take what changes slowly: air, speed, clients."""
        fleet, public = self._fleet, self._public
        up = public[fleet.is_up(now_s)[public]]
        clients = fleet.clients_by_ap()
        airtime = 100.0 * fleet.traffic.utilization[public].max(axis=1)
        self._clients.add(clients[up].astype(np.float64))
        self._airtime.add(100.0 * fleet.traffic.utilization[up].max(axis=1))
        rows = np.flatnonzero(fleet.of_use(PUBLIC) & (fleet.stations.ap >= 0))
        self._speed.add(fleet.traffic.user_bps(fleet.stations, rows))
        context.trace.add_counts(now_s, "city_wifi/sessions", self._begun[public])
        if context.telemetry.wants("city_wifi_aps"):
            context.telemetry.add(
                "city_wifi_aps",
                now_s,
                {
                    "ap": np.array([fleet.ids[i] for i in public]),
                    "clients": clients[public],
                    "airtime_percent": airtime,
                    "served_bps": fleet.traffic.served_bps[public],
                    "is_up": fleet.is_up(now_s)[public],
                },
            )

    def see_radar(self, ap: str, now_s: float) -> None:
        """Count a radar event."""
        self._radar += 1
        self.tell(now_s, ap, "radar on its channel: it leaves, listens, and comes back later")

    def tell(self, now_s: float, who: str, text: str) -> None:
        """Remember what is worth telling, the first few dozen times."""
        if len(self.moments) < _MOST_MOMENTS:
            self.moments.append(Moment(now_s, who, text))

    def _availability(self, rows: _Ints) -> float:
        total = self._seconds * rows.size
        return 100.0 * float(self._up_s[rows].sum()) / total if total else 100.0

    def kpis(self) -> Mapping[str, Kpi]:
        """Return figures of all public access points."""
        ended, traffic = int(self._ended.sum()), self._fleet.traffic
        offered = float(traffic.offered_bits[PUBLIC])
        return {
            "sessions": Kpi(int(self._begun.sum()), "sessions"),
            "traffic_gb": Kpi(float(traffic.served_bits[PUBLIC]) / 8e9, "GB"),
            "mean_session_min": Kpi(self._length_s.sum() / 60.0 / max(ended, 1), "min"),
            "mean_session_mb": Kpi(self._octets.sum() / 1e6 / max(ended, 1), "MB"),
            "clients_max": Kpi(self._clients_max, "clients"),
            "clients_per_ap_mean": Kpi(self._clients.mean(), "clients"),
            "clients_per_ap_p99": Kpi(self._clients.percentile(99.0), "clients"),
            "airtime_p95_percent": Kpi(self._airtime.percentile(95.0), "%", "busiest radio"),
            "user_throughput_p5_mbps": Kpi(self._speed.percentile(5.0) / 1e6, "Mbit/s"),
            "user_throughput_p50_mbps": Kpi(self._speed.percentile(50.0) / 1e6, "Mbit/s"),
            "dropped_percent": Kpi(
                100.0 * float(traffic.dropped_bits[PUBLIC]) / offered if offered else 0.0, "%"
            ),
            "roams": Kpi(int(self._fleet.roams[PUBLIC]), "roams"),
            "radar_events": Kpi(self._radar, "events"),
            "ap_availability_percent": Kpi(self._availability(self._public), "%"),
        }

    def by_district(self) -> Mapping[str, Mapping[str, Kpi]]:
        """Return figures by district."""
        found = {}
        for k, slug in enumerate(self._slugs):
            rows = self._public[self._district == k]
            if slug:
                found[slug] = {
                    "access_points": Kpi(rows.size, "APs"),
                    "sessions": Kpi(int(self._begun[rows].sum()), "sessions"),
                    "traffic_gb": Kpi(float(self._octets[rows].sum()) / 1e9, "GB", "ended ones"),
                    "ap_availability_percent": Kpi(self._availability(rows), "%"),
                }
        return found

    def gauges(self, now_s: float) -> Mapping[str, float]:
        """Return what is now."""
        fleet, public = self._fleet, self._public
        if not public.size:
            return {}
        return {
            "clients": float(fleet.clients_of_use(PUBLIC)),
            "throughput_mbps": float(fleet.traffic.served_bps[public].sum()) / 1e6,
            "airtime_percent": 100.0 * float(fleet.traffic.utilization[public].max(axis=1).mean()),
            "aps_up": float(fleet.is_up(now_s)[public].sum()),
        }

    def check(self, n_running: int) -> None:
        """Raise `AssertionError` if bits or sessions are lost."""
        traffic = self._fleet.traffic
        offered = float(traffic.offered_bits[PUBLIC])
        booked = float(traffic.served_bits[PUBLIC] + traffic.dropped_bits[PUBLIC])
        booked += self._fleet.queued_bits(PUBLIC)
        if abs(offered - booked) > 1e-6 * max(offered, 1.0):
            raise AssertionError(f"city_wifi: {offered} bits offered, {booked} booked")
        if int(self._begun.sum()) != int(self._ended.sum()) + n_running:
            raise AssertionError("city_wifi: sessions that began have neither ended nor run")
