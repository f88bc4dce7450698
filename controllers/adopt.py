"""Takes over live devices: what they have becomes inventory entries and an intent.

What an intent could not say again, such as a channel that does not exist, stands as a comment
beside the reason, for a person to look at.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from controllers.discovery import find_instances
from controllers.intent_values import checked_value, require_block
from controllers.ports import Device, Driver
from controllers.raw_configuration import raw_configuration
from controllers.templates import escaped
from twin.model.attributes import Value
from twin.model.errors import DeviceError, InputError
from twin.model.safe import Document, dump_yaml

__all__ = ["Adopted", "Survey", "adoptable", "instances_beyond", "intent_of", "survey"]

_N_THREADS = 16
_WIDTH = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What devices said of themselves.

    Parameters
    ----------
    devices : tuple of Device
        All that were asked, with their instances where they answered.
    values : mapping
        Configuration by path, by device id.
    failed : mapping
        Why a device could not be read, by device id.
    configurations : mapping
        Whole configurations by device id, where they were asked for and there is one.
    """

    devices: tuple[Device, ...]
    values: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    failed: Mapping[str, DeviceError] = field(default_factory=dict)
    configurations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """The configuration of one device as an intent can say it, and what it cannot.

    Parameters
    ----------
    values : mapping
        Value by path.
    refused : tuple of (str, Value, str)
        Path, value and reason.
    """

    values: Mapping[str, Value]
    refused: tuple[tuple[str, Value, str], ...] = ()


def survey(
    devices: Sequence[Device],
    make_driver: Callable[[Device], Driver],
    *,
    n_threads: int = _N_THREADS,
    is_known: bool = False,
    with_configuration: bool = False,
) -> Survey:
    """Ask devices for their instances and their configuration.

    Parameters
    ----------
    devices : sequence of Device
        Whom to ask.
    make_driver : callable
        Makes their drivers.
    n_threads : int
        Devices asked together.
    is_known : bool
        Take the instances from the inventory: they are not looked for.
    with_configuration : bool
        Read whole configurations too.

    Returns
    -------
    Survey
        What they said; a device that does not answer stops nobody.
    """
    configurations: dict[str, str] = {}

    def ask(device: Device) -> tuple[Device, dict[str, Value] | DeviceError]:
        try:
            if with_configuration:
                configurations[device.id] = raw_configuration(device)
            found = device if is_known else find_instances(device, make_driver).of(device)
            driver = make_driver(found)
            try:
                return found, driver.read()
            finally:
                driver.close()
        except DeviceError as err:
            return device, err
        except InputError as err:
            return device, DeviceError(device.id, str(err))

    with ThreadPoolExecutor(max(1, min(n_threads, len(devices)))) as pool:
        said = list(pool.map(ask, devices))
    return Survey(
        devices=tuple(device for device, _ in said),
        values={d.id: values for d, values in said if isinstance(values, dict)},
        failed={d.id: err for d, err in said if isinstance(err, DeviceError)},
        configurations=configurations,
    )


def instances_beyond(
    devices: Sequence[Device],
    make_driver: Callable[[Device], Driver],
    *,
    n_threads: int = _N_THREADS,
) -> list[tuple[Device, str, str]]:
    """Find instances that devices have and the inventory does not list.

    Parameters
    ----------
    devices : sequence of Device
        Whom to ask.
    make_driver : callable
        Makes their drivers.
    n_threads : int
        Devices asked together.

    Returns
    -------
    list of (Device, str, str)
        Device, kind of instance and name; nothing of a device that does not answer now.
    """

    def ask(device: Device) -> list[tuple[Device, str, str]]:
        try:
            names = find_instances(device, make_driver).names
        except DeviceError:
            return []
        return [
            (device, kind, name)
            for kind, found in names.items()
            for name in found
            if name not in device.instances.get(kind, ())
        ]

    with ThreadPoolExecutor(max(1, min(n_threads, len(devices)))) as pool:
        return [one for found in pool.map(ask, devices) for one in found]


def adoptable(device: Device, values: Mapping[str, Value]) -> Adopted:
    """Divide a configuration into what an intent may say and what it may not.

    Parameters
    ----------
    device : Device
        The device, with its instances.
    values : mapping
        What it has, by path.

    Returns
    -------
    Adopted
        In the order of the paths.
    """
    document = Document(data={}, source="")
    taken: dict[str, Value] = {}
    refused: list[tuple[str, Value, str]] = []
    for path, value in sorted(values.items()):
        try:
            wish = escaped(value) if isinstance(value, str) else value
            right = checked_value(document, device, path, wish, ())
            require_block(document, device, {**taken, path: right}, path, ())
        except InputError as err:
            refused.append((path, value, err.what))
        else:
            taken[path] = right
    return Adopted(values=taken, refused=tuple(refused))


def intent_of(found: Survey, *, name: str, comment: str) -> str:
    """Write an intent that wants what devices have.

    Parameters
    ----------
    found : Survey
        What they said.
    name, comment : str
        Of the intent.

    Returns
    -------
    str
        YAML; a plan for it is empty as long as nothing changes.

    Raises
    ------
    InputError
        There is nothing that an intent could want.
    """
    parts = [dump_yaml({"version": 1, "name": name, "comment": comment}), "changes:\n"]
    n_changes = 0
    for device in found.devices:
        if device.id in found.failed:
            parts.append(_remark(f"{device.id}: not read: {found.failed[device.id].reason}"))
            continue
        adopted = adoptable(device, found.values[device.id])
        if adopted.values:
            n_changes += 1
            parts.append(_change(device, adopted.values))
        parts += [
            _remark(f"{device.id} {path} = {value!r}: {reason}")
            for path, value, reason in adopted.refused
        ]
    if not n_changes:
        raise InputError("no device has anything that an intent could want")
    return "".join(parts)


def _change(device: Device, values: Mapping[str, Value]) -> str:
    wishes = {p: escaped(v) if isinstance(v, str) else v for p, v in values.items()}
    change = {"name": f"as found on {device.id}", "devices": [device.id], "set": wishes}
    return textwrap.indent(dump_yaml([change]), "  ")


def _remark(text: str) -> str:
    """Write a comment of one line, whatever a device may have put into a value."""
    line = "".join(sign if sign.isprintable() else "?" for sign in text)
    return f"  # {line[:_WIDTH]}\n"
