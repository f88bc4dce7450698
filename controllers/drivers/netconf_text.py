"""Reads what a NETCONF server says: its capabilities, its errors and its configurations."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lxml import etree
from ncclient.operations import RPCError

from controllers.ports import Device, DeviceClass
from twin.model.errors import DeviceError, DeviceLocked, DeviceRefused

__all__ = [
    "BASE",
    "Capabilities",
    "capabilities_of",
    "holder_of",
    "is_same_config",
    "refusal",
    "tags_of",
]

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
"""Namespace of NETCONF, RFC 6241 (2011)."""

_CAPABILITY = "urn:ietf:params:netconf:capability:"
_SESSION_ID = re.compile(r"<(?:\w+:)?session-id[^>]*>\s*(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a server can do, of what matters here.

    Parameters
    ----------
    has_candidate, has_validate, has_confirmed_commit, has_persist, has_rollback_on_error : bool
        ``has_persist`` is confirmed-commit:1.1, the first version with a persist id and with
        cancel-commit.
    """

    has_candidate: bool
    has_validate: bool
    has_confirmed_commit: bool
    has_persist: bool
    has_rollback_on_error: bool

    def limit(self, at_best: DeviceClass) -> DeviceClass:
        """Class the device can be driven as: the profile's, or a weaker one."""
        if not self.has_candidate:
            possible = DeviceClass.A
        elif not self.has_confirmed_commit:
            possible = DeviceClass.B
        elif not (self.has_persist and self.has_validate):
            possible = DeviceClass.C
        else:
            possible = DeviceClass.D
        return min(at_best, possible)


def capabilities_of(uris: Iterable[str]) -> Capabilities:
    """Read the capabilities of a hello.

    Parameters
    ----------
    uris : iterable of str
        Capability URIs of the server.

    Returns
    -------
    Capabilities
        What they mean.

    References
    ----------
    .. [1] RFC 6241 (2011), section 8; RFC 4741 (2006) for the versions 1.0.
    """
    names = {
        uri.strip().partition("?")[0].removeprefix(_CAPABILITY)
        for uri in uris
        if uri.strip().startswith(_CAPABILITY)
    }
    has_candidate = "candidate:1.0" in names
    has_persist = has_candidate and "confirmed-commit:1.1" in names
    return Capabilities(
        has_candidate=has_candidate,
        has_validate=bool(names & {"validate:1.0", "validate:1.1"}),
        has_confirmed_commit=has_persist or (has_candidate and "confirmed-commit:1.0" in names),
        has_persist=has_persist,
        has_rollback_on_error="rollback-on-error:1.0" in names,
    )


def _errors(err: RPCError) -> list[Any]:
    """List the errors of a reply, warnings left out: with several, only `.errors` is filled."""
    several = list(err.errlist or [err])
    return [one for one in several if getattr(one, "severity", "error") != "warning"]


def tags_of(err: RPCError) -> list[str]:
    """Error tags of a reply; empty if it holds nothing but warnings."""
    return [str(getattr(one, "tag", None) or "unknown") for one in _errors(err)]


def refusal(device: Device, what: str, err: RPCError) -> DeviceError:
    """Make our error of a reply with errors.

    Parameters
    ----------
    device : Device
        The device.
    what : str
        What was asked.
    err : RPCError
        What ncclient raised.

    Returns
    -------
    DeviceError
        `DeviceLocked` if a lock is in the way, else `DeviceRefused` with tag, path and message.
    """
    errors = _errors(err)
    texts = []
    for one in errors:
        if getattr(one, "tag", None) in ("lock-denied", "in-use"):
            holder = _holder(one)
            by = f"session {holder}" if holder else "somebody else"
            return DeviceLocked(device.id, f"{what}: locked by {by}; try again later")
        parts = [getattr(one, name, None) for name in ("tag", "path", "message")]
        texts.append(" ".join(" ".join(str(part).split()) for part in parts if part))
    return DeviceRefused(device.id, f"{what} refused: {'; '.join(texts)}")


def holder_of(err: RPCError) -> str:
    """Session that holds the lock in our way; empty if the reply names none."""
    return next((holder for one in _errors(err) if (holder := _holder(one))), "")


def _holder(one: Any) -> str:  # noqa: ANN401
    found = _SESSION_ID.search(str(getattr(one, "info", None) or ""))
    # Session 0 stands for whoever is no NETCONF session (RFC 6241 section 7.5).
    return found[1] if found and found[1] != "0" else ""


def is_same_config(left: etree._Element, right: etree._Element) -> bool:
    """Compare two configurations, whatever the order of their nodes and the prefixes."""
    return bool(_shape(left) == _shape(right))


def _shape(element: etree._Element) -> tuple[Any, ...]:
    children = sorted((_shape(child) for child in element), key=repr)
    # Blanks alone are the layout of an empty node; blanks of a value belong to it.
    text = (element.text or "") if not children else ""
    return (element.tag, _meaning(element, text) if text.strip() else "", tuple(children))


def _meaning(element: etree._Element, text: str) -> str | tuple[str, str]:
    """Resolve a prefix that is declared here: an identity means the same under any of them."""
    prefix, colon, name = text.strip().partition(":")
    namespace = element.nsmap.get(prefix) if colon and prefix else None
    return (namespace, name) if namespace else text
