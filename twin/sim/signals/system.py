"""The system of the traffic signals: time, supply, scenarios and figures around the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from twin.model.attributes import Value
from twin.sim.signals.assumptions import assumed
from twin.sim.signals.cycles import Cycles, State
from twin.sim.signals.fleet import SignalFleet
from twin.sim.signals.flows import inbound_share, relative_flow, relative_walkers
from twin.sim.signals.layout import WALKERS, Layout, lay_out
from twin.sim.signals.measures import DETECTOR_S, INTERVAL_S, Measures
from twin.sim.signals.passing import Passing
from twin.sim.signals.programme import (
    FLASH_PATTERN,
    PATTERNS,
)
from twin.sim.signals.scenario import signal_actions
from twin.sim.signals.supervision import Supervision
from twin.sim.signals.traffic import Demand, Flow, Traffic
from twin.sim.signals.upkeep import Upkeep
from twin.sim.system import Action, Context, DeviceFleet, Kpi, Moment, System

__all__ = ["Signals"]

_TABLE = "signals"
_KIND = "signal"
_NAMES = np.array([state.name for state in State])
_MAX_STEP_S = 10  # shortest way between two signals, and less than any green
_DEMAND_S = 60
_BY_RULES = np.isin(list(State), (State.OFF, State.FLASH, State.DARK, State.STARTUP))


class Signals(System):
    """Signal installations with their traffic, in steps of a second.

    Parameters
    ----------
    context : Context
        City, time, chance and supply.

    Notes
    -----
    A signal is dark without electricity and flashes with a fault; then the signs of priority
    count. Power back: it flashes, shows red to all, and joins its programme. A signal cut off from
    its traffic computer, or whose computer is out, runs the day programme at no offset.
    """

    name = "signals"
    tables = ("signals",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        wanted = [s for s in context.city.signals if context.is_managed(s.id)]
        if context.managed is not None and wanted:
            corridors = {s.corridor for s in wanted} - {""}
            managed = {s.id for s in wanted}
            wanted = [s for s in context.city.signals if s.id in managed or s.corridor in corridors]
        self.layout: Layout = lay_out(context.city, wanted, context.rng("signals/offsets"))
        n = len(wanted)
        errors = context.rng("signals/truth").normal(0.0, assumed("flow_error"), n)
        midnight_s = context.clock.seconds_on(context.clock.local(context.kernel.now_s), 0)
        self.cycles = Cycles(self.layout, int(midnight_s))
        self.traffic = Traffic(self.layout, np.exp(errors), context.rng("signals/arrivals"))
        self.measures = Measures(self.layout)
        self.supervision = Supervision(context, self.layout, self.cycles, self.catch_up)
        self.upkeep = Upkeep(context, self.layout, self.supervision)
        self.passing = Passing(context, self.layout)
        self._now_s = 0

    def start(self) -> None:
        """Put every signal into step, and schedule what comes first."""
        context = self.context
        if not self.layout.ids:
            return
        self._now_s = int(context.kernel.now_s)
        self.supervision.start(self._now_s)
        self._warm_up()
        self.upkeep.start()
        self._step_s = max(1, min(_MAX_STEP_S, int(context.tick_s)))
        context.kernel.after(self._step_s, self.name, self._tick)

    # --- time ---

    def _tick(self) -> None:
        self.catch_up()
        self.passing.tell()
        self.context.kernel.after(self._step_s, self.name, self._tick)

    def catch_up(self) -> int:
        """Let traffic flow until the present second, and return it; before every change."""
        until_s = int(self.context.kernel.now_s)
        if not self.layout.ids:
            return until_s
        while self._now_s < until_s:
            n = min(until_s, self._now_s + _MAX_STEP_S) - self._now_s
            self._flow(min(n, _DEMAND_S - self._now_s % _DEMAND_S))
        return until_s

    def _flow(self, n_s: int) -> None:
        flow = self._move(n_s)
        self.passing.add(self._now_s - n_s, flow.entered)
        now = self._now_s
        if now % DETECTOR_S == 0:
            self.measures.close_detectors()
        if now % _DEMAND_S == 0:
            self._set_demand(_DEMAND_S)
        if now % INTERVAL_S == 0:
            self._close_interval(now)

    def _move(self, n_s: int) -> Flow:
        """Let all signals and those who come to them live for some seconds."""
        cycles, traffic, t0 = self.cycles, self.traffic, self._now_s
        by_rules = _BY_RULES[cycles.state]
        states = cycles.state.copy()
        main, side = cycles.greens(t0, n_s)
        coming, platoon = traffic.come(t0, n_s)
        cycles.call_walkers(main, side, traffic.queue[WALKERS], coming[:, WALKERS])
        flow = traffic.leave(t0, coming, platoon, main, side, by_rules)
        self.measures.add(flow, traffic.queue, states, n_s)
        self._now_s = t0 + n_s
        return flow

    def _warm_up(self) -> None:
        """Let a quarter of an hour pass before anything is counted.

        Streets are as full as they are at this time of day, and detectors have seen it.
        """
        start_s = self._now_s
        self._set_demand(0.0)
        self._now_s -= INTERVAL_S
        self.cycles.settle(self._now_s)
        while self._now_s < start_s:
            self._move(_MAX_STEP_S)
            if (start_s - self._now_s) % DETECTOR_S == 0:
                self.measures.close_detectors()
        self.measures.close_interval()
        self.measures.begin()
        self.traffic.forget()

    def _set_demand(self, past_s: float) -> None:
        local = self.context.clock.local(self._now_s)
        demand = Demand(
            vehicles=relative_flow(local),
            walkers=relative_walkers(local),
            inbound=inbound_share(local),
        )
        self.traffic.set_demand(demand, past_s)

    def _close_interval(self, now_s: int) -> None:
        measures = self.measures
        measures.close_interval()
        counts = np.rint(measures.last_vehicles).astype(np.int64)
        self.context.trace.add_counts(now_s, "signal-vehicles", counts)
        if self.context.telemetry.wants(_TABLE):
            self.context.telemetry.add(
                _TABLE,
                now_s,
                {
                    "signal": np.array(self.layout.ids),
                    "operational_state": _NAMES[self.cycles.state],
                    "pattern": self._pattern_numbers(),
                    "cycle_s": self.cycles.length_s,
                    "vehicles": measures.last_vehicles,
                    "mean_delay_s": measures.last_delay_s,
                    "saturation": measures.last_saturation,
                    "queue_veh": self.traffic.queue[:WALKERS].sum(axis=0),
                },
            )

    def scale_flow(self, which: NDArray[np.int64], factor: float) -> None:
        """Multiply the demand at signals."""
        self.catch_up()
        self.traffic.factor[which] *= factor
        self._set_demand(0.0)

    # --- devices ---

    def set_pattern(self, signal: str, pattern: int) -> None:
        """Choose the programme of a signal; see `Supervision.set_pattern`."""
        self.supervision.set_pattern(signal, pattern)

    def read_signal(self, signal: str) -> Mapping[str, Value]:
        """Read a controller, in the terms of NTCIP 1202 where it has one.

        Parameters
        ----------
        signal : str
            Id.

        Returns
        -------
        mapping
            Value by attribute of the kind ``signal`` of `twin.model.attributes`.

        Raises
        ------
        ModelError
            Unknown signal.
        """
        i = self.layout.place(signal)
        self.catch_up()
        cycles, layout = self.cycles, self.layout
        row = cycles.pattern[i]
        return {
            "pattern": self.supervision.forced.get(i, 0),
            "pattern_in_effect": int(self._pattern_numbers()[i]),
            "cycle_s": int(cycles.length_s[i]),
            "cycle_timer_s": int(self._now_s - cycles.begin_s[i]),
            "offset_s": int(layout.offset_s[row, i]),
            "main_green_s": int(cycles.main_s[i]),
            "side_green_s": int(cycles.side_s[i]),
            "operational_state": State(cycles.state[i]).name,
            "is_coordinated": bool(cycles.is_coordinated[i]),
            "lamps_failed": int(self.upkeep.lamps_failed[i]),
            "queue_veh": round(float(self.traffic.queue[:WALKERS, i].sum()), 1),
            **self.measures.read(i),
        }

    def watch_vehicles(self, told: Callable[[str, float, float], object]) -> None:
        """Have a bound method called with (corridor, at_s, speed_m_s) for vehicles in the dark.

        Parameters
        ----------
        told : callable
            Called for each vehicle that enters a corridor at either end while the sun is down,
            within a step of when it does.
        """
        self.passing.watch(told)

    def _pattern_numbers(self) -> NDArray[np.int64]:
        """Patterns in effect as ``coordPatternStatus`` gives them."""
        numbers = np.array([pattern.number for pattern in PATTERNS])[self.cycles.pattern]
        numbers[~self.cycles.is_coordinated] = 254
        flash = np.isin(self.cycles.state, (State.FLASH, State.STARTUP))
        numbers[flash] = FLASH_PATTERN
        numbers[np.isin(self.cycles.state, (State.OFF, State.DARK))] = 0
        return numbers

    def fleets(self) -> Mapping[str, DeviceFleet]:
        """Return the controllers as devices of the kind ``signal``."""
        return {_KIND: SignalFleet(self)}

    def devices(self) -> Mapping[str, str]:
        """Return the managed signals."""
        return {s: _KIND for s in self.layout.ids if self.context.is_managed(s)}

    # --- figures ---

    def kpis(self) -> Mapping[str, Kpi]:
        """Return the figures since the start."""
        self.catch_up()
        every = np.arange(len(self.layout.ids))
        diverted = float(self.traffic.diverted.sum())
        return {
            **self.measures.kpis(every),
            **self.measures.city_kpis(),
            "diverted_vehicles": Kpi(round(diverted), "veh", "turned away from long queues"),
            "pattern_changes": Kpi(self.cycles.pattern_changes, "1"),
            "failures": Kpi(self.upkeep.n_controller_failures + self.upkeep.n_lamp_failures, "1"),
        }

    def kpis_by_district(self) -> Mapping[str, Mapping[str, Kpi]]:
        """Return the figures by slug of the district."""
        self.catch_up()
        names = np.array(self.layout.districts, dtype=object)
        return {
            name: self.measures.kpis(np.flatnonzero(names == name))
            for name in sorted(set(self.layout.districts) - {""})
        }

    def gauges(self) -> Mapping[str, float]:
        """Return what the control room of the signals watches."""
        self.catch_up()
        state, measures = self.cycles.state, self.measures
        n = max(len(self.layout.ids), 1)
        vehicles = float(measures.last_vehicles.sum())
        waited = float((measures.last_vehicles * measures.last_delay_s).sum())
        return {
            "vehicles_per_h": vehicles * 3600.0 / INTERVAL_S,
            "mean_delay_s": waited / max(vehicles, 1.0),
            "queue_veh": float(self.traffic.queue[:WALKERS].sum()),
            "running_percent": 100.0 * float((state == State.RUNNING).sum()) / n,
            "flashing": float((state == State.FLASH).sum()),
            "dark": float((state == State.DARK).sum()),
            "power_w": measures.power_now_w(state),
        }

    def story(self) -> tuple[Moment, ...]:
        """Tell of dark and flashing signals and lost computers."""
        return self.supervision.story()

    def actions(self) -> Mapping[str, Action]:
        """Return what a scenario can do to signals."""
        return signal_actions(self)

    def check_invariants(self) -> None:
        """Check that all who came have left or wait, and that no figure is impossible.

        Raises
        ------
        AssertionError
            A law of conservation is broken.
        """
        traffic = self.traffic
        gap = traffic.arrived - traffic.departed - traffic.queue
        _assert(bool(np.all(np.abs(gap) <= 1e-6 * (1.0 + traffic.arrived))), "arrived != left")
        _assert(bool(np.all(traffic.queue >= 0.0)), "a negative queue")
        _assert(bool(np.all(self.measures.energy_j >= 0.0)), "negative energy")
        _assert(bool(np.all(self.upkeep.lamps_failed >= 0)), "more lamps repaired than failed")
        running = self.cycles.state == State.RUNNING
        at = self._now_s - self.cycles.begin_s
        _assert(bool(np.all((at <= self.cycles.length_s)[running])), "a cycle that does not end")


def _assert(is_true: bool, what: str) -> None:
    if not is_true:
        raise AssertionError(f"signals: {what}")
