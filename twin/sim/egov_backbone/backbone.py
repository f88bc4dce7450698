"""The backbone at work: what is cut off, what is re-routed, and the traffic it carries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.model.city import City, Office
from twin.sim.egov_backbone.assumptions import value
from twin.sim.egov_backbone.cuts import Cuts
from twin.sim.egov_backbone.demand import Demand, places_of
from twin.sim.egov_backbone.fibre import Fibre, Loads, Place
from twin.sim.egov_backbone.moments import Moments
from twin.sim.kernel import Due
from twin.sim.system import Context

__all__ = ["Backbone"]

_CAUSE = "egov_backbone"


class Backbone:
    """The fibre of a city in simulated time.

    Parameters
    ----------
    context : Context
        Shared.
    city : City
        The city; it must have fibre nodes.
    centre : Office
        The data centre.
    moments : Moments
        Where notable moments go.
    """

    def __init__(self, context: Context, city: City, centre: Office, moments: Moments) -> None:
        self._context, self._moments = context, moments
        self.places: tuple[Place, ...] = places_of(city)
        root = Place(id=centre.id, x_m=centre.x_m, y_m=centre.y_m)
        self.fibre = Fibre(city.fibre_nodes, city.fibre_links, self.places, root)
        self.cuts = Cuts(
            context,
            self.fibre,
            self.follow,
            context.rng("egov_backbone/fibre_cuts"),
            moments,
        )
        self.demand = Demand(city, context.systems, self.places)
        n = len(self.places)
        self._is_cut = np.zeros(n, dtype=bool)
        self._batteries: dict[str, Due] = {}
        self.wanted_bps = np.zeros(n)
        self.loads = Loads(np.zeros(len(self.fibre.link_ids)), np.ones(n))
        self.reroutes = 0
        self.rerouted_places = 0
        self.peak_load_percent = 0.0
        self.overload_s = 0.0
        self.cut_off_s = np.zeros(n)
        self.bits = {"offered": 0.0, "carried": 0.0, "congested": 0.0, "cut_off": 0.0}
        self._since_s = 0.0

    def start(self) -> None:
        """Follow the nodes' power and wait for the first digger."""
        self._context.supply.watch(self.fibre.node_ids, self._node_supplied)
        self.cuts.start()

    def _node_supplied(self, node: str, kind: str, is_supplied: bool) -> None:
        if kind != "power":
            return
        due = self._batteries.pop(node, None)
        if due is not None:
            due.cancel()
        i = self.fibre.node_index[node]
        if is_supplied and not self.fibre.node_up[i]:
            wait_s, action = value("node_boot_s"), self._node_starts
        elif not is_supplied:
            wait_s, action = 3600.0 * value("node_battery_h"), self._node_stops
        else:
            return
        self._batteries[node] = self._context.kernel.after(wait_s, node, action, node)

    def _node_stops(self, node: str) -> None:
        self.fibre.node_up[self.fibre.node_index[node]] = False
        self._context.note("fibre_node_down", node)
        self._moments.tell(node, "The battery of the point of presence is empty.")
        self.follow()

    def _node_starts(self, node: str) -> None:
        self.fibre.node_up[self.fibre.node_index[node]] = True
        self._context.note("fibre_node_up", node)
        self.follow()

    def follow(self) -> None:
        """Find the ways anew after a change, and tell who is cut off and who is back."""
        self.account()
        moved = self.fibre.route()
        if moved.any():
            self.reroutes += 1
            self.rerouted_places += int(moved.sum())
            self._context.note("rerouted", "fibre ring", int(moved.sum()))
            self._moments.tell("fibre ring", f"Places re-routed: {int(moved.sum())}.")
            lost = float((self.wanted_bps * self.loads.share)[moved].sum()) * value("reroute_s")
            self.bits["carried"] -= lost
            self.bits["cut_off"] += lost
        is_cut = ~self.fibre.reached()
        newly = np.flatnonzero(is_cut & ~self._is_cut)
        back = np.flatnonzero(~is_cut & self._is_cut)
        self._is_cut = is_cut
        self.loads = self.fibre.loads(self.wanted_bps)
        for rows, what in ((newly, "cut off"), (back, "back")):
            if rows.size:
                names = ", ".join(self.places[row].id for row in rows[:3].tolist())
                names += ", ..." if rows.size > 3 else ""
                self._moments.tell("fibre ring", f"Places {what}: {rows.size} ({names}).")
        supply = self._context.supply
        supply.restore(self._consumers(back.tolist()), "link", _CAUSE)
        supply.cut(self._consumers(newly.tolist()), "link", _CAUSE)

    def _consumers(self, rows: Sequence[int]) -> list[str]:
        return [name for row in rows for name in (self.places[row].id, *self.places[row].aliases)]

    def account(self) -> None:
        """Add up the traffic since the last time."""
        now_s = self._context.kernel.now_s
        dt_s, self._since_s = now_s - self._since_s, now_s
        offered = float(self.wanted_bps.sum()) * dt_s
        carried = float((self.wanted_bps * self.loads.share).sum()) * dt_s
        cut_off = float(self.wanted_bps[self._is_cut].sum()) * dt_s
        self.bits["offered"] += offered
        self.bits["carried"] += carried
        self.bits["cut_off"] += cut_off
        self.bits["congested"] += offered - carried - cut_off
        self.cut_off_s += self._is_cut * dt_s
        if self.load_percent() > 100.0:
            self.overload_s += dt_s

    def refresh(self, extra_bps: dict[str, float]) -> None:
        """Ask everybody for their demand and lay it on the cables.

        Parameters
        ----------
        extra_bps : dict
            Demand of this system's own places by id. [bit/s]
        """
        self.account()
        context = self._context
        self.wanted_bps = self.demand.now_bps(context.clock.local(context.kernel.now_s))
        for name, rate_bps in extra_bps.items():
            self.wanted_bps[self.fibre.place_index[name]] += rate_bps
        self.loads = self.fibre.loads(self.wanted_bps)
        self.peak_load_percent = max(self.peak_load_percent, self.load_percent())

    def load_percent(self) -> float:
        """Load of the fullest cable; above 100 it cannot carry what is offered. [%]."""
        if not self.fibre.link_ids:
            return 0.0
        return 100.0 * float((self.loads.link_bps / self.fibre.capacity_bps).max())

    def knows(self, consumer: str) -> bool:
        """Say whether a consumer hangs on the municipal fibre."""
        return consumer in self.fibre.place_index

    def has_way(self, consumer: str) -> bool:
        """Say whether a consumer on the fibre has a way to the data centre now."""
        return not self._is_cut[self.fibre.place_index[consumer]]

    def share(self, consumer: str) -> float:
        """Part of its demand that a consumer on the fibre gets through now."""
        return float(self.loads.share[self.fibre.place_index[consumer]])

    def check(self) -> None:
        """Check that no bit is lost from the books."""
        bits = self.bits
        parts = bits["carried"] + bits["congested"] + bits["cut_off"]
        if abs(bits["offered"] - parts) > 1e-9 * max(bits["offered"], 1.0):
            raise AssertionError(f"fibre: {bits['offered']:g} bits offered, {parts:g} accounted")
        if min(bits.values()) < -1.0:
            raise AssertionError(f"fibre: negative bits {bits}")
