"""Makes devices of what another inventory says of them; what cannot be one is named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from controllers.inventory_file import ID_PATTERN, valid_host
from controllers.inventory_platforms import DEFAULT_PORTS, canonical_profile
from controllers.ports import Device
from controllers.profiles import load_profile, profile_names
from controllers.selection import near_miss
from controllers.templates import DEVICE_FIELDS
from twin.model.attributes import Value
from twin.model.errors import InputError
from twin.model.quote import quoted

__all__ = ["Imported", "Row", "address_of", "devices_of", "id_of", "variables_among"]

_ID = re.compile(ID_PATTERN)
_NOT_ID = re.compile(r"[^a-z0-9.-]+")
_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_VARIABLE = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What another inventory says of one device.

    Parameters
    ----------
    name : str
        Its name there.
    host : str
        Host name or address.
    platforms : tuple of str
        Names that may say which profile fits, the best first.
    port : int
        Where it listens; 0 for the port of its protocol.
    username, site, role, upstream : str
        As in our inventory; `upstream` is a name there.
    groups : tuple of str
        Groups.
    secrets, options, vars, instances : mapping
        As in our inventory.
    where : str
        Where it stands, for messages.
    """

    name: str
    host: str
    platforms: tuple[str, ...]
    port: int = 0
    username: str = ""
    site: str = ""
    role: str = ""
    upstream: str = ""
    groups: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    vars: Mapping[str, Value] = field(default_factory=dict)
    instances: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import gave.

    Parameters
    ----------
    devices : tuple of Device
        Those that became entries.
    refused : tuple of str
        One line for each that did not: which, why and what to do.
    """

    devices: tuple[Device, ...]
    refused: tuple[str, ...] = ()


def devices_of(
    rows: Iterable[Row], *, profiles: Mapping[str, str] | None = None, base: Path = Path()
) -> Imported:
    """Make devices of rows.

    Parameters
    ----------
    rows : iterable of Row
        What the other inventory says.
    profiles : mapping, optional
        Profile by the name of a platform, device type or role; goes before the names we know.
    base : Path
        Folder that references will be relative to.

    Returns
    -------
    Imported
        Devices in their order; an upstream that is not among them is left out and named.

    Raises
    ------
    InputError
        `profiles` names a profile that there is not.
    """
    chosen = dict(profiles or {})
    known = set(profile_names(base / "profiles"))
    for name in chosen.values():
        if name not in known:
            raise InputError(f"unknown profile {quoted(name)}", hint=near_miss(name, known))
    refused: list[str] = []
    devices: dict[str, Device] = {}
    for row in rows:
        found = _device(row, chosen, known, base)
        if isinstance(found, str):
            refused.append(f"{row.where or row.name}: {found}")
        elif found.id in devices:
            refused.append(f"{row.where or row.name}: another device is {found.id} already")
        else:
            devices[found.id] = found
    return Imported(devices=tuple(_with_upstream(devices, refused)), refused=tuple(refused))


def _with_upstream(devices: Mapping[str, Device], refused: list[str]) -> Iterable[Device]:
    for device in devices.values():
        if device.upstream and (device.upstream not in devices or device.upstream == device.id):
            refused.append(f"{device.id}: its upstream {device.upstream} is no device here")
            yield replace(device, upstream="")
        else:
            yield device


def _device(row: Row, chosen: Mapping[str, str], known: set[str], base: Path) -> Device | str:
    """Make a device, or say why it cannot be one."""
    name = id_of(row.name)
    if not name:
        return f"{quoted(row.name)} is no name for a device"
    try:
        valid_host(row.host)
    except ValueError as err:
        return f"host {err}"
    candidates = [chosen.get(platform, canonical_profile(platform)) for platform in row.platforms]
    profile_name = next((one for one in candidates if one in known), "")
    if not profile_name:
        said = ", ".join(filter(None, row.platforms)) or "nothing"
        return f"no profile for {quoted(said)}; say --profile PLATFORM=PROFILE"
    profile = load_profile(profile_name, base / "profiles")
    return Device(
        id=name,
        kind=profile.kind,
        profile=profile_name,
        host=row.host,
        port=row.port or DEFAULT_PORTS[profile.protocol],
        username=row.username,
        secrets=row.secrets,
        site=row.site,
        upstream=id_of(row.upstream),
        instances=row.instances,
        options=row.options,
        role=row.role if _GROUP.fullmatch(row.role) else "",
        groups=tuple(group for group in row.groups if _GROUP.fullmatch(group)),
        vars=row.vars,
        base=base,
    )


def id_of(name: str) -> str:
    """Make a device id of a name; empty if nothing is left of it."""
    text = _NOT_ID.sub("-", name.strip().lower()).strip("-.")
    return text if _ID.match(text) else ""


def address_of(text: str) -> str:
    """Give an address without the length of its prefix: ``10.0.0.1/24`` is ``10.0.0.1``."""
    return text.strip().partition("/")[0]


def variables_among(values: Mapping[str, object]) -> dict[str, Value]:
    """Keep of custom values those that can be variables: plain, set, and with such a name."""
    return {
        name: value
        for name, value in values.items()
        if isinstance(value, str | int | float | bool)
        and _VARIABLE.fullmatch(name)
        and name not in DEVICE_FIELDS
    }
