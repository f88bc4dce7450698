"""What access points and stations of every use take for granted, with where it comes from."""

from __future__ import annotations

from twin.model.assumptions import reader_of
from twin.model.city import Assumption

__all__ = ["ASSUMPTIONS", "figure"]

_K = "general knowledge, unchecked"
_IOS = "iOS, support.apple.com HT203068"


def _a(key: str, value: float, unit: str, mark: str, source: str, used_by: str) -> Assumption:
    return Assumption(
        key=f"wifi.{key}", value=value, unit=unit, mark=mark, source=source, used_by=used_by
    )


ASSUMPTIONS: tuple[Assumption, ...] = (
    _a("ap_boot_s", 90.0, "s", "K", _K, "until an access point answers and listens for radar"),
    _a("switch_boot_s", 60.0, "s", "K", _K, "until a switch answers and feeds its ports"),
    _a("radio_management_s", 600.0, "s", "K", _K, "automatic radios choose again so often"),
    _a("public_reach_m", 40.0, "m", "K", _K, "how far stations are from their access point"),
    _a("school_reach_m", 15.0, "m", "K", _K, "how far stations are from their access point"),
    _a("vehicle_reach_m", 10.0, "m", "K", _K, "how far stations are from their access point"),
    _a("shadow_db", 4.0, "dB", "K", _K, "shadowing between a station and an access point"),
    _a("candidate_m", 120.0, "m", "K", _K, "access points of a site a station may join"),
    _a("join_dbm", -80.0, "dBm", "K", _K, "a station that hears less stays away"),
    _a("scan_dbm", -70.0, "dBm", "R", _IOS, "below this a station looks for a better one"),
    _a("scan_every_s", 10.0, "s", "K", _K, "how often it looks"),
    _a("roam_active_db", 8.0, "dB", "R", _IOS, "better by so much, while it sends"),
    _a("roam_idle_db", 12.0, "dB", "R", _IOS, "better by so much, while idle"),
    _a("prefer_5_ghz_dbm", -65.0, "dBm", "R", _IOS, "from here on 5 GHz is preferred"),
    _a("foreign_24_share", 0.1, "1", "K", _K, "mean air time of others' networks at 2.4 GHz"),
    _a("foreign_5_share", 0.025, "1", "K", _K, "mean air time of others' networks at 5 GHz"),
    _a("foreign_6_share", 0.005, "1", "K", _K, "mean air time of others' networks at 6 GHz"),
    _a("beacon_24_share", 0.005, "1", "C",
       "300 octets at 6 Mbit/s each 102.4 ms; slow rates off, framebyframewifi.net 2015",
       "air time of one network's beacons"),
    _a("beacon_5_share", 0.003, "1", "C", "as at 2.4 GHz, without protection",
       "air time of one network's beacons"),
    _a("first_network_share", 0.8, "1", "K", _K,
       "stations that want the first network of an access point, where nobody says which"),
    _a("noise_lowest_dbm", -96.0, "dBm", "K", _K, "noise floor that radios measure, at least"),
    _a("noise_spread_db", 4.0, "dB", "K", _K, "and at most so much more, uniform"),
    _a("full_share", 0.95, "1", "K", _K, "air time for data and beacons; probes take the rest"),
    _a("first_share", 0.8, "1", "K",
       "AC_VI (AIFSN 2, CW 7 to 15) against AC_BE (3, 15 to 1023), defaults of IEEE 802.11 EDCA; "
       "a slot-by-slot count of one queue of each gives 0.85",
       "air time of the higher access category where both want all"),
    _a("patience_s", 30.0, "s", "K", _K, "so much demand waits for the air, the rest is dropped"),
    _a("lowest_bps", 500e3, "bit/s", "K", "1 Mbit/s at the edge", "rate of a faint station"),
    _a("aggregate_frames", 16.0, "1", "K", _K, "frames of 1500 octets in a mean aggregate"),
    _a("hear_m", 300.0, "m", "K", _K, "farther access points neither wait nor disturb"),
    _a("down_share", 0.85, "1", "K", _K, "of the traffic of stations"),
    _a("management_octets_s", 150.0, "B/s", "K", _K, "of a booted access point, on the wire"),
)  # fmt: skip

figure = reader_of("wifi", ASSUMPTIONS)
"""Reads a figure by its key without ``wifi.``, in the unit given above."""
