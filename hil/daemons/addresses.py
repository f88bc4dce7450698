"""Loopback addresses and ports nobody uses, so that many instances run side by side."""

from __future__ import annotations

import secrets
import socket

from twin.model.errors import BenchError

__all__ = ["free_port", "fresh_host"]


def fresh_host() -> str:
    """Pick a loopback address at random from 127.128.0.0/9, 8 million of them."""
    number = 128 * 256 * 256 + 1 + secrets.randbelow(128 * 256 * 256 - 2)
    return f"127.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def free_port(host: str, *, is_udp: bool) -> int:
    """Find a port that is free on an address right now.

    Parameters
    ----------
    host : str
        Loopback address.
    is_udp : bool
        UDP, else TCP.

    Returns
    -------
    int
        The port. With an address of one's own nobody else will take it meanwhile.

    Raises
    ------
    BenchError
        The address cannot be bound.
    """
    kind = socket.SOCK_DGRAM if is_udp else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind((host, 0))
        except OSError as err:
            raise BenchError(f"{host} cannot be bound ({err.strerror}); name a free one") from err
        return int(probe.getsockname()[1])
