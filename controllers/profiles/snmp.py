"""The SNMP objects of a device, as its profile maps them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Literal, TypeAlias

from controllers.ports import Device
from controllers.profiles.codec import Codec
from controllers.profiles.profile import Profile, SnmpMapping, expand, fill
from twin.model.attributes import Value
from twin.model.errors import InputError, ModelError

__all__ = ["SYNTAXES", "BaseType", "SnmpObject", "SnmpRow", "arcs_of", "snmp_objects"]

BaseType: TypeAlias = Literal["integer", "octets", "gauge32", "counter32", "counter64", "timeticks"]

_MAC = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}")

SYNTAXES: Mapping[str, BaseType] = MappingProxyType(
    {
        "Integer32": "integer",
        "INTEGER": "integer",
        "TruthValue": "integer",
        "DisplayString": "octets",
        "SnmpAdminString": "octets",
        "RowStatus": "integer",
        "OCTET STRING": "octets",
        "Gauge32": "gauge32",
        "Unsigned32": "gauge32",
        "Counter32": "counter32",
        "Counter64": "counter64",
        "TimeTicks": "timeticks",
    }
)
"""Base type on the wire of each syntax a profile may name (RFC 2578 section 2, RFC 2579)."""


@dataclass(frozen=True, slots=True)
class SnmpRow:
    """One row that may come and go: the OID of its status, and its rule.

    Parameters
    ----------
    oid : tuple of int
        Instance of the RowStatus column.
    name : str
        ``MODULE::object`` of that column.
    create, change : str
        See `controllers.profiles.profile.RowRule`.
    """

    oid: tuple[int, ...]
    name: str
    create: str
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SnmpObject:
    """One object instance of one device.

    Parameters
    ----------
    path : str
        Attribute path.
    name : str
        ``MODULE::object`` of the MIB.
    oid : tuple of int
        Object identifier with its instance.
    syntax : str
        Syntax the MIB gives, a key of `SYNTAXES`.
    base : str
        Type on the wire.
    is_writable : bool
        The attribute is configuration.
    codec : Codec
        Value to wire and back.
    order : int
        Place among the SETs of the device.
    order_by_value : mapping
        Place where it depends on the value.
    row : SnmpRow or None
        The row it stands in, if that may come and go.
    absent : Value or None
        What a row that is not there means.
    """

    path: str
    name: str
    oid: tuple[int, ...]
    syntax: str
    base: BaseType
    is_writable: bool
    codec: Codec
    order: int = 0
    order_by_value: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    row: SnmpRow | None = None
    absent: Value | None = None

    def order_for(self, value: Value) -> int:
        """Place among the SETs of the device when this value is set."""
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return self.order_by_value.get(text, self.order)

    def encode(self, value: Value) -> int | bytes:
        """Turn a value into what is sent: a number, or octets.

        Raises
        ------
        ModelError
            The value has no form on the wire.
        """
        wire = self.codec.encode(value)
        if isinstance(wire, str):
            raise ModelError(f"{self.path}: {self.syntax} cannot carry text")
        return wire

    def decode(self, wire: int | bytes) -> Value:
        """Turn what came into a value.

        Raises
        ------
        ModelError
            It means nothing for the attribute.
        """
        return self.codec.decode(wire)


def snmp_objects(profile: Profile, device: Device) -> tuple[SnmpObject, ...]:
    """List every object of a device.

    Parameters
    ----------
    profile : Profile
        An SNMP profile.
    device : Device
        The device, with its instances.

    Returns
    -------
    tuple of SnmpObject
        In the order of the profile.

    Raises
    ------
    InputError
        The profile is not of SNMP, an instance has no number, or two attributes meet.
    """
    if _is_personal(profile):
        return _objects(profile, device)
    # Alike devices have the same objects, and a fleet has few kinds of them.
    alike = (tuple(device.instances.items()), tuple(device.options.items()))
    return _shared_objects(_Shape(profile, device, alike))


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the objects of a device follow from; the device itself is only one that has them."""

    profile: Profile = field(compare=False)
    device: Device = field(compare=False)
    alike: tuple[tuple[tuple[str, tuple[str, ...]], ...], tuple[tuple[str, str], ...]]

    def __hash__(self) -> int:
        return hash((id(self.profile), self.alike))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Shape)
            and self.profile is other.profile
            and self.alike == other.alike
        )


@lru_cache(maxsize=256)
def _shared_objects(shape: _Shape) -> tuple[SnmpObject, ...]:
    return _objects(shape.profile, shape.device)


def _is_personal(profile: Profile) -> bool:
    """Say whether an index follows from the id of the device."""
    templates = [getattr(m, "index", "") for m in profile.attributes.values()]
    templates += [rule.index for rule in profile.rows.values()]
    options = [text for text in profile.options.values() if text]
    return any("{device}" in text or "{mac}" in text for text in (*templates, *options))


def _objects(profile: Profile, device: Device) -> tuple[SnmpObject, ...]:
    objects: dict[tuple[int, ...], SnmpObject] = {}
    for template, path, names in expand(profile, device):
        mapping = profile.attributes[template]
        if not isinstance(mapping, SnmpMapping):
            raise InputError(f"profile {profile.name} is not of SNMP", profile.source)
        oid = mapping.oid + _index(profile, device, mapping.index, names)
        if oid in objects:
            raise InputError(
                f"device {device.id}: {path} and {objects[oid].path} are the same object",
                hint="give each instance its own index",
            )
        objects[oid] = SnmpObject(
            path=path,
            name=mapping.object,
            oid=oid,
            syntax=mapping.syntax,
            base=SYNTAXES[mapping.syntax],
            is_writable=mapping.codec.attribute.writable,
            codec=mapping.codec,
            order=mapping.order,
            order_by_value=mapping.order_by_value,
            row=_row(profile, device, mapping.row, names),
            absent=mapping.absent,
        )
    return tuple(objects.values())


def _row(profile: Profile, device: Device, name: str, names: Mapping[str, str]) -> SnmpRow | None:
    if not name:
        return None
    rule = profile.rows[name]
    oid = rule.oid + _index(profile, device, rule.index, names)
    return SnmpRow(oid, rule.object, rule.create, rule.change)


def _index(
    profile: Profile, device: Device, template: str, names: Mapping[str, str]
) -> tuple[int, ...]:
    text = fill(template, names)
    parts = [arc for part in text.split(".") for arc in arcs_of(part)]
    if not all(part.isascii() and part.isdecimal() for part in parts):
        raise InputError(
            f"device {device.id}: {text!r} is no index of an SNMP object",
            profile.source,
            hint="instances of this profile are numbers, such as the ifIndex of a port",
        )
    return tuple(int(part) for part in parts)


def arcs_of(part: str) -> list[str]:
    """Six arcs of a MacAddress (RFC 2578 section 7.7, fixed length), or the part as it is."""
    return [str(int(octet, 16)) for octet in part.split(":")] if _MAC.fullmatch(part) else [part]
