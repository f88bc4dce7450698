"""Diggers: cables that are cut by chance or by a scenario, and the crews that splice them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from simpy.resources.resource import PriorityRequest

from twin.sim.egov_backbone.assumptions import value
from twin.sim.egov_backbone.fibre import Fibre
from twin.sim.egov_backbone.moments import Moments
from twin.sim.kernel import Crews
from twin.sim.system import Context

__all__ = ["Cuts"]

_WHO = "fibre cables"


class Cuts:
    """What breaks cables and who repairs them.

    Parameters
    ----------
    context : Context
        Shared.
    fibre : Fibre
        The cables.
    told : callable
        Bound method called without arguments after each change of a cable.
    rng : Generator
        Times, places and lengths of repairs.
    moments : Moments
        Where notable moments go.
    """

    def __init__(
        self,
        context: Context,
        fibre: Fibre,
        told: Callable[[], None],
        rng: np.random.Generator,
        moments: Moments,
    ) -> None:
        self._context, self._fibre, self._told, self._rng = context, fibre, told, rng
        self._moments = moments
        self.crews = Crews(context.kernel, round(value("repair_crews")))
        self._broken_by: dict[str, int] = {}
        self.cuts = 0
        self.repairs = 0

    def start(self) -> None:
        """Wait for the first cut."""
        km = float(self._fibre.cable_m.sum()) / 1e3
        per_year = value("cuts_per_100_km_year") * km / 100.0 * self._context.failure_factor
        if per_year > 0.0:
            wait_s = float(self._rng.exponential(365.25 * 86400.0 / per_year))
            self._context.kernel.after(wait_s, _WHO, self._dig)

    def _dig(self) -> None:
        length_m = self._fibre.cable_m
        k = int(self._rng.choice(length_m.size, p=length_m / length_m.sum()))
        name = self._fibre.cable_ids()[k]
        if not self._broken_by.get(name):
            self.cut(name)
            request = self.crews.request(priority=0 if k < len(self._fibre.link_ids) else 1)
            self._context.kernel.when(request, _WHO, self._send, name, request)
        self.start()

    def _send(self, name: str, request: PriorityRequest) -> None:
        hours = value("repair_min_h") + self._rng.exponential(value("repair_mean_extra_h"))
        wait_s = 3600.0 * float(hours) / self._context.failure_factor
        self._context.note("repair_begins", name, round(wait_s))
        self._context.kernel.after(wait_s, _WHO, self._spliced, name, request)

    def _spliced(self, name: str, request: PriorityRequest) -> None:
        self.crews.release(request)
        self.mend(name)

    def cut(self, name: str) -> None:
        """Cut a cable: a link by its id, the spur of a place by the id of the place."""
        state, k = self._fibre.cable(name)
        self._broken_by[name] = self._broken_by.get(name, 0) + 1
        if state[k]:
            state[k] = False
            self.cuts += 1
            self._context.note("fibre_cut", name)
            self._moments.tell(name, "The cable is cut.")
            self._told()

    def mend(self, name: str) -> None:
        """Take one cause of a cut away; the cable works again when the last is gone."""
        state, k = self._fibre.cable(name)
        self._broken_by[name] = max(self._broken_by.get(name, 0) - 1, 0)
        if not self._broken_by[name] and not state[k]:
            del self._broken_by[name]
            state[k] = True
            self.repairs += 1
            self._context.note("fibre_mended", name)
            self._moments.tell(name, "The cable is mended.")
            self._told()

    def n_broken(self) -> int:
        """Cables that are cut now."""
        return int((~self._fibre.link_up).sum() + (~self._fibre.spur_up).sum())
