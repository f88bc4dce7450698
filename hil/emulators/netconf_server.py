"""A NETCONF session over SSH: hello, framing, and one reply to each rpc.

References
----------
.. [1] RFC 6241, sections 4 and 8.1 (messages, hello).
.. [2] RFC 6242 (NETCONF over SSH).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from xml.sax.saxutils import escape

import asyncssh
from lxml import etree

from hil.emulators.device import DeviceDied, EmulatedDevice
from hil.emulators.netconf_device import BASE_10, BASE_11, NetconfDevice
from hil.emulators.netconf_framing import Deframer, FramingError, frame_chunked, frame_eom
from hil.emulators.netconf_rpc import run_operation
from hil.emulators.rpc_error import BASE, RpcError, base, rpc_error_element
from twin.model.errors import InputError, ModelError
from twin.model.safe import parse_xml

__all__ = ["NetconfFace", "NetconfSession"]

log = logging.getLogger(__name__)

_HELLO_TIMEOUT_S = 30.0


class NetconfFace:
    """Gives each SSH channel of a device its NETCONF session.

    Parameters
    ----------
    device : EmulatedDevice
        The device.
    """

    def __init__(self, device: EmulatedDevice) -> None:
        self.device = device
        self.netconf = NetconfDevice(device)

    def open_session(self, username: str) -> NetconfSession:
        """Make the session for a new channel."""
        return NetconfSession(self.netconf, username)

    def power_loss(self) -> None:
        """Lose what a restart loses."""
        self.netconf.power_loss()

    def power_up(self, *, has_new_storage: bool) -> None:
        """Start again; a pending confirmed commit reverts unless the storage was exchanged."""
        if has_new_storage:
            self.netconf.store.forget_armed()
        else:
            self.netconf.store.power_up()


class NetconfSession(asyncssh.SSHServerSession[bytes]):
    """One NETCONF session.

    Parameters
    ----------
    netconf : NetconfDevice
        The device.
    username : str
        Who logged in.
    """

    def __init__(self, netconf: NetconfDevice, username: str) -> None:
        self.netconf = netconf
        self.username = username
        self.login_time = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        self.id = 0
        self.is_closing = False
        self._channel: asyncssh.SSHServerChannel[bytes] | None = None
        self._deframer = Deframer()
        self._is_chunked = False
        self._has_hello = False
        self._hello_timer: asyncio.TimerHandle | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """Keep the channel."""
        self._channel = chan

    def subsystem_requested(self, subsystem: str) -> bool:
        """Accept the netconf subsystem and nothing else."""
        return subsystem == "netconf"

    def session_started(self) -> None:
        """Say hello and give the peer a deadline for its own."""
        self.id = self.netconf.open_session(self)
        loop = asyncio.get_running_loop()
        self._hello_timer = loop.call_later(_HELLO_TIMEOUT_S, self.abort)
        capabilities = "".join(
            f"<capability>{escape(uri)}</capability>" for uri in self.netconf.capabilities
        )
        self._write(
            frame_eom(
                f'<?xml version="1.0" encoding="UTF-8"?><hello xmlns="{BASE}"><capabilities>'
                f"{capabilities}</capabilities><session-id>{self.id}</session-id></hello>".encode()
            )
        )

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        """Take bytes in and answer every message that is complete."""
        self._deframer.feed(data)
        try:
            while not self.is_closing:
                message = self._deframer.pop()
                if message is None:
                    break
                self._receive(message)
        except FramingError as err:
            log.info("%s: session %d cut: %s", self.netconf.device.id, self.id, err)
            self.abort()
        except DeviceDied as err:
            log.info("%s", err)

    def eof_received(self) -> bool:
        """End the session when the peer has nothing more to say: every answer is under way."""
        if self._channel is not None and not self._channel.is_closing():
            self._channel.exit(0)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Release what the session held."""
        if self._hello_timer:
            self._hello_timer.cancel()
        self.netconf.end_session(self.id)

    def abort(self) -> None:
        """Drop the session without a word."""
        self.is_closing = True
        self.netconf.end_session(self.id)
        if self._channel is not None:
            self._channel.abort()

    def _write(self, data: bytes) -> None:
        if self._channel is not None and not self._channel.is_closing():
            self._channel.write(data)

    def _receive(self, message: bytes) -> None:
        if not self._has_hello:
            self._receive_hello(message)
            return
        reply = self._reply_to(message)
        self._write(frame_chunked(reply) if self._is_chunked else frame_eom(reply))
        if self.is_closing and self._channel is not None:
            self.netconf.end_session(self.id)
            self._channel.exit(0)

    def _receive_hello(self, message: bytes) -> None:
        try:
            root = parse_xml(message, f"hello to {self.netconf.device.id}")
        except InputError as err:
            raise FramingError(f"no hello: {err}") from err
        offered = {(c.text or "").strip() for c in root.iter(base("capability"))}
        common = offered & {BASE_10, BASE_11}
        if root.tag != base("hello") or root.find(base("session-id")) is not None or not common:
            raise FramingError("not the hello of a client that speaks NETCONF 1.0 or 1.1")
        self._has_hello = True
        if self._hello_timer:
            self._hello_timer.cancel()
        if BASE_11 in common:
            self._is_chunked = True
            self._deframer.use_chunks()

    def _reply_to(self, message: bytes) -> bytes:
        statistics = self.netconf.statistics
        try:
            rpc = parse_xml(message, f"rpc to {self.netconf.device.id}")
        except InputError as err:
            statistics.in_bad_rpcs += 1
            return _reply(None, _error_xml(RpcError("malformed-message", str(err), "rpc")))
        statistics.in_rpcs += 1
        try:
            return _reply(rpc, run_operation(self.netconf, self, _operation_of(rpc)))
        except RpcError as err:
            statistics.out_rpc_errors += 1
            return _reply(rpc, _error_xml(err))
        except ModelError as err:
            # The world refuses or cannot give a value: the device is at fault, not the client.
            log.warning("%s: %s", self.netconf.device.id, err)
            return _reply(rpc, _error_xml(RpcError("operation-failed", str(err))))


def _operation_of(rpc: etree._Element) -> etree._Element:
    if rpc.tag != base("rpc"):
        raise RpcError("malformed-message", "the message is no rpc", "rpc")
    if rpc.get("message-id") is None:
        raise RpcError(
            "missing-attribute",
            "rpc has no message-id",
            "rpc",
            {"bad-attribute": "message-id", "bad-element": "rpc"},
        )
    if len(rpc) != 1:
        raise RpcError("missing-element", "an rpc holds one operation", "rpc")
    return rpc[0]


def _error_xml(error: RpcError) -> str:
    return etree.tostring(rpc_error_element(error), encoding="unicode")


def _reply(rpc: etree._Element | None, body: str) -> bytes:
    """Wrap a body; every attribute of the rpc comes back in the reply (RFC 6241, section 4.2)."""
    if rpc is None:
        return f'<rpc-reply xmlns="{BASE}">{body}</rpc-reply>'.encode()
    reply = etree.Element(base("rpc-reply"), nsmap=dict(rpc.nsmap))  # type: ignore[arg-type]
    for attribute, value in rpc.attrib.items():
        reply.set(attribute, value)
    name = "rpc-reply" if reply.prefix is None else f"{reply.prefix}:rpc-reply"
    head = etree.tostring(reply, encoding="unicode").removesuffix("/>")
    return f"{head}>{body}</{name}>".encode()
