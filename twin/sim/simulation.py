"""A running simulation of the systems of a city: advance, look, change, branch."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType

from twin.model.attributes import Attribute, Value, attribute_of, check_value
from twin.model.city import City
from twin.model.errors import ModelError
from twin.sim.clock import Clock
from twin.sim.deviations import draw_deviations
from twin.sim.kernel import Kernel, SimulationError
from twin.sim.registry import SYSTEM_NAMES, system_class
from twin.sim.software import SOFTWARE, SOFTWARE_PATH
from twin.sim.system import Context, DeviceFleet, Kpi, System
from twin.sim.telemetry import Telemetry
from twin.sim.trace import EventTrace

__all__ = ["Simulation"]


@lru_cache(maxsize=100_000)
def _attribute(kind: str, path: str) -> tuple[Attribute, Mapping[str, str]]:
    attribute, names = attribute_of(kind, path)
    return attribute, MappingProxyType(names)


class Simulation:
    """Systems of a city, alive in simulated time.

    Time moves only in `advance`. Not thread-safe: one thread reads, writes and advances.

    Parameters
    ----------
    city : City
        The city as the inventory has it; it is not changed.
    seed : int
        Seed of everything that happens and of the hidden deviations.  Must be >= 0.
    start : datetime
        Instant of second 0, timezone-aware.
    systems : sequence of str
        Names of the systems to simulate, of `SYSTEM_NAMES`.
    managed : collection of str, optional
        Ids of the devices to be read and written; their surroundings are simulated too. None takes
        every device of the city.
    tick_s : float
        Step of the dense processes. [s]  Must be > 0.
    failure_factor : float
        Failures are so many times more frequent and repaired so many times faster.  Must be > 0.
    telemetry : collection of str
        Tables to record, ``*`` for all.
    shared : mapping, optional
        What systems find in `Context.shared`, such as a timetable under ``timetable``.

    Raises
    ------
    ModelError
        Unknown system or table, or `managed` names something the city does not have.
    ValueError
        `start` has no timezone, or a number is out of range.
    """

    def __init__(
        self,
        city: City,
        *,
        seed: int,
        start: datetime,
        systems: Sequence[str] = SYSTEM_NAMES,
        managed: Collection[str] | None = None,
        tick_s: float = 10.0,
        failure_factor: float = 1.0,
        telemetry: Collection[str] = (),
        shared: Mapping[str, object] | None = None,
    ) -> None:
        if not tick_s > 0.0 or not failure_factor > 0.0:
            raise ValueError("tick_s and failure_factor must be greater than 0")
        clock = Clock(start, city.timezone)
        known = _known_devices(city)
        gateways = dict.fromkeys(g.id for g in city.gateways if g.technology == "lorawan")
        _check_managed(city, known | gateways, managed)
        self.context = context = Context(
            city=city,
            seed=seed,
            kernel=Kernel(),
            clock=clock,
            hidden=draw_deviations(city, seed, known if managed is None else managed),
            managed=None if managed is None else frozenset(managed),
            tick_s=tick_s,
            failure_factor=failure_factor,
            telemetry=Telemetry(telemetry),
            shared=dict(shared or {}),
        )
        for name in SYSTEM_NAMES:
            if name in systems:
                context.systems[name] = system_class(name)(context)
        for name in systems:
            system_class(name)  # refuses an unknown name
        _check_tables(context.systems, telemetry)
        for name, system in context.systems.items():
            _begin(name, system)
        self._find_devices()

    def _find_devices(self) -> None:
        self._kinds: dict[str, str] = {}
        self._fleet_of: dict[str, DeviceFleet] = {}
        for system in self.context.systems.values():
            fleets = system.fleets()
            for device, kind in system.devices().items():
                self._kinds[device] = kind
                self._fleet_of[device] = fleets[kind]
        self._paths: dict[str, frozenset[str]] = {}

    @property
    def now_s(self) -> float:
        """Simulated seconds since the start. [s]."""
        return self.context.kernel.now_s

    @property
    def now(self) -> datetime:
        """Simulated instant, UTC."""
        return self.context.clock.utc(self.now_s)

    @property
    def systems(self) -> Mapping[str, System]:
        """The systems of this run by name."""
        return MappingProxyType(self.context.systems)

    @property
    def trace(self) -> EventTrace:
        """What has happened so far."""
        return self.context.trace

    def advance(self, until_s: float) -> None:
        """Let the city live until a simulated second.

        Parameters
        ----------
        until_s : float
            Seconds since the start. [s]  A time that has passed does nothing.

        Raises
        ------
        ValueError
            Not a finite number.
        SimulationError
            Something failed in a system; names who and when.
        """
        self.context.kernel.advance(until_s)

    def step(self) -> float:
        """Let the next thing happen, whatever it is; return the simulated second it is then."""
        kernel = self.context.kernel
        kernel.step()
        return kernel.now_s

    def kpis(self) -> dict[str, dict[str, Kpi]]:
        """Return the figures of every system since the start."""
        return {name: dict(system.kpis()) for name, system in self.systems.items()}

    def gauges(self) -> dict[str, dict[str, float]]:
        """Return what every system shows now."""
        return {name: dict(system.gauges()) for name, system in self.systems.items()}

    def check_invariants(self) -> None:
        """Check the laws of conservation of every system.

        Raises
        ------
        AssertionError
            One is broken.
        """
        for system in self.systems.values():
            system.check_invariants()

    def devices(self) -> Mapping[str, str]:
        """Return the kind of each managed device by its id."""
        return MappingProxyType(self._kinds)

    def paths(self, device: str) -> tuple[str, ...]:
        """Return every attribute path of a device, with its instances filled in.

        Raises
        ------
        ModelError
            Unknown device.
        """
        paths = self._fleet(device).paths(device)
        return (*paths, SOFTWARE_PATH) if self._kinds[device] in SOFTWARE else paths

    def read(self, device: str, path: str) -> Value:
        """Read one attribute as it is now.

        Raises
        ------
        ModelError
            Unknown device or path.
        """
        fleet = self._fleet(device)
        self._require_path(device, path)
        if path == SOFTWARE_PATH:
            return SOFTWARE[self._kinds[device]]
        attribute, names = _attribute(self._kinds[device], path)
        return fleet.read(device, attribute.template, names, self.now_s)

    def write(self, device: str, changes: Mapping[str, Value]) -> None:
        """Set configuration attributes, all of them or none; the physics follows.

        Raises
        ------
        ModelError
            Unknown device or path, a read-only attribute, or a value the device cannot take.
        """
        checked = self.check_write(device, changes)
        if checked:
            self._fleet(device).write(device, checked, self.now_s)
            self.context.note("written", device, len(checked))

    def check_write(self, device: str, changes: Mapping[str, Value]) -> dict[str, Value]:
        """Check a change without making it; return its values as the device would have them.

        Raises
        ------
        ModelError
            As `write`.
        """
        kind = self._kind(device)
        checked: dict[str, Value] = {}
        for path, value in changes.items():
            self._require_path(device, path)
            if not _attribute(kind, path)[0].writable:
                raise ModelError(f"{device}: {path} is operational state and cannot be set")
            checked[path] = check_value(kind, path, value)
        return checked

    def is_reachable(self, device: str) -> bool:
        """Say whether a device would answer: it works, has power, a link and has booted.

        Raises
        ------
        ModelError
            Unknown device.
        """
        return self._fleet(device).is_reachable(device, self.now_s)

    def _kind(self, device: str) -> str:
        kind = self._kinds.get(device)
        if kind is None:
            raise ModelError(f"unknown device {device!r}; the world has {len(self._kinds)}")
        return kind

    def _fleet(self, device: str) -> DeviceFleet:
        self._kind(device)
        return self._fleet_of[device]

    def _require_path(self, device: str, path: str) -> None:
        known = self._paths.get(device)
        if known is None:
            known = self._paths[device] = frozenset(self.paths(device))
        if path not in known:
            attribute_of(self._kinds[device], path)  # says what the kind has, if it is unknown
            raise ModelError(f"{device} has no {path!r}; see paths() for what it has")


def _check_tables(systems: Mapping[str, System], wanted: Collection[str]) -> None:
    known = sorted(table for system in systems.values() for table in system.tables)
    unknown = sorted(set(wanted) - {"*", *known})
    if unknown:
        raise ModelError(
            f"no table {unknown[0]!r} to record; these systems have {', '.join(known) or 'none'}"
        )


def _begin(name: str, system: System) -> None:
    try:
        system.start()
    except (ModelError, SimulationError):
        raise
    except Exception as err:
        raise SimulationError(f"{name} cannot start: {type(err).__name__}: {err}") from err


def _known_devices(city: City) -> dict[str, None]:
    return dict.fromkeys(
        [
            *(ap.id for ap in city.access_points),
            *(cell.id for cell in city.cells),
            *(switch.id for switch in city.switches),
            *(cabinet.id for cabinet in city.cabinets),
            *(signal.id for signal in city.signals),
        ]
    )


def _check_managed(city: City, known: Mapping[str, None], managed: Collection[str] | None) -> None:
    unknown = sorted(set(managed or ()) - known.keys())
    if unknown:
        raise ModelError(f"no device {unknown[0]!r} in city {city.name!r}; check the inventory")
