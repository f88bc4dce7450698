"""The system `dependencies`: outages spread from the grid to the city and come back in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from twin.sim.dependencies.assumptions import figure
from twin.sim.dependencies.figures import by_district, figures
from twin.sim.dependencies.laws import broken_law
from twin.sim.dependencies.ledger import Ledger
from twin.sim.dependencies.repairs import Fault, Repairs
from twin.sim.dependencies.scenario import PowerActions
from twin.sim.dependencies.state import GridState
from twin.sim.dependencies.topology import Grid, build_grid
from twin.sim.supply import SupplyKind
from twin.sim.system import Action, Context, Kpi, System

__all__ = ["Dependencies", "Surged"]

_YEAR_S = 365.0 * 86_400.0
_KINDS = ("substation", "ring", "station", "branch")


@runtime_checkable
class Surged(Protocol):
    """The lamps, if they can be told of a surge."""

    def surge(self, cabinet: str) -> None:
        """Let a surge run along the feeder of a cabinet."""
        ...


class Dependencies(System):
    """Substations, stations and who hangs on them; cuts and restores electricity in `Supply`.

    Nothing happens by chance if only some devices are managed: then only a scenario cuts.

    Parameters
    ----------
    context : Context
        What systems share.
    """

    name: ClassVar[str] = "dependencies"
    tables = ("power_outages",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._is_open = False
        self.n_switched = self.n_surges = self.n_consumer_outages = 0
        self.max_stations_out = 0
        self.max_customers_out = 0.0
        self.consumer_lost_s = 0.0
        self._switching: set[int] = set()
        self._epoch: dict[str, int] = {}
        self._branch_causes: dict[tuple[int, int], set[str]] = {}
        self._out_since_s: dict[str, float] = {}
        self._actions = PowerActions(self)

    def start(self) -> None:
        """Take up the grid; failures begin if the whole city is simulated."""
        if self.context.managed is None:
            self._open()
            self._rngs = {kind: self.context.rng(f"dependencies/{kind}") for kind in _KINDS}
            for kind in _KINDS:
                self._wait_for(kind)

    def _open(self) -> None:
        """Hang the city on its grid, once; worlds of few devices only do it when asked."""
        if self._is_open:
            return
        self._is_open = True
        context = self.context
        self._grid = build_grid(context.city)
        self._state = GridState(self._grid)
        n = int(figure("branches"))
        self._ledger = Ledger(np.repeat(self._grid.customers / n, n))
        self._repairs = Repairs(
            context.kernel,
            context.rng("dependencies/repairs"),
            context.failure_factor,
            self._mended,
        )
        self._switch_rng = context.rng("dependencies/switching")
        self._surge_rng = context.rng("dependencies/surges")
        context.supply.watch(self._grid.consumers, self._told)

    @property
    def grid(self) -> Grid:
        """What hangs on what."""
        self._open()
        return self._grid

    @property
    def state(self) -> GridState:
        """What works and what is alive."""
        self._open()
        return self._state

    @property
    def ledger(self) -> Ledger:
        """Who was without electricity for how long."""
        self._open()
        return self._ledger

    @property
    def repairs(self) -> Repairs:
        """Open faults and the crews."""
        self._open()
        return self._repairs

    def station_of(self, consumer: str) -> str:
        """Return the id of the node a consumer hangs on, for another system.

        Raises
        ------
        KeyError
            Unknown consumer.
        """
        return self.grid.nodes[self.grid.place_of[consumer][0]].id

    # -- chance

    def _wait_for(self, kind: str) -> None:
        n = self._count(kind)
        if n:
            rate = n * figure(f"{kind}_per_a") * self.context.failure_factor
            delay_s = float(self._rngs[kind].exponential(_YEAR_S / rate))
            self.context.kernel.after(delay_s, f"{self.name} {kind}", self._strike, kind)

    def _count(self, kind: str) -> int:
        grid = self._grid
        return {
            "substation": len(grid.substations),
            "ring": len(grid.rings),
            "station": len(grid.order),
            "branch": len(grid.order) * int(figure("branches")),
        }[kind]

    def _strike(self, kind: str) -> None:
        """Break one of a kind; one that does not work already stays as it is."""
        i = int(self._rngs[kind].integers(self._count(kind)))
        match kind:
            case "substation":
                self.fail(self._grid.substations[i])
            case "ring":
                self.break_ring(i)
            case "station":
                self.fail(self._grid.order[i])
            case _:
                station, branch = divmod(i, int(figure("branches")))
                self.fail_branch(self._grid.order[station], branch)
        self._wait_for(kind)

    # -- faults

    def fail(self, node: int, work_s: float = float("nan")) -> None:
        """Break a substation or a station until a crew has mended it; once at a time."""
        if not self.state.works(node):
            return
        kind = self.grid.nodes[node].kind
        fault = self.repairs.report(kind, node, work_s=work_s)
        self.context.note(f"{kind}_failed", self.grid.nodes[node].id)
        self.take_down(node, fault.cause)
        if kind == "station":
            self._perhaps_surge([node])

    def fail_branch(self, node: int, branch: int) -> None:
        """Break a low-voltage branch of a station until a crew has mended it; once at a time."""
        if self._branch_causes.get((node, branch)):
            return
        fault = self.repairs.report("branch", node, branch)
        who = f"{self.grid.nodes[node].id}/{branch}"
        self.context.note("branch_failed", who)
        self._branch_causes.setdefault((node, branch), set()).add(fault.cause)
        self._cut(f"branch {who}", self.grid.on_branch(node, branch))
        self._record(np.array([self._unit(node, branch)]))

    def break_ring(self, ring: int) -> None:
        """Let a cable of a ring fail: its stations are out until switched around it.

        The repair of the cable itself cuts nobody and is not followed.
        """
        nodes = [node for node in self._grid.rings[ring] if self._state.works(node)]
        if not nodes:
            return
        cause = f"ring {ring} at {self.context.kernel.now_s:.3f}"
        self.context.note("ring_failed", f"ring {ring}", len(nodes))
        for node in nodes:
            self._state.add_cause(node, cause)
        self._spread()
        self.context.kernel.after(
            self._switching_s(), f"ring {ring}", self._isolated, ring, tuple(nodes), cause
        )
        self._perhaps_surge(nodes)

    def _isolated(self, ring: int, nodes: Sequence[int], cause: str) -> None:
        self.context.note("ring_switched", f"ring {ring}", len(nodes))
        self.n_switched += 1
        for node in nodes:
            self._state.remove_cause(node, cause)
        self._spread()

    def _mended(self, fault: Fault) -> None:
        node = self._grid.nodes[fault.node]
        if fault.kind != "branch":
            self.context.note(f"{fault.kind}_mended", node.id)
            self.bring_up(fault.node, fault.cause)
            return
        who = f"{node.id}/{fault.branch}"
        self.context.note("branch_mended", who)
        causes = self._branch_causes[fault.node, fault.branch]
        causes.discard(fault.cause)
        if not causes:
            del self._branch_causes[fault.node, fault.branch]
            self._bring_back(f"branch {who}", self._grid.on_branch(fault.node, fault.branch))
            self._record(np.array([self._unit(fault.node, fault.branch)]))

    def _perhaps_surge(self, nodes: Sequence[int]) -> None:
        if self._surge_rng.random() < figure("surge_share"):
            for node in nodes:
                self.surge(node)

    def surge(self, node: int) -> None:
        """Send a surge to the lamps behind a station, if there are lamps that can be told."""
        self.n_surges += 1
        grid = self.grid
        cabinets = [who for who in grid.children[node] if grid.consumers[who].kind == "cabinet"]
        self.context.note("surge", grid.nodes[node].id, len(cabinets))
        lamps = self.context.systems.get("lamps")
        if isinstance(lamps, Surged):
            for cabinet in cabinets:
                lamps.surge(cabinet)

    # -- how an outage spreads

    def take_down(self, node: int, cause: str) -> None:
        """Let a node not work for a cause; what hangs on it loses its electricity."""
        self.state.add_cause(node, cause)
        self._spread()

    def bring_up(self, node: int, cause: str) -> None:
        """Take a cause away; what hangs on the node comes back if nothing else holds it."""
        self.state.remove_cause(node, cause)
        self._spread()

    def hold(self, consumer: str) -> None:
        """Cut a single consumer from its electricity until `let_go`."""
        self._cut(f"cut of {consumer}", (consumer,))

    def let_go(self, consumer: str) -> None:
        """Give a consumer that was held its electricity back."""
        self._bring_back(f"cut of {consumer}", (consumer,))

    def _spread(self) -> None:
        went, came = self._state.settle()
        grid = self._grid
        for node in went:
            self.context.note("station_out", grid.nodes[node].id, int(grid.customers[node]))
            self._cut(f"station {grid.nodes[node].id}", grid.children[node])
        for node in came:
            self.context.note("station_back", grid.nodes[node].id, int(grid.customers[node]))
            self._bring_back(f"station {grid.nodes[node].id}", grid.children[node])
        if went or came:
            n = int(figure("branches"))
            changed = np.array([*went, *came])
            self._record((changed[:, None] * n + np.arange(n)).ravel())
        self._look_for_switching()

    def _look_for_switching(self) -> None:
        """Have stations that lost their feed switched to the other, ring by ring."""
        for ring, nodes in enumerate(self._grid.rings):
            if ring not in self._switching and any(
                self._state.other_feed(node) is not None for node in nodes
            ):
                self._switching.add(ring)
                delay_s = self._switching_s()
                self.context.kernel.after(delay_s, f"ring {ring}", self._switch, ring)

    def _switching_s(self) -> float:
        low_s, high_s = figure("switching_min_s"), figure("switching_max_s")
        return float(self._switch_rng.uniform(low_s, high_s)) / self.context.failure_factor

    def _switch(self, ring: int) -> None:
        self._switching.discard(ring)
        n = 0
        for node in self._grid.rings[ring]:
            place = self._state.other_feed(node)
            if place is not None:
                self._state.switched_to[node] = place
                n += 1
        if n:
            self.n_switched += 1
            self.context.note("ring_switched", f"ring {ring}", n)
            self._spread()

    def _cut(self, cause: str, consumers: Sequence[str]) -> None:
        self._epoch[cause] = self._epoch.get(cause, 0) + 1
        self.context.supply.cut(consumers, "power", cause)

    def _bring_back(self, cause: str, consumers: Sequence[str]) -> None:
        """Restore consumers one after another; a new cut for the cause stops it."""
        epoch = self._epoch[cause] = self._epoch.get(cause, 0) + 1
        for k, who in enumerate(consumers):
            delay_s = (k + 1) * figure("stagger_s")
            self.context.kernel.after(delay_s, who, self._restore, cause, epoch, who)

    def _restore(self, cause: str, epoch: int, consumer: str) -> None:
        if self._epoch[cause] == epoch:
            self.context.supply.restore((consumer,), "power", cause)

    def _unit(self, node: int, branch: int) -> int:
        return node * int(figure("branches")) + branch

    def _record(self, units: NDArray[np.int64]) -> None:
        """Bring the ledger up to date with what units are without electricity now."""
        now_s = self.context.kernel.now_s
        n = int(figure("branches"))
        is_out = np.array([self.is_branch_out(*divmod(int(unit), n)) for unit in units])
        self._ledger.put_out(units[is_out], now_s)
        self._ledger.put_in(units[~is_out], now_s)
        self.max_customers_out = max(self.max_customers_out, self._ledger.customers_out())
        self.max_stations_out = max(self.max_stations_out, self.n_stations_out())
        if self.context.telemetry.wants("power_outages"):
            nodes = units // n
            self.context.telemetry.add(
                "power_outages",
                now_s,
                {
                    "station": np.array([self._grid.nodes[node].id for node in nodes]),
                    "branch": units % n,
                    "is_out": is_out,
                    "customers": self._ledger.customers[units],
                },
            )

    def is_branch_out(self, node: int, branch: int) -> bool:
        """Say whether customers on a branch of a station are without electricity."""
        return not self._state.alive[node] or (node, branch) in self._branch_causes

    def _told(self, consumer: str, kind: SupplyKind, is_supplied: bool) -> None:
        if kind != "power":
            return
        now_s = self.context.kernel.now_s
        if is_supplied:
            self.consumer_lost_s += now_s - self._out_since_s.pop(consumer)
        else:
            self.n_consumer_outages += 1
            self._out_since_s[consumer] = now_s

    # -- what is asked

    def n_stations_out(self) -> int:
        """Count stations without electricity."""
        return sum(not self.state.alive[node] for node in self.grid.order)

    def consumers_out(self) -> Mapping[str, float]:
        """Return the consumers without electricity and since when. [s]."""
        return self._out_since_s

    def kpis(self) -> Mapping[str, Kpi]:
        """Return SAIDI, SAIFI and their kin since the start."""
        return figures(self)

    def kpis_by_district(self) -> Mapping[str, Mapping[str, Kpi]]:
        """Return SAIDI, SAIFI and availability by district."""
        return by_district(self)

    def gauges(self) -> Mapping[str, float]:
        """Return what is out now and how many crews are away."""
        return {
            "stations_out": float(self.n_stations_out()),
            "customers_out": self.ledger.customers_out(),
            "consumers_out": float(len(self._out_since_s)),
            "crews_busy": float(self.repairs.crews.count),
            "faults_open": float(len(self.repairs.open)),
        }

    def actions(self) -> Mapping[str, Action]:
        """Return cut, fail, repair and surge."""
        return self._actions.by_verb()

    def check_invariants(self) -> None:
        """Raise `AssertionError` if a law of `twin.sim.dependencies.laws` is broken."""
        what = broken_law(self)
        if what:
            raise AssertionError(f"{self.name}: {what}")
