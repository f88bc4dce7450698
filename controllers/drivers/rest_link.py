"""One HTTPS connection to a device: verified certificate, token, bounded answers and time."""

from __future__ import annotations

import http.client
import json
import logging
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from controllers.drivers.options import seconds, secret_of
from controllers.drivers.ssh import plain_words
from controllers.ports import Device
from twin.model.errors import (
    DeviceAuthError,
    DeviceConflict,
    DeviceHostKeyError,
    DeviceLocked,
    DeviceRefused,
    DeviceTimeout,
    DeviceUnreachable,
)

__all__ = ["Answer", "RestLink"]

log = logging.getLogger(__name__)

MAX_ANSWER = 4 * 1024 * 1024
"""Longest answer accepted. [octets]"""

_LONGEST_WORDS = 300
_UNAUTHORISED = (401, 403)
_CONFLICTS = (409, 412)
_BUSY = (423, 429)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a device answered.

    Parameters
    ----------
    status : int
        HTTP status, of those that are no error.
    body : object
        The parsed JSON; None where there was none.
    tag : str
        Entity tag, by which a later change can ask for just this version.
    """

    status: int
    body: Any
    tag: str


@dataclass(slots=True)
class RestLink:
    """A connection that is opened when it is needed, and again after it was lost.

    Parameters
    ----------
    device : Device
        The inventory entry: secret ``token``; options ``ca`` (file with the certificate it must
        be signed by; those of the system by default), ``timeout_s`` (one request, 30 s by default)
        and ``connect_timeout_s`` (15 s).
    headers : mapping
        Headers of every request.
    """

    device: Device
    headers: Mapping[str, str]
    _connection: http.client.HTTPSConnection | None = field(default=None, init=False)
    _has_expired: bool = field(default=False, init=False)

    def ask(self, method: str, path: str, body: Any = None, *, tag: str = "") -> Answer:  # noqa: ANN401
        """Send one request and take its answer, within one deadline.

        Parameters
        ----------
        method, path : str
            HTTP method and path with query.
        body : object
            What is sent as JSON; None sends nothing.
        tag : str
            The version that must still be there (``If-Match``); empty for any.

        Returns
        -------
        Answer
            An answer of status 2xx.

        Raises
        ------
        DeviceTimeout, DeviceUnreachable
            No answer: whether the request was carried out is unknown.
        DeviceError
            A leaf that says what the device refused.
        """
        device = self.device
        token = secret_of(device, "token")  # before anything is dialled
        self._has_expired = False
        is_fresh = self._connection is None
        connection = self._opened()
        text = None if body is None else json.dumps(body, allow_nan=False)
        headers = {**self.headers, "Accept": "application/json",
                   "Authorization": f"Bearer {token.reveal()}"}  # fmt: skip
        if text is not None:
            headers["Content-Type"] = "application/json"
        if tag:
            headers["If-Match"] = tag
        limit_s = seconds(device, "timeout_s", 30.0)
        watchdog = threading.Timer(limit_s, self._expire, (connection,))
        watchdog.daemon = True
        watchdog.start()
        try:
            connection.request(method, path, text, headers)
            reply = connection.getresponse()
            data = reply.read(MAX_ANSWER + 1)
            if reply.length and len(data) <= MAX_ANSWER:
                raise http.client.IncompleteRead(data, reply.length)  # a bounded read says nothing
        except (OSError, http.client.HTTPException, ValueError) as err:
            self.close()
            if self._has_expired or isinstance(err, TimeoutError):
                raise DeviceTimeout(
                    device.id, f"{method} {path.partition('?')[0]}: no answer within {limit_s:g} s"
                ) from err
            if not is_fresh and method == "GET":
                return self.ask(method, path)  # it was closed while it lay idle: nothing was done
            raise DeviceUnreachable(
                device.id,
                f"{method} {path.partition('?')[0]}: connection lost ({plain_words(err)})",
            ) from err
        finally:
            watchdog.cancel()
        if reply.will_close:
            self.close()
        if len(data) > MAX_ANSWER:
            self.close()
            raise DeviceRefused(device.id, f"answers with more than {MAX_ANSWER} octets")
        self._refuse(method, path.partition("?")[0], reply.status, data)
        return Answer(reply.status, self._parsed(data), reply.getheader("ETag") or "")

    def close(self) -> None:
        """End the connection; never raises."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _opened(self) -> http.client.HTTPSConnection:
        if self._connection is not None:
            return self._connection
        device = self.device
        limit_s = seconds(device, "connect_timeout_s", 15.0)
        connection = http.client.HTTPSConnection(
            device.host, device.port, timeout=limit_s, context=self._context()
        )
        place = f"{device.host}:{device.port}"
        try:
            connection.connect()
        except ssl.SSLCertVerificationError as err:
            connection.close()
            raise DeviceHostKeyError(
                device.id,
                f"the certificate of {place} is not trusted: {err.verify_message}; put the one "
                "that signed it into the file of option ca, after a look at the device",
            ) from err
        except TimeoutError as err:
            connection.close()
            raise DeviceTimeout(
                device.id, f"no TLS connection to {place} in {limit_s:g} s"
            ) from err
        except OSError as err:
            connection.close()
            raise DeviceUnreachable(
                device.id, f"no TLS connection to {place}: {plain_words(err)}"
            ) from err
        if connection.sock is not None:
            connection.sock.settimeout(seconds(device, "timeout_s", 30.0))
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = connection
        return connection

    def _context(self) -> ssl.SSLContext:
        name = self.device.options.get("ca", "")
        path = self.device.base / name if name else None
        try:
            context = ssl.create_default_context(cafile=None if path is None else str(path))
        except (OSError, ssl.SSLError) as err:
            raise DeviceHostKeyError(
                self.device.id,
                f"file {path} of option ca cannot be read as certificates: {plain_words(err)}",
            ) from err
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _expire(self, connection: http.client.HTTPSConnection) -> None:
        """Shut a connection down that takes longer than one request may."""
        self._has_expired = True
        if connection.sock is not None:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                log.debug("connection of %s was closed already", self.device.id)

    def _refuse(self, method: str, path: str, status: int, data: bytes) -> None:
        if 200 <= status < 300:
            return
        device, what = self.device, f"{method} {path}: {status} {_said(data)}".rstrip()
        if status in _UNAUTHORISED:
            raise DeviceAuthError(device.id, f"{what}; check secret token")
        if status in _CONFLICTS:
            raise DeviceConflict(device.id, f"{what}; somebody else has changed it meanwhile")
        if status in _BUSY:
            raise DeviceLocked(device.id, f"{what}; try again later")
        if status >= 500 and status != 501:
            raise DeviceUnreachable(device.id, f"{what}; whether it did anything is unknown")
        raise DeviceRefused(device.id, what)

    def _parsed(self, data: bytes) -> Any:  # noqa: ANN401
        if not data.strip():
            return None
        try:
            return json.loads(data, parse_constant=_no_number)
        except (ValueError, RecursionError) as err:
            raise DeviceRefused(self.device.id, "the answer is no JSON") from err


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no JSON number")


def _said(data: bytes) -> str:
    """Say what an error answer says: the keys and descriptions of TALQ, or its first words."""
    text = data[:MAX_ANSWER].decode("utf-8", "replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = text
    several = found if isinstance(found, list) else [found]
    parts = [
        " ".join(str(one[name]) for name in ("key", "description", "message") if name in one)
        if isinstance(one, dict)
        else str(one)
        for one in several
    ]
    line = " ".join("; ".join(parts).split())
    return "".join(c if c.isprintable() else "?" for c in line)[:_LONGEST_WORDS]
