"""The YANG leaves of a device, as its profile maps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from controllers.ports import Device
from controllers.profiles.codec import Codec
from controllers.profiles.paths import Key, Step
from controllers.profiles.profile import NetconfMapping, PathStep, Profile, expand, fill
from twin.model.attributes import Value
from twin.model.errors import InputError, ModelError

__all__ = ["NetconfNode", "netconf_nodes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetconfNode:
    """One leaf of one device, or the sum or mean of a leaf over list entries.

    Parameters
    ----------
    path : str
        Attribute path.
    steps : tuple of Step
        YANG path; keys marked `Key.is_any` are every entry for a driver and one entry, with the
        value they carry, for an emulator.
    type : str
        YANG type, for the reader.
    is_writable : bool
        The leaf is configuration (read with get-config), else state (read with get).
    combine : str
        ``sum`` or ``mean`` over the entries found; empty for a plain leaf.
    default : Value or None
        Value of a leaf that is absent although its list entry is there.
    codec : Codec
        Value to text and back.
    identity : tuple of str or None
        Prefix in the profile and namespace of an identity (RFC 7950, section 9.10); None for
        another type.
    """

    path: str
    steps: tuple[Step, ...]
    type: str
    is_writable: bool
    combine: Literal["", "sum", "mean"]
    default: Value | None
    codec: Codec
    identity: tuple[str, str] | None = None

    def encode(self, value: Value) -> str:
        """Turn a value into the text of the leaf; of an identity, the name without a prefix.

        Raises
        ------
        ModelError
            The value has no form on the wire.
        """
        text = str(self.codec.encode(value))
        return text.rpartition(":")[2] if self.identity else text

    def decode(self, texts: Sequence[str]) -> Value | None:
        """Turn the texts found into a value; None if there is none.

        Raises
        ------
        ModelError
            A text means nothing for the attribute, or a plain leaf is there twice.
        """
        if self.identity:  # the prefix is the device's own
            texts = [f"{self.identity[0]}:{text.strip().rpartition(':')[2]}" for text in texts]
        values = [self.codec.decode(text) for text in texts]
        if not self.combine:
            if len(values) > 1:
                raise ModelError(f"{self.path}: the device shows the leaf {len(values)} times")
            return values[0] if values else None
        if not values:
            return self.default
        numbers = [float(value) for value in values]
        total = sum(numbers) / (len(numbers) if self.combine == "mean" else 1)
        return round(total) if self.codec.attribute.type == "int" else total


def netconf_nodes(profile: Profile, device: Device) -> tuple[NetconfNode, ...]:
    """List every leaf of a device.

    Parameters
    ----------
    profile : Profile
        A NETCONF profile.
    device : Device
        The device, with its instances and options.

    Returns
    -------
    tuple of NetconfNode
        In the order of the profile.

    Raises
    ------
    InputError
        The profile is not of NETCONF, or the device lacks an option.
    """
    nodes = []
    for template, path, names in expand(profile, device):
        mapping = profile.attributes[template]
        if not isinstance(mapping, NetconfMapping):
            raise InputError(f"profile {profile.name} is not of NETCONF", profile.source)
        nodes.append(
            NetconfNode(
                path=path,
                steps=tuple(_step(profile, step, names) for step in mapping.steps),
                type=mapping.type,
                is_writable=mapping.codec.attribute.writable,
                combine=mapping.combine,
                default=mapping.default,
                codec=mapping.codec,
                identity=_identity(profile, mapping),
            )
        )
    return tuple(nodes)


def _identity(profile: Profile, mapping: NetconfMapping) -> tuple[str, str] | None:
    if mapping.type != "identityref":
        return None
    prefix = next(iter(mapping.codec.values.values()), "").partition(":")[0]
    return prefix, profile.namespaces.get(prefix, "")


def _step(profile: Profile, step: PathStep, names: Mapping[str, str]) -> Step:
    keys = []
    for leaf, template, is_any in step.keys:
        value, namespace = fill(template, names), ""
        # Only a name from a map may be an identity: the name of an SSID may hold a colon too.
        if template.strip("{}") in profile.maps and ":" in value:
            prefix, _, value = value.partition(":")
            namespace = profile.namespaces.get(prefix, "")
        keys.append(Key(leaf=leaf, value=value, namespace=namespace, is_any=is_any))
    return Step(name=step.name, namespace=step.namespace, keys=tuple(keys))
