"""The one place that imports pysnmp, and the names of SNMP that the driver speaks in."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pyasn1.error import PyAsn1Error

with warnings.catch_warnings():
    # pysnmp 7.1.30 imports a name that pysmi 2.0, if it is installed, calls deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    from pysnmp.entity.rfc3413.cmdgen import GetCommandGenerator, SetCommandGenerator
    from pysnmp.error import PySnmpError
    from pysnmp.hlapi.v3arch import asyncio as hlapi
    from pysnmp.hlapi.v3arch.asyncio.lcd import CommandGeneratorLcdConfigurator
    from pysnmp.proto import rfc1902, rfc1905
    from pysnmp.proto.errind import ErrorIndication

from controllers.profiles import BaseType

__all__ = [
    "AUTH_PROTOCOLS",
    "ERROR_STATUS",
    "PRIV_PROTOCOLS",
    "SHA_1",
    "TYPES",
    "CommandGeneratorLcdConfigurator",
    "ErrorIndication",
    "GetCommandGenerator",
    "PyAsn1Error",
    "PySnmpError",
    "SetCommandGenerator",
    "hlapi",
    "rfc1902",
    "rfc1905",
]

AUTH_PROTOCOLS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "SHA-224": hlapi.USM_AUTH_HMAC128_SHA224,
        "SHA-256": hlapi.USM_AUTH_HMAC192_SHA256,
        "SHA-384": hlapi.USM_AUTH_HMAC256_SHA384,
        "SHA-512": hlapi.USM_AUTH_HMAC384_SHA512,
    }
)
"""Authentication protocols of RFC 7860 (2016)."""

SHA_1: tuple[int, ...] = hlapi.USM_AUTH_HMAC96_SHA
"""HMAC-SHA-96 of RFC 3414 (2002); only where the inventory names the exception."""

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

TYPES: Mapping[BaseType, Callable[[Any], Any]] = MappingProxyType(
    {
        "integer": rfc1902.Integer32,
        "octets": rfc1902.OctetString,
        "gauge32": rfc1902.Gauge32,
        "counter32": rfc1902.Counter32,
        "counter64": rfc1902.Counter64,
        "timeticks": rfc1902.TimeTicks,
    }
)
"""pysnmp type of each base type, RFC 2578 (1999) section 7.1."""

ERROR_STATUS = (
    "noError", "tooBig", "noSuchName", "badValue", "readOnly", "genErr", "noAccess", "wrongType",
    "wrongLength", "wrongEncoding", "wrongValue", "noCreation", "inconsistentValue",
    "resourceUnavailable", "commitFailed", "undoFailed", "authorizationError", "notWritable",
    "inconsistentName",
)  # fmt: skip
"""Names of the error status, RFC 3416 (2002) section 3, in its order."""
