"""One non-blocking UDP socket that answers datagrams within an asyncio loop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Callable

from hil.emulators.device import DeviceDied
from twin.model.errors import BenchError

__all__ = ["UdpResponder", "bind_error", "open_responder"]

log = logging.getLogger(__name__)

_MAX_DATAGRAM_BYTES = 65535
_BATCH = 32
_LOOK_EVERY = 16  # wake-ups after which it is tried whether more than one datagram waits


def bind_error(err: OSError, host: str, port: int) -> BenchError:
    """Turn the failure to listen into one line that names address and remedy.

    Parameters
    ----------
    err : OSError
        What the system said.
    host, port
        Where we wanted to listen.
    """
    if err.errno == errno.EADDRINUSE:
        return BenchError(
            f"{host}:{port} is in use: stop what listens there "
            f"(ss -lnp | grep :{port}) or choose another network or port"
        )
    return BenchError(
        f"cannot listen on {host}:{port} ({err.strerror or err}): use 127.x addresses"
    )


class UdpResponder:
    """A bound socket and the function that answers.

    Parameters
    ----------
    sock : socket.socket
        Bound and non-blocking.
    answer : callable
        Datagram to answer; None sends nothing.
    loop : asyncio.AbstractEventLoop
        Loop to run in.
    """

    def __init__(
        self,
        sock: socket.socket,
        answer: Callable[[bytes], bytes | None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._sock = sock
        self._answer = answer
        self._loop = loop
        self._is_busy = False
        self._n_wakes = 0
        loop.add_reader(sock.fileno(), self._readable)

    def close(self) -> None:
        """Stop at once; a second call does nothing."""
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())
            self._sock.close()

    def send(self, datagram: bytes, peer: tuple[str, int]) -> None:
        """Send something unasked, from the address of the device; it may be lost."""
        with contextlib.suppress(OSError):
            self._sock.sendto(datagram, peer)

    def _readable(self) -> None:
        # Several datagrams per wake-up where several come: waking costs as much as answering one,
        # and so does finding that there is no other. What is left wakes the loop again.
        self._n_wakes += 1
        n_most = _BATCH if self._is_busy or self._n_wakes % _LOOK_EVERY == 0 else 1
        n_read = 0
        while n_read < n_most and self._take_one():
            n_read += 1
        self._is_busy = n_read > 1

    def _take_one(self) -> bool:
        """Answer one datagram; False if there is none, or the device died of it."""
        try:
            datagram, peer = self._sock.recvfrom(_MAX_DATAGRAM_BYTES)
        except BlockingIOError:
            return False
        except OSError as err:
            log.debug("receive failed: %s", err)
            return False
        try:
            answer = self._answer(datagram)
        except DeviceDied:
            return False
        if answer is not None:
            # A full buffer or a vanished peer loses the answer, as a network would.
            with contextlib.suppress(OSError):
                self._sock.sendto(answer, peer)
        return True


def open_responder(host: str, port: int, answer: Callable[[bytes], bytes | None]) -> UdpResponder:
    """Bind a socket in the running loop and answer what arrives.

    Parameters
    ----------
    host, port
        Where to listen.
    answer : callable
        Datagram to answer; None sends nothing.

    Raises
    ------
    BenchError
        The address cannot be had.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    try:
        sock.bind((host, port))
    except OSError as err:
        sock.close()
        raise bind_error(err, host, port) from err
    return UdpResponder(sock, answer, asyncio.get_running_loop())
