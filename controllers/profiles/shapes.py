"""What surrounds the members of a JSON resource: nothing, TALQ attributes, a TALQ control program.

References
----------
.. [1] TALQ Specification, data model (BSD-3-Clause): Function, Attribute, ControlProgramOne.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from twin.model.errors import ModelError

__all__ = ["SHAPES", "Shape"]

_NOON_MIN = 720
_DAY_MIN = 1440
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d):00(?:\.0+)?")
_TYPES = {str: "AttributeString", bool: "AttributeBoolean", int: "AttributeInteger"}


@dataclass(frozen=True, slots=True)
class Shape:
    """How a resource is read into its members and written from them.

    Parameters
    ----------
    read : callable
        The members of what the device sent; `ModelError` if it is of another shape.
    write : callable
        The body to send, of its members.
    is_whole : bool
        It can only be written with all of its members.
    """

    read: Callable[[Any], dict[str, Any]]
    write: Callable[[Mapping[str, Any]], dict[str, Any]]
    is_whole: bool = False


def _plain(body: Any) -> dict[str, Any]:  # noqa: ANN401
    if not isinstance(body, dict):
        raise ModelError(f"the device sent {type(body).__name__} where a JSON object is due")
    return body


def _read_function(body: Any) -> dict[str, Any]:  # noqa: ANN401
    """Read a TALQ function: each attribute is an object with its type and value."""
    members = {}
    for name, found in _plain(body).items():
        members[name] = found["value"] if isinstance(found, dict) and "value" in found else found
    return members


def _write_function(members: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: found
        if name in ("id", "type")
        else {"type": _TYPES.get(type(found), "AttributeFloat"), "value": found}
        for name, found in members.items()
    }


def _read_program(body: Any) -> dict[str, Any]:  # noqa: ANN401
    """Read normal level, night level and night window out of the fixed times of a program.

    What burns at noon is the normal level: no lamp shows it, so the entry at 12:00 tells which of
    the two others begins the night.
    """
    rest = dict(_plain(body))
    entries = rest.pop("fixedTimeControls", None)
    try:
        levels = {_minute(one["startTime"]): _level(one["command"]) for one in entries or ()}
    except (KeyError, TypeError, ModelError) as err:
        raise ModelError(f"its control program is not one of levels by the clock: {err}") from err
    times = sorted(levels)
    later = [t for t in times if t > _NOON_MIN] + [t for t in times if t < _NOON_MIN]
    if len(levels) != len(entries or ()) or _NOON_MIN not in levels or len(later) != 2:
        raise ModelError("its control program is not of a night, a day and an entry at noon")
    start, end = later
    if levels[end] != levels[_NOON_MIN]:
        raise ModelError("its control program has a third level between night and noon")
    night = {"start": start, "end": end, "level": levels[start]}
    return {**rest, "normal": levels[_NOON_MIN], "night": night}


def _write_program(members: Mapping[str, Any]) -> dict[str, Any]:
    rest = dict(members)
    normal, night = rest.pop("normal"), rest.pop("night")
    start, end = night["start"], night["end"]
    if (
        len({start, end, _NOON_MIN}) < 3
        or (start - _NOON_MIN) % _DAY_MIN > (end - _NOON_MIN) % _DAY_MIN
    ):
        raise ModelError(
            f"a night from {_clock(start)} to {_clock(end)} holds noon or nothing; a control "
            "program needs a night that begins after noon and ends before the next"
        )
    levels = {start: night["level"], end: normal, _NOON_MIN: normal}
    return {
        **rest,
        "fixedTimeControls": [
            {"startTime": _clock(minute), "command": {"state": {"level": levels[minute]}}}
            for minute in sorted(levels)
        ],
    }


def _minute(text: str) -> int:
    found = _TIME.fullmatch(text)
    if found is None:
        raise ModelError(f"{text!r} is no time of full minutes")
    return 60 * int(found[1]) + int(found[2])


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}:00"


def _level(command: Mapping[str, Any]) -> int:
    level = command["state"]["level"]
    if isinstance(level, bool) or not isinstance(level, int):
        raise ModelError(f"level {level!r} is no number")
    return level


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "": Shape(_plain, dict),
        "talq-function": Shape(_read_function, _write_function),
        "talq-night-program": Shape(_read_program, _write_program, is_whole=True),
    }
)
"""Shapes by the name a profile gives them."""
