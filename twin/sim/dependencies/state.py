"""Which nodes of the grid work, which are alive, and over which feed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.sim.dependencies.topology import Grid

__all__ = ["GridState"]


class GridState:
    """The grid as it is switched now.

    Parameters
    ----------
    grid : Grid
        What hangs on what.

    Notes
    -----
    A substation is alive if it works and the ring joins it over working substations to one on the
    national grid. A station is alive if it works and the feed it is switched to is alive.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.causes: dict[int, set[str]] = {}
        self.switched_to = np.zeros(len(grid.nodes), dtype=np.int64)
        self.alive: NDArray[np.bool_] = self.compute()

    def works(self, node: int) -> bool:
        """Say whether nothing is wrong with a node itself."""
        return node not in self.causes

    def add_cause(self, node: int, cause: str) -> None:
        """Let a node not work for a cause; call `settle` afterwards."""
        self.causes.setdefault(node, set()).add(cause)

    def remove_cause(self, node: int, cause: str) -> None:
        """Take a cause away; a node without one works."""
        left = self.causes.get(node, set())
        left.discard(cause)
        if not left:
            self.causes.pop(node, None)

    def settle(self) -> tuple[list[int], list[int]]:
        """Find out what is alive now; return stations that went out and that came back.

        Stations whose usual feed is alive again go back to it unnoticed.
        """
        before, self.alive = self.alive, self.compute()
        for node in np.flatnonzero(self.switched_to).tolist():
            if self.alive[node] and self.alive[self.grid.feeds[node][0]]:
                self.switched_to[node] = 0
        order = self.grid.order
        went = [node for node in order if before[node] and not self.alive[node]]
        came = [node for node in order if self.alive[node] and not before[node]]
        return went, came

    def other_feed(self, node: int) -> int | None:
        """Return the place of the first feed that is alive, for a station that has lost its own.

        None if the station is alive or does not work, or if no feed is alive.
        """
        if self.alive[node] or not self.works(node):
            return None
        for place, feed in enumerate(self.grid.feeds[node]):
            if self.alive[feed]:
                return place
        return None

    def compute(self) -> NDArray[np.bool_]:
        """Work out from scratch which nodes are alive."""
        grid = self.grid
        alive = np.zeros(len(grid.nodes), dtype=bool)
        todo = [node for node in sorted(grid.infeeds) if self.works(node)]
        neighbours: dict[int, set[int]] = {node: set() for node in grid.substations}
        for node in grid.substations:
            for feed in grid.feeds[node]:
                neighbours[node].add(feed)
                neighbours[feed].add(node)
        while todo:
            node = todo.pop()
            if not alive[node]:
                alive[node] = True
                todo += [n for n in sorted(neighbours[node]) if not alive[n] and self.works(n)]
        for node in grid.order:
            feeds = grid.feeds[node]
            if self.works(node):
                alive[node] = alive[feeds[self.switched_to[node]]] if feeds else True
        return alive
