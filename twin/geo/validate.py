"""Check a city: references, identifiers, places, ranges and legal limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np

from twin.geo.feeds import feed_cycle
from twin.geo.reader import city_folder, read_city
from twin.geo.rings import distance_m, inside
from twin.model.city import AccessPoint, Cell, City
from twin.model.errors import InputError, ModelError
from twin.model.regulatory import check_radio

__all__ = ["CityFinding", "check_city", "validate_city"]

MAX_LAMPS, MIN_LAMPS = 60, 20
"""Lamps of a cabinet; general knowledge, unchecked."""

_NEAR_M = 500.0  # an antenna may stand just across the border
_SHOWN = 5  # a wrong projection moves everything at once


@dataclass(frozen=True, slots=True, kw_only=True)
class CityFinding:
    """One thing that is wrong or odd in a city.

    Parameters
    ----------
    severity : str
        ``error``: the city must not be used so. ``warning``: somebody should look.
    what : str
        What is wrong.
    where : str
        Id of the object, or file and line.
    """

    severity: Literal["error", "warning"]
    what: str
    where: str


def validate_city(ref: str | Path) -> tuple[CityFinding, ...]:
    """Read and check a city.

    Parameters
    ----------
    ref : str or Path
        Name of a city in the box, or a folder with a `city.yaml`.

    Returns
    -------
    tuple of CityFinding
        Empty if all is well; a file that cannot be read is one finding.

    Raises
    ------
    InputError
        There is no such city at all.
    """
    folder = city_folder(ref)
    try:
        city = read_city(folder)
    except InputError as err:
        where = err.source + (f":{err.line}:{err.column}" if err.line else "")
        what = f"{err.what}; {err.hint}" if err.hint else err.what
        return (CityFinding(severity="error", what=what, where=where or str(folder)),)
    return check_city(city)


def check_city(city: City) -> tuple[CityFinding, ...]:
    """Check a city that is loaded.

    Parameters
    ----------
    city : City
        The city.

    Returns
    -------
    tuple of CityFinding
        Empty if all is well.
    """
    checks = (
        _ids,
        _lamps,
        _feeds,
        _cells,
        _carriers,
        _radios,
        _places,
        _lines,
        _grid,
        _fibre,
        _hubs,
    )
    return tuple(finding for check in checks for finding in check(city))


def _error(what: str, where: str) -> CityFinding:
    return CityFinding(severity="error", what=what, where=where)


def _warning(what: str, where: str) -> CityFinding:
    return CityFinding(severity="warning", what=what, where=where)


def _ids(city: City) -> Iterator[CityFinding]:
    """Ids of managed devices name one device each, whatever its kind."""
    devices = [
        *(ap.id for ap in city.access_points),
        *(cell.id for cell in city.cells),
        *(switch.id for switch in city.switches),
        *(cabinet.id for cabinet in city.cabinets),
    ]
    for id_, n in Counter(devices).items():
        if n > 1:
            yield _error(f"id stands {n} times", id_)


def _lamps(city: City) -> Iterator[CityFinding]:
    cabinets = {cabinet.id for cabinet in city.cabinets}
    for lamp in city.lamps:
        if lamp.cabinet not in cabinets:
            yield _error(f"cabinet {lamp.cabinet!r} does not exist", lamp.id)
    counts = Counter(lamp.cabinet for lamp in city.lamps)
    for cabinet in city.cabinets:
        n = counts[cabinet.id]
        if not MIN_LAMPS <= n <= MAX_LAMPS:
            yield _warning(f"feeds {n} lamps instead of {MIN_LAMPS} to {MAX_LAMPS}", cabinet.id)


def _feeds(city: City) -> Iterator[CityFinding]:
    """Every access point hangs on a port of its own, if it names one."""
    ports = {switch.id: {port.index for port in switch.ports} for switch in city.switches}
    used: dict[tuple[str, str], str] = {}
    for ap in city.access_points:
        if not ap.switch:
            if ap.placement != "vehicle":
                yield _warning("names no switch that feeds it", ap.id)
            continue
        if ap.port not in ports.get(ap.switch, set()):
            yield _error(f"port {ap.switch}/{ap.port} does not exist", ap.id)
        other = used.setdefault((ap.switch, ap.port), ap.id)
        if other != ap.id:
            yield _error(f"port {ap.switch}/{ap.port} feeds {other} already", ap.id)


def _cells(city: City) -> Iterator[CityFinding]:
    sites = {site.id: site for site in city.sites}
    for cell in city.cells:
        site = sites.get(cell.site)
        if site is None:
            yield _error(f"site {cell.site!r} does not exist", cell.id)
        elif site.operator != cell.operator:
            yield _error(f"operator {cell.operator} on a site of {site.operator}", cell.id)
        elif abs(site.x_m - cell.x_m) + abs(site.y_m - cell.y_m) > 100:
            yield _warning("stands more than 100 m from its site", cell.id)


def _carriers(city: City) -> Iterator[CityFinding]:
    """Carriers of two operators in one band must not overlap; macro cells decide."""
    blocks = sorted({_block(cell) for cell in city.cells})
    for (one, low, high), (other, low_2, high_2) in combinations(blocks, 2):
        if one != other and low < high_2 and low_2 < high:
            what = f"carriers of {one} and {other} overlap at {max(low, low_2) / 1e6:g} MHz"
            yield _error(what, f"cells of {one} and {other}")


def _block(cell: Cell) -> tuple[str, float, float]:
    half_hz = cell.bandwidth_hz / 2
    return cell.operator, cell.carrier_hz - half_hz, cell.carrier_hz + half_hz


def _radios(city: City) -> Iterator[CityFinding]:
    for ap in city.access_points:
        if not ap.radios:
            yield _error("has no radio", ap.id)
        yield from _radios_of(ap)


def _radios_of(ap: AccessPoint) -> Iterator[CityFinding]:
    for radio in ap.radios:
        where = f"{ap.id} radio {radio.index}"
        try:
            findings = check_radio(ap.placement, radio)
        except ModelError as err:
            yield _error(str(err), where)
            continue
        for finding in findings:
            if finding.severity == "error":
                yield _error(str(finding), where)
            elif finding.severity == "warning":
                yield _warning(str(finding), where)


def _lines(city: City) -> Iterator[CityFinding]:
    stops = {stop.id for stop in city.stops}
    for line in city.lines:
        for stop in line.stops:
            if stop not in stops:
                yield _error(f"stop {stop!r} does not exist", line.id)
        if len(line.stops) < 2:
            yield _error("has no two stops", line.id)
        if not set(line.tunnel_stops) <= set(line.stops):
            yield _error("has tunnel stops that are not on it", line.id)


def _grid(city: City) -> Iterator[CityFinding]:
    """Every station is fed, by what exists and not by itself; substations only by each other."""
    kinds = {node.id: node.kind for node in city.power_nodes}
    for node in city.power_nodes:
        for feed in node.feeds:
            if feed not in kinds:
                yield _error(f"feed {feed!r} does not exist", node.id)
            elif node.kind == "substation" and kinds[feed] != "substation":
                yield _error(f"substation hangs on the station {feed}", node.id)
        if node.kind == "station" and not node.feeds:
            yield _error("is fed by nothing", node.id)
    circle = feed_cycle(city.power_nodes)
    if circle:
        yield _error(f"stations feed one another: {' < '.join(circle)}", circle[0])


def _fibre(city: City) -> Iterator[CityFinding]:
    """Cables end at points of presence; a point without a cable is odd."""
    nodes = {node.id for node in city.fibre_nodes}
    for link in city.fibre_links:
        for end in (link.a, link.b):
            if end not in nodes:
                yield _error(f"end {end!r} does not exist", link.id)
    lit = {end for link in city.fibre_links for end in (link.a, link.b)}
    for node in city.fibre_nodes:
        if node.id not in lit:
            yield _warning("has no cable", node.id)


def _hubs(city: City) -> Iterator[CityFinding]:
    sites = {site.id for site in city.sites}
    for customer in city.wireless_customers:
        if customer.hub not in sites:
            yield _error(f"hub {customer.hub!r} does not exist", customer.id)


_PLACED = (
    "schools",
    "stops",
    "sites",
    "access_points",
    "switches",
    "cabinets",
    "lamps",
    "signals",
    "power_nodes",
    "offices",
    "fibre_nodes",
    "gateways",
    "wireless_customers",
)


def _places(city: City) -> Iterator[CityFinding]:
    """Find what stands far outside the outline: it was projected or typed wrongly."""
    named = {
        subject: [(thing.id, thing.x_m, thing.y_m) for thing in getattr(city, subject)]
        for subject in _PLACED
    }
    named["census"] = [(f"row {i + 2}", c.x_m, c.y_m) for i, c in enumerate(city.census)]
    named["buildings"] = [(f"row {i + 2}", b.x_m, b.y_m) for i, b in enumerate(city.buildings)]
    for subject, things in named.items():
        yield from _outside(city, subject, things)


def _outside(
    city: City, subject: str, things: Sequence[tuple[str, float, float]]
) -> Iterator[CityFinding]:
    xy = np.array([thing[1:] for thing in things]).reshape(-1, 2)
    out = np.flatnonzero(~inside(city.outline, xy[:, 0], xy[:, 1]))
    far = out[distance_m(city.outline, xy[out, 0], xy[out, 1]) > _NEAR_M]
    for i in far[:_SHOWN].tolist():
        id_, x_m, y_m = things[i]
        what = f"lies over {_NEAR_M:g} m outside the city, at {x_m:.0f}, {y_m:.0f}"
        yield _error(what, f"{subject} {id_}")
    if len(far) > _SHOWN:
        yield _error(f"{len(far) - _SHOWN} more lie outside the city", subject)
