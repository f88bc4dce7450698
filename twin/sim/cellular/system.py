"""The mobile network as a system of the living city: LTE and 5G cells, their users, their watts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.geo.rings import district_slugs
from twin.model.city import Cell, City
from twin.sim.cellular.actions import CellularActions
from twin.sim.cellular.agents import Agents
from twin.sim.cellular.assumptions import assumed
from twin.sim.cellular.fleet import CellFleet
from twin.sim.cellular.kpis import district_kpis, kpis
from twin.sim.cellular.network import Network
from twin.sim.cellular.places import make_places
from twin.sim.cellular.plant import ASLEEP, FAILED, Plant
from twin.sim.cellular.rates import HandoverRates, calibrated_rates
from twin.sim.cellular.routers import Routers
from twin.sim.cellular.sessions import Sessions
from twin.sim.cellular.shares import layer_shares
from twin.sim.cellular.signals import Signals
from twin.sim.cellular.sleep import Sleepers
from twin.sim.cellular.traffic import traffic_classes
from twin.sim.failures import FailureRate, Failures
from twin.sim.system import Action, Context, DeviceFleet, Kpi, System

__all__ = ["AGENTS_KEY", "Cellular"]

_REFRESH_S = 300.0  # interference, sleep and telemetry follow the load of the last minutes
_SAMPLE_S = 60.0
_KIND = "cell"
AGENTS_KEY = "agents"
"""Under which `Context.shared` may give the number of agents of the whole city."""


class Cellular(System):
    """LTE and 5G cells of all operators with the people they serve.

    Parameters
    ----------
    context : Context
        What systems share.
    n_agents : int, optional
        People simulated in the whole city, each standing for several SIMs; None takes that
        of `AGENTS_KEY`, or the assumed number. A world of few managed cells simulates every SIM
        near them, at most so many.
    rates : HandoverRates, optional
        How often handovers go wrong; None takes those of exact runs.

    Notes
    -----
    Where `context.managed` names no cell, nothing is built and nothing costs. Signals of the
    managed cells and of all cells that share a layer and a user with them are simulated.
    """

    name = "cellular"
    tables = ("cells", "users")

    def __init__(
        self,
        context: Context,
        *,
        n_agents: int | None = None,
        rates: HandoverRates | None = None,
    ) -> None:
        super().__init__(context)
        if n_agents is None:
            given = context.shared.get(AGENTS_KEY)
            n_agents = given if isinstance(given, int) else round(assumed("agents"))
        self._n_agents = n_agents
        self._rates = rates
        self._network: Network | None = None
        self._sleep_is_on = True
        self._is_settling = False

    def start(self) -> None:
        """Build the network, settle its users and schedule the first steps."""
        near = self._managed_cells()
        if near is not None and not near:
            return
        rows = _neighbours(self.context.city.cells, near)
        if not rows.size:
            return
        context = self.context
        kinds = {site.id: site.kind for site in context.city.sites}
        self._plant = plant = Plant(context, rows, kinds, self._switched)
        self._network = network = self._build(plant, rows, near)
        sites = [cell.site for cell in context.city.cells]
        self._sleepers = Sleepers(plant.cells, sites, context.rng("cellular/sleep"))
        x = np.array([cell.x_m for cell in plant.cells])
        y = np.array([cell.y_m for cell in plant.cells])
        index = {slug: i for i, slug in enumerate(network.places.districts)}
        slugs = district_slugs(context.city.districts, x, y)
        self._district = np.array([index.get(slug, len(index) - 1) for slug in slugs], dtype=int)
        self._fleet = CellFleet(plant, network)
        self._actions = CellularActions(self, plant, network)
        plant.watch()
        network.begin(context.clock.local(0.0))
        self._choose_sleepers(assumed("sleep_after_s"))  # a network long at work
        network.settle()
        network.forget()
        context.kernel.after(context.tick_s, self.name, self._tick)
        context.kernel.after(_REFRESH_S, self.name, self._refresh)
        context.kernel.after(_SAMPLE_S, self.name, self._sample)
        self._failures = Failures(
            context.kernel,
            "failures of cells",
            context.rng("cellular/failures"),
            FailureRate(
                per_hour=1.0 / assumed("mtbf_h"),
                repair_s=(assumed("repair_min_s"), assumed("repair_max_s")),
            ),
            context.failure_factor,
            count=self._n_working,
            fail=self._fail_kth,
            repair=self._repair,
        )
        self._failures.start()

    def _managed_cells(self) -> list[Cell] | None:
        if self.context.managed is None:
            return None
        return [cell for cell in self.context.city.cells if self.context.is_managed(cell.id)]

    def _build(self, plant: Plant, rows: NDArray[np.int64], near: list[Cell] | None) -> Network:
        context = self.context
        city = context.city
        places = make_places(city, near)
        signals = Signals(plant.cells, context.hidden.cell_shadow_db[rows], places.x_m, places.y_m)
        signals.listen(plant.true_tilt_deg(), plant.true_power_dbm())
        by_layer = layer_shares(city.cells)
        shares = np.array([by_layer[layer] for layer in signals.layers])
        part = float(shares.sum())
        sims = float(places.residents.sum()) * assumed("sims_per_resident") * part
        n_agents = self._n_agents if near is None else min(round(sims), self._n_agents)
        capable = 1.0 if near is not None else assumed("nr_capable_share")
        agents = Agents(
            n_agents,
            places,
            signals,
            (shares / part, capable),
            self._stops(city),
            context.rng("cellular/agents"),
        )
        sessions = Sessions(
            agents,
            len(plant.ids),
            tuple(kind.session_share for kind in traffic_classes()),
            self._rates or calibrated_rates(city.cells),
            context.rng("cellular/sessions"),
        )
        per_agent = sims / agents.cell.size if agents.cell.size else 0.0
        return Network(
            plant,
            places,
            signals,
            agents,
            sessions,
            per_agent,
            shares,
            context.rng("cellular/traffic"),
        )

    def _stops(self, city: City) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Find stops of trams; none where the vehicles bring their passengers themselves."""
        if self.context.managed is not None or "transit_wifi" in self.context.systems:
            return np.zeros(0), np.zeros(0)
        stops = [stop for stop in city.stops if {"tram", "subway"}.intersection(stop.modes)]
        return np.array([stop.x_m for stop in stops]), np.array([stop.y_m for stop in stops])

    # --- what happens ---

    def _tick(self) -> None:
        context, network = self.context, self._running()
        now_s = context.kernel.now_s
        network.settle()
        network.step(now_s, context.tick_s, context.clock.local(now_s))
        users = np.rint(16.0 * network.all_users()).astype(np.int64)
        context.trace.add_counts(now_s, "users", users)
        context.kernel.after(context.tick_s, self.name, self._tick)

    def _sample(self) -> None:
        self._running().sample()
        self.context.kernel.after(_SAMPLE_S, self.name, self._sample)

    def _refresh(self) -> None:
        network = self._running()
        self._choose_sleepers(_REFRESH_S)
        if not network.settle():
            network.disturb()
        network.balance()
        self._tell()
        self.context.kernel.after(_REFRESH_S, self.name, self._refresh)

    def _choose_sleepers(self, since_s: float) -> None:
        network, plant = self._running(), self._plant
        local = self.context.clock.local(self.context.kernel.now_s)
        is_asleep = (plant.down & ASLEEP) != 0
        wanted = np.zeros(is_asleep.size, dtype=bool)
        if self._sleep_is_on:
            hour = local.hour + local.minute / 60.0
            wanted = self._sleepers.choose(
                hour, network.loads, plant.is_on_air(), is_asleep, since_s
            )
        falls, wakes = np.flatnonzero(wanted & ~is_asleep), np.flatnonzero(is_asleep & ~wanted)
        for cells, is_set, what in ((falls, True, "cells_asleep"), (wakes, False, "cells_awake")):
            if cells.size:
                plant.mark(cells, ASLEEP, is_set=is_set, abruptly=False)
                self.context.note(what, self.name, cells.size)

    def set_sleep(self, *, is_on: bool) -> None:
        """Allow or forbid cells to sleep at night; from now on."""
        self._sleep_is_on = is_on
        self._choose_sleepers(0.0)

    def _switched(self, cells: NDArray[np.int64], abruptly: bool) -> None:
        """Let users follow once everything of this moment has happened."""
        self._running().switched(cells, abruptly)
        if not self._is_settling:
            self._is_settling = True
            self.context.kernel.after(0.0, self.name, self._settle)

    def _settle(self) -> None:
        self._is_settling = False
        self._running().settle()

    def _n_working(self) -> int:
        return int(np.count_nonzero((self._plant.down & FAILED) == 0))

    def _fail_kth(self, k: int) -> str:
        cell = int(np.flatnonzero((self._plant.down & FAILED) == 0)[k])
        self.set_failed([cell], is_failed=True)
        device: str = self._plant.ids[cell]
        return device

    def _repair(self, device: str) -> None:
        self.set_failed([self._plant.index[device]], is_failed=False)

    def set_failed(self, cells: Sequence[int], *, is_failed: bool) -> None:
        """Break or repair cells, which must be among those simulated."""
        for cell in cells:
            was = bool(self._plant.down[cell] & FAILED)
            if was != is_failed:
                self._plant.mark(np.array([cell]), FAILED, is_set=is_failed, abruptly=is_failed)
                what = "cell_failed" if is_failed else "cell_repaired"
                self.context.note(what, self._plant.ids[cell])

    # --- what is asked ---

    def _running(self) -> Network:
        if self._network is None:
            raise RuntimeError("the mobile network is not simulated here: no cell is managed")
        return self._network

    @property
    def is_simulated(self) -> bool:
        """Say whether there are cells in this run."""
        return self._network is not None

    def carry(self, x_m: ArrayLike, y_m: ArrayLike, passengers: ArrayLike) -> None:
        """Put the passengers of vehicles where the vehicles are, until the next call.

        Parameters
        ----------
        x_m, y_m : array_like of shape (n,)
            Vehicles. [m]
        passengers : array_like of shape (n,)
            Their passengers; all of those on board, not only the new ones.
        """
        if self._network is not None:
            x, y, people = (np.asarray(v, dtype=np.float64) for v in (x_m, y_m, passengers))
            self._network.carry(x, y, people)

    @property
    def routers(self) -> Routers | None:
        """Where routers on vehicles ask for data; None where there are no cells."""
        return None if self._network is None else self._network.routers

    def fleets(self) -> Mapping[str, DeviceFleet]:
        """Return the cells as devices."""
        return {} if self._network is None else {_KIND: self._fleet}

    def devices(self) -> Mapping[str, str]:
        """Return the managed cells: those named, or every cell of the city."""
        if self._network is None:
            return {}
        managed = self.context.managed
        return {
            cell.id: _KIND for cell in self._plant.cells if managed is None or cell.id in managed
        }

    def kpis(self) -> Mapping[str, Kpi]:
        """Return the figures of the network since the start, all zero where there are no cells."""
        return kpis(self._network)

    def kpis_by_district(self) -> Mapping[str, Mapping[str, Kpi]]:
        """Return traffic, load, handovers and energy of the cells in each district."""
        return {} if self._network is None else district_kpis(self._network, self._district)

    def gauges(self) -> Mapping[str, float]:
        """Return connections, load, throughput, power and cells off the air."""
        if self._network is None:
            return {}
        network, plant = self._network, self._plant
        is_on_air = plant.is_on_air()
        loads = network.loads[is_on_air]
        is_down = ~is_on_air & ((plant.down & ASLEEP) == 0)
        return {
            "users_count": float(network.all_users().sum()),
            "load_percent": 100.0 * float(loads.mean()) if loads.size else 0.0,
            "throughput_gbps": network.throughput_bps / 1e9,
            "power_w": float(network.watts().sum()),
            "asleep_count": float(np.count_nonzero(plant.down & ASLEEP)),
            "down_count": float(np.count_nonzero(is_down)),
            "on_battery_count": float(plant.on_battery()),
        }

    def actions(self) -> Mapping[str, Action]:
        """Return what a scenario can do: demand, faults, sleep."""
        return {} if self._network is None else self._actions.table()

    def check_invariants(self) -> None:
        """Raise `AssertionError` if an octet or a connection was lost, or energy is negative."""
        if self._network is not None:
            self._network.check()

    def _tell(self) -> None:
        telemetry, network = self.context.telemetry, self._running()
        now_s = self.context.kernel.now_s
        if telemetry.wants("cells"):
            telemetry.add(
                "cells",
                now_s,
                {
                    "cell": np.array(self._plant.ids),
                    "users": network.all_users(),
                    "load_percent": 100.0 * network.loads,
                    "dl_octets": network.figures.served,
                    "power_w": network.watts(),
                    "is_on_air": self._plant.is_on_air(),
                },
            )
        if telemetry.wants("users"):
            agents = network.agents
            telemetry.add(
                "users",
                now_s,
                {
                    "x_m": network.places.x_m[agents.place],
                    "y_m": network.places.y_m[agents.place],
                    "cell": np.append(np.array(self._plant.ids), "")[agents.cell],
                    "where": agents.where,
                },
            )


def _neighbours(cells: Sequence[Cell], near: Sequence[Cell] | None) -> NDArray[np.int64]:
    """Find the cells that share a layer and a user with one of some cells; None: all."""
    if near is None:
        return np.arange(len(cells))
    x = np.array([cell.x_m for cell in cells])
    y = np.array([cell.y_m for cell in cells])
    layers = np.array([cell.layer for cell in cells], dtype=object)
    keep = np.zeros(len(cells), dtype=bool)
    for layer, site_x, site_y in dict.fromkeys((c.layer, c.x_m, c.y_m) for c in near):
        close = (x - site_x) ** 2 + (y - site_y) ** 2 <= (2.0 * assumed("reach_m")) ** 2
        keep |= close & (layers == layer)
    return np.flatnonzero(keep)
