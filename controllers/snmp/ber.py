"""Strict Basic Encoding Rules for SNMP messages, with a limit on everything.

References
----------
.. [1] ITU-T X.690 (02/2021), clause 8.
.. [2] RFC 3417, section 8 (serialisation of SNMP: definite lengths only).
.. [3] RFC 2578, section 7.1 (sizes of the SMIv2 types).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from twin.model.errors import StellwerkError

__all__ = [
    "COUNTER32",
    "COUNTER64",
    "END_OF_MIB_VIEW",
    "GAUGE32",
    "INTEGER",
    "IP_ADDRESS",
    "NO_SUCH_INSTANCE",
    "NO_SUCH_OBJECT",
    "NULL",
    "OBJECT_ID",
    "OCTET_STRING",
    "SEQUENCE",
    "TIME_TICKS",
    "BerError",
    "decode_integer",
    "decode_oid",
    "decode_unsigned",
    "decode_value",
    "encode_integer",
    "encode_oid",
    "encode_unsigned",
    "encode_value",
    "read_tlv",
    "take",
    "take_integer",
    "tlv",
]

INTEGER: Final = 0x02
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OBJECT_ID: Final = 0x06
SEQUENCE: Final = 0x30
IP_ADDRESS: Final = 0x40
COUNTER32: Final = 0x41
GAUGE32: Final = 0x42
TIME_TICKS: Final = 0x43
COUNTER64: Final = 0x46
NO_SUCH_OBJECT: Final = 0x80
NO_SUCH_INSTANCE: Final = 0x81
END_OF_MIB_VIEW: Final = 0x82

_UNSIGNED = (COUNTER32, GAUGE32, TIME_TICKS, COUNTER64)
_EMPTY = (NULL, NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW)
_MAX_SUBIDENTIFIERS = 128  # RFC 2578, section 3.5
_MAX_SUBIDENTIFIER = 2**32 - 1
_MAX_OID_BYTES = 5 * _MAX_SUBIDENTIFIERS


class BerError(StellwerkError, ValueError):
    """The bytes are not the encoding of an SNMP message."""


def read_tlv(data: bytes, position: int, end: int) -> tuple[int, int, int]:
    """Read the tag and the length of the element at a position.

    Parameters
    ----------
    data : bytes
        The message.
    position, end : int
        Where the element starts and where the enclosing one ends.

    Returns
    -------
    tag : int
        Identifier octet.
    start, stop : int
        Bounds of the contents in `data`.

    Raises
    ------
    BerError
        A long tag, an indefinite or overlong length, or contents past `end`.

    Notes
    -----
    A length in more octets than needed is accepted, X.690 allows it and net-snmp sends it.
    """
    start = position + 2
    if start > end:
        raise BerError("the message ends inside an element")
    tag = data[position]
    length = data[position + 1]
    if length > 0x7F:
        n_octets = length & 0x7F
        if not 1 <= n_octets <= 4:
            raise BerError("length is indefinite or has more than 4 octets")
        length = int.from_bytes(data[start : start + n_octets], "big")
        start += n_octets
    if tag & 0x1F == 0x1F:
        raise BerError("tags of several octets do not occur in SNMP")
    stop = start + length
    if stop > end:
        raise BerError("an element is longer than the one around it")
    return tag, start, stop


def take(data: bytes, position: int, end: int, expected: int) -> tuple[int, int]:
    """Read an element that must have a given tag; return the bounds of its contents.

    Raises
    ------
    BerError
        As `read_tlv`, or another tag.
    """
    tag, start, stop = read_tlv(data, position, end)
    if tag != expected:
        raise BerError(f"tag {tag:#04x} where {expected:#04x} is due")
    return start, stop


def take_integer(data: bytes, position: int, end: int) -> tuple[int, int]:
    """Read an INTEGER of 32 bits; return its value and where the next element starts.

    Raises
    ------
    BerError
        Not a well encoded 32-bit INTEGER.
    """
    # The short form by far prevails in SNMP; this path alone is a tenth of the agent's time.
    if end - position >= 3 and data[position] == INTEGER and data[position + 1] == 1:
        value = data[position + 2]
        return (value - 256 if value > 0x7F else value), position + 3
    start, stop = take(data, position, end, INTEGER)
    return decode_integer(data[start:stop]), stop


def decode_integer(content: bytes) -> int:
    """Decode the contents of a signed INTEGER of at most 32 bits.

    Raises
    ------
    BerError
        Empty, too long or padded.
    """
    if not 1 <= len(content) <= 4:
        raise BerError("an INTEGER has 1 to 4 octets")
    _refuse_padding(content)
    return int.from_bytes(content, "big", signed=True)


def decode_unsigned(content: bytes, n_bits: int = 32) -> int:
    """Decode the contents of an unsigned type of 32 or 64 bits.

    Raises
    ------
    BerError
        Empty, too long, padded or negative.
    """
    if not 1 <= len(content) <= n_bits // 8 + 1:
        raise BerError(f"an unsigned number of {n_bits} bits has at most {n_bits // 8 + 1} octets")
    _refuse_padding(content)
    value = int.from_bytes(content, "big", signed=True)
    if not 0 <= value < 1 << n_bits:
        raise BerError(f"the number does not fit {n_bits} unsigned bits")
    return value


def _refuse_padding(content: bytes) -> None:
    if len(content) > 1 and (
        (content[0] == 0 and content[1] < 0x80) or (content[0] == 0xFF and content[1] >= 0x80)
    ):
        raise BerError("a number is padded (X.690 clause 8.3.2)")


@lru_cache(maxsize=16384)
def decode_oid(content: bytes) -> tuple[int, ...]:
    """Decode the contents of an OBJECT IDENTIFIER.

    Raises
    ------
    BerError
        Empty, cut off, padded, more than 128 arcs or an arc over 32 bits.
    """
    if not content or len(content) > _MAX_OID_BYTES or content[-1] & 0x80:
        raise BerError("an OBJECT IDENTIFIER is empty, too long or cut off")
    arcs: list[int] = []
    arc = 0
    is_first_octet = True
    for octet in content:
        if is_first_octet and octet == 0x80:
            raise BerError("an arc is padded (X.690 clause 8.19.2)")
        arc = arc << 7 | octet & 0x7F
        is_first_octet = octet < 0x80
        if is_first_octet:
            arcs.append(arc)
            arc = 0
        elif arc > _MAX_SUBIDENTIFIER >> 7:
            raise BerError("an arc has more than 32 bits")
    root = min(arcs[0] // 40, 2)
    if len(arcs) >= _MAX_SUBIDENTIFIERS or arcs[0] > _MAX_SUBIDENTIFIER:
        raise BerError("an OBJECT IDENTIFIER has at most 128 arcs")
    return (root, arcs[0] - 40 * root, *arcs[1:])


def tlv(tag: int, content: bytes) -> bytes:
    """Encode an element with the shortest definite length."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def encode_integer(value: int, tag: int = INTEGER) -> bytes:
    """Encode a signed number as an element.

    Raises
    ------
    BerError
        The value does not fit 32 signed bits.
    """
    if -128 <= value <= 127:
        return bytes((tag, 1, value & 0xFF))
    if not -(2**31) <= value < 2**31:
        raise BerError(f"{value} does not fit an INTEGER of 32 bits")
    size = (value.bit_length() if value >= 0 else (~value).bit_length()) // 8 + 1
    return bytes((tag, size)) + value.to_bytes(size, "big", signed=True)


def encode_unsigned(value: int, tag: int) -> bytes:
    """Encode an unsigned number as an element; counters wrap at the size of their type.

    Raises
    ------
    BerError
        Negative, or a gauge or time over 32 bits.
    """
    if tag == COUNTER64:
        value %= 1 << 64
    elif tag == COUNTER32:
        value %= 1 << 32
    if not 0 <= value < 1 << (64 if tag == COUNTER64 else 32):
        raise BerError(f"{value} does not fit the unsigned type {tag:#04x}")
    size = value.bit_length() // 8 + 1
    return bytes((tag, size)) + value.to_bytes(size, "big")


@lru_cache(maxsize=16384)
def encode_oid(arcs: tuple[int, ...]) -> bytes:
    """Encode an OBJECT IDENTIFIER as contents, without tag and length.

    Raises
    ------
    BerError
        Fewer than two arcs, or arcs out of range.
    """
    if (
        not 2 <= len(arcs) <= _MAX_SUBIDENTIFIERS
        or not 0 <= arcs[0] <= 2
        or (arcs[0] < 2 and arcs[1] > 39)
        or any(not 0 <= arc <= _MAX_SUBIDENTIFIER for arc in arcs)
    ):
        raise BerError(f"{arcs} is no OBJECT IDENTIFIER")
    return b"".join(map(_base128, (40 * arcs[0] + arcs[1], *arcs[2:])))


def _base128(arc: int) -> bytes:
    octets = [arc & 0x7F]
    rest = arc >> 7
    while rest:
        octets.append(0x80 | rest & 0x7F)
        rest >>= 7
    return bytes(reversed(octets))


def encode_value(tag: int, value: int | bytes | tuple[int, ...] | None) -> bytes:
    """Encode a wire value as an element of the given type.

    Parameters
    ----------
    tag : int
        ASN.1 tag of the type.
    value : int, bytes, tuple or None
        Number, octets, object identifier, or nothing.

    Raises
    ------
    BerError
        The value does not fit the type.
    """
    if value is None:
        return bytes((tag, 0))
    if isinstance(value, int):
        return encode_unsigned(value, tag) if tag in _UNSIGNED else encode_integer(value, tag)
    if isinstance(value, tuple):
        return tlv(OBJECT_ID, encode_oid(value))
    if tag not in (OCTET_STRING, IP_ADDRESS):
        raise BerError(f"octets do not fit type {tag:#04x}")
    return tlv(tag, value)


def decode_value(tag: int, content: bytes) -> int | bytes | tuple[int, ...] | None:
    """Decode the contents of a value; octets of a type that is not known stay octets.

    Parameters
    ----------
    tag : int
        ASN.1 tag of the type.
    content : bytes
        Its contents.

    Raises
    ------
    BerError
        The contents are no value of the type.
    """
    if tag == INTEGER:
        return decode_integer(content)
    if tag in _UNSIGNED:
        return decode_unsigned(content, 64 if tag == COUNTER64 else 32)
    if tag == OBJECT_ID:
        return decode_oid(content)
    return None if tag in _EMPTY else content
