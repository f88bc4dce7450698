"""Signal controllers as devices that others read and write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from twin.model.attributes import KINDS, Value
from twin.model.errors import ModelError

if TYPE_CHECKING:
    from twin.sim.signals.system import Signals

__all__ = ["SignalFleet"]

_PATHS = tuple(attribute.template for attribute in KINDS["signal"])


class SignalFleet:
    """Controllers with the attributes of the kind ``signal``; a `DeviceFleet`.

    Parameters
    ----------
    system : Signals
        Whose controllers they are.
    """

    def __init__(self, system: Signals) -> None:
        self._system = system

    def paths(self, device: str) -> tuple[str, ...]:
        """Return the attribute paths of a controller."""
        self._system.layout.place(device)
        return _PATHS

    def read(self, device: str, template: str, names: Mapping[str, str], now_s: float) -> Value:
        """Read one attribute."""
        del names, now_s  # the kind has no instances, and the system knows its time
        return self._system.read_signal(device)[template]

    def write(self, device: str, changes: Mapping[str, Value], now_s: float) -> None:
        """Ask for a programme; it runs from the end of the cycle.

        Parameters
        ----------
        device : str
            Id.
        changes : mapping
            ``pattern`` alone is writable.
        now_s : float
            Present second. [s]

        Raises
        ------
        ModelError
            A pattern the controller does not have, or it is without power or link.
        """
        del now_s
        for path, value in changes.items():
            if path != "pattern" or isinstance(value, str):
                raise ModelError(f"{device}: {path} cannot be set to {value!r}")
            self._system.set_pattern(device, int(value))

    def is_reachable(self, device: str, now_s: float) -> bool:
        """Say whether the controller would answer: it has power and a link, and has booted."""
        del now_s
        state = self._system.read_signal(device)["operational_state"]
        return self._system.supervision.is_listening(device) and state != "STARTUP"
