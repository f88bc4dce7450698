"""Reads the configuration a router shows, and finds the lines that bring it to other values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from controllers.profiles import CliItem

__all__ = ["Config", "foreign_lines", "lines_towards", "parsed_config", "texts_in"]

Config: TypeAlias = Mapping[str, tuple[str, ...]]
"""Lines without indentation by the line that opens their section; the top is under ``""``."""

_CLOSING = ("exit", "end", "return", "exit-vrf", "exit-address-family")


def parsed_config(text: str) -> Config:
    """Split a configuration into its sections.

    Parameters
    ----------
    text : str
        What ``show running-config`` or ``display current-configuration`` printed: sections begin
        in the first column, their lines are indented, ``!`` and ``#`` are comments.

    Returns
    -------
    Config
        Lines by section.
    """
    sections: dict[str, list[str]] = {"": []}
    section = ""
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith(("!", "#")):
            section = ""
        elif raw[0].isspace():
            sections.setdefault(section, []).append(line)
        elif line in _CLOSING:
            section = ""
        else:
            section = line
            sections[""].append(line)
            sections.setdefault(line, [])
    return {name: tuple(lines) for name, lines in sections.items()}


def texts_in(config: Config, items: Iterable[CliItem]) -> dict[str, str]:
    """Find the text of each value, by path; one that is not there is left out."""
    found = {item.path: item.text_in(config.get(item.section, ())) for item in items}
    return {path: text for path, text in found.items() if text is not None}


def lines_towards(
    config: Config, wanted: Mapping[str, str], items: Iterable[CliItem], negation: str
) -> list[tuple[str, str]]:
    """List the lines that bring a configuration to other values, with their sections.

    Parameters
    ----------
    config : Config
        What the device has.
    wanted : mapping
        Text of each value by path.
    items : iterable of CliItem
        Where the values stand.
    negation : str
        Word of the dialect that takes a line away.

    Returns
    -------
    list of tuple of str
        Section and line; empty if the configuration has all values.
    """
    towards = []
    for item in items:
        has, text = item.text_in(config.get(item.section, ())), wanted[item.path]
        if has != text:
            towards.append((item.section, item.line_for(text, has, negation)))
    # The top first: from inside a section not every command line finds the way back.
    sections = ["", *dict.fromkeys(section for section, _ in towards)]
    return sorted(towards, key=lambda one: sections.index(one[0]))


def foreign_lines(config: Config, ours: Iterable[CliItem]) -> frozenset[tuple[str, str]]:
    """List the lines of a configuration that have nothing to do with some attributes.

    Parameters
    ----------
    config : Config
        The configuration.
    ours : iterable of CliItem
        The attributes.

    Returns
    -------
    frozenset of tuple of str
        Section and line.
    """
    stems: dict[str, list[str]] = {}
    for item in ours:
        stems.setdefault(item.section, []).append(item.line if item.is_flag else f"{item.stem} ")
        # A section can come and go with its last line.
        stems.setdefault("", []).append(item.section or item.stem)
    return frozenset(
        (section, line)
        for section, lines in config.items()
        for line in lines
        if not any(line == stem or (stem[-1:] == " " and line.startswith(stem))
                   for stem in stems.get(section, ()))
    )  # fmt: skip
