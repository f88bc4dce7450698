"""Make lines of public transport and traffic signals of the tables of a city folder."""

from __future__ import annotations

from sys import intern

from twin.geo.columns import LINE_MODES, SIGNAL_KINDS, read_xy
from twin.geo.csvtable import Table
from twin.model.city import TrafficSignal, TransitLine

__all__ = ["read_lines", "read_signals"]

_SLUG = r"([a-z0-9][a-z0-9.-]*)?"
_IDS = r"[a-z0-9][a-z0-9.-]*(\+[a-z0-9][a-z0-9.-]*)"
_DAY_S = 86_400.0


def read_lines(table: Table, *, synthetic: bool) -> tuple[TransitLine, ...]:
    """Make lines of a table; stops are ids joined by ``+`` in the order of the line.

    Parameters
    ----------
    table : Table
        Table with the columns of ``lines``.
    synthetic : bool
        The rows were generated.

    Returns
    -------
    tuple of TransitLine
        In the order of the rows.

    Raises
    ------
    InputError
        A cell that does not fit, with its position.
    """
    columns = (
        table.ids("id"),
        table.texts("mode", choices=LINE_MODES),
        table.texts("stops", pattern=_IDS + "+"),
        table.wholes("vehicle_places", 1, 1000),
        table.numbers("headway_peak_s", 30, _DAY_S),
        table.numbers("headway_s", 30, _DAY_S),
        table.texts("tunnel_stops", pattern=f"({_IDS}*)?"),
    )
    lines = tuple(
        TransitLine(
            id=id_,
            mode=intern(mode),
            stops=tuple(map(intern, stops.split("+"))),
            vehicle_places=places,
            headway_peak_s=peak_s,
            headway_s=headway_s,
            tunnel_stops=tuple(map(intern, tunnel.split("+"))) if tunnel else (),
            synthetic=synthetic,
        )
        for id_, mode, stops, places, peak_s, headway_s, tunnel in zip(*columns, strict=True)
    )
    for i_row, line in enumerate(lines):
        if not set(line.tunnel_stops) <= set(line.stops):
            raise table.error(i_row, "tunnel_stops", "is not on the line", "name stops of the line")
    return lines


def read_signals(table: Table, *, synthetic: bool) -> tuple[TrafficSignal, ...]:
    """Make signal installations of a table.

    Parameters
    ----------
    table : Table
        Table with the columns of ``signals``.
    synthetic : bool
        The rows were generated.

    Returns
    -------
    tuple of TrafficSignal
        In the order of the rows.

    Raises
    ------
    InputError
        A cell that does not fit, with its position.
    """
    columns = (
        table.ids("id"),
        table.texts("kind", choices=SIGNAL_KINDS),
        *read_xy(table),
        table.texts("computer", pattern=_SLUG),
        table.texts("corridor", pattern=_SLUG),
        table.numbers("corridor_m", 0, 100_000),
        table.numbers("flow_veh_h", 0, 20_000),
        table.flags("is_led"),
        table.flags("is_off_at_night"),
    )
    return tuple(
        TrafficSignal(
            id=row[0],
            kind=intern(row[1]),
            x_m=row[2],
            y_m=row[3],
            computer=intern(row[4]),
            corridor=intern(row[5]),
            corridor_m=row[6],
            flow_veh_h=row[7],
            is_led=row[8],
            is_off_at_night=row[9],
            synthetic=synthetic,
        )
        for row in zip(*columns, strict=True)
    )
