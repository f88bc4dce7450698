"""The user-based security model of SNMPv3, as the authoritative engine (the agent) runs it.

References
----------
.. [1] RFC 3414, sections 3.1 and 3.2 (messages), 5 (counters).
.. [2] RFC 3411, section 5 (engine ids).
"""

from __future__ import annotations

import hashlib
import itertools
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from controllers.snmp.usm import (
    AUTH_FLAG,
    MAX_BOOTS,
    PRIV_FLAG,
    TIME_WINDOW_S,
    Keys,
    UsmParameters,
    decrypt,
    has_right_digest,
    password_key,
    seal,
)

__all__ = ["Stat", "UsmEngine", "UsmFault", "UsmUser", "engine_id_of"]

_ENTERPRISE = 32473  # the example number of RFC 5612


class Stat(IntEnum):
    """Counters of usmStats, by their last arc under 1.3.6.1.6.3.15.1.1 (RFC 3414, section 5)."""

    UNSUPPORTED_SEC_LEVELS = 1
    NOT_IN_TIME_WINDOWS = 2
    UNKNOWN_USER_NAMES = 3
    UNKNOWN_ENGINE_IDS = 4
    WRONG_DIGESTS = 5
    DECRYPTION_ERRORS = 6


class UsmFault(Exception):
    """The message is refused; the counter goes back to the sender in a report.

    Parameters
    ----------
    stat : Stat
        The counter that was incremented.
    flags : int
        Security level of the report: authenticated for a time window error, else none.
    """

    def __init__(self, stat: Stat, flags: int = 0) -> None:
        super().__init__(stat, flags)
        self.stat = stat
        self.flags = flags


@dataclass(frozen=True, slots=True, repr=False)
class UsmUser:
    """A user and what the keys are made from.

    Parameters
    ----------
    name : str
        User name.
    auth, priv : str
        Pass phrases of at least 8 characters; an empty one leaves that service out.
    """

    name: str
    auth: str
    priv: str

    def __repr__(self) -> str:
        return f"UsmUser({self.name!r})"

    @property
    def flags(self) -> int:
        """Highest security level the user supports."""
        if not self.auth:
            return 0
        return AUTH_FLAG | PRIV_FLAG if self.priv else AUTH_FLAG


def engine_id_of(device: str) -> bytes:
    """Make the engine id of a device from its name, or from its hash if it is too long.

    References
    ----------
    .. [1] RFC 3411, section 5, SnmpEngineID: formats 4 (text) and 5 (octets).
    """
    text = device.encode()
    prefix = (0x80000000 | _ENTERPRISE).to_bytes(4, "big")
    if len(text) <= 27:
        return prefix + b"\x04" + text
    return prefix + b"\x05" + hashlib.sha256(text).digest()[:27]


class UsmEngine:
    """The security state of one agent: engine id, boots, clock, users and counters.

    Parameters
    ----------
    engine_id : bytes
        snmpEngineID.
    users : tuple of UsmUser
        Who may speak.
    boots : int
        snmpEngineBoots of this life of the device.
    clock : callable
        Monotonic clock. [s]
    """

    def __init__(
        self,
        engine_id: bytes,
        users: tuple[UsmUser, ...],
        *,
        boots: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.engine_id = engine_id
        self.boots = boots
        self.stats: Counter[Stat] = Counter()
        self._users = {user.name.encode(): user for user in users}
        self._keys: dict[bytes, tuple[UsmUser, Keys]] = {}
        self._clock = clock
        self._started_s = clock()
        self._salts = itertools.count(secrets.randbits(62))

    @property
    def time_s(self) -> int:
        """Engine time [s] since this life began."""
        return int(self._clock() - self._started_s)

    def _fault(self, stat: Stat, flags: int = 0) -> UsmFault:
        self.stats[stat] += 1
        return UsmFault(stat, flags)

    def open(self, message: bytes, flags: int, parameters: UsmParameters, payload: bytes) -> bytes:
        """Check and decrypt an incoming message, in the order of RFC 3414, section 3.2.

        Parameters
        ----------
        message : bytes
            The whole message, for its digest.
        flags : int
            Security level bits of msgFlags.
        parameters : UsmParameters
            The decoded security parameters.
        payload : bytes
            The scoped PDU, or its cipher text.

        Returns
        -------
        bytes
            The plain scoped PDU.

        Raises
        ------
        UsmFault
            The message is refused.
        """
        if parameters.engine_id != self.engine_id:
            raise self._fault(Stat.UNKNOWN_ENGINE_IDS)
        user, keys = self._keys_of(parameters.user)
        if flags & ~user.flags & (AUTH_FLAG | PRIV_FLAG):
            raise self._fault(Stat.UNSUPPORTED_SEC_LEVELS)
        if flags & AUTH_FLAG:
            if not has_right_digest(keys, message, parameters):
                raise self._fault(Stat.WRONG_DIGESTS)
            self._check_time(parameters)
        if not flags & PRIV_FLAG:
            return payload
        plain = decrypt(keys, parameters, payload)
        if plain is None:
            raise self._fault(Stat.DECRYPTION_ERRORS)
        return plain

    def decryption_error(self) -> UsmFault:
        """Count and return the fault of a plain text that is no scoped PDU."""
        return self._fault(Stat.DECRYPTION_ERRORS)

    def _keys_of(self, name: bytes) -> tuple[UsmUser, Keys]:
        known = self._keys.get(name)
        if known is None:
            user = self._users.get(name)
            if user is None:
                raise self._fault(Stat.UNKNOWN_USER_NAMES)
            auth = password_key(user.auth) if user.auth else b""
            priv = password_key(user.priv) if user.priv else b""
            known = self._keys[name] = user, Keys(auth, priv, self.engine_id)
        return known

    def _check_time(self, parameters: UsmParameters) -> None:
        if (
            self.boots >= MAX_BOOTS
            or parameters.boots != self.boots
            or abs(parameters.time_s - self.time_s) > TIME_WINDOW_S
        ):
            raise self._fault(Stat.NOT_IN_TIME_WINDOWS, AUTH_FLAG)

    def seal(self, header: bytes, flags: int, user: bytes, scoped_pdu: bytes) -> bytes:
        """Encrypt, authenticate and assemble an outgoing message (RFC 3414, section 3.1).

        Parameters
        ----------
        header : bytes
            Encoded version and msgGlobalData.
        flags : int
            Security level bits.
        user : bytes
            For whom.
        scoped_pdu : bytes
            Encoded plain scoped PDU.

        Returns
        -------
        bytes
            The datagram.
        """
        return seal(
            header,
            flags,
            self._keys_of(user)[1] if flags & AUTH_FLAG else None,
            scoped_pdu,
            engine_id=self.engine_id,
            boots=self.boots,
            time_s=self.time_s,
            user=user,
            salt=next(self._salts),
        )
