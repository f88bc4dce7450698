"""Checks what a CLI profile says of an attribute and makes its mapping."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from controllers.profiles.codec import Codec
from controllers.profiles.profile import CliMapping
from twin.model.errors import ModelError

if TYPE_CHECKING:
    from controllers.profiles.schema import (
        CliAttributeFile,
        CliFile,
        NetconfFile,
        SnmpFile,
    )

__all__ = ["ABSENT", "CLI_TEMPLATES", "PRESENT", "VALUE_NAMES", "cli_mapping"]

PRESENT, ABSENT = "present", "absent"
"""What `values` of an attribute call a line that stands in the configuration, or does not."""

CLI_TEMPLATES = ("key", "command", "section", "line", "undo", "output", "around")
"""Fields of an attribute that may hold names in braces."""

VALUE_NAMES: Mapping[str, set[str]] = MappingProxyType(
    {name: {"value"} for name in ("line", "undo", "output", "around")}
)
"""Names in braces that stand for the value."""

_BY_LINE = ("vtysh", "vrp5", "vrp8")


def cli_mapping(
    file: CliFile | SnmpFile | NetconfFile, entry: CliAttributeFile, codec: Codec
) -> CliMapping:
    """Make the mapping of one attribute of a CLI profile.

    Parameters
    ----------
    file : CliFile
        The profile; its dialect says how values are written.
    entry : CliAttributeFile
        What it says of the attribute.
    codec : Codec
        Value to text and back.

    Returns
    -------
    CliMapping
        The mapping.

    Raises
    ------
    ModelError
        Two ways to the value or none, a way the dialect does not have, or a bad pattern.
    """
    dialect = getattr(file, "dialect", "file")
    ways = [name for name in ("key", "line", "command") if getattr(entry, name)]
    if len(ways) != 1:
        raise ModelError("give one of key, line and command")
    way = ways[0]
    if way == "command" and codec.attribute.writable:
        raise ModelError("a command only reads: a writable attribute needs a key or line")
    if (way == "line") != (dialect in _BY_LINE) and way != "command":
        raise ModelError(f"dialect {dialect} has no {way}")
    _check_line(entry, codec)
    _check_pattern(entry.pattern)
    if bool(entry.pattern) != bool(entry.output):
        raise ModelError("pattern reads what output shows: give both or none")
    if entry.around and entry.around.count("{value}") != 1:
        raise ModelError("around needs {value} once")
    return CliMapping(
        key=entry.key,
        command=entry.command,
        codec=codec,
        section=entry.section,
        line=entry.line,
        undo=entry.undo,
        absent=entry.absent,
        pattern=entry.pattern,
        output=entry.output,
        around=entry.around,
        verified=entry.verified,
        note=entry.note,
    )


def _check_line(entry: CliAttributeFile, codec: Codec) -> None:
    if not entry.line or "{value}" in entry.line:
        return
    if set(codec.values.values()) != {PRESENT, ABSENT}:
        raise ModelError(f"a line without {{value}} needs values {PRESENT} and {ABSENT}")


def _check_pattern(pattern: str) -> None:
    try:
        n_groups = re.compile(pattern).groups
    except re.error as err:
        raise ModelError(f"pattern {pattern!r} is no regular expression: {err}") from err
    if pattern and n_groups != 1:
        raise ModelError(f"pattern {pattern!r} needs one group, the value")
