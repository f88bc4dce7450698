"""A parsed text that still knows where each value stands, so that errors can point at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from twin.model.errors import InputError

__all__ = ["Document", "Mark", "Marks"]


class Mark(NamedTuple):
    """Where a value and its key stand, lines and columns from 1."""

    line: int
    column: int
    key_line: int
    key_column: int


_START = Mark(1, 1, 1, 1)

Marks = Mapping[int, Mapping[str | int, Mark]]
"""By `id` of a container: the mark of each of its members; shared aliases share their marks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a text holds, with positions.

    Parameters
    ----------
    data : dict, list, str, int, float, bool or None
        The content; keys of a dict are always text. Treat it as read only: `parse_model` gives
        it its shape.
    source : str
        Name of the file, for messages.
    root : Mark
        Where the outermost value stands.
    marks : mapping
        Positions of members by `id` of their container.
    """

    data: Any  # shapeless until a model has checked it
    source: str
    root: Mark = _START
    marks: Marks = field(default_factory=dict, repr=False)

    def mark(self, *keys: str | int) -> Mark:
        """Find where a value stands.

        Parameters
        ----------
        *keys : str or int
            Keys and indices from the root. A part that the data does not have is passed over, so
            that the mark is that of the nearest container.

        Returns
        -------
        Mark
            Its position.
        """
        here, value = self.root, self.data
        for key in self.existing(*keys):
            here, value = self.marks[id(value)][key], value[key]
        return here

    def existing(self, *keys: str | int) -> tuple[str | int, ...]:
        """Keep of a path the parts that the data has.

        Parameters
        ----------
        *keys : str or int
            Keys and indices from the root; pydantic's locations also name members of unions.

        Returns
        -------
        tuple of str or int
            The path that exists.
        """
        found: list[str | int] = []
        value = self.data
        for key in keys:
            if key in self.marks.get(id(value), {}):
                found.append(key)
                value = value[key]
        return tuple(found)

    def error(self, what: str, *keys: str | int, hint: str = "") -> InputError:
        """Make the error that says something is wrong with a value; the caller raises it.

        Parameters
        ----------
        what : str
            What is wrong.
        *keys : str or int
            Keys and indices from the root to the value.
        hint : str
            What to do about it.

        Returns
        -------
        InputError
            Positioned at the value, or at its nearest container if it is missing.
        """
        mark = self.mark(*keys)
        return InputError(what, self.source, mark.line, mark.column, hint)
