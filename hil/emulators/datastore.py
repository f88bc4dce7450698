"""Running and candidate of one emulated NETCONF device: locks, commits and their timers.

References
----------
.. [1] RFC 6241, sections 7.5 (lock), 8.3 (candidate), 8.4 (confirmed commit 1.1).
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from hil.emulators.device import DeviceDied, EmulatedDevice
from hil.emulators.rpc_error import RpcError
from twin.model.attributes import Value, same_value
from twin.model.errors import ModelError

__all__ = ["Commit", "Datastore", "Store", "Timer"]

log = logging.getLogger(__name__)

Store = Literal["running", "candidate"]


class Timer(Protocol):
    """A scheduled call that can be cancelled."""

    def cancel(self) -> None:
        """Do not call any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Parameters of a ``<commit>``."""

    is_confirmed: bool = False
    timeout_s: int = 600
    persist: str | None = None
    persist_id: str | None = None


@dataclass(slots=True, kw_only=True)
class _Armed:
    """A confirmed commit that waits for its confirmation."""

    backup: dict[str, Value]
    session: int
    persist: str | None
    timer: Timer | None = None


def _call_later(delay_s: float, call: Callable[[], None]) -> Timer:
    return asyncio.get_running_loop().call_later(delay_s, call)


class Datastore:
    """The datastores of one device, shared by its sessions.

    Parameters
    ----------
    device : EmulatedDevice
        Whose world is the running configuration.
    call_later : callable
        Schedules a call after a delay. [s]
    """

    def __init__(
        self,
        device: EmulatedDevice,
        call_later: Callable[[float, Callable[[], None]], Timer] = _call_later,
    ) -> None:
        self.device = device
        self.locks: dict[Store, int] = {}
        self._call_later = call_later
        self._candidate: dict[str, Value] | None = None
        self._armed: _Armed | None = None

    @property
    def is_armed(self) -> bool:
        """Whether a confirmed commit waits for its confirmation."""
        return self._armed is not None

    @property
    def is_dirty(self) -> bool:
        """Whether the candidate was edited since it was last equal to running."""
        return self._candidate is not None

    def configuration(self, store: Store) -> dict[str, Value]:
        """Return all configuration values of a datastore."""
        running = self.device.configuration()
        if store == "candidate" and self._candidate is not None:
            return running | self._candidate
        return running

    def lock(self, session: int, store: Store) -> None:
        """Take a lock (RFC 6241, section 7.5).

        Raises
        ------
        RpcError
            ``lock-denied`` with the id of the session in the way, 0 if there is none.
        """
        if store in self.locks:
            raise _lock_denied(self.locks[store], f"{store} is locked")
        if store == "candidate" and self.is_dirty:
            raise _lock_denied(0, "candidate was modified and neither committed nor discarded")
        armed = self._armed
        if store == "running" and armed and armed.session != session:
            raise _lock_denied(armed.session, "another session has a confirmed commit pending")
        self.locks[store] = session

    def unlock(self, session: int, store: Store) -> None:
        """Give a lock back; giving back the candidate's discards its changes (8.3.5.2).

        Raises
        ------
        RpcError
            ``operation-failed``: the session does not hold it.
        """
        if self.locks.get(store) != session:
            raise RpcError("operation-failed", f"this session has no lock on {store}", "protocol")
        del self.locks[store]
        if store == "candidate":
            self._candidate = None

    def edit(self, session: int, changes: Mapping[str, Value]) -> None:
        """Change the candidate; its values were checked by the caller.

        Raises
        ------
        RpcError
            ``in-use``: another session holds the lock.
        """
        self.require_free(session, "candidate")
        if self._candidate is None:
            self._candidate = self.device.configuration()
        self._candidate.update(changes)

    def discard(self, session: int) -> None:
        """Make the candidate equal to running again.

        Raises
        ------
        RpcError
            ``in-use``: another session holds the lock.
        """
        self.require_free(session, "candidate")
        self._candidate = None

    def commit(self, session: int, commit: Commit) -> None:
        """Make the candidate running, with or without a timer that takes it back.

        Raises
        ------
        RpcError
            ``in-use``, ``invalid-value`` for a wrong persist id, or ``operation-failed`` if the
            device refuses the configuration; running is then unchanged.
        """
        self.require_free(session, "running")
        self.require_free(session, "candidate")
        self._require_token(session, commit.persist_id, "commit")
        previous = self._armed
        backup = previous.backup if previous else self.device.configuration()
        armed = _armed_by(session, commit, backup)
        names = ("confirm",) if previous and armed is None else ()
        try:
            self.device.write("commit", self._differences(self.configuration("candidate")), *names)
        except ModelError as err:
            raise RpcError("operation-failed", f"the device refuses: {err}") from err
        except DeviceDied as died:
            # What the next start has to go back to depends on how far this one came.
            self._stop_timer()
            self._armed = previous if died.when == "before" else armed
            raise
        self._disarm()
        self._armed = armed
        self._candidate = None
        if armed:
            armed.timer = self._call_later(commit.timeout_s, lambda: self._revert("timeout"))

    def cancel(self, session: int, persist_id: str | None) -> None:
        """Cancel the pending confirmed commit and go back at once (RFC 6241, section 8.4.4.1).

        Raises
        ------
        RpcError
            Nothing is pending, or it is not this session's to cancel.
        """
        if self._armed is None and persist_id is None:
            raise RpcError("operation-failed", "no confirmed commit is pending", "protocol")
        self._require_token(session, persist_id, "cancel-commit")
        self.device.meet("cancel-commit")
        self._revert("cancelled")

    def require_free(self, session: int, store: Store) -> None:
        """Refuse if another session holds the lock of a datastore.

        Raises
        ------
        RpcError
            ``in-use``.
        """
        holder = self.locks.get(store, session)
        if holder != session:
            raise RpcError("in-use", f"{store} is locked by session {holder}")

    def end_session(self, session: int) -> None:
        """Do what the loss of a session brings: locks go, its own confirmed commit reverts."""
        for store in [store for store, holder in self.locks.items() if holder == session]:
            self.unlock(session, store)
        armed = self._armed
        if armed and armed.session == session:
            if armed.persist is None:
                self._revert("session lost")
            else:
                armed.session = 0

    def power_loss(self) -> None:
        """Forget all that is not stored: locks, candidate, timers. Running is as it was left."""
        self.locks.clear()
        self._candidate = None
        self._stop_timer()

    def power_up(self) -> None:
        """Start again: a confirmed commit that was pending is taken back (section 8.4.1)."""
        if self._armed:
            self._revert("restart")

    def forget_armed(self) -> None:
        """Drop a pending confirmed commit without reverting: storage was exchanged."""
        self._disarm()

    def _require_token(self, session: int, given: str | None, operation: str) -> None:
        armed = self._armed
        expected = armed.persist if armed else None
        if expected is None and given is None:
            if armed and armed.session != session:
                raise RpcError(
                    "in-use", f"session {armed.session} has a confirmed commit pending", "protocol"
                )
            return
        if expected is None or not hmac.compare_digest((given or "").encode(), expected.encode()):
            what = "does not match" if armed else "given but no confirmed commit is pending"
            raise RpcError(
                "invalid-value",
                f"{operation}: persist-id {what}",
                "protocol",
                {"bad-element": "persist-id"},
            )

    def _disarm(self) -> None:
        self._stop_timer()
        self._armed = None

    def _stop_timer(self) -> None:
        if self._armed and self._armed.timer:
            self._armed.timer.cancel()
            self._armed.timer = None

    def _revert(self, why: str) -> None:
        armed = self._armed
        if armed is None:
            return
        self._disarm()
        log.info("%s: confirmed commit taken back: %s", self.device.id, why)
        try:
            self.device.world.write(self.device.id, self._differences(armed.backup))
        except ModelError:
            log.exception("%s: the old configuration is refused", self.device.id)

    def _differences(self, wanted: Mapping[str, Value]) -> dict[str, Value]:
        kind = self.device.kind
        running = self.device.configuration()
        return {
            path: value
            for path, value in wanted.items()
            if path in running and not same_value(kind, path, value, running[path])
        }


def _armed_by(session: int, commit: Commit, backup: dict[str, Value]) -> _Armed | None:
    if not commit.is_confirmed:
        return None
    # A follow-up by persist-id stays persistent: a client has no other way to say so.
    return _Armed(backup=backup, session=session, persist=commit.persist or commit.persist_id)


def _lock_denied(session: int, why: str) -> RpcError:
    return RpcError("lock-denied", why, "protocol", {"session-id": str(session)})
