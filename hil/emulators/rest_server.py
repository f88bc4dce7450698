"""HTTPS for emulated devices: HTTP/1.1 with lengths, a token, and limits on everything.

References
----------
.. [1] RFC 9112 (HTTP/1.1), sections 2 to 6.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import ssl

from hil.emulators.device import DeviceDied, EmulatedDevice
from hil.emulators.rest_device import Reply, RestDevice
from hil.emulators.udp import bind_error
from twin.model.errors import ModelError
from twin.model.secret import Secret

__all__ = ["RestFace", "server_context"]

log = logging.getLogger(__name__)

_MAX_HEAD = 16 * 1024
_MAX_BODY = 256 * 1024
_IDLE_S = 60.0
_REASONS = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found",
    405: "Method Not Allowed", 412: "Precondition Failed", 413: "Content Too Large",
    422: "Unprocessable Content", 500: "Internal Server Error",
}  # fmt: skip


def server_context(certificate: str, key: str) -> ssl.SSLContext:
    """Make the TLS settings of emulated devices.

    Parameters
    ----------
    certificate, key : str
        PEM files.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


class RestFace:
    """A device with a JSON API on its address.

    Parameters
    ----------
    device : EmulatedDevice
        The device.
    token : Secret
        What a client must show.
    """

    def __init__(self, device: EmulatedDevice, token: Secret) -> None:
        self.device = device
        self._rest = RestDevice(device)
        self._token = token
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Listen.

        Raises
        ------
        BenchError
            The address cannot be had.
        """
        entry = self.device.entry
        base = entry.base / "secrets"
        context = server_context(str(entry.base / "tls.pem"), str(base / "tls-key"))
        try:
            self._server = await asyncio.start_server(
                self._serve, entry.host, entry.port, ssl=context, limit=_MAX_HEAD,
                reuse_address=True,
            )  # fmt: skip
        except OSError as err:
            raise bind_error(err, entry.host, entry.port) from err

    def power_off(self) -> None:
        """Stop listening and cut every connection at once."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in tuple(self._writers):
            writer.transport.abort()
        self._writers.clear()

    def power_on(self, *, has_new_storage: bool) -> None:
        """Nothing is forgotten: what was set is stored."""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        is_known = False
        try:
            while True:
                async with asyncio.timeout(_IDLE_S):
                    request = await _request(reader)
                if request is None:
                    break
                method, target, headers, body = request
                reply: Reply
                if body is None:
                    reply = (413, [{"key": "payloadError", "description": "too long"}], "")
                else:
                    is_known = self._may(headers, is_known=is_known)
                    reply = (
                        self._answer(method, target, headers, body)
                        if is_known
                        else (401, [{"key": "headerValueNotValid", "description": "token"}], "")
                    )
                writer.write(_reply(reply))
                await writer.drain()
        except DeviceDied as err:
            log.info("%s", err)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError, TimeoutError) as err:
            log.debug("%s: connection ended: %r", self.device.id, err)
        finally:
            self._writers.discard(writer)
            writer.close()

    def _may(self, headers: dict[str, str], *, is_known: bool) -> bool:
        if not is_known:
            self.device.meet("login")
        shown = headers.get("authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(shown.encode(), self._token.reveal().encode())

    def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Reply:
        try:
            return self._rest.answer(method, target, headers, body)
        except ModelError as err:
            # The world refuses or cannot give a value: the device is at fault, not the client.
            log.warning("%s: %s", self.device.id, err)
            return 500, [{"key": "genericError", "description": str(err)}], ""


async def _request(
    reader: asyncio.StreamReader,
) -> tuple[str, str, dict[str, str], bytes | None] | None:
    """Take one request in; None at the end of the connection, no body if it is too long."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as err:
        if err.partial:
            raise
        return None
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, target, version = first.split(" ")
    if version != "HTTP/1.1":
        raise ValueError(f"{version[:20]} is not spoken here")
    headers = {}
    for line in lines:
        name, colon, text = line.partition(":")
        if not colon:
            raise ValueError("a header without a colon")
        headers[name.lower()] = text.strip()
    if "transfer-encoding" in headers:
        raise ValueError("only bodies with a length are taken")
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= _MAX_BODY:
        return method, target, headers, None
    return method, target, headers, await reader.readexactly(length)


def _reply(reply: Reply) -> bytes:
    status, body, tag = reply
    data = json.dumps(body).encode()
    extra = f"ETag: {tag}\r\n" if tag else ""
    ending = "Connection: close\r\n" if status == 413 else ""
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(data)}\r\n{extra}{ending}\r\n"
    )
    return head.encode() + data
