"""Vehicles and walkers at all signals: they come, wait, leave, and go on in platoons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.sim.signals.assumptions import assumed
from twin.sim.signals.layout import N_MOVEMENTS, SIDES, WALKERS, Layout
from twin.sim.signals.priority import adams_delay_s, siegloch_capacity_veh_h
from twin.sim.signals.queues import draw_arrivals, poisson_tails, serve

__all__ = ["Demand", "Flow", "Traffic"]

_Floats = NDArray[np.float64]
_Bools = NDArray[np.bool_]
_MEMORY_S = 256  # departures are remembered longer than the longest lag
_STOPPED = 0.5  # vehicles waiting by lane before one that comes must stop: departures are a fluid


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Demand now: traffic and walkers over their busy hour, and the share that goes inbound."""

    vehicles: float
    walkers: float
    inbound: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flow:
    """Sums over some seconds.

    Parameters
    ----------
    arrived, capacity, waited_s : ndarray of shape (5, S)
        Came, could have left, and time spent waiting. [veh], [veh], [veh s]
    stopped : ndarray of shape (S,)
        Vehicles that had to stop. [veh]
    occupied_s : ndarray of shape (2, S)
        Time the detectors were covered by waiting vehicles. [s]
    platoon, platoon_on_green : float
        Vehicles that came in platoons from the signal before, and those of them on green. [veh]
    entered : ndarray of shape (n, 2, S)
        Vehicles that left over the stop lines of the main road in each second. [veh]
    """

    arrived: _Floats
    capacity: _Floats
    waited_s: _Floats
    stopped: _Floats
    occupied_s: _Floats
    platoon: float
    platoon_on_green: float
    entered: _Floats


class Traffic:
    """Queues of the five movements of every signal.

    Parameters
    ----------
    layout : Layout
        Lanes, flows and corridors.
    truth : ndarray of shape (S,)
        True flow over the one in the inventory.
    rng : Generator
        For arrivals.

    Notes
    -----
    Vehicles wait at a point (no spill-back into the signal before). Those who come from the signal
    before in a corridor are a fluid, shaped by Robertson's dispersion as in TRANSYT; those who
    enter come at random. Drivers turn away from very long queues.
    """

    def __init__(self, layout: Layout, truth: _Floats, rng: np.random.Generator) -> None:
        n = len(layout.ids)
        self._layout, self._truth, self._rng = layout, truth, rng
        self.factor = np.ones(n)
        self.queue = np.zeros((N_MOVEMENTS, n))
        self.arrived = np.zeros((N_MOVEMENTS, n))
        self.departed = np.zeros((N_MOVEMENTS, n))
        self.diverted = np.zeros((N_MOVEMENTS, n))
        self._way, self._here = np.nonzero(layout.upstream >= 0)
        self._before = layout.upstream[self._way, self._here]
        self._lag = layout.lag_s[self._way, self._here]
        self._spread = layout.spread[self._way, self._here]
        self._left = np.zeros((_MEMORY_S, 2, n))
        self._platoon = np.zeros(self._way.size)
        self._stay = np.ones((N_MOVEMENTS, n))
        self.rates_s = np.zeros((N_MOVEMENTS, n))
        self._spare_s = np.zeros((N_MOVEMENTS, n))
        self._tails = poisson_tails(self.rates_s)
        self._by_priority = np.zeros((N_MOVEMENTS, n))

    def set_demand(self, demand: Demand, past_s: float) -> None:
        """Take the demand of the next minutes, with drivers avoiding what they saw.

        Parameters
        ----------
        demand : Demand
            Demand now.
        past_s : float
            Seconds the last demand held, to count who turned away. [s]
        """
        layout = self._layout
        wanted = self._wanted_s(demand)
        spare = wanted.copy()
        through = layout.through[self._way, self._here]
        from_before = through * wanted[self._way, self._before]
        spare[self._way, self._here] = np.maximum(wanted[self._way, self._here] - from_before, 0.0)
        self.diverted += past_s * (self._spare_s - self.rates_s)
        by_lane = self.queue / layout.lanes
        low, high = assumed("divert_from"), assumed("divert_all")
        self._stay = np.clip((high - by_lane) / (high - low), 0.0, 1.0)
        self._stay[WALKERS] = 1.0
        self._spare_s, self.rates_s = spare, spare * self._stay
        self._tails = poisson_tails(self.rates_s)
        self._by_priority = self._priority_rates(wanted)

    def forget(self) -> None:
        """Begin to count: those who wait now are the first who came."""
        self.arrived[:] = self.queue
        self.departed[:] = 0.0
        self.diverted[:] = 0.0

    def step(self, t0_s: int, main: _Bools, side: _Bools, priority: _Bools) -> Flow:
        """Let traffic flow for some seconds.

        Parameters
        ----------
        t0_s : int
            First second.
        main, side : ndarray of shape (n, S)
            Effective green of the two phases.
        priority : ndarray of shape (S,)
            Where the signals are out and the signs count.

        Returns
        -------
        Flow
            What happened.
        """
        coming, platoon = self.come(t0_s, main.shape[0])
        return self.leave(t0_s, coming, platoon, main, side, priority)

    def come(self, t0_s: int, n_s: int) -> tuple[_Floats, _Floats]:
        """Let vehicles and walkers come for some seconds.

        Parameters
        ----------
        t0_s : int
            First second.
        n_s : int
            Seconds, at most 10: the shortest way between two signals.

        Returns
        -------
        coming : ndarray of shape (n_s, 5, S)
            All that come.
        platoon : ndarray of shape (n_s, K)
            Those of them from the signal before.
        """
        coming = draw_arrivals(self._rng, n_s, self._tails)
        layout = self._layout
        seconds = np.arange(t0_s, t0_s + n_s)[:, None]
        passed = self._left[(seconds - self._lag) % _MEMORY_S, self._way, self._before]
        passed *= self._spread * layout.through[self._way, self._here]
        keep = 1.0 - self._spread
        for k in range(n_s):
            self._platoon *= keep
            self._platoon += passed[k]
            passed[k] = self._platoon
        stay = self._stay[self._way, self._here]
        self.diverted[self._way, self._here] += (1.0 - stay) * passed.sum(axis=0)
        passed *= stay
        coming[:, self._way, self._here] += passed
        return coming, passed

    def leave(
        self,
        t0_s: int,
        coming: _Floats,
        platoon: _Floats,
        main: _Bools,
        side: _Bools,
        priority: _Bools,
    ) -> Flow:
        """Let those who came with `come` leave as the lamps allow; see `step`."""
        n_s = main.shape[0]
        capacity = self._capacity(main, side, priority)
        before = self.queue
        after = serve(before, coming, capacity)
        waiting = np.concatenate([before[None, :WALKERS], after[:-1, :WALKERS]])
        left = coming[:, :2] + waiting[:, :2] - after[:, :2]
        np.maximum(left, 0.0, out=left)
        self._left[np.arange(t0_s, t0_s + n_s) % _MEMORY_S] = left
        arrived = coming.sum(axis=0)
        self.queue = after[-1].copy()
        self.arrived += arrived
        self.departed += before + arrived - self.queue
        lanes = self._layout.lanes
        must_stop = waiting >= _STOPPED * lanes[:WALKERS]
        must_stop |= capacity[:, :WALKERS] <= 0.0
        spaces = assumed("detector_distance") / assumed("vehicle_space")
        open_ = capacity[:, self._way, self._here] > 0.0
        return Flow(
            arrived=arrived,
            capacity=capacity.sum(axis=0),
            waited_s=after.sum(axis=0),
            stopped=np.einsum("kms,kms->s", coming[:, :WALKERS], must_stop),
            occupied_s=np.count_nonzero(after[:, :2] >= spaces * lanes[:2], axis=0),
            platoon=float(platoon.sum()),
            platoon_on_green=float((platoon * open_).sum()),
            entered=left,
        )

    def _wanted_s(self, demand: Demand) -> _Floats:
        """Vehicles and walkers that want to come to each movement in a second."""
        layout = self._layout
        vehicles = layout.busy_veh_h * (self._truth * self.factor * demand.vehicles / 3600.0)
        wanted = np.empty((N_MOVEMENTS, len(layout.ids)))
        wanted[0] = vehicles[0] * demand.inbound
        wanted[1] = vehicles[0] * (1.0 - demand.inbound)
        wanted[SIDES] = vehicles[1:]
        wanted[WALKERS] = assumed("pedestrians") / 3600.0 * demand.walkers
        return wanted

    def _priority_rates(self, wanted_s: _Floats) -> _Floats:
        layout = self._layout
        main_veh_h = 3600.0 * wanted_s[:2].sum(axis=0)
        side = siegloch_capacity_veh_h(main_veh_h, assumed("critical_gap"), assumed("follow_up"))
        rates = layout.saturation_s * assumed("main_dark_factor")
        rates[SIDES] = layout.lanes[SIDES] * side / 3600.0
        wait_s = adams_delay_s(np.maximum(main_veh_h, 1.0), assumed("crossing_time"))
        rates[WALKERS] = 1.0 / np.clip(wait_s, 1.0, assumed("courtesy"))
        return rates

    def _capacity(self, main: _Bools, side: _Bools, priority: _Bools) -> _Floats:
        saturation = self._layout.saturation_s
        capacity = np.empty((main.shape[0], *saturation.shape))
        np.multiply(main[:, None], saturation[:2], out=capacity[:, :2])
        np.multiply(side[:, None], saturation[2:], out=capacity[:, 2:])
        out = np.flatnonzero(priority)
        if out.size:
            capacity[:, :, out] = self._by_priority[:, out]
        return capacity
