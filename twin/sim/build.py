"""Build the moving parts of a world from a city, its managed devices and a seed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.model.city import AccessPoint, Cell, City
from twin.model.errors import ModelError
from twin.radio.points import rsrp_dbm
from twin.sim.cells import RADIUS_M, CellFleet, layer_shares
from twin.sim.deviations import Deviations, draw_deviations
from twin.sim.lamps import LampFleet
from twin.sim.places import place_people
from twin.sim.schools import school_sites
from twin.sim.streams import stream
from twin.sim.transit_wifi.trams import Line, find_line
from twin.sim.wifi.fleet import PUBLIC, SCHOOL, VEHICLE, WifiFleet
from twin.sim.wifi.switches import SwitchFleet

__all__ = ["Fleets", "build_fleets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleets:
    """All simulated devices by kind, the tram line, and the ids that are managed."""

    cells: CellFleet
    wifi: WifiFleet
    switches: SwitchFleet
    lamps: LampFleet
    line: Line
    kinds: dict[str, str]


def build_fleets(city: City, seed: int, managed: Collection[str] | None) -> Fleets:
    """Make the fleets of a world.

    Parameters
    ----------
    city : City
        The city as the inventory has it.
    seed : int
        Seed of the world.
    managed : collection of str or None
        Devices that are managed; what surrounds them is simulated too. None manages all.

    Returns
    -------
    Fleets
        The fleets.

    Raises
    ------
    ModelError
        A managed id that is no device of the city.
    """
    kinds = _managed_kinds(city, managed)
    hidden = draw_deviations(city, seed, kinds)
    line = find_line(city.stops)
    wifi, aps = _build_wifi(city, seed, hidden, kinds, is_whole=managed is None)
    switches = [switch for switch in city.switches if switch.id in kinds]
    names = {switch.id for switch in switches}
    fed = {(ap.switch, ap.port): i for i, ap in enumerate(aps) if ap.switch in names}
    return Fleets(
        cells=_build_cells(city, seed, hidden, line, None if managed is None else set(kinds)),
        wifi=wifi,
        switches=SwitchFleet(switches, wifi, fed),
        lamps=_build_lamps(city, hidden, kinds),
        line=line,
        kinds=kinds,
    )


def _managed_kinds(city: City, managed: Collection[str] | None) -> dict[str, str]:
    tables: tuple[tuple[str, Sequence[str]], ...] = (
        ("ap", [ap.id for ap in city.access_points]),
        ("cell", [cell.id for cell in city.cells if cell.technology == "nr"]),
        ("switch", [switch.id for switch in city.switches]),
        ("lamp_cabinet", [cabinet.id for cabinet in city.cabinets]),
    )
    known = {name: kind for kind, ids in tables for name in ids}
    if managed is None:
        return known
    unknown = sorted(set(managed) - known.keys())
    if unknown:
        raise ModelError(f"no device {unknown[0]!r} in city {city.name!r}; check the inventory")
    wanted = set(managed)
    return {name: kind for name, kind in known.items() if name in wanted}


def _build_cells(
    city: City, seed: int, hidden: Deviations, line: Line, managed: set[str] | None
) -> CellFleet:
    chosen = list(range(len(city.cells)))
    near: list[Cell] | None = None
    if managed is not None:
        near = [cell for cell in city.cells if cell.id in managed]
        chosen = _neighbours(city.cells, near)
    cells = [city.cells[i] for i in chosen]
    rows = np.array(chosen, dtype=np.int64)
    return CellFleet(
        cells,
        (hidden.cell_shadow_db[rows], hidden.cell_power_db[rows], hidden.cell_tilt_deg[rows]),
        place_people(city, line.track, near, RADIUS_M),
        layer_shares(city.cells),
        rsrp_dbm,
        (stream(seed, "users/cells"), stream(seed, "traffic/cells")),
    )


def _neighbours(cells: Sequence[Cell], near: Sequence[Cell]) -> list[int]:
    """Find the cells that share a layer and a user with one of some cells."""
    x = np.array([cell.x_m for cell in cells])
    y = np.array([cell.y_m for cell in cells])
    layers = np.array([cell.layer for cell in cells], dtype=object)
    keep = np.zeros(len(cells), dtype=bool)
    for layer, site_x, site_y in dict.fromkeys((c.layer, c.x_m, c.y_m) for c in near):
        close = (x - site_x) ** 2 + (y - site_y) ** 2 <= (2.0 * RADIUS_M) ** 2
        keep |= close & (layers == layer)
    return [int(i) for i in np.flatnonzero(keep)]


def _build_wifi(
    city: City, seed: int, hidden: Deviations, kinds: dict[str, str], *, is_whole: bool
) -> tuple[WifiFleet, list[AccessPoint]]:
    sites = {ap.site for ap in city.access_points if ap.id in kinds}
    chosen = [
        i
        for i, ap in enumerate(city.access_points)
        if is_whole or ap.site in sites or ap.switch in kinds
    ]
    aps = [city.access_points[i] for i in chosen]
    rows = np.array(chosen, dtype=np.int64)
    schools = {site for school in city.schools for site in school_sites(school)}
    rngs = {name: stream(seed, f"wifi/{name}") for name in ("places", "traffic", "air")}
    errors = (hidden.ap_power_db[rows], hidden.ap_dx_m[rows], hidden.ap_dy_m[rows])
    return WifiFleet(aps, [_use_of(ap, schools) for ap in aps], errors, rngs), aps


def _use_of(ap: AccessPoint, schools: set[str]) -> int:
    if ap.site in schools:
        return SCHOOL
    return VEHICLE if ap.placement == "vehicle" else PUBLIC


def _build_lamps(city: City, hidden: Deviations, kinds: dict[str, str]) -> LampFleet:
    cabinets = [cabinet for cabinet in city.cabinets if cabinet.id in kinds]
    fed = [(lamp, i) for i, lamp in enumerate(city.lamps) if lamp.cabinet in kinds]
    lamps = [lamp for lamp, _ in fed]
    factor: NDArray[np.float64] = hidden.lamp_factor[np.array([i for _, i in fed], dtype=np.int64)]
    return LampFleet(cabinets, lamps, np.array([lamp.power_w for lamp in lamps]) * factor)
