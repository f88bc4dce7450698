"""What a device tells unasked: an SNMPv3 trap, opened with the keys of its sender's engine.

References
----------
.. [1] RFC 3414, section 3.2 (the sender of a trap is the authoritative engine).
.. [2] RFC 3416, section 4.2.6 (SNMPv2-Trap-PDU: sysUpTime.0, snmpTrapOID.0, then objects).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from controllers.snmp.ber import OBJECT_ID, BerError, decode_oid, decode_value, encode_oid
from controllers.snmp.exchange import Credentials, Variable
from controllers.snmp.message import PduType, decode_message, decode_scoped_pdu
from controllers.snmp.usm import (
    AUTH_FLAG,
    PRIV_FLAG,
    TIME_WINDOW_S,
    Keys,
    decrypt,
    has_right_digest,
    password_key,
)

__all__ = ["Notification", "TrapSource"]

_MOST_SALTS = 512
"""Traps of a device that are told from a repetition: more than its rate lets pass in the window."""
_TRAP_OID = encode_oid((1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One trap that was authentic, private and in time.

    Parameters
    ----------
    oid : tuple of int
        Which notification.
    variables : tuple of Variable
        Its objects.
    boots, time_s
        Clock of the sender. [s]
    """

    oid: tuple[int, ...]
    variables: tuple[Variable, ...]
    boots: int
    time_s: int = field(metadata={"unit": "s"})


class TrapSource:
    """One device that may send traps: its user, and the engine it was first heard with.

    Parameters
    ----------
    credentials : Credentials
        The user that traps must come from, with its pass phrases.
    """

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._engine_id = b""
        self._keys: Keys | None = None
        self._clock = (0, 0)
        self._salts: deque[bytes] = deque(maxlen=_MOST_SALTS)

    def forget(self) -> None:
        """Take the next engine that is authentic for it, as after an exchange of the device."""
        self._engine_id, self._keys, self._clock = b"", None, (0, 0)

    def open(self, datagram: bytes) -> Notification:
        """Check and open a datagram.

        Parameters
        ----------
        datagram : bytes
            What came from the address of the device.

        Returns
        -------
        Notification
            What it says.

        Raises
        ------
        BerError
            It is no trap of this device that is authentic, private and in time; says why.
        """
        message = decode_message(datagram)
        security = message.security
        if message.flags & (AUTH_FLAG | PRIV_FLAG) != AUTH_FLAG | PRIV_FLAG:
            raise BerError("it is not authenticated and encrypted")
        if security.user != self._credentials.user.encode():
            raise BerError("it is of another user")
        if self._keys is not None and security.engine_id != self._engine_id:
            raise BerError("the device was heard with another engine id before")
        keys = self._keys or self._keys_for(security.engine_id)
        if not has_right_digest(keys, datagram, security):
            raise BerError("its digest is wrong")
        boots, time_s = self._clock
        if security.boots < boots or (
            security.boots == boots and security.time_s < time_s - TIME_WINDOW_S
        ):
            raise BerError("it is older than what was heard before")
        if security.salt in self._salts:
            raise BerError("it was heard before")
        plain = decrypt(keys, security, message.payload)
        if plain is None:
            raise BerError("it cannot be decrypted")
        notification = _trap_in(plain, security.boots, security.time_s)
        # Only now: nothing that is not authentic may leave a trace.
        self._engine_id, self._keys = security.engine_id, keys
        self._clock = max(self._clock, (security.boots, security.time_s))
        self._salts.append(security.salt)
        return notification

    def _keys_for(self, engine_id: bytes) -> Keys:
        if not 5 <= len(engine_id) <= 32:
            raise BerError("its engine id is none")
        auth = self._credentials.auth_protocol
        return Keys(
            password_key(self._credentials.auth_key, auth),
            password_key(self._credentials.priv_key, auth),
            engine_id,
            auth,
        )


def _trap_in(plain: bytes, boots: int, time_s: int) -> Notification:
    pdu = decode_scoped_pdu(plain).pdu
    if pdu.type != PduType.TRAP:
        raise BerError("it is no trap")
    if len(pdu.varbinds) < 2 or pdu.varbinds[1].oid != _TRAP_OID:
        raise BerError("it does not name its notification")
    name = pdu.varbinds[1]
    if name.tag != OBJECT_ID:
        raise BerError("it does not name its notification")
    return Notification(
        oid=decode_oid(name.value),
        variables=tuple(
            Variable(decode_oid(v.oid), v.tag, decode_value(v.tag, v.value))
            for v in pdu.varbinds[2:]
        ),
        boots=boots,
        time_s=time_s,
    )
