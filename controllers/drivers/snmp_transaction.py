"""Drives a device whose agent buffers SETs until it is told to store them: NTCIP 1201.

The buffer has no session: it survives us, and the restart of either. Its states and the commands
that are SET to it::

    normal --transaction--> transaction --verify--> verify --(by itself)--> done
    transaction --normal--> normal            what is in it is thrown away
    done --normal--> normal                   what is in it is stored, if the check found no error
    done --transaction--> transaction         to change it again, or to throw it away after all

References
----------
.. [1] NTCIP 1201 v03 (2011), section 2.3 (globalDBManagement).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from enum import IntEnum

from controllers.drivers.snmp import SnmpDriver
from controllers.drivers.snmp_steps import Assignment
from controllers.ports import Device, DeviceClass
from controllers.profiles import Profile
from controllers.profiles.profile import TransactionRule
from controllers.snmp.ber import INTEGER
from controllers.snmp.exchange import Variable
from twin.model.attributes import Value
from twin.model.errors import DeviceConflict, DeviceLocked, DeviceRefused, DeviceTimeout, InputError

__all__ = ["SnmpTransactionDriver"]

_CHECK_S = 10.0
"""How long a device may take to check its buffer. [s]"""
_LOOK_AGAIN_S = 0.05
_LONGEST_ERROR = 200


class _State(IntEnum):
    """dbCreateTransaction."""

    NORMAL = 1
    TRANSACTION = 2
    VERIFY = 3
    DONE = 6


_NO_ERROR = 3
"""dbVerifyStatus doneWithNoError; 1 is notDone, 2 doneWithError."""


class SnmpTransactionDriver(SnmpDriver):
    """One device of class E over SNMP.

    Parameters
    ----------
    device : Device
        The inventory entry; options as `SnmpDriver`.
    profile : Profile
        An SNMP profile with a ``transaction``.

    Raises
    ------
    InputError
        The profile is of class E and names no ``transaction``.
    """

    def __init__(self, device: Device, profile: Profile) -> None:
        super().__init__(device, profile)
        if profile.transaction is None:
            raise InputError(
                f"profile {profile.name} is of class E and names no transaction",
                profile.source,
                hint="add transaction: {state: ..., status: ..., error: ...}, or make it class A",
            )
        self.device_class = DeviceClass.E
        self._rule: TransactionRule = profile.transaction
        self._is_ours = False

    def lock(self) -> None:
        """Refuse a device whose buffer is in use; note snmpSetSerialNo as `SnmpDriver` does.

        Raises
        ------
        DeviceLocked
            A transaction is open on it.
        DeviceError
            A leaf that says what failed.
        """
        super().lock()
        state = self._state()
        if state is not _State.NORMAL:
            raise self._foreign(state)

    def write(self, changes: Mapping[str, Value]) -> None:
        """Refuse: what is set outside of a transaction cannot be thrown away.

        Raises
        ------
        DeviceRefused
            Always.
        """
        raise DeviceRefused(self.device.id, "is of class E: use prepare and commit")

    def prepare(self, changes: Mapping[str, Value]) -> None:
        """Open a transaction, set the values into its buffer and let the device check it.

        Raises
        ------
        DeviceLocked
            A transaction is open that is not ours.
        DeviceRefused
            The device finds the values wrong; the buffer is empty again.
        DeviceError
            A leaf that says what failed.
        """
        # What cannot be sent at all must be found before anything is.
        for path, value in changes.items():
            self._assignment(self._object(path), value)
        state = self._state()
        if state is not _State.NORMAL:
            raise self._foreign(state)
        self._begin()
        try:
            super().write(changes)
            self._command(_State.VERIFY)
            self._require_checked()
        except (DeviceRefused, DeviceConflict):
            self.discard()
            raise

    def _begin(self) -> None:
        self._is_ours = True  # even if no answer comes: it may have been carried out
        try:
            self._command(_State.TRANSACTION)
        except (DeviceRefused, DeviceConflict):
            self._is_ours = False
            raise

    def commit(self, *, confirm_timeout_s: float | None, persist_id: str | None) -> None:
        """Let the device store its buffer; this is final.

        Raises
        ------
        DeviceRefused
            There is nothing that was checked, or it did not store it.
        DeviceError
            A leaf that says what failed.
        """
        state = self._state()
        if not self._is_ours or state is not _State.DONE:
            raise DeviceRefused(
                self.device.id, f"cannot commit: its database transaction is {state.name.lower()}"
            )
        try:
            self._command(_State.NORMAL)
        except DeviceRefused:
            # A second send of ours is refused when the first was carried out: look.
            if self._state() is not _State.NORMAL:
                raise
        if (state := self._state()) is not _State.NORMAL:
            raise DeviceRefused(
                self.device.id,
                f"did not store what was set: its database transaction is {state.name.lower()}",
            )
        self._is_ours = False

    def discard(self) -> None:
        """Throw away what is in the buffer; an empty one is no error.

        Raises
        ------
        DeviceConflict
            The device says that the transaction is another manager's; it was left alone.
        DeviceError
            A leaf that says what failed.
        """
        state = self._checked_state()
        if state is _State.NORMAL:
            self._is_ours = False
            return
        try:
            if state is _State.DONE:
                # The command normal would store it now.
                self._command(_State.TRANSACTION)
            self._command(_State.NORMAL)
        except DeviceRefused as err:
            if self._is_ours:
                raise
            raise DeviceConflict(
                self.device.id,
                "has a database transaction of another manager, which was left alone "
                f"({err.reason})",
            ) from err
        self._is_ours = False

    def _command(self, state: _State) -> None:
        variable = Variable(self._rule.state, INTEGER, int(state))
        with self._page.lock:
            self._send((Assignment("dbCreateTransaction", variable),), [])

    def _state(self) -> _State:
        told = self._get([self._rule.state])[self._rule.state]
        if not isinstance(told.value, int):
            raise DeviceRefused(
                self.device.id,
                "has no dbCreateTransaction (NTCIP 1201); give it a profile of class A",
            )
        try:
            return _State(told.value)
        except ValueError as err:
            raise DeviceRefused(
                self.device.id, f"dbCreateTransaction is {told.value}, which NTCIP 1201 lacks"
            ) from err

    def _checked_state(self) -> _State:
        """Wait until the device has done checking, and say where it is."""
        end_s = time.monotonic() + _CHECK_S
        while (state := self._state()) is _State.VERIFY:
            if time.monotonic() >= end_s:
                raise DeviceTimeout(self.device.id, f"is still checking after {_CHECK_S:g} s")
            time.sleep(_LOOK_AGAIN_S)
        return state

    def _require_checked(self) -> None:
        state = self._checked_state()
        told = self._get([self._rule.status, self._rule.error])
        status, error = told[self._rule.status].value, told[self._rule.error].value
        if state is _State.DONE and status == _NO_ERROR:
            return
        text = error.decode("latin-1") if isinstance(error, bytes) else ""
        said = " ".join(text.split())[:_LONGEST_ERROR] or f"dbVerifyStatus is {status!r}"
        raise DeviceRefused(self.device.id, f"finds the change wrong: {said}")

    def _foreign(self, state: _State) -> DeviceLocked:
        return DeviceLocked(
            self.device.id,
            f"a database transaction is open on it ({state.name.lower()}); finish it where it was "
            "begun, or run `stellwerk recover` if it is of a run of ours that broke off",
        )
