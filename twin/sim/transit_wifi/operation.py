"""A day of operation: trips that take place or not, delays, and passengers at every stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from twin.sim.holidays import is_workday
from twin.sim.profiles import transport_weight
from twin.sim.system import Context
from twin.sim.transit_wifi.assumptions import figure
from twin.sim.transit_wifi.delays import LATE_S, Delays
from twin.sim.transit_wifi.patterns import Pattern, Timetable
from twin.sim.transit_wifi.vehicles import ABOVE, BETWEEN, STATION, Vehicles

__all__ = ["MODES", "Operation", "Sums"]

_Floats = NDArray[np.float64]

MODES = ("tram", "bus")
_OFFICIAL = {"tram": "rail", "bus": "bus"}  # as the operator's figures call them


@dataclass(slots=True)
class Sums:
    """Figures of one mode since the start; distances in metres."""

    planned_m: float = 0.0
    run_m: float = 0.0
    departures: int = 0
    punctual: int = 0
    came: int = 0
    boarded: int = 0
    alighted: int = 0
    left_behind: int = 0
    trips: int = 0
    cancelled: int = 0
    without_vehicle: int = 0


@dataclass(slots=True)
class _Trip:
    """A vehicle on a pattern: planned begin [s], delay at the stop it leaves next [s]."""

    pattern: int
    vehicle: int
    base_s: float
    delay_s: float
    k: int = 0


class Operation:
    """Trips of a timetable, run in simulated time.

    Parameters
    ----------
    context : Context
        Of the run.
    name : str
        Of the system, for messages.
    timetable : Timetable
        What is planned.
    residents : float
        Residents of the city, whose riders these are.
    boarded, ended : callable
        Bound methods told of a vehicle and the number that board, and of a vehicle at its terminus.
    """

    def __init__(
        self,
        context: Context,
        name: str,
        timetable: Timetable,
        residents: float,
        boarded: Callable[[int, int], None],
        ended: Callable[[int], None],
    ) -> None:
        self._context, self._name, self._timetable = context, name, timetable
        self.patterns: tuple[Pattern, ...] = timetable.patterns
        self._boarded, self._ended = boarded, ended
        self._rng = context.rng("transit_wifi/operation")
        self._riders = context.rng("transit_wifi/riders")
        self._delays = {
            mode: Delays(
                figure(f"punctual_{_OFFICIAL[mode]}_percent"),
                context.rng(f"transit_wifi/delays/{mode}"),
            )
            for mode in MODES
        }
        self.vehicles = Vehicles(self._fleet(context.clock.local(context.kernel.now_s)))
        self.sums = {mode: Sums() for mode in MODES}
        self.blocked: set[str] = set()
        self.demand = 1.0
        self._residents = residents
        self._flows, self._flow_modes = _flows(self.patterns)
        n_flows = len(self._flow_modes)
        self._per_s = np.zeros(n_flows)
        self._last_s = np.full(n_flows, context.kernel.now_s - figure("gap_before_s"))
        self._waiting = np.zeros(n_flows, dtype=np.int64)

    def _fleet(self, day: datetime) -> list[str]:
        """Vehicles the timetable of a working day needs at once, and a reserve."""
        while not is_workday(day.date()):
            day += timedelta(days=1)
        departures = self._timetable.departures(day)
        modes: list[str] = []
        for mode in MODES:
            begins, ends = [np.zeros(0)], [np.zeros(0)]
            for pattern, times in zip(self.patterns, departures, strict=True):
                if pattern.mode == mode:
                    begins.append(times)
                    ends.append(times + pattern.offset_s[-1] + figure("layover_s"))
            at = np.concatenate(begins + ends)
            change = np.repeat([1, -1], [sum(map(len, begins)), sum(map(len, ends))])
            busy = np.cumsum(change[np.lexsort((-change, at))])
            most = int(busy.max(initial=0))
            modes += [mode] * int(np.ceil(most * figure("reserve")))
        return modes

    # A day

    def start(self) -> None:
        """Put the trips of now on their way, and plan those to come."""
        kernel, clock = self._context.kernel, self._context.clock
        today = clock.local(kernel.now_s).replace(hour=12, minute=0, second=0, microsecond=0)
        self._plan(today - timedelta(days=1))
        self._plan_day(today)

    def _plan_day(self, day: datetime) -> None:
        self._plan(day)
        tomorrow = day + timedelta(days=1)
        at_s = self._context.clock.seconds_on(tomorrow, 0)
        self._context.kernel.at(
            max(at_s, self._context.kernel.now_s), self._name, self._plan_day, tomorrow
        )

    def _plan(self, day: datetime) -> None:
        """Plan the trips of a day of service that have not ended yet."""
        kernel = self._context.kernel
        midnight_s = self._context.clock.seconds_on(day, 0)
        departures = self._timetable.departures(day)
        self._expect_riders(departures, is_weekend=not is_workday(day.date()))
        for k, (pattern, times) in enumerate(zip(self.patterns, departures, strict=True)):
            begins = midnight_s + times
            begins = begins[begins + pattern.offset_s[-1] > kernel.now_s]
            for begin_s in begins[begins < kernel.now_s]:
                self._join(k, float(begin_s))
            coming = begins[begins >= kernel.now_s].tolist()
            if coming:
                kernel.at(coming[0], pattern.line, self._depart, k, tuple(coming), 0)

    def _expect_riders(self, departures: list[_Floats], *, is_weekend: bool) -> None:
        """Spread the riders of a day over the patterns, by their planned calls."""
        riders = self._residents * figure("riders_per_resident_day")
        if not riders:  # a city without a census
            riders = len(self.vehicles.ids) * figure("riders_per_vehicle_day")
        riders *= figure("weekend_share") if is_weekend else 1.0
        calls = np.array(
            [
                times.size * (len(p.stops) - 1)
                for p, times in zip(self.patterns, departures, strict=True)
            ],
            dtype=np.float64,
        )
        of_mode = [np.array([p.mode == mode for p in self.patterns], dtype=bool) for mode in MODES]
        n_modes = sum(bool(calls[rows].sum()) for rows in of_mode)
        self._per_s[:] = 0.0
        for rows in of_mode:
            if calls[rows].sum():
                share = calls[rows] / calls[rows].sum() / n_modes
                stops = np.array([len(p.stops) - 1.0 for p in self.patterns])[rows]
                per_stop_s = riders * share / stops / 86400.0
                for k, per_s in zip(np.flatnonzero(rows).tolist(), per_stop_s, strict=True):
                    np.add.at(self._per_s, self._flows[k], per_s)

    def _depart(self, k: int, coming: tuple[float, ...], i: int) -> None:
        """Begin the i-th of the planned trips of a pattern, if it takes place."""
        pattern, kernel = self.patterns[k], self._context.kernel
        if i + 1 < len(coming):
            kernel.at(coming[i + 1], pattern.line, self._depart, k, coming, i + 1)
        sums = self.sums[pattern.mode]
        sums.trips += 1
        sums.planned_m += pattern.length_m
        runs = self._rng.random() < figure(f"reliable_{_OFFICIAL[pattern.mode]}_percent") / 100.0
        if not runs or pattern.line in self.blocked:
            sums.cancelled += 1
            return
        vehicle = self.vehicles.take(pattern.mode, pattern.stops[0], kernel.now_s)
        if vehicle < 0:
            sums.cancelled += 1
            sums.without_vehicle += 1
            return
        trip = _Trip(k, vehicle, coming[i], self._delays[pattern.mode].first())
        self._stand(trip)
        kernel.after(trip.delay_s, self.vehicles.ids[vehicle], self._call, trip)

    def _stand(self, trip: _Trip) -> None:
        pattern, vehicles, v = self.patterns[trip.pattern], self.vehicles, trip.vehicle
        vehicles.is_running[v] = True
        vehicles.line[v] = pattern.line
        vehicles.stop[v] = pattern.names[trip.k]
        x, y, now_s = pattern.x_m[trip.k], pattern.y_m[trip.k], self._context.kernel.now_s
        below = STATION if pattern.is_tunnel[trip.k] else ABOVE
        vehicles.go(v, (x, y, x, y), (now_s, now_s), (below, below))

    def _join(self, k: int, begin_s: float) -> None:
        """Put a trip that is under way at the start of the run where it would be."""
        pattern, kernel = self.patterns[k], self._context.kernel
        if self._rng.random() > figure(f"reliable_{_OFFICIAL[pattern.mode]}_percent") / 100.0:
            return
        vehicle = self.vehicles.take(pattern.mode, pattern.stops[0], kernel.now_s)
        if vehicle < 0:
            return
        at = int(np.searchsorted(pattern.offset_s, kernel.now_s - begin_s, side="left"))
        trip = _Trip(k, vehicle, begin_s, 0.0, at)
        stays = 1.0 - 1.0 / figure("ride_stops")
        riding = sum(stays**stop for stop in range(at)) * float(self._per_s[self._flows[k][0]])
        aboard = int(self._riders.poisson(riding * figure("gap_before_s") * self._weight()))
        aboard = min(aboard, pattern.places)
        self.vehicles.passengers[vehicle] = aboard
        self.sums[pattern.mode].came += aboard
        self.sums[pattern.mode].boarded += aboard
        self._stand(trip)
        due_s = max(begin_s + pattern.offset_s[at] - kernel.now_s, 0.0)
        kernel.after(due_s, self.vehicles.ids[vehicle], self._call, trip)

    # At a stop

    def _weight(self) -> float:
        local = self._context.clock.local(self._context.kernel.now_s)
        return transport_weight(local) * self.demand

    def _call(self, trip: _Trip) -> None:
        """Let passengers out and in, and leave for the next stop."""
        pattern, kernel = self.patterns[trip.pattern], self._context.kernel
        sums, last = self.sums[pattern.mode], len(pattern.stops) - 1
        aboard = int(self.vehicles.passengers[trip.vehicle])
        leaving = aboard
        if trip.k < last:
            leaving = int(self._riders.binomial(aboard, 1.0 / figure("ride_stops")))
        sums.alighted += leaving
        aboard -= leaving
        if trip.k == last:
            self.vehicles.passengers[trip.vehicle] = 0
            self._finish(trip, pattern)
            return
        joining = self._board(trip, pattern, pattern.places - aboard)
        self.vehicles.passengers[trip.vehicle] = aboard + joining
        sums.departures += 1
        sums.punctual += trip.delay_s < LATE_S
        if joining:
            self._boarded(trip.vehicle, joining)
        self._leave(trip, pattern, kernel.now_s)

    def _board(self, trip: _Trip, pattern: Pattern, room: int) -> int:
        """Let those who have come since the last departure board, as far as there is room."""
        now_s, flow = self._context.kernel.now_s, int(self._flows[trip.pattern][trip.k])
        sums = self.sums[pattern.mode]
        gap_s = min(now_s - float(self._last_s[flow]), figure("longest_gap_s"))
        self._last_s[flow] = now_s
        last = len(pattern.stops) - 1  # fewer board towards the end: assumed linear
        share = 2.0 * (last - trip.k) / (last + 1)
        mean = float(self._per_s[flow]) * gap_s * self._weight() * share
        came = int(self._riders.poisson(mean))
        there = came + int(self._waiting[flow])
        joining = min(there, room)
        sums.came += came
        sums.boarded += joining
        sums.left_behind += there - joining
        self._waiting[flow] = there - joining
        return joining

    def _leave(self, trip: _Trip, pattern: Pattern, now_s: float) -> None:
        k = trip.k
        delay_s = self._delays[pattern.mode].next(trip.delay_s)
        hop_s = pattern.offset_s[k + 1] - pattern.offset_s[k]
        planned_s = trip.base_s + pattern.offset_s[k + 1]
        at_s = max(planned_s + delay_s, now_s + figure("shortest_run_share") * hop_s)
        trip.k, trip.delay_s = k + 1, at_s - planned_s
        vehicles, v = self.vehicles, trip.vehicle
        arrive_s = max(at_s - figure("dwell_s"), now_s + 0.3 * (at_s - now_s))
        here, there = pattern.is_tunnel[k], pattern.is_tunnel[k + 1]
        vehicles.go(
            v,
            (pattern.x_m[k], pattern.y_m[k], pattern.x_m[k + 1], pattern.y_m[k + 1]),
            (now_s, arrive_s),
            (BETWEEN if here and there else ABOVE, STATION if there else ABOVE),
        )
        vehicles.stop[v] = pattern.names[k + 1]
        self.sums[pattern.mode].run_m += pattern.hop_m[k]
        self._context.kernel.at(at_s, vehicles.ids[v], self._call, trip)

    def _finish(self, trip: _Trip, pattern: Pattern) -> None:
        vehicles, v = self.vehicles, trip.vehicle
        vehicles.is_running[v] = False
        now_s = self._context.kernel.now_s
        vehicles.give_back(v, pattern.stops[-1], now_s, figure("layover_s"))
        self._context.note("trip_ends", f"{vehicles.ids[v]} {pattern.line}", round(trip.delay_s))
        self._ended(v)

    def waiting(self, mode: str) -> int:
        """People who found no room and still wait."""
        return int(self._waiting[[each == mode for each in self._flow_modes]].sum())

    def aboard(self, mode: str) -> int:
        """Passengers on board now."""
        rows = np.array([each == mode for each in self.vehicles.modes], dtype=bool)
        return int(self.vehicles.passengers[rows].sum())


def _flows(patterns: Sequence[Pattern]) -> tuple[list[NDArray[np.int64]], list[str]]:
    """Give every crowd a number: people at a stop who want to go on to the next one by a line.

    Returns
    -------
    list of ndarray of shape (stops - 1,)
        For each pattern the crowd at each of its stops but the last; patterns of a line that call
        at the same two stops have it in common.
    list of str
        Mode of each crowd.
    """
    number: dict[tuple[str, str, str, str], int] = {}
    found = []
    for pattern in patterns:
        keys = [(pattern.mode, pattern.line, *pair) for pair in pairwise(pattern.stops)]
        found.append(np.array([number.setdefault(key, len(number)) for key in keys], np.int64))
    return found, [mode for mode, *_ in number]
