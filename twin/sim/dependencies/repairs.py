"""Faults of the grid and the crews that repair them, by what cuts the most people off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from simpy.resources.resource import PriorityRequest

from twin.sim.dependencies.assumptions import figure
from twin.sim.kernel import Crews, Due, Kernel

__all__ = ["Fault", "Repairs"]

_PRIORITY = {"substation": 0, "station": 1, "branch": 2}


@dataclass(slots=True, eq=False)
class Fault:
    """Something broken: `kind` is substation, station or branch.

    `work_s` is the time a crew needs once it is there, NaN to draw it.
    """

    number: int
    kind: str
    node: int
    branch: int
    since_s: float
    work_s: float = float("nan")
    is_mended: bool = False
    request: PriorityRequest | None = None
    due: Due | None = None

    @property
    def cause(self) -> str:
        """Name of the fault, as a cause."""
        return f"fault {self.number}"


class Repairs:
    """Crews that travel to faults and mend them.

    Parameters
    ----------
    kernel : Kernel
        Simulated time.
    rng : Generator
        For travel and work.
    factor : float
        So many times faster than in the world.
    mended : callable
        Bound method called with a fault when it is mended.
    """

    def __init__(
        self,
        kernel: Kernel,
        rng: np.random.Generator,
        factor: float,
        mended: Callable[[Fault], None],
    ) -> None:
        self._kernel, self._rng, self._factor, self._mended = kernel, rng, factor, mended
        self.crews = Crews(kernel, capacity=int(figure("crews")))
        self.open: list[Fault] = []
        self.n_done = 0
        self.wait_s = 0.0
        self._number = 0

    def report(self, kind: str, node: int, branch: int = 0, work_s: float = float("nan")) -> Fault:
        """Take up a fault and call a crew for it."""
        self._number += 1
        fault = Fault(self._number, kind, node, branch, self._kernel.now_s, work_s)
        self.open.append(fault)
        fault.request = self.crews.request(priority=_PRIORITY[kind])
        self._kernel.when(fault.request, f"crew of {fault.cause}", self._set_off, fault)
        return fault

    def mend(self, fault: Fault) -> None:
        """End a fault now, whoever mended it."""
        if fault.is_mended:
            return
        fault.is_mended = True
        self.open.remove(fault)
        if fault.due is not None:
            fault.due.cancel()
        if fault.request is not None:
            if fault.request.triggered:
                self.crews.release(fault.request)
            else:
                fault.request.cancel()
        self.n_done += 1
        self._mended(fault)

    def _set_off(self, fault: Fault) -> None:
        if fault.is_mended:
            return
        self.wait_s += self._kernel.now_s - fault.since_s
        away_s = self._draw("travel") / self._factor
        work_s = fault.work_s
        if np.isnan(work_s):
            work_s = self._draw("work") / self._factor
            work_s *= figure("substation_work_factor") if fault.kind == "substation" else 1.0
        fault.due = self._kernel.after(away_s + work_s, f"crew of {fault.cause}", self.mend, fault)

    def _draw(self, what: str) -> float:
        return float(self._rng.uniform(figure(f"{what}_min_s"), figure(f"{what}_max_s")))
