"""The router of each school: power, link, and the time it takes to boot."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.sim.classrooms.assumptions import value
from twin.sim.classrooms.story import Stories
from twin.sim.kernel import Due
from twin.sim.system import Context

__all__ = ["Routers"]


class Routers:
    """What connects schools to the fibre.

    Parameters
    ----------
    context : Context
        Shared.
    consumers : sequence of tuple of str
        For each school the consumers of `twin.sim.supply` that are its building; the first is the
        id of the school.
    stories : Stories
        Where notable moments go.
    came_back : callable
        Bound method called with the number of a school whose router runs again.
    """

    def __init__(
        self,
        context: Context,
        consumers: Sequence[tuple[str, ...]],
        stories: Stories,
        came_back: Callable[[int], None],
    ) -> None:
        self._context, self._consumers = context, tuple(consumers)
        self._stories, self._came_back = stories, came_back
        self._school_of = {c: k for k, names in enumerate(consumers) for c in names}
        n = len(self._consumers)
        self.is_on = np.ones(n, dtype=bool)
        self.has_link = np.ones(n, dtype=bool)
        self._booting: dict[int, Due] = {}

    def start(self) -> None:
        """Follow the supply."""
        supply = self._context.supply
        supply.watch(self._school_of, self._hear)
        for consumer in self._school_of:
            if not (supply.is_supplied(consumer, "power") and supply.is_supplied(consumer, "link")):
                self._hear(consumer, "power", is_supplied=False)

    def is_online(self) -> NDArray[np.bool_]:
        """Say which schools have a running router with a link."""
        return np.asarray(self.is_on & self.has_link)

    def _hear(self, consumer: str, kind: str, is_supplied: bool) -> None:
        k = self._school_of[consumer]
        supply, names = self._context.supply, self._consumers[k]
        name, now_s = names[0], self._context.kernel.now_s
        self.has_link[k] = all(supply.is_supplied(c, "link") for c in names)
        self._stories.follow(
            name,
            "link",
            now_s,
            is_so=not self.has_link[k],
            begins="The fibre is cut: the school is offline.",
            ends="The fibre is back after {minutes}.",
        )
        has_power = all(supply.is_supplied(c, "power") for c in names)
        self._stories.follow(
            name,
            "power",
            now_s,
            is_so=not has_power,
            begins="Power fails: access points, switches and router go dark.",
            ends="Power is back after {minutes}; everything boots.",
        )
        if not has_power:
            due = self._booting.pop(k, None)
            if due is not None:
                due.cancel()
            if self.is_on[k]:
                self.is_on[k] = False
                self._context.note("school_dark", name)
        elif not self.is_on[k] and k not in self._booting:
            wait_s = value("router_boot_s")
            self._booting[k] = self._context.kernel.after(wait_s, name, self._boot, k)

    def _boot(self, k: int) -> None:
        del self._booting[k]
        self.is_on[k] = True
        name = self._consumers[k][0]
        self._context.note("school_router_up", name)
        self._stories.tell(name, self._context.kernel.now_s, "The router runs again.")
        self._came_back(k)
