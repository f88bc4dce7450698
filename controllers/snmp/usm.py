"""The user-based security model of SNMPv3, as both ends of an exchange need it.

HMAC-SHA-2 authenticates and AES-128 in CFB mode encrypts; older algorithms do not exist here.

References
----------
.. [1] RFC 3414, sections 2.4 (parameters), 2.6 (keys), A.2 (password to key).
.. [2] RFC 3826, section 3.1 (AES-128 in CFB mode).
.. [3] RFC 7860, section 4.2 (HMAC-SHA-2 and the lengths of its digests).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from controllers.snmp.ber import (
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
    "HASHES",
    "MAX_BOOTS",
    "PRIV_FLAG",
    "REPORTABLE_FLAG",
    "TIME_WINDOW_S",
    "Keys",
    "UsmParameters",
    "cfb_decrypt",
    "cfb_encrypt",
    "decode_parameters",
    "decrypt",
    "has_right_digest",
    "localised_key",
    "password_key",
    "seal",
]

AUTH_FLAG = 1
PRIV_FLAG = 2
REPORTABLE_FLAG = 4
MAX_BOOTS = 2**31 - 1
TIME_WINDOW_S = 150
"""How far the time of a message may be off, RFC 3414 section 2.2.3. [s]"""

HASHES: Mapping[str, tuple[Callable[..., Any], int]] = MappingProxyType(
    {
        "SHA-224": (hashlib.sha224, 16),
        "SHA-256": (hashlib.sha256, 24),
        "SHA-384": (hashlib.sha384, 32),
        "SHA-512": (hashlib.sha512, 48),
    }
)
"""Hash, and octets of its digest in a message (RFC 7860 section 4.2)."""

_BLOCK_BYTES = 16
_SALT_BYTES = 8


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


@lru_cache(maxsize=64)
def password_key(password: str, auth: str = "SHA-256") -> bytes:
    """Turn a pass phrase into the user's key.

    Parameters
    ----------
    password : str
        At least 8 characters.
    auth : str
        A key of `HASHES`.

    Returns
    -------
    bytes
        Ku.

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
    digest: bytes = HASHES[auth][0]((phrase * (1 + 1048576 // len(phrase)))[:1048576]).digest()
    return digest


def localised_key(user_key: bytes, engine_id: bytes, auth: str = "SHA-256") -> bytes:
    """Localise a user's key for an engine: H(Ku || engine id || Ku), RFC 3414, section 2.6."""
    key: bytes = HASHES[auth][0](user_key + engine_id + user_key).digest()
    return key


class Keys:
    """One user's keys at one engine, ready to use; never shown.

    Parameters
    ----------
    auth_key, priv_key : bytes
        The user's keys, from `password_key`; an empty one leaves that service out.
    engine_id : bytes
        Engine they are localised for.
    auth : str
        A key of `HASHES`.
    """

    __slots__ = ("block", "digest_bytes", "mac")

    def __init__(
        self, auth_key: bytes, priv_key: bytes, engine_id: bytes, auth: str = "SHA-256"
    ) -> None:
        hash_of, self.digest_bytes = HASHES[auth]
        self.mac = self.block = None
        if auth_key:
            key = localised_key(auth_key, engine_id, auth)
            self.mac = hmac.new(key, digestmod=hash_of)
        if auth_key and priv_key:
            key = localised_key(priv_key, engine_id, auth)[:_BLOCK_BYTES]
            # Only the block function: CFB is built on it below, at half the cost of a context.
            ecb = Cipher(algorithms.AES(key), modes.ECB())  # nosec B305  # noqa: S305
            self.block = ecb.encryptor().update

    def digest(self, message: bytes) -> bytes:
        """Digest of a message whose digest field is blank."""
        if self.mac is None:
            raise ValueError("there is no key to authenticate with")
        mac = self.mac.copy()
        mac.update(message)
        return mac.digest()[: self.digest_bytes]


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


def _vector(boots: int, time_s: int, salt: bytes) -> bytes:
    return boots.to_bytes(4, "big") + time_s.to_bytes(4, "big") + salt


def decrypt(keys: Keys, parameters: UsmParameters, payload: bytes) -> bytes | None:
    """Decrypt the payload of a message.

    Parameters
    ----------
    keys : Keys
        The user's keys.
    parameters : UsmParameters
        Security parameters of the message.
    payload : bytes
        The cipher text.

    Returns
    -------
    bytes or None
        The plain scoped PDU; None if it cannot be decrypted.
    """
    if keys.block is None or len(parameters.salt) != _SALT_BYTES or not payload:
        return None
    vector = _vector(parameters.boots, parameters.time_s, parameters.salt)
    return cfb_decrypt(keys.block, vector, payload)


def has_right_digest(keys: Keys, message: bytes, parameters: UsmParameters) -> bool:
    """Say whether a message was made by who knows the key; in constant time.

    Parameters
    ----------
    keys : Keys
        The user's keys.
    message : bytes
        The whole message.
    parameters : UsmParameters
        Its security parameters.
    """
    size = keys.digest_bytes
    if keys.mac is None or len(parameters.digest) != size:
        return False
    at = parameters.digest_at
    blanked = message[:at] + bytes(size) + message[at + size :]
    return hmac.compare_digest(keys.digest(blanked), parameters.digest)


def seal(
    header: bytes,
    flags: int,
    keys: Keys | None,
    scoped_pdu: bytes,
    *,
    engine_id: bytes,
    boots: int,
    time_s: int,
    user: bytes,
    salt: int,
) -> bytes:
    """Encrypt, authenticate and assemble an outgoing message (RFC 3414, section 3.1).

    Parameters
    ----------
    header : bytes
        Encoded version and msgGlobalData.
    flags : int
        Security level bits.
    keys : Keys or None
        The user's keys at the engine; None sends without authentication.
    scoped_pdu : bytes
        Encoded plain scoped PDU.
    engine_id, boots, time_s
        The authoritative engine, and its clock.
    user : bytes
        The user.
    salt : int
        A number never used before with these keys.

    Returns
    -------
    bytes
        The datagram.
    """
    salt_octets = digest = b""
    payload = scoped_pdu
    if flags & PRIV_FLAG and keys is not None and keys.block is not None:
        salt_octets = (salt & 0xFFFFFFFFFFFFFFFF).to_bytes(_SALT_BYTES, "big")
        vector = _vector(boots, time_s, salt_octets)
        payload = tlv(OCTET_STRING, cfb_encrypt(keys.block, vector, scoped_pdu))
    if keys is not None:
        digest = bytes(keys.digest_bytes)
    before = tlv(OCTET_STRING, engine_id) + encode_integer(boots)
    before += encode_integer(time_s) + tlv(OCTET_STRING, user)
    tail = tlv(OCTET_STRING, salt_octets)
    security = tlv(OCTET_STRING, tlv(SEQUENCE, before + tlv(OCTET_STRING, digest) + tail))
    message = tlv(SEQUENCE, header + security + payload)
    if keys is None:
        return message
    end = len(message) - len(payload) - len(tail)
    return message[: end - keys.digest_bytes] + keys.digest(message) + message[end:]


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
