"""Adopts what devices are into an intent file: the value is replaced where it stands.

The file keeps its comments and its order. A value that an intent gives to many devices is replaced
only if all of them have moved to the same new one; anything else is named and left to a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from controllers.drift import Drift
from controllers.intent import Intent, Want
from controllers.plan_words import counted, some_of
from controllers.templates import escaped, has_names
from controllers.verify import same
from twin.model.attributes import Value
from twin.model.errors import InputError
from twin.model.quote import quoted
from twin.model.safe import dump_yaml, parse_yaml

__all__ = ["Adoption", "adopted"]

_Keys = tuple[str | int, ...]
_ENDS = (
    re.compile(r'"(?:[^"\\]|\\.)*"'),
    re.compile(r"'(?:[^']|'')*'"),
    re.compile(r"[^,\]}#\n]*[^,\]}#\n ]"),
    re.compile(r"[^#\n]*[^#\n ]"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What became of the wish to adopt.

    Parameters
    ----------
    text : str
        The intent file with the adopted values.
    taken : tuple of Drift
        Drift that is none any more with it.
    refused : tuple of str
        What was not adopted, and why.
    """

    text: str
    taken: tuple[Drift, ...]
    refused: tuple[str, ...]


def adopted(
    intent: Intent,
    text: str,
    wants: Mapping[str, Mapping[str, Want]],
    kinds: Mapping[str, str],
    drifts: Sequence[Drift],
) -> Adoption:
    """Put the values that devices have into the intent.

    Parameters
    ----------
    intent : Intent
        As it was read from `text`.
    text : str
        Content of the intent file.
    wants : mapping
        From `controllers.intent.resolve`.
    kinds : mapping
        Kind by device id.
    drifts : sequence of Drift
        What to adopt.

    Returns
    -------
    Adoption
        The new text; the file itself is not touched.
    """
    found = {(drift.device, drift.path): drift for drift in drifts}
    taken: list[Drift] = []
    refused = [
        f"{drift.device} {drift.path}: the intent says nothing of it; add it there"
        for drift in drifts
        if drift.path not in wants.get(drift.device, {})
    ]
    for (i_change, path, wanted), devices in _wishes(wants).items():
        moved = [found[device, path] for device in devices if (device, path) in found]
        if not moved:
            continue
        reason = _why_not(intent, i_change, devices, moved, kinds)
        new = None if reason else _replaced(intent, text, i_change, path, wanted, moved[0].found)
        if new is None:
            reason = reason or f"change {intent.changes[i_change].name!r}: edit {path} by hand"
            refused.append(reason)
        else:
            text = new
            taken += moved
    return Adoption(text=text, taken=tuple(taken), refused=tuple(refused))


def _wishes(
    wants: Mapping[str, Mapping[str, Want]],
) -> dict[tuple[int, str, Value], list[str]]:
    """Devices by the value of the file that is meant for them."""
    wishes: dict[tuple[int, str, Value], list[str]] = {}
    for device, of_device in wants.items():
        for path, want in of_device.items():
            wishes.setdefault((want.i_change, path, want.value), []).append(device)
    return wishes


def _why_not(
    intent: Intent,
    i_change: int,
    devices: Sequence[str],
    moved: Sequence[Drift],
    kinds: Mapping[str, str],
) -> str:
    name, path = intent.changes[i_change].name, moved[0].path
    if _has_variables(intent, i_change, path):
        return f"change {name!r}: {path} is wanted by variables; edit it or the inventory by hand"
    stayed = sorted(set(devices) - {drift.device for drift in moved})
    if stayed:
        return (
            f"change {name!r}: {path} has moved on {counted(len(moved), 'device')} and not on "
            f"{some_of(stayed, 3)}; split the change"
        )
    if any(drift.found is None for drift in moved):
        return f"change {name!r}: {moved[0].device} does not show {path}"
    first = moved[0].found
    others = [
        drift
        for drift in moved
        if first is not None
        and drift.found is not None
        and not same(kinds[drift.device], path, first, drift.found)
    ]
    if others:
        return (
            f"change {name!r}: {path} is {quoted(first)} on {moved[0].device} and "
            f"{quoted(others[0].found)} on {others[0].device}; split the change"
        )
    return ""


def _has_variables(intent: Intent, i_change: int, path: str) -> bool:
    """Say whether what stands in the file is filled in for each device: no value replaces that."""
    change = intent.changes[i_change]
    wishes = (change.set.get(path), *change.cycle.get(path, ()))
    return any(isinstance(wish, str) and has_names(wish) for wish in wishes)


def _replaced(
    intent: Intent, text: str, i_change: int, path: str, wanted: Value, value: Value | None
) -> str | None:
    """Replace one scalar where it stands; None if the file does not allow it."""
    value = escaped(value) if isinstance(value, str) else value
    for keys in _places(intent, i_change, path, wanted):
        try:
            document = parse_yaml(text, intent.document.source)
        except InputError:
            return None
        mark = document.mark(*keys)
        lines = text.splitlines(keepends=True)
        start = sum(map(len, lines[: mark.line - 1])) + mark.column - 1
        expected = _with(document.data, keys, value)
        scalar = dump_yaml([value])[2:].rstrip("\n")
        for end in _ENDS:
            match = end.match(text, start)
            if match is None:
                continue
            new = text[:start] + scalar + text[match.end() :]
            if _holds(new, expected):
                text = new
                break
        else:
            return None
    return text


def _places(intent: Intent, i_change: int, path: str, wanted: Value) -> Iterator[_Keys]:
    """Where in the file the value of a wish stands."""
    change = intent.changes[i_change]
    if path in change.set:
        yield ("changes", i_change, "set", path)
        return
    for k, value in enumerate(change.cycle.get(path, ())):
        if value == wanted:
            yield ("changes", i_change, "cycle", path, k)


def _with(data: object, keys: _Keys, value: object) -> object:
    """Copy plain data with one value replaced, there only: what an alias shares stays as it is."""
    if not keys:
        return value
    if isinstance(data, dict):
        return {k: _with(v, keys[1:], value) if k == keys[0] else v for k, v in data.items()}
    if isinstance(data, list):
        return [_with(v, keys[1:], value) if k == keys[0] else v for k, v in enumerate(data)]
    return data


def _holds(text: str, expected: object) -> bool:
    try:
        return bool(parse_yaml(text, "adopted").data == expected)
    except InputError:
        return False
