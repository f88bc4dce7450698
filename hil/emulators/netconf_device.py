"""What the NETCONF sessions of one emulated device share: tree, datastores, capabilities."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from lxml import etree

from controllers.profiles import NetconfNode, load_profile, netconf_nodes
from hil.emulators.datastore import Datastore, Store
from hil.emulators.device import EmulatedDevice
from hil.emulators.netconf_tree import Pick, TreeNode, build_tree, render, select
from twin.model.attributes import Value
from twin.model.errors import ModelError

if TYPE_CHECKING:
    from hil.emulators.netconf_server import NetconfSession

__all__ = ["BASE_10", "BASE_11", "CAPABILITIES", "MONITORING", "NetconfDevice"]

log = logging.getLogger(__name__)

BASE_10 = "urn:ietf:params:netconf:base:1.0"
BASE_11 = "urn:ietf:params:netconf:base:1.1"
MONITORING = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"

CAPABILITIES = (
    BASE_10,
    BASE_11,
    "urn:ietf:params:netconf:capability:candidate:1.0",
    "urn:ietf:params:netconf:capability:confirmed-commit:1.1",
    "urn:ietf:params:netconf:capability:validate:1.1",
    "urn:ietf:params:netconf:capability:rollback-on-error:1.0",
    f"{MONITORING}?module=ietf-netconf-monitoring&revision=2010-10-04",
)


@dataclass(slots=True)
class _Statistics:
    """Counters of netconf-state/statistics (RFC 6022, section 2.1.5)."""

    in_sessions: int = 0
    in_rpcs: int = 0
    in_bad_rpcs: int = 0
    out_rpc_errors: int = 0


class NetconfDevice:
    """The NETCONF face of one emulated device.

    Parameters
    ----------
    device : EmulatedDevice
        The device.
    """

    def __init__(self, device: EmulatedDevice) -> None:
        self.device = device
        self.store = Datastore(device)
        self.sessions: dict[int, NetconfSession] = {}
        self.statistics = _Statistics()
        self._last_session = 0

    @cached_property
    def tree(self) -> list[TreeNode]:
        """Data tree: the leaves of the profile that the world knows."""
        entry = self.device.entry
        known = set(self.device.paths())
        nodes = netconf_nodes(load_profile(entry.profile), entry)
        return build_tree(node for node in nodes if node.path in known)

    @cached_property
    def capabilities(self) -> tuple[str, ...]:
        """Capabilities of the hello: the protocol's and one per YANG namespace."""
        spaces = dict.fromkeys(_namespaces(self.tree))
        return (*CAPABILITIES, *spaces)

    def open_session(self, session: NetconfSession) -> int:
        """Give a new session its id."""
        self._last_session += 1
        self.statistics.in_sessions += 1
        self.sessions[self._last_session] = session
        return self._last_session

    def end_session(self, session_id: int) -> None:
        """Forget a session and do what its loss brings."""
        if self.sessions.pop(session_id, None) is not None:
            self.store.end_session(session_id)

    def power_loss(self) -> None:
        """Lose everything a restart loses; the sessions are cut by the caller."""
        self.sessions.clear()
        self.store.power_loss()
        self._last_session = 0
        self.statistics = _Statistics()

    def data(
        self, filter_: etree._Element | None, store: Store = "running", *, with_state: bool
    ) -> str:
        """Write configuration, and state if asked, as the children of ``<data>``.

        Parameters
        ----------
        filter_ : lxml.etree._Element or None
            Subtree filter.
        store : str
            Datastore of the configuration.
        with_state : bool
            Operational state too, and what this server says about itself.
        """
        text_of = self._text_of(store)
        tree = self.tree
        picks = [*map(Pick, tree)] if filter_ is None else select(filter_, tree, text_of)
        text = render(picks, text_of, with_state=with_state)
        if with_state and _asks_for_monitoring(filter_):
            text += self._monitoring()
        return text

    def _text_of(self, store: Store) -> Callable[[NetconfNode], str | None]:
        edited: dict[str, Value] = {}
        if store == "candidate" and self.store.is_dirty:
            edited = self.store.configuration("candidate")

        def text_of(node: NetconfNode) -> str | None:
            value = edited.get(node.path)
            try:
                return node.encode(self.device.read(node.path) if value is None else value)
            except ModelError as err:
                # A device leaves out a measurement it does not have; configuration it must show.
                if node.is_writable:
                    raise
                log.debug("%s: no value: %s", self.device.id, err)
                return None

        return text_of

    def _monitoring(self) -> str:
        """Write netconf-state of RFC 6022: capabilities, datastores, sessions, statistics."""
        capabilities = "".join(f"<capability>{escape(c)}</capability>" for c in self.capabilities)
        stores = "".join(
            f"<datastore><name>{name}</name>{self._lock_xml(name)}</datastore>"
            for name in ("running", "candidate")
        )
        sessions = "".join(
            f"<session><session-id>{number}</session-id><transport>netconf-ssh</transport>"
            f"<username>{escape(session.username)}</username>"
            f"<login-time>{session.login_time}</login-time></session>"
            for number, session in self.sessions.items()
        )
        counts = self.statistics
        return (
            f'<netconf-state xmlns="{MONITORING}"><capabilities>{capabilities}</capabilities>'
            f"<datastores>{stores}</datastores><sessions>{sessions}</sessions>"
            f"<statistics><in-sessions>{counts.in_sessions}</in-sessions>"
            f"<in-rpcs>{counts.in_rpcs}</in-rpcs><in-bad-rpcs>{counts.in_bad_rpcs}</in-bad-rpcs>"
            f"<out-rpc-errors>{counts.out_rpc_errors}</out-rpc-errors></statistics></netconf-state>"
        )

    def _lock_xml(self, store: Store) -> str:
        holder = self.store.locks.get(store)
        if holder is None:
            return ""
        session = self.sessions.get(holder)
        since = session.login_time if session else ""
        return (
            f"<locks><global-lock><locked-by-session>{holder}</locked-by-session>"
            f"<locked-time>{since}</locked-time></global-lock></locks>"
        )


def _asks_for_monitoring(filter_: etree._Element | None) -> bool:
    if filter_ is None:
        return True
    names = [etree.QName(child) for child in filter_ if isinstance(child.tag, str)]
    return any(
        name.localname == "netconf-state" and name.namespace in (MONITORING, None) for name in names
    )


def _namespaces(nodes: list[TreeNode]) -> list[str]:
    found = []
    for node in nodes:
        found.append(node.namespace)
        found += _namespaces(node.children)
    return found
