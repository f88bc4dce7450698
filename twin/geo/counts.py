"""How many of each thing a city holds."""

from __future__ import annotations

from collections import Counter

from twin.model.city import City

__all__ = ["city_counts"]


def city_counts(city: City) -> dict[str, int | float]:
    """Count what a city holds.

    Parameters
    ----------
    city : City
        The city.

    Returns
    -------
    dict
        Name of a figure to the figure, in the order to print; lengths in km, areas in km2.
    """
    outline_km2 = next((d.area_km2 for d in city.districts if d.level == "city"), 0.0)
    levels = Counter(district.level for district in city.districts)
    counts: dict[str, int | float] = {
        "area_km2": round(outline_km2, 2),
        "districts": levels["district"],
        "quarters": levels["quarter"],
        "census_cells": len(city.census),
        "residents": round(sum(cell.residents for cell in city.census)),
        "schools": len(city.schools),
        "pupils": sum(school.pupils for school in city.schools),
        "stops": len(city.stops),
        "buildings": len(city.buildings),
        "street_km": round(city.street_km, 1),
        "lamps": len(city.lamps),
        "lamps_led": sum(lamp.kind == "led" for lamp in city.lamps),
        "cabinets": len(city.cabinets),
        "sites": sum(site.kind != "lamp_head" for site in city.sites),
        "sites_lamp_head": sum(site.kind == "lamp_head" for site in city.sites),
        "cells": len(city.cells),
    }
    for technology, n in sorted(Counter(cell.technology for cell in city.cells).items()):
        counts[f"cells_{technology}"] = n
    counts["small_cells"] = sum(cell.scenario == "UMi" for cell in city.cells)
    counts["access_points"] = len(city.access_points)
    for placement, n in sorted(Counter(ap.placement for ap in city.access_points).items()):
        counts[f"access_points_{placement}"] = n
    counts["switches"] = len(city.switches)
    counts["lines"] = len(city.lines)
    counts["signals"] = len(city.signals)
    for kind, n in sorted(Counter(node.kind for node in city.power_nodes).items()):
        counts[f"power_{kind}s"] = n
    counts["offices"] = sum(office.kind == "citizen_office" for office in city.offices)
    counts["fibre_km"] = round(sum(link.length_m for link in city.fibre_links) / 1000, 1)
    for technology, n in sorted(Counter(gw.technology for gw in city.gateways).items()):
        counts[f"gateways_{technology}"] = n
    counts["wireless_customers"] = len(city.wireless_customers)
    counts["assumptions"] = len(city.assumptions)
    return counts
