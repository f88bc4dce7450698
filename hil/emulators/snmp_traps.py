"""Traps of an emulated device: what in its world makes it tell something unasked."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from controllers.profiles import SnmpObject, load_profile, snmp_objects
from hil.emulators.device import EmulatedDevice

__all__ = ["TrapWatch"]

_RISE, _FALL = 1, -1
_CAUSES: Mapping[str, tuple[str, int, tuple[str, ...]]] = MappingProxyType(
    {
        "STELLWERK-LAMP-MIB::lampFailure": (
            "lamps_failed", _RISE, ("lamps_failed", "lamps_total"),
        ),
        "STELLWERK-LAMP-MIB::lampRecovery": (
            "lamps_failed", _FALL, ("lamps_failed", "lamps_total"),
        ),
    }
)  # fmt: skip
"""What is watched, in which direction, and what is told, by the name of the notification."""


class TrapWatch:
    """Compares what a device shows with what it told last.

    Parameters
    ----------
    device : EmulatedDevice
        The device.
    """

    def __init__(self, device: EmulatedDevice) -> None:
        self._device = device
        entry = device.entry
        profile = load_profile(entry.profile, entry.base / "profiles")
        self._causes = {
            profile.notifications[name]: cause
            for name, cause in _CAUSES.items()
            if name in profile.notifications
        }
        self._objects: dict[str, SnmpObject] = (
            {o.path: o for o in snmp_objects(profile, entry)} if self._causes else {}
        )
        self._told: dict[str, float] = {}

    def due(self) -> list[tuple[tuple[int, ...], tuple[SnmpObject, ...]]]:
        """List the notifications that are due now: OID and the objects each carries."""
        found = []
        now = {path: float(self._device.read(path)) for path, _, _ in self._causes.values()}
        for oid, (path, direction, carried) in self._causes.items():
            change = now[path] - self._told.get(path, 0.0 if direction == _RISE else now[path])
            if change * direction > 0:
                found.append((oid, tuple(self._objects[name] for name in carried)))
        self._told = now
        return found
