"""Figures of the signals: delays by quarter of an hour, levels of service, detectors, energy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.sim.signals.assumptions import assumed
from twin.sim.signals.cycles import State
from twin.sim.signals.delay import LOS_LIMITS_S, los_class
from twin.sim.signals.layout import N_MOVEMENTS, WALKERS, Layout
from twin.sim.signals.traffic import Flow
from twin.sim.system import Kpi

__all__ = ["DETECTOR_S", "INTERVAL_S", "Measures", "power_w"]

_Floats = NDArray[np.float64]
INTERVAL_S = 900
"""Delays are judged by quarters of an hour, the T of HCM and HBS. [s]"""
DETECTOR_S = 60
"""Period of detector volume and occupancy. [s]"""
_BINS_S = 1000  # delays of the histogram, whole seconds; the last holds all above
_LONG_VEHICLE_M = 6.5  # vehicle and loop, together
_SATURATED_FROM = 10.0  # vehicles in a quarter of an hour: fewer say nothing


def power_w(layout: Layout) -> _Floats:
    """Electrical power of each signal by state.

    Parameters
    ----------
    layout : Layout
        Lamps.

    Returns
    -------
    power_w : ndarray of shape (6, S)
        Row by `State`. [W]
    """
    lamps = layout.lamps_lit * np.where(layout.is_led, assumed("led_lamp"), assumed("old_lamp"))
    controller = assumed("controller")
    flash = assumed("flash_share")
    shares = {State.RUNNING: 1.0, State.ALL_RED: 1.0, State.FLASH: flash, State.STARTUP: flash}
    rows = [lamps * shares.get(state, 0.0) + controller for state in State]
    rows[State.DARK] = np.zeros(lamps.size)
    return np.stack(rows)


class Measures:
    """Sums since the start and of the running quarter of an hour.

    Parameters
    ----------
    layout : Layout
        Signals.
    """

    def __init__(self, layout: Layout) -> None:
        n = len(layout.ids)
        self._layout = layout
        self._power_w = power_w(layout)
        self.last_delay_s = np.zeros(n)
        self.last_saturation = np.zeros(n)
        self.last_vehicles = np.zeros(n)
        self.volume = np.zeros((2, n))
        self.occupancy_percent = np.zeros((2, n))
        self.begin()

    def begin(self) -> None:
        """Begin to count; what detectors and the last quarter of an hour say stays."""
        n = len(self._layout.ids)
        self.vehicles = np.zeros(n)
        self.waited_s = np.zeros(n)
        self.stopped = np.zeros(n)
        self.walkers = np.zeros(n)
        self.walkers_waited_s = np.zeros(n)
        self.good = np.zeros(n)
        self.judged = np.zeros(n)
        self.saturated_s = np.zeros(n)
        self.energy_j = np.zeros(n)
        self.seconds = np.zeros((len(State), n))
        self.queue_max = np.zeros(n)
        self.platoon = self.platoon_on_green = 0.0
        self._delays = np.zeros(_BINS_S)
        self._arrived = np.zeros((N_MOVEMENTS, n))
        self._capacity = np.zeros((N_MOVEMENTS, n))
        self._waited = np.zeros((N_MOVEMENTS, n))
        self._passing = np.zeros((2, n))
        self._covered_s = np.zeros((2, n))

    def add(self, flow: Flow, queue: _Floats, states: NDArray[np.int64], n_s: int) -> None:
        """Add what happened in some seconds at all signals."""
        every = np.arange(states.size)
        self.energy_j += n_s * self._power_w[states, every]
        self.seconds[states, every] += n_s
        self._arrived += flow.arrived
        self._capacity += flow.capacity
        self._waited += flow.waited_s
        self.stopped += flow.stopped
        np.maximum(self.queue_max, queue[:WALKERS].max(axis=0), out=self.queue_max)
        self.platoon += flow.platoon
        self.platoon_on_green += flow.platoon_on_green
        self._passing += flow.arrived[:2]
        self._covered_s += flow.occupied_s

    def close_detectors(self) -> None:
        """End a period of the detectors."""
        lanes = self._layout.lanes[:2]
        passing_s = self._passing / lanes * _LONG_VEHICLE_M / assumed("progression_speed")
        covered = np.minimum(self._covered_s + passing_s, DETECTOR_S)
        self.volume = np.rint(self._passing)
        self.occupancy_percent = 100.0 * covered / DETECTOR_S
        self._passing[:] = 0.0
        self._covered_s[:] = 0.0

    def close_interval(self) -> None:
        """End a quarter of an hour: judge the level of service of each movement."""
        arrived, waited = self._arrived[:WALKERS], self._waited[:WALKERS]
        delays = waited / np.maximum(arrived, 1.0)
        self.good += (arrived * (los_class(delays) < len(LOS_LIMITS_S) - 1)).sum(axis=0)
        self.judged += arrived.sum(axis=0)
        bins = np.minimum(delays, _BINS_S - 1).astype(np.int64)
        self._delays += np.bincount(bins.ravel(), weights=arrived.ravel(), minlength=_BINS_S)
        vehicles = arrived.sum(axis=0)
        saturation = np.where(
            arrived >= _SATURATED_FROM, arrived / np.maximum(self._capacity[:WALKERS], 1e-9), 0.0
        ).max(axis=0)
        self.saturated_s += INTERVAL_S * (saturation >= 1.0)
        self._add_totals()
        self.last_delay_s = waited.sum(axis=0) / np.maximum(vehicles, 1.0)
        self.last_saturation = saturation
        self.last_vehicles = vehicles
        for sums in (self._arrived, self._capacity, self._waited):
            sums[:] = 0.0

    def _add_totals(self) -> None:
        self.vehicles += self._arrived[:WALKERS].sum(axis=0)
        self.waited_s += self._waited[:WALKERS].sum(axis=0)
        self.walkers += self._arrived[WALKERS]
        self.walkers_waited_s += self._waited[WALKERS]

    def kpis(self, which: NDArray[np.int64]) -> dict[str, Kpi]:
        """Return the figures of some signals since the start."""
        vehicles = self.vehicles[which].sum() + self._arrived[:WALKERS, which].sum()
        waited = self.waited_s[which].sum() + self._waited[:WALKERS, which].sum()
        walkers = self.walkers[which].sum() + self._arrived[WALKERS, which].sum()
        walked = self.walkers_waited_s[which].sum() + self._waited[WALKERS, which].sum()
        seconds = self.seconds[:, which].sum(axis=1)
        faulty = seconds[State.FLASH] + seconds[State.DARK] + seconds[State.STARTUP]
        n_seconds = max(float(seconds.sum()), 1.0)
        judged = float(self.judged[which].sum())
        good = 100.0 * float(self.good[which].sum()) / judged if judged else 100.0
        return {
            "vehicles": Kpi(round(float(vehicles)), "veh", "over all stop lines"),
            "mean_delay_s": Kpi(float(waited / max(vehicles, 1.0)), "s"),
            "los_share_A_to_D": Kpi(good, "%", "of vehicles, by movement and quarter of an hour"),
            "stops_per_vehicle": Kpi(float(self.stopped[which].sum() / max(vehicles, 1.0)), "1"),
            "queue_max": Kpi(float(self.queue_max[which].max(initial=0.0)), "veh"),
            "saturated_signal_hours": Kpi(float(self.saturated_s[which].sum()) / 3600.0, "h"),
            "pedestrian_delay_s": Kpi(float(walked / max(walkers, 1.0)), "s"),
            "flash_hours": Kpi(float(seconds[State.FLASH]) / 3600.0, "h"),
            "dark_hours": Kpi(float(seconds[State.DARK]) / 3600.0, "h"),
            "energy_kwh": Kpi(float(self.energy_j[which].sum()) / 3.6e6, "kWh"),
            "availability_percent": Kpi(
                100.0 * (1.0 - float(faulty) / n_seconds), "%", "the pause at night is no fault"
            ),
        }

    def city_kpis(self) -> dict[str, Kpi]:
        """Return the figures that are made for the whole city only."""
        green = 100.0 * self.platoon_on_green / self.platoon if self.platoon else 0.0
        return {
            "p95_delay_s": Kpi(
                self._percentile_s(0.95), "s", "means by movement and quarter of an hour"
            ),
            "green_wave_arrivals_percent": Kpi(green, "%", "of vehicles from the signal before"),
        }

    def read(self, i: int) -> Mapping[str, float | int]:
        """Return what the detectors of one signal said last, and its delay."""
        return {
            "inbound_volume": int(self.volume[0, i]),
            "inbound_occupancy_percent": float(self.occupancy_percent[0, i]),
            "outbound_volume": int(self.volume[1, i]),
            "outbound_occupancy_percent": float(self.occupancy_percent[1, i]),
            "mean_delay_s": float(self.last_delay_s[i]),
            "energy_wh": int(self.energy_j[i] // 3600),
        }

    def power_now_w(self, states: NDArray[np.int64]) -> float:
        """Return the electrical power of all signals in their states [W]."""
        return float(self._power_w[states, np.arange(states.size)].sum())

    def _percentile_s(self, share: float) -> float:
        total = self._delays.cumsum()
        if not total[-1]:
            return 0.0
        return float(np.searchsorted(total, share * total[-1]) + 0.5)
