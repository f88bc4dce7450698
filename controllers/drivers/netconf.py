"""Drives a device over NETCONF: lock, edit, validate, confirmed commit, confirm or cancel."""

from __future__ import annotations

import logging
import math
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from ncclient.operations import RPCError

from controllers.drivers.netconf_link import Call, Link
from controllers.drivers.netconf_read import config_of, data_of, reading, values_of
from controllers.drivers.netconf_talk import NetconfTalk
from controllers.drivers.netconf_text import holder_of, is_same_config, tags_of
from controllers.drivers.options import choice, seconds
from controllers.ports import Device
from controllers.profiles import Profile
from twin.model.attributes import Value, same_value
from twin.model.errors import (
    DeviceConflict,
    DeviceError,
    DeviceLocked,
    DeviceRefused,
    DeviceUnreachable,
    EvidenceMismatch,
)

__all__ = ["NetconfDriver"]

log = logging.getLogger(__name__)

_LOCK_PATIENCE_S = 2.0
_LOCK_PAUSE_S = 0.1
# What servers say when there is no confirmed commit to cancel; the tag differs between them.
_NOTHING_ARMED = re.compile(r"\bno\b.*\bcommit|not.*(pending|active|progress|confirmed)", re.I)


class NetconfDriver(NetconfTalk):
    """One device over NETCONF.

    Parameters
    ----------
    device : Device
        The inventory entry; options ``timeout_s`` (one operation, 30 s by default),
        ``connect_timeout_s`` (15 s), and ``foreign_candidate``: ``refuse`` what somebody else
        left in the candidate, or ``discard`` it.
    profile : Profile
        A NETCONF profile.

    Attributes
    ----------
    device_class : DeviceClass
        Class of the profile; once connected, what the device's capabilities really allow.
    """

    def __init__(self, device: Device, profile: Profile) -> None:
        super().__init__(device, profile)
        self._awaits_commit = False  # outlives the session: a lost candidate is no follow-up

    # --- locks ---------------------------------------------------------------------------------

    def lock(self) -> None:
        """Lock candidate and running, both or neither.

        Raises
        ------
        DeviceLocked
            Somebody else holds one of them longer than option ``lock_patience_s``; the session
            id is named.
        DeviceConflict
            The candidate holds changes of somebody else, and the policy is to refuse.
        DeviceError
            Another leaf that says what failed.
        """
        end_s = time.monotonic() + seconds(self.device, "lock_patience_s", _LOCK_PATIENCE_S)
        pause_s = _LOCK_PAUSE_S
        while True:
            try:
                self._lock_all()
            except DeviceLocked:
                # Both locks are free meanwhile: two who wait for each other would wait for ever.
                if time.monotonic() + pause_s > end_s:
                    raise
                time.sleep(pause_s)
                pause_s *= 2.0
            else:
                return

    def _lock_all(self) -> None:
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
            if target != "candidate" or is_foreign or not self._settle_foreign():
                raise
            self._rpc(f"lock {target}", lambda m: m.lock(target=target))

    def unlock(self) -> None:
        """Give the locks back; a lost session has given them back already."""
        live = self._live
        while live is not None and live.locks and live is self._live:
            self._release(live, live.locks[-1])

    def _release(self, live: Link, target: str) -> None:
        live.locks.remove(target)
        live.is_clean = False
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
        self._rpc(*self._edit("running", changes))

    def prepare(self, changes: Mapping[str, Value]) -> None:
        """Edit the candidate, let the device validate it, read it back; on an error discard it.

        Raises
        ------
        DeviceConflict
            The candidate holds changes of somebody else, and the policy is to refuse; nothing was
            edited.
        EvidenceMismatch
            The device answered ok and the candidate holds something else.
        DeviceError
            Another leaf that says what failed.
        """
        live = self._opened()
        if not live.capabilities.has_candidate:
            raise DeviceRefused(self.device.id, "has no candidate datastore: use write")
        if not (live.is_prepared or live.is_clean):
            self._settle_foreign()
            live.is_clean = "candidate" in live.locks
        self._awaits_commit = True
        try:
            calls = [self._edit("candidate", changes)]
            if self._can_validate(live):
                calls.append(("validate", lambda m: m.validate(source="candidate")))
            nodes = [self._node(path) for path in changes]
            *_, held = self._rpcs([*calls, reading("candidate", nodes)])
            self._compare(changes, values_of(self.device, data_of(self.device, held), nodes))
        except DeviceUnreachable:
            raise
        except DeviceError as err:
            self._require(live, err)
            self._rpc("discard changes", lambda m: m.discard_changes())
            live.is_prepared = self._awaits_commit = False
            raise
        self._require(live, None)
        live.is_prepared = True

    def _require(self, live: Link, cause: DeviceError | None) -> None:
        """Refuse what came from a later session: the candidate died with the one that edited."""
        if self._live is not live:
            raise DeviceUnreachable(
                self.device.id, "the session was lost while preparing; prepare again"
            ) from cause

    def _compare(self, changes: Mapping[str, Value], held: Mapping[str, Value]) -> None:
        """Compare the candidate with what was edited: what is not in it will not be committed."""
        for path, value in changes.items():
            found = held.get(path)
            if found is None or not same_value(self.device.kind, path, value, found):
                raise EvidenceMismatch(
                    self.device.id,
                    f"answered ok to the edit, and the candidate holds {path} = {found}, "
                    f"not {value}; nothing was committed",
                )

    def _settle_foreign(self) -> bool:
        """Refuse or discard what somebody else left in the candidate; say if there was any."""
        try:
            self._refuse_dirty()
        except DeviceConflict:
            if choice(self.device, "foreign_candidate", ("refuse", "discard")) == "refuse":
                raise
            log.warning("%s: foreign changes in the candidate are discarded", self.device.id)
            self._rpc("discard foreign changes", lambda m: m.discard_changes())
            return True
        return False

    def _refuse_dirty(self) -> None:
        stores = ("candidate", "running")
        replies = self._rpcs([(f"read {store}", _all_of(store)) for store in stores])
        if not is_same_config(*(data_of(self.device, reply) for reply in replies)):
            raise DeviceConflict(
                self.device.id,
                "the candidate holds changes that are not committed and not ours; commit or "
                "discard them on the device first, or set option foreign_candidate: discard",
            )

    def _edit(self, target: str, changes: Mapping[str, Value]) -> Call:
        values = [(self._node(path), value) for path, value in changes.items()]
        config = config_of(self.device, values)
        live = self._opened()
        can_roll_back = live.capabilities.has_rollback_on_error
        test, on_error = "test-then-set", "rollback-on-error"
        log.info("edit of %d values", len(changes), extra={"device": self.device.id})
        return (
            f"edit {target}",
            lambda m: m.edit_config(
                target=target,
                config=config,
                test_option=test if self._can_validate(live) else None,
                error_option=on_error if can_roll_back else None,
            ),
        )

    def _can_validate(self, live: Link) -> bool:
        return live.capabilities.has_validate and not self._profile.quirks.skip_validate

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

    def _commit_confirmed(self, live: Link, timeout_s: float, persist_id: str | None) -> None:
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


def _all_of(store: str) -> Callable[[Any], Any]:
    return lambda m: m.get_config(source=store)


def _is_nothing_armed(err: DeviceRefused, quirk: str) -> bool:
    cause = err.__cause__
    if not isinstance(cause, RPCError):
        return False
    said = str(cause)
    is_said = "invalid-value" in tags_of(cause) or bool(_NOTHING_ARMED.search(said))
    return is_said or (bool(quirk) and said.strip() == quirk)
