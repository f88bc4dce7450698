"""One NETCONF session as a driver uses it: opened, asked with deadlines, ended on any doubt."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from lxml import etree
from ncclient import NCClientError
from ncclient.manager import Manager
from ncclient.operations import RPCError, TimeoutExpiredError

from controllers.drivers.netconf_session import BoundedSession
from controllers.drivers.netconf_text import Capabilities, capabilities_of, refusal, tags_of
from controllers.drivers.options import seconds
from controllers.drivers.ssh import plain_words
from controllers.ports import Device
from controllers.profiles import Quirks, build_filter
from twin.model.errors import DeviceTimeout, DeviceUnreachable, InputError
from twin.model.safe import parse_xml

__all__ = ["Call", "Link", "ask", "end", "open_link"]

log = logging.getLogger(__name__)

Call: TypeAlias = tuple[str, Callable[[Any], Any]]
"""What is asked, in words, and the operation on ncclient's manager."""

_CLOSE_S = 2.0
_PROBE_S = 0.5


@dataclass(slots=True)
class Link:
    """A session and what hangs on it: its locks and its candidate die with it."""

    session: BoundedSession
    manager: Any
    capabilities: Capabilities
    timeout_s: float
    is_pipelined: bool
    locks: list[str] = field(default_factory=list)
    is_prepared: bool = False
    is_armed_here: bool = False
    is_clean: bool = False  # seen so under our own lock: nobody else can have edited since


def open_link(device: Device, quirks: Quirks) -> Link:
    """Open a session with a device.

    Parameters
    ----------
    device : Device
        The inventory entry.
    quirks : Quirks
        What its server gets wrong.

    Returns
    -------
    Link
        The session, greeted.

    Raises
    ------
    DeviceError
        A leaf that says what failed.
    """
    session = BoundedSession(device)
    timeout_s = seconds(device, "timeout_s", 30.0)
    session.open(seconds(device, "connect_timeout_s", 15.0), timeout_s)
    manager = Manager(session, session.handler, timeout=timeout_s)
    capabilities = capabilities_of(session.server_capabilities)
    # A server that leaves what came in one read lying must not get several in one piece.
    link = Link(session, manager, capabilities, timeout_s, not quirks.probe_after_hello)
    log.info("NETCONF session %s", session.id, extra={"device": device.id})
    if quirks.probe_after_hello:
        ask(device, link, [("probe", lambda m: _probe(m, timeout_s))])
    return link


def end(device: Device, link: Link) -> None:
    """End a session; never raises, and takes a few seconds at most."""
    if link.session.connected:
        try:
            link.manager.timeout = _CLOSE_S
            link.manager.close_session()
        except (NCClientError, OSError, EOFError) as err:
            log.debug("%s did not say goodbye: %r", device.id, err)
    link.session.close()


def ask(device: Device, link: Link, calls: Sequence[Call]) -> list[Any]:
    """Run operations in order, each within its deadline; any doubt about the session ends it.

    Several go out in one piece: a server carries out requests of one session one after the
    other, whether or not the next is there already [1]_. Where one is refused those after it
    have been carried out too.

    Parameters
    ----------
    device : Device
        The inventory entry.
    link : Link
        The session.
    calls : sequence of Call
        The operations.

    Returns
    -------
    list
        The replies; None for one that brings a warning instead.

    Raises
    ------
    DeviceLocked, DeviceRefused
        The first refusal.
    DeviceTimeout, DeviceUnreachable
        The session is lost, and the outcome unknown.

    References
    ----------
    .. [1] RFC 6241 (2011), section 4.5 (pipelining).
    """
    what = calls[0][0]
    try:
        is_together = len(calls) > 1 and link.is_pipelined
        pending = _send_together(link, calls) if is_together else []
        replies = []
        for i, (words, call) in enumerate(calls):
            what = words
            try:
                replies.append(_await(link, pending[i]) if pending else call(link.manager))
            except RPCError as err:
                if tags_of(err):
                    raise refusal(device, what, err) from err
                log.warning("%s: %s", what, err, extra={"device": device.id})
                replies.append(None)
    except (NCClientError, OSError, EOFError, InputError, etree.LxmlError) as err:
        cause = link.session.cause or err
        link.session.close()
        if link.session.has_expired or isinstance(err, TimeoutExpiredError):
            raise DeviceTimeout(
                device.id, f"{what}: no answer within {link.manager.timeout:g} s; session ended"
            ) from err
        raise DeviceUnreachable(
            device.id, f"{what}: the NETCONF session was lost ({plain_words(cause)})"
        ) from err
    return replies


def _send_together(link: Link, calls: Sequence[Call]) -> list[Any]:
    link.manager.async_mode = True
    try:
        with link.session.together():
            return [call(link.manager) for _, call in calls]
    finally:
        link.manager.async_mode = False


def _await(link: Link, request: Any) -> Any:  # noqa: ANN401
    """Wait for the reply to one request, and raise what ncclient would have raised."""
    if not request.event.wait(link.timeout_s):
        raise TimeoutExpiredError("no reply")
    if request.error is not None:
        raise request.error
    reply = request.reply
    if reply.error is None:
        return reply
    if len(reply.errors) > 1:
        raise RPCError(parse_xml(reply.xml, "reply"), errs=reply.errors)
    raise reply.error


def _probe(manager: Any, timeout_s: float) -> None:  # noqa: ANN401
    """Send an operation that selects nothing until one is answered."""
    nothing = build_filter(())
    try:
        for _ in range(max(1, int(timeout_s / _PROBE_S))):
            manager.timeout = min(_PROBE_S, timeout_s)
            try:
                manager.get_config(source="running", filter=nothing)
            except TimeoutExpiredError:
                continue
            return
        raise TimeoutExpiredError(f"no answer within {timeout_s:g} s")
    finally:
        manager.timeout = timeout_s
