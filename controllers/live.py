"""Reads the live state of many devices at once."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from controllers.ports import Device, DriverFactory
from controllers.sessions import Sessions
from controllers.steps import Command, Done, Fault, Op
from twin.model.attributes import Value
from twin.model.errors import DeviceAuthError, DeviceError, DeviceRefused

__all__ = ["Live", "boot_clock", "read_live"]


def boot_clock() -> float:
    """Return monotonic time that goes on while the machine sleeps. [s]."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The live state of devices, and why others could not be read.

    Parameters
    ----------
    values : mapping
        Value by path by device id.
    unreachable : mapping
        Reason by device id.
    """

    values: Mapping[str, Mapping[str, Value]]
    unreachable: Mapping[str, str]


def read_live(
    devices: Sequence[Device],
    make_driver: DriverFactory,
    *,
    paths: Mapping[str, Sequence[str]] | None = None,
    deadline_s: float = 30.0,
    n_threads: int = 16,
) -> Live:
    """Read the live state of many devices at once.

    Parameters
    ----------
    devices : sequence of Device
        Whom to ask.
    make_driver : DriverFactory
        Makes their drivers.
    paths : mapping, optional
        Paths by device id; without it everything writable.
    deadline_s : float
        Deadline for each device. [s]
    n_threads : int
        Devices asked together.

    Returns
    -------
    Live
        What they said. Only devices that could not be reached are listed as unreachable.

    Raises
    ------
    DeviceAuthError
        A device refused our credentials, or we its key.
    DeviceRefused
        A device refused the question.
    """
    sessions = Sessions(devices, {}, make_driver, boot_clock, n_threads)
    chosen = paths or {}
    sessions.submit(
        [
            Command(device.id, Op.READ, deadline_s, paths=tuple(chosen.get(device.id, ())))
            for device in devices
        ]
    )
    values: dict[str, Mapping[str, Value]] = {}
    unreachable: dict[str, str] = {}
    failure: DeviceError | None = None
    for _ in devices:
        result = sessions.wait(None)
        if result is None:
            continue
        event, _seconds = result
        if isinstance(event, Done):
            values[event.device] = event.values or {}
        elif event.fault in (Fault.UNREACHABLE, Fault.LOCKED):
            unreachable[event.device] = event.reason
        else:
            leaf = DeviceAuthError if event.fault is Fault.AUTH else DeviceRefused
            failure = failure or leaf(event.device, event.reason)
    if failure is not None:
        raise failure
    return Live(
        values={device.id: values[device.id] for device in devices if device.id in values},
        unreachable={d.id: unreachable[d.id] for d in devices if d.id in unreachable},
    )
