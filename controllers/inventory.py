"""The inventory: reads and writes the list of devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from controllers.ports import Device
from controllers.profiles import profile_of
from controllers.selection import near_miss, select
from twin.model.attributes import KINDS
from twin.model.errors import InputError
from twin.model.quote import quoted
from twin.model.safe import Document, dump_yaml, load_yaml, parse_model

__all__ = ["InventoryFile", "dump_inventory", "load_inventory", "select"]

ID_PATTERN = r"^[a-z0-9][a-z0-9.-]*$"
_Reference = Annotated[str, StringConstraints(pattern=r"^(env|file):.+$")]
_SecretName = Literal["password", "key", "passphrase", "auth", "priv", "community"]

# RFC 1035 (1987), section 2.3.4: 255 octets on the wire are 253 characters, 63 in each label.
_MAX_HOST, _MAX_LABEL = 253, 63


def _host(host: str) -> str:
    if not host:
        raise ValueError("is empty; give a host name or an address")
    if len(host) > _MAX_HOST:
        raise ValueError(
            f"{quoted(host)} is {len(host)} characters long, a host name has at most {_MAX_HOST}"
        )
    if not host.isprintable() or " " in host:
        raise ValueError(f"{quoted(host)} is no host name or address; leave out blanks")
    if max(map(len, host.split("."))) > _MAX_LABEL:
        raise ValueError(
            f"{quoted(host)} is no host name; at most {_MAX_LABEL} characters stand between dots"
        )
    return host


def _port(port: int) -> int:
    if not 1 <= port <= 65535:
        raise ValueError(f"{quoted(port)} is no port; ports are 1 to 65535")
    return port


class DeviceFile(BaseModel):
    """One device as it stands in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    id: Annotated[str, StringConstraints(pattern=ID_PATTERN)]
    kind: str
    profile: str
    host: Annotated[str, AfterValidator(_host)]
    port: Annotated[int, AfterValidator(_port)]
    username: str = ""
    secrets: dict[_SecretName, _Reference] = {}
    known_hosts: str = ""
    site: str = ""
    origin: Literal["emulated", "real", "copy"] = "real"
    upstream: str = ""
    instances: dict[str, list[str]] = {}
    options: dict[str, str] = {}


class InventoryFile(BaseModel):
    """The inventory file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    devices: list[DeviceFile]


def load_inventory(path: Path) -> tuple[Device, ...]:
    """Read an inventory.

    Parameters
    ----------
    path : Path
        YAML file; references in it are relative to its folder, and profiles of the user lie in
        ``profiles/`` beside it.

    Returns
    -------
    tuple of Device
        In the order of the file.

    Raises
    ------
    InputError
        The file is wrong: names line and column.
    """
    document = load_yaml(path)
    file = parse_model(InventoryFile, document)
    seen: dict[str, int] = {}
    devices = []
    for i, entry in enumerate(file.devices):
        if entry.id in seen:
            first = document.mark("devices", seen[entry.id]).line
            raise document.error(
                f"device {entry.id} is already in line {first}",
                "devices", i, "id", hint="ids are unique",
            )  # fmt: skip
        seen[entry.id] = i
        devices.append(_device(document, i, entry, path.parent))
    for i, device in enumerate(devices):
        if device.upstream == device.id:
            raise document.error(
                f"device {device.id}: its upstream is the device itself", "devices", i, "upstream",
                hint="name the device that feeds it, or leave upstream out",
            )  # fmt: skip
        if device.upstream and device.upstream not in seen:
            raise document.error(
                f"device {device.id}: upstream {quoted(device.upstream)} is no device here",
                "devices", i, "upstream",
                hint=near_miss(device.upstream, seen.keys() - {device.id}),
            )  # fmt: skip
    return tuple(devices)


def _device(document: Document, i: int, entry: DeviceFile, base: Path) -> Device:
    if entry.kind not in KINDS:
        raise document.error(
            f"unknown kind {quoted(entry.kind)}",
            "devices",
            i,
            "kind",
            hint=near_miss(entry.kind, KINDS),
        )
    fields = entry.model_dump(exclude={"instances", "secrets", "options"})
    device = Device(
        **fields,
        secrets={str(name): reference for name, reference in entry.secrets.items()},
        instances={name: tuple(names) for name, names in entry.instances.items()},
        options=dict(entry.options),
        base=base,
    )
    try:
        profile_of(device)
    except InputError as err:
        if err.source:
            raise
        raise document.error(err.what, "devices", i, "profile", hint=err.hint) from err
    return device


def dump_inventory(devices: Sequence[Device], path: Path) -> None:
    """Write an inventory; references to files elsewhere become absolute.

    Parameters
    ----------
    devices : sequence of Device
        The devices.
    path : Path
        File to write; it is replaced as a whole.

    Raises
    ------
    InputError
        Two devices have one id.
    """
    ids = [device.id for device in devices]
    twice = sorted({device_id for device_id in ids if ids.count(device_id) > 1})
    if twice:
        raise InputError(f"device {twice[0]} is there twice", str(path), hint="ids are unique")
    entries = [_entry(_rebased(device, path.parent)) for device in devices]
    text = dump_yaml({"devices": entries})
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _rebased(device: Device, base: Path) -> Device:
    if device.base.resolve() == base.resolve():
        return device
    here = device.base.resolve()
    secrets = {
        name: f"file:{here / reference[5:]}" if reference.startswith("file:") else reference
        for name, reference in device.secrets.items()
    }
    known_hosts = str(here / device.known_hosts) if device.known_hosts else ""
    return replace(device, secrets=secrets, known_hosts=known_hosts, base=base)


def _entry(device: Device) -> dict[str, object]:
    entry: dict[str, object] = {}
    for name in DeviceFile.model_fields:
        value = getattr(device, name)
        if name == "instances":
            value = {key: list(names) for key, names in value.items()}
        elif name in ("secrets", "options"):
            value = dict(value)
        if value or name in ("id", "kind", "profile", "host", "port"):
            entry[name] = value
    return entry
