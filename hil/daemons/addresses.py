"""Loopback addresses and ports nobody uses, so that many instances run side by side."""

from __future__ import annotations

import secrets
import socket

from twin.model.errors import BenchError

__all__ = ["free_place"]


def free_place(host: str, port: int, *, is_udp: bool) -> tuple[str, int]:
    """Find an address and port that are free right now.

    Parameters
    ----------
    host : str
        Loopback address; empty picks one at random from 127.128.0.0/9, 8 million of them, so
        that nobody else takes the port before it is used.
    port : int
        The port; 0 picks a free one.
    is_udp : bool
        UDP, else TCP.

    Returns
    -------
    host, port
        The place.

    Raises
    ------
    BenchError
        The place is taken or cannot be bound.
    """
    host = host or _random_host()
    kind = socket.SOCK_DGRAM if is_udp else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as probe:
        if not is_udp:  # sessions of an earlier server that are still closing do not count
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as err:
            raise BenchError(
                f"{host}:{port} cannot be used ({err.strerror}); name a free port, or none"
            ) from err
        return host, int(probe.getsockname()[1])


def _random_host() -> str:
    number = 128 * 256 * 256 + 1 + secrets.randbelow(128 * 256 * 256 - 2)
    return f"127.{number >> 16}.{number >> 8 & 255}.{number & 255}"
