"""What the tables of a city folder say about one another: rows that name rows, places, circles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from operator import attrgetter

from twin.geo.csvtable import Table
from twin.geo.feeds import feed_cycle
from twin.model.city import City, Ring

__all__ = ["check_places", "check_references"]

_REFERENCES = (
    ("lines", "stops", "stops"),
    ("power_nodes", "feeds", "power_nodes"),
    ("fibre_links", "a", "fibre_nodes"),
    ("fibre_links", "b", "fibre_nodes"),
    ("wireless_customers", "hub", "sites"),
    ("cells", "site", "sites"),
    ("lamps", "cabinet", "cabinets"),
    ("access_points", "switch", "switches"),
)
"""Subject and column that hold ids joined by ``+``, and the subject whose ids they are."""

_DEVICES = ("access_points", "cells", "switches", "cabinets", "signals")
_SHOWN = 60  # characters of a name
_FAR_M = 50_000.0
"""What stands so far outside the box of the outline was projected or typed wrongly."""

Tables = Mapping[str, Sequence[Table]]
"""Tables by subject."""


def check_references(tables: Tables, city: City) -> None:
    """Refuse rows that name what is not there, ids of two devices, and circles of electricity.

    Parameters
    ----------
    tables : mapping
        Tables by subject.
    city : City
        What was made of them.

    Raises
    ------
    InputError
        The first mistake, with its position.
    """
    for subject, column, target in _REFERENCES:
        known = {id_ for table in tables.get(target, ()) for id_ in table.texts("id")}
        for table in tables.get(subject, ()):
            _check_names(table, column, known, target)
    _check_ports(tables, city)
    _check_devices(tables)
    _check_feeds(tables, city)


def check_places(table: Table, things: Sequence[object], outline: Sequence[Ring]) -> None:
    """Refuse a row that stands far from the city.

    Parameters
    ----------
    table : Table
        Any table; one without coordinates passes.
    things : sequence
        What its rows became.
    outline : sequence of Ring
        The city.

    Raises
    ------
    InputError
        A coordinate over 50 km outside the box of the outline, with its position.
    """
    for axis, name in enumerate(("x_m", "y_m")):
        if name not in table.header or not table.n_rows:
            continue
        along = [point[axis] for ring in outline for point in ring]
        low, high = min(along) - _FAR_M, max(along) + _FAR_M
        values = list(map(attrgetter(name), things))
        if min(values) < low or max(values) > high:
            i_row = next(i for i, value in enumerate(values) if not low <= value <= high)
            what = f"lies over {_FAR_M / 1000.0:g} km outside the city"
            raise table.error(i_row, name, what, "write metres of EPSG:25832")


def _check_names(table: Table, column: str, known: set[str], target: str) -> None:
    for i_row, cell in enumerate(table.texts(column)):
        if cell in known:
            continue
        for name in cell.split("+") if cell else ():
            if name not in known:
                near = get_close_matches(name[:_SHOWN], known, n=1)
                hint = f"did you mean {near[0]}?" if near else ""
                what = f"names {name[:_SHOWN]}, which is not in the {target} table"
                raise table.error(i_row, column, what, hint)


def _check_ports(tables: Tables, city: City) -> None:
    """Refuse an access point on a port that its switch does not have."""
    ports = {switch.id: {port.index for port in switch.ports} for switch in city.switches}
    for table in tables.get("access_points", ()):
        cells = zip(table.texts("switch"), table.texts("port"), strict=True)
        for i_row, (switch, port) in enumerate(cells):
            if switch and port not in ports[switch]:
                known = ", ".join(sorted(ports[switch]))[:_SHOWN] or "none"
                hint = f"it has {known}"
                raise table.error(i_row, "port", f"is no port of {switch}", hint)


def _check_devices(tables: Tables) -> None:
    """Refuse two devices of one id: whoever reads and writes them names them by it."""
    subject_of: dict[str, str] = {}
    for subject, table in _each(tables, _DEVICES):
        for i_row, id_ in enumerate(table.texts("id")):
            other = subject_of.setdefault(id_, subject)
            if other != subject:
                raise table.error(i_row, "id", f"stands in the {other} table as well", "rename one")


def _check_feeds(tables: Tables, city: City) -> None:
    """Refuse stations that feed one another in a circle."""
    circle = feed_cycle(city.power_nodes)
    for _, table in _each(tables, ("power_nodes",) if circle else ()):
        ids = table.texts("id")
        if circle[0] in ids:
            what = f"is a circle: {' < '.join(circle)}"
            hint = "feed each station from a substation"
            raise table.error(ids.index(circle[0]), "feeds", what, hint)


def _each(tables: Tables, subjects: Sequence[str]) -> Iterator[tuple[str, Table]]:
    for subject in subjects:
        for table in tables.get(subject, ()):
            yield subject, table
