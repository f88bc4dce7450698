"""Reads what OpenWrt's ``uci`` and ``ubus`` print: configuration files, staged changes, JSON.

References
----------
.. [1] OpenWrt, "UCI (Unified Configuration Interface)": file syntax and command line.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from twin.model.errors import ModelError

__all__ = ["call_of", "documents", "options_of", "staged_of"]

_N_WORDS = 3


def options_of(package: str, text: str) -> dict[str, str]:
    """Read the options of a configuration file.

    Parameters
    ----------
    package : str
        Name of the file, such as ``wireless``.
    text : str
        Its text; sections without a name cannot be addressed and are passed over.

    Returns
    -------
    dict
        Value by ``package.section.option``.

    Raises
    ------
    ModelError
        A line is no uci.
    """
    values: dict[str, str] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        try:
            words = shlex.split(line, comments=True)
        except ValueError as err:
            raise ModelError(f"{package}:{number}: {err}") from err
        if not words:
            continue
        if words[0] == "config":
            section = words[2] if len(words) >= _N_WORDS else ""
        elif words[0] == "option" and len(words) == _N_WORDS:
            if section:
                values[f"{package}.{section}.{words[1]}"] = words[2]
        elif words[0] != "list":
            raise ModelError(f"{package}:{number}: {words[0]!r} is no word of uci")
    return values


def staged_of(text: str) -> dict[str, str]:
    """Read what ``uci changes`` prints.

    Returns
    -------
    dict
        New value by key; a line that sets no option stands for itself.
    """
    staged: dict[str, str] = {}
    for line in text.splitlines():
        key, sign, value = line.strip().partition("=")
        if not key:
            continue
        try:
            words = shlex.split(value)
        except ValueError:
            words = []
        is_option = sign and len(words) == 1 and not key.startswith(("-", "+", "@"))
        staged[key if is_option else line.strip()] = words[0] if is_option else ""
    return staged


def call_of(target: str, method: str, arguments: Mapping[str, Any]) -> str:
    """Spell a call of ubus for the shell."""
    return f"ubus call {target} {method} {shlex.quote(json.dumps(arguments))}"


def documents(text: str) -> Iterator[dict[str, Any]]:
    """Read the JSON documents that ubus prints one after the other.

    Raises
    ------
    ModelError
        Something else stands there.
    """
    decoder = json.JSONDecoder()
    rest = text.strip()
    while rest:
        try:
            found, end = decoder.raw_decode(rest)
        except ValueError as err:
            raise ModelError(f"ubus printed {rest[:60]!r}, which is no JSON") from err
        if not isinstance(found, dict):
            raise ModelError(f"ubus printed {rest[:60]!r}, which is no JSON object")
        yield found
        rest = rest[end:].strip()
