"""Carries out steps against devices in a bounded number of threads, each with a deadline."""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from controllers.ports import Device, DeviceClass, Driver, DriverFactory
from controllers.steps import Command, Done, Failed, Fault, Op
from controllers.workers import Workers
from twin.model.attributes import Value
from twin.model.errors import (
    DeviceAuthError,
    DeviceConflict,
    DeviceError,
    DeviceLocked,
    DeviceRefused,
    DeviceUnreachable,
    EvidenceMismatch,
    StellwerkError,
)

__all__ = ["Sessions", "fault_of", "reason_of"]

log = logging.getLogger(__name__)

_GRACE_S = 1.0
_N_THREADS = 16
_SLOW_S = 3.0
"""A step under way for so long has a sick device, and no longer keeps others from beginning. [s]"""
_N_SLOW = 112


def fault_of(error: BaseException) -> Fault:
    """Say what kind of failure an error is.

    Parameters
    ----------
    error : BaseException
        What a driver raised.

    Returns
    -------
    Fault
        ``broken`` for what is not one of our errors: its outcome is unknown.
    """
    table: tuple[tuple[type[BaseException], Fault], ...] = (
        (DeviceUnreachable, Fault.UNREACHABLE),
        (DeviceLocked, Fault.LOCKED),
        (DeviceAuthError, Fault.AUTH),
        (DeviceConflict, Fault.CONFLICT),
        (EvidenceMismatch, Fault.MISMATCH),
        (DeviceRefused, Fault.REFUSED),
        (DeviceError, Fault.REFUSED),
        (StellwerkError, Fault.REFUSED),
    )
    return next((fault for leaf, fault in table if isinstance(error, leaf)), Fault.BROKEN)


def reason_of(error: Exception, where: str) -> str:
    """Say in one line why something failed.

    Parameters
    ----------
    error : Exception
        What was raised.
    where : str
        What raised it.

    Returns
    -------
    str
        The text of an error of ours, without the device; of others, which tell a user nothing,
        the class and where its traceback is.
    """
    if isinstance(error, DeviceError):
        return error.reason
    if isinstance(error, StellwerkError):
        return str(error)
    return f"unexpected {type(error).__name__} in {where} (see -vv)"


@dataclass(slots=True)
class _Job:
    """One step on its way; `is_given_up` once nobody waits for it any more."""

    command: Command
    started_s: float = 0.0
    is_given_up: bool = False
    driver: Driver | None = None


@dataclass(slots=True)
class _Seat:
    """What is kept of one device between steps."""

    device: Device
    device_class: DeviceClass | None
    driver: Driver | None = None
    locked_by: Driver | None = None  # the session that holds the lock; it ends with the session


@dataclass(slots=True)
class Sessions:
    """The sessions to the devices of one run.

    Steps of one device must come one after the other; those of different devices run together.
    A step that outlives its deadline is given up: its thread is left to the driver's own
    deadline, its session is never used again, and the next step opens a new one.

    Sick devices do not keep healthy ones waiting: a step that is slow no longer counts among the
    `n_threads`. Threads are bounded all the same, those of steps that were given up included; when
    all of them hang, what still waits fails without being tried.

    Parameters
    ----------
    devices : sequence of Device
        The members.
    classes : mapping
        The device class the plan counts on, by device id; a device that can do less is refused.
    make_driver : DriverFactory
        Makes their drivers.
    clock : callable
        Monotonic time that goes on while the machine sleeps. [s]
    n_threads : int
        Steps under way at most, not counting slow ones.
    n_slow : int
        Slow steps, and given up ones that have not ended, at most.
    """

    devices: Sequence[Device]
    classes: Mapping[str, DeviceClass]
    make_driver: DriverFactory
    clock: Callable[[], float]
    n_threads: int = _N_THREADS
    n_slow: int = _N_SLOW
    results: queue.SimpleQueue[tuple[_Job, Done | Failed] | None] = field(
        default_factory=queue.SimpleQueue, init=False
    )
    _seats: dict[str, _Seat] = field(init=False)
    _waiting: deque[_Job] = field(default_factory=deque, init=False)
    _running: list[_Job] = field(default_factory=list, init=False)
    _n_hanging: int = field(default=0, init=False)
    _workers: Workers = field(default_factory=lambda: Workers("stellwerk-step"), init=False)

    def __post_init__(self) -> None:
        self._seats = {
            device.id: _Seat(device, self.classes.get(device.id)) for device in self.devices
        }

    def submit(self, commands: Sequence[Command]) -> None:
        """Start steps, or queue them while all threads are busy."""
        self._waiting.extend(_Job(command) for command in commands)
        self._start()

    def _start(self) -> None:
        while self._waiting and self._has_room():
            job = self._waiting.popleft()
            job.started_s = self.clock()
            self._running.append(job)
            self._workers.run(partial(self._work, job))

    def _has_room(self) -> bool:
        slow_since_s = self.clock() - _SLOW_S
        n_quick = sum(job.started_s > slow_since_s for job in self._running)
        n_all = len(self._running) + self._n_hanging
        return n_quick < self.n_threads and n_all < self.n_threads + self.n_slow

    def wake(self) -> None:
        """Let `wait` return at once, from any thread or signal handler."""
        self.results.put(None)

    def wait(self, timeout_s: float | None) -> tuple[Done | Failed, float] | None:
        """Wait for the next result.

        Parameters
        ----------
        timeout_s : float or None
            Longest wait. [s]

        Returns
        -------
        event : Done or Failed
            The result; a step past its deadline has failed as unreachable.
        seconds : float
            How long it took. [s]
            None instead of both when nothing came.
        """
        until_s = None if timeout_s is None else self.clock() + timeout_s
        while True:
            overdue = self._give_up_overdue()
            if overdue is not None:
                return overdue
            self._start()
            if self._waiting and not self._running:
                return self._not_tried()
            try:
                item = self.results.get(timeout=self._pause_s(until_s))
            except queue.Empty:
                if until_s is not None and self.clock() >= until_s:
                    return None
                continue
            if item is None:
                return None
            job, event = item
            if job.is_given_up:
                self._n_hanging -= 1
                continue
            self._running.remove(job)
            self._start()
            return event, self.clock() - job.started_s

    def _pause_s(self, until_s: float | None) -> float:
        now_s = self.clock()
        ends = [job.started_s + job.command.deadline_s + _GRACE_S for job in self._running]
        if until_s is not None:
            ends.append(until_s)
        if self._waiting:
            slow = (job.started_s + _SLOW_S for job in self._running)
            ends += [at_s for at_s in slow if at_s > now_s]
        return max(0.0, min(ends, default=now_s + 60.0) - now_s)

    def _give_up_overdue(self) -> tuple[Failed, float] | None:
        now_s = self.clock()
        for job in self._running:
            seconds = now_s - job.started_s
            if seconds <= job.command.deadline_s + _GRACE_S:
                continue
            job.is_given_up = True
            self._running.remove(job)
            self._n_hanging += 1
            seat = self._seats[job.command.device]
            if job.driver is not None:
                if job.driver is seat.driver:  # a read has a session of its own
                    seat.driver = seat.locked_by = None
                # Closing from outside is what ends a blocked read.
                threading.Thread(target=job.driver.close, daemon=True).start()
            self._start()
            reason = f"no end of {job.command.op} after {seconds:.0f} s"
            command = job.command
            return Failed(now_s, command.device, command.op, Fault.UNREACHABLE, reason), seconds
        return None

    def _not_tried(self) -> tuple[Failed, float]:
        """Fail a step that cannot begin: every thread hangs in a driver that does not end."""
        command = self._waiting.popleft().command
        reason = f"was not asked: {self._n_hanging} steps of other devices hang; try again"
        failed = Failed(self.clock(), command.device, command.op, Fault.UNREACHABLE, reason)
        return failed, 0.0

    def close(self) -> None:
        """End all sessions, those of steps under way too."""
        self._workers.close()
        for job in self._running:
            job.is_given_up = True
            if job.driver is not None and job.driver is not self._seats[job.command.device].driver:
                job.driver.close()
        for seat in self._seats.values():
            if seat.driver is not None:
                seat.driver.close()
                seat.driver = None

    def _work(self, job: _Job) -> None:
        command = job.command
        try:
            values = self._step(job)
        except Exception as err:
            fault = fault_of(err)
            if fault is Fault.BROKEN:
                log.debug("%s: %s failed in the driver", command.device, command.op, exc_info=err)
            reason = reason_of(err, "the driver")
            event: Done | Failed = Failed(self.clock(), command.device, command.op, fault, reason)
            seat = self._seats[command.device]
            is_lost = fault in (Fault.UNREACHABLE, Fault.BROKEN) and not job.is_given_up
            if is_lost and job.driver is seat.driver:
                seat.locked_by = None
        else:
            event = Done(self.clock(), command.device, command.op, values)
        if job.is_given_up and job.driver is not None:
            job.driver.close()
        self.results.put((job, event))

    def _step(self, job: _Job) -> Mapping[str, Value] | None:
        command = job.command
        seat = self._seats[command.device]
        if command.op is Op.READ:
            return self._read_anew(job, seat)
        if seat.driver is None:
            if command.op is Op.UNLOCK:
                return None
            seat.driver = self.make_driver(seat.device)
        job.driver = seat.driver
        return _STEPS[command.op](seat, seat.driver, command)

    def _read_anew(self, job: _Job, seat: _Seat) -> Mapping[str, Value]:
        """Read in a new session: the one that wrote could be shown its own wishes."""
        driver = job.driver = self.make_driver(seat.device)
        try:
            return driver.read(job.command.paths or None)
        finally:
            driver.close()


def _lock(seat: _Seat, driver: Driver, command: Command) -> Mapping[str, Value] | None:
    driver.lock()
    seat.locked_by = driver
    values = driver.read(command.paths)
    if seat.device_class is not None and not driver.device_class.serves(seat.device_class):
        raise DeviceRefused(
            seat.device.id,
            f"is of class {driver.device_class} only, the plan counts on {seat.device_class}; "
            "plan again",
        )
    return values


def _prepare(seat: _Seat, driver: Driver, command: Command) -> None:
    driver.prepare(command.values or {})


def _commit(seat: _Seat, driver: Driver, command: Command) -> None:
    is_named = command.confirm_timeout_s is not None and seat.device_class is DeviceClass.D
    driver.commit(
        confirm_timeout_s=command.confirm_timeout_s,
        persist_id=command.persist_id if is_named else None,
    )


def _write(seat: _Seat, driver: Driver, command: Command) -> Mapping[str, Value]:
    driver.write(command.values or {})
    return driver.read(command.paths)


def _set_for_good(seat: _Seat, driver: Driver, command: Command) -> None:
    """Write values without a way back, by the means of the device's class."""
    values = command.values or {}
    if seat.device_class is DeviceClass.A:
        driver.write(values)
        return
    if seat.locked_by is not driver:
        driver.lock()
        seat.locked_by = driver
    driver.prepare(values)
    try:
        driver.commit(confirm_timeout_s=None, persist_id=None)
    except (DeviceUnreachable, DeviceAuthError):
        raise
    except DeviceError:
        driver.discard()
        raise


def _confirm(seat: _Seat, driver: Driver, command: Command) -> None:
    driver.confirm(command.persist_id)


def _cancel(seat: _Seat, driver: Driver, command: Command) -> None:
    driver.cancel(command.persist_id)


def _discard(seat: _Seat, driver: Driver, command: Command) -> None:
    driver.discard()


def _unlock(seat: _Seat, driver: Driver, command: Command) -> None:
    if seat.locked_by is driver:
        driver.unlock()
        seat.locked_by = None
    driver.close()
    seat.driver = None


_STEPS: dict[Op, Callable[[_Seat, Driver, Command], Mapping[str, Value] | None]] = {
    Op.LOCK: _lock,
    Op.PREPARE: _prepare,
    Op.COMMIT: _commit,
    Op.REARM: _commit,
    Op.WRITE: _write,
    Op.CONFIRM: _confirm,
    Op.CANCEL: _cancel,
    Op.DISCARD: _discard,
    Op.RESTORE: _set_for_good,
    Op.REAPPLY: _set_for_good,
    Op.UNLOCK: _unlock,
}
