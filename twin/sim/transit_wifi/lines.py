"""A tram line laid through the real stops, and where its trams are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.model.city import Stop

__all__ = ["Line", "TramPosition", "find_line"]

HEADWAY_S = 900.0
"""One of the peak headways, 7.5 and 15 min (2024); held all day, an assumption. [s]"""

_SPEED_M_S = 19.5 / 3.6  # commercial speed with stops, 19 to 20 km/h
_SAMPLE_M = 50.0
_MERGE_M = 250.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TramPosition:
    """Where a tram is now and how many it carries."""

    id: str
    x_m: float
    y_m: float
    passengers: int
    stop: str


class Line:
    """A line as the order of its stops and points every 50 m between them.

    Parameters
    ----------
    stops : sequence of Stop
        Stops in order.
    """

    def __init__(self, stops: Sequence[Stop]) -> None:
        self.stops = tuple(stops)
        x = np.array([stop.x_m for stop in stops])
        y = np.array([stop.y_m for stop in stops])
        hops = np.hypot(np.diff(x), np.diff(y))
        self.at_m = np.concatenate([[0.0], np.cumsum(hops)])[: len(stops)]
        length = float(self.at_m[-1]) if len(stops) > 1 else 0.0
        samples = np.arange(0.0, length + _SAMPLE_M, _SAMPLE_M) if length else np.zeros(0)
        self.track = (
            (np.interp(samples, self.at_m, x), np.interp(samples, self.at_m, y))
            if length
            else (np.zeros(0), np.zeros(0))
        )
        self._x, self._y = x, y

    @property
    def length_m(self) -> float:
        """Length along the stops. [m]."""
        return float(self.at_m[-1]) if len(self.stops) > 1 else 0.0

    def n_trams(self) -> int:
        """Trams needed to keep the headway in both directions."""
        return max(1, round(2.0 * self.length_m / _SPEED_M_S / HEADWAY_S)) if self.length_m else 0

    def point(self, at_m: float) -> tuple[float, float]:
        """Coordinates of a distance along the line. [m]."""
        return float(np.interp(at_m, self.at_m, self._x)), float(
            np.interp(at_m, self.at_m, self._y)
        )

    def sample(self, at_m: NDArray[np.float64]) -> NDArray[np.int64]:
        """Index of the track point nearest to distances along the line."""
        last = max(self.track[0].size - 1, 0)
        return np.clip(np.rint(at_m / _SAMPLE_M).astype(np.int64), 0, last)


def find_line(stops: Sequence[Stop]) -> Line:
    """Lay a line from end to end through the tram stops of a city.

    Parameters
    ----------
    stops : sequence of Stop
        All stops; those with mode ``tram`` are used, platforms of one stop merged.

    Returns
    -------
    Line
        The longest path of the shortest net (minimum spanning tree) over the stops: an assumption
        that stands in for a timetable. Empty for fewer than two stops.
    """
    chosen: list[Stop] = []
    for stop in sorted((s for s in stops if "tram" in s.modes), key=lambda s: s.id):
        if all(np.hypot(stop.x_m - s.x_m, stop.y_m - s.y_m) > _MERGE_M for s in chosen):
            chosen.append(stop)
    if len(chosen) < 2:
        return Line(())
    edges = _spanning_tree(
        np.array([stop.x_m for stop in chosen]), np.array([stop.y_m for stop in chosen])
    )
    far = _farthest(edges, 0)[-1]
    return Line([chosen[i] for i in _farthest(edges, far)])


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
