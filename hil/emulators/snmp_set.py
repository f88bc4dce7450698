"""How an emulated agent carries out a SET: all is checked before any of it is applied.

References
----------
.. [1] RFC 3416, section 4.2.5 (SetRequest-PDU).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from controllers.snmp.message import ErrorStatus, VarBind
from hil.emulators.db_transaction import TransactionBuffer
from hil.emulators.device import EmulatedDevice
from hil.emulators.mib_view import MibNode, MibView, SetRefused
from hil.emulators.snmp_rows import CREATING
from twin.model.attributes import Value, check_value
from twin.model.errors import ModelError

__all__ = ["PduRefused", "carry_out"]

log = logging.getLogger(__name__)


class PduRefused(Exception):
    """The whole PDU is refused with an error status at a variable (from 1; 0 is none)."""

    def __init__(self, status: ErrorStatus, index: int = 0) -> None:
        super().__init__(status, index)
        self.status = status
        self.index = index


@dataclass(frozen=True, slots=True)
class _Assignment:
    """One checked variable of a SET."""

    node: MibNode
    wire: int | bytes
    value: Value
    index: int


def carry_out(
    device: EmulatedDevice,
    view: MibView,
    varbinds: Sequence[VarBind],
    buffer: TransactionBuffer | None,
) -> None:
    """Carry out a SET.

    Parameters
    ----------
    device : EmulatedDevice
        The device that answers.
    view : MibView
        Its objects.
    varbinds : sequence of VarBind
        What is set.
    buffer : TransactionBuffer or None
        Takes values while a transaction is open.

    Raises
    ------
    PduRefused
        Nothing was applied.
    DeviceDied
        A stored fault of a device was met.
    """
    nodes = [view.find(varbind.oid) for varbind in varbinds]
    creating = _creating(nodes, varbinds)
    assigned = [
        _checked(device, view, node, varbind, index, creating)
        for index, (node, varbind) in enumerate(zip(nodes, varbinds, strict=True), start=1)
    ]
    # Rows are made before their columns are set, and put into service or taken away after.
    makers = [a for a in assigned if a.node.is_there is not None and a.wire in CREATING]
    _store(makers)
    _apply(device, assigned, creating, buffer)
    _store([a for a in assigned if a.node.store is not None and a not in makers])


def _creating(
    nodes: Sequence[MibNode | None], varbinds: Sequence[VarBind]
) -> dict[tuple[int, ...], int]:
    """Say which rows a SET makes, and how, by the OID of their status."""
    return {
        node.arcs: varbind.value[0]
        for node, varbind in zip(nodes, varbinds, strict=True)
        if node is not None
        and node.is_there is not None
        and len(varbind.value) == 1
        and varbind.value[0] in CREATING
    }


def _checked(
    device: EmulatedDevice,
    view: MibView,
    node: MibNode | None,
    varbind: VarBind,
    index: int,
    creating: Mapping[tuple[int, ...], int],
) -> _Assignment:
    if node is None:
        can_exist = view.is_writable_column(varbind.oid)
        status = ErrorStatus.NO_CREATION if can_exist else ErrorStatus.NOT_WRITABLE
        raise PduRefused(status, index)
    if not node.is_writable:
        raise PduRefused(ErrorStatus.NOT_WRITABLE, index)
    try:
        wire = node.parse(varbind.tag, varbind.value)
        if node.row is not None:
            node.row.require_column(creating=creating.get(node.row.rule.oid, 0))
        return _Assignment(node, wire, _value(device, node, wire), index)
    except SetRefused as refused:
        raise PduRefused(refused.status, index) from refused
    except ModelError as err:
        log.info("%s: SET refused: %s", device.id, err)
        raise PduRefused(ErrorStatus.WRONG_VALUE, index) from err


def _value(device: EmulatedDevice, node: MibNode, wire: int | bytes) -> Value:
    if node.decode is None:
        if node.check is not None:
            node.check(wire)
        return False
    value = node.decode(wire)
    return check_value((node.owner or device).kind, node.path, value)


def _apply(
    device: EmulatedDevice,
    assigned: Sequence[_Assignment],
    creating: Mapping[tuple[int, ...], int],
    buffer: TransactionBuffer | None,
) -> None:
    changes: dict[EmulatedDevice, dict[str, Value]] = {}
    for a in assigned:
        if not a.node.path:
            continue
        row = a.node.row
        if row is not None and row.holds_back(creating.get(row.rule.oid, 0)):
            row.waiting[a.node.path] = a.value
        else:
            changes.setdefault(a.node.owner or device, {})[a.node.path] = a.value
    if buffer is not None and _buffered(buffer, changes):
        return
    for owner, values in (changes or {device: {}}).items():
        try:
            owner.write("set", values)
        except ModelError as err:
            log.info("%s: the world refuses the SET: %s", owner.id, err)
            raise PduRefused(ErrorStatus.INCONSISTENT_VALUE, 1) from err


def _buffered(
    buffer: TransactionBuffer, changes: Mapping[EmulatedDevice, Mapping[str, Value]]
) -> bool:
    """Let an open transaction take the values; the device may die before or after it has."""
    device = buffer.device
    strike = device.strike
    if strike is not None and strike.operation == "set" and strike.when == "before":
        device.meet("set")
    try:
        is_taken = buffer.takes(changes.get(device, {}))
    except SetRefused as refused:
        raise PduRefused(refused.status, 1) from refused
    if is_taken:
        device.meet("set")
    return is_taken


def _store(assigned: Sequence[_Assignment]) -> None:
    for a in assigned:
        if a.node.store is None:
            continue
        try:
            a.node.store(a.wire)
        except SetRefused as refused:
            raise PduRefused(refused.status, a.index) from refused
        except ModelError as err:
            raise PduRefused(ErrorStatus.COMMIT_FAILED, a.index) from err
