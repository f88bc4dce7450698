"""One emulated device apart from its protocol: its life, its stored faults, its world."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NoReturn

from controllers.ports import Device
from hil.emulators.world_port import DeviceWorld
from twin.model.attributes import Value, attribute_of
from twin.model.errors import BenchError

__all__ = ["OPERATIONS", "DeviceDied", "EmulatedDevice", "Strike", "When"]

When = Literal["before", "half", "after"]

OPERATIONS = (
    "get",
    "set",
    "get-config",
    "edit-config",
    "validate",
    "commit",
    "confirm",
    "cancel-commit",
    "discard-changes",
    "lock",
    "login",
    "write",
    "reload",
)


class DeviceDied(BenchError):
    """The device was told to die at this operation; its session ends without an answer.

    Parameters
    ----------
    device, operation : str
        Which device, at what.
    when : str
        How far the operation came: ``before``, ``half`` or ``after``.
    """

    def __init__(self, device: str, operation: str, when: When) -> None:
        super().__init__(device, operation, when)
        self.when = when

    def __str__(self) -> str:
        return f"{self.args[0]}: died at {self.args[1]}, {self.args[2]} it was applied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """A stored fault: the device dies when an operation arrives.

    Parameters
    ----------
    operation : str
        One of `OPERATIONS`.
    when : str
        ``before`` it is applied, with ``half`` of it applied, or ``after`` it is applied and
        before it is answered.
    """

    operation: str
    when: When = "before"

    def __post_init__(self) -> None:
        if self.operation not in OPERATIONS:
            raise BenchError(
                f"no operation {self.operation!r} to die at; known are {', '.join(OPERATIONS)}"
            )
        if self.when not in ("before", "half", "after"):
            raise BenchError(f"a device dies before, half or after, not {self.when!r}")


class EmulatedDevice:
    """The state every protocol face of a device shares.

    Parameters
    ----------
    entry : Device
        Its inventory entry: address, profile, instances.
    world : DeviceWorld
        Where its state is.
    boots : int
        How often it has started.
    clock : callable
        Monotonic clock. [s]
    """

    def __init__(
        self,
        entry: Device,
        world: DeviceWorld,
        *,
        boots: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.entry = entry
        self.id = entry.id
        self.kind = entry.kind
        self.world = world
        self.boots = boots
        self.clock = clock
        self.stats: Counter[str] = Counter()
        self.strike: Strike | None = None
        self.neighbours: tuple[Device, ...] = ()
        self.on_death: Callable[[EmulatedDevice], None] = lambda _: None
        self._started_s = clock()

    @property
    def uptime_s(self) -> float:
        """Time since this life began. [s]."""
        return self.clock() - self._started_s

    def reboot(self) -> None:
        """Begin the next life: clock from zero, one more boot, stored fault forgotten."""
        self.boots += 1
        self.strike = None
        self._started_s = self.clock()

    def paths(self) -> tuple[str, ...]:
        """Return every attribute path the device has."""
        return self.world.paths(self.id)

    def read(self, path: str) -> Value:
        """Read one attribute from the world.

        Raises
        ------
        ModelError
            The device has no such attribute.
        """
        return self.world.read(self.id, path)

    def configuration(self) -> dict[str, Value]:
        """Read all writable attributes, the running configuration."""
        return {path: self.read(path) for path in self.paths() if self.is_writable(path)}

    def is_writable(self, path: str) -> bool:
        """Say whether an attribute is configuration."""
        return attribute_of(self.kind, path)[0].writable

    def meet(self, operation: str) -> None:
        """Count an operation that changes nothing in the world, and die if told to.

        Raises
        ------
        DeviceDied
            A stored fault names this operation.
        """
        self.stats[operation] += 1
        if self.strike and self.strike.operation == operation:
            self._die(self.strike)

    def write(self, operation: str, changes: Mapping[str, Value], *extra: str) -> None:
        """Apply changes to the world as part of an operation, and die if told to.

        Parameters
        ----------
        operation : str
            Name of the operation on the wire.
        changes : mapping
            New value by path.
        *extra : str
            Other names the operation goes by.

        Raises
        ------
        ModelError
            The world refuses; nothing is applied.
        DeviceDied
            A stored fault names this operation.
        """
        names = (operation, *extra)
        self.stats.update(names)
        strike = self.strike
        if strike is None or strike.operation not in names:
            self._apply(changes)
            return
        if strike.when == "half":
            first_half = list(changes.items())[: max(1, len(changes) // 2)]
            self._apply(dict(first_half) if len(changes) > 1 else {})
        elif strike.when == "after":
            self._apply(changes)
        self._die(strike)

    def _apply(self, changes: Mapping[str, Value]) -> None:
        if changes:
            self.world.write(self.id, changes)

    def _die(self, strike: Strike) -> NoReturn:
        self.on_death(self)
        raise DeviceDied(self.id, strike.operation, strike.when)
