"""What hangs on what: substations, stations, and the consumers by the nearest station."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.geo.feeds import feed_cycle
from twin.geo.rings import district_slugs
from twin.model.city import City, PowerNode
from twin.model.errors import ModelError
from twin.sim.dependencies.assumptions import figure

__all__ = ["Consumer", "Grid", "build_grid", "consumers_of"]

_CHUNK = 512


@dataclass(frozen=True, slots=True)
class Consumer:
    """Something that needs electricity, by the id under which `Supply` knows it.

    `kind` is office, school, fibre, gateway, cell, wifi, signal or cabinet.
    """

    id: str
    kind: str
    x_m: float
    y_m: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """The electricity grid by node number.

    Parameters
    ----------
    nodes : tuple of PowerNode
        Substations and stations as in the city.
    number : dict
        Node number by id.
    feeds : tuple of tuple of int
        Numbers of the nodes that feed a node, the usual one first.
    substations : tuple of int
        Numbers of the substations.
    order : tuple of int
        Numbers of the stations, each after its feeds.
    infeeds : frozenset of int
        Substations on the national grid.
    rings : tuple of tuple of int
        Stations of each medium-voltage ring; they share their feeds.
    ring_of : tuple of int
        Number of the ring of a node; -1 for substations.
    consumers : dict
        Consumers by id, in the order in which they come back.
    children : tuple of tuple of str
        Consumers of a node, in the order in which they come back.
    place_of : dict
        Node number and branch of a consumer.
    customers : ndarray of shape (N,)
        Homes and firms on a node.
    slugs : tuple of str
        District of a node.
    """

    nodes: tuple[PowerNode, ...]
    number: dict[str, int]
    feeds: tuple[tuple[int, ...], ...]
    substations: tuple[int, ...]
    order: tuple[int, ...]
    infeeds: frozenset[int]
    rings: tuple[tuple[int, ...], ...]
    ring_of: tuple[int, ...]
    consumers: dict[str, Consumer]
    children: tuple[tuple[str, ...], ...]
    place_of: dict[str, tuple[int, int]]
    customers: NDArray[np.float64]
    slugs: tuple[str, ...]

    def on_branch(self, node: int, branch: int) -> tuple[str, ...]:
        """Return the consumers on one branch of a station."""
        return tuple(who for who in self.children[node] if self.place_of[who][1] == branch)


def build_grid(city: City) -> Grid:
    """Hang everything in a city on its electricity grid.

    Parameters
    ----------
    city : City
        The city; one without a grid gives an empty one.

    Returns
    -------
    Grid
        Every consumer and every dwelling hangs on the nearest station, as the crow flies; the
        consumers of a station are dealt to its branches in turn. Stations with the same feeds are
        grouped into rings by their bearing from the first feed.

    Raises
    ------
    ModelError
        Stations feed one another in a circle, or a feed does not exist.
    """
    nodes = city.power_nodes
    number = {node.id: k for k, node in enumerate(nodes)}
    _check(nodes, number)
    feeds = tuple(tuple(number[feed] for feed in node.feeds) for node in nodes)
    substations = tuple(k for k, node in enumerate(nodes) if node.kind == "substation")
    stations = np.array([k for k, node in enumerate(nodes) if node.kind != "substation"], dtype=int)
    ends = stations if stations.size else np.array(substations, dtype=int)
    consumers = {thing.id: thing for thing in consumers_of(city)} if nodes else {}
    xy = np.array([(node.x_m, node.y_m) for node in nodes]).reshape(-1, 2)
    children: list[list[str]] = [[] for _ in nodes]
    place_of: dict[str, tuple[int, int]] = {}
    at = np.array([(thing.x_m, thing.y_m) for thing in consumers.values()]).reshape(-1, 2)
    for who, k in zip(consumers, _nearest(at, xy, ends), strict=True):
        place_of[who] = (k, len(children[k]) % int(figure("branches")))
        children[k].append(who)
    rings = _rings(nodes, feeds, xy)
    ring_of = {k: i for i, ring in enumerate(rings) for k in ring}
    return Grid(
        nodes=nodes,
        number=number,
        feeds=feeds,
        substations=substations,
        order=_order(stations.tolist(), feeds),
        infeeds=_infeeds(substations),
        rings=rings,
        ring_of=tuple(ring_of.get(k, -1) for k in range(len(nodes))),
        consumers=consumers,
        children=tuple(map(tuple, children)),
        place_of=place_of,
        customers=_customers(city, xy, ends),
        slugs=district_slugs(city.districts, xy[:, 0], xy[:, 1]),
    )


def consumers_of(city: City) -> Iterator[Consumer]:
    """List what needs electricity, in the order in which it comes back.

    Parameters
    ----------
    city : City
        The city.

    Yields
    ------
    Consumer
        Offices, schools, points of presence, gateways, sites of cells, sites of access points,
        signals, lamp cabinets. Access points in a school hang where the school does, those of
        another site where its first one is.
    """
    offices = [(thing.id, thing.x_m, thing.y_m) for thing in city.offices]
    schools = [(thing.id, thing.x_m, thing.y_m) for thing in city.schools]
    fibre = [(thing.id, thing.x_m, thing.y_m) for thing in city.fibre_nodes]
    gateways = [(thing.id, thing.x_m, thing.y_m) for thing in city.gateways]
    signals = [(thing.id, thing.x_m, thing.y_m) for thing in city.signals]
    cabinets = [(thing.id, thing.x_m, thing.y_m) for thing in city.cabinets]
    for kind, things in (
        ("office", offices),
        ("school", schools),
        ("fibre", fibre),
        ("gateway", gateways),
        ("cell", _cell_sites(city)),
        ("wifi", _wifi_sites(city)),
        ("signal", signals),
        ("cabinet", cabinets),
    ):
        for id_, x_m, y_m in things:
            yield Consumer(id_, kind, x_m, y_m)


def _cell_sites(city: City) -> list[tuple[str, float, float]]:
    sites: dict[str, tuple[float, float]] = {}
    for cell in city.cells:
        sites.setdefault(cell.site, (cell.x_m, cell.y_m))
    return [(site, x_m, y_m) for site, (x_m, y_m) in sites.items()]


def _wifi_sites(city: City) -> list[tuple[str, float, float]]:
    schools = {f"school-{school.id}": (school.x_m, school.y_m) for school in city.schools}
    sites: dict[str, tuple[float, float]] = {}
    for ap in city.access_points:
        if ap.placement != "vehicle":
            sites.setdefault(ap.site, schools.get(ap.site, (ap.x_m, ap.y_m)))
    return [(site, x_m, y_m) for site, (x_m, y_m) in sites.items()]


def _check(nodes: tuple[PowerNode, ...], number: dict[str, int]) -> None:
    for node in nodes:
        for feed in node.feeds:
            if feed not in number:
                raise ModelError(f"{node.id} is fed by {feed}, which does not exist")
    circle = feed_cycle(nodes)
    if circle:
        raise ModelError(f"stations feed one another: {' < '.join(circle)}")


def _infeeds(substations: tuple[int, ...]) -> frozenset[int]:
    """Take substations at equal steps along the ring, but two at least: it holds without one."""
    step = min(int(figure("infeed_every")), max((len(substations) + 1) // 2, 1))
    return frozenset(substations[::step])


def _order(stations: list[int], feeds: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    """Put each station after what feeds it."""
    left, order = list(stations), list[int]()
    waiting = set(stations)
    while left:
        ready = [k for k in left if not waiting.intersection(feeds[k])]
        order += ready
        waiting.difference_update(ready)
        left = [k for k in left if k in waiting]
    return tuple(order)


def _rings(
    nodes: tuple[PowerNode, ...], feeds: tuple[tuple[int, ...], ...], xy: NDArray[np.float64]
) -> tuple[tuple[int, ...], ...]:
    groups: dict[tuple[int, ...], list[int]] = {}
    for k, node in enumerate(nodes):
        if node.kind != "substation":
            groups.setdefault(feeds[k], []).append(k)
    size = int(figure("ring_stations"))
    rings = []
    for above, group in groups.items():
        dx, dy = (xy[group] - xy[above[0]]).T if above else np.zeros((2, len(group)))
        by_bearing = np.array(group)[np.argsort(np.arctan2(dx, dy), kind="stable")]
        n_rings = -(-len(group) // size)
        rings += [tuple(part.tolist()) for part in np.array_split(by_bearing, n_rings)]
    return tuple(rings)


def _customers(city: City, xy: NDArray[np.float64], ends: NDArray[np.int64]) -> NDArray[np.float64]:
    """Count homes and firms by the dwellings of the census cells nearest to a station."""
    at = np.array([(cell.x_m, cell.y_m) for cell in city.census]).reshape(-1, 2)
    dwellings = np.array([cell.dwellings for cell in city.census], dtype=np.float64)
    nearest = _nearest(at, xy, ends)
    counts = np.bincount(nearest, dwellings[: len(nearest)], minlength=len(xy))
    return np.asarray(np.rint(counts * figure("meters_per_dwelling")))


def _nearest(
    at: NDArray[np.float64], xy: NDArray[np.float64], ends: NDArray[np.int64]
) -> list[int]:
    """Find the number of the nearest of some nodes to each point; the first of equals."""
    if not ends.size:
        return []
    x, y = xy[ends].T
    found: list[int] = []
    for low in range(0, len(at), _CHUNK):
        part = at[low : low + _CHUNK]
        away2 = (part[:, :1] - x) ** 2 + (part[:, 1:] - y) ** 2
        found += ends[away2.argmin(axis=1)].tolist()
    return found
