"""Corridors and paths whose lamps follow motion, and who passes there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from twin.model.city import City, Lamp
from twin.model.errors import ModelError
from twin.sim.lamps.assumptions import figure
from twin.sim.lamps.fleet import LampFleet
from twin.sim.lamps.motion import Chain, Mode, along_polyline
from twin.sim.lamps.timetable import AstroClock, minute_of_day
from twin.sim.system import Context

__all__ = ["Corridors", "Detectors"]

_HOUR_S = 3600.0
_SPEED_SPREAD = 0.1  # sigma over mean
_Floats = NDArray[np.float64]


@runtime_checkable
class Detectors(Protocol):
    """Signals that tell of vehicles."""

    def watch_vehicles(self, told: Callable[[str, float, float], object]) -> None:
        """Have a bound method called with (corridor, at_s, speed_m_s)."""
        ...


class Corridors:
    """Chains of LED lamps that follow motion.

    A chain is a corridor of signals, with vehicles as its detectors tell (or a seeded process
    where signals are not simulated), or the lamps of one cabinet as a path, with walkers.

    Parameters
    ----------
    context : Context
        City, time and chance.
    fleet : LampFleet
        The lamps.
    lamps : sequence of Lamp
        The same lamps as the city has them.
    astro : AstroClock
        When lamps burn.

    Notes
    -----
    Detectors do not say from which end a vehicle comes; it is taken to come from the beginning,
    which leaves the time that lamps are bright as it is.
    """

    def __init__(
        self, context: Context, fleet: LampFleet, lamps: Sequence[Lamp], astro: AstroClock
    ) -> None:
        self._context, self._fleet, self._astro = context, fleet, astro
        self._x_m = np.array([lamp.x_m for lamp in lamps])
        self._y_m = np.array([lamp.y_m for lamp in lamps])
        self._rng = context.rng("lamps/passers")
        self._rates: dict[str, tuple[float, float]] = {}  # [1/h, m/s], of the seeded process
        self._is_told = False
        self._is_drawing = False
        self.past_detections = 0

    def start(self) -> None:
        """Listen to the detectors of signals if they are simulated, and start the pilots."""
        signals = self._context.systems.get("signals")
        if isinstance(signals, Detectors):
            signals.watch_vehicles(self.vehicle)
            self._is_told = True
        if self._context.managed is None:
            n = round(figure("motion_corridors"))
            for name in _corridor_names(self._context.city)[:n]:
                if self.lamps_of(name)[0].size:
                    self.follow(name)

    def detections(self) -> int:
        """Vehicles and walkers whom lamps saw so far while they followed motion."""
        return self.past_detections + sum(
            c.detections for c in self._fleet.followers.chains.values()
        )

    def lamps_of(self, name: str) -> tuple[NDArray[np.int64], _Floats]:
        """Find the LED lamps of a corridor or a cabinet that follow nobody yet.

        Returns
        -------
        lamps : ndarray
            Their indices, in the order in which they are passed.
        along_m : ndarray
            Where they stand. [m]

        Raises
        ------
        ModelError
            Neither a corridor nor a simulated cabinet.
        """
        fleet = self._fleet
        free = ~fleet.is_sodium & ~fleet.followers.follows
        if name in fleet.index:
            rows = np.flatnonzero(free & (fleet.cabinet_of == fleet.index[name]))
            line_m = _principal_line(self._x_m[rows], self._y_m[rows])
            reach_m = np.inf
        else:
            line_m = _corridor_line(self._context.city, name)
            rows, reach_m = np.flatnonzero(free), figure("corridor_m")
        if not rows.size:
            return rows, np.zeros(0)
        at_m, off_m = along_polyline(self._x_m[rows], self._y_m[rows], line_m)
        near = off_m <= reach_m
        order = np.argsort(at_m[near], kind="stable")
        return rows[near][order], at_m[near][order]

    def follow(
        self, name: str, base_percent: float | None = None, hold_s: float | None = None
    ) -> None:
        """Let a corridor or a path follow motion from now on; nothing happens if it does."""
        if name in self._fleet.followers.chains:
            return
        rows, along_m = self.lamps_of(name)
        mode = Mode(
            base_percent=figure("motion_base_percent") if base_percent is None else base_percent,
            hold_s=figure("motion_hold_s") if hold_s is None else hold_s,
            ahead=round(figure("motion_ahead")),
        )
        now_s = self._context.kernel.now_s
        self._fleet.follow(now_s, Chain(name, rows, along_m, mode, now_s))
        self._context.note("motion_on", name, int(rows.size))
        if name in self._fleet.index:
            self._rates[name] = (figure("walkers_h"), figure("walker_m_s"))
        elif not self._is_told:
            self._rates[name] = (_night_flow(self._context.city, name), figure("vehicle_m_s"))
        if self._rates and not self._is_drawing:
            self._is_drawing = True
            self._draw()

    def unfollow(self, name: str) -> None:
        """Let a corridor burn like all other lamps again; nothing happens if it does."""
        chain = self._fleet.followers.chains.get(name)
        if chain is not None:
            self.past_detections += chain.detections
            self._rates.pop(name, None)
            self._fleet.unfollow(self._context.kernel.now_s, name)
            self._context.note("motion_off", name)

    def vehicle(self, corridor: str, at_s: float, speed_m_s: float) -> None:
        """Take note of a vehicle that a detector saw."""
        chain = self._fleet.followers.chains.get(corridor)
        if chain is not None and self._fleet.waits(chain):
            chain.detect(at_s, speed_m_s)

    def _draw(self) -> None:
        """Draw who passes within the next hour."""
        kernel, fleet = self._context.kernel, self._fleet
        now_s = kernel.now_s
        changes = self._changes_within_the_hour()
        for name, (per_hour, speed_m_s) in self._rates.items():
            chain = fleet.followers.chains[name]
            if not changes and not fleet.waits(chain):
                continue
            n = int(self._rng.poisson(per_hour))
            at_s = now_s + self._rng.random(n) * _HOUR_S
            factor = np.clip(self._rng.normal(1.0, _SPEED_SPREAD, n), 0.6, 1.4)
            for when_s, speed in zip(at_s.tolist(), (speed_m_s * factor).tolist(), strict=True):
                if changes:  # whether it is seen is known only then
                    kernel.at(when_s, name, self.vehicle, name, when_s, speed)
                else:
                    chain.detect(when_s, speed)
        self._is_drawing = bool(self._rates)
        if self._is_drawing:
            kernel.after(_HOUR_S, "passers-by", self._draw)

    def _changes_within_the_hour(self) -> bool:
        """Say whether lamps go on or out, or a night window begins or ends, within an hour."""
        now_s = self._context.kernel.now_s
        passed = minute_of_day(self._context.clock, now_s)
        ahead = (self._fleet.windows() - passed) % 1440
        return bool((ahead <= 60).any()) or self._fleet.is_dark != self._astro.is_dark(
            now_s + _HOUR_S
        )


def _corridor_names(city: City) -> list[str]:
    return sorted({signal.corridor for signal in city.signals if signal.corridor})


def _corridor_line(city: City, name: str) -> _Floats:
    signals = [signal for signal in city.signals if signal.corridor == name and name]
    if not signals:
        known = ", ".join(_corridor_names(city)) or "none"
        raise ModelError(f"no corridor or lamp cabinet {name!r}; corridors: {known}")
    ordered = sorted(signals, key=lambda signal: signal.corridor_m)
    points = [(signal.x_m, signal.y_m) for signal in ordered]
    return np.array(points if len(points) > 1 else points * 2)


def _night_flow(city: City, name: str) -> float:
    flows = [s.flow_veh_h for s in city.signals if s.corridor == name and s.flow_veh_h > 0.0]
    flow = sum(flows) / len(flows) if flows else figure("corridor_veh_h")
    return flow * figure("night_flow_share")


def _principal_line(x_m: _Floats, y_m: _Floats) -> _Floats:
    """Return the line along which points are spread most, from end to end."""
    if x_m.size < 2:
        return np.zeros((2, 2))
    points = np.stack([x_m, y_m], axis=1)
    centre = points.mean(axis=0)
    axis = np.linalg.svd(points - centre, full_matrices=False)[2][0]
    if axis[np.argmax(np.abs(axis))] < 0.0:
        axis = -axis
    along = (points - centre) @ axis
    return np.stack([centre + along.min() * axis, centre + along.max() * axis])
