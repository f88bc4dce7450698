"""A profile: how the attributes of one kind of device stand on the wire, and for which device."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from types import MappingProxyType
from typing import Literal, TypeAlias

from controllers.ports import Device, DeviceClass
from controllers.profiles.codec import Codec
from twin.model.attributes import Attribute, Value
from twin.model.errors import InputError

__all__ = [
    "CliMapping",
    "InstanceMap",
    "Mapped",
    "NetconfMapping",
    "PathStep",
    "Profile",
    "Quirks",
    "RestMapping",
    "RestResource",
    "RowRule",
    "SnmpMapping",
    "TransactionRule",
    "class_of",
    "expand",
    "fill",
    "option",
    "placeholders",
]

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRule:
    """How rows of a table come and go (RFC 2579, RowStatus).

    Parameters
    ----------
    object, oid, index
        The status column and its index template.
    create : str
        How an absent row is made; ``never`` refuses to.
    change : str
        What a row must be in while its columns change.
    """

    object: str
    oid: tuple[int, ...]
    index: str
    create: Literal["createAndGo", "createAndWait", "never"] = "never"
    change: Literal["active", "notInService"] = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionRule:
    """Scalars of a buffer that takes SETs until it is told to store them (device class E).

    Parameters
    ----------
    state, status, error : tuple of int
        OIDs of the state of the buffer, of the result of its check and of what is wrong.
    """

    state: tuple[int, ...]
    status: tuple[int, ...]
    error: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SnmpMapping:
    """An attribute as an SNMP object.

    Parameters
    ----------
    object, oid, index, syntax
        Its name in the MIB, its column, its index template and its syntax.
    codec : Codec
        Value to wire and back.
    order : int
        Place among the SETs of a device: equal places go in one PDU.
    order_by_value : mapping
        Place where it depends on what is set: a switch goes off first and on last.
    row : str
        Name of the `RowRule` of its table; empty if its rows are always there.
    absent : Value or None
        What a row that is not there means.
    verified, note
        What it was checked against.
    """

    object: str
    oid: tuple[int, ...]
    index: str
    syntax: str
    codec: Codec
    order: int = 0
    order_by_value: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    row: str = ""
    absent: Value | None = None
    verified: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathStep:
    """One node of a YANG path; `keys` are (leaf, value template, is any entry meant)."""

    name: str
    namespace: str
    keys: tuple[tuple[str, str, bool], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NetconfMapping:
    """An attribute as a YANG leaf, or as the sum or mean of that leaf over list entries."""

    steps: tuple[PathStep, ...]
    type: str
    codec: Codec
    combine: Literal["", "sum", "mean"] = ""
    default: Value | None = None
    verified: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CliMapping:
    """An attribute as a key of a file, a line of a configuration, or what a command prints."""

    key: str
    command: str
    codec: Codec
    section: str = ""
    line: str = ""
    undo: str = ""
    absent: str | None = None
    pattern: str = ""
    output: str = ""
    around: str = ""
    verified: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestResource:
    """A JSON resource of a device.

    Parameters
    ----------
    path : str
        Template of its path.
    method : str
        ``PATCH`` sends what changes, ``PUT`` all of it.
    shape : str
        Name of what surrounds the members (`controllers.profiles.shapes`); empty for nothing.
    fixed : mapping
        Templates of members that every version of the resource has.
    """

    path: str
    method: Literal["PATCH", "PUT"] = "PATCH"
    shape: str = ""
    fixed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class RestMapping:
    """An attribute as a member of a JSON resource; `pointer` is a path of names into it."""

    resource: str
    pointer: tuple[str, ...]
    json_type: Literal["boolean", "integer", "number", "string"]
    codec: Codec
    verified: bool = True
    note: str = ""


Mapped: TypeAlias = SnmpMapping | NetconfMapping | CliMapping | RestMapping


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceMap:
    """A name that follows from an instance: radio 2 is in the 5 GHz band."""

    of: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """What a NETCONF server gets wrong.

    Parameters
    ----------
    skip_validate : bool
        Never send ``validate`` nor a test option.
    release_running_on_commit : bool
        Give the lock on running back as soon as a confirmed commit is armed.
    nothing_armed : str
        Error message by which it says that there is no commit to cancel; empty for the RFC's way.
    probe_after_hello : bool
        The first operation may lie unread until more arrives: send harmless ones until answered.
    reason : str
        What was seen.
    """

    skip_validate: bool = False
    release_running_on_commit: bool = False
    nothing_armed: str = ""
    probe_after_hello: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How one kind of device is spoken to.

    Parameters
    ----------
    name : str
        Name the inventory uses.
    kind : str
        A key of `twin.model.attributes.KINDS`.
    protocol : str
        ``snmp``, ``netconf``, ``cli`` or ``rest``.
    device_class : DeviceClass
        How such a device can take a change back, at best.
    checked_against, note : str
        What the mapping was checked against.
    options : mapping
        Default of each option, None where the device must set it.
    maps : mapping
        Names that follow from an instance.
    namespaces : mapping
        Prefix to XML namespace (NETCONF).
    quirks : Quirks
        What the server gets wrong (NETCONF).
    device_type : str
        netmiko's name of the shell (CLI).
    dialect : str
        How a change is made (CLI): ``file``, ``uci``, ``vtysh``, ``vrp5`` or ``vrp8``.
    rows : mapping
        Rules of tables whose rows come and go (SNMP).
    transaction : TransactionRule or None
        The buffer of a device of class E (SNMP).
    is_shared : bool
        Many devices stand behind one agent: a controller and its access points (SNMP).
    notifications : mapping
        OID of each notification the device sends, by its ``MODULE::name`` (SNMP).
    resources : mapping
        JSON resources by name (REST).
    headers, query : mapping
        Templates of what every request carries (REST).
    request_id : str
        Query parameter that gets a new UUID with every change; empty for none (REST).
    attributes : mapping
        Attribute template to its mapping.
    source : str
        File it was read from.
    """

    name: str
    kind: str
    protocol: Literal["snmp", "netconf", "cli", "rest"]
    device_class: DeviceClass
    checked_against: str
    note: str = ""
    options: Mapping[str, str | None] = field(default_factory=lambda: MappingProxyType({}))
    maps: Mapping[str, InstanceMap] = field(default_factory=lambda: MappingProxyType({}))
    namespaces: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    quirks: Quirks = field(default_factory=Quirks)
    device_type: str = ""
    dialect: str = ""
    rows: Mapping[str, RowRule] = field(default_factory=lambda: MappingProxyType({}))
    transaction: TransactionRule | None = None
    is_shared: bool = False
    notifications: Mapping[str, tuple[int, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    resources: Mapping[str, RestResource] = field(default_factory=lambda: MappingProxyType({}))
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    query: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    request_id: str = ""
    attributes: Mapping[str, Mapped]
    source: str = ""

    def attribute(self, template: str) -> Attribute:
        """Return the attribute of the model that a template stands for."""
        return self.attributes[template].codec.attribute


def class_of(profile: Profile, device: Device) -> DeviceClass:
    """Say how a device can take a change back, as far as its inventory entry tells.

    Parameters
    ----------
    profile : Profile
        Its profile.
    device : Device
        The device; its option ``rpcd: "no"`` says that an OpenWrt device has no timer.
    """
    if profile.options.get("rpcd") and option(profile, device, "rpcd") == "no":
        return min(profile.device_class, DeviceClass.B)
    return profile.device_class


def placeholders(template: str) -> tuple[str, ...]:
    """Names in braces of a template, in order."""
    return tuple(_PLACEHOLDER.findall(template))


def expand(profile: Profile, device: Device) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Name every attribute that a device has.

    Parameters
    ----------
    profile : Profile
        Its profile.
    device : Device
        The device; an instance kind it does not list has no attributes.

    Yields
    ------
    template, path : str
        Template and the path with instances filled in.
    names : dict
        Every name a template of the mapping may use: instances, maps, options, ``device``,
        ``mac`` (a locally administered address made from the device and its instances).
    """
    common = {name: option(profile, device, name) for name in profile.options}
    common["device"] = device.id
    for template in profile.attributes:
        names = placeholders(template)
        for chosen in product(*(device.instances.get(name, ()) for name in names)):
            instances = dict(zip(names, chosen, strict=True))
            derived = _derived(profile, device, instances)
            mac = _mac_of("/".join((device.id, *chosen)))
            yield template, template.format(**instances), common | instances | derived | mac


def option(profile: Profile, device: Device, name: str) -> str:
    """Return the value of an option: the device's own, or the profile's default.

    Raises
    ------
    InputError
        The device must set it and does not.
    """
    value = device.options.get(name, profile.options.get(name))
    if value is None:
        raise InputError(
            f"device {device.id} lacks option {name!r}, which profile {profile.name} needs",
            hint=f"add options: {{{name}: ...}} to the device",
        )
    return fill(value, {"device": device.id})


def fill(template: str, names: Mapping[str, str]) -> str:
    """Fill the names in braces; a brace without a known name stays as it is."""
    return _PLACEHOLDER.sub(lambda match: names.get(match[1], match[0]), template)


def _derived(profile: Profile, device: Device, instances: Mapping[str, str]) -> dict[str, str]:
    derived = {}
    for name, table in profile.maps.items():
        instance = instances.get(table.of)
        if instance is None:
            continue
        value = device.options.get(f"{name}/{instance}", table.values.get(instance))
        if value is None:
            raise InputError(
                f"device {device.id}: profile {profile.name} knows no {name} for "
                f"{table.of} {instance!r} (known: {', '.join(table.values)})",
                hint=f"add options: {{{name}/{instance}: ...}} to the device",
            )
        derived[name] = value
    return derived


def _mac_of(seed: str) -> dict[str, str]:
    digest = hashlib.sha256(seed.encode()).digest()
    return {"mac": ":".join(f"{byte:02x}" for byte in (0x02, *digest[:5]))}
