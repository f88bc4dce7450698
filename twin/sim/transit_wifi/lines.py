"""Where trams are, and a line laid through the real stops of a city without a table of lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.model.city import Stop

__all__ = ["TramPosition", "find_line"]

_MERGE_M = 250.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TramPosition:
    """Where a tram is now and how many it carries."""

    id: str
    x_m: float
    y_m: float
    passengers: int
    stop: str


def find_line(stops: Sequence[Stop]) -> tuple[Stop, ...]:
    """Lay a line from end to end through the tram stops of a city.

    Parameters
    ----------
    stops : sequence of Stop
        All stops; those with mode ``tram`` are used, platforms of one stop merged.

    Returns
    -------
    tuple of Stop
        In order: the longest path of the shortest net (minimum spanning tree) over the stops. An
        assumption that stands in for a timetable. Empty for fewer than two stops.
    """
    chosen: list[Stop] = []
    for stop in sorted((s for s in stops if "tram" in s.modes), key=lambda s: s.id):
        if all(np.hypot(stop.x_m - s.x_m, stop.y_m - s.y_m) > _MERGE_M for s in chosen):
            chosen.append(stop)
    if len(chosen) < 2:
        return ()
    edges = _spanning_tree(
        np.array([stop.x_m for stop in chosen]), np.array([stop.y_m for stop in chosen])
    )
    far = _farthest(edges, 0)[-1]
    return tuple(chosen[i] for i in _farthest(edges, far))


def _spanning_tree(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> dict[int, list[tuple[int, float]]]:
    """Grow the minimum spanning tree from the first point (Prim)."""
    edges: dict[int, list[tuple[int, float]]] = {i: [] for i in range(x.size)}
    away = np.hypot(x - x[0], y - y[0])
    parent = np.zeros(x.size, dtype=np.int64)
    inside = np.zeros(x.size, dtype=bool)
    inside[0] = True
    for _ in range(x.size - 1):
        new = int(np.argmin(np.where(inside, np.inf, away)))
        old = int(parent[new])
        edges[old].append((new, float(away[new])))
        edges[new].append((old, float(away[new])))
        inside[new] = True
        reach = np.hypot(x - x[new], y - y[new])
        closer = reach < away
        away, parent = np.where(closer, reach, away), np.where(closer, new, parent)
    return edges


def _farthest(edges: dict[int, list[tuple[int, float]]], start: int) -> list[int]:
    """Return the path of a tree from a node to the node farthest from it."""
    best, far, paths, open_ = 0.0, start, {start: [start]}, [(start, 0.0)]
    while open_:
        node, length = open_.pop()
        if length > best:
            best, far = length, node
        for other, hop in edges[node]:
            if other not in paths:
                paths[other] = [*paths[node], other]
                open_.append((other, length + hop))
    return paths[far]
