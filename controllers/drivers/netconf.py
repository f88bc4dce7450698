"""Drives a device over NETCONF: lock, edit, validate, confirmed commit, confirm or cancel."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lxml import etree
from ncclient import NCClientError
from ncclient.manager import Manager
from ncclient.operations import RPCError, TimeoutExpiredError

from controllers.drivers.netconf_session import BoundedSession
from controllers.drivers.netconf_text import (
    BASE,
    Capabilities,
    capabilities_of,
    holder_of,
    is_same_config,
    refusal,
    tags_of,
)
from controllers.drivers.options import seconds
from controllers.drivers.ssh import plain_words
from controllers.ports import Device
from controllers.profiles import (
    NetconfNode,
    Profile,
    build_filter,
    find,
    graft,
    has_entry,
    netconf_nodes,
)
from twin.model.attributes import Value
from twin.model.errors import (
    DeviceConflict,
    DeviceError,
    DeviceLocked,
    DeviceRefused,
    DeviceTimeout,
    DeviceUnreachable,
    InputError,
    ModelError,
)
from twin.model.safe import parse_xml

__all__ = ["NetconfDriver"]

log = logging.getLogger(__name__)

_T = TypeVar("_T")
_CLOSE_S = 2.0
_PROBE_S = 0.5
# What servers say when there is no confirmed commit to cancel; the tag differs between them.
_NOTHING_ARMED = re.compile(r"\bno\b.*\bcommit|not.*(pending|active|progress|confirmed)", re.I)


@dataclass(slots=True)
class _Live:
    """A session and what hangs on it: its locks and its candidate die with it."""

    session: BoundedSession
    manager: Any
    capabilities: Capabilities
    locks: list[str] = field(default_factory=list)
    is_prepared: bool = False
    is_armed_here: bool = False


class NetconfDriver:
    """One device over NETCONF.

    Parameters
    ----------
    device : Device
        The inventory entry; options ``timeout_s`` (one operation, 30 s by default) and
        ``connect_timeout_s`` (15 s).
    profile : Profile
        A NETCONF profile.

    Attributes
    ----------
    device_class : DeviceClass
        Class of the profile; once connected, what the device's capabilities really allow.
    """

    def __init__(self, device: Device, profile: Profile) -> None:
        self.device = device
        self.device_class = profile.device_class
        self._profile = profile
        self._nodes = {node.path: node for node in netconf_nodes(profile, device)}
        self._live: _Live | None = None
        self._awaits_commit = False  # outlives the session: a lost candidate is no follow-up

    # --- reading -------------------------------------------------------------------------------

    def read(self, paths: Collection[str] | None = None) -> dict[str, Value]:
        """Read attributes; one the device does not show is left out.

        Raises
        ------
        DeviceError
            A leaf that says what failed.
        """
        if paths is None:
            nodes = [node for node in self._nodes.values() if node.is_writable]
        else:
            nodes = [self._node(path) for path in paths]
        values = self._read_from("running", [node for node in nodes if node.is_writable])
        return values | self._read_from("", [node for node in nodes if not node.is_writable])

    def _read_from(self, datastore: str, nodes: list[NetconfNode]) -> dict[str, Value]:
        if not nodes:
            return {}
        wanted = build_filter(node.steps for node in nodes)
        if datastore:
            data = self._get_config(datastore, wanted)
        else:
            reply = self._rpc("read state", lambda m: m.get(filter=wanted))
            data = self._data(reply)
        values: dict[str, Value] = {}
        for node in nodes:
            value = self._value(data, node)
            if value is not None:
                values[node.path] = value
        return values

    def fetch(self, wanted: etree._Element) -> etree._Element:
        """Read the part of running that a subtree filter selects.

        Parameters
        ----------
        wanted : lxml.etree._Element
            A ``<filter type="subtree">``.

        Returns
        -------
        lxml.etree._Element
            The ``<data>`` of the reply.

        Raises
        ------
        DeviceError
            A leaf that says what failed.
        """
        return self._get_config("running", wanted)

    def _get_config(self, datastore: str, wanted: etree._Element | None) -> etree._Element:
        reply = self._rpc(
            f"read {datastore}", lambda m: m.get_config(source=datastore, filter=wanted)
        )
        return self._data(reply)

    def _data(self, reply: Any) -> etree._Element:  # noqa: ANN401
        root = parse_xml(reply.xml, f"NETCONF reply of {self.device.id}")
        data = root.find(f"{{{BASE}}}data")
        if data is None:
            raise DeviceRefused(self.device.id, "the NETCONF reply holds no data")
        return data

    def _value(self, data: etree._Element, node: NetconfNode) -> Value | None:
        leaves = find(data, node.steps)
        if not leaves:
            is_there = bool(node.combine) or has_entry(data, node.steps)
            return node.default if is_there else None
        try:
            return node.decode([leaf.text or "" for leaf in leaves])
        except ModelError as err:
            raise DeviceRefused(self.device.id, str(err)) from err

    # --- locks ---------------------------------------------------------------------------------

    def lock(self) -> None:
        """Lock candidate and running, both or neither.

        Raises
        ------
        DeviceLocked
            Somebody else holds one of them; the session id is named.
        DeviceConflict
            The candidate holds changes of somebody else.
        DeviceError
            Another leaf that says what failed.
        """
        live = self._opened()
        targets = ["candidate", "running"] if live.capabilities.has_candidate else ["running"]
        for target in targets:
            if target in live.locks:
                continue
            try:
                self._take(target)
            except DeviceError:
                self.unlock()
                raise
            live.locks.append(target)

    def _take(self, target: str) -> None:
        try:
            self._rpc(f"lock {target}", lambda m: m.lock(target=target))
        except (DeviceLocked, DeviceRefused) as err:
            # A changed candidate cannot be locked (RFC 6241 section 7.5); servers say it in
            # several ways, so look.
            is_foreign = isinstance(err.__cause__, RPCError) and holder_of(err.__cause__)
            if target == "candidate" and not is_foreign:
                self._refuse_dirty()
            raise

    def unlock(self) -> None:
        """Give the locks back; a lost session has given them back already."""
        live = self._live
        while live is not None and live.locks and live is self._live:
            self._release(live, live.locks[-1])

    def _release(self, live: _Live, target: str) -> None:
        live.locks.remove(target)
        try:
            self._rpc(f"unlock {target}", lambda m: m.unlock(target=target))
        except DeviceError as err:
            log.warning("%s", err, extra={"device": self.device.id})

    # --- changing ------------------------------------------------------------------------------

    def write(self, changes: Mapping[str, Value]) -> None:
        """Edit running at once; only for a device without a candidate (class A).

        Raises
        ------
        DeviceError
            A leaf that says what failed.
        """
        live = self._opened()
        if live.capabilities.has_candidate:
            raise DeviceRefused(
                self.device.id, f"is of class {self.device_class}: use prepare and commit"
            )
        self._edit("running", changes)

    def prepare(self, changes: Mapping[str, Value]) -> None:
        """Edit the candidate and let the device validate it; after an error it is discarded.

        Raises
        ------
        DeviceConflict
            The candidate holds changes of somebody else; nothing was edited.
        DeviceError
            Another leaf that says what failed.
        """
        live = self._opened()
        if not live.capabilities.has_candidate:
            raise DeviceRefused(self.device.id, "has no candidate datastore: use write")
        if not live.is_prepared:
            self._refuse_dirty()
        self._awaits_commit = True
        try:
            self._edit("candidate", changes)
            if live.capabilities.has_validate and not self._profile.quirks.skip_validate:
                self._rpc("validate", lambda m: m.validate(source="candidate"))
        except DeviceUnreachable:
            raise
        except DeviceError:
            self._rpc("discard changes", lambda m: m.discard_changes())
            live.is_prepared = self._awaits_commit = False
            raise
        live.is_prepared = True

    def _refuse_dirty(self) -> None:
        candidate = self._get_config("candidate", None)
        running = self._get_config("running", None)
        if not is_same_config(candidate, running):
            raise DeviceConflict(
                self.device.id,
                "the candidate holds changes that are not committed and not ours; commit or "
                "discard them on the device first",
            )

    def _edit(self, target: str, changes: Mapping[str, Value]) -> None:
        config = etree.Element(f"{{{BASE}}}config", nsmap={"nc": BASE})
        for path, value in changes.items():
            node = self._node(path)
            if not node.is_writable:
                raise DeviceRefused(self.device.id, f"{path} is operational state, cannot be set")
            graft(config, node.steps, self._encoded(node, value))
        capabilities = self._opened().capabilities
        can_test = capabilities.has_validate and not self._profile.quirks.skip_validate
        self._rpc(
            f"edit {target}",
            lambda m: m.edit_config(
                target=target,
                config=config,
                test_option="test-then-set" if can_test else None,
                error_option="rollback-on-error" if capabilities.has_rollback_on_error else None,
            ),
        )
        log.info("edited %d values", len(changes), extra={"device": self.device.id})

    def commit(self, *, confirm_timeout_s: float | None, persist_id: str | None) -> None:
        """Commit what was prepared in this session, or start the timer of an armed commit anew.

        With nothing prepared and a timer given it is a follow-up commit: by the persist id from
        any session, without one only from the session that armed.

        Parameters
        ----------
        confirm_timeout_s : float or None
            The device reverts after this time unless confirmed; None commits for good. [s]
        persist_id : str or None
            Token by which any session may confirm or cancel; without confirmed-commit:1.1 the
            commit hangs on this session instead.

        Raises
        ------
        DeviceUnreachable
            The session that prepared is gone, and the candidate with it; nothing was committed.
        DeviceRefused
            A follow-up, and nothing is armed under this id or by this session.
        DeviceConflict
            A follow-up would commit what somebody else has in the candidate.
        DeviceError
            Another leaf that says what failed.

        References
        ----------
        .. [1] RFC 6241 (2011), section 8.4.1: a follow-up confirmed commit restarts the timer.
        """
        live = self._live
        if live is None or not live.is_prepared or not live.session.connected:
            if self._awaits_commit or confirm_timeout_s is None:
                raise DeviceUnreachable(
                    self.device.id, "the session that prepared the change is gone; prepare again"
                )
            self._restart_timer(confirm_timeout_s, persist_id)
            return
        # Once it is sent the outcome may be unknown: a repetition can only be a follow-up.
        self._awaits_commit = False
        if confirm_timeout_s is None:
            self._rpc("commit", lambda m: m.commit())
        else:
            self._commit_confirmed(live, confirm_timeout_s, persist_id)
        live.is_prepared = False

    def _restart_timer(self, timeout_s: float, persist_id: str | None) -> None:
        live = self._opened()
        token = None if live.is_armed_here else persist_id
        if not live.is_armed_here and not (token and live.capabilities.has_persist):
            raise DeviceRefused(
                self.device.id, "no commit of this session is armed: the device has reverted"
            )
        if "candidate" not in live.locks:
            self._refuse_dirty()
        # The follow-up keeps the persistence of the commit; ncclient takes one of the two only.
        self._rpc(
            "start the timer anew",
            lambda m: m.commit(confirmed=True, timeout=str(math.ceil(timeout_s)), persist_id=token),
        )

    def _commit_confirmed(self, live: _Live, timeout_s: float, persist_id: str | None) -> None:
        if not live.capabilities.has_confirmed_commit:
            raise DeviceRefused(
                self.device.id, "cannot take a commit back by itself: no confirmed commit"
            )
        persist = persist_id if live.capabilities.has_persist else None
        self._rpc(
            "commit with a timer",
            lambda m: m.commit(confirmed=True, timeout=str(math.ceil(timeout_s)), persist=persist),
        )
        live.is_armed_here = persist is None
        if self._profile.quirks.release_running_on_commit and "running" in live.locks:
            self._release(live, "running")

    def confirm(self, persist_id: str) -> None:
        """Make a confirmed commit permanent.

        Raises
        ------
        DeviceRefused
            Nothing is armed under this id: the device has reverted, or never committed.
        DeviceError
            Another leaf that says what failed.
        """
        live = self._opened()
        if live.is_armed_here:
            self._rpc("confirm", lambda m: m.commit())
            live.is_armed_here = False
            return
        if not live.capabilities.has_persist:
            raise DeviceRefused(
                self.device.id, "the session of the commit is gone: the device has reverted"
            )
        self._rpc("confirm", lambda m: m.commit(persist_id=persist_id))

    def cancel(self, persist_id: str) -> None:
        """Cancel an armed commit; nothing armed is not an error.

        Raises
        ------
        DeviceError
            A leaf that says what failed.
        """
        live = self._opened()
        if not live.capabilities.has_persist:
            # RFC 4741 knows no cancel-commit: the end of the session reverts.
            self.close()
            return
        if self._profile.quirks.release_running_on_commit and "running" in live.locks:
            self._release(live, "running")
        token = None if live.is_armed_here else persist_id
        live.is_armed_here = False
        try:
            self._rpc("cancel the commit", lambda m: m.cancel_commit(persist_id=token))
        except DeviceRefused as err:
            if not _is_nothing_armed(err, self._profile.quirks.nothing_armed):
                raise
            log.info("nothing was armed", extra={"device": self.device.id})

    def discard(self) -> None:
        """Throw away what was prepared.

        Raises
        ------
        DeviceError
            A leaf that says what failed.
        """
        live = self._opened()
        if live.capabilities.has_candidate:
            self._rpc("discard changes", lambda m: m.discard_changes())
        live.is_prepared = self._awaits_commit = False

    # --- the session ---------------------------------------------------------------------------

    def close(self) -> None:
        """End the session; never raises, and takes a few seconds at most."""
        live, self._live = self._live, None
        if live is None:
            return
        if live.session.connected:
            try:
                live.manager.timeout = _CLOSE_S
                live.manager.close_session()
            except (NCClientError, OSError, EOFError) as err:
                log.debug("%s did not say goodbye: %r", self.device.id, err)
        live.session.close()

    def _opened(self) -> _Live:
        if self._live is not None and self._live.session.connected:
            return self._live
        self.close()
        session = BoundedSession(self.device)
        timeout_s = seconds(self.device, "timeout_s", 30.0)
        session.open(seconds(self.device, "connect_timeout_s", 15.0), timeout_s)
        manager = Manager(session, session.handler, timeout=timeout_s)
        capabilities = capabilities_of(session.server_capabilities)
        self.device_class = capabilities.limit(self._profile.device_class)
        self._live = _Live(session, manager, capabilities)
        log.info("NETCONF session %s", session.id, extra={"device": self.device.id})
        if self._profile.quirks.probe_after_hello:
            self._rpc("probe", lambda m: _probe(m, timeout_s))
        return self._live

    def _rpc(self, what: str, call: Callable[[Any], _T]) -> _T | None:
        """Run one operation within its deadline; any doubt about the session ends it."""
        live = self._opened()
        try:
            return call(live.manager)
        except RPCError as err:
            if tags_of(err):
                raise refusal(self.device, what, err) from err
            log.warning("%s: %s", what, err, extra={"device": self.device.id})
            return None
        except (NCClientError, OSError, EOFError, InputError, etree.LxmlError) as err:
            cause = live.session.cause or err
            live.session.close()
            self._live = None
            if live.session.has_expired or isinstance(err, TimeoutExpiredError):
                raise DeviceTimeout(
                    self.device.id,
                    f"{what}: no answer within {live.manager.timeout:g} s; session ended",
                ) from err
            raise DeviceUnreachable(
                self.device.id, f"{what}: the NETCONF session was lost ({plain_words(cause)})"
            ) from err

    def _node(self, path: str) -> NetconfNode:
        if path not in self._nodes:
            raise DeviceRefused(
                self.device.id, f"profile {self._profile.name} maps no {path!r} on this device"
            )
        return self._nodes[path]

    def _encoded(self, node: NetconfNode, value: Value) -> str:
        try:
            return node.encode(value)
        except ModelError as err:
            raise DeviceRefused(self.device.id, str(err)) from err


def _is_nothing_armed(err: DeviceRefused, quirk: str) -> bool:
    cause = err.__cause__
    if not isinstance(cause, RPCError):
        return False
    said = str(cause)
    is_said = "invalid-value" in tags_of(cause) or bool(_NOTHING_ARMED.search(said))
    return is_said or (bool(quirk) and said.strip() == quirk)


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
