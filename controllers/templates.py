"""Fills ``${name}`` in texts of inventories and intents: values by name, and no code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from controllers.ports import Device
from controllers.selection import near_miss
from twin.model.attributes import Value
from twin.model.errors import ModelError
from twin.model.quote import quoted

__all__ = ["DEVICE_FIELDS", "escaped", "expanded", "has_names", "lookup_in", "variables_of"]

DEVICE_FIELDS = ("id", "kind", "profile", "host", "site", "role", "upstream", "username")
"""What a text may name of every device without a variable."""

_SIGN = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_MAX_CHARACTERS = 10_000
_MAX_DEPTH = 20

Lookup = Callable[[str], Value]


def has_names(text: str) -> bool:
    """Say whether a text has anything to fill in, an escape included."""
    return "${" in text


def expanded(text: str, lookup: Lookup) -> Value:
    """Fill the names of a text.

    Parameters
    ----------
    text : str
        ``${name}`` stands for the value of that name, ``$${`` for the two signs themselves.
    lookup : callable
        Gives the value of a name.

    Returns
    -------
    Value
        Text; a text that is one name and nothing else has the type of its value.

    Raises
    ------
    ModelError
        A name is unknown or malformed, or the result is longer than 10,000 characters.
    """
    parts: list[str] = []
    end = 0
    for match in _SIGN.finditer(text):
        parts.append(text[end : match.start()])
        end = match.end()
        if match[0] == "$${":
            parts.append("${")
            continue
        name = match[1]
        if name is None or not _NAME.fullmatch(name):
            raise ModelError(
                f"{quoted(match[0] + text[end : end + 20])} is no variable; write ${{name}} with "
                "small letters, digits and _, or $${ for the signs themselves"
            )
        value = lookup(name)
        if match[0] == text:
            return value
        parts.append(str(value).lower() if isinstance(value, bool) else str(value))
    parts.append(text[end:])
    result = "".join(parts)
    if len(result) > _MAX_CHARACTERS:
        raise ModelError(f"more than {_MAX_CHARACTERS} characters with its variables filled in")
    return result


def escaped(text: str) -> str:
    """Write a text so that filling it gives it back."""
    return text.replace("${", "$${")


def lookup_in(values: Mapping[str, Value]) -> Lookup:
    """Make a lookup of variables that may name each other.

    Parameters
    ----------
    values : mapping
        Value by name; texts in it are filled too.

    Returns
    -------
    callable
        Raises `ModelError` for a name that is unknown, or that needs itself.
    """

    def looked_up(name: str, above: tuple[str, ...] = ()) -> Value:
        if name not in values:
            raise ModelError(f"unknown variable {quoted(name)}; {near_miss(name, values)}")
        if name in above or len(above) >= _MAX_DEPTH:
            raise ModelError(f"variable {name} needs itself: {' -> '.join((*above, name))}")
        value = values[name]
        if isinstance(value, str) and has_names(value):
            return expanded(value, lambda inner: looked_up(inner, (*above, name)))
        return value

    return looked_up


def variables_of(device: Device, more: Iterable[tuple[str, Value]] = ()) -> Mapping[str, Value]:
    """Name everything that an intent may name of a device.

    Parameters
    ----------
    device : Device
        The device.
    more : iterable of (str, Value)
        What goes before its own variables.

    Returns
    -------
    mapping
        Value by name.
    """
    fields: dict[str, Value] = {name: str(getattr(device, name)) for name in DEVICE_FIELDS}
    return MappingProxyType({**device.vars, **dict(more), **fields})
