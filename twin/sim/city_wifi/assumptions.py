"""What the city's Wi-Fi takes for granted, with where each figure comes from."""

from __future__ import annotations

from twin.model.assumptions import reader_of
from twin.model.city import Assumption

__all__ = ["ASSUMPTIONS", "figure"]

_K = "general knowledge, unchecked"
_FREIFUNK = "Freifunk nodes, mwarning/meshnet-lab@148b3bd9, spring 2020: clients per node"


def _a(key: str, value: float, unit: str, mark: str, source: str, used_by: str) -> Assumption:
    return Assumption(
        key=f"city_wifi.{key}", value=value, unit=unit, mark=mark, source=source, used_by=used_by
    )


ASSUMPTIONS: tuple[Assumption, ...] = (
    _a("sessions_per_day", 110.0, "1/d", "C",
       "600,000 sessions a year at 15 hotspots, Wiesbaden, merkurist.de", "log-ins of a mean AP"),
    _a("session_min", 24.0, "min", "R",
       "23 to 25 min on a square in Buende, westfalen-blatt 4335450", "mean length, exponential"),
    _a("session_mb", 23.0, "MB", "C",
       "so that what the cap of 200 MB and weak signals leave is the 20 MB of Wiesbaden: 12 TB in "
       "600,000 sessions, merkurist.de",
       "mean volume that people want"),
    _a("volume_sigma", 1.2, "1", "K", _K, "spread of the demand of sessions, lognormal"),
    _a("evening_share_percent", 33.3, "%", "R",
       "a third of log-ins 18 to 22 h, filstalexpress 28928", "day shape of log-ins"),
    _a("evening_spread_h", 2.0, "h", "K", _K, "of the bell that gives the evening its share"),
    _a("popularity_sigma", 1.1, "1", "C",
       f"{_FREIFUNK} mean 2, p99 17, 48 % idle", "spread of APs, lognormal"),
    _a("busiest_per_day", 800.0, "1/d", "R",
       "peak site, schwarzwaelder-bote (Horb)", "log-ins of the most popular AP"),
    _a("cap_mb", 200.0, "MB", "R",
       "200 MB a user and day, WAZ 11568379", "sessions end, next log-in tomorrow"),
    _a("sessions_per_user", 2.9, "1/d", "C",
       "110 sessions, 38 users a site and day at the peak of 2,200, WAZ 12093578; two cities",
       "log-ins of one user in a day"),
    _a("portal_success_percent", 93.0, "%", "K", _K, "click-through on the captive portal"),
    _a("portal_median_s", 15.0, "s", "K", _K, "log-in on the portal, lognormal"),
    _a("portal_sigma", 0.5, "1", "K", _K, "spread of it"),
    _a("portal_demand_share", 0.1, "1", "K", _K, "demand while the portal is open"),
    _a("active_share", 0.4, "1", "R",
       "40 % of devices active, SecurEdge; opinion", "roam for 8 dB, others for 12 dB"),
    _a("walk_share", 0.25, "1", "K", _K, "stations that walk on in a step"),
    _a("walk_s", 30.0, "s", "K", _K, "length of such a step"),
    _a("walk_m", 15.0, "m", "K", _K, "how far they walk then"),
    _a("reach_m", 60.0, "m", "K", _K, "they stay so near to the AP they came to"),
    _a("radar_per_ap_day", 0.01, "1/d", "K", _K, "radar seen by an AP on a radar channel"),
    _a("crowd_share", 0.25, "1", "K", _K, "people of a crowd who are online at once"),
    _a("zoo_opens_h", 9.0, "h", "K", _K, "log-ins at the zoo"),
    _a("zoo_closes_h", 18.5, "h", "K", "summer hours", "log-ins at the zoo"),
)  # fmt: skip

figure = reader_of("city_wifi", ASSUMPTIONS)
"""Reads a figure by its key without ``city_wifi.``, in the unit given above."""
