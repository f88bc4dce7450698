"""Columns of the tables of a city folder, and the objects of a city written as their rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from twin.geo.csvtable import Table
from twin.model.city import Cell, FibreLink, WirelessCustomer

__all__ = [
    "BUILDING_KINDS",
    "COLUMNS",
    "GATEWAY_TECHNOLOGIES",
    "KEY",
    "LAMP_KINDS",
    "LINE",
    "LINE_MODES",
    "MARKS",
    "MODES",
    "OFFICE_KINDS",
    "PLACEMENTS",
    "POWER_KINDS",
    "PRINTABLE",
    "PRIORITIES",
    "SCENARIOS",
    "SIGNAL_KINDS",
    "SITE_KINDS",
    "TECHNOLOGIES",
    "WORD",
    "read_xy",
    "rows_of",
]

MODES = ("bus", "tram", "subway", "rail", "ferry")
BUILDING_KINDS = ("one_family", "two_family", "flats", "other")
SITE_KINDS = ("rooftop", "mast", "lamp_head")
TECHNOLOGIES = ("lte", "nr")
SCENARIOS = ("UMa", "UMi", "RMa")
PLACEMENTS = ("indoor", "outdoor_fixed", "vehicle")
PRIORITIES = ("critical", "high", "low")
LAMP_KINDS = ("led", "sodium")
LINE_MODES = ("tram", "bus")
SIGNAL_KINDS = ("junction", "t_junction", "pedestrian")
POWER_KINDS = ("substation", "station")
OFFICE_KINDS = ("citizen_office", "data_centre")
GATEWAY_TECHNOLOGIES = ("lorawan", "lte450")
MARKS = ("R", "S", "C", "M", "K")

_XY = ("x_m", "y_m")
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "census": (*_XY, "residents", "dwellings", "buildings"),
    "schools": ("id", "name", "form", *_XY, "pupils"),
    "stops": ("id", "name", *_XY, "modes"),
    "buildings": (*_XY, "kind", "height_m"),
    "sites": ("id", "operator", "kind", *_XY),
    "cells": (
        "id",
        "site",
        "operator",
        "technology",
        "band",
        "scenario",
        *_XY,
        "height_m",
        "azimuth_deg",
        "tilt_deg",
        "carrier_mhz",
        "bandwidth_mhz",
        "scs_khz",
        "tx_power_dbm",
        "antenna_gain_dbi",
        "beamwidth_h_deg",
        "beamwidth_v_deg",
        "mimo_layers",
        "load",
        "is_on",
    ),
    "access_points": (
        "id",
        "site",
        *_XY,
        "height_m",
        "placement",
        "networks",
        "switch",
        "port",
    ),
    "radios": (
        "access_point",
        "index",
        "channel",
        "bandwidth_mhz",
        "tx_power_dbm",
        "antenna_gain_dbi",
        "dca",
        "dtp",
        "enabled",
    ),
    "switches": ("id", "site", *_XY, "contact", "location"),
    "ports": ("switch", "index", "alias", "poe_enabled", "poe_priority", "admin_up"),
    "cabinets": (
        "id",
        "site",
        *_XY,
        "normal_level_percent",
        "night_level_percent",
        "night_start_min",
        "night_end_min",
        "contact",
        "location",
    ),
    "lamps": ("id", "cabinet", *_XY, "height_m", "power_w", "kind"),
    "lines": (
        "id",
        "mode",
        "stops",
        "vehicle_places",
        "headway_peak_s",
        "headway_s",
        "tunnel_stops",
    ),
    "signals": (
        "id",
        "kind",
        *_XY,
        "computer",
        "corridor",
        "corridor_m",
        "flow_veh_h",
        "is_led",
        "is_off_at_night",
    ),
    "power_nodes": ("id", "kind", *_XY, "feeds"),
    "offices": ("id", "name", "kind", *_XY, "appointments_per_year"),
    "fibre_nodes": ("id", *_XY, "site"),
    "fibre_links": ("id", "a", "b", "length_m", "capacity_mbps"),
    "gateways": ("id", "technology", *_XY, "height_m", "antenna_gain_dbi"),
    "wireless_customers": ("id", "hub", *_XY, "carrier_mhz", "homes"),
    "assumptions": ("key", "value", "unit", "mark", "source", "used_by"),
}
"""Columns by subject, in the order of the file."""

PRINTABLE = r"[^\x00-\x1f\x7f]{0,255}"
KEY = r"\w[\w./-]{0,99}"
LINE = r"[^\x00-\x1f\x7f]{1,255}"
WORD = r"[A-Za-z0-9][A-Za-z0-9._-]*"


def read_xy(table: Table) -> tuple[list[float], list[float]]:
    """Read the coordinates of a table.

    Parameters
    ----------
    table : Table
        Table with the columns x_m and y_m, EPSG:25832.

    Returns
    -------
    x_m, y_m : list of float
        Coordinates. [m]

    Raises
    ------
    InputError
        A cell that cannot be a place in Germany, with its position.
    """
    # eastings and northings of zone 32 within Germany, with room around
    return table.numbers("x_m", 0, 1_000_000), table.numbers("y_m", 5_000_000, 6_500_000)


def rows_of(subject: str, objects: Iterable[object]) -> list[list[str]]:
    """Write objects as rows of their table.

    Parameters
    ----------
    subject : str
        A key of `COLUMNS`.
    objects : iterable
        Records of `twin.model.city`.

    Returns
    -------
    list of list of str
        Cells in the order of `COLUMNS`; a column that names the owner of a part, such as the
        switch of a port, or a set of networks is left out: only the writer knows it.
    """
    columns = [name for name in COLUMNS[subject] if name not in _OWNED.get(subject, ())]
    return [[_text(column, _value(thing, column)) for column in columns] for thing in objects]


_OWNED = {"radios": ("access_point",), "ports": ("switch",), "access_points": ("networks",)}
_SCALED = {"carrier_mhz": ("carrier_hz", 1e6), "bandwidth_mhz": ("bandwidth_hz", 1e6)}
_SCALED |= {"scs_khz": ("scs_hz", 1e3), "capacity_mbps": ("capacity_bps", 1e6)}


def _value(thing: object, column: str) -> object:
    if isinstance(thing, Cell | FibreLink | WirelessCustomer) and column in _SCALED:
        field, scale = _SCALED[column]
        return float(getattr(thing, field)) / scale
    return getattr(thing, column)


def _text(column: str, value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        if column in _XY:
            return f"{value:.1f}"
        return f"{value:.0f}" if value.is_integer() else repr(value)
    if isinstance(value, tuple):
        return "+".join(value)
    return str(value)
