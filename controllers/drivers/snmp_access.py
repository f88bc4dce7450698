"""Who we are to an SNMP agent: read from the inventory, and refused if it is not secure."""

from __future__ import annotations

import logging
from collections.abc import Collection

from controllers.drivers.options import reference_of, seconds, secret_of
from controllers.drivers.snmp_wire import PRIV_PROTOCOLS, SHA_1
from controllers.ports import Device
from controllers.snmp.exchange import Credentials, Target
from controllers.snmp.usm import HASHES
from twin.model.errors import DeviceAuthError, DeviceRefused

__all__ = ["SHORTEST_ROOM_BYTES", "credentials_of", "room_bytes_of", "target_of"]

log = logging.getLogger(__name__)

SHORTEST_ROOM_BYTES = 484
"""Every SNMP engine takes this much, RFC 3411 section 5 (snmpEngineMaxMessageSize)."""
_ROOM_BYTES = 1400
"""Longest message of ours: it stays within one Ethernet frame, even in a tunnel."""
_MOST_ROOM_BYTES = 65507
"""The largest UDP datagram over IPv4."""
_SHARES = 5
"""Waits in one deadline: three for an answer, one for the engine id, one for a second try."""
_LEGACY = ("v2c", SHA_1)
_SHORTEST_KEY = 8
_LONGEST_SECRET = 255
"""Octets of an snmpCommunityName at most (RFC 3584); no agent takes longer pass phrases."""
_LONGEST_USER = 32
"""Octets of a usmUserName at most, RFC 3414 section 5."""


def target_of(device: Device) -> Target:
    """Say where the agent of a device is, who we are to it and how long it may take.

    Parameters
    ----------
    device : Device
        The inventory entry; option ``timeout_s`` bounds each exchange (8 s by default).

    Returns
    -------
    Target
        The agent.

    Raises
    ------
    DeviceAuthError, DeviceRefused
        As `credentials_of`.
    """
    deadline_s = seconds(device, "timeout_s", 8.0)
    return Target(
        host=device.host,
        port=device.port,
        credentials=credentials_of(device),
        timeout_s=min(1.0, deadline_s / _SHARES),
        deadline_s=deadline_s,
    )


def room_bytes_of(device: Device) -> int:
    """Say how long a message to a device may be. [octets].

    Parameters
    ----------
    device : Device
        The inventory entry; option ``max_message_bytes``, 1400 by default.

    Raises
    ------
    DeviceRefused
        The option is no number from 484 to 65507.
    """
    text = device.options.get("max_message_bytes", str(_ROOM_BYTES))
    room = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
    if not SHORTEST_ROOM_BYTES <= room <= _MOST_ROOM_BYTES:
        raise DeviceRefused(
            device.id,
            f"option max_message_bytes is {text!r}; give octets, from {SHORTEST_ROOM_BYTES} to "
            f"{_MOST_ROOM_BYTES}",
        )
    return room


def credentials_of(device: Device) -> Credentials:
    """Read who we are from an inventory entry, and refuse what is not secure.

    Parameters
    ----------
    device : Device
        Options ``auth_protocol`` (SHA-224 to SHA-512, default SHA-256) and ``priv_protocol``
        (AES-128 by default); secrets ``auth`` and ``priv``. Option ``legacy: "v2c: REASON"``
        (then secret ``community``) or ``legacy: "SHA-1: REASON"`` names an exception in words.

    Returns
    -------
    Credentials
        The credentials.

    Raises
    ------
    DeviceAuthError
        A secret is missing, short or far too long, or there is no username.
    DeviceRefused
        The protocol is not allowed.
    """
    legacy = _legacy_of(device)
    if legacy == "v2c":
        return Credentials("v2c", "", community=_bounded(device, "community"))
    is_old = legacy == SHA_1
    auth = (*HASHES, SHA_1) if is_old else tuple(HASHES)
    default = SHA_1 if is_old else "SHA-256"
    if not 0 < len(device.username.encode()) <= _LONGEST_USER:
        raise DeviceAuthError(
            device.id,
            f"its username has {len(device.username.encode())} octets; give an SNMP user of 1 to "
            f"{_LONGEST_USER} as username",
        )
    return Credentials(
        "v3",
        device.username,
        _allowed(device, "auth_protocol", default, auth),
        _allowed(device, "priv_protocol", "AES-128", PRIV_PROTOCOLS),
        _key(device, "auth"),
        _key(device, "priv"),
    )


def _legacy_of(device: Device) -> str:
    text = device.options.get("legacy", "")
    if not text:
        return ""
    name, _, reason = (part.strip() for part in text.partition(":"))
    if name not in _LEGACY or len(reason) < 3:
        raise DeviceRefused(
            device.id,
            f"option legacy is {text!r}; give one of {', '.join(_LEGACY)} and the reason in "
            "words, 'v2c: old switch'",
        )
    log.warning("device %s is spoken to with %s: %s", device.id, name, reason)
    return name


def _allowed(device: Device, option: str, default: str, known: Collection[str]) -> str:
    name = device.options.get(option, default)
    if name not in known:
        raise DeviceRefused(
            device.id,
            f"{option} {name!r} is not allowed; allowed are {', '.join(known)}; SNMPv3 always "
            "authenticates and encrypts",
        )
    return name


def _key(device: Device, name: str) -> str:
    key = _bounded(device, name)
    if len(key) < _SHORTEST_KEY:
        raise DeviceAuthError(
            device.id,
            f"secret {name!r} ({reference_of(device, name)}) is shorter than {_SHORTEST_KEY} "
            "characters; SNMPv3 needs pass phrases of at least 8 (RFC 3414 section 11.2)",
        )
    return key


def _bounded(device: Device, name: str) -> str:
    text = secret_of(device, name).reveal()
    if len(text.encode()) > _LONGEST_SECRET or not text.isprintable():
        raise DeviceAuthError(
            device.id,
            f"secret {name!r} ({reference_of(device, name)}) is no SNMP secret: give at most "
            f"{_LONGEST_SECRET} printable octets",
        )
    return text
