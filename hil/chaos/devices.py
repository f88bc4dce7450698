"""Devices in memory and virtual time: the five classes, their timers, sessions and buffers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from controllers.ports import DeviceClass
from controllers.steps import Command, Fault, MemberSpec, Op
from twin.model.attributes import Value

__all__ = ["ARMABLE", "FOREIGN", "MemoryDevice", "StepRefused"]

ARMABLE = (DeviceClass.C, DeviceClass.D)
FOREIGN = -1  # the session of somebody else
_NOBODY = 0
_CHANNEL, _IN_USE = "radio/2/channel", "radio/2/channel_in_use"


class StepRefused(Exception):
    """The device answers a step with a refusal.

    Parameters
    ----------
    fault : Fault
        Its kind.
    reason : str
        What it says.
    """

    def __init__(self, fault: Fault, reason: str) -> None:
        super().__init__(fault, reason)
        self.fault = fault
        self.reason = reason


class MemoryDevice:
    """One device; whoever calls gives the time.

    Classes B, C and D have one candidate and one lock, which end with their session; the commit
    of C hangs on its session, that of D on its persist id. The buffer of E hangs on nothing.

    Parameters
    ----------
    spec : MemberSpec
        What is wanted of it; it starts with the old values.
    lag_s : float
        How long its operational values take to follow. [s]
    timer_skew_s : float
        How much later than asked its confirm timer ends. [s]
    keeps_buffer : bool
        A buffer without a session outlives a reboot.
    """

    __slots__ = (
        "armed_id",
        "armed_session",
        "armed_until_s",
        "backup",
        "buffer",
        "buffer_owner",
        "can_rearm",
        "dead_until_s",
        "device_class",
        "follow_s",
        "foreign",
        "is_armed",
        "is_channel_kept",
        "is_edited",
        "keeps_buffer",
        "lag_s",
        "lock_owner",
        "name",
        "previous",
        "reverts",
        "session",
        "spec",
        "timer_skew_s",
        "values",
    )

    def __init__(
        self, spec: MemberSpec, *, lag_s: float, timer_skew_s: float, keeps_buffer: bool
    ) -> None:
        self.spec = spec
        self.name = spec.device
        self.device_class = spec.device_class
        self.values: dict[str, Value] = dict(spec.before)
        self.is_channel_kept = _CHANNEL in self.values
        if self.is_channel_kept:
            self.values |= {_IN_USE: self.values[_CHANNEL]}
            self.values |= {"radio/2/enabled": True, "radio/2/dca": False}
        self.previous: dict[str, Value] = {}
        self.buffer: Mapping[str, Value] | None = None
        self.buffer_owner = _NOBODY
        self.lock_owner = _NOBODY
        self.is_armed = False
        self.armed_id = ""
        self.armed_until_s = 0.0
        self.armed_session = _NOBODY
        self.backup: dict[str, Value] = {}
        self.reverts = True
        self.can_rearm = True
        self.dead_until_s = -1.0
        self.session = 1
        self.is_edited = False
        self.lag_s = lag_s
        self.timer_skew_s = timer_skew_s
        self.keeps_buffer = keeps_buffer
        self.follow_s = 0.0
        self.foreign: dict[str, Value] = {}

    # ------------------------------------------------------------------ what it is

    def config(self) -> dict[str, Value]:
        """Return the values of the paths the transaction is about."""
        values = self.values
        return {path: values[path] for path in self.spec.after}

    def holds(self, wanted: Mapping[str, Value]) -> bool:
        """Say whether it is wholly configured as wanted."""
        values = self.values
        return all(values[path] == value for path, value in wanted.items())

    def is_dead(self, now_s: float) -> bool:
        """Say whether it is down."""
        return now_s < self.dead_until_s

    def begin_foreign_edit(self) -> None:
        """Let somebody else put something into the candidate."""
        path, value = next(iter(self.spec.before.items()))
        self.buffer, self.buffer_owner, self.is_edited = {path: value}, FOREIGN, True

    def end_foreign_edit(self) -> None:
        """Let somebody else be done, and throw away what was edited."""
        self.buffer, self.buffer_owner, self.is_edited = None, _NOBODY, False

    # ------------------------------------------------------------------ what happens to it

    def settle(self, now_s: float) -> None:
        """Let its timer run out, and what it shows follow."""
        if self.is_armed and now_s >= self.armed_until_s:
            if self.reverts:
                self._revert()
            else:
                self.is_armed = False
        if self.is_channel_kept and now_s >= self.follow_s:
            self.values[_IN_USE] = self.values[_CHANNEL]

    def _revert(self) -> None:
        self._change(self.backup)
        self.is_armed = False

    def _change(self, values: Mapping[str, Value]) -> None:
        self.previous = self.values
        self.values = {**self.values, **values}

    def lose_session(self) -> None:
        """End the session that writes: its lock, its candidate, and what hangs on it."""
        session = self.session
        if self.lock_owner == session:
            self.lock_owner = _NOBODY
        if self.buffer_owner == session and self.device_class is not DeviceClass.E:
            self.buffer, self.buffer_owner = None, _NOBODY
        if self.is_armed and self.device_class is DeviceClass.C and self.armed_session == session:
            self._revert()
        self.session = session + 1

    def die(self, now_s: float, back_s: float) -> None:
        """Go down, and load what was last made permanent when it is back; nothing stays cached."""
        self.dead_until_s = now_s + back_s
        self.lose_session()
        self.lock_owner = _NOBODY
        if not (self.keeps_buffer and self.device_class is DeviceClass.E):
            self.buffer, self.buffer_owner = None, _NOBODY
            self.is_edited = False
        if self.is_armed:
            self._revert()
        self.previous = {}

    def write_half(self, values: Mapping[str, Value]) -> None:
        """Take the first of some values only."""
        path = next(iter(values))
        self._change({path: values[path]})

    # ------------------------------------------------------------------ steps

    def execute(
        self, now_s: float, command: Command, *, lies: bool = False
    ) -> dict[str, Value] | None:
        """Carry out a step.

        Parameters
        ----------
        now_s : float
            Virtual time. [s]
        command : Command
            The step.
        lies : bool
            Say yes and do nothing.

        Returns
        -------
        dict or None
            What it reads, where the step reads.

        Raises
        ------
        StepRefused
            It answers with a refusal.
        """
        return _STEPS[command.op](self, now_s, command, lies)

    def _check_lock(self) -> None:
        if self.lock_owner not in (_NOBODY, self.session):
            raise StepRefused(Fault.LOCKED, "locked by session 99")

    def _lock(self, now_s: float, command: Command, lies: bool) -> dict[str, Value]:
        self._check_lock()
        if self.device_class in (DeviceClass.B, *ARMABLE):
            self.lock_owner = self.session
        return self.config()

    def _prepare(self, now_s: float, command: Command, lies: bool) -> None:
        if self.buffer is not None:
            raise StepRefused(Fault.CONFLICT, "the candidate is dirty")
        self._check_lock()
        if not lies:
            self.buffer, self.buffer_owner = command.values or {}, self.session

    def _commit(self, now_s: float, command: Command, lies: bool) -> None:
        self._check_lock()
        if self.is_armed:
            raise StepRefused(Fault.REFUSED, "a confirmed commit is pending")
        timeout_s = command.confirm_timeout_s
        if timeout_s is not None:
            self.backup = self.config()
            self._arm(now_s, command, timeout_s)
        if not lies and self.buffer is not None:
            self._change(self.buffer)
            self.follow_s = now_s + self.lag_s
            self.buffer, self.buffer_owner = None, _NOBODY

    def _arm(self, now_s: float, command: Command, timeout_s: float) -> None:
        self.is_armed = True
        self.armed_id = command.persist_id if self.device_class is DeviceClass.D else ""
        self.armed_until_s = now_s + timeout_s + self.timer_skew_s
        self.armed_session = self.session

    def _check_armed(self, command: Command) -> None:
        named = command.persist_id if self.device_class is DeviceClass.D else ""
        if not self.is_armed or self.armed_id != named:
            raise StepRefused(Fault.REFUSED, "no such confirmed commit")

    def _rearm(self, now_s: float, command: Command, lies: bool) -> None:
        self._check_lock()
        if not self.can_rearm:
            raise StepRefused(Fault.REFUSED, "a follow-up commit is not supported")
        self._check_armed(command)
        self._arm(now_s, command, command.confirm_timeout_s or 0.0)

    def _write(self, now_s: float, command: Command, lies: bool) -> dict[str, Value]:
        if not lies:
            self._change(command.values or {})
            self.follow_s = now_s + self.lag_s
        return self.config()

    def _read(self, now_s: float, command: Command, lies: bool) -> dict[str, Value]:
        shown = self.previous if lies and self.previous else self.values
        return {path: shown[path] for path in command.paths}

    def _confirm(self, now_s: float, command: Command, lies: bool) -> None:
        self._check_armed(command)
        if self.device_class is DeviceClass.C and self.armed_session != self.session:
            raise StepRefused(Fault.REFUSED, "armed by another session")
        self.is_armed = False

    def _cancel(self, now_s: float, command: Command, lies: bool) -> None:
        named = command.persist_id if self.device_class is DeviceClass.D else ""
        if self.is_armed and self.armed_id == named and not lies:
            self._revert()

    def _discard(self, now_s: float, command: Command, lies: bool) -> None:
        self._check_lock()
        if self.device_class is DeviceClass.E and self.buffer_owner == FOREIGN:
            raise StepRefused(Fault.CONFLICT, "the buffer is somebody else's")
        self.buffer, self.buffer_owner = None, _NOBODY

    def _set_for_good(self, now_s: float, command: Command, lies: bool) -> None:
        if self.device_class is not DeviceClass.A:
            self._lock(now_s, command, lies)
            if self.buffer is not None:
                raise StepRefused(Fault.CONFLICT, "the candidate is dirty")
            if self.is_armed:
                raise StepRefused(Fault.REFUSED, "a confirmed commit is pending")
        if not lies:
            self._change(command.values or {})
            self.follow_s = now_s + self.lag_s

    def _unlock(self, now_s: float, command: Command, lies: bool) -> None:
        self.lose_session()


_Step = Callable[[MemoryDevice, float, Command, bool], dict[str, Value] | None]
_STEPS: dict[Op, _Step] = {
    Op.LOCK: MemoryDevice._lock,
    Op.PREPARE: MemoryDevice._prepare,
    Op.COMMIT: MemoryDevice._commit,
    Op.REARM: MemoryDevice._rearm,
    Op.WRITE: MemoryDevice._write,
    Op.READ: MemoryDevice._read,
    Op.CONFIRM: MemoryDevice._confirm,
    Op.CANCEL: MemoryDevice._cancel,
    Op.DISCARD: MemoryDevice._discard,
    Op.RESTORE: MemoryDevice._set_for_good,
    Op.REAPPLY: MemoryDevice._set_for_good,
    Op.UNLOCK: MemoryDevice._unlock,
}
