"""Devices in virtual time: classes A to D, confirm timers, sessions, and every way to misbehave."""

from __future__ import annotations

from controllers.ports import DeviceClass
from controllers.steps import Command, Fault, MemberSpec, Op

ARMABLE = (DeviceClass.C, DeviceClass.D)
FOREIGN = "foreign"


class SimFault(Exception):
    """The device or the way to it failed a step."""

    def __init__(self, fault: Fault, reason: str) -> None:
        super().__init__(fault, reason)
        self.fault = fault
        self.reason = reason


class SimDevice:
    """One device; the caller gives the time."""

    __slots__ = (
        "armed",
        "backup",
        "can_rearm",
        "candidate",
        "candidate_owner",
        "cls",
        "dead_until_s",
        "follow_s",
        "foreign",
        "lag_s",
        "lock_owner",
        "n_deaths",
        "n_deaths_at_edit",
        "name",
        "session",
        "spec",
        "values",
    )

    def __init__(self, spec: MemberSpec, lag_s: float) -> None:
        self.spec = spec
        self.name = spec.device
        self.cls = spec.device_class
        self.values = dict(spec.before)
        if "radio/2/channel" in self.values:
            self.values["radio/2/channel_in_use"] = self.values["radio/2/channel"]
            self.values["radio/2/enabled"] = True
            self.values["radio/2/dca"] = False
        self.candidate: dict | None = None
        self.candidate_owner: object = None
        self.lock_owner: object = None
        self.armed: tuple[str, float, int] | None = None
        self.backup: dict | None = None
        self.dead_until_s = -1.0
        self.session = 0
        self.n_deaths = 0
        self.n_deaths_at_edit: int | None = None
        self.can_rearm = True
        self.lag_s = lag_s
        self.follow_s = 0.0
        self.foreign: dict = {}

    # ------------------------------------------------------------------ state

    def config(self) -> dict:
        return {path: self.values[path] for path in self.spec.after}

    def is_old(self) -> bool:
        return self.config() == self.spec.before

    def is_new(self) -> bool:
        return self.config() == self.spec.after

    def is_dead(self, now_s: float) -> bool:
        return now_s < self.dead_until_s

    def settle(self, now_s: float) -> None:
        """Let timers run out and operational values follow."""
        if self.armed and now_s >= self.armed[1]:
            self._revert()
        if "radio/2/channel" in self.values and now_s >= self.follow_s:
            self.values["radio/2/channel_in_use"] = self.values["radio/2/channel"]

    def _revert(self) -> None:
        self.values.update(self.backup or {})
        self.armed = self.backup = None

    def lose_session(self) -> None:
        """The writing session ends: its lock, its candidate, and what hangs on it."""
        if self.lock_owner == self.session:
            self.lock_owner = None
        if self.candidate_owner == self.session and self.cls is not DeviceClass.E:
            self.candidate = self.candidate_owner = None
        if self.armed and self.cls is DeviceClass.C and self.armed[2] == self.session:
            self._revert()
        self.session += 1

    def die(self, now_s: float, back_s: float) -> None:
        self.dead_until_s = now_s + back_s
        self.n_deaths += 1
        self.lose_session()
        self.candidate = self.candidate_owner = None
        self.lock_owner = None
        if self.armed:  # a reboot loads what was last made permanent
            self._revert()

    def half_write(self) -> None:
        path = next(iter(self.spec.after))
        self.values[path] = self.spec.after[path]

    # ------------------------------------------------------------------ steps

    def execute(self, now_s: float, command: Command, *, lie: bool) -> dict | None:
        self.settle(now_s)
        return _STEPS[command.op](self, now_s, command, lie)

    def _lock(self, now_s: float, command: Command, lie: bool) -> dict:
        if self.lock_owner not in (None, self.session):
            raise SimFault(Fault.LOCKED, "locked by session 99")
        if self.cls is not DeviceClass.A:
            self.lock_owner = self.session
        return self.config()

    def _prepare(self, now_s: float, command: Command, lie: bool) -> None:
        if self.candidate:
            raise SimFault(Fault.CONFLICT, "the candidate is dirty")
        self._check_lock()
        self.candidate, self.candidate_owner = dict(command.values), self.session

    def _check_lock(self) -> None:
        if self.lock_owner not in (None, self.session):
            raise SimFault(Fault.LOCKED, "locked by session 99")

    def _commit(self, now_s: float, command: Command, lie: bool) -> None:
        self._check_lock()
        persist = command.persist_id if self.cls is DeviceClass.D else ""
        timeout_s = command.confirm_timeout_s
        is_rearm = command.op is Op.REARM
        if is_rearm and not self.can_rearm:
            raise SimFault(Fault.REFUSED, "a follow-up commit is not supported")
        if is_rearm and (self.armed is None or self.armed[0] != persist):
            raise SimFault(Fault.REFUSED, "no such confirmed commit")
        if self.armed and not is_rearm:
            raise SimFault(Fault.REFUSED, "a confirmed commit is pending")
        if not is_rearm and not lie:
            if timeout_s is not None:
                self.backup = self.config()
            self.values.update(self.candidate or {})
            self.follow_s = now_s + self.lag_s
            self.candidate = self.candidate_owner = None
        if timeout_s is not None and (self.backup is not None):
            self.armed = (persist, now_s + timeout_s, self.session)

    def _write(self, now_s: float, command: Command, lie: bool) -> dict:
        if not lie:
            self.values.update(command.values)
            self.follow_s = now_s + self.lag_s
        return self.config()

    def _read(self, now_s: float, command: Command, lie: bool) -> dict:
        return {path: self.values[path] for path in command.paths}

    def _confirm(self, now_s: float, command: Command, lie: bool) -> None:
        persist = command.persist_id if self.cls is DeviceClass.D else ""
        if self.armed is None or self.armed[0] != persist:
            raise SimFault(Fault.REFUSED, "no such confirmed commit")
        if self.cls is DeviceClass.C and self.armed[2] != self.session:
            raise SimFault(Fault.REFUSED, "armed by another session")
        self.armed = self.backup = None

    def _cancel(self, now_s: float, command: Command, lie: bool) -> None:
        persist = command.persist_id if self.cls is DeviceClass.D else ""
        if self.armed and self.armed[0] == persist and not lie:
            self._revert()

    def _discard(self, now_s: float, command: Command, lie: bool) -> None:
        self._check_lock()
        if self.cls is DeviceClass.E and self.candidate_owner == FOREIGN:
            raise SimFault(Fault.CONFLICT, "the buffer is not ours")
        self.candidate = self.candidate_owner = None

    def _set_for_good(self, now_s: float, command: Command, lie: bool) -> None:
        if self.cls is not DeviceClass.A:
            self._lock(now_s, command, lie)
            if self.candidate:
                raise SimFault(Fault.CONFLICT, "the candidate is dirty")
            if self.armed:
                raise SimFault(Fault.REFUSED, "a confirmed commit is pending")
        if not lie:
            self.values.update(command.values)
            self.follow_s = now_s + self.lag_s

    def _unlock(self, now_s: float, command: Command, lie: bool) -> None:
        self.lose_session()


_STEPS = {
    Op.LOCK: SimDevice._lock,
    Op.PREPARE: SimDevice._prepare,
    Op.COMMIT: SimDevice._commit,
    Op.REARM: SimDevice._commit,
    Op.WRITE: SimDevice._write,
    Op.READ: SimDevice._read,
    Op.CONFIRM: SimDevice._confirm,
    Op.CANCEL: SimDevice._cancel,
    Op.DISCARD: SimDevice._discard,
    Op.RESTORE: SimDevice._set_for_good,
    Op.REAPPLY: SimDevice._set_for_good,
    Op.UNLOCK: SimDevice._unlock,
}
