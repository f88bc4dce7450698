"""Lines of a router's configuration and the attributes they set, from the profile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from controllers.profiles import CliItem
from controllers.profiles.cli_mapping import ABSENT, PRESENT
from twin.model.attributes import Value, check_value

__all__ = ["LineMap", "UnknownLine", "shown"]


class UnknownLine(Exception):
    """No attribute of the device is set by this line."""


class LineMap:
    """What the lines of one device mean.

    Parameters
    ----------
    kind : str
        Kind of the device.
    items : iterable of CliItem
        Attributes that lines set or show.
    negation : str
        Word that takes a line away.
    """

    def __init__(self, kind: str, items: Iterable[CliItem], negation: str) -> None:
        self._kind = kind
        self._items = tuple(items)
        self._negation = negation
        self.sections = tuple(dict.fromkeys(item.section for item in self._items if item.section))

    def meaning(self, section: str, line: str) -> tuple[str, Value]:
        """Find what a line sets.

        Parameters
        ----------
        section : str
            Where it was typed; empty for the top.
        line : str
            The line.

        Returns
        -------
        path, value
            The attribute and its new value.

        Raises
        ------
        UnknownLine
            No attribute that can be set here has such a line.
        ModelError
            The value is none of the attribute.
        """
        for item in self._items:
            if item.section != section or not item.is_writable:
                continue
            text = self._text(item, line)
            if text is not None:
                return item.path, check_value(self._kind, item.path, item.decode(text))
        raise UnknownLine(line)

    def _text(self, item: CliItem, line: str) -> str | None:
        gone = ABSENT if item.is_flag else item.absent
        if gone is not None and self._is_undo(item, line):
            return gone
        if item.is_flag:
            return PRESENT if line == item.line else None
        stem = f"{item.stem} "
        return line[len(stem) :] if line.startswith(stem) else None

    def _is_undo(self, item: CliItem, line: str) -> bool:
        if item.undo:
            stem, has_value, _ = item.undo.partition("{value}")
            return line.startswith(stem) if has_value else line == item.undo
        undo = f"{self._negation} {item.stem}"
        return line == undo or line.startswith(f"{undo} ")

    def render(self, values: Mapping[str, Value], mark: str) -> Iterator[str]:
        """Write the configuration of some values.

        Parameters
        ----------
        values : mapping
            Value by path.
        mark : str
            Line between sections.

        Yields
        ------
        str
            Lines.
        """
        for section in ("", *self.sections):
            lines = [line for item in self._items if item.section == section
                     for line in self._written(item, values)]  # fmt: skip
            if section:
                yield section
            yield from (f" {line}" if section else line for line in lines)
            if section or lines:
                yield mark

    def _written(self, item: CliItem, values: Mapping[str, Value]) -> Iterator[str]:
        if not item.line or item.path not in values:
            return
        text = item.encode(values[item.path])
        if text != (ABSENT if item.is_flag else item.absent):
            yield item.line.replace("{value}", text)

    def outputs(self, command: str) -> tuple[CliItem, ...]:
        """List the attributes that a command shows."""
        return tuple(item for item in self._items if item.command and item.command == command)


def shown(items: Iterable[CliItem], values: Mapping[str, Value]) -> str:
    """Print what a command shows of some attributes."""
    lines = [item.output.replace("{value}", item.encode(values[item.path])) for item in items]
    return "".join(f"{line}\n" for line in lines)
