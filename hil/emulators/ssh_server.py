"""SSH for emulated devices: strong algorithms only, no shell of the machine, no files, no tunnels.

References
----------
.. [1] BSI TR-02102-4, "Verwendung von SSH" (recommended algorithms).
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any, Protocol

import asyncssh

from hil.emulators.device import DeviceDied, EmulatedDevice
from hil.emulators.udp import bind_error
from twin.model.errors import BenchError
from twin.model.secret import Secret

__all__ = ["KEX_ALGORITHMS", "SshFace", "SshListener", "SshService", "check_asyncssh"]

log = logging.getLogger(__name__)

KEX_ALGORITHMS = (
    "mlkem768x25519-sha256",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group14-sha256",
)
_ENCRYPTION = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes256-ctr")
_MACS = (
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
)
_SIGNATURES = ("ssh-ed25519", "rsa-sha2-256", "rsa-sha2-512", "ecdsa-sha2-nistp256")
_MIN_ASYNCSSH = (2, 23, 1)  # SCP path traversal, user substitution: fixed there
_LOGIN_TIMEOUT_S = 30
_MAX_CONNECTIONS = 64
_BACKLOG = 64


def check_asyncssh() -> None:
    """Refuse a version of asyncssh with known holes.

    Raises
    ------
    BenchError
        It is too old.
    """
    version = tuple(int(part) for part in asyncssh.__version__.split(".")[:3])
    if version < _MIN_ASYNCSSH:
        raise BenchError(
            f"asyncssh {asyncssh.__version__} has known holes; pip install 'asyncssh>=2.23.1'"
        )


class SshFace(Protocol):
    """The SSH side of one emulated device."""

    device: EmulatedDevice

    @abstractmethod
    def open_session(self, username: str) -> asyncssh.SSHServerSession[Any]:
        """Make the session for a new channel."""


@dataclass(slots=True, kw_only=True, eq=False)
class SshListener:
    """One device's listening socket and live connections."""

    face: SshFace
    username: str
    password: Secret
    acceptor: asyncssh.SSHAcceptor | None = None
    connections: set[asyncssh.SSHServerConnection] = field(default_factory=set)

    def abort(self) -> None:
        """Stop listening and cut every connection at once, as a power cut does."""
        if self.acceptor is not None:
            self.acceptor.close()
            self.acceptor = None
        for connection in tuple(self.connections):
            connection.abort()
        self.connections.clear()


class _Server(asyncssh.SSHServer):
    """Authenticates one connection and gives it the session of the device it reached."""

    def __init__(self, listeners: dict[tuple[str, int], SshListener]) -> None:
        self._listeners = listeners
        self._listener: SshListener | None = None
        self._connection: asyncssh.SSHServerConnection | None = None
        self._username = ""

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        listener = self._listeners.get(conn.get_extra_info("sockname")[:2])
        if listener is None or len(listener.connections) >= _MAX_CONNECTIONS:
            conn.abort()
            return
        self._listener, self._connection = listener, conn
        listener.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._listener is not None and self._connection is not None:
            self._listener.connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        self._username = username
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        listener = self._listener
        if listener is None:
            return False
        try:
            listener.face.device.meet("login")
        except DeviceDied:
            return False
        is_password = hmac.compare_digest(password.encode(), listener.password.reveal().encode())
        return is_password and username == listener.username

    def session_requested(self) -> asyncssh.SSHServerSession[Any] | bool:
        return False if self._listener is None else self._listener.face.open_session(self._username)

    def connection_requested(self, *_: object) -> bool:
        return False

    def server_requested(self, *_: object) -> bool:
        return False


class SshService:
    """Listens for many devices with one set of options and host keys.

    Parameters
    ----------
    host_key : asyncssh.SSHKey
        Key every device shows.
    """

    def __init__(self, host_key: asyncssh.SSHKey) -> None:
        check_asyncssh()
        self._host_key = host_key
        self._listeners: dict[tuple[str, int], SshListener] = {}
        self._options: asyncssh.SSHServerConnectionOptions | None = None

    async def _shared_options(self) -> asyncssh.SSHServerConnectionOptions:
        if self._options is None:
            self._options = await asyncssh.SSHServerConnectionOptions.construct(
                server_factory=lambda: _Server(self._listeners),
                server_host_keys=[self._host_key],
                server_version="Stellwerk_emulated",
                kex_algs=KEX_ALGORITHMS,
                encryption_algs=_ENCRYPTION,
                mac_algs=_MACS,
                signature_algs=_SIGNATURES,
                compression_algs=None,
                password_auth=True,
                public_key_auth=False,
                kbdint_auth=False,
                host_based_auth=False,
                gss_host=None,
                agent_forwarding=False,
                x11_forwarding=False,
                allow_scp=False,
                sftp_factory=None,
                line_editor=False,
                encoding=None,
                login_timeout=_LOGIN_TIMEOUT_S,
                keepalive_interval=0,
                rdns_lookup=False,
                config=None,
            )
        return self._options

    async def listen(self, listener: SshListener, host: str, port: int) -> None:
        """Begin to accept connections for a device.

        Raises
        ------
        BenchError
            The address cannot be had.
        """
        options = await self._shared_options()
        try:
            listener.acceptor = await asyncssh.listen(
                host, port, options=options, backlog=_BACKLOG, reuse_address=True
            )
        except OSError as err:
            raise bind_error(err, host, port) from err
        self._listeners[host, port] = listener

    async def close(self, grace_s: float = 1.0) -> None:
        """Stop every listener and wait a moment for the connections to end."""
        connections = [c for listener in self._listeners.values() for c in listener.connections]
        for listener in self._listeners.values():
            listener.abort()
        self._listeners.clear()
        if connections:
            waits = [asyncio.ensure_future(c.wait_closed()) for c in connections]
            _, pending = await asyncio.wait(waits, timeout=grace_s)
            for wait in pending:
                wait.cancel()
