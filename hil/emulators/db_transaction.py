"""The database transaction of NTCIP 1201 in an emulated controller: a buffer that outlives all.

It belongs to the user who opened it, is kept when the manager goes away and when the controller
restarts, and ends only by the command of its owner.

References
----------
.. [1] NTCIP 1201 v03 (2011), section 2.3 (globalDBManagement).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from controllers.profiles.profile import TransactionRule
from controllers.snmp.ber import INTEGER, OCTET_STRING
from controllers.snmp.message import ErrorStatus
from hil.emulators.device import EmulatedDevice
from hil.emulators.mib_view import MibNode, SetRefused
from twin.model.attributes import Value
from twin.model.errors import ModelError

__all__ = ["TransactionBuffer", "check_of"]


class _State(IntEnum):
    """dbCreateTransaction."""

    NORMAL = 1
    TRANSACTION = 2
    VERIFY = 3
    DONE = 6


_NOT_DONE, _WITH_ERROR, _WITHOUT_ERROR = 1, 2, 3
_STEPS = frozenset(
    {
        (_State.NORMAL, _State.TRANSACTION),
        (_State.TRANSACTION, _State.NORMAL),
        (_State.TRANSACTION, _State.VERIFY),
        (_State.DONE, _State.NORMAL),
        (_State.DONE, _State.TRANSACTION),
    }
)
_PATTERNS = frozenset({0, 1, 2, 3, 4, 255})
"""Programmes of the controllers of the twin, and flash."""


def check_of(kind: str) -> Callable[[Mapping[str, Value]], str]:
    """Give the check that a kind of device makes of its buffer: what is wrong, or nothing."""
    if kind != "signal":
        return lambda _: ""

    def check(values: Mapping[str, Value]) -> str:
        pattern = values.get("pattern", 0)
        return "" if pattern in _PATTERNS else f"pattern {pattern} is not in the pattern table"

    return check


@dataclass(slots=True)
class TransactionBuffer:
    """The buffer of one controller.

    Parameters
    ----------
    device : EmulatedDevice
        The controller.
    rule : TransactionRule
        OIDs of its scalars.
    state : _State
        Where it is.
    owner, asker : bytes
        User who opened the transaction, and who asks now.
    values : dict
        What is set in it.
    error : str
        What the check found wrong.
    """

    device: EmulatedDevice
    rule: TransactionRule
    state: _State = _State.NORMAL
    owner: bytes = b""
    asker: bytes = b""
    values: dict[str, Value] = field(default_factory=dict)
    error: str = ""

    def clear(self) -> None:
        """Forget everything, as with new storage."""
        self.state, self.owner, self.error = _State.NORMAL, b"", ""
        self.values.clear()

    def heard(self, asker: bytes) -> None:
        """Note who asks; a check that was begun has ended by the next question."""
        if self.state is _State.VERIFY and self.asker:
            self.error = check_of(self.device.kind)(self.values)
            self.state = _State.DONE
        self.asker = asker

    def takes(self, values: Mapping[str, Value]) -> bool:
        """Take values of a SET into the buffer; False if there is no transaction.

        Raises
        ------
        SetRefused
            The transaction is somebody else's, or it is being checked.
        """
        if self.state is _State.NORMAL or not values:
            return False
        if self.state is not _State.TRANSACTION or self.asker != self.owner:
            raise SetRefused(ErrorStatus.GEN_ERR)
        self.values.update(values)
        return True

    def nodes(self) -> tuple[MibNode, ...]:
        """Make the three objects of the transaction."""
        return (
            MibNode(
                arcs=self.rule.state,
                tag=INTEGER,
                get=lambda: int(self.state),
                check=self._check,
                store=self._store,
            ),
            MibNode(arcs=self.rule.status, tag=INTEGER, get=self._status),
            MibNode(arcs=self.rule.error, tag=OCTET_STRING, get=self._error),
        )

    def _status(self) -> int:
        if self.state is not _State.DONE:
            return _NOT_DONE
        return _WITH_ERROR if self.error else _WITHOUT_ERROR

    def _error(self) -> bytes:
        return self.error.encode()

    def _check(self, wire: int | bytes) -> None:
        wanted = next((state for state in _State if state == wire), None)
        if wanted is None or wanted is _State.DONE:
            raise SetRefused(ErrorStatus.WRONG_VALUE)
        if self.state is not _State.NORMAL and self.asker != self.owner:
            raise SetRefused(ErrorStatus.GEN_ERR)
        if (self.state, wanted) not in _STEPS:
            raise SetRefused(ErrorStatus.INCONSISTENT_VALUE)

    def _store(self, wire: int | bytes) -> None:
        before, self.state = self.state, _State(int(wire))
        if self.state is _State.TRANSACTION:
            self.owner, self.error = self.asker, ""
        elif self.state is _State.VERIFY:
            self.device.meet("validate")
        elif before is _State.DONE and not self.error:
            self._commit()
        else:
            self.device.meet("discard-changes")
            self.clear()

    def _commit(self) -> None:
        changes = dict(self.values)
        self.state = _State.DONE  # until it is stored: a controller that dies meanwhile keeps it
        try:
            self.device.write("commit", changes)
        except ModelError as err:
            self.error = str(err)
            raise SetRefused(ErrorStatus.GEN_ERR) from err
        self.clear()
