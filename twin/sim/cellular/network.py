"""The running network: users, their octets, the load of cells and the electricity, step by step."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from twin.sim.cellular.agents import Agents
from twin.sim.cellular.assumptions import assumed
from twin.sim.cellular.energy import CellPower
from twin.sim.cellular.figures import Figures
from twin.sim.cellular.places import KINDS, Places
from twin.sim.cellular.plant import ASLEEP, FAILED, Plant
from twin.sim.cellular.routers import Routers
from twin.sim.cellular.sessions import Sessions
from twin.sim.cellular.shares import RateCurves
from twin.sim.cellular.signals import NO_SIGNAL_DBM, VEHICLE, Signals
from twin.sim.cellular.traffic import arrivals, fair_rate_bps, traffic_classes, transfer
from twin.sim.profiles import hotspot_weight, mobile_weight, office_weight, transport_weight

__all__ = ["Network"]

_ROUNDS = 6  # of loads and interference, until they fit each other
_PEAK_TRANSPORT = 2.424  # 10.1 % of the day in the busiest hour

_Floats = NDArray[np.float64]


class Network:
    """Everything of the mobile network that moves with the clock.

    Parameters
    ----------
    plant : Plant
        The equipment.
    places : Places
        Where users may be.
    signals : Signals
        What they hear; listened to already.
    agents : Agents
        The users.
    sessions : Sessions
        Their connections.
    sims_per_agent : float
        SIMs an agent stands for.
    layer_shares : ndarray of shape (n_layers,)
        Share of the city's users by simulated layer.
    rng : Generator
        For the traffic.
    """

    def __init__(
        self,
        plant: Plant,
        places: Places,
        signals: Signals,
        agents: Agents,
        sessions: Sessions,
        sims_per_agent: float,
        layer_shares: _Floats,
        rng: np.random.Generator,
    ) -> None:
        self.plant, self.places, self.signals = plant, places, signals
        self.agents, self.sessions = agents, sessions
        self._sims_per_agent = sims_per_agent
        self._layer_shares, self._rng = layer_shares, rng
        n = len(plant.ids)
        self.figures = Figures(n)
        self.classes = traffic_classes()
        self._class_bps = np.array([kind.rate_bps for kind in self.classes])
        shares = np.array([kind.session_share for kind in self.classes])
        self._mean_session_bps = float(shares @ self._class_bps)
        self._volume_shares = shares * self._class_bps / self._mean_session_bps
        self.curves = RateCurves(plant.cells)
        self._power = CellPower(plant.cells)
        self.loads = np.full(n, assumed("overhead_load"))
        self.queued = np.zeros(n, dtype=np.int64)
        self._capacity_bps = np.full(n, 1e6)
        self._class_counts = np.zeros((n, len(self.classes)), dtype=np.int64)
        self.throughput_bps = 0.0
        self.district_factor = np.ones(len(places.districts))
        self._broken = np.zeros(n, dtype=bool)
        self._heard_otherwise: set[int] = set()
        self._is_dirty = True
        self._onboard_slot = np.zeros(0, dtype=np.int32)
        self._onboard_wanted = np.zeros(0, dtype=np.int32)
        self._onboard = np.zeros(0)
        self._onboard_served = np.zeros(0)
        self._onboard_users = np.zeros(n)
        self.routers = Routers(self)
        self.settle()

    # --- what changes the network ---

    def configured(self, cell: int) -> None:
        """Note that power or tilt of a cell changed; `settle` does the rest."""
        self._heard_otherwise.add(cell)
        self._is_dirty = True

    def switched(self, cells: NDArray[np.int64], abruptly: bool) -> None:
        """Note that cells went on or off the air; `settle` does the rest."""
        if abruptly:
            self._broken[cells] = True
        self._is_dirty = True

    def settle(self) -> bool:
        """Let signals, agents and connections follow what changed, if anything did."""
        if not self._is_dirty:
            return False
        plant, tx_dbm = self.plant, self.plant.true_power_dbm()
        for cell in sorted(self._heard_otherwise):
            self.signals.listen(plant.true_tilt_deg(), tx_dbm, cell)
        self._heard_otherwise.clear()
        is_on_air = plant.is_on_air()
        self._broken &= ~is_on_air
        self.signals.serve(tx_dbm, is_on_air)
        self.loads[~is_on_air] = 0.0
        self.signals.disturb(self.loads)
        self.agents.camp()
        keeps_context = (plant.down & ~np.uint8(FAILED)) == 0
        self.figures.add_moves(self.sessions.follow(self._broken, keeps_context))
        self._broken[:] = False
        silent = ~is_on_air
        self.figures.dropped[silent] += self.queued[silent]
        self.queued[silent] = 0
        self._resolve_onboard()
        self._count()
        self._is_dirty = False
        return True

    def carry(self, x_m: _Floats, y_m: _Floats, passengers: _Floats) -> None:
        """Put the passengers of vehicles where the vehicles are, until the next call."""
        place = self.places.at(np.asarray(x_m, np.float64), np.asarray(y_m, np.float64))
        layers = np.arange(len(self.signals.layers), dtype=np.int32) * self.signals.n_places
        connected = passengers * assumed("sims_per_resident") * assumed("connected_share")
        self._onboard_wanted = (layers[:, None] + place[None, :]).ravel()
        self._onboard = np.outer(self._layer_shares, connected).ravel()
        self._resolve_onboard()

    def _resolve_onboard(self) -> None:
        slot = self.signals.resolved[VEHICLE, self._onboard_wanted]
        served = slot >= 0
        self._onboard_slot, self._onboard_served = slot[served], self._onboard[served]
        cell = self.signals.server[self._onboard_slot]
        self._onboard_users = np.bincount(
            cell, self._onboard_served, minlength=self.loads.size
        ).astype(np.float64)

    # --- steps ---

    def _mean_connections(self, local: datetime) -> _Floats:
        """Mean number of connections by group of agents at a local time."""
        weight = np.array(
            [
                mobile_weight(local),
                office_weight(local),
                hotspot_weight(local),
                transport_weight(local),
            ]
        )
        factor = np.outer(self.district_factor, weight[: len(KINDS)]).ravel()
        per_agent = self._sims_per_agent * assumed("connected_share")
        return np.asarray(self.agents.group_sizes * factor * per_agent)

    def begin(self, local: datetime) -> None:
        """Start with the connections of a network long at work."""
        self.sessions.begin(0.0, self._mean_connections(local))
        for _ in range(_ROUNDS):
            self._count()
            airtime = self._demand()[1]
            wanted = np.minimum(airtime + assumed("overhead_load"), 1.0)
            self.loads = np.where(self.plant.is_on_air(), wanted, 0.0)
            self.signals.disturb(self.loads)
            self.balance()
            self.sessions.retune()
        self._count()

    def forget(self) -> None:
        """Begin to count now."""
        self.figures = Figures(self.loads.size)

    def step(self, now_s: float, dt_s: float, local: datetime) -> None:
        """Move users, connections, octets and watts on by one step.

        Parameters
        ----------
        now_s : float
            End of the step. [s]
        dt_s : float
            Its length. [s]
        local : datetime
            Local time.
        """
        sessions, figures = self.sessions, self.figures
        activity = transport_weight(local) / _PEAK_TRANSPORT
        self.agents.move(dt_s, activity, self.plant.true_power_dbm())
        sessions.end(now_s)
        figures.add_moves(sessions.follow())
        figures.add_moves(sessions.travel())
        mean = self._mean_connections(local) * -np.expm1(-dt_s / assumed("session_s"))
        sessions.begin(now_s, mean)
        self._count()
        self._transfer(now_s, dt_s)
        is_on_air = self.plant.is_on_air()
        figures.energy_j += self.watts() * dt_s
        figures.load_s += self.loads * dt_s
        figures.on_air_s += is_on_air * dt_s
        figures.sleep_s += (self.plant.down == ASLEEP) * dt_s
        figures.total_s += dt_s

    def _count(self) -> None:
        n_classes = len(self.classes)
        keys = self.sessions.cell * np.int32(n_classes) + self.sessions.kind
        counts = np.bincount(keys, minlength=self.loads.size * n_classes)
        self._class_counts = counts.reshape(self.loads.size, n_classes)

    def _demand(self) -> tuple[_Floats, _Floats]:
        """Mean demand by cell and class [bit/s], and the share of time it takes each cell.

        Connections ask for a part of their rate at most, and where a cell would be busy all the
        time its users slow down together, as TCP and video of adaptive rate do. What cells can do
        at this mix of users is kept.
        """
        n, n_classes = self.loads.size, len(self.classes)
        cell, kind = self.sessions.cell, self.sessions.kind
        rate = self._session_rates()
        most = assumed("adaptive_share") * rate
        wanted = np.minimum(self._class_bps[kind], most)
        keys = cell * np.int32(n_classes) + kind
        demand: _Floats = np.bincount(keys, wanted, minlength=n * n_classes).astype(np.float64)
        spent = np.bincount(cell, wanted / np.maximum(rate, 1.0), minlength=n)
        airtime: _Floats = spent.astype(np.float64)
        demand = demand.reshape(n, n_classes)
        if self._onboard_slot.size:
            demand, airtime = self._demand_onboard(demand, airtime)
        busy = airtime > 0.0
        self._capacity_bps[busy] = demand.sum(axis=1)[busy] / airtime[busy]
        room, asked = 1.0 - assumed("overhead_load"), airtime + self.routers.airtime
        slower = np.minimum(room / np.maximum(asked, 1e-12), 1.0)
        return demand * slower[:, None], airtime * slower

    def _demand_onboard(self, demand: _Floats, airtime: _Floats) -> tuple[_Floats, _Floats]:
        slot = self._onboard_slot
        cell = self.signals.server[slot]
        rate = self.curves.rate_bps(cell, self.signals.sinr_db[VEHICLE, slot])
        wanted = np.minimum(self._mean_session_bps, assumed("adaptive_share") * rate)
        wanted = wanted * self._onboard_served
        more = np.bincount(cell, wanted, minlength=self.loads.size)
        airtime = airtime + np.bincount(
            cell, wanted / np.maximum(rate, 1.0), minlength=self.loads.size
        )
        return demand + np.outer(more, self._volume_shares), airtime

    def _session_rates(self) -> _Floats:
        agents, agent = self.agents, self.sessions.agent
        key = agents.where.take(agent) * np.int32(self.signals.server.size) + agents.slot.take(
            agent
        )
        sinr_db = self.signals.sinr_db.ravel().take(key)
        return self.curves.rate_bps(self.sessions.cell, sinr_db)

    def _transfer(self, now_s: float, dt_s: float) -> None:
        demand, _ = self._demand()
        self.figures.wanted_bits += dt_s * (
            float(self._class_bps[self.sessions.kind].sum())
            + self._mean_session_bps * float(self._onboard_served.sum())
        )
        self.figures.asked_bits += dt_s * float(demand.sum())
        arrived = np.zeros(self.loads.size, dtype=np.int64)
        for column, kind in enumerate(self.classes):
            arrived += arrivals(demand[:, column], kind, dt_s, self._rng)
        is_on_air = self.plant.is_on_air()
        full = np.where(is_on_air, self._capacity_bps * (dt_s / 8.0), 0.0)
        time_wanted = (self.queued + arrived) / np.maximum(full, 1.0)
        to_routers, share = self.routers.serve(time_wanted, is_on_air, dt_s)
        room = np.maximum(1.0 - assumed("overhead_load") - share, 0.0)
        free = (full * room).astype(np.int64)
        longest = (self._capacity_bps * (assumed("queue_s") / 8.0)).astype(np.int64)
        moved = transfer(self.queued, arrived, free, np.where(is_on_air, longest, 0))
        self.queued = moved.queued
        figures = self.figures
        figures.offered += arrived + to_routers
        figures.served += moved.served + to_routers
        figures.dropped += moved.dropped
        served = int(moved.served.sum() + to_routers.sum())
        figures.add_hour(now_s - dt_s, served)
        self.throughput_bps = 8.0 * served / dt_s
        busy = np.where(
            is_on_air,
            moved.served / np.maximum(full, 1.0) + share + assumed("overhead_load"),
            0.0,
        )
        part = -np.expm1(-dt_s / assumed("load_smoothing_s"))
        self.loads += part * (np.minimum(busy, 1.0) - self.loads)

    def balance(self) -> None:
        """Let agents of busy cells choose other layers; connections follow at the next step."""
        self.agents.balance(self.loads)

    def disturb(self) -> None:
        """Let the loads of the last minutes count as interference."""
        self.signals.disturb(self.loads)

    def sample(self) -> None:
        """Look at the rates of all users and the loads of all cells."""
        cell = self.sessions.cell
        rates = fair_rate_bps(
            self._session_rates(), self.loads[cell], self.connections()[cell].astype(np.float64)
        )
        loads = self.loads[self.plant.is_on_air()]
        self.figures.add_sample(rates, loads, self.agents.unserved_share())

    def check(self) -> None:
        """Raise `AssertionError` if an octet or a connection was lost, or energy is negative."""
        figures, sessions = self.figures, self.sessions
        kept = figures.served + figures.dropped + self.queued
        if not np.array_equal(figures.offered, kept):
            cell = int(np.flatnonzero(figures.offered != kept)[0])
            raise AssertionError(
                f"{self.plant.ids[cell]}: octets offered are not all accounted for"
            )
        if sessions.started != sessions.ended + sessions.dropped + sessions.active:
            raise AssertionError("connections begun are not all ended, dropped or under way")
        if (figures.energy_j < 0.0).any() or (self.queued < 0).any():
            raise AssertionError("negative energy or queue of a cell")

    # --- what is asked ---

    def connections(self) -> NDArray[np.int64]:
        """Count the connections of every cell, without passengers of vehicles."""
        counts: NDArray[np.int64] = self._class_counts.sum(axis=1)
        return counts

    def all_users(self) -> _Floats:
        """Count the connections of every cell, with passengers of vehicles."""
        return self.connections() + self._onboard_users

    def watts(self) -> _Floats:
        """Electrical power of every cell [W]."""
        plant = self.plant
        return self._power.watts(
            self.loads, plant.true_power_dbm(), plant.is_on_air(), plant.is_fed()
        )

    def users(self, cell: int) -> float:
        """Count the connections of a cell."""
        return float(self._class_counts[cell].sum() + self._onboard_users[cell])

    def load(self, cell: int) -> float:
        """Share of resource blocks in use, 0 to 1."""
        return float(self.loads[cell])

    def dl_octets(self, cell: int) -> int:
        """Octets a cell served since the start."""
        return int(self.figures.served[cell])

    def power_w(self, cell: int) -> float:
        """Electrical power of a cell [W]."""
        return float(self.watts()[cell])

    def mean_rsrp_dbm(self, cell: int) -> float:
        """Mean signal of the users of a cell, as if they stood outdoors. [dBm].

        Users of the moment and residents of the mean day count alike: it stands for the averaging
        over a report period. Outdoors, because that is what a planner can compare it with.
        """
        signals, agents = self.signals, self.agents
        layer = signals.layers.index(self.plant.cells[cell].layer)
        cut = slice(layer * signals.n_places, (layer + 1) * signals.n_places)
        mine = signals.server[cut] == cell
        people = self.places.residents[mine]
        per_resident = assumed("sims_per_resident") * assumed("connected_share")
        people = people * (per_resident * float(self._layer_shares[layer]))
        level = signals.level_dbm[cut][mine].astype(np.float64)
        slots = agents.slot[self.sessions.agent[self.sessions.cell == cell]]
        heard = signals.level_dbm[slots].astype(np.float64)
        total = float(people.sum()) + heard.size
        if total <= 0.0 or not bool(self.plant.is_on_air()[cell]):
            return NO_SIGNAL_DBM
        return float((people @ level + heard.sum()) / total)
