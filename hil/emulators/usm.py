"""The user-based security model of SNMPv3, as the authoritative engine (the agent) runs it.

HMAC-192-SHA-256 authenticates and AES-128 in CFB mode encrypts; older algorithms do not exist
here.

References
----------
.. [1] RFC 3414, sections 2.6 (keys), 3.1 and 3.2 (messages), A.2 (password to key).
.. [2] RFC 3826, section 3.1 (AES-128 in CFB mode).
.. [3] RFC 7860, section 4.2.2 (HMAC-192-SHA-256: 24 octets of digest).
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from hil.emulators.ber import (
    OCTET_STRING,
    SEQUENCE,
    BerError,
    encode_integer,
    take,
    take_integer,
    tlv,
)

__all__ = [
    "AUTH_FLAG",
    "PRIV_FLAG",
    "REPORTABLE_FLAG",
    "Stat",
    "UsmEngine",
    "UsmFault",
    "UsmParameters",
    "UsmUser",
    "cfb_decrypt",
    "cfb_encrypt",
    "decode_parameters",
    "engine_id_of",
    "localised_key",
    "password_key",
]

AUTH_FLAG = 1
PRIV_FLAG = 2
REPORTABLE_FLAG = 4

_DIGEST_BYTES = 24
_BLOCK_BYTES = 16
_MAX_BOOTS = 2**31 - 1
_TIME_WINDOW_S = 150
_ENTERPRISE = 32473  # the example number of RFC 5612
_NO_DIGEST = bytes(_DIGEST_BYTES)


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


@dataclass(frozen=True, slots=True)
class UsmParameters:
    """The security parameters of one message (RFC 3414, section 2.4)."""

    engine_id: bytes
    boots: int
    time_s: int
    user: bytes
    digest: bytes
    salt: bytes
    digest_at: int


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


@lru_cache(maxsize=64)
def password_key(password: str) -> bytes:
    """Turn a pass phrase into the user's key with SHA-256.

    Parameters
    ----------
    password : str
        At least 8 characters.

    Returns
    -------
    bytes
        Ku, 32 octets.

    Raises
    ------
    ValueError
        The pass phrase is too short.

    References
    ----------
    .. [1] RFC 3414, section A.2.1, with the hash of RFC 7860, section 9.3.
    """
    phrase = password.encode()
    if len(phrase) < 8:
        raise ValueError("a pass phrase of SNMPv3 has at least 8 characters")
    return hashlib.sha256((phrase * (1 + 1048576 // len(phrase)))[:1048576]).digest()


def localised_key(user_key: bytes, engine_id: bytes) -> bytes:
    """Localise a user's key for an engine: H(Ku || engine id || Ku), RFC 3414, section 2.6."""
    return hashlib.sha256(user_key + engine_id + user_key).digest()


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


def cfb_encrypt(encrypt_block: Callable[[bytes], bytes], vector: bytes, plain: bytes) -> bytes:
    """Encrypt in CFB mode with 128-bit feedback over a raw block cipher.

    Parameters
    ----------
    encrypt_block : callable
        AES of whole blocks.
    vector : bytes
        Initialisation vector of 16 octets.
    plain : bytes
        Any length.

    References
    ----------
    .. [1] NIST SP 800-38A (2001), section 6.3; RFC 3826, section 3.1.3.
    """
    out = []
    feedback = vector
    for at in range(0, len(plain), _BLOCK_BYTES):
        feedback = _xor(plain[at : at + _BLOCK_BYTES], encrypt_block(feedback))
        out.append(feedback)
    return b"".join(out)


def cfb_decrypt(encrypt_block: Callable[[bytes], bytes], vector: bytes, cipher: bytes) -> bytes:
    """Decrypt what `cfb_encrypt` made: all key stream blocks come from one call."""
    return _xor(cipher, encrypt_block((vector + cipher)[: -(-len(cipher) // 16) * 16]))


def _xor(text: bytes, stream: bytes) -> bytes:
    size = len(text)
    mixed = int.from_bytes(text, "big") ^ int.from_bytes(stream[:size], "big")
    return mixed.to_bytes(size, "big")


class _Keys:
    """One user's keys at one engine, ready to use."""

    __slots__ = ("block", "mac", "user")

    def __init__(self, user: UsmUser, engine_id: bytes) -> None:
        self.user = user
        self.mac = self.block = None
        if user.auth:
            key = localised_key(password_key(user.auth), engine_id)
            self.mac = hmac.new(key, digestmod=hashlib.sha256)
        if user.auth and user.priv:
            key = localised_key(password_key(user.priv), engine_id)[:16]
            # Only the block function: CFB is built on it above, at half the cost of a context.
            ecb = Cipher(algorithms.AES(key), modes.ECB())  # nosec B305  # noqa: S305
            self.block = ecb.encryptor().update


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
        self._keys: dict[bytes, _Keys] = {}
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
        keys = self._keys_of(parameters.user)
        if flags & ~keys.user.flags & (AUTH_FLAG | PRIV_FLAG):
            raise self._fault(Stat.UNSUPPORTED_SEC_LEVELS)
        if flags & AUTH_FLAG:
            self._check_digest(keys, message, parameters)
            self._check_time(parameters)
        if not flags & PRIV_FLAG:
            return payload
        if keys.block is None or len(parameters.salt) != 8 or not payload:
            raise self._fault(Stat.DECRYPTION_ERRORS)
        vector = self._vector(parameters.boots, parameters.time_s, parameters.salt)
        return cfb_decrypt(keys.block, vector, payload)

    def decryption_error(self) -> UsmFault:
        """Count and return the fault of a plain text that is no scoped PDU."""
        return self._fault(Stat.DECRYPTION_ERRORS)

    def _keys_of(self, name: bytes) -> _Keys:
        keys = self._keys.get(name)
        if keys is None:
            user = self._users.get(name)
            if user is None:
                raise self._fault(Stat.UNKNOWN_USER_NAMES)
            keys = self._keys[name] = _Keys(user, self.engine_id)
        return keys

    def _check_digest(self, keys: _Keys, message: bytes, parameters: UsmParameters) -> None:
        at = parameters.digest_at
        blanked = message[:at] + _NO_DIGEST + message[at + _DIGEST_BYTES :]
        if len(parameters.digest) != _DIGEST_BYTES or not hmac.compare_digest(
            _digest(keys, blanked), parameters.digest
        ):
            raise self._fault(Stat.WRONG_DIGESTS)

    def _check_time(self, parameters: UsmParameters) -> None:
        if (
            self.boots >= _MAX_BOOTS
            or parameters.boots != self.boots
            or abs(parameters.time_s - self.time_s) > _TIME_WINDOW_S
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
        boots, time_s = self.boots, self.time_s
        salt = digest = b""
        payload = scoped_pdu
        keys = self._keys_of(user) if flags & AUTH_FLAG else None
        if flags & PRIV_FLAG and keys is not None and keys.block is not None:
            salt = (next(self._salts) & 0xFFFFFFFFFFFFFFFF).to_bytes(8, "big")
            vector = self._vector(boots, time_s, salt)
            payload = tlv(OCTET_STRING, cfb_encrypt(keys.block, vector, scoped_pdu))
        if keys is not None:
            digest = _NO_DIGEST
        before = tlv(OCTET_STRING, self.engine_id) + encode_integer(boots)
        before += encode_integer(time_s) + tlv(OCTET_STRING, user)
        tail = tlv(OCTET_STRING, salt)
        security = tlv(OCTET_STRING, tlv(SEQUENCE, before + tlv(OCTET_STRING, digest) + tail))
        message = tlv(SEQUENCE, header + security + payload)
        if keys is None:
            return message
        end = len(message) - len(payload) - len(tail)
        mac = _digest(keys, message)
        return message[: end - _DIGEST_BYTES] + mac + message[end:]

    @staticmethod
    def _vector(boots: int, time_s: int, salt: bytes) -> bytes:
        return boots.to_bytes(4, "big") + time_s.to_bytes(4, "big") + salt


def _digest(keys: _Keys, message: bytes) -> bytes:
    if keys.mac is None:
        raise UsmFault(Stat.UNSUPPORTED_SEC_LEVELS)
    mac = keys.mac.copy()
    mac.update(message)
    return mac.digest()[:_DIGEST_BYTES]


def decode_parameters(data: bytes, start: int, stop: int) -> UsmParameters:
    """Decode msgSecurityParameters that stand in a message.

    Parameters
    ----------
    data : bytes
        The whole message.
    start, stop : int
        Bounds of the octet string's contents.

    Raises
    ------
    BerError
        Not the parameters of the user-based model.
    """
    at, end = take(data, start, stop, SEQUENCE)
    if end != stop:
        raise BerError("octets follow the security parameters")
    id_at, at = take(data, at, end, OCTET_STRING)
    engine_id = data[id_at:at]
    boots, at = take_integer(data, at, end)
    time_s, at = take_integer(data, at, end)
    user_at, user_end = take(data, at, end, OCTET_STRING)
    digest_at, digest_end = take(data, user_end, end, OCTET_STRING)
    salt_at, salt_end = take(data, digest_end, end, OCTET_STRING)
    if salt_end != end or len(engine_id) > 32 or user_end - user_at > 32:
        raise BerError("security parameters have the wrong sizes")
    if boots < 0 or time_s < 0:
        raise BerError("engine boots and time are not negative")
    return UsmParameters(
        engine_id,
        boots,
        time_s,
        data[user_at:user_end],
        data[digest_at:digest_end],
        data[salt_at:salt_end],
        digest_at,
    )
