"""People with phones: where each is, how it moves, and which cell it camps on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.sim.cellular.assumptions import assumed
from twin.sim.cellular.places import KINDS, Places
from twin.sim.cellular.signals import INDOOR, OUTDOOR, VEHICLE, Signals

__all__ = ["Agents"]

_HOME, _FOOT, _CAR, _TRAM = range(4)

_Indices = NDArray[np.int32]


class Agents:
    """Agents in columns, ordered by group, which is district times kinds plus kind.

    Parameters
    ----------
    n : int
        How many.
    places : Places
        Where they may be.
    signals : Signals
        What they hear.
    shares : (ndarray of shape (n_layers,), float)
        Share of agents that prefer each layer, together 1; and share whose phones know NR.
    stops : pair of ndarray
        Stops between which tram riders travel; empty for none. [m]
    rng : Generator
        For everything drawn here and later.

    Attributes
    ----------
    cell, slot : ndarray of int32
        Cell and slot that serve each agent, -1 for none.
    where : ndarray of int8
        Outdoors, indoors or in a vehicle.
    mode : ndarray of int8
        0 stays at home, 1 goes on foot, 2 by car, 3 by tram.
    moved_m : ndarray of float64
        How far each agent went in the last step. [m]
    group_sizes : ndarray of int64
        Agents by group.
    """

    def __init__(
        self,
        n: int,
        places: Places,
        signals: Signals,
        shares: tuple[NDArray[np.float64], float],
        stops: tuple[NDArray[np.float64], NDArray[np.float64]],
        rng: np.random.Generator,
    ) -> None:
        self._places, self._signals, self._rng, self._stops = places, signals, rng, stops
        home = _draw_homes(n, places, rng)
        n_kinds = len(KINDS)
        group = places.district[home].astype(np.int64) * n_kinds + places.kind[home]
        home = home[np.argsort(group, kind="stable")]
        self.home = home.astype(np.int32)
        self.group_sizes = np.bincount(group, minlength=len(places.districts) * n_kinds)
        n = home.size
        self.district = places.district[home]
        self.wish = rng.choice(shares[0].size, n, p=shares[0]).astype(np.int32)
        self.layer = self.wish.copy()
        self._knows_nr = signals.is_nr[self.wish] | (rng.random(n) < shares[1])
        tram = assumed("tram_share") if stops[0].size > 1 else 0.0
        foot, car = assumed("pedestrian_share"), assumed("car_share")
        mode = rng.choice(4, n, p=(1.0 - foot - car - tram, foot, car, tram)).astype(np.int8)
        self.where = np.array([INDOOR, OUTDOOR, VEHICLE, VEHICLE], dtype=np.int8)[mode]
        self.mode = mode
        self.moved_m = np.zeros(n)
        self.place = self.home.copy()
        self.slot = np.full(n, -1, dtype=np.int32)
        self.cell = np.full(n, -1, dtype=np.int32)
        self._set_out(mode)

    def _set_out(self, mode: NDArray[np.int8]) -> None:
        self._movers = np.flatnonzero(mode != _HOME).astype(np.int32)
        mode = mode[self._movers]
        speeds = (0.0, assumed("pedestrian_kmh"), assumed("car_kmh"), assumed("tram_kmh"))
        self._speed = np.array(speeds)[mode] / 3.6
        self._reach = np.array((0.0, assumed("walk_m"), assumed("drive_m"), 0.0))[mode]
        self._rank = self._rng.random(self._movers.size)
        at = self.home[self._movers]
        self._home_x, self._home_y = self._places.x_m[at], self._places.y_m[at]
        self._x, self._y = self._home_x.copy(), self._home_y.copy()
        self._is_out = np.zeros(self._movers.size, dtype=bool)
        self._goal_x, self._goal_y = self._x.copy(), self._y.copy()
        self._choose(np.arange(self._movers.size))
        part = self._rng.random(self._movers.size)  # under way already
        self._x += part * (self._goal_x - self._x)
        self._y += part * (self._goal_y - self._y)
        self.place[self._movers] = self._places.at(self._x, self._y)

    def _choose(self, who: NDArray[np.int64]) -> None:
        """Give movers that have arrived their next goal: out and home again, or another stop.

        Where nobody lives there is little to do, and beyond the city no cell: the way is cut short.
        """
        out = ~self._is_out[who]
        self._is_out[who] = out
        angle = self._rng.uniform(0.0, 2.0 * np.pi, who.size)
        far = self._rng.exponential(1.0, who.size) * self._reach[who]
        goal_x = self._home_x[who] + np.where(out, far * np.cos(angle), 0.0)
        goal_y = self._home_y[who] + np.where(out, far * np.sin(angle), 0.0)
        lonely = self._places.residents[self._places.at(goal_x, goal_y)] <= 0.0
        goal_x[lonely] = 0.7 * self._home_x[who[lonely]] + 0.3 * goal_x[lonely]
        goal_y[lonely] = 0.7 * self._home_y[who[lonely]] + 0.3 * goal_y[lonely]
        rides = self._reach[who] == 0.0
        n_rides = int(rides.sum())
        if n_rides:
            stop = self._rng.integers(self._stops[0].size, size=n_rides)
            goal_x[rides], goal_y[rides] = self._stops[0][stop], self._stops[1][stop]
        self._goal_x[who], self._goal_y[who] = goal_x, goal_y

    def move(self, dt_s: float, activity: float, tx_dbm: NDArray[np.float64]) -> None:
        """Let those under way go on.

        Parameters
        ----------
        dt_s : float
            Step. [s]
        activity : float
            Share of the movers that move now, 0 to 1.
        tx_dbm : ndarray
            True powers of the cells, for the hysteresis. [dBm]
        """
        who = np.flatnonzero(self._rank < activity)
        self.moved_m[self._movers] = 0.0
        if not who.size:
            return
        dx, dy = self._goal_x[who] - self._x[who], self._goal_y[who] - self._y[who]
        left_m = np.hypot(dx, dy)
        step_m = self._speed[who] * dt_s
        part = np.minimum(step_m / np.maximum(left_m, 1e-9), 1.0)
        x = self._x[who] + part * dx
        y = self._y[who] + part * dy
        self._x[who], self._y[who] = x, y
        arrived = who[step_m >= left_m]
        if arrived.size:
            self._choose(arrived)
        place = self._places.at(x, y)
        agents = self._movers[who]
        self.moved_m[agents] = np.minimum(step_m, left_m)
        moved = place != self.place[agents]
        agents, place = agents[moved], place[moved]
        self.place[agents] = place
        self._reselect(agents, tx_dbm)

    def _reselect(self, agents: _Indices, tx_dbm: NDArray[np.float64]) -> None:
        """Change the cell of agents where another is stronger by the hysteresis (A3)."""
        slot, cell = self._best(agents)
        old = self.cell[agents]
        differs = np.flatnonzero((cell != old) & (cell >= 0) & (old >= 0))
        if differs.size:
            keep_dbm = self._signals.level_of(old[differs], slot[differs], tx_dbm)
            better_dbm = self._signals.level_dbm[slot[differs]]
            stays = differs[better_dbm < keep_dbm + np.float32(assumed("hysteresis_db"))]
            cell[stays] = old[stays]
        self.slot[agents], self.cell[agents] = slot, cell

    def _best(self, agents: _Indices) -> tuple[_Indices, _Indices]:
        signals = self._signals
        wanted = self.layer[agents] * signals.n_places + self.place[agents]
        slot = signals.resolved[self.where[agents], wanted]
        cell = np.where(slot >= 0, signals.server[slot], np.int32(-1))
        return slot, cell

    def camp(self) -> None:
        """Let every agent camp on the strongest cell, as after a change of the network."""
        everyone = np.arange(self.cell.size, dtype=np.int32)
        self.slot, self.cell = self._best(everyone)

    def balance(self, load: NDArray[np.float64]) -> None:
        """Let some of those in busy cells go to another layer of their operator, or come back.

        Parameters
        ----------
        load : ndarray of shape (n_cells,)
            Load, 0 to 1.

        Notes
        -----
        Half of them go each time, so that the loads can follow.
        """
        signals, rng = self._signals, self._rng
        away = np.flatnonzero(self.layer != self.wish)
        if away.size:
            free = self._load_at(self.wish[away], away, load) < assumed("balance_back_load")
            back = away[free & (rng.random(away.size) < 0.5)]
            self.layer[back] = self.wish[back]
        own = np.where(self.cell >= 0, load[self.cell], 0.0)
        busy = np.flatnonzero(own > assumed("balance_above_load"))
        busy = busy[rng.random(busy.size) < 0.5]
        if busy.size:
            least = own[busy] - 0.2  # it must be worth the handover
            goal = self.layer[busy]
            for k in range(len(signals.layers)):
                allowed = signals.same_operator[self.wish[busy], k]
                if signals.is_nr[k]:
                    allowed = allowed & self._knows_nr[busy]
                there = self._load_at(np.full(busy.size, k, dtype=np.int32), busy, load)
                better = allowed & (there < least)
                goal[better], least[better] = k, there[better]
            self.layer[busy] = goal
        self.slot, self.cell = self._best(np.arange(self.cell.size, dtype=np.int32))

    def _load_at(
        self, layer: _Indices, agents: NDArray[np.int64], load: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Load of the cell of a layer that would serve agents; above all where none covers."""
        signals = self._signals
        slot = layer * signals.n_places + self.place[agents]
        covers = signals.resolved[self.where[agents], slot] == slot
        return np.where(covers, load[signals.server[slot]], 9.0)

    def load_around(self, agents: _Indices) -> NDArray[np.float32]:
        """Load of the cells that disturb agents with a cell, 0 to 1."""
        return self._signals.load_around(self.slot[agents])

    def unserved_share(self) -> float:
        """Share of agents without a cell."""
        return float(np.count_nonzero(self.cell < 0)) / max(self.cell.size, 1)


def _draw_homes(n: int, places: Places, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw where agents belong: at home by census, at work, in the centre, at stops."""
    total = float(places.residents.sum())
    if total <= 0.0 or n <= 0:
        return np.zeros(0, dtype=np.int64)
    homes = []
    left = n
    for kind, name in enumerate(KINDS):
        if name == "residential":
            continue
        there = np.flatnonzero(places.kind == kind)
        count = round(n * assumed(f"{name}_share")) if there.size else 0
        homes.append(rng.choice(there, count) if count else np.zeros(0, dtype=np.int64))
        left -= count
    cumulative = np.cumsum(places.residents)
    picks = rng.random(left) * cumulative[-1]
    homes.append(np.searchsorted(cumulative, picks, side="right"))
    return np.concatenate(homes).astype(np.int64)
