"""The members of JSON resources of a device, as its profile maps them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from uuid import NAMESPACE_URL, uuid5

from controllers.ports import Device
from controllers.profiles.codec import Codec
from controllers.profiles.profile import Profile, RestMapping, RestResource, expand, fill, option
from controllers.profiles.shapes import SHAPES, Shape
from twin.model.attributes import Value
from twin.model.errors import InputError, ModelError

__all__ = ["Json", "Resource", "RestItem", "merged", "names_of", "rest_items", "rest_resources"]

Json: TypeAlias = Any
"""What ``json.loads`` makes of a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestItem:
    """One member of a resource of one device.

    Parameters
    ----------
    path : str
        Attribute path.
    resource : str
        Name of the resource in the profile.
    pointer : tuple of str
        Names that lead to the member.
    json_type : str
        JSON type of the member.
    codec : Codec
        Value to text and back.
    """

    path: str
    resource: str
    pointer: tuple[str, ...]
    json_type: Literal["boolean", "integer", "number", "string"]
    codec: Codec

    @property
    def is_writable(self) -> bool:
        """It is configuration."""
        return self.codec.attribute.writable

    def encode(self, value: Value) -> Json:
        """Turn a value into what stands in the JSON.

        Raises
        ------
        ModelError
            The value has no form on the wire.
        """
        text = str(self.codec.encode(value))
        if self.json_type == "boolean":
            return text.lower() == "true"
        if self.json_type == "string":
            return text
        return int(text) if self.json_type == "integer" else float(text)

    def decode(self, found: Json) -> Value:
        """Turn what stands in the JSON into a value.

        Raises
        ------
        ModelError
            It is of another JSON type, or means nothing for the attribute.
        """
        kinds: dict[str, type | tuple[type, ...]] = {
            "boolean": bool, "integer": int, "number": (int, float), "string": str,
        }  # fmt: skip
        is_bool = isinstance(found, bool)
        if not isinstance(found, kinds[self.json_type]) or is_bool != (self.json_type == "boolean"):
            raise ModelError(
                f"{self.path}: the device says {found!r}, which is no {self.json_type}"
            )
        return self.codec.decode(str(found).lower() if is_bool else str(found))

    def find(self, members: Json) -> Json:
        """Return what stands at the member, None if nothing does."""
        here = members
        for name in self.pointer:
            here = here.get(name) if isinstance(here, dict) else None
        return here


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource of one device: its path, how it is changed, and its shape."""

    path: str
    method: Literal["PATCH", "PUT"]
    shape: Shape
    fixed: Mapping[str, str]


def rest_items(profile: Profile, device: Device) -> tuple[RestItem, ...]:
    """List every member a device has.

    Parameters
    ----------
    profile : Profile
        A REST profile.
    device : Device
        The device, with its options.

    Returns
    -------
    tuple of RestItem
        In the order of the profile.

    Raises
    ------
    InputError
        The profile is not of REST, or the device lacks an option.
    """
    items = []
    for template, path, _ in expand(profile, device):
        mapping = profile.attributes[template]
        if not isinstance(mapping, RestMapping):
            raise InputError(f"profile {profile.name} is not of REST", profile.source)
        items.append(
            RestItem(
                path=path,
                resource=mapping.resource,
                pointer=mapping.pointer,
                json_type=mapping.json_type,
                codec=mapping.codec,
            )
        )
    return tuple(items)


def names_of(profile: Profile, device: Device) -> dict[str, str]:
    """Return what templates of paths, headers and queries may name.

    Parameters
    ----------
    profile : Profile
        The profile.
    device : Device
        The device; ``uuid`` is one made of its id, for systems that name devices so.

    Returns
    -------
    dict
        Text by name.
    """
    names = {"device": device.id, "uuid": str(uuid5(NAMESPACE_URL, f"stellwerk:{device.id}"))}
    return names | {name: fill(option(profile, device, name), names) for name in profile.options}


def rest_resources(profile: Profile, device: Device) -> dict[str, Resource]:
    """List the resources of a device by their name in the profile."""
    names = names_of(profile, device)
    return {name: _resource(one, names) for name, one in profile.resources.items()}


def _resource(resource: RestResource, names: Mapping[str, str]) -> Resource:
    return Resource(
        path=fill(resource.path, names),
        method=resource.method,
        shape=SHAPES[resource.shape],
        fixed={name: fill(text, names) for name, text in resource.fixed.items()},
    )


def merged(members: Json, items: Iterable[tuple[RestItem, Json]]) -> dict[str, Json]:
    """Put members into a copy of a JSON object, making the objects on the way.

    Parameters
    ----------
    members : object
        The JSON object; anything else counts as an empty one.
    items : iterable of tuple
        Each member and what shall stand there.

    Returns
    -------
    dict
        The new object.
    """
    result: dict[str, Json] = dict(members) if isinstance(members, dict) else {}
    for item, wanted in items:
        here = result
        for name in item.pointer[:-1]:
            inner = here.get(name)
            here[name] = dict(inner) if isinstance(inner, dict) else {}
            here = here[name]
        here[item.pointer[-1]] = wanted
    return result
