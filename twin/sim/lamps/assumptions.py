"""What the lamps' simulation takes for granted, with where each figure comes from."""

from __future__ import annotations

from twin.model.assumptions import reader_of
from twin.model.city import Assumption

__all__ = ["ASSUMPTIONS", "figure"]


def _a(key: str, value: float, unit: str, mark: str, source: str, used_by: str) -> Assumption:
    return Assumption(
        key=f"lamps.{key}", value=value, unit=unit, mark=mark, source=source, used_by=used_by
    )


_K = "general knowledge, unchecked"

ASSUMPTIONS: tuple[Assumption, ...] = (
    _a("boot_s", 30.0, "s", "K", _K, "a cabinet's controller after its power is back"),
    _a("fade_s", 1.0, "s", "K", "DALI fade time 2 of IEC 62386-102; the choice is assumed",
       "change of light on command"),
    _a("power_on_percent", 100.0, "%", "K", "DALI power-on level, default 254",
       "light until the controller has booted"),
    _a("restrike_s", 300.0, "s", "K", _K, "hot sodium lamps after a cut of power"),
    _a("luminance_coefficient", 0.07, "cd/m2/lx", "K", "Q0 of R3 road surfaces, CIE 144",
       "M classes from illuminance"),
    _a("road_width_m", 6.0, "m", "K", _K, "points of the grid across the street"),
    _a("led_lm_w", 130.0, "lm/W", "S", "worked example of CITY_FACTS section 3", "light of LED"),
    _a("sodium_lm_w", 60.0, "lm/W", "K", "lamp, ballast and optics together", "light of sodium"),
    _a("dirt_factor", 0.9, "1", "K", "cleaned in turn; uncleaned LED lost 12 % in Minneapolis",
       "light on the street"),
    _a("design_maintenance", 0.8, "1", "K", "usual maintenance factor of street lighting",
       "class a segment was designed for"),
    _a("night_steps", 2.0, "1", "K", "classes lower with little traffic, as EN 13201-1 allows",
       "class in the night window"),
    _a("led_end_h", 70_000.0, "h", "R", "L80B10 (treffpunkt-kommune.de, omoa.de)", "loss of light"),
    _a("led_end_share", 0.8, "1", "R", "L80B10 (treffpunkt-kommune.de, omoa.de)", "loss of light"),
    _a("depreciation_sigma", 0.3, "1", "K", _K, "scatter of the loss of light"),
    _a("sodium_loss", 0.1, "1", "K", "over the time to group replacement", "loss of light"),
    _a("sodium_group_h", 16_000.0, "h", "K", "95 % of sodium lamps survive it", "wear of sodium"),
    _a("sodium_shape", 3.0, "1", "K", "Weibull, wear", "wear of sodium"),
    _a("group_failed_share", 0.05, "1", "R", "planungsleitfaden-strassenbeleuchtung.de",
       "group replacement of a cabinet's sodium lamps"),
    _a("led_failures_per_year", 0.0075, "1/a", "K", "0.5 to 1 % a year", "failures of LED"),
    _a("infant_factor", 3.0, "1", "K", "infant phase of 6 to 18 months (S); its height assumed",
       "failures of LED"),
    _a("infant_h", 4062.0, "h", "K", "a year of burning", "failures of LED"),
    _a("led_age_years", 8.0, "a", "K", "changed cabinet by cabinet, evenly until now",
       "ages at the start"),
    _a("lamps_per_crew", 15_000.0, "1", "K", "three crews for 46,000 lamps", "repair crews"),
    _a("repair_least_s", 3 * 86400.0, "s", "K", "3 to 10 working days",
       "repair where failures are accelerated"),
    _a("repair_most_s", 10 * 86400.0, "s", "K", "3 to 10 working days",
       "repair where failures are accelerated"),
    _a("plan_least_s", 1 * 86400.0, "s", "K", "so that repairs take 3 to 10 days in all",
       "time from failure to the crews' list"),
    _a("plan_most_s", 8 * 86400.0, "s", "K", "so that repairs take 3 to 10 days in all",
       "time from failure to the crews' list"),
    _a("day_begin_min", 420.0, "min", "K", "working day from 7 h", "repair crews"),
    _a("day_end_min", 930.0, "min", "K", "working day until 15:30 h", "repair crews"),
    _a("drive_m_s", 7.0, "m/s", "K", "25 km/h in the city", "repair crews"),
    _a("detour", 1.3, "1", "K", "way by road over the straight line", "repair crews"),
    _a("lamp_work_s", 2700.0, "s", "K", _K, "changing one lamp, with the lift truck"),
    _a("group_work_s", 900.0, "s", "K", _K, "each lamp of a group replacement"),
    _a("group_lamps", 24.0, "1", "K", _K, "lamps of one job of a group replacement, at most"),
    _a("cabinet_work_s", 7200.0, "s", "K", "a feeder fault is repaired in a day", "dark cabinets"),
    _a("motion_base_percent", 10.0, "%", "R", "Datteln (marlaktuell 449198)", "motion-adaptive"),
    _a("motion_hold_s", 90.0, "s", "R", "Datteln (marlaktuell 449198)", "motion-adaptive"),
    _a("motion_ahead", 2.0, "1", "R", "one or two lamps ahead (Chemnitz, tag24)",
       "motion-adaptive"),
    _a("motion_corridors", 2.0, "1", "K", "pilots, first by name; the city has none yet",
       "corridors that follow motion from the start"),
    _a("corridor_m", 30.0, "m", "K", _K, "lamps this near to a corridor's line belong to it"),
    _a("night_flow_share", 0.1, "1", "K", "traffic of a night hour over that of the day",
       "passers-by where signals are not simulated"),
    _a("corridor_veh_h", 400.0, "1/h", "K", "where the city file has no flow",
       "passers-by where signals are not simulated"),
    _a("vehicle_m_s", 12.5, "m/s", "K", "45 km/h", "passers-by where signals are not simulated"),
    _a("walkers_h", 6.0, "1/h", "K", "by night, on a path", "passers-by along a cabinet's lamps"),
    _a("walker_m_s", 1.4, "m/s", "K", "5 km/h", "passers-by along a cabinet's lamps"),
    _a("tariff_eur_kwh", 0.132, "EUR/kWh", "C", "rp-online 37862673 (2019): 450 k EUR for 3.4 GWh",
       "cost"),
    _a("co2_kg_kwh", 0.38, "kg/kWh", "K", "German mix of 2023, Umweltbundesamt", "CO2"),
    _a("crossing_m", 30.0, "m", "K", _K, "lamps this near to a signal light its crossing"),
    _a("late_sun_deg", -4.5, "deg", "C",
       "about 10 lx (R: rest of the streets, strassenbeleuchtung.de); Chemnitz's 3,925 h",
       "cabinets that switch later on request"),
    _a("sample_s", 900.0, "s", "K", "quarter-hour values, as meters give", "table cabinets"),
    _a("surge_share", 0.1, "1", "K",
       "surges hit several lamps of one feeder (ottima-tech, sunlecn.com); the share is assumed",
       "failures that are a surge"),
    _a("surge_lamps", 5.0, "1", "K", _K, "lamps that a surge takes"),
)  # fmt: skip

figure = reader_of("lamps", ASSUMPTIONS)
"""Reads a figure by its key without ``lamps.``, in the unit given above."""
