"""The municipal fibre: who hangs where, which way traffic takes, what each cable carries."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.model.city import FibreLink, FibreNode
from twin.model.errors import ModelError
from twin.sim.egov_backbone.assumptions import value

__all__ = ["Fibre", "Loads", "Place"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What hangs on the fibre: an office, a school, a place with access points.

    Parameters
    ----------
    id : str
        Consumer in `twin.sim.supply`.
    x_m, y_m : float
        Position. [m]
    aliases : tuple of str
        Other consumers in the same building, cut off with it.
    """

    id: str
    x_m: float
    y_m: float
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loads:
    """Rates on the fibre at one moment.

    Parameters
    ----------
    link_bps : ndarray of shape (n_links,)
        What flows over each cable. [bit/s]
    share : ndarray of shape (n_places,)
        Part of its demand each place gets: 0 where cut off.
    """

    link_bps: _Floats
    share: _Floats


class Fibre:
    """Cables in a ring with spurs; each place hangs on the node that names it, or the nearest.

    Parameters
    ----------
    nodes : sequence of FibreNode
        Points of presence.
    links : sequence of FibreLink
        Cables between them.
    places : sequence of Place
        What hangs on them; the cable from the node to the place is its spur.
    root : Place
        Where all traffic goes: the data centre with the exchange to the Internet.

    Raises
    ------
    ModelError
        A link names a node there is not.
    """

    def __init__(
        self,
        nodes: Sequence[FibreNode],
        links: Sequence[FibreLink],
        places: Sequence[Place],
        root: Place,
    ) -> None:
        self.node_ids = tuple(node.id for node in nodes)
        self.link_ids = tuple(link.id for link in links)
        self.place_ids = tuple(place.id for place in places)
        self.node_index = {name: i for i, name in enumerate(self.node_ids)}
        self.link_index = {name: i for i, name in enumerate(self.link_ids)}
        self.place_index = {
            name: i for i, place in enumerate(places) for name in (place.id, *place.aliases)
        }
        self._ends = np.array([self._end_nodes(link) for link in links], dtype=np.int64)
        self._length_m = np.array([link.length_m for link in links])
        self.capacity_bps = np.array([link.capacity_bps for link in links])
        self._beside: tuple[tuple[tuple[int, int], ...], ...] = self._neighbours()
        at, spur_m = _attach(nodes, [root, *places])
        self.root, self.node_of = int(at[0]), at[1:]
        self.link_up = np.ones(len(links), dtype=bool)
        self.node_up = np.ones(len(nodes), dtype=bool)
        self.spur_up = np.ones(len(places), dtype=bool)
        self.cable_m = np.concatenate([self._length_m, spur_m[1:]])
        self.route()

    def _end_nodes(self, link: FibreLink) -> tuple[int, int]:
        for end in (link.a, link.b):
            if end not in self.node_index:
                raise ModelError(f"fibre link {link.id} ends at {end!r}, which is no fibre node")
        return self.node_index[link.a], self.node_index[link.b]

    def _neighbours(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        beside: list[list[tuple[int, int]]] = [[] for _ in self.node_ids]
        for k, (a, b) in enumerate(self._ends.tolist()):
            beside[a].append((b, k))
            beside[b].append((a, k))
        return tuple(tuple(row) for row in beside)

    def route(self) -> _Bools:
        """Find the shortest way of every node to the root over cables and nodes that work.

        Returns
        -------
        ndarray of shape (n_places,)
            True for places whose way has changed and still exists: those were re-routed.

        Notes
        -----
        Dijkstra by length of cable; of two equal ways the one over the lower node number.
        """
        n = len(self.node_ids)
        before = self._ways() if hasattr(self, "_order") else []
        far_m = np.full(n, np.inf)
        up_link = np.full(n, -1, dtype=np.int64)
        up_node = np.full(n, -1, dtype=np.int64)
        order: list[int] = []
        queue: list[tuple[float, int]] = []
        if self.node_up[self.root]:
            far_m[self.root] = 0.0
            queue.append((0.0, self.root))
        done = np.zeros(n, dtype=bool)
        while queue:
            at_m, node = heapq.heappop(queue)
            if done[node]:
                continue
            done[node] = True
            order.append(node)
            for other, link in self._beside[node]:
                if not (self.link_up[link] and self.node_up[other]) or done[other]:
                    continue
                if at_m + self._length_m[link] < far_m[other]:
                    far_m[other] = at_m + self._length_m[link]
                    up_link[other], up_node[other] = link, node
                    heapq.heappush(queue, (float(far_m[other]), other))
        self._order, self._up_link, self._up_node = tuple(order), up_link, up_node
        self._reached = done
        if not before:
            return np.zeros(len(self.place_ids), dtype=bool)
        after = self._ways()
        moved = np.array(
            [bool(way) and way != old for way, old in zip(after, before, strict=True)], dtype=bool
        )
        had_way = np.array([bool(old) for old in before], dtype=bool)
        return np.asarray((moved & had_way)[self.node_of] & self.spur_up)

    def _ways(self) -> list[tuple[int, ...]]:
        """List the cables from each node to the root; the root counts as a cable of its own."""
        ways: list[tuple[int, ...]] = [()] * len(self.node_ids)
        for node in self._order:
            up = int(self._up_node[node])
            ways[node] = (-1,) if up < 0 else (int(self._up_link[node]), *ways[up])
        return ways

    def reached(self) -> _Bools:
        """Say which places have a way to the root now."""
        return np.asarray(self._reached[self.node_of] & self.spur_up)

    def loads(self, demand_bps: _Floats) -> Loads:
        """Lay demands on the cables of their ways.

        Parameters
        ----------
        demand_bps : ndarray of shape (n_places,)
            What each place would send and receive. [bit/s]

        Returns
        -------
        Loads
            Offered rate on each cable, and the share that gets through: the scarcest cable of a
            way decides, and a full cable treats all alike.
        """
        n = len(self.node_ids)
        reached = self.reached()
        below = np.bincount(self.node_of, np.where(reached, demand_bps, 0.0), n)
        link_bps = np.zeros(len(self.link_ids))
        for node in reversed(self._order):
            up = self._up_node[node]
            if up >= 0:
                link_bps[self._up_link[node]] = below[node]
                below[up] += below[node]
        part = np.zeros(n)
        for node in self._order:
            up, link = self._up_node[node], self._up_link[node]
            if up < 0:
                part[node] = 1.0
            else:
                full = min(1.0, self.capacity_bps[link] / max(link_bps[link], 1.0))
                part[node] = min(part[up], full)
        return Loads(link_bps, np.where(reached, part[self.node_of], 0.0))

    def cable(self, name: str) -> tuple[_Bools, int]:
        """Find the state of a cable by the id of a link, or of a place for its spur.

        Parameters
        ----------
        name : str
            Link or place.

        Returns
        -------
        state, index : ndarray of bool, int
            What to switch.

        Raises
        ------
        ModelError
            Neither.
        """
        if name in self.link_index:
            return self.link_up, self.link_index[name]
        if name in self.place_index:
            return self.spur_up, self.place_index[name]
        raise ModelError(f"no fibre link and no place on the fibre is called {name!r}")

    def cable_ids(self) -> tuple[str, ...]:
        """Name all cables in the order of `cable_m`: links, then spurs by their places."""
        return self.link_ids + self.place_ids


def _attach(nodes: Sequence[FibreNode], places: Sequence[Place]) -> tuple[_Ints, _Floats]:
    """Find the node of each place and the length of the cable between them. [m]."""
    by_site: Mapping[str, int] = {node.site: i for i, node in enumerate(nodes) if node.site}
    x, y = np.array([node.x_m for node in nodes]), np.array([node.y_m for node in nodes])
    at = np.zeros(len(places), dtype=np.int64)
    spur_m = np.zeros(len(places))
    for k, place in enumerate(places):
        away_m = np.hypot(x - place.x_m, y - place.y_m)
        own = by_site.get(place.id)
        at[k] = int(np.argmin(away_m)) if own is None else own
        spur_m[k] = 0.0 if own is not None else value("spur_detour") * away_m[at[k]]
    return at, spur_m
