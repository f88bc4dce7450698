"""Figures of the traffic signals nobody has measured here, each with its mark and source."""

from __future__ import annotations

from twin.model.assumptions import reader_of
from twin.model.city import Assumption

__all__ = ["ASSUMPTIONS", "assumed"]

_GENERAL = "general knowledge, unchecked"
_WAZ_LAMPS = "WAZ 210763219"
_WAZ_NIGHT = "WAZ 6379525"


def _row(key: str, value: float, unit: str, mark: str, source: str, used_by: str) -> Assumption:
    return Assumption(
        key=f"signals.{key}",
        value=value,
        unit=unit,
        mark=mark,
        source=source,
        used_by=f"signals: {used_by}",
    )


ASSUMPTIONS: tuple[Assumption, ...] = (
    _row("time_need", 1.8, "s/veh", "R", "HBS 2015, FGSV-Datenbank DOK 69801", "saturation flow"),
    _row("adjustment", 0.9, "1", "K", "of saturation flow: turning, lorries", "saturation flow"),
    _row("lost_time", 12.0, "s", "K", "two phases, 6 s each; as in the test vectors", "splits"),
    _row("min_green", 10.0, "s", "K", _GENERAL, "splits"),
    _row("pedestrian_green", 10.0, "s", "K", _GENERAL, "pedestrian signals"),
    _row("through_share", 0.8, "1", "K", "of vehicles going on along a corridor", "platoons"),
    _row("progression_speed", 13.9, "m/s", "K", "50 km/h", "green wave, travel times"),
    _row("platoon_alpha", 0.35, "1", "S", "Robertson 1969, TRANSYT", "platoon dispersion"),
    _row("platoon_beta", 0.8, "1", "S", "Robertson 1969, TRANSYT", "platoon dispersion"),
    _row("side_share", 0.3, "1", "K", "of all vehicles", "flows"),
    _row("peak_direction", 0.62, "1", "K", "share of the busy direction 6-9 and 15:30-19", "flows"),
    _row("main_lane", 900.0, "veh/h", "K", "busy-hour flow one lane is built for", "lanes"),
    _row("side_lane", 450.0, "veh/h", "K", "busy-hour flow one lane is built for", "lanes"),
    _row("flow_error", 0.12, "1", "K", "sigma of ln(true flow / inventory)", "hidden truth"),
    _row("pedestrians", 80.0, "1/h", "K", "busy hour, over the main road", "pedestrians"),
    _row("main_dark_factor", 0.8, "1", "K", "main road past a dark signal", "priority rules"),
    _row("critical_gap", 6.5, "s", "K", "side street, HBS order of size", "priority rules"),
    _row("follow_up", 3.5, "s", "K", "side street, HBS order of size", "priority rules"),
    _row(
        "crossing_time", 8.0, "s", "K", "pedestrian over two lanes and a margin", "priority rules"
    ),
    _row("courtesy", 40.0, "s", "K", "then drivers let walkers across", "priority rules"),
    _row("walkers_out", 5.0, "1/s", "K", "walkers who set out in a second of green", "walkers"),
    _row("busy_hour", 8.2, "%", "K", "16-17 h of a workday's traffic; hours in flows", "flows"),
    _row("free_day", 0.75, "1", "K", "traffic of a day off over that of a workday", "flows"),
    _row("speed_spread", 0.1, "1", "K", "sigma of single speeds over their mean", "detectors"),
    _row("los_e", 100.0, "s", "K", "mean delay where level E ends", "levels of service"),
    _row("divert_from", 30.0, "veh/lane", "K", "queue from which drivers turn away", "diversion"),
    _row("divert_all", 60.0, "veh/lane", "K", "queue nobody joins", "diversion"),
    _row("vehicle_space", 6.5, "m", "K", "one waiting vehicle with its gap", "detectors"),
    _row("detector_distance", 30.0, "m", "K", "loop before the stop line", "detectors"),
    _row("lamps_lit_junction", 12.0, "lamps", "C", f"50,000 EUR/a saved, {_WAZ_NIGHT}", "energy"),
    _row("lamps_lit_t_junction", 9.0, "lamps", "C", f"same as junction, {_WAZ_NIGHT}", "energy"),
    _row("lamps_lit_pedestrian", 5.0, "lamps", "C", f"same as junction, {_WAZ_NIGHT}", "energy"),
    _row("chambers_per_lit", 2.7, "1", "K", "red, amber, green, two for pedestrians", "failures"),
    _row("old_lamp", 50.0, "W", "R", f"40-60 W, {_WAZ_LAMPS}", "energy"),
    _row("led_lamp", 7.0, "W", "R", _WAZ_LAMPS, "energy"),
    _row("flash_share", 0.125, "1", "K", "a quarter of the lamps, half of the time", "energy"),
    _row("controller", 60.0, "W", "K", _GENERAL, "energy"),
    _row("old_lamp_life", 4380.0, "h", "R", f"about 6 months, {_WAZ_LAMPS}", "failures"),
    _row("led_lamp_life", 65_700.0, "h", "R", f"5-10 years, {_WAZ_LAMPS}", "failures"),
    _row("early_failures", 0.1, "1", "K", "rest is replaced in groups in time", "failures"),
    _row("red_lamp_share", 0.1, "1", "K", "failures of a monitored red without a second", "flash"),
    _row("controller_mtbf", 20_000.0, "h", "K", _GENERAL, "failures"),
    _row("computer_mtbf", 8_760.0, "h", "K", _GENERAL, "failures of traffic computers"),
    _row("repair_min", 4.0, "h", "K", "MTTR 4-24 h", "crews"),
    _row("repair_max", 24.0, "h", "K", "MTTR 4-24 h", "crews"),
    _row("on_site_share", 0.25, "1", "K", "of the repair a crew is bound", "crews"),
    _row("crews", 3.0, "crews", "K", _GENERAL, "crews"),
    _row("start_flash", 30.0, "s", "K", "controller boots, amber flashes", "return of power"),
    _row("all_red", 6.0, "s", "K", _GENERAL, "return of power"),
    _row("max_correction", 1.0 / 6.0, "1", "K", "of the cycle; at most 3 cycles", "pattern change"),
    _row("lost_link_pattern", 2.0, "1", "K", "day programme, no offset", "computer outage"),
)
"""Everything the model of the signals rests on; the code reads the values from here."""

assumed = reader_of("signals", ASSUMPTIONS)
"""Reads a figure by its key without ``signals.``, in the unit given above."""
