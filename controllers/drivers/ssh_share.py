"""One SSH connection for all sessions with a device: a further session is one channel more.

A key exchange costs both ends more than a whole transaction; a channel costs two messages.
"""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass

import paramiko

from controllers.ports import Device

__all__ = ["SharedConnection", "join", "leave", "offer"]


@dataclass(slots=True, eq=False)
class SharedConnection:
    """A connection and how many sessions use it.

    Parameters
    ----------
    key : tuple
        Device, address, login and trust it was made with.
    transport : paramiko.Transport
        The logged-in connection.
    socket : socket.socket
        Its socket, which ends every session at once when it is shut down.
    users : int
        Sessions that use it.
    """

    key: tuple[object, ...]
    transport: paramiko.Transport
    socket: socket.socket
    users: int = 1


_LOCK = threading.Lock()
_LIVING: dict[tuple[object, ...], SharedConnection] = {}


def _key_of(device: Device) -> tuple[object, ...]:
    secrets = tuple(sorted(device.secrets.items()))
    trust = (device.known_hosts, device.options.get("ssh_exception", ""), device.base)
    return (device.id, device.host, device.port, device.username, secrets, trust)


def offer(device: Device, transport: paramiko.Transport, sock: socket.socket) -> SharedConnection:
    """Let later sessions with the same device use a connection too.

    Parameters
    ----------
    device : Device
        The inventory entry it was made for.
    transport : paramiko.Transport
        The logged-in connection.
    sock : socket.socket
        Its socket.

    Returns
    -------
    SharedConnection
        With one user; give it to `leave` at the end.
    """
    made = SharedConnection(_key_of(device), transport, sock)
    with _LOCK:
        _LIVING[made.key] = made
    return made


def join(device: Device) -> SharedConnection | None:
    """Use the living connection with a device.

    Parameters
    ----------
    device : Device
        The inventory entry; another address, login or host key file is another connection.

    Returns
    -------
    SharedConnection or None
        Give it to `leave` at the end; None if there is none.
    """
    with _LOCK:
        found = _LIVING.get(_key_of(device))
        if found is None or not found.transport.is_active():
            return None
        found.users += 1
        return found


def leave(connection: SharedConnection) -> bool:
    """Stop using a connection.

    Parameters
    ----------
    connection : SharedConnection
        The connection.

    Returns
    -------
    bool
        Nobody uses it any more: the caller closes it.
    """
    with _LOCK:
        connection.users -= 1
        is_last = connection.users == 0
        if is_last and _LIVING.get(connection.key) is connection:
            del _LIVING[connection.key]
        return is_last
