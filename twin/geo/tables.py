"""How each kind of object of a city stands in its table: columns, reading and writing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from sys import intern

from twin.geo.csvtable import Table
from twin.model.city import (
    AccessPoint,
    Building,
    Cell,
    CensusCell,
    Lamp,
    LampCabinet,
    Port,
    Radio,
    School,
    Site,
    Ssid,
    Stop,
    Switch,
)

__all__ = [
    "BUILDING_KINDS",
    "COLUMNS",
    "LAMP_KINDS",
    "MODES",
    "PLACEMENTS",
    "PRIORITIES",
    "SCENARIOS",
    "SITE_KINDS",
    "TECHNOLOGIES",
    "read_access_points",
    "read_buildings",
    "read_cabinets",
    "read_cells",
    "read_census",
    "read_lamps",
    "read_ports",
    "read_radios",
    "read_schools",
    "read_sites",
    "read_stops",
    "read_switches",
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
}
"""Columns by subject, in the order of the file."""

_PRINTABLE = r"[^\x00-\x1f\x7f]{0,255}"
_NAME = r"[^\x00-\x1f\x7f]{1,255}"
_WORD = r"[A-Za-z0-9][A-Za-z0-9._-]*"


def _xy(table: Table) -> tuple[list[float], list[float]]:
    # eastings and northings of zone 32 within Germany, with room around
    return table.numbers("x_m", 0, 1_000_000), table.numbers("y_m", 5_000_000, 6_500_000)


def read_census(table: Table, *, synthetic: bool) -> tuple[CensusCell, ...]:
    """Make census cells of a table."""
    columns = (
        *_xy(table),
        table.numbers("residents", 0, 100_000),
        table.wholes("dwellings", 0, 100_000),
        table.wholes("buildings", 0, 10_000),
    )
    return tuple(
        CensusCell(
            x_m=x, y_m=y, residents=residents, dwellings=flats, buildings=n, synthetic=synthetic
        )
        for x, y, residents, flats, n in zip(*columns, strict=True)
    )


def read_schools(table: Table, *, synthetic: bool) -> tuple[School, ...]:
    """Make schools of a table."""
    columns = (
        table.ids("id"),
        table.texts("name", pattern=_NAME),
        table.texts("form", pattern=_NAME),
        *_xy(table),
        table.wholes("pupils", 0, 100_000),
    )
    return tuple(
        School(id=id_, name=name, form=intern(form), x_m=x, y_m=y, pupils=n, synthetic=synthetic)
        for id_, name, form, x, y, n in zip(*columns, strict=True)
    )


def read_stops(table: Table, *, synthetic: bool) -> tuple[Stop, ...]:
    """Make stops of a table; modes are joined by ``+``."""
    one = "|".join(MODES)
    columns = (
        table.ids("id"),
        table.texts("name", pattern=_NAME),
        *_xy(table),
        table.texts("modes", pattern=rf"(({one})(\+({one}))*)?"),
    )
    return tuple(
        Stop(
            id=id_,
            name=name,
            x_m=x,
            y_m=y,
            modes=tuple(modes.split("+")) if modes else (),
            synthetic=synthetic,
        )
        for id_, name, x, y, modes in zip(*columns, strict=True)
    )


def read_buildings(table: Table, *, synthetic: bool) -> tuple[Building, ...]:
    """Make buildings of a table."""
    columns = (
        *_xy(table),
        table.texts("kind", choices=BUILDING_KINDS),
        table.numbers("height_m", 1, 400),
    )
    return tuple(
        Building(x_m=x, y_m=y, kind=intern(kind), height_m=height, synthetic=synthetic)
        for x, y, kind, height in zip(*columns, strict=True)
    )


def read_sites(table: Table, *, synthetic: bool) -> tuple[Site, ...]:
    """Make sites of a table."""
    columns = (
        table.ids("id"),
        table.texts("operator", pattern=_WORD),
        table.texts("kind", choices=SITE_KINDS),
        *_xy(table),
    )
    return tuple(
        Site(
            id=id_, operator=intern(operator), kind=intern(kind), x_m=x, y_m=y, synthetic=synthetic
        )
        for id_, operator, kind, x, y in zip(*columns, strict=True)
    )


def read_cells(table: Table, *, synthetic: bool) -> tuple[Cell, ...]:
    """Make cells of a table; MHz and kHz become Hz here."""
    columns = (
        table.ids("id"),
        table.texts("site"),
        table.texts("operator", pattern=_WORD),
        table.texts("technology", choices=TECHNOLOGIES),
        table.texts("band", pattern=_WORD),
        table.texts("scenario", choices=SCENARIOS),
        *_xy(table),
        table.numbers("height_m", 1, 400),
        table.numbers("azimuth_deg", 0, 360),
        table.numbers("tilt_deg", -15, 15),
        table.numbers("carrier_mhz", 100, 100_000),
        table.numbers("bandwidth_mhz", 0.1, 2000),
        table.numbers("scs_khz", 1, 1000),
        table.numbers("tx_power_dbm", 0, 60),
        table.numbers("antenna_gain_dbi", -20, 40),
        table.numbers("beamwidth_h_deg", 1, 360),
        table.numbers("beamwidth_v_deg", 1, 360),
        table.wholes("mimo_layers", 1, 64),
        table.numbers("load", 0, 1),
        table.flags("is_on"),
    )
    return tuple(
        Cell(
            id=row[0],
            site=row[1],
            operator=intern(row[2]),
            technology=intern(row[3]),
            band=intern(row[4]),
            scenario=intern(row[5]),
            x_m=row[6],
            y_m=row[7],
            height_m=row[8],
            azimuth_deg=row[9],
            tilt_deg=row[10],
            carrier_hz=round(row[11] * 1e6, 3),
            bandwidth_hz=round(row[12] * 1e6, 3),
            scs_hz=round(row[13] * 1e3, 3),
            tx_power_dbm=row[14],
            antenna_gain_dbi=row[15],
            beamwidth_h_deg=row[16],
            beamwidth_v_deg=row[17],
            mimo_layers=row[18],
            load=row[19],
            is_on=row[20],
            synthetic=synthetic,
        )
        for row in zip(*columns, strict=True)
    )


def read_radios(table: Table) -> dict[str, tuple[Radio, ...]]:
    """Make radios of a table, by access point."""
    columns = (
        table.texts("access_point"),
        table.texts("index", choices=("1", "2", "3")),
        table.wholes("channel", 1, 233),
        table.wholes("bandwidth_mhz", 20, 320),
        table.wholes("tx_power_dbm", -10, 36),
        table.numbers("antenna_gain_dbi", -20, 40),
        table.flags("dca"),
        table.flags("dtp"),
        table.flags("enabled"),
    )
    radios: dict[str, tuple[Radio, ...]] = {}
    for i_row, row in enumerate(zip(*columns, strict=True)):
        radio = Radio(
            index=row[1],
            channel=row[2],
            bandwidth_mhz=row[3],
            tx_power_dbm=row[4],
            antenna_gain_dbi=row[5],
            dca=row[6],
            dtp=row[7],
            enabled=row[8],
        )
        others = radios.get(row[0], ())
        if any(other.index == radio.index for other in others):
            raise table.error(i_row, "index", f"stands twice for {row[0]}", "remove one")
        radios[row[0]] = (*others, radio)
    return radios


def read_access_points(
    table: Table,
    radios: Mapping[str, tuple[Radio, ...]],
    networks: Mapping[str, tuple[Ssid, ...]],
    *,
    synthetic: bool,
) -> tuple[AccessPoint, ...]:
    """Make access points of a table with the radios and networks they refer to."""
    columns = (
        table.ids("id"),
        table.texts("site", pattern=_WORD),
        *_xy(table),
        table.numbers("height_m", 0, 400),
        table.texts("placement", choices=PLACEMENTS),
        table.texts("networks", choices=networks),
        table.texts("switch"),
        table.texts("port"),
    )
    return tuple(
        AccessPoint(
            id=id_,
            site=intern(site),
            x_m=x,
            y_m=y,
            height_m=height,
            placement=intern(placement),
            radios=radios.get(id_, ()),
            ssids=networks[name],
            switch=intern(switch),
            port=intern(port),
            synthetic=synthetic,
        )
        for id_, site, x, y, height, placement, name, switch, port in zip(*columns, strict=True)
    )


def read_ports(table: Table) -> dict[str, tuple[Port, ...]]:
    """Make ports of a table, by switch."""
    columns = (
        table.texts("switch"),
        table.texts("index", pattern=_WORD),
        table.texts("alias", pattern=r"[^\x00-\x1f\x7f]{0,64}"),
        table.flags("poe_enabled"),
        table.texts("poe_priority", choices=PRIORITIES),
        table.flags("admin_up"),
    )
    ports: dict[str, dict[str, Port]] = {}
    for i_row, row in enumerate(zip(*columns, strict=True)):
        mine = ports.setdefault(row[0], {})
        if row[1] in mine:
            raise table.error(i_row, "index", f"stands twice for {row[0]}", "remove one")
        mine[row[1]] = Port(
            index=row[1], alias=row[2], poe_enabled=row[3], poe_priority=row[4], admin_up=row[5]
        )
    return {switch: tuple(mine.values()) for switch, mine in ports.items()}


def read_switches(
    table: Table, ports: Mapping[str, tuple[Port, ...]], *, synthetic: bool
) -> tuple[Switch, ...]:
    """Make switches of a table with their ports."""
    columns = (
        table.ids("id"),
        table.texts("site", pattern=_WORD),
        *_xy(table),
        table.texts("contact", pattern=_PRINTABLE),
        table.texts("location", pattern=_PRINTABLE),
    )
    return tuple(
        Switch(
            id=id_,
            site=intern(site),
            x_m=x,
            y_m=y,
            ports=ports.get(id_, ()),
            contact=contact,
            location=location,
            synthetic=synthetic,
        )
        for id_, site, x, y, contact, location in zip(*columns, strict=True)
    )


def read_cabinets(table: Table, *, synthetic: bool) -> tuple[LampCabinet, ...]:
    """Make lamp cabinets of a table."""
    columns = (
        table.ids("id"),
        table.texts("site", pattern=_WORD),
        *_xy(table),
        table.wholes("normal_level_percent", 0, 100),
        table.wholes("night_level_percent", 0, 100),
        table.wholes("night_start_min", 0, 1439),
        table.wholes("night_end_min", 0, 1439),
        table.texts("contact", pattern=_PRINTABLE),
        table.texts("location", pattern=_PRINTABLE),
    )
    return tuple(
        LampCabinet(
            id=row[0],
            site=intern(row[1]),
            x_m=row[2],
            y_m=row[3],
            normal_level_percent=row[4],
            night_level_percent=row[5],
            night_start_min=row[6],
            night_end_min=row[7],
            contact=intern(row[8]),
            location=row[9],
            synthetic=synthetic,
        )
        for row in zip(*columns, strict=True)
    )


def read_lamps(table: Table, *, synthetic: bool) -> tuple[Lamp, ...]:
    """Make lamps of a table."""
    columns = (
        table.ids("id"),
        map(intern, table.texts("cabinet")),
        *_xy(table),
        table.numbers("height_m", 1, 60),
        table.numbers("power_w", 0, 2000),
        map(intern, table.texts("kind", choices=LAMP_KINDS)),
    )
    return tuple(
        Lamp(
            id=id_,
            cabinet=cabinet,
            x_m=x,
            y_m=y,
            height_m=height,
            power_w=power,
            kind=kind,
            synthetic=synthetic,
        )
        for id_, cabinet, x, y, height, power, kind in zip(*columns, strict=True)
    )


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
_SCALED["scs_khz"] = ("scs_hz", 1e3)


def _value(thing: object, column: str) -> object:
    if isinstance(thing, Cell) and column in _SCALED:
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
