"""Spoils texts and messages at random, from a seed, in the ways that parsers stumble over."""

from __future__ import annotations

import random

__all__ = ["spoil"]

_BAD_BYTES = (0x00, 0x01, 0x1F, 0x7F, 0x80, 0x84, 0xC0, 0xFE, 0xFF)


def spoil(data: bytes, rng: random.Random, words: tuple[bytes, ...] = ()) -> bytes:
    """Change a message in one to eight places.

    Parameters
    ----------
    data : bytes
        A good message.
    rng : random.Random
        Decides everything.
    words : tuple of bytes
        Tokens of the format, to put in.

    Returns
    -------
    bytes
        At most four times as long.
    """
    out = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        _spoil_once(out, rng, words)
        del out[4 * len(data) + 64 :]
    return bytes(out)


def _spoil_once(out: bytearray, rng: random.Random, words: tuple[bytes, ...]) -> None:
    i = rng.randint(0, len(out))
    j = min(len(out), i + rng.choice((1, 1, 2, 4, 16, 64)))
    match rng.randrange(7):
        case 0 if i < len(out):
            out[i] ^= 1 << rng.randrange(8)
        case 1 if i < len(out):
            out[i] = rng.choice(_BAD_BYTES)
        case 2:
            del out[i:j]
        case 3:
            out[i:i] = out[i:j] * rng.choice((1, 2, 50))
        case 4:
            out[i:i] = rng.randbytes(rng.randint(1, 8))
        case 5:
            k = rng.randint(0, len(out))
            out[i:j], out[k : k + j - i] = out[k : k + j - i], out[i:j]
        case _:
            out[i:i] = rng.choice(words) if words else b""
