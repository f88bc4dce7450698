"""Every figure of the e-government and backbone system, with its source and mark, in one place."""

from __future__ import annotations

from twin.model.assumptions import reader_of
from twin.model.city import Assumption

__all__ = ["ASSUMPTIONS", "value"]


def _of(key: str, value: float, unit: str, mark: str, source: str) -> Assumption:
    return Assumption(
        key=f"egov_backbone.{key}",
        value=value,
        unit=unit,
        mark=mark,
        source=source,
        used_by="egov_backbone",
    )


_K = "general knowledge, unchecked"
_ROADS = "experts123.com, heathfreel blog: under 5 min/a per 10 km and 4 to 6 h of repair"
_TARGET = "target of operation, unchecked"
_P837 = "ITU-R P.837-7 by itur 0.4.0 at 51.43 N 6.76 E"

WIRELESS_BANDS = ("3_6", "26", "60", "80")
"""Bands of fixed wireless equipment, as their keys name them. [GHz]"""

WIRELESS_STEPS = ("qpsk12", "qpsk78", "16qam", "64qam", "256qam")
"""Modulations, from the most robust on, as their keys name them."""


def _equipment() -> tuple[Assumption, ...]:
    """List radiated power, the home's antenna and channel by band; SNR and net efficiency."""
    sheets = _K + ": typical data sheets"
    by_band = (
        ("3_6", 50.0, 12.0, 50e6, "3.4 to 3.8 GHz, point to multipoint"),
        ("26", 36.0, 31.0, 56e6, "26 and 28 GHz, point to multipoint"),
        ("60", 40.0, 34.0, 400e6, "60 GHz at the licence-free 40 dBm"),
        ("80", 58.0, 43.0, 250e6, "80 GHz, point to point"),
    )
    by_step = (
        ("qpsk12", 5.0, 0.8),
        ("qpsk78", 9.0, 1.4),
        ("16qam", 15.0, 2.8),
        ("64qam", 21.0, 4.3),
        ("256qam", 27.0, 5.9),
    )
    found = []
    for band, eirp_dbm, gain_dbi, width_hz, what in by_band:
        found += [
            _of(f"wireless_{band}_eirp_dbm", eirp_dbm, "dBm", "K", f"{sheets}; {what}"),
            _of(f"wireless_{band}_gain_dbi", gain_dbi, "dBi", "K", f"{sheets}; at the home"),
            _of(f"wireless_{band}_bandwidth_hz", width_hz, "Hz", "K", sheets),
        ]
    for step, snr_db, efficiency in by_step:
        found += [
            _of(f"wireless_{step}_snr_db", snr_db, "dB", "K", f"{sheets}; needed SNR"),
            _of(f"wireless_{step}_bps_hz", efficiency, "bit/s/Hz", "K", f"{sheets}; net"),
        ]
    return tuple(found)


ASSUMPTIONS: tuple[Assumption, ...] = (
    # Citizen offices
    _of("office_opening_days", 250.0, "1/a", "C", "Mon-Fri less NRW's public holidays"),
    _of("office_opens_h", 8.0, "h", "R", "rp-online 11202273 (2007)"),
    _of("office_closes_h", 16.0, "h", "R", "rp-online 11202273 (2007)"),
    _of("office_closes_late_h", 18.0, "h", "R", "rp-online 11202273 (2007), one day a week"),
    _of("appointment_mean_min", 12.0, "min", "K", _K),
    _of("appointment_sigma", 0.5, "1", "K", _K + ": of a lognormal duration"),
    _of("slot_grid_min", 10.0, "min", "K", _K),
    _of("last_slot_before_closing_min", 20.0, "min", "K", _K),
    _of("clerk_utilisation", 0.85, "1", "K", _K + ": an office staffs for it"),
    _of("punctuality_sigma_min", 5.0, "min", "K", _K),
    _of("no_show_share", 0.08, "1", "K", _K),
    _of("patience_min", 60.0, "min", "K", _K + ": then a citizen goes home"),
    _of("clerk_bps", 1e6, "bit/s", "K", _K + ": registers, scans, passport pictures"),
    # Service level
    _of("sla_availability_percent", 99.5, "%", "K", _TARGET),
    _of("sla_from_h", 7.0, "h", "K", _TARGET + "; Mon-Fri"),
    _of("sla_to_h", 18.0, "h", "K", _TARGET + "; Mon-Fri"),
    # Fibre
    _of("cuts_per_100_km_year", 1.4, "1/(100 km a)", "C", _ROADS),
    _of("repair_min_h", 4.0, "h", "S", _ROADS),
    _of("repair_mean_extra_h", 2.0, "h", "C", _ROADS + ": exponential beyond the shortest"),
    _of("repair_crews", 2.0, "1", "K", _K),
    _of("reroute_s", 0.05, "s", "K", _K + ": ring protection switches in less than this"),
    _of("spur_detour", 1.3, "1", "K", _K + ": cable length over distance to the nearest node"),
    _of("node_battery_h", 4.0, "h", "K", _K),
    _of("node_boot_s", 60.0, "s", "K", _K + ": a switch"),
    # Data centre
    _of("ups_min", 15.0, "min", "K", _K),
    _of("genset_start_s", 15.0, "s", "K", _K),
    _of("genset_start_probability", 0.99, "1", "K", _K),
    _of("genset_fuel_h", 72.0, "h", "K", _K),
    _of("services_boot_min", 30.0, "min", "K", _K + ": servers and registers in order"),
    # Load of the fibre where the system that makes it is not simulated
    _of("school_bps_per_pupil", 50e3, "bit/s", "K", _K + ": fallback, 8 to 15 h on school days"),
    _of("public_ap_bps", 1e6, "bit/s", "K", _K + ": fallback, times the hotspots' day profile"),
    # Fixed wireless broadband
    _of("rain_01_mm_h", 2.2, "mm/h", "R", _P837 + ": exceeded 1 % of the year"),
    _of("rain_001_mm_h", 10.1, "mm/h", "R", _P837 + ": 0.1 %"),
    _of("rain_0003_mm_h", 18.3, "mm/h", "R", _P837 + ": 0.03 %"),
    _of("rain_0001_mm_h", 29.6, "mm/h", "R", _P837 + ": 0.01 %"),
    _of("rain_probability_percent", 6.0, "%", "K", _K + ": share of the year with 0.1 mm/h"),
    _of("rain_highest_mm_h", 150.0, "mm/h", "K", _K + ": keeps what lies beyond 0.01 % physical"),
    _of("rain_memory_s", 5000.0, "s", "K", "beta of ITU-R P.1853, 2e-4 1/s, from memory"),
    _of("rain_reach_m", 15e3, "m", "K", _K + ": distance where correlation falls to 1/e"),
    _of("hub_battery_min", 30.0, "min", "R", "br.de: mobile sites carry on for about half an hour"),
    _of("wireless_noise_figure_db", 6.0, "dB", "K", _K),
    _of("wireless_margin_db", 3.0, "dB", "K", _K + ": pointing and ageing"),
    _of("home_sold_bps", 50e6, "bit/s", "K", _K + ": the rate a customer has bought"),
    _of("home_minimum_bps", 30e6, "bit/s", "K",
        "60 % of what is sold; contracts must state a minimum (BNetzA 2017, wz.de), none known"),
    _of("home_busy_from_h", 17.0, "h", "S", "residential day shape, Xu 2017: first busy hour"),
    _of("home_busy_to_h", 23.0, "h", "S", "residential day shape, Xu 2017: end of the last"),
    _of("home_busy_hour_share", 0.07, "1", "S", "residential day shape, Xu 2017"),
    _of("home_gb_month", 322.0, "GB", "S", "BNetzA Jahresbericht 2024 by zdnet.de"),
    *_equipment(),
)  # fmt: skip

value = reader_of("egov_backbone", ASSUMPTIONS)
"""Reads a figure by its key without ``egov_backbone.``, in the unit given above."""
