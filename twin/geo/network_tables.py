"""Make sites, cells, access points and switches of the tables of a city folder."""

from __future__ import annotations

from collections.abc import Mapping
from sys import intern

from twin.geo.columns import (
    PLACEMENTS,
    PRINTABLE,
    PRIORITIES,
    SCENARIOS,
    SITE_KINDS,
    TECHNOLOGIES,
    WORD,
    read_xy,
)
from twin.geo.csvtable import Table
from twin.geo.radio_checks import check_cells, check_radios
from twin.model.city import AccessPoint, Cell, Port, Radio, Site, Ssid, Switch

__all__ = [
    "read_access_points",
    "read_cells",
    "read_ports",
    "read_radios",
    "read_sites",
    "read_switches",
]


def read_sites(table: Table, *, synthetic: bool) -> tuple[Site, ...]:
    """Make sites of a table.

    Parameters
    ----------
    table : Table
        Table with the columns of ``sites``.
    synthetic : bool
        The rows were generated.

    Returns
    -------
    tuple of Site
        In the order of the rows.

    Raises
    ------
    InputError
        A cell that does not fit, with its position.
    """
    columns = (
        table.ids("id"),
        table.texts("operator", pattern=WORD),
        table.texts("kind", choices=SITE_KINDS),
        *read_xy(table),
    )
    return tuple(
        Site(
            id=id_, operator=intern(operator), kind=intern(kind), x_m=x, y_m=y, synthetic=synthetic
        )
        for id_, operator, kind, x, y in zip(*columns, strict=True)
    )


def read_cells(table: Table, *, synthetic: bool) -> tuple[Cell, ...]:
    """Make radio cells of a table; MHz and kHz become Hz here.

    Parameters
    ----------
    table : Table
        Table with the columns of ``cells``.
    synthetic : bool
        The rows were generated.

    Returns
    -------
    tuple of Cell
        In the order of the rows.

    Raises
    ------
    InputError
        A cell that does not fit, with its position.
    """
    columns = (
        table.ids("id"),
        table.texts("site"),
        table.texts("operator", pattern=WORD),
        table.texts("technology", choices=TECHNOLOGIES),
        table.texts("band", pattern=WORD),
        table.texts("scenario", choices=SCENARIOS),
        *read_xy(table),
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
    check_cells(table)
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
    """Make radios of a table, by access point.

    Parameters
    ----------
    table : Table
        Table with the columns of ``radios``.

    Returns
    -------
    dict
        Owner to tuple of Radio.

    Raises
    ------
    InputError
        A cell that does not fit or an index that stands twice, with its position.
    """
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
    check_radios(table)
    return radios


def read_access_points(
    table: Table,
    *,
    radios: Mapping[str, tuple[Radio, ...]],
    networks: Mapping[str, tuple[Ssid, ...]],
    synthetic: bool,
) -> tuple[AccessPoint, ...]:
    """Make access points of a table with the radios and networks they refer to.

    Parameters
    ----------
    table : Table
        Table with the columns of ``access_points``.
    radios : mapping
        Radios by access point.
    networks : mapping
        Sets of networks by name.
    synthetic : bool
        The rows were generated.

    Returns
    -------
    tuple of AccessPoint
        In the order of the rows.

    Raises
    ------
    InputError
        A cell that does not fit, with its position.
    """
    columns = (
        table.ids("id"),
        table.texts("site", pattern=WORD),
        *read_xy(table),
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
    """Make ports of a table, by switch.

    Parameters
    ----------
    table : Table
        Table with the columns of ``ports``.

    Returns
    -------
    dict
        Owner to tuple of Port.

    Raises
    ------
    InputError
        A cell that does not fit or an index that stands twice, with its position.
    """
    columns = (
        table.texts("switch"),
        table.texts("index", pattern=WORD),
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
    table: Table, *, ports: Mapping[str, tuple[Port, ...]], synthetic: bool
) -> tuple[Switch, ...]:
    """Make switches of a table with their ports.

    Parameters
    ----------
    table : Table
        Table with the columns of ``switches``.
    ports : mapping
        Ports by switch.
    synthetic : bool
        The rows were generated.

    Returns
    -------
    tuple of Switch
        In the order of the rows.

    Raises
    ------
    InputError
        A cell that does not fit, with its position.
    """
    columns = (
        table.ids("id"),
        table.texts("site", pattern=WORD),
        *read_xy(table),
        table.texts("contact", pattern=PRINTABLE),
        table.texts("location", pattern=PRINTABLE),
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
