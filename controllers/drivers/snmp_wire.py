"""The one place that imports pysnmp, and how its values become ours."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pyasn1.error import PyAsn1Error

with warnings.catch_warnings():
    # pysnmp 7.1.30 imports a name that pysmi 2.0, if it is installed, calls deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    from pysnmp.entity.rfc3413.cmdgen import (
        GetCommandGenerator,
        NextCommandGenerator,
        SetCommandGenerator,
    )
    from pysnmp.error import PySnmpError
    from pysnmp.hlapi.v3arch import asyncio as hlapi
    from pysnmp.hlapi.v3arch.asyncio.lcd import CommandGeneratorLcdConfigurator
    from pysnmp.proto import rfc1902, rfc1905
    from pysnmp.proto.errind import ErrorIndication

from controllers.snmp.ber import (
    COUNTER32,
    COUNTER64,
    END_OF_MIB_VIEW,
    GAUGE32,
    INTEGER,
    IP_ADDRESS,
    NO_SUCH_INSTANCE,
    NO_SUCH_OBJECT,
    NULL,
    OBJECT_ID,
    OCTET_STRING,
    TIME_TICKS,
)
from controllers.snmp.exchange import Variable

__all__ = [
    "AUTH_PROTOCOLS",
    "ERROR_STATUS",
    "PRIV_PROTOCOLS",
    "SHA_1",
    "CommandGeneratorLcdConfigurator",
    "ErrorIndication",
    "GetCommandGenerator",
    "NextCommandGenerator",
    "PyAsn1Error",
    "PySnmpError",
    "SetCommandGenerator",
    "from_pysnmp",
    "hlapi",
    "to_pysnmp",
]

SHA_1 = "SHA-1"
"""HMAC-SHA-96 of RFC 3414 (2002); only where the inventory names the exception."""

AUTH_PROTOCOLS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "SHA-224": hlapi.USM_AUTH_HMAC128_SHA224,
        "SHA-256": hlapi.USM_AUTH_HMAC192_SHA256,
        "SHA-384": hlapi.USM_AUTH_HMAC256_SHA384,
        "SHA-512": hlapi.USM_AUTH_HMAC384_SHA512,
        SHA_1: hlapi.USM_AUTH_HMAC96_SHA,
    }
)
"""Authentication protocols of RFC 7860 (2016), and the exception."""

PRIV_PROTOCOLS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "AES-128": hlapi.USM_PRIV_CFB128_AES,
        # No RFC defines these lengths; vendors extend the key in either of two ways.
        "AES-192-reeder": hlapi.USM_PRIV_CFB192_AES,
        "AES-256-reeder": hlapi.USM_PRIV_CFB256_AES,
        "AES-192-blumenthal": hlapi.USM_PRIV_CFB192_AES_BLUMENTHAL,
        "AES-256-blumenthal": hlapi.USM_PRIV_CFB256_AES_BLUMENTHAL,
    }
)
"""Privacy protocols: RFC 3826 (2004), and the variants of vendors by name."""

_TYPES: Mapping[int, Callable[[Any], Any]] = MappingProxyType(
    {
        INTEGER: rfc1902.Integer32,
        OCTET_STRING: rfc1902.OctetString,
        OBJECT_ID: rfc1902.ObjectIdentifier,
        GAUGE32: rfc1902.Gauge32,
        COUNTER32: rfc1902.Counter32,
        COUNTER64: rfc1902.Counter64,
        TIME_TICKS: rfc1902.TimeTicks,
    }
)
# The order counts: some types of pysnmp are subclasses of others.
_TAGS: tuple[tuple[type[Any], int], ...] = (
    (rfc1905.NoSuchObject, NO_SUCH_OBJECT),
    (rfc1905.NoSuchInstance, NO_SUCH_INSTANCE),
    (rfc1905.EndOfMibView, END_OF_MIB_VIEW),
    (rfc1902.IpAddress, IP_ADDRESS),
    (rfc1902.Counter32, COUNTER32),
    (rfc1902.Counter64, COUNTER64),
    (rfc1902.TimeTicks, TIME_TICKS),
    (rfc1902.Gauge32, GAUGE32),
    (rfc1902.Unsigned32, GAUGE32),
    (rfc1902.ObjectIdentifier, OBJECT_ID),
    (rfc1902.OctetString, OCTET_STRING),
    (rfc1902.Integer32, INTEGER),
)


def to_pysnmp(variable: Variable) -> Any:  # noqa: ANN401
    """Make pysnmp's value of a variable."""
    if variable.value is None:
        return rfc1905.unSpecified
    return _TYPES[variable.tag](variable.value)


def from_pysnmp(oid: tuple[int, ...], value: Any) -> Variable:  # noqa: ANN401
    """Make a variable of pysnmp's value; one of an unknown type has no value."""
    tag = next((tag for kind, tag in _TAGS if isinstance(value, kind)), NULL)
    if tag in (OCTET_STRING, IP_ADDRESS):
        return Variable(oid, tag, bytes(value))
    if tag == OBJECT_ID:
        return Variable(oid, tag, tuple(value))
    if tag in (NULL, NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW):
        return Variable(oid, tag, None)
    return Variable(oid, tag, int(value))


ERROR_STATUS = (
    "noError", "tooBig", "noSuchName", "badValue", "readOnly", "genErr", "noAccess", "wrongType",
    "wrongLength", "wrongEncoding", "wrongValue", "noCreation", "inconsistentValue",
    "resourceUnavailable", "commitFailed", "undoFailed", "authorizationError", "notWritable",
    "inconsistentName",
)  # fmt: skip
"""Names of the error status, RFC 3416 (2002) section 3, in its order."""
