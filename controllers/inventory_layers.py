"""What a device gets from the defaults, its groups, its role and itself, and where each stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from controllers.inventory_file import DeviceFile, GroupFile, LayerFile
from controllers.selection import near_miss
from twin.model.quote import quoted
from twin.model.safe import Document

__all__ = ["Layers", "Merged", "Place", "Placed"]

_WORDS = (
    "kind",
    "profile",
    "host",
    "port",
    "username",
    "known_hosts",
    "site",
    "origin",
    "upstream",
)
_TABLES = ("secrets", "instances", "options", "vars")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a file and the keys to it."""

    document: Document
    keys: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """A part of an inventory file, and where it stands."""

    file: LayerFile
    place: Place


@dataclass(slots=True)
class Merged:
    """Values by field, and the place of each; tables are merged entry by entry.

    Parameters
    ----------
    values : dict
        Value by field; a table is a mapping.
    places : dict
        Place by field, or by field and entry of a table.
    """

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[tuple[str, ...], Place] = field(default_factory=dict)

    def over(self, layer: Placed) -> Merged:
        """Lay a layer over this one; what the layer does not say stays, and is shared."""
        values, places = dict(self.values), dict(self.places)
        file, place = layer.file, layer.place
        for name in _WORDS:
            value = getattr(file, name)
            if value is not None:
                values[name] = value
                places[(name,)] = Place(place.document, (*place.keys, name))
        for name in _TABLES:
            table = getattr(file, name)
            if table:
                values[name] = {**values.get(name, {}), **table}
                for key in table:
                    places[(name, key)] = Place(place.document, (*place.keys, name, key))
        return Merged(values, places)

    def place(self, default: Place, *names: str) -> Place:
        """Find where a value stands; where it stands nowhere, the default."""
        return self.places.get(names, default)


class Layers:
    """The defaults, groups and roles of an inventory, and what they make of a device.

    Parameters
    ----------
    defaults : Placed
        What holds unless a group, role or device says otherwise.
    groups, roles : mapping
        By name.

    Raises
    ------
    InputError
        A group is in itself, or in one that is not there.
    """

    def __init__(
        self, defaults: Placed, groups: Mapping[str, Placed], roles: Mapping[str, Placed]
    ) -> None:
        self._groups = groups
        self._roles = roles
        self._base = Merged().over(defaults)
        self._orders: dict[str, tuple[str, ...]] = {}
        self._made: dict[tuple[tuple[str, ...], str], Merged] = {}
        for name in groups:
            self._order(name, ())

    def of(self, device: DeviceFile, place: Place) -> tuple[Merged, tuple[str, ...]]:
        """Merge what holds for a device.

        Parameters
        ----------
        device : DeviceFile
            Its entry.
        place : Place
            Where that stands.

        Returns
        -------
        merged : Merged
            Its values.
        groups : tuple of str
            Its groups, the outer ones first.

        Raises
        ------
        InputError
            It names a group or role that is not there.
        """
        groups = self._all_of(device.groups, place)
        key = (groups, device.role)
        made = self._made.get(key)
        if made is None:
            made = self._base
            for name in groups:
                made = made.over(self._groups[name])
            if device.role:
                made = made.over(_known(self._roles, device.role, "role", place, "role"))
            self._made[key] = made
        return made.over(Placed(device, place)), groups

    def _all_of(self, names: Iterable[str], place: Place) -> tuple[str, ...]:
        """List groups with those they are in, outer ones first, each once."""
        found: dict[str, None] = {}
        for i, name in enumerate(names):
            _known(self._groups, name, "group", place, "groups", i)
            found |= dict.fromkeys(self._order(name, ()))
        return tuple(found)

    def _order(self, name: str, above: tuple[str, ...]) -> tuple[str, ...]:
        known = self._orders.get(name)
        if known is not None:
            return known
        group = self._groups[name]
        outer = group.file.groups if isinstance(group.file, GroupFile) else []
        found: dict[str, None] = {}
        for i, other in enumerate(outer):
            keys = (*group.place.keys, "groups", i)
            _known(self._groups, other, "group", group.place, "groups", i)
            if other in (*above, name):
                chain = (*above, name)[(*above, name).index(other) :]
                raise group.place.document.error(
                    f"group {other} is in itself: {self._chain((*chain, other))}",
                    *keys,
                    hint="take one of them out of the other",
                )
            found |= dict.fromkeys(self._order(other, (*above, name)))
        order = (*found, name)
        self._orders[name] = order
        return order

    def _chain(self, names: tuple[str, ...]) -> str:
        parts = []
        for name in names:
            place = self._groups[name].place
            mark = place.document.mark(*place.keys)
            parts.append(f"{name} (line {mark.key_line or mark.line})")
        return " -> ".join(parts)


def _known(
    known: Mapping[str, Placed], name: str, what: str, place: Place, *keys: str | int
) -> Placed:
    if name not in known:
        raise place.document.error(
            f"unknown {what} {quoted(name)}",
            *place.keys, *keys,
            hint=near_miss(name, known),
        )  # fmt: skip
    return known[name]
