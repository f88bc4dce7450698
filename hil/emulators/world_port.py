"""What emulated devices ask of the world behind them, and a world that is a plain table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from twin.model.attributes import Value, attribute_of, check_value
from twin.model.errors import ModelError

__all__ = ["DeviceWorld", "MemoryWorld", "MovingWorld", "PoweredWorld", "checked_changes"]


class DeviceWorld(Protocol):
    """The state of devices, read and written by attribute path."""

    def devices(self) -> Mapping[str, str]:
        """Return the kind of each device by its id."""

    def read(self, device: str, path: str) -> Value:
        """Read one attribute as it is now.

        Raises
        ------
        ModelError
            Unknown device or path.
        """

    def paths(self, device: str) -> tuple[str, ...]:
        """Return every attribute path the device has, with its instances filled in."""

    def write(self, device: str, changes: Mapping[str, Value]) -> None:
        """Set configuration attributes, all of them or none.

        Raises
        ------
        ModelError
            Unknown device or path, a read-only attribute, or a value that does not fit.
        """


@runtime_checkable
class MovingWorld(Protocol):
    """A world that time changes."""

    def advance(self, until_s: float) -> None:
        """Move to a time since the start. [s]."""


@runtime_checkable
class PoweredWorld(Protocol):
    """A world in which devices lose power or fail, and come back."""

    def is_reachable(self, device: str) -> bool:
        """Say whether a device would answer now."""


def _same(value: Value) -> Value:
    return value


# What a device that works shows at once as operational state after its configuration was set.
_FOLLOWERS: Mapping[tuple[str, str], tuple[str, Callable[[Value], Value]]] = MappingProxyType(
    {
        ("ap", "radio/{radio}/channel"): ("radio/{radio}/channel_in_use", _same),
        ("ap", "radio/{radio}/tx_power_dbm"): ("radio/{radio}/tx_power_in_use_dbm", _same),
        ("cell", "admin_state"): (
            "operational_state",
            lambda value: "ENABLED" if value == "UNLOCKED" else "DISABLED",
        ),
        ("signal", "pattern"): ("pattern_in_effect", lambda value: value or 2),
        ("lorawan_gateway", "radio_enabled"): (
            "operational_state",
            lambda value: "ENABLED" if value else "DISABLED",
        ),
        ("switch", "port/{port}/poe_enabled"): ("port/{port}/poe_delivering", _same),
        ("switch", "port/{port}/admin_up"): ("port/{port}/oper_up", _same),
    }
)


def checked_changes(
    kind: str, known: Mapping[str, Value], changes: Mapping[str, object]
) -> dict[str, Value]:
    """Check a set of changes for a device before any of them is applied.

    Parameters
    ----------
    kind : str
        Device kind.
    known : mapping
        Attributes the device has; a change of any other is refused.
    changes : mapping
        New value by attribute path.

    Returns
    -------
    dict
        The same changes, values in the type of their attribute.

    Raises
    ------
    ModelError
        The device has no such attribute, it is read only, or the value does not fit.
    """
    checked = {}
    for path, value in changes.items():
        if path not in known:
            raise ModelError(f"no attribute {path!r} here; it has {', '.join(sorted(known))}")
        if not attribute_of(kind, path)[0].writable:
            raise ModelError(f"{path} is operational state and cannot be set")
        checked[path] = check_value(kind, path, value)
    return checked


class MemoryWorld:
    """A world that is a table: nothing in it moves by itself.

    Parameters
    ----------
    kinds : mapping
        Device kind by device id.
    values : mapping
        Value by attribute path, by device id.

    Raises
    ------
    ModelError
        A value does not fit its attribute.
    """

    def __init__(self, kinds: Mapping[str, str], values: Mapping[str, Mapping[str, Value]]) -> None:
        self._kinds = dict(kinds)
        self._values = {
            device: {
                path: check_value(kind, path, value)
                for path, value in values.get(device, {}).items()
            }
            for device, kind in self._kinds.items()
        }

    def devices(self) -> Mapping[str, str]:
        """Return the kind of each device by its id."""
        return MappingProxyType(self._kinds)

    def paths(self, device: str) -> tuple[str, ...]:
        """Return every attribute path of a device."""
        return tuple(self._of(device))

    def read(self, device: str, path: str) -> Value:
        """Read one attribute.

        Raises
        ------
        ModelError
            Unknown device or path.
        """
        values = self._of(device)
        if path not in values:
            raise ModelError(f"{device} has no attribute {path!r}")
        return values[path]

    def write(self, device: str, changes: Mapping[str, Value]) -> None:
        """Set configuration attributes, all or none; operational ones follow at once.

        Raises
        ------
        ModelError
            Unknown device or path, a read-only attribute, or a value that does not fit.
        """
        values = self._of(device)
        kind = self._kinds[device]
        checked = checked_changes(kind, values, changes)
        values.update(checked)
        for path, value in checked.items():
            self._follow(kind, values, path, value)

    def observe(self, device: str, path: str, value: Value) -> None:
        """Set any attribute, operational ones too: the world itself has moved.

        Raises
        ------
        ModelError
            Unknown device or attribute, or a value that does not fit.
        """
        self._of(device)[path] = check_value(self._kinds[device], path, value)

    def _of(self, device: str) -> dict[str, Value]:
        if device not in self._values:
            raise ModelError(f"unknown device {device!r}")
        return self._values[device]

    @staticmethod
    def _follow(kind: str, values: dict[str, Value], path: str, value: Value) -> None:
        attribute, instances = attribute_of(kind, path)
        follower = _FOLLOWERS.get((kind, attribute.template))
        if follower:
            shown = follower[0].format(**instances)
            if shown in values:
                values[shown] = follower[1](value)
