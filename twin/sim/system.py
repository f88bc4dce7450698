"""What every simulated system of the city is: it starts, it is asked, and it tells its figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import numpy as np

from twin.model.attributes import Value
from twin.model.city import City
from twin.sim.clock import Clock
from twin.sim.deviations import Deviations
from twin.sim.kernel import Kernel
from twin.sim.streams import stream
from twin.sim.supply import Supply
from twin.sim.telemetry import Telemetry
from twin.sim.trace import EventTrace

__all__ = ["Action", "Context", "DeviceFleet", "Kpi", "Moment", "System"]


@dataclass(frozen=True, slots=True)
class Kpi:
    """A figure of the simulation with its unit; `note` says what it rests on, if not plain."""

    value: float
    unit: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something worth telling in a report: when [s], about whom, and what, in a sentence."""

    at_s: float
    who: str
    text: str


class DeviceFleet(Protocol):
    """Devices of one kind as controllers and emulators see them.

    Paths and values are those of `twin.model.attributes`; a write takes effect in the running
    simulation, with the delay a real device has.
    """

    def paths(self, device: str) -> tuple[str, ...]:
        """Return the attribute paths of a device."""
        ...

    def read(self, device: str, template: str, names: Mapping[str, str], now_s: float) -> Value:
        """Read one attribute."""
        ...

    def write(self, device: str, changes: Mapping[str, Value], now_s: float) -> None:
        """Apply checked changes, or raise `ModelError` and change nothing."""
        ...

    def is_reachable(self, device: str, now_s: float) -> bool:
        """Say whether the device would answer: it works, has power, a link and has booted."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something a scenario can do to a system.

    Parameters
    ----------
    what : str
        One line for people: what it does.
    check : callable
        Called with the target's id and the parameters before anything starts; raises `ModelError`
        with one line for an unknown id or an impossible value.
    begin, end : callable
        Bound methods called with target and parameters; `end` when the time given by ``for`` is
        over, None where an action has no end.
    parameters : mapping
        Allowed parameters by name, each with its meaning and unit.
    """

    what: str
    check: Callable[[str, Mapping[str, object]], None]
    begin: Callable[[str, Mapping[str, object]], None]
    end: Callable[[str, Mapping[str, object]], None] | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True, eq=False)
class Context:
    """What systems share: the city, time, chance, supply, and each other.

    Parameters
    ----------
    city : City
        The city as the inventory has it; frozen.
    seed : int
        Seed of everything that happens.
    kernel : Kernel
        Simulated time.
    clock : Clock
        Local time.
    hidden : Deviations
        Where the world differs from the city file.
    managed : frozenset of str or None
        Ids of the devices somebody reads and writes; None for all. A system simulates these and
        what they need around them, nothing more: worlds with few devices must start fast.
    tick_s : float
        Step of dense processes. [s]
    failure_factor : float
        Failures come so many times more often and are repaired so many times faster.
    trace, supply, telemetry
        Shared.
    systems : dict
        The systems of this run by name; filled before any of them starts.
    shared : dict
        Things of several systems, such as the access points; by name.
    """

    city: City
    seed: int
    kernel: Kernel
    clock: Clock
    hidden: Deviations
    managed: frozenset[str] | None
    tick_s: float
    failure_factor: float = 1.0
    trace: EventTrace = field(default_factory=EventTrace)
    supply: Supply = field(default_factory=Supply)
    telemetry: Telemetry = field(default_factory=Telemetry)
    systems: dict[str, System] = field(default_factory=dict)
    shared: dict[str, object] = field(default_factory=dict)

    def rng(self, name: str) -> np.random.Generator:
        """Make the random stream of one purpose, such as ``users/cells``."""
        return stream(self.seed, name)

    def is_managed(self, device: str) -> bool:
        """Say whether a device is read or written by somebody."""
        return self.managed is None or device in self.managed

    def note(self, what: str, who: str, amount: int = 0) -> None:
        """Put an event into the trace."""
        self.trace.add(self.kernel.now_s, what, who, amount)


class System:
    """Base of the systems: a name, tables it can record, a context, and nothing else to say.

    A system keeps only what can be saved: arrays, records, generators of NumPy, bound methods;
    no lambda, no closure, no open file, no Python generator. It schedules through
    `context.kernel` and draws only from its own streams.
    """

    name: ClassVar[str]
    tables: ClassVar[tuple[str, ...]] = ()

    def __init__(self, context: Context) -> None:
        self.context = context

    def start(self) -> None:
        """Settle into the state of a network long at work, and schedule what comes first."""

    def fleets(self) -> Mapping[str, DeviceFleet]:
        """Return devices by kind of `twin.model.attributes`, such as ``cell``."""
        return {}

    def devices(self) -> Mapping[str, str]:
        """Return the kind of every managed device of this system by its id."""
        return {}

    def kpis(self) -> Mapping[str, Kpi]:
        """Return figures since the start, at least five; names in the field's terms."""
        raise NotImplementedError

    def kpis_by_district(self) -> Mapping[str, Mapping[str, Kpi]]:
        """Return figures by slug of the district."""
        return {}

    def gauges(self) -> Mapping[str, float]:
        """Return what a control room watches now; names end in their unit."""
        return {}

    def story(self) -> tuple[Moment, ...]:
        """Return what is worth telling of this run, in order; a few dozen moments at most."""
        return ()

    def actions(self) -> Mapping[str, Action]:
        """Return what a scenario can do to this system, by verb."""
        return {}

    def check_invariants(self) -> None:
        """Raise `AssertionError` if a law of conservation is broken; tests call it often."""
