"""Make people, places, buildings and lamps of the tables of a city folder."""

from __future__ import annotations

from sys import intern

from twin.geo.columns import BUILDING_KINDS, LAMP_KINDS, LINE, MODES, PRINTABLE, WORD, read_xy
from twin.geo.csvtable import Table
from twin.model.city import Building, CensusCell, Lamp, LampCabinet, School, Stop

__all__ = [
    "read_buildings",
    "read_cabinets",
    "read_census",
    "read_lamps",
    "read_schools",
    "read_stops",
]


def read_census(table: Table, *, synthetic: bool) -> tuple[CensusCell, ...]:
    """Make census cells of a table.

    Parameters
    ----------
    table : Table
        Table with the columns of ``census``.
    synthetic : bool
        The rows were generated.

    Returns
    -------
    tuple of CensusCell
        In the order of the rows.

    Raises
    ------
    InputError
        A cell that does not fit, with its position.
    """
    columns = (
        *read_xy(table),
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
    """Make schools of a table.

    Parameters
    ----------
    table : Table
        Table with the columns of ``schools``.
    synthetic : bool
        The rows were generated.

    Returns
    -------
    tuple of School
        In the order of the rows.

    Raises
    ------
    InputError
        A cell that does not fit, with its position.
    """
    columns = (
        table.ids("id"),
        table.texts("name", pattern=LINE),
        table.texts("form", pattern=LINE),
        *read_xy(table),
        table.wholes("pupils", 0, 100_000),
    )
    return tuple(
        School(id=id_, name=name, form=intern(form), x_m=x, y_m=y, pupils=n, synthetic=synthetic)
        for id_, name, form, x, y, n in zip(*columns, strict=True)
    )


def read_stops(table: Table, *, synthetic: bool) -> tuple[Stop, ...]:
    """Make stops of a table; modes are joined by ``+``.

    Parameters
    ----------
    table : Table
        Table with the columns of ``stops``.
    synthetic : bool
        The rows were generated.

    Returns
    -------
    tuple of Stop
        In the order of the rows.

    Raises
    ------
    InputError
        A cell that does not fit, with its position.
    """
    one = "|".join(MODES)
    columns = (
        table.ids("id"),
        table.texts("name", pattern=LINE),
        *read_xy(table),
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
    """Make buildings of a table.

    Parameters
    ----------
    table : Table
        Table with the columns of ``buildings``.
    synthetic : bool
        The rows were generated.

    Returns
    -------
    tuple of Building
        In the order of the rows.

    Raises
    ------
    InputError
        A cell that does not fit, with its position.
    """
    columns = (
        *read_xy(table),
        table.texts("kind", choices=BUILDING_KINDS),
        table.numbers("height_m", 1, 400),
    )
    return tuple(
        Building(x_m=x, y_m=y, kind=intern(kind), height_m=height, synthetic=synthetic)
        for x, y, kind, height in zip(*columns, strict=True)
    )


def read_cabinets(table: Table, *, synthetic: bool) -> tuple[LampCabinet, ...]:
    """Make lamp cabinets of a table.

    Parameters
    ----------
    table : Table
        Table with the columns of ``cabinets``.
    synthetic : bool
        The rows were generated.

    Returns
    -------
    tuple of LampCabinet
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
        table.wholes("normal_level_percent", 0, 100),
        table.wholes("night_level_percent", 0, 100),
        table.wholes("night_start_min", 0, 1439),
        table.wholes("night_end_min", 0, 1439),
        table.texts("contact", pattern=PRINTABLE),
        table.texts("location", pattern=PRINTABLE),
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
    """Make lamps of a table.

    Parameters
    ----------
    table : Table
        Table with the columns of ``lamps``.
    synthetic : bool
        The rows were generated.

    Returns
    -------
    tuple of Lamp
        In the order of the rows.

    Raises
    ------
    InputError
        A cell that does not fit, with its position.
    """
    columns = (
        table.ids("id"),
        map(intern, table.texts("cabinet")),
        *read_xy(table),
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
