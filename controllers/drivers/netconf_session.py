"""An SSH session of ncclient that cannot hang: every wait ends by killing the transport.

ncclient polls its queue ten times a second and waits for ever on a peer that accepts and never
speaks. Here the calling thread writes under a lock and a reader thread blocks on the channel. While
connecting a watchdog shuts the socket down when the deadline passes, so that every blocked call
returns at once; later the caller waits for its answer no longer than its own limit.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import paramiko
from lxml import etree
from ncclient import NCClientError
from ncclient.devices.default import DefaultDeviceHandler
from ncclient.transport.errors import SessionCloseError, TransportError
from ncclient.transport.session import NetconfBase
from ncclient.transport.ssh import SSHSession

from controllers.drivers.framing import MAX_MESSAGE, Framer, frame
from controllers.drivers.options import choice, secret_of
from controllers.drivers.ssh import (
    check_host_key,
    disabled_algorithms,
    host_keys_of,
    host_name,
    load_private_key,
    ssh_error,
)
from controllers.drivers.ssh_share import SharedConnection, join, leave, offer
from controllers.ports import Device
from twin.model.errors import DeviceError, DeviceTimeout, DeviceUnreachable, InputError
from twin.model.safe import parse_xml
from twin.model.secret import Secret

__all__ = ["BoundedSession"]

log = logging.getLogger(__name__)

_BUFFER = 65536
_JOIN_S = 2.0
_QUIET_S = 20.0
_N_CONNECTS = 24
_CONNECTS = threading.BoundedSemaphore(_N_CONNECTS)
"""Key exchanges at a time, whatever the number of devices: more only wait for a processor."""
_TICK_S = 1.0
"""How often a blocked write looks whether its deadline has passed; reads come at once. [s]"""


class _Handler(DefaultDeviceHandler):  # type: ignore[misc]
    """Capabilities of a client are its base versions only (RFC 6241 section 8.1)."""

    _BASE_CAPABILITIES = (
        "urn:ietf:params:netconf:base:1.0",
        "urn:ietf:params:netconf:base:1.1",
    )

    def get_capabilities(self) -> list[str]:
        """Return what goes into our hello."""
        return list(self._BASE_CAPABILITIES)


class BoundedSession(SSHSession):  # type: ignore[misc]
    """One NETCONF session over SSH with a deadline on everything.

    Parameters
    ----------
    device : Device
        The inventory entry.
    """

    def __init__(self, device: Device) -> None:
        self.handler = _Handler()
        super().__init__(self.handler)
        self._target = device
        self._write_lock = threading.Lock()
        self._framer = Framer()
        self._socket: socket.socket | None = None
        self._connection: SharedConnection | None = None
        self._corked: list[bytes] | None = None
        self._timeout_s = 0.0
        self._expired = self._is_closed = False
        self._cause: Exception | None = None

    def open(self, timeout_s: float, rpc_timeout_s: float) -> None:
        """Connect, check the host key, log in and exchange hellos.

        Parameters
        ----------
        timeout_s : float
            Bound of all of it together. [s]
        rpc_timeout_s : float
            Bound of a later write. [s]

        Raises
        ------
        DeviceError
            A leaf that says what failed; the session is closed then.
        """
        device = self._target
        self._timeout_s = rpc_timeout_s
        accepted = host_keys_of(device)
        # Mistakes of the inventory show before anything is dialled.
        key = load_private_key(device)
        password = None if key else secret_of(device, "password")
        try:
            with self._deadline(timeout_s):
                if not self._join(accepted, timeout_s):
                    with self._turn(timeout_s):
                        self._dial(timeout_s)
                        self._login(accepted, key, password, timeout_s)
                self._post_connect(timeout_s)
        except DeviceError:
            self.close()
            raise
        except (NCClientError, OSError, EOFError, paramiko.SSHException, InputError) as err:
            self.close()
            if self._expired:
                raise DeviceTimeout(
                    device.id,
                    f"no NETCONF session with {device.host}:{device.port} within {timeout_s:g} s; "
                    "it accepts and stays silent, or is overloaded",
                ) from err
            raise ssh_error(device, self._cause or err) from err

    @contextmanager
    def _deadline(self, timeout_s: float) -> Iterator[None]:
        """Shut the socket down if the block has not ended in time."""
        timer = threading.Timer(timeout_s, self._expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    @contextmanager
    def _turn(self, timeout_s: float) -> Iterator[None]:
        """Wait until fewer than the most others connect."""
        if not _CONNECTS.acquire(timeout=timeout_s):
            raise DeviceTimeout(
                self._target.id,
                f"{_N_CONNECTS} other connects took longer than {timeout_s:g} s; raise option "
                "connect_timeout_s",
            )
        try:
            yield
        finally:
            _CONNECTS.release()

    @property
    def has_expired(self) -> bool:
        """A deadline has passed and the session was killed."""
        return self._expired

    @property
    def cause(self) -> Exception | None:
        """What ended the session, as far as it is known."""
        return self._cause

    def send(self, message: str) -> None:
        """Write a message from the calling thread.

        Raises
        ------
        TransportError
            The session is not connected, or the write failed.
        """
        with self._write_lock:
            if not self.connected or self._channel is None:
                raise TransportError("the session is closed")
            framed = frame(message.encode(), is_chunked=self._base == NetconfBase.BASE_11)
            if self._corked is None:
                self._flush(framed)
            else:
                self._corked.append(framed)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Send the messages of the block in one piece at its end.

        Raises
        ------
        TransportError
            The write failed.
        """
        self._corked = []
        try:
            yield
            with self._write_lock:
                self._flush(b"".join(self._corked))
        finally:
            self._corked = None

    def _flush(self, data: bytes) -> None:
        try:
            self._write(data)
        except (OSError, EOFError) as err:
            raise TransportError(f"the session was lost while writing: {err}") from err

    def _write(self, data: bytes) -> None:
        """Send all of it; a peer that does not take it in time is as good as gone."""
        end_s = time.monotonic() + self._timeout_s
        rest = memoryview(data)
        while rest:
            try:
                n_sent = self._channel.send(rest)
            except TimeoutError:
                n_sent = -1
            if n_sent == 0:
                raise EOFError("the peer has closed the channel")
            if n_sent > 0:
                rest = rest[n_sent:]
            elif time.monotonic() > end_s:
                self._expire()
                raise TimeoutError("the peer takes no more data")

    def run(self) -> None:
        """Read until the session ends; the body of the reader thread."""
        error: Exception = SessionCloseError(b"")
        try:
            while self._read_some():
                pass
        except (NCClientError, OSError, EOFError, InputError, etree.LxmlError, ValueError) as err:
            error = self._cause = err
        finally:
            # First the flag, then the errors: whoever asks later is turned away by `send`.
            self._connected = False
            self._dispatch_error(error)
            self._hang_up()  # other sessions may use the connection; `close` ends the last one's

    def close(self) -> None:
        """End the session; never raises, and blocks for two seconds at most."""
        if self._is_closed:
            return
        self._is_closed = True
        self._closing.set()
        self._connected = False
        connection, self._connection = self._connection, None
        is_last = connection is None or leave(connection)
        if is_last:
            self._shut()
            if self._transport is not None:
                self._transport.close()
        else:
            self._hang_up()
        for thread in (self, self._transport if is_last else None):
            if (
                thread is not None
                and thread.is_alive()
                and thread is not threading.current_thread()
            ):
                thread.join(_JOIN_S)
        if is_last and self._socket is not None:
            self._socket.close()

    def _join(self, accepted: paramiko.HostKeys, timeout_s: float) -> bool:
        """Open a channel on a connection that is there already; False if none is, or it will not.

        Some devices allow one channel a connection: they get a connection a session.
        """
        device = self._target
        if choice(device, "sessions", ("shared", "own")) == "own":
            return False
        connection = join(device)
        if connection is None:
            return False
        # From here on the watchdog can end it, and `close` gives it back.
        self._connection, self._socket = connection, connection.socket
        self._transport = transport = connection.transport
        check_host_key(device, accepted, transport.get_remote_server_key())
        try:
            self._channel = transport.open_session(timeout=timeout_s)
            self._channel.invoke_subsystem("netconf")
        except (OSError, EOFError, paramiko.SSHException) as err:
            if self._expired:
                raise
            log.debug("no second channel to %s: %r", device.id, err)
            self._connection = self._socket = self._transport = self._channel = None
            if leave(connection):
                connection.transport.close()
            return False
        self._channel.settimeout(_TICK_S)
        self._connected = True
        return True

    def _dial(self, timeout_s: float) -> None:
        device = self._target
        try:
            self._socket = socket.create_connection((device.host, device.port), timeout_s)
        except TimeoutError as err:
            self._expired = True
            raise DeviceTimeout(
                device.id, f"no TCP connection to {device.host}:{device.port} in {timeout_s:g} s"
            ) from err
        except OSError as err:
            raise DeviceUnreachable(
                device.id,
                f"no TCP connection to {device.host}:{device.port}: {err.strerror or err}",
            ) from err
        # An operation is one small write and one small answer: nothing to collect.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._expired:
            self._shut()

    def _login(
        self,
        accepted: paramiko.HostKeys,
        key: paramiko.PKey | None,
        password: Secret | None,
        timeout_s: float,
    ) -> None:
        device = self._target
        transport = paramiko.Transport(
            self._socket, disabled_algorithms=disabled_algorithms(device)
        )
        transport.daemon = True
        # Later than the watchdog, which knows what to say of a peer that stays silent.
        transport.banner_timeout = transport.auth_timeout = timeout_s + _JOIN_S
        transport.handshake_timeout = timeout_s + _JOIN_S
        self._transport = transport
        _prefer(transport, accepted.lookup(host_name(device)))
        transport.start_client(timeout=timeout_s + _JOIN_S)
        check_host_key(device, accepted, transport.get_remote_server_key())
        if key is not None:
            transport.auth_publickey(device.username, key)
        elif password is not None:
            transport.auth_password(device.username, password.reveal())
        self._channel = transport.open_session(timeout=timeout_s)
        self._channel.invoke_subsystem("netconf")
        self._channel.settimeout(_TICK_S)
        if self._socket is not None:
            self._connection = offer(device, transport, self._socket)
            # paramiko looks ten times a second whether it shall end; we shut the socket down to
            # end it, and a thousand quiet connections would cost a processor.
            self._socket.settimeout(_QUIET_S)
        self._connected = True

    def _read_some(self) -> bool:
        channel = self._channel
        try:
            data = channel.recv(_BUFFER) if channel is not None else b""
        except TimeoutError:
            return True
        if not data:
            return False
        self._framer.feed(data)
        while True:
            self._framer.is_chunked = self._base == NetconfBase.BASE_11
            message = self._framer.take()
            if message is None:
                return True
            # The one hardened reader sees every message before ncclient parses it.
            parse_xml(message, f"NETCONF message of {self._target.id}", max_bytes=MAX_MESSAGE)
            self._dispatch_message(message.decode())

    def _expire(self) -> None:
        self._expired = True
        self._shut()

    def _hang_up(self) -> None:
        """End this session alone."""
        if self._channel is not None:
            try:
                self._channel.close()
            except (OSError, EOFError, paramiko.SSHException):
                log.debug("channel of %s was closed already", self._target.id)

    def _shut(self) -> None:
        if self._socket is None:
            return
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("socket of %s was closed already", self._target.id)


def _prefer(transport: paramiko.Transport, known: object) -> None:
    """Ask for the key types we know first, or a good server may show another one."""
    options = transport.get_security_options()
    # AES-GCM checks itself; paramiko compares other checksums byte by byte, for half of its time.
    options.ciphers = tuple(sorted(options.ciphers, key=lambda name: "-gcm@" not in name))
    if not known:
        return
    names = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}
    wanted = [name for kind in known for name in names.get(kind, (kind,))]  # type: ignore[attr-defined]
    types = options.key_types
    options.key_types = tuple(
        [name for name in wanted if name in types] + [name for name in types if name not in wanted]
    )
