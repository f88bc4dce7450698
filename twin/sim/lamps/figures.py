"""Figures of the lamps: energy, light, failures, repair; for the city and by district."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.model.city import City, LampCabinet
from twin.sim.lamps.assumptions import figure
from twin.sim.lamps.books import Totals
from twin.sim.system import Kpi

if TYPE_CHECKING:
    from twin.sim.lamps.system import Lamps

__all__ = ["by_district", "districts_of", "of_city", "of_gauges"]


def districts_of(city: City, cabinets: Sequence[LampCabinet]) -> tuple[str, ...]:
    """Find the district of each cabinet.

    Parameters
    ----------
    city : City
        Its districts, if it has any.
    cabinets : sequence of LampCabinet
        Their `site` is a district, or a place such as the pilot street.

    Returns
    -------
    tuple of str
        Slugs; a place belongs to the district of the nearest cabinet that has one.
    """
    slugs = {district.slug for district in city.districts} or {c.site for c in cabinets}
    known = [cabinet for cabinet in city.cabinets if cabinet.site in slugs]
    found = []
    for cabinet in cabinets:
        near = cabinet
        if cabinet.site not in slugs and known:
            x, y = cabinet.x_m, cabinet.y_m
            near = min(known, key=lambda c: (c.x_m - x) ** 2 + (c.y_m - y) ** 2)
        found.append(near.site)
    return tuple(found)


def of_city(lamps: Lamps) -> dict[str, Kpi]:
    """Return the figures of all lamps since the start.

    Parameters
    ----------
    lamps : Lamps
        The system.

    Returns
    -------
    dict
        By name.
    """
    totals = lamps.fleet.totals(lamps.context.kernel.now_s)
    crews = lamps.crews
    done = crews.finished_repairs
    return {
        **_common(totals, lamps.fleet.failed(), lamps.faults.by_cabinet, slice(None)),
        "surge_failures": Kpi(lamps.faults.surged, "1", "assumed share of failures"),
        "mean_repair_h": Kpi(round(crews.repair_s / done / 3600.0, 2) if done else 0.0, "h"),
        "repairs": Kpi(done, "1"),
        "open_tickets": Kpi(crews.open, "1"),
        "crew_utilisation_percent": Kpi(round(crews.utilisation_percent(), 2), "%"),
        "group_replacements": Kpi(lamps.faults.group_replacements, "1", "cabinets with 5 % failed"),
        "adaptive_detections": Kpi(lamps.corridors.detections(), "1"),
    }


def by_district(lamps: Lamps) -> dict[str, dict[str, Kpi]]:
    """Return figures since the start by slug of the district.

    Parameters
    ----------
    lamps : Lamps
        The system.

    Returns
    -------
    dict
        Figures by name by district.
    """
    totals = lamps.fleet.totals(lamps.context.kernel.now_s)
    where = np.array(lamps.districts)
    failed, ever = lamps.fleet.failed(), lamps.faults.by_cabinet
    return {
        slug: _common(totals, failed, ever, np.flatnonzero(where == slug))
        for slug in sorted(set(lamps.districts))
    }


def of_gauges(lamps: Lamps) -> dict[str, float]:
    """Return what a control room watches now.

    Parameters
    ----------
    lamps : Lamps
        The system.

    Returns
    -------
    dict
        By name.
    """
    fleet = lamps.fleet
    due = float(fleet.total.sum()) if fleet.is_dark else 0.0
    lit = float(fleet.lamps_lit().sum())
    return {
        "power_w": float(fleet.power_at(lamps.context.kernel.now_s).sum()),
        "level_percent": fleet.mean_level_percent(),
        "lamps_lit": lit,
        "lamps_dark": due - lit,
        "lamps_failed": float(fleet.failed().sum()),
        "cabinets_without_power": float((~fleet.has_power).sum()),
    }


def _common(
    totals: Totals,
    failed: NDArray[np.int64],
    ever: NDArray[np.int64],
    rows: slice | NDArray[np.int64],
) -> dict[str, Kpi]:
    energy_kwh = float(totals.energy_wh[rows].sum()) / 1000.0
    full_kwh = float(totals.full_wh[rows].sum()) / 1000.0
    due_h, lit_h = float(totals.due_h[rows].sum()), float(totals.lit_h[rows].sum())
    burning_h = totals.burning_h[rows]
    return {
        "energy_kwh": Kpi(round(energy_kwh, 3), "kWh"),
        "energy_saved_percent": Kpi(
            round(100.0 * (1.0 - energy_kwh / full_kwh), 3) if full_kwh > 0.0 else 0.0,
            "%",
            "against the same lamps at full light",
        ),
        "co2_kg": Kpi(round(energy_kwh * figure("co2_kg_kwh"), 3), "kg", "assumed factor"),
        "cost_eur": Kpi(round(energy_kwh * figure("tariff_eur_kwh"), 2), "EUR", "tariff of 2019"),
        "burning_hours": Kpi(round(float(burning_h.mean()), 3) if burning_h.size else 0.0, "h"),
        "lamps_failed": Kpi(int(failed[rows].sum()), "1", "now"),
        "failures": Kpi(int(ever[rows].sum()), "1", "since the start"),
        "availability_percent": Kpi(round(100.0 * lit_h / due_h, 4) if due_h > 0.0 else 100.0, "%"),
        "en13201_met_percent": Kpi(
            round(100.0 * float(totals.met_h[rows].sum()) / due_h, 3) if due_h > 0.0 else 100.0,
            "%",
            "lamp-hours whose segment meets its class; classes are inferred, not published",
        ),
    }
