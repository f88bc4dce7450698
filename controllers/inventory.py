"""The inventory: reads and writes the list of devices."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from controllers.inventory_file import (
    MAX_BYTES,
    MAX_NODES,
    DeviceFile,
    InventoryFile,
    LayerFile,
    valid_host,
)
from controllers.inventory_layers import Layers, Merged, Place, Placed
from controllers.inventory_platforms import canonical_profile
from controllers.ports import Device
from controllers.profiles import profile_of
from controllers.selection import near_miss, select
from controllers.sources.nornir import load_nornir
from controllers.templates import DEVICE_FIELDS, Lookup, escaped, expanded, has_names, lookup_in
from twin.model.attributes import KINDS, Value
from twin.model.errors import InputError, ModelError
from twin.model.quote import quoted
from twin.model.safe import Document, dump_yaml, load_yaml, parse_model

__all__ = ["InventoryFile", "dump_inventory", "inventory_text", "load_inventory", "select"]

_MAX_FILES = 1000
_NORNIR = "nornir:"
_FILE_OPTIONS = ("ca",)
"""Options that name a file beside the inventory."""
_NEEDED = ("kind", "profile", "host", "port")


def load_inventory(path: Path) -> tuple[Device, ...]:
    """Read an inventory.

    Parameters
    ----------
    path : Path
        YAML file; references in it and in files it includes are relative to its folder, and
        profiles of the user lie in ``profiles/`` beside it. ``nornir:FOLDER`` reads the
        SimpleInventory of Nornir in that folder.

    Returns
    -------
    tuple of Device
        In the order of the file, those of included files after its own.

    Raises
    ------
    InputError
        A file is wrong: names line and column.
    """
    if str(path).startswith(_NORNIR):
        return load_nornir(Path(str(path).removeprefix(_NORNIR)))
    parts = list(_files(path))
    layers = Layers(
        _defaults(parts), _layers(parts, "groups", "group"), _layers(parts, "roles", "role")
    )
    seen: dict[str, Place] = {}
    devices = []
    for document, file in parts:
        for i, entry in enumerate(file.devices):
            place = Place(document, ("devices", i))
            if entry.id in seen:
                raise document.error(
                    f"device {entry.id} is already in {_line(seen[entry.id], place)}",
                    "devices", i, "id", hint="ids are unique",
                )  # fmt: skip
            seen[entry.id] = place
            devices.append(_device(layers, entry, place, path.parent))
    _check_upstreams(devices, seen)
    return tuple(devices)


def _files(path: Path) -> Iterator[tuple[Document, InventoryFile]]:
    """Read a file and those it includes, each once."""
    seen: dict[Path, str] = {}
    waiting: list[tuple[Path, Place | None]] = [(path, None)]
    while waiting:
        here, place = waiting.pop(0)
        real = here.resolve()
        if place is not None and real in seen:
            raise place.document.error(
                f"{here} is included a second time", *place.keys, hint="include each file once"
            )
        if place is not None and len(seen) >= _MAX_FILES:
            raise place.document.error(f"more than {_MAX_FILES} files", *place.keys)
        seen[real] = str(here)
        document = load_yaml(here, max_bytes=MAX_BYTES, max_nodes=MAX_NODES)
        file = parse_model(InventoryFile, document)
        if place is None and not ({"devices", "include"} & file.model_fields_set):
            raise document.error("entry 'devices' is missing", hint="add devices: ...")
        waiting += _included(document, file, here.parent)
        yield document, file


def _included(
    document: Document, file: InventoryFile, folder: Path
) -> list[tuple[Path, Place | None]]:
    found: list[tuple[Path, Place | None]] = []
    for i, name in enumerate(file.include):
        place = Place(document, ("include", i))
        is_pattern = "*" in name or "?" in name
        try:
            paths = sorted(folder.glob(name)) if is_pattern else [folder / name]
        except (ValueError, NotImplementedError) as err:
            raise document.error(f"{quoted(name)}: {err}", *place.keys) from err
        if not paths:
            raise document.error(f"no file is named like {quoted(name)}", *place.keys)
        found += [(path, place) for path in paths]
    return found


def _line(earlier: Place, here: Place) -> str:
    line = earlier.document.mark(*earlier.keys).line
    if earlier.document is here.document:
        return f"line {line}"
    return f"{earlier.document.source}:{line}"


def _defaults(parts: Sequence[tuple[Document, InventoryFile]]) -> Placed:
    for document, file in parts[1:]:
        if "defaults" in file.model_fields_set:
            raise document.error(
                "an included file has no defaults",
                "defaults",
                hint=f"write them into {parts[0][0].source}, or into a group",
            )
    document, file = parts[0]
    return Placed(file.defaults, Place(document, ("defaults",)))


def _layers(
    parts: Sequence[tuple[Document, InventoryFile]], key: str, what: str
) -> dict[str, Placed]:
    found: dict[str, Placed] = {}
    for document, file in parts:
        for name, layer in getattr(file, key).items():
            place = Place(document, (key, name))
            if name in found:
                raise document.error(
                    f"{what} {name} is already in {_line(found[name].place, place)}",
                    *place.keys, hint="say all of it in one place",
                )  # fmt: skip
            found[name] = Placed(layer or LayerFile(), place)
    return found


def _check_upstreams(devices: Sequence[Device], places: Mapping[str, Place]) -> None:
    for device in devices:
        place = places[device.id]
        if device.upstream == device.id:
            raise place.document.error(
                f"device {device.id}: its upstream is the device itself", *place.keys, "upstream",
                hint="name the device that feeds it, or leave upstream out",
            )  # fmt: skip
        if device.upstream and device.upstream not in places:
            raise place.document.error(
                f"device {device.id}: upstream {quoted(device.upstream)} is no device here",
                *place.keys, "upstream",
                hint=near_miss(device.upstream, places.keys() - {device.id}),
            )  # fmt: skip


def _device(layers: Layers, entry: DeviceFile, place: Place, base: Path) -> Device:
    merged, groups = layers.of(entry, place)
    values = _filled(merged, entry, place)
    kind = values["kind"]
    if kind not in KINDS:
        raise _wrong(
            merged, place, f"unknown kind {quoted(kind)}", "kind", hint=near_miss(kind, KINDS)
        )
    device = Device(
        id=entry.id,
        kind=sys.intern(kind),
        profile=sys.intern(canonical_profile(values["profile"])),
        host=values["host"],
        port=values["port"],
        username=sys.intern(values.get("username", "")),
        secrets=values.get("secrets", {}),
        known_hosts=sys.intern(values.get("known_hosts", "")),
        site=sys.intern(values.get("site", "")),
        origin=values.get("origin", "real"),
        upstream=values.get("upstream", ""),
        instances={name: tuple(names) for name, names in values.get("instances", {}).items()},
        options=values.get("options", {}),
        role=entry.role,
        groups=groups,
        vars=values.get("vars", {}),
        base=base,
    )
    try:
        profile_of(device)
    except InputError as err:
        if err.source:
            raise
        raise _wrong(merged, place, err.what, "profile", hint=err.hint) from err
    return device


def _wrong(merged: Merged, place: Place, what: str, *names: str, hint: str = "") -> InputError:
    at = merged.place(Place(place.document, (*place.keys, *names)), *names)
    return at.document.error(what, *at.keys, hint=hint)


def _filled(merged: Merged, entry: DeviceFile, place: Place) -> dict[str, Any]:
    """Fill variables; tables without any stay the ones that all alike devices share."""
    values = dict(merged.values)
    for name in _NEEDED:
        if name not in values:
            raise place.document.error(
                f"{name} of device {entry.id} is missing", *place.keys,
                hint=f"add {name}: ... to it, its role or a group",
            )  # fmt: skip
    lookup = _lookup(merged, entry, place)
    for name, value in values.items():
        if isinstance(value, str) and has_names(value):
            values[name] = _text(merged, place, lookup, value, name)
            if name == "host":
                values[name] = _checked_host(merged, place, values[name])
        elif isinstance(value, dict) and any(_names_in(one) for one in value.values()):
            values[name] = {key: _entry(merged, place, lookup, one, name, key)
                            for key, one in value.items()}  # fmt: skip
    return values


def _lookup(merged: Merged, entry: DeviceFile, place: Place) -> Lookup:
    variables: dict[str, Value] = dict(merged.values.get("vars", {}))
    fields = {name: merged.values.get(name, "") for name in DEVICE_FIELDS}
    fields |= {"id": entry.id, "role": entry.role}
    for name in variables.keys() & fields.keys():
        raise _wrong(
            merged, place, f"{name} is a field of every device", "vars", name,
            hint="give the variable another name",
        )  # fmt: skip
    return lookup_in(variables | fields)


def _names_in(value: object) -> bool:
    if isinstance(value, list):
        return any(has_names(one) for one in value)
    return isinstance(value, str) and has_names(value)


def _entry(
    merged: Merged,
    place: Place,
    lookup: Lookup,
    value: Any,  # noqa: ANN401
    name: str,
    key: str,
) -> Any:  # noqa: ANN401 - what a table holds: text, a number, or a list of texts
    if isinstance(value, list):
        return [str(_text(merged, place, lookup, one, name, key)) for one in value]
    if not isinstance(value, str):
        return value
    return _text(merged, place, lookup, value, name, key)


def _text(merged: Merged, place: Place, lookup: Lookup, text: str, *names: str) -> Any:  # noqa: ANN401
    try:
        value = expanded(text, lookup)
    except ModelError as err:
        raise _wrong(merged, place, str(err), *names) from err
    if names[0] == "vars":
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _checked_host(merged: Merged, place: Place, host: str) -> str:
    try:
        return valid_host(host)
    except ValueError as err:
        raise _wrong(merged, place, f"host: {err}", "host") from err


def dump_inventory(devices: Sequence[Device], path: Path) -> None:
    """Write an inventory; references to files elsewhere become absolute.

    Parameters
    ----------
    devices : sequence of Device
        The devices; groups and roles are written by name, what they say with each device.
    path : Path
        File to write; it is replaced as a whole.

    Raises
    ------
    InputError
        Two devices have one id.
    """
    counts = Counter(device.id for device in devices)
    twice = sorted(name for name, n in counts.items() if n > 1)
    if twice:
        raise InputError(f"device {twice[0]} is there twice", str(path), hint="ids are unique")
    text = inventory_text([_rebased(device, path.parent) for device in devices])
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def inventory_text(devices: Sequence[Device]) -> str:
    """Write devices as the YAML of an inventory file beside which their references hold.

    Parameters
    ----------
    devices : sequence of Device
        The devices.

    Returns
    -------
    str
        YAML.
    """
    document: dict[str, object] = {}
    groups = dict.fromkeys(name for device in devices for name in device.groups)
    roles = dict.fromkeys(device.role for device in devices if device.role)
    if groups:
        document["groups"] = {name: {} for name in groups}
    if roles:
        document["roles"] = {name: {} for name in roles}
    return dump_yaml({**document, "devices": [_written(device) for device in devices]})


def _rebased(device: Device, base: Path) -> Device:
    if device.base.resolve() == base.resolve():
        return device
    here = device.base.resolve()
    secrets = {
        name: f"file:{here / reference[5:]}" if reference.startswith("file:") else reference
        for name, reference in device.secrets.items()
    }
    known_hosts = str(here / device.known_hosts) if device.known_hosts else ""
    options = {
        name: str(here / value) if name in _FILE_OPTIONS else value
        for name, value in device.options.items()
    }
    return replace(device, secrets=secrets, known_hosts=known_hosts, options=options, base=base)


_ORDER = (
    "id", "kind", "profile", "host", "port", "username", "secrets", "known_hosts", "site",
    "origin", "upstream", "role", "groups", "instances", "options", "vars",
)  # fmt: skip


def _written(device: Device) -> dict[str, object]:
    entry: dict[str, object] = {}
    for name in _ORDER:
        value = getattr(device, name)
        if name == "instances":
            value = {key: [escaped(one) for one in names] for key, names in value.items()}
        elif name in ("secrets", "options", "vars"):
            value = {key: escaped(v) if isinstance(v, str) else v for key, v in value.items()}
        elif name == "groups":
            value = list(value)
        elif isinstance(value, str):
            value = escaped(value)
        if value or name in ("id", "kind", "profile", "host", "port"):
            entry[name] = value
    return entry
