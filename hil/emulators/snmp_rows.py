"""Rows of an emulated agent that come and go: RowStatus, kept over restarts.

References
----------
.. [1] RFC 2579 (1999), section 2 (RowStatus).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from controllers.profiles import SnmpObject, SnmpRow
from controllers.snmp.ber import INTEGER
from controllers.snmp.message import ErrorStatus
from hil.emulators.device import EmulatedDevice
from hil.emulators.mib_view import MibNode, SetRefused
from twin.model.attributes import Value

__all__ = ["CREATING", "EmulatedRow", "RowBook"]

_ABSENT, _ACTIVE, _OUT, _GO, _WAIT, _DESTROY = 0, 1, 2, 4, 5, 6
CREATING = (_GO, _WAIT)


@dataclass(slots=True)
class EmulatedRow:
    """One row: its status, and what is set in it while it is out of service.

    Parameters
    ----------
    device : EmulatedDevice
        Whose row it is.
    rule : SnmpRow
        The rule of its profile.
    empty : mapping
        What each of its attributes is when the row is not there.
    status : int
        RowStatus; 0 for a row that is not there.
    waiting : dict
        What was set in it while it was out of service.
    """

    device: EmulatedDevice
    rule: SnmpRow
    empty: Mapping[str, Value]
    status: int = _ACTIVE
    waiting: dict[str, Value] = field(default_factory=dict)

    @property
    def is_there(self) -> bool:
        """Whether the row is shown."""
        return self.status != _ABSENT

    def read(self, path: str) -> Value:
        """Read one of its attributes; what was set out of service is shown already."""
        return self.waiting[path] if path in self.waiting else self.device.read(path)

    def require_column(self, *, creating: int) -> None:
        """Refuse to set a column in the row as it is.

        Parameters
        ----------
        creating : int
            The status that the same SET gives it, if that makes it; else 0.

        Raises
        ------
        SetRefused
            It is not there, or must be taken out of service first.
        """
        if not self.is_there and not creating:
            raise SetRefused(ErrorStatus.INCONSISTENT_NAME)
        if self.status == _ACTIVE and self.rule.change == "notInService":
            raise SetRefused(ErrorStatus.INCONSISTENT_VALUE)

    def holds_back(self, creating: int) -> bool:
        """Say whether a column that is set now waits until the row is in service."""
        return creating == _WAIT or self.status == _OUT

    def node(self) -> MibNode:
        """Make the object of its status."""
        return MibNode(
            arcs=self.rule.oid,
            tag=INTEGER,
            get=lambda: self.status,
            check=self._check,
            store=self._store,
            is_there=lambda: self.is_there,
        )

    def _check(self, wire: int | bytes) -> None:
        if wire not in (_ACTIVE, _OUT, _GO, _WAIT, _DESTROY):
            raise SetRefused(ErrorStatus.WRONG_VALUE)
        made_by = {"createAndGo": _GO, "createAndWait": _WAIT}.get(self.rule.create)
        if wire == _DESTROY or (self.is_there and wire in (_ACTIVE, _OUT)):
            return
        if self.is_there or wire != made_by:
            raise SetRefused(ErrorStatus.INCONSISTENT_VALUE)

    def _store(self, wire: int | bytes) -> None:
        if wire == _DESTROY:
            was_there, self.status = self.is_there, _ABSENT
            self.waiting.clear()
            if was_there and self.empty:
                self.device.write("set", self.empty)
        elif wire == _ACTIVE:
            self.status = _ACTIVE
            waiting = dict(self.waiting)
            self.waiting.clear()
            self.device.write("set", waiting)
        else:
            self.status = _ACTIVE if wire == _GO else _OUT


class RowBook:
    """The rows of one agent, by the OID of their status; a restart keeps them."""

    def __init__(self) -> None:
        self._rows: dict[tuple[int, ...], EmulatedRow] = {}

    def row_of(self, device: EmulatedDevice, item: SnmpObject) -> EmulatedRow | None:
        """Return the row an object stands in; None if its rows are always there."""
        return None if item.row is None else self._rows.get(item.row.oid)

    def enter(self, device: EmulatedDevice, items: Iterable[SnmpObject]) -> None:
        """Add the rows of a device; one whose attributes are all as without it is not there."""
        of_row: dict[SnmpRow, list[SnmpObject]] = {}
        for item in items:
            if item.row is not None:
                of_row.setdefault(item.row, []).append(item)
        for rule, columns in of_row.items():
            if rule.oid in self._rows:
                continue
            own = [o for o in columns if o.is_writable]
            empty = {o.path: o.absent for o in own if o.absent is not None}
            is_empty = len(empty) == len(own) and all(
                device.read(path) == value for path, value in empty.items()
            )
            self._rows[rule.oid] = EmulatedRow(
                device, rule, empty, _ABSENT if is_empty else _ACTIVE
            )

    def nodes(self, device: EmulatedDevice) -> tuple[MibNode, ...]:
        """Make the status objects of the rows of a device."""
        return tuple(row.node() for row in self._rows.values() if row.device is device)

    def getter(self, device: EmulatedDevice, item: SnmpObject) -> partial[Value]:
        """Give the function that reads an object of a device."""
        row = self.row_of(device, item)
        return partial(device.read if row is None else row.read, item.path)
