"""SNMPv3 messages and PDUs: from octets to values and back, nothing decided here.

References
----------
.. [1] RFC 3412, section 6 (the SNMPv3 message).
.. [2] RFC 3416, section 3 (PDUs).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from controllers.snmp.ber import (
    INTEGER,
    OBJECT_ID,
    OCTET_STRING,
    SEQUENCE,
    BerError,
    encode_integer,
    read_tlv,
    take,
    take_integer,
    tlv,
)
from controllers.snmp.usm import UsmParameters, decode_parameters

__all__ = [
    "MAX_MESSAGE_BYTES",
    "MAX_VARBINDS",
    "ErrorStatus",
    "Message",
    "Pdu",
    "PduType",
    "ScopedPdu",
    "VarBind",
    "decode_community_message",
    "decode_message",
    "decode_scoped_pdu",
    "encode_community_message",
    "encode_header",
    "encode_pdu",
    "encode_scoped_pdu",
    "encode_varbind",
    "encode_varbinds",
]

MAX_MESSAGE_BYTES = 65507  # the largest UDP datagram over IPv4
MAX_VARBINDS = 2048
_USM = 3
_VERSION_3 = encode_integer(3)


class PduType(IntEnum):
    """Tags of the PDUs an agent meets or sends."""

    GET = 0xA0
    GET_NEXT = 0xA1
    RESPONSE = 0xA2
    SET = 0xA3
    GET_BULK = 0xA5
    TRAP = 0xA7
    REPORT = 0xA8


class ErrorStatus(IntEnum):
    """Error-status of a response (RFC 3416, section 3)."""

    NO_ERROR = 0
    TOO_BIG = 1
    GEN_ERR = 5
    NO_ACCESS = 6
    WRONG_TYPE = 7
    WRONG_LENGTH = 8
    WRONG_ENCODING = 9
    WRONG_VALUE = 10
    NO_CREATION = 11
    INCONSISTENT_VALUE = 12
    COMMIT_FAILED = 14
    AUTHORIZATION_ERROR = 16
    NOT_WRITABLE = 17
    INCONSISTENT_NAME = 18


class VarBind(NamedTuple):
    """A variable: contents of its OID, tag and contents of its value."""

    oid: bytes
    tag: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Pdu:
    """A PDU; of a GETBULK the two numbers are non-repeaters and max-repetitions."""

    type: int
    request_id: int
    status: int
    index: int
    varbinds: tuple[VarBind, ...]


@dataclass(frozen=True, slots=True)
class ScopedPdu:
    """A PDU with the context it speaks of."""

    engine_id: bytes
    context: bytes
    pdu: Pdu


@dataclass(frozen=True, slots=True)
class Message:
    """An incoming SNMPv3 message, its payload still sealed."""

    data: bytes
    id: int
    max_size: int
    flags: int
    security: UsmParameters
    payload: bytes
    is_encrypted: bool


def decode_message(data: bytes) -> Message:
    """Decode the outer layer of an SNMPv3 message.

    Parameters
    ----------
    data : bytes
        One datagram.

    Raises
    ------
    BerError
        Anything but a well formed message of version 3 with the user-based model; the datagram
        is then dropped without an answer.
    """
    start, end = take(data, 0, len(data), SEQUENCE)
    version, at = take_integer(data, start, end)
    if version != 3 or end != len(data):
        raise BerError("not one SNMPv3 message")
    head, at = take(data, at, end, SEQUENCE)
    message_id, inner = take_integer(data, head, at)
    max_size, inner = take_integer(data, inner, at)
    flags_at, inner = take(data, inner, at, OCTET_STRING)
    model, inner = take_integer(data, inner, at)
    if inner != at or model != _USM or message_id < 0 or max_size < 484:
        raise BerError("msgGlobalData is out of its limits (RFC 3412, section 6)")
    flags = data[flags_at] if flags_at < at else 0
    if flags & 3 == 2:
        raise BerError("privacy without authentication is invalid (RFC 3412, section 7.2)")
    security_at, at = take(data, at, end, OCTET_STRING)
    security = decode_parameters(data, security_at, at)
    is_encrypted = bool(flags & 2)
    payload_at, stop = take(data, at, end, OCTET_STRING if is_encrypted else SEQUENCE)
    if stop != end:
        raise BerError("octets follow the message data")
    payload = data[payload_at if is_encrypted else at : stop]
    return Message(data, message_id, max_size, flags, security, payload, is_encrypted)


def decode_scoped_pdu(data: bytes) -> ScopedPdu:
    """Decode a plain scoped PDU; octets after it are cipher padding and ignored.

    Raises
    ------
    BerError
        Malformed, or more than `MAX_VARBINDS` variables.
    """
    start, end = take(data, 0, len(data), SEQUENCE)
    id_at, at = take(data, start, end, OCTET_STRING)
    engine_id = data[id_at:at]
    context_at, at = take(data, at, end, OCTET_STRING)
    context = data[context_at:at]
    return ScopedPdu(engine_id, context, _decode_pdu(data, at, end))


def decode_community_message(data: bytes) -> tuple[bytes, Pdu]:
    """Decode a message of SNMPv2c: its community and its PDU.

    Raises
    ------
    BerError
        Anything but one well formed message of version 2c.

    References
    ----------
    .. [1] RFC 3584, section 5; version(1) is SNMPv2c.
    """
    start, end = take(data, 0, len(data), SEQUENCE)
    version, at = take_integer(data, start, end)
    if version != 1 or end != len(data):
        raise BerError("not one SNMPv2c message")
    community_at, at = take(data, at, end, OCTET_STRING)
    return data[community_at:at], _decode_pdu(data, at, end)


def encode_community_message(community: bytes, pdu: bytes) -> bytes:
    """Encode a message of SNMPv2c around an already encoded PDU."""
    return tlv(SEQUENCE, encode_integer(1) + tlv(OCTET_STRING, community) + pdu)


def _decode_pdu(data: bytes, at: int, end: int) -> Pdu:
    kind, at, stop = read_tlv(data, at, end)
    if stop != end:
        raise BerError("octets follow the PDU")
    request_id, at = take_integer(data, at, end)
    status, at = take_integer(data, at, end)
    index, at = take_integer(data, at, end)
    at, stop = take(data, at, end, SEQUENCE)
    if stop != end:
        raise BerError("octets follow the variables")
    return Pdu(kind, request_id, status, index, _decode_varbinds(data, at, end))


def _decode_varbinds(data: bytes, at: int, end: int) -> tuple[VarBind, ...]:
    varbinds: list[VarBind] = []
    while at < end:
        inner, stop = take(data, at, end, SEQUENCE)
        oid_at, inner = take(data, inner, stop, OBJECT_ID)
        oid = data[oid_at:inner]
        tag, value_at, inner = read_tlv(data, inner, stop)
        if inner != stop or not oid:
            raise BerError("a variable is malformed")
        varbinds.append(VarBind(oid, tag, data[value_at:inner]))
        if len(varbinds) > MAX_VARBINDS:
            raise BerError(f"more than {MAX_VARBINDS} variables")
        at = stop
    return tuple(varbinds)


def encode_header(message_id: int, flags: int) -> bytes:
    """Encode version and msgGlobalData of an answer."""
    data = (
        encode_integer(message_id)
        + encode_integer(MAX_MESSAGE_BYTES)
        + bytes((OCTET_STRING, 1, flags, INTEGER, 1, _USM))
    )
    return _VERSION_3 + tlv(SEQUENCE, data)


def encode_varbind(oid: bytes, value: bytes) -> bytes:
    """Encode a variable from its OID contents and its complete value element."""
    return tlv(SEQUENCE, tlv(OBJECT_ID, oid) + value)


def encode_pdu(kind: int, request_id: int, status: int, index: int, varbinds: bytes) -> bytes:
    """Encode a PDU around already encoded variables."""
    head = encode_integer(request_id) + encode_integer(status) + encode_integer(index)
    return tlv(kind, head + tlv(SEQUENCE, varbinds))


def encode_scoped_pdu(engine_id: bytes, context: bytes, pdu: bytes) -> bytes:
    """Encode a scoped PDU around an already encoded PDU."""
    return tlv(SEQUENCE, tlv(OCTET_STRING, engine_id) + tlv(OCTET_STRING, context) + pdu)


def encode_varbinds(varbinds: tuple[VarBind, ...]) -> bytes:
    """Encode variables just as they came."""
    return b"".join(encode_varbind(v.oid, tlv(v.tag, v.value)) for v in varbinds)
