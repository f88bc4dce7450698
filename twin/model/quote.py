"""Quotes in messages what a user or a device gave: short, and never a raw control character."""

from __future__ import annotations

import reprlib

__all__ = ["quoted"]

_MAX_CHARACTERS = 60
_MAX_BITS = 10_000  # Python refuses to print an integer of more than 4300 digits


class _Brief(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = _MAX_CHARACTERS

    def repr_int(self, value: int, _: int) -> str:
        bits = value.bit_length()
        return f"a number of {bits} bits" if bits > _MAX_BITS else repr(value)


def quoted(value: object) -> str:
    """Write a value for a message: as `repr` does, cut to 60 characters with an ellipsis.

    Parameters
    ----------
    value : object
        Anything.

    Returns
    -------
    str
        One line of printable characters.
    """
    if not isinstance(value, str):
        text = _Brief().repr(value)
        return text if len(text) <= _MAX_CHARACTERS else text[: _MAX_CHARACTERS - 3] + "..."
    text = repr(value[: _MAX_CHARACTERS + 1])
    if len(text) <= _MAX_CHARACTERS + 2:
        return text
    return text[: _MAX_CHARACTERS - 2] + "..." + text[0]
