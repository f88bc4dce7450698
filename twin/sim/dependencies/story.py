"""Find the station whose outage tells the most: lamps, a cell, Wi-Fi, a school and a signal."""

from __future__ import annotations

from dataclasses import dataclass

from twin.model.city import City
from twin.model.errors import ModelError
from twin.sim.dependencies.topology import build_grid

__all__ = ["TellingStation", "find_telling_station"]

_WANTED = ("cabinet", "cell", "wifi", "school", "signal")


@dataclass(frozen=True, slots=True, kw_only=True)
class TellingStation:
    """A station and what hangs on it, by kind of consumer."""

    id: str
    cabinets: tuple[str, ...]
    cell_sites: tuple[str, ...]
    wifi_sites: tuple[str, ...]
    schools: tuple[str, ...]
    signals: tuple[str, ...]


def find_telling_station(city: City) -> TellingStation:
    """Find a station that feeds lamps, a cell, a Wi-Fi site, a school and a signal.

    Parameters
    ----------
    city : City
        The city.

    Returns
    -------
    TellingStation
        The one with the most consumers, then the first by its id.

    Raises
    ------
    ModelError
        No station feeds all of these.
    """
    grid = build_grid(city)
    found: list[tuple[int, str, dict[str, tuple[str, ...]]]] = []
    for node, children in zip(grid.nodes, grid.children, strict=True):
        kinds = {
            kind: tuple(who for who in children if grid.consumers[who].kind == kind)
            for kind in _WANTED
        }
        if all(kinds.values()):
            found.append((-len(children), node.id, kinds))
    if not found:
        raise ModelError(f"no station of {city.name!r} feeds {', '.join(_WANTED)} together")
    _, id_, kinds = min(found, key=lambda item: item[:2])
    return TellingStation(
        id=id_,
        cabinets=kinds["cabinet"],
        cell_sites=kinds["cell"],
        wifi_sites=kinds["wifi"],
        schools=kinds["school"],
        signals=kinds["signal"],
    )
