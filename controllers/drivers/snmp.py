"""Drives a device over SNMP: version 3 with authentication and encryption unless said otherwise."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from controllers.drivers.options import reference_of, seconds, secret_of
from controllers.drivers.plain import PlainDriver
from controllers.drivers.snmp_engine import Answer, Credentials, Target, exchange
from controllers.drivers.snmp_wire import (
    AUTH_PROTOCOLS,
    ERROR_STATUS,
    PRIV_PROTOCOLS,
    SHA_1,
    TYPES,
    rfc1902,
    rfc1905,
)
from controllers.ports import Device
from controllers.profiles import Profile, SnmpObject, snmp_objects
from twin.model.attributes import Value
from twin.model.errors import (
    DeviceAuthError,
    DeviceRefused,
    DeviceTimeout,
    DeviceUnreachable,
    ModelError,
)

__all__ = ["SnmpDriver", "credentials_of"]

log = logging.getLogger(__name__)

_BATCH = 20
"""Variables per GET: stays well under one Ethernet frame of 1,500 octets."""

_SHARES = 5
"""Waits in one deadline: three for an answer, one for the engine id, one for a second try."""

_LEGACY = ("v2c", "SHA-1")
_SHORTEST_KEY = 8
_LONGEST_SECRET = 255
"""Octets of an snmpCommunityName at most (RFC 3584); no agent takes longer pass phrases."""
_LONGEST_USER = 32
"""Octets of a usmUserName at most, RFC 3414 section 5."""

_AUTH_FAILURES = frozenset(
    {
        "WrongDigest", "UnknownUserName", "UnknownSecurityName", "AuthenticationFailure",
        "AuthenticationError", "DecryptionError", "UnsupportedSecurityLevel",
        "UnsupportedAuthProtocol", "UnsupportedPrivProtocol", "UnknownCommunityName",
    }
)  # fmt: skip


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
        community = _bounded(device, "community")
        return Credentials("v2c", "", community=community)
    auth = dict(AUTH_PROTOCOLS) | ({"SHA-1": SHA_1} if legacy == "SHA-1" else {})
    default = "SHA-1" if legacy == "SHA-1" else "SHA-256"
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


def _allowed(
    device: Device, option: str, default: str, known: Mapping[str, tuple[int, ...]]
) -> tuple[int, ...]:
    name = device.options.get(option, default)
    if name not in known:
        raise DeviceRefused(
            device.id,
            f"{option} {name!r} is not allowed; allowed are {', '.join(known)}; SNMPv3 always "
            "authenticates and encrypts",
        )
    return tuple(known[name])


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


class SnmpDriver(PlainDriver):
    """One device over SNMP; it has no transaction, so it is of class A.

    Parameters
    ----------
    device : Device
        The inventory entry; option ``timeout_s`` bounds each exchange (8 s by default).
    profile : Profile
        An SNMP profile.
    """

    def __init__(self, device: Device, profile: Profile) -> None:
        super().__init__(device)
        self._objects = {o.path: o for o in snmp_objects(profile, device)}
        self._target: Target | None = None

    def read(self, paths: Collection[str] | None = None) -> dict[str, Value]:
        """Read attributes; one the agent does not have is left out.

        Raises
        ------
        DeviceError
            A leaf that says what failed.
        """
        if paths is None:
            wanted = [o for o in self._objects.values() if o.is_writable]
        else:
            wanted = [self._object(path) for path in paths]
        values: dict[str, Value] = {}
        for batch in _batches(wanted):
            values.update(self._get(batch))
        return values

    def write(self, changes: Mapping[str, Value]) -> None:
        """Set all values in one request: the agent checks all before it applies any.

        Raises
        ------
        DeviceError
            A leaf that says what failed. After an error of a real agent some values may be set
            all the same: read back.
        """
        objects = [self._object(path) for path in changes]
        variables = [(o.oid, self._encoded(o, changes[o.path])) for o in objects]
        if not variables:
            return
        answer = exchange(self._opened(), "set", variables)
        self._check(answer, "SET", objects)
        log.info("set %d values", len(objects), extra={"device": self.device.id})

    def close(self) -> None:
        """Forget the credentials; SNMP has no session."""
        self._target = None

    def _opened(self) -> Target:
        if self._target is None:
            deadline_s = seconds(self.device, "timeout_s", 8.0)
            self._target = Target(
                host=self.device.host,
                port=self.device.port,
                credentials=credentials_of(self.device),
                timeout_s=min(1.0, deadline_s / _SHARES),
                deadline_s=deadline_s,
            )
        return self._target

    def _get(self, batch: Sequence[SnmpObject]) -> Iterator[tuple[str, Value]]:
        answer = exchange(self._opened(), "get", [(o.oid, rfc1905.unSpecified) for o in batch])
        self._check(answer, "GET", batch)
        by_oid = dict(answer.variables)
        for o in batch:
            if o.oid not in by_oid:
                raise DeviceRefused(self.device.id, f"GET of {o.path}: the answer lacks {o.name}")
            wire = by_oid[o.oid]
            if isinstance(wire, rfc1905.NoSuchObject | rfc1905.NoSuchInstance):
                continue
            yield o.path, self._decoded(o, wire)

    def _check(self, answer: Answer, verb: str, objects: Sequence[SnmpObject]) -> None:
        place = f"{self.device.host}:{self.device.port}"
        if answer.failure == "RequestTimedOut":
            raise DeviceTimeout(
                self.device.id,
                f"no SNMP answer from {place} to {verb} in {answer.took_s:.1f} s; "
                "is it up, and does it accept us from here?",
            )
        if answer.failure in _AUTH_FAILURES:
            raise DeviceAuthError(
                self.device.id,
                f"{place} refuses our SNMP user or keys ({answer.failure_text}); check username "
                "and the secrets auth and priv",
            )
        if answer.failure:
            raise DeviceUnreachable(self.device.id, f"SNMP {verb}: {answer.failure_text}")
        if answer.status:
            name = (
                ERROR_STATUS[answer.status]
                if answer.status < len(ERROR_STATUS)
                else str(answer.status)
            )
            where = objects[answer.index - 1].path if 0 < answer.index <= len(objects) else "all"
            raise DeviceRefused(self.device.id, f"SNMP {verb} refused: {name} at {where}")

    def _object(self, path: str) -> SnmpObject:
        if path not in self._objects:
            raise DeviceRefused(
                self.device.id, f"profile {self.device.profile} maps no {path!r} on this device"
            )
        return self._objects[path]

    def _encoded(self, o: SnmpObject, value: Value) -> Any:  # noqa: ANN401
        if not o.is_writable:
            raise DeviceRefused(self.device.id, f"{o.path} is operational state and cannot be set")
        try:
            return TYPES[o.base](o.encode(value))
        except ModelError as err:
            raise DeviceRefused(self.device.id, str(err)) from err

    def _decoded(self, o: SnmpObject, wire: Any) -> Value:  # noqa: ANN401
        is_text = isinstance(wire, rfc1902.OctetString)
        if is_text != (o.base == "octets"):
            raise DeviceRefused(
                self.device.id, f"GET of {o.path}: {o.name} came as {type(wire).__name__}"
            )
        try:
            return o.decode(bytes(wire) if is_text else int(wire))
        except ModelError as err:
            raise DeviceRefused(self.device.id, str(err)) from err


def _batches(objects: Sequence[SnmpObject]) -> Iterator[Sequence[SnmpObject]]:
    for start in range(0, len(objects), _BATCH):
        yield objects[start : start + _BATCH]
