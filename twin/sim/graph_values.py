"""Values of a saved simulation that hold no other object, made from what a file says of them.

Nothing a file says is trusted: kinds, ranges, sizes, and what octets may mean are checked.
"""

from __future__ import annotations

import math
import re
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from twin.model.errors import InputError
from twin.sim.storable import is_plain, layout

__all__ = [
    "array_of",
    "choice",
    "date_of",
    "duration_of",
    "generator_of",
    "integer",
    "scalar_of",
    "shape_of",
    "text",
    "view_of",
    "zone_of",
]

_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
_WORD = re.compile(r"0x[0-9a-f]{1,32}")


def integer(value: object, low: int = 0, high: int | None = None) -> int:
    """Return a whole number from `low` up to but not including `high`.

    Raises
    ------
    InputError
        It is none.
    """
    if type(value) is not int or value < low or (high is not None and value >= high):
        raise InputError(f"{str(value)[:40]!r} is no possible number")
    return value


def text(value: object) -> str:
    """Return a text.

    Raises
    ------
    InputError
        It is none.
    """
    if type(value) is not str:
        raise InputError(f"{str(value)[:40]!r} is no text")
    return value


def choice(value: object, *of: str) -> str:
    """Return one of a few words.

    Raises
    ------
    InputError
        It is none of them.
    """
    if value not in of:
        raise InputError(f"{str(value)[:40]!r} is none of {', '.join(of)}")
    return text(value)


def shape_of(value: object, low: int = 0) -> tuple[int, ...]:
    """Return a short row of whole numbers, each at least `low`.

    Raises
    ------
    InputError
        It is none.
    """
    if type(value) is not list or len(value) > 64:
        raise InputError("a shape is no short list")
    return tuple(integer(x, low) for x in value)


def _dtype(value: object) -> np.dtype[Any]:
    if type(value) is list:
        if any(type(field) is not list or len(field) != 3 for field in value):
            raise InputError("a field of a record is not name, text and shape")
        found = np.dtype([(text(name), _dtype(text(of)), shape_of(n)) for name, of, n in value])
    elif is_plain(text(value)):
        found = np.dtype(text(value))
    else:
        raise InputError(f"{text(value)[:40]!r} is no type of numbers")
    if found.hasobject or layout(found) != value or not 0 < found.itemsize < 1 << 31:
        raise InputError("the type of an array is none of those that are stored")
    return found


def _check_elements(array: NDArray[Any]) -> None:
    """Refuse octets that are no flag or no text, which NumPy would take."""
    for name in array.dtype.names or ():
        _check_elements(array[name])
    if array.dtype == bool and array.size and int(array.view(np.uint8).max()) > 1:
        raise InputError("a flag is neither true nor false")
    if array.dtype.kind == "U" and array.size:
        points = np.ascontiguousarray(array).view(array.dtype.str[0] + "u4")
        if int(points.max()) > 0x10FFFF:
            raise InputError("a text has a character that does not exist")


def array_of(head: list[Any], octets: memoryview) -> NDArray[Any]:
    """Make an array of its own memory.

    Parameters
    ----------
    head : list
        Type, shape, order and whether it may be written.
    octets : memoryview
        Its contents.

    Returns
    -------
    ndarray
        As it was stored.

    Raises
    ------
    InputError
        One does not fit the other.
    """
    dtype, shape = _dtype(head[0]), shape_of(head[1])
    if math.prod(shape) * dtype.itemsize != len(octets):
        raise InputError("an array has another size than its shape says")
    flat = np.frombuffer(octets, dtype) if len(octets) else np.empty(0, dtype)
    order = choice(head[2], "C", "F")
    array = flat.reshape(shape, order="F" if order == "F" else "C").copy(order="K")
    _check_elements(array)
    array.flags.writeable = bool(integer(head[3], 0, 2))
    return array


def view_of(head: list[Any], memory: object) -> NDArray[Any]:
    """Make an array in memory that others use too.

    Parameters
    ----------
    head : list
        Type, shape, strides, offset and whether it may be written.
    memory : object
        Array of octets.

    Returns
    -------
    ndarray
        Inside that memory.

    Raises
    ------
    InputError
        It is no such memory, or does not hold the array.
    """
    if type(memory) is not np.ndarray or memory.dtype != np.uint8 or memory.ndim != 1:
        raise InputError("the memory of an array is none")
    shape, strides = shape_of(head[1]), shape_of(head[2], -(1 << 62))
    array: NDArray[Any] = np.ndarray(shape, _dtype(head[0]), memory, integer(head[3]), strides)
    _check_elements(array)
    if memory.flags.writeable:
        array.flags.writeable = bool(integer(head[4], 0, 2))
    return array


def scalar_of(head: list[Any]) -> object:
    """Make a number of NumPy of its type and its octets in hexadecimal.

    Raises
    ------
    InputError
        One does not fit the other.
    """
    dtype, octets = _dtype(head[0]), bytearray.fromhex(text(head[1]))
    if len(octets) != dtype.itemsize:
        raise InputError("a number has another size than its type")
    array = np.frombuffer(octets, dtype)
    _check_elements(array)
    return array[0]


def generator_of(head: list[Any]) -> np.random.Generator:
    """Make a random stream that goes on where another was.

    Raises
    ------
    InputError
        It is no state of a PCG64.
    """
    if not all(_WORD.fullmatch(text(word)) for word in head[:2]):
        raise InputError("the state of a random stream is none")
    bits: Any = np.random.PCG64(0)
    bits.state = {
        "bit_generator": "PCG64",
        "state": {"state": int(head[0], 16), "inc": int(head[1], 16)},
        "has_uint32": integer(head[2], 0, 2),
        "uinteger": integer(head[3], 0, 1 << 32),
    }
    return np.random.Generator(bits)


def zone_of(head: list[Any]) -> ZoneInfo:
    """Find a timezone by its IANA name.

    Raises
    ------
    InputError
        It is no such name.
    KeyError
        It is not known here.
    """
    if not _ZONE.fullmatch(text(head[0])):
        raise InputError("a timezone has no such name")
    return ZoneInfo(head[0])


def date_of(head: list[Any]) -> date:
    """Make a date of year, month and day."""
    year, month, day = (integer(x) for x in head)
    return date(year, month, day)


def duration_of(head: list[Any]) -> timedelta:
    """Make a duration of days, seconds and microseconds."""
    days, seconds, microseconds = (integer(x, -(10**9), 10**9 + 1) for x in head)
    return timedelta(days, seconds, microseconds)
