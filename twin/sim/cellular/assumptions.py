"""Figures of the mobile network that nobody measured in this city, each in one place."""

from __future__ import annotations

from twin.model.assumptions import reader_of
from twin.model.city import Assumption

__all__ = ["ASSUMPTIONS", "assumed"]


def _figure(key: str, value: float, unit: str, mark: str, source: str) -> Assumption:
    return Assumption(
        key=f"cellular.{key}", value=value, unit=unit, mark=mark, source=source, used_by="cellular"
    )


_BNETZA = "BNetzA annual report 2024, quoted by zdnet.de 88422069 and handyhase.de"
_COMMON = "general knowledge, unchecked"
_IMT = "IMT-2020 evaluation, as in the calibration example of 5G-LENA"
_TR38864 = "our assumption: TR 38.864 gives relative power only"

ASSUMPTIONS: tuple[Assumption, ...] = (
    _figure("sims_per_resident", 1.30, "1", "S", _BNETZA),
    _figure("gb_per_sim_month", 7.4, "GB/month", "S", _BNETZA),
    _figure("days_per_month", 30.4, "d", "C", "365 days over 12"),
    _figure("voice_min_per_sim_month", 115.0, "min/month", "S", _BNETZA),
    _figure("nr_share", 0.10, "1", "S", _BNETZA + ": 5G share of the volume"),
    _figure("nr_capable_share", 0.60, "1", "K", "subscribers whose phone and tariff know 5G"),
    _figure("balance_above_load", 0.60, "1", "K", "users leave a busier cell for another layer"),
    _figure("balance_back_load", 0.40, "1", "K", "and come back when it has so little load"),
    _figure("connected_share", 0.05, "1", "K", "SIMs in RRC connected state, mean of the day"),
    _figure("session_s", 90.0, "s", "K", "mean length of an RRC connection"),
    _figure("agents", 100_000.0, "1", "K", "each stands for several SIMs at one place"),
    _figure("pedestrian_share", 0.10, "1", "K", "outdoor half of the 20 % outdoors of " + _IMT),
    _figure("car_share", 0.08, "1", "K", "rest of the 20 % outdoors of " + _IMT),
    _figure("tram_share", 0.02, "1", "K", "174,000 rides of some 15 min a day, rounded up"),
    _figure("pedestrian_kmh", 3.0, "km/h", "R", _IMT),
    _figure("car_kmh", 30.0, "km/h", "R", _IMT),
    _figure("tram_kmh", 19.5, "km/h", "K", "commercial speed of trams, 19 to 20 km/h"),
    _figure("walk_m", 800.0, "m", "K", "mean distance from home on foot"),
    _figure("drive_m", 5000.0, "m", "K", "mean distance from home by car within the city"),
    _figure("vehicle_loss_db", 9.0, "dB", "R", "TR 38.901 V17 7.4.3.2, mean loss into cars"),
    _figure("min_rsrp_dbm", -120.0, "dBm", "K", "a weaker cell does not keep a connection"),
    _figure("hysteresis_db", 3.0, "dB", "R", "ns-3 a3-rsrp-handover-algorithm.cc"),
    _figure("reach_m", 2000.0, "m", "K", "a cell is not heard farther away: sites 0.6 km apart"),
    _figure("overhead_load", 0.03, "1", "K", "signals of a cell without users, share of PRBs"),
    _figure("adaptive_share", 0.25, "1", "K", "a connection asks at most this part of its rate"),
    _figure("load_smoothing_s", 10.0, "s", "K", "time constant of the reported load"),
    _figure("queue_s", 10.0, "s", "K", "octets that wait longer than this are dropped"),
    _figure("centre_m", 1000.0, "m", "K", "radius of the entertainment district round the centre"),
    _figure("office_share", 0.02, "1", "K", "agents at places of work beyond the residents there"),
    _figure(
        "entertainment_share", 0.02, "1", "K", "agents in the centre beyond the residents there"
    ),
    _figure(
        "transport_share",
        0.01,
        "1",
        "K",
        "agents at stops of rail and tram beyond the residents there",
    ),
    _figure("battery_mast_min_s", 7200.0, "s", "R", "Vodafone 2 to 4 h, inside-digital.de"),
    _figure("battery_mast_max_s", 14400.0, "s", "R", "Vodafone 2 to 4 h, inside-digital.de"),
    _figure("battery_roof_min_s", 1200.0, "s", "K", "about 30 min (industry, br.de), aged"),
    _figure("battery_roof_max_s", 2400.0, "s", "K", "about 30 min (industry, br.de), new"),
    _figure("battery_recharge", 0.1, "1", "K", "charge regained per time discharged"),
    _figure("boot_s", 300.0, "s", "K", "restart of an eNB or gNB after power returns"),
    _figure("drain_s", 30.0, "s", "K", "users are handed over within half a minute of shut-down"),
    _figure("mtbf_h", 225_000.0, "h", "K", "remote radio unit 150,000 to 300,000 h"),
    _figure("repair_min_s", 4 * 3600.0, "s", "K", _COMMON),
    _figure("repair_max_s", 24 * 3600.0, "s", "K", _COMMON),
    _figure("nr_w_per_unit", 4.0, "W", "K", _TR38864),
    _figure("sleep_from_h", 0.0, "h", "K", "mean begin of the hours for cell sleep, local time"),
    _figure("sleep_until_h", 5.0, "h", "K", "mean end of the hours for cell sleep, local time"),
    _figure("sleep_spread_h", 2.0, "h", "K", "within which sites begin, and end, at their times"),
    _figure("sleep_below_load", 0.10, "1", "K", "a capacity cell with less load may sleep"),
    _figure("sleep_after_s", 900.0, "s", "K", "if its load was less for so long"),
    _figure("sleep_room_load", 0.40, "1", "K", "and its coverage cell would have less with it"),
    _figure("wake_above_load", 0.50, "1", "K", "load of the coverage cell that wakes the others"),
    _figure("video_volume", 0.70, "1", "K", "share of video in the volume"),
    _figure("web_volume", 0.20, "1", "K", "share of web pages in the volume"),
    _figure("ftp_volume", 0.10, "1", "K", "share of files in the volume"),
    _figure("video_sessions", 0.25, "1", "K", "share of video in the data connections"),
    _figure("web_sessions", 0.50, "1", "K", "share of web pages in the data connections"),
    _figure("ftp_sessions", 0.25, "1", "K", "share of files in the data connections"),
    _figure("ftp_octets", 500_000.0, "octets", "R", "FTP model 1, TR 36.814 A.2.1.3.1"),
    _figure("web_octets", 54_000.0, "octets", "C", "3GPP page of ns-3: main and 5.6 embedded"),
    _figure("web_variation", 1.5, "1", "K", "standard deviation of a page over its mean"),
    _figure("video_octets", 1_250_000.0, "octets", "K", "segment of 4 s at 2.5 Mbit/s"),
    _figure("voice_octets", 4_000.0, "octets", "R", "NGMN VoIP: 40 B per 20 ms, spurt of 2 s"),
    _figure("voice_bps", 8_000.0, "bit/s", "R", "NGMN VoIP: 40 B per 20 ms, activity 0.5"),
    _figure("time_to_trigger_s", 0.256, "s", "R", "ns-3 a3-rsrp-handover-algorithm.cc"),
    _figure("site_spacing_m", 600.0, "m", "C", "of the sites in Duisburg, for a single site"),
    _figure("reestablished", 0.70, "1", "K", "connections that survive a radio-link failure"),
    _figure("backhaul_fallback_bps", 20e6, "bit/s", "K", "where no cells are simulated"),
)
"""All of them; marks as in `twin.model.city.Assumption`."""

assumed = reader_of("cellular", ASSUMPTIONS)
"""Reads a figure by its key without ``cellular.``, in the unit given above."""
