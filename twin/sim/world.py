"""The world: a second city with hidden deviations, alive in SimPy, behind emulated devices."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Protocol

import simpy

from twin.model.attributes import Attribute, Value, attribute_of, check_value
from twin.model.city import City
from twin.model.errors import ModelError
from twin.sim.build import build_fleets
from twin.sim.clock import Clock
from twin.sim.life import Life
from twin.sim.trace import EventTrace
from twin.sim.transit_wifi.trams import TramPosition

__all__ = ["World", "WorldTotals"]

_SHUT_DOWN_S = 30.0  # users are handed over within half a minute: an assumption


class _Fleet(Protocol):
    def paths(self, device: str) -> tuple[str, ...]: ...

    def read(self, device: str, template: str, names: Mapping[str, str], now_s: float) -> Value: ...

    def write(self, device: str, changes: Mapping[str, Value], now_s: float) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldTotals:
    """Sums over a whole world at one moment.

    Parameters
    ----------
    at : datetime
        Moment, UTC.
    users, wifi_clients, school_clients : int
        Users of cells, stations of access points, and those at schools.
    dl_octets, wifi_octets : int
        Traffic since the start. [octets]
    mean_load_percent : float
        Mean of the downlink load over cells. [%]
    lamp_power_w, cell_power_w : float
        Electrical power. [W]
    lamp_energy_wh : float
        Energy since the start. [Wh]
    lamp_level_percent : float
        Mean light level over cabinets. [%]
    """

    at: datetime
    users: int
    wifi_clients: int
    school_clients: int
    dl_octets: int
    wifi_octets: int
    mean_load_percent: float
    lamp_power_w: float
    cell_power_w: float
    lamp_energy_wh: float
    lamp_level_percent: float


@lru_cache(maxsize=100_000)
def _attribute(kind: str, path: str) -> tuple[Attribute, Mapping[str, str]]:
    attribute, names = attribute_of(kind, path)
    return attribute, MappingProxyType(names)


class World:
    """A living city behind the emulated devices.

    It differs from the city it is made from (`twin.sim.deviations`) in ways the planning side
    never reads. Time moves only in `advance`; a change takes effect at once. Not thread-safe:
    one thread reads, writes and advances.

    Parameters
    ----------
    city : City
        The city as the inventory has it; it is not changed.
    seed : int
        Seed of the hidden deviations and of everything that happens.  Must be >= 0.
    start : datetime
        Instant of second 0, timezone-aware.
    managed : collection of str, optional
        Ids of the devices to be read and written; their surroundings are simulated too. None takes
        every device of the city.
    tick_s : float
        Step of the dense processes. [s]  Must be > 0.
    drill : bool
        True: a lamp fails after 15 s, is repaired 30 s later, and so on every two minutes. A drill,
        marked so in the trace, that lets a short demonstration see a repair.
    accelerate_failures : float
        Failures are so many times more frequent and repaired so many times faster.  Must be > 0.

    Raises
    ------
    ModelError
        `managed` names something the city does not have.
    ValueError
        `start` has no timezone, or a number is out of range.
    """

    def __init__(
        self,
        city: City,
        *,
        seed: int,
        start: datetime,
        managed: Collection[str] | None = None,
        tick_s: float = 1.0,
        drill: bool = False,
        accelerate_failures: float = 1.0,
    ) -> None:
        if not tick_s > 0.0 or not accelerate_failures > 0.0:
            raise ValueError("tick_s and accelerate_failures must be greater than 0")
        self._clock = Clock(start, city.timezone)
        self._fleets = fleets = build_fleets(city, seed, managed)
        self._env = simpy.Environment()
        self._trace = EventTrace()
        self._life = Life(self._env, city, fleets, self._clock, seed, tick_s, self._trace)
        self._by_kind: Mapping[str, _Fleet] = {
            "ap": fleets.wifi,
            "cell": fleets.cells,
            "switch": fleets.switches,
            "lamp_cabinet": fleets.lamps,
        }
        self._known_paths: dict[str, frozenset[str]] = {}
        self._life.start(accelerate_failures=accelerate_failures, with_drill=drill)

    @property
    def now_s(self) -> float:
        """Simulated seconds since the start. [s]."""
        return float(self._env.now)

    @property
    def now(self) -> datetime:
        """Simulated instant, UTC."""
        return self._clock.utc(self.now_s)

    def local(self, when: datetime) -> datetime:
        """Return an instant as local time of the city."""
        return self._clock.local(self._clock.seconds(when))

    @property
    def trace(self) -> EventTrace:
        """What has happened so far."""
        return self._trace

    def advance(self, until_s: float) -> None:
        """Let the world live until a simulated second.

        Parameters
        ----------
        until_s : float
            Seconds since the start. [s]  A time that has passed does nothing.

        Raises
        ------
        ValueError
            Not a finite number.
        """
        if not math.isfinite(until_s):
            raise ValueError(f"until_s is {until_s}, must be finite")
        if until_s > self._env.now:
            self._env.run(until=until_s)

    def devices(self) -> Mapping[str, str]:
        """Return the kind of each managed device by its id."""
        return MappingProxyType(self._fleets.kinds)

    def paths(self, device: str) -> tuple[str, ...]:
        """Return every attribute path of a device, with its instances filled in.

        Raises
        ------
        ModelError
            Unknown device.
        """
        return self._by_kind[self._kind(device)].paths(device)

    def read(self, device: str, path: str) -> Value:
        """Read one attribute as it is now.

        Raises
        ------
        ModelError
            Unknown device or path.
        """
        kind = self._kind(device)
        self._require_path(device, path)
        attribute, names = _attribute(kind, path)
        return self._by_kind[kind].read(device, attribute.template, names, self.now_s)

    def write(self, device: str, changes: Mapping[str, Value]) -> None:
        """Set configuration attributes, all of them or none; the physics follows at once.

        Raises
        ------
        ModelError
            Unknown device or path, a read-only attribute, or a value the device cannot take.
        """
        kind = self._kind(device)
        checked: dict[str, Value] = {}
        for path, value in changes.items():
            self._require_path(device, path)
            if not _attribute(kind, path)[0].writable:
                raise ModelError(f"{device}: {path} is operational state and cannot be set")
            checked[path] = check_value(kind, path, value)
        if not checked:
            return
        if kind == "ap":
            self._fleets.wifi.check(device, checked)
        self._by_kind[kind].write(device, checked, self.now_s)
        if checked.get("admin_state") == "SHUTTING_DOWN":
            self._life.shut_down(device, _SHUT_DOWN_S)
        self._trace.add(self.now_s, "written", device, len(checked))

    def is_reachable(self, device: str) -> bool:
        """Say whether a device would answer: it works, has power, a link and has booted.

        Raises
        ------
        ModelError
            Unknown device.
        """
        if self._kind(device) != "ap":
            return True
        wifi = self._fleets.wifi
        return bool(wifi.is_up(self.now_s)[wifi.index[device]])

    def trams(self) -> tuple[TramPosition, ...]:
        """Return where the trams are now."""
        return tuple(
            TramPosition(
                id=tram.id,
                x_m=point[0],
                y_m=point[1],
                passengers=tram.passengers,
                stop=tram.stop,
            )
            for tram in self._life.trams
            for point in (self._fleets.line.point(tram.at_m(self.now_s)),)
        )

    def totals(self) -> WorldTotals:
        """Return sums over the whole world now."""
        fleets = self._fleets
        load = fleets.cells.load
        return WorldTotals(
            at=self.now,
            users=round(float(fleets.cells.users.sum())),
            wifi_clients=int(fleets.wifi.networks.clients.sum()),
            school_clients=self._life.school_clients(),
            dl_octets=int(fleets.cells.dl_octets.sum()),
            wifi_octets=round(float(fleets.wifi.traffic.served_bits.sum()) / 8.0),
            mean_load_percent=100.0 * float(load.mean()) if load.size else 0.0,
            lamp_power_w=fleets.lamps.power_w(),
            cell_power_w=fleets.cells.total_power_w(),
            lamp_energy_wh=fleets.lamps.energy_wh(self.now_s),
            lamp_level_percent=fleets.lamps.mean_level_percent(),
        )

    def _kind(self, device: str) -> str:
        kind = self._fleets.kinds.get(device)
        if kind is None:
            raise ModelError(f"unknown device {device!r}; the world has {len(self.devices())}")
        return kind

    def _require_path(self, device: str, path: str) -> None:
        known = self._known_paths.get(device)
        if known is None:
            known = self._known_paths[device] = frozenset(self.paths(device))
        if path not in known:
            attribute_of(self._kind(device), path)  # says what the kind has, if it is unknown
            raise ModelError(f"{device} has no {path!r}; see paths() for what it has")
