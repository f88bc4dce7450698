"""The SimPy processes that keep a world alive, each with a random stream of its own."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import timedelta

import numpy as np
import simpy

from twin.model.city import City, School
from twin.sim.build import Fleets
from twin.sim.clock import Clock
from twin.sim.failures import AP_RATE, CELL_RATE, LAMP_RATE, break_and_repair, drill
from twin.sim.profiles import hotspot_weight, mobile_weight, transport_weight
from twin.sim.schools import hold_lessons, school_sites
from twin.sim.streams import stream
from twin.sim.sun import (
    LAMP_ELEVATION_DEG,
    OBSERVER_HEIGHT_M,
    elevation_deg,
    geometric_threshold_deg,
    next_crossing,
)
from twin.sim.trace import EventTrace
from twin.sim.transit_wifi.trams import Tram, run_tram
from twin.sim.wifi import SCHOOL, RandomArrivals, lesson

__all__ = ["Life"]

_Process = Generator[simpy.Event, None, None]
_RADIO_MANAGEMENT_S = 600.0
_SESSIONS = (  # a day, seconds, bit/s at public, school and vehicle access points
    (110.0, 24 * 60.0, 111e3),  # Wiesbaden; Buende square; 20 MB a session
    (20.0, 1800.0, 500e3),  # staff: assumed
    (80.0, 12 * 60.0, 311e3),  # Remscheid buses; Wuppertal buses
)
_SURGE_SHARE = 0.1  # of lamp failures: a surge takes several lamps of one feeder; assumed
_SURGE_LAMPS = 5


class Life:
    """Everything that happens in a world by itself.

    Parameters
    ----------
    env : simpy.Environment
        Simulated time.
    city : City
        For position, schools and stops.
    fleets : Fleets
        What moves.
    clock : Clock
        Local time.
    seed : int
        Seed of the world.
    tick_s : float
        Step of the dense processes: users, traffic, air. [s]
    trace : EventTrace
        Where events go.
    """

    def __init__(
        self,
        env: simpy.Environment,
        city: City,
        fleets: Fleets,
        clock: Clock,
        seed: int,
        tick_s: float,
        trace: EventTrace,
    ) -> None:
        self._env, self._city, self._fleets, self._clock = env, city, fleets, clock
        self._seed, self._tick_s, self._trace = seed, tick_s, trace
        self._threshold_deg = geometric_threshold_deg(LAMP_ELEVATION_DEG, OBSERVER_HEIGHT_M)
        self._arrivals = [
            RandomArrivals(
                fleets.wifi,
                stream(seed, f"wifi/arrivals/{use}"),
                use,
                sessions_per_day=per_day,
                session_s=session_s,
                rate_bps=rate_bps,
            )
            for use, (per_day, session_s, rate_bps) in enumerate(_SESSIONS)
        ]
        self._lesson_rng = stream(seed, "wifi/lessons")
        line = fleets.line
        n = line.n_trams()
        calls = max(2 * len(line.stops) - 2, 1)
        self._starts = [round(k * calls / n) for k in range(n)]
        order = [*range(len(line.stops)), *range(len(line.stops) - 2, 0, -1)]
        self.trams = tuple(
            Tram(f"tram-{k + 1:02d}", float(line.at_m[order[at % len(order)]]))
            for k, at in enumerate(self._starts)
        )

    def start(self, *, accelerate_failures: float, with_drill: bool) -> None:
        """Settle the users of a running network and start every process."""
        env, fleets, local = self._env, self._fleets, self._clock.local(0.0)
        is_dark = elevation_deg(self._clock.utc(0.0), *self._position()) < self._threshold_deg
        fleets.lamps.update(0.0, self._minute(), is_dark=is_dark)
        fleets.cells.settle(mobile_weight(local))
        for arrivals, weight in zip(self._arrivals, self._weights(), strict=True):
            arrivals.settle(weight)
        env.process(self._follow_sun())
        env.process(self._follow_minutes())
        env.process(self._move_users())
        env.process(self._manage_radios())
        self._start_lessons()
        self._start_trams()
        self._start_failures(accelerate_failures)
        if with_drill and fleets.lamps.n_lamps:
            env.process(drill(env, lambda: self._break_lamps(0, 1, "drill")))
        while env.peek() <= 0.0:  # lessons under way, trams at their first stop
            env.step()
        self._board()
        fleets.cells.refresh()
        fleets.wifi.refresh(0.0)

    def _position(self) -> tuple[float, float]:
        return self._city.lat_deg, self._city.lon_deg

    def _minute(self) -> int:
        local = self._clock.local(self._env.now)
        return local.hour * 60 + local.minute

    def _weights(self) -> tuple[float, float, float]:
        """Weights of public, school staff and vehicle use now."""
        local = self._clock.local(self._env.now)
        at_work = local.weekday() < 5 and 7 <= local.hour < 16
        staff = 2.5 if at_work else 0.05  # nine of 24 hours carry nearly all: an assumption
        return hotspot_weight(local), staff, transport_weight(local)

    def _follow_sun(self) -> _Process:
        """Switch the lamps when the sun passes their height."""
        lamps = self._fleets.lamps
        while True:
            now = self._clock.utc(self._env.now)
            crossing = next_crossing(now, *self._position(), self._threshold_deg)
            if crossing is None:
                yield self._env.timeout(86400.0)
                continue
            yield self._env.timeout(max(self._clock.seconds(crossing[0]) - self._env.now, 0.001))
            lamps.update(self._env.now, self._minute(), is_dark=not crossing[1])
            self._note("lamps_off" if crossing[1] else "lamps_on", self._city.name, lamps.n_lamps)

    def _follow_minutes(self) -> _Process:
        """Dim at whole local minutes, the grain of the windows."""
        lamps = self._fleets.lamps
        while True:
            whole = self._clock.utc(self._env.now).replace(second=0, microsecond=0)
            next_s = self._clock.seconds(whole + timedelta(minutes=1))
            yield self._env.timeout(max(next_s - self._env.now, 0.001))
            if lamps.update(self._env.now, self._minute(), is_dark=lamps.is_dark):
                self._note("lamps_dimmed", self._city.name, round(lamps.mean_level_percent()))

    def _move_users(self) -> _Process:
        """Move users, stations and traffic, all at once, every tick."""
        fleets, dt_s = self._fleets, self._tick_s
        while True:
            yield self._env.timeout(dt_s)
            now_s = self._env.now
            self._board()
            fleets.cells.step(now_s, dt_s, mobile_weight(self._clock.local(now_s)))
            for arrivals, weight in zip(self._arrivals, self._weights(), strict=True):
                arrivals.step(now_s, dt_s, weight)
            fleets.wifi.step(now_s, dt_s)
            fleets.switches.step(now_s, dt_s)
            self._trace.add_counts(
                now_s, "users", np.rint(16.0 * fleets.cells.users).astype(np.int64)
            )
            self._trace.add_counts(now_s, "clients", fleets.wifi.networks.clients)

    def _board(self) -> None:
        """Put the passengers of all trams where their trams are."""
        if self.trams:
            at_m = np.array([tram.at_m(self._env.now) for tram in self.trams])
            passengers = np.array([float(tram.passengers) for tram in self.trams])
            self._fleets.cells.carry(self._fleets.line.sample(at_m), passengers)

    def _manage_radios(self) -> _Process:
        """Let radios with automatic channel or power choose again."""
        while True:
            yield self._env.timeout(_RADIO_MANAGEMENT_S)
            moved = self._fleets.wifi.optimise(self._env.now)
            if moved:
                self._note("channels_moved", self._city.name, moved)

    def _start_lessons(self) -> None:
        sites = frozenset(self._fleets.wifi.sites)
        for school in self._city.schools:
            if sites.intersection(school_sites(school)):
                rng = stream(self._seed, f"lessons/{school.id}")
                self._env.process(
                    hold_lessons(
                        self._env, self._clock, school, rng, self._begin_lesson, self._end_lesson
                    )
                )

    def _begin_lesson(self, school: School, pupils: int, begin_s: float, end_s: float) -> None:
        joins = begin_s >= self._env.now
        times_s = (self._env.now, end_s)
        for site in school_sites(school):
            lesson(self._fleets.wifi, self._lesson_rng, site, pupils, times_s, joins=joins)
        self._note("lesson_begins", school.id, pupils)

    def _end_lesson(self, school: School) -> None:
        self._note("lesson_ends", school.id)

    def _start_trams(self) -> None:
        def weight(now_s: float) -> float:
            return transport_weight(self._clock.local(now_s))

        for tram, at in zip(self.trams, self._starts, strict=True):
            rng = stream(self._seed, f"tram/{tram.id}")
            line = self._fleets.line
            self._env.process(run_tram(self._env, tram, line, at, rng, weight, self._tram_stops))

    def _tram_stops(self, tram: Tram) -> None:
        self._note("tram_stops", f"{tram.id} {tram.stop}", tram.passengers)

    def _start_failures(self, factor: float) -> None:
        fleets, env = self._fleets, self._env
        lamp_rng, surge_rng = stream(self._seed, "failures/lamp"), stream(self._seed, "surges")

        def lamps(k: int) -> Callable[[], None]:
            surge = surge_rng.random() < _SURGE_SHARE
            return self._break_lamps(k, _SURGE_LAMPS if surge else 1, "surge" if surge else "wear")

        plans = (
            (LAMP_RATE, lamp_rng, fleets.lamps.working_lamps, lamps),
            (AP_RATE, stream(self._seed, "failures/ap"), fleets.wifi.working, self._break_ap),
            (
                CELL_RATE,
                stream(self._seed, "failures/cell"),
                fleets.cells.working,
                self._break_cell,
            ),
        )
        for rate, rng, working, fail in plans:
            count = _counter(working)
            env.process(break_and_repair(env, rate, factor, rng, count, fail))

    def _break_lamps(self, k: int, count: int, cause: str) -> Callable[[], None]:
        lamps = self._fleets.lamps
        first = int(lamps.working_lamps()[k])
        broken = [int(i) for i in lamps.feeder_mates(first, count)]
        name = lamps.lamp_ids[first]
        lamps.set_working(self._env.now, broken, works=False)
        self._note("lamp_failed", f"{name} {cause}", len(broken))

        def repair() -> None:
            lamps.set_working(self._env.now, broken, works=True)
            self._note("lamp_repaired", name, len(broken))

        return repair

    def _break_ap(self, k: int) -> Callable[[], None]:
        wifi = self._fleets.wifi
        ap = int(wifi.working()[k])
        wifi.set_working(ap, works=False, now_s=self._env.now)
        self._note("ap_failed", wifi.ids[ap])

        def repair() -> None:
            wifi.set_working(ap, works=True, now_s=self._env.now)
            self._note("ap_repaired", wifi.ids[ap])

        return repair

    def _break_cell(self, k: int) -> Callable[[], None]:
        cells = self._fleets.cells
        cell = int(cells.working()[k])
        cells.set_working(cell, works=False)
        self._note("cell_failed", cells.ids[cell])

        def repair() -> None:
            cells.set_working(cell, works=True)
            self._note("cell_repaired", cells.ids[cell])

        return repair

    def shut_down(self, device: str, after_s: float) -> None:
        """Lock a cell that is shutting down, once its grace is over."""
        self._env.process(self._lock_later(device, after_s))

    def _lock_later(self, device: str, after_s: float) -> _Process:
        yield self._env.timeout(after_s)
        if self._fleets.cells.admin_state(device) == "SHUTTING_DOWN":
            self._fleets.cells.write(device, {"admin_state": "LOCKED"}, self._env.now)
            self._note("cell_locked", device)

    def school_clients(self) -> int:
        """Stations associated at schools now."""
        return self._fleets.wifi.clients_of_use(SCHOOL)

    def _note(self, what: str, who: str, amount: int = 0) -> None:
        self._trace.add(self._env.now, what, who, amount)


def _counter(indices: Callable[[], np.ndarray]) -> Callable[[], int]:
    def count() -> int:
        return int(indices().size)

    return count
