"""Reads the SimpleInventory of Nornir as it is: hosts.yaml, groups.yaml and defaults.yaml.

A host goes before its groups, a group before those after it in the list and before its own
groups, and all before the defaults; entries of ``data`` are looked up one by one in that order.

References
----------
.. [1] Nornir 3, ``nornir.plugins.inventory.simple`` and ``nornir.core.inventory.Host``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from controllers.inventory_file import MAX_BYTES, MAX_NODES, LayerFile
from controllers.inventory_platforms import DEFAULT_PORTS, canonical_profile
from controllers.ports import Device
from controllers.profiles import load_profile, profile_names
from controllers.selection import near_miss
from controllers.sources.rows import id_of, variables_among
from twin.model.quote import quoted
from twin.model.safe import Document, load_yaml, parse_model

__all__ = ["load_nornir"]

log = logging.getLogger(__name__)


class _Options(BaseModel):
    model_config = ConfigDict(extra="ignore")

    hostname: str | None = None
    port: int | None = None
    username: str | None = None
    platform: str | None = None


class _Data(BaseModel):
    """What Nornir lets a host, group or the defaults carry; the part of ours is checked."""

    model_config = ConfigDict(extra="allow")

    stellwerk: LayerFile = LayerFile()


class _Layer(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    hostname: str | None = None
    port: int | None = None
    username: str | None = None
    password: str | None = None
    platform: str | None = None
    groups: list[str] = []
    data: _Data = _Data()
    connection_options: dict[str, _Options | None] = {}


def load_nornir(folder: Path) -> tuple[Device, ...]:
    """Read the hosts of a SimpleInventory.

    Parameters
    ----------
    folder : Path
        Folder of ``hosts.yaml``; ``groups.yaml`` and ``defaults.yaml`` may be missing. What Nornir
        has no place for stands in ``data: {stellwerk: {...}}`` with the fields of our inventory.

    Returns
    -------
    tuple of Device
        In the order of the file. A password that stands there in clear text is not used.

    Raises
    ------
    InputError
        A file is wrong: names line and column.
    """
    document, hosts = _entries(folder / "hosts.yaml")
    groups_document, groups = _optional(folder / "groups.yaml")
    path = folder / "defaults.yaml"
    defaults = parse_model(_Layer, _or_empty(load_yaml(path))) if path.is_file() else _Layer()
    orders = {name: tuple(_outer(groups_document, groups, name, ())) for name in groups}
    devices: dict[str, Device] = {}
    for name, host in hosts.items():
        for i, group in enumerate(host.groups):
            if group not in groups:
                raise document.error(
                    f"unknown group {quoted(group)}", name, "groups", i,
                    hint=near_miss(group, groups),
                )  # fmt: skip
        own = dict.fromkeys(one for group in host.groups for one in orders[group])
        layers = [host, *(groups[group] for group in own), defaults]
        device = _device(document, name, layers, tuple(reversed(own)), folder)
        if device.id in devices:
            raise document.error(f"another host is {device.id} already", name)
        devices[device.id] = device
    return tuple(devices.values())


def _or_empty(document: Document) -> Document:
    if document.data is not None:
        return document
    return Document(data={}, source=document.source)


def _entries(path: Path) -> tuple[Document, dict[str, _Layer]]:
    document = _or_empty(load_yaml(path, max_bytes=MAX_BYTES, max_nodes=MAX_NODES))
    if not isinstance(document.data, dict):
        raise document.error("is no mapping of names", hint="write NAME: {hostname: ...}")
    found: dict[str, _Layer] = {}
    for name in document.data:
        found[name] = parse_model(_Layer, _under(document, name))
    return document, found


def _under(document: Document, name: str) -> Document:
    """Give one entry as a document: its mistakes are still where they stand."""
    value = document.data[name]
    return Document(
        data={} if value is None else value,
        source=document.source,
        root=document.mark(name),
        marks=document.marks,
    )


def _optional(path: Path) -> tuple[Document, dict[str, _Layer]]:
    return _entries(path) if path.is_file() else (Document(data={}, source=str(path)), {})


def _outer(
    document: Document, groups: Mapping[str, _Layer], name: str, above: tuple[str, ...]
) -> Iterator[str]:
    """List a group and those it is in, the nearest first."""
    yield name
    for i, other in enumerate(groups[name].groups):
        if other not in groups:
            raise document.error(
                f"unknown group {quoted(other)}", name, "groups", i, hint=near_miss(other, groups)
            )
        if other in (*above, name):
            chain = " -> ".join((*above, name, other))
            raise document.error(f"group {other} is in itself: {chain}", name, "groups", i)
        yield from _outer(document, groups, other, (*above, name))


def _first(layers: list[_Layer], name: str) -> Any:  # noqa: ANN401 - a field of the layers
    return next((v for layer in layers if (v := getattr(layer, name)) is not None), None)


def _ours(layers: list[_Layer], name: str) -> Any:  # noqa: ANN401
    stated = (getattr(layer.data.stellwerk, name) for layer in layers)
    return next((value for value in stated if value is not None), None)


def _table(layers: list[_Layer], name: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for layer in reversed(layers):
        merged |= getattr(layer.data.stellwerk, name)
    return merged


def _device(
    document: Document, name: str, layers: list[_Layer], groups: tuple[str, ...], folder: Path
) -> Device:
    device_id = id_of(name)
    if not device_id:
        raise document.error(f"{quoted(name)} is no name for a device", name)
    platform = _first(layers, "platform") or ""
    profile_name = canonical_profile(_ours(layers, "profile") or platform)
    known = profile_names(folder / "profiles")
    if profile_name not in known:
        raise document.error(
            f"{name}: no profile for platform {quoted(platform)}", name, "platform",
            hint="write data: {stellwerk: {profile: ...}}; " + near_miss(profile_name, known),
        )  # fmt: skip
    profile = load_profile(profile_name, folder / "profiles")
    if _first(layers, "password") is not None:
        log.warning(
            "%s: its password stands in clear text and is not used; "
            "write data: {stellwerk: {secrets: {password: env:...}}}",
            device_id,
        )
    options = next(
        (o for layer in layers if (o := layer.connection_options.get("netmiko")) and o.port), None
    )
    netmiko_port = options.port if options and profile.protocol == "cli" else None
    data: dict[str, object] = {}
    for layer in reversed(layers):
        data |= layer.data.model_extra or {}
    return Device(
        id=device_id,
        kind=profile.kind,
        profile=profile_name,
        host=_ours(layers, "host") or _first(layers, "hostname") or name,
        port=_ours(layers, "port") or netmiko_port or _first(layers, "port")
        or DEFAULT_PORTS[profile.protocol],
        username=_ours(layers, "username") or _first(layers, "username") or "",
        secrets=_table(layers, "secrets"),
        known_hosts=_ours(layers, "known_hosts") or "",
        site=_ours(layers, "site") or str(data.get("site", "")),
        origin=_ours(layers, "origin") or "real",
        upstream=_ours(layers, "upstream") or "",
        instances={n: tuple(v) for n, v in _table(layers, "instances").items()},
        options=_table(layers, "options"),
        role=str(data.get("role", "")),
        groups=groups,
        vars=variables_among(data) | _table(layers, "vars"),
        base=folder,
    )  # fmt: skip
