"""What a profile maps on a command line: keys of a file, lines of a configuration, outputs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from controllers.ports import Device
from controllers.profiles.cli_mapping import ABSENT, PRESENT
from controllers.profiles.codec import Codec
from controllers.profiles.profile import CliMapping, Profile, expand, fill
from twin.model.attributes import Value
from twin.model.errors import InputError, ModelError

__all__ = ["CliItem", "cli_items"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CliItem:
    """One attribute of one device.

    Parameters
    ----------
    path : str
        Attribute path.
    key : str
        Key of a ``key=value`` file or a uci option; empty for another way.
    command : str
        Command whose output tells the value; empty for another way.
    pattern : str
        Regular expression with one group, the value in that output; empty takes all of it.
    output : str
        The line of that output as an emulator prints it, with ``{value}`` in it.
    section : str
        Line of the configuration that opens the section; empty for the top.
    line : str
        Line of the configuration with ``{value}`` in it, or a line that itself is the value.
    undo : str
        Line that takes it away, if it is not the dialect's own form of that; ``{value}`` in it
        is the old value.
    absent : str or None
        Text that a missing line or key stands for; None if it must be there.
    around : str
        Text with ``{value}`` in it that stands on the wire for the value; empty for the value.
    is_writable : bool
        The attribute is configuration.
    codec : Codec
        Value to text and back.
    """

    path: str
    key: str
    command: str
    is_writable: bool
    codec: Codec
    pattern: str = ""
    output: str = ""
    section: str = ""
    line: str = ""
    undo: str = ""
    absent: str | None = None
    around: str = ""

    def encode(self, value: Value) -> str:
        """Turn a value into its text on the wire.

        Raises
        ------
        ModelError
            The value has no form there.
        """
        text = str(self.codec.encode(value))
        return self.around.replace("{value}", text) if self.around else text

    def decode(self, text: str) -> Value:
        """Turn the text into a value.

        Raises
        ------
        ModelError
            It means nothing for the attribute.
        """
        if self.around:
            before, _, after = self.around.partition("{value}")
            if not (text.startswith(before) and text.endswith(after)):
                raise ModelError(f"{self.path}: the device says {text!r}, not {self.around!r}")
            text = text[len(before) : len(text) - len(after)]
        return self.codec.decode(text)

    @property
    def stem(self) -> str:
        """Words of the line before the value."""
        return self.line.partition("{value}")[0].strip()

    @property
    def is_flag(self) -> bool:
        """Whether the line itself is the value."""
        return bool(self.line) and "{value}" not in self.line

    def text_in(self, lines: tuple[str, ...]) -> str | None:
        """Find the text of the value among the lines of its section.

        Parameters
        ----------
        lines : tuple of str
            Lines without their indentation.

        Returns
        -------
        str or None
            The text; None if the line is missing and must be there. Of several the last counts.
        """
        if self.is_flag:
            return PRESENT if self.line in lines else ABSENT
        stem = f"{self.stem} "
        found = [line[len(stem) :] for line in lines if line.startswith(stem)]
        return found[-1] if found else self.absent

    def line_for(self, text: str, old: str | None, negation: str) -> str:
        """Spell the line that brings the section to a text.

        Parameters
        ----------
        text : str
            Text of the value.
        old : str or None
            Text the section has.
        negation : str
            Word of the dialect that takes a line away, such as ``no``.
        """
        is_gone = text == (ABSENT if self.is_flag else self.absent)
        if not is_gone:
            return self.line.replace("{value}", text)
        return self.undo.replace("{value}", old or "") or f"{negation} {self.stem}"

    def text_of_output(self, output: str) -> str | None:
        """Find the text of the value in what its command printed; None if it is not there."""
        if not self.pattern:
            return output.strip()
        match = re.search(self.pattern, output, re.MULTILINE)
        return match[1] if match else None


def cli_items(profile: Profile, device: Device) -> tuple[CliItem, ...]:
    """List every attribute of a device.

    Parameters
    ----------
    profile : Profile
        A CLI profile.
    device : Device
        The device, with its instances and options.

    Returns
    -------
    tuple of CliItem
        In the order of the profile.

    Raises
    ------
    InputError
        The profile is not of a CLI, or two attributes meet in one key or line.
    """
    items: list[CliItem] = []
    places: dict[tuple[str, str], str] = {}
    for template, path, names in expand(profile, device):
        mapping = profile.attributes[template]
        if not isinstance(mapping, CliMapping):
            raise InputError(f"profile {profile.name} is not of a CLI", profile.source)
        item = CliItem(
            path=path,
            key=fill(mapping.key, names),
            command=fill(mapping.command, names),
            is_writable=mapping.codec.attribute.writable,
            codec=mapping.codec,
            pattern=mapping.pattern,
            output=fill(mapping.output, names),
            section=fill(mapping.section, names),
            line=fill(mapping.line, names),
            undo=fill(mapping.undo, names),
            absent=mapping.absent,
            around=fill(mapping.around, names),
        )
        place = (item.section, item.line or item.key)
        if place[1] and place in places:
            raise InputError(
                f"device {device.id}: {path} and {places[place]} are the same key {place[1]!r}",
                hint="give a host with several radios one inventory entry and file per radio",
            )
        places[place] = path
        items.append(item)
    return tuple(items)
