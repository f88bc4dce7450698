"""Make power, offices, fibre, gateways and assumptions of the tables of a city folder."""

from __future__ import annotations

from sys import intern

from twin.geo.columns import (
    GATEWAY_TECHNOLOGIES,
    KEY,
    LINE,
    MARKS,
    OFFICE_KINDS,
    POWER_KINDS,
    PRINTABLE,
    read_xy,
)
from twin.geo.csvtable import Table
from twin.model.city import (
    Assumption,
    FibreLink,
    FibreNode,
    Gateway,
    Office,
    PowerNode,
    WirelessCustomer,
)

__all__ = [
    "read_assumptions",
    "read_fibre_links",
    "read_fibre_nodes",
    "read_gateways",
    "read_offices",
    "read_power_nodes",
    "read_wireless_customers",
]

_ID = r"[a-z0-9][a-z0-9.-]*"


def read_power_nodes(table: Table, *, synthetic: bool) -> tuple[PowerNode, ...]:
    """Make nodes of the grid; feeds are ids joined by ``+``, the usual one first.

    Parameters
    ----------
    table : Table
        Table with the columns of ``power_nodes``.
    synthetic : bool
        The rows were generated.

    Returns
    -------
    tuple of PowerNode
        In the order of the rows.

    Raises
    ------
    InputError
        A cell that does not fit, with its position.
    """
    columns = (
        table.ids("id"),
        table.texts("kind", choices=POWER_KINDS),
        *read_xy(table),
        table.texts("feeds", pattern=rf"({_ID}(\+{_ID})*)?"),
    )
    nodes = tuple(
        PowerNode(
            id=id_,
            kind=intern(kind),
            x_m=x,
            y_m=y,
            feeds=tuple(map(intern, feeds.split("+"))) if feeds else (),
            synthetic=synthetic,
        )
        for id_, kind, x, y, feeds in zip(*columns, strict=True)
    )
    for i_row, node in enumerate(nodes):
        if node.id in node.feeds:
            raise table.error(i_row, "feeds", "feeds itself", "name the nodes it is fed by")
    return nodes


def read_offices(table: Table, *, synthetic: bool) -> tuple[Office, ...]:
    """Make service points of a table.

    Parameters
    ----------
    table : Table
        Table with the columns of ``offices``.
    synthetic : bool
        The rows were generated.

    Returns
    -------
    tuple of Office
        In the order of the rows.

    Raises
    ------
    InputError
        A cell that does not fit, with its position.
    """
    columns = (
        table.ids("id"),
        table.texts("name", pattern=LINE),
        table.texts("kind", choices=OFFICE_KINDS),
        *read_xy(table),
        table.wholes("appointments_per_year", 0, 100_000_000),
    )
    return tuple(
        Office(
            id=id_,
            name=name,
            kind=intern(kind),
            x_m=x,
            y_m=y,
            appointments_per_year=n,
            synthetic=synthetic,
        )
        for id_, name, kind, x, y, n in zip(*columns, strict=True)
    )


def read_fibre_nodes(table: Table, *, synthetic: bool) -> tuple[FibreNode, ...]:
    """Make points of presence of a table.

    Parameters
    ----------
    table : Table
        Table with the columns of ``fibre_nodes``.
    synthetic : bool
        The rows were generated.

    Returns
    -------
    tuple of FibreNode
        In the order of the rows.

    Raises
    ------
    InputError
        A cell that does not fit, with its position.
    """
    columns = (table.ids("id"), *read_xy(table), table.texts("site", pattern=f"({_ID})?"))
    return tuple(
        FibreNode(id=id_, x_m=x, y_m=y, site=site, synthetic=synthetic)
        for id_, x, y, site in zip(*columns, strict=True)
    )


def read_fibre_links(table: Table, *, synthetic: bool) -> tuple[FibreLink, ...]:
    """Make cables of a table; Mbit/s become bit/s here.

    Parameters
    ----------
    table : Table
        Table with the columns of ``fibre_links``.
    synthetic : bool
        The rows were generated.

    Returns
    -------
    tuple of FibreLink
        In the order of the rows.

    Raises
    ------
    InputError
        A cell that does not fit, with its position.
    """
    columns = (
        table.ids("id"),
        table.texts("a"),
        table.texts("b"),
        table.numbers("length_m", 0, 1_000_000),
        table.numbers("capacity_mbps", 0.001, 100_000_000),
    )
    links = tuple(
        FibreLink(
            id=id_, a=a, b=b, length_m=length, capacity_bps=capacity * 1e6, synthetic=synthetic
        )
        for id_, a, b, length, capacity in zip(*columns, strict=True)
    )
    for i_row, link in enumerate(links):
        if link.a == link.b:
            raise table.error(i_row, "b", "is where the cable begins", "name its other end")
    return links


def read_gateways(table: Table, *, synthetic: bool) -> tuple[Gateway, ...]:
    """Make gateways of utility networks of a table.

    Parameters
    ----------
    table : Table
        Table with the columns of ``gateways``.
    synthetic : bool
        The rows were generated.

    Returns
    -------
    tuple of Gateway
        In the order of the rows.

    Raises
    ------
    InputError
        A cell that does not fit, with its position.
    """
    columns = (
        table.ids("id"),
        table.texts("technology", choices=GATEWAY_TECHNOLOGIES),
        *read_xy(table),
        table.numbers("height_m", 1, 400),
        table.numbers("antenna_gain_dbi", -20, 40),
    )
    return tuple(
        Gateway(
            id=id_,
            technology=intern(technology),
            x_m=x,
            y_m=y,
            height_m=height,
            antenna_gain_dbi=gain,
            synthetic=synthetic,
        )
        for id_, technology, x, y, height, gain in zip(*columns, strict=True)
    )


def read_wireless_customers(table: Table, *, synthetic: bool) -> tuple[WirelessCustomer, ...]:
    """Make customers of fixed wireless broadband of a table; MHz become Hz here.

    Parameters
    ----------
    table : Table
        Table with the columns of ``wireless_customers``.
    synthetic : bool
        The rows were generated.

    Returns
    -------
    tuple of WirelessCustomer
        In the order of the rows.

    Raises
    ------
    InputError
        A cell that does not fit, with its position.
    """
    columns = (
        table.ids("id"),
        map(intern, table.texts("hub")),
        *read_xy(table),
        table.numbers("carrier_mhz", 100, 100_000),
        table.wholes("homes", 1, 10_000),
    )
    return tuple(
        WirelessCustomer(
            id=id_,
            hub=hub,
            x_m=x,
            y_m=y,
            carrier_hz=round(carrier * 1e6, 3),
            homes=homes,
            synthetic=synthetic,
        )
        for id_, hub, x, y, carrier, homes in zip(*columns, strict=True)
    )


def read_assumptions(table: Table, *, synthetic: bool) -> tuple[Assumption, ...]:
    """Make the figures nobody has measured here of a table.

    Parameters
    ----------
    table : Table
        Table with the columns of ``assumptions``.
    synthetic : bool
        Ignored: each figure has its own mark.

    Returns
    -------
    tuple of Assumption
        In the order of the rows.

    Raises
    ------
    InputError
        A cell that does not fit, with its position.
    """
    del synthetic
    columns = (
        table.texts("key", pattern=KEY),
        table.numbers("value"),
        table.texts("unit", pattern=PRINTABLE),
        table.texts("mark", choices=MARKS),
        table.texts("source", pattern=LINE),
        table.texts("used_by", pattern=LINE),
    )
    assumptions = tuple(
        Assumption(key=key, value=value, unit=unit, mark=mark, source=source, used_by=used_by)
        for key, value, unit, mark, source, used_by in zip(*columns, strict=True)
    )
    seen: set[str] = set()
    for i_row, assumption in enumerate(assumptions):
        if assumption.key in seen:
            raise table.error(i_row, "key", "stands twice", "give each figure its own key")
        seen.add(assumption.key)
    return assumptions
