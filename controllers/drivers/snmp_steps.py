"""What is sent to set values over SNMP: which varbinds in which PDU, in which order.

One PDU where all fit; more only for the order groups and RowStatus rules of the profile, or
because a message would be too long.

References
----------
.. [1] RFC 2579 (1999), RowStatus.
.. [2] RFC 3416 (2002), section 4.2.5 (SetRequest-PDU).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from controllers.profiles import SnmpObject, SnmpRow
from controllers.snmp.ber import INTEGER, encode_oid, encode_value
from controllers.snmp.exchange import Variable
from controllers.snmp.message import encode_varbind
from twin.model.attributes import Value
from twin.model.errors import ModelError

__all__ = [
    "ABSENT",
    "ACTIVE",
    "CREATE_AND_GO",
    "CREATE_AND_WAIT",
    "DESTROY",
    "NOT_IN_SERVICE",
    "Assignment",
    "packed",
    "set_steps",
    "split",
]

ABSENT = 0
"""A row that is not there; no value of RowStatus."""
ACTIVE, NOT_IN_SERVICE, CREATE_AND_GO, CREATE_AND_WAIT, DESTROY = 1, 2, 4, 5, 6
"""RowStatus of RFC 2579; 3 is notReady."""

_ENVELOPE_BYTES = 240
"""More than all headers of an SNMPv3 message take with the longest ids and digests."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One varbind of a SET, and the attribute path it is for."""

    path: str
    variable: Variable

    @property
    def n_bytes(self) -> int:
        """Octets it takes in a message."""
        oid, tag, value = self.variable
        return len(encode_varbind(encode_oid(oid), encode_value(tag, value)))


def set_steps(
    assigned: Sequence[tuple[SnmpObject, Value, Assignment]],
    status_of: Mapping[SnmpRow, int],
    doomed: Sequence[SnmpRow] = (),
) -> tuple[tuple[Assignment, ...], ...]:
    """Order the varbinds of a change; each step goes in one PDU if it fits.

    Parameters
    ----------
    assigned : sequence
        Object, value and varbind of each attribute.
    status_of : mapping
        RowStatus of each row that is touched; `ABSENT` for one that is not there.
    doomed : sequence of SnmpRow
        Rows that are to go: nothing of the change is left in them.

    Returns
    -------
    tuple of tuple of Assignment
        First what takes rows out of service or makes them, then the columns by their order, then
        what puts rows into service or removes them.

    Raises
    ------
    ModelError
        A row is not there and its profile makes none.
    """
    # A row that is made at a stroke gets all its columns with it: it is in service then.
    place: dict[SnmpRow, int] = {}
    for o, value, _ in assigned:
        if o.row is not None and status_of[o.row] == ABSENT and o.row.create == "createAndGo":
            place[o.row] = min(o.order_for(value), place.get(o.row, o.order_for(value)))

    def order_of(o: SnmpObject, value: Value) -> int:
        own = o.order_for(value)
        return own if o.row is None else place.get(o.row, own)

    before: list[Assignment] = []
    after = [_status(row, DESTROY) for row in doomed if status_of[row] != ABSENT]
    groups: dict[int, list[Assignment]] = {}
    made: set[SnmpRow] = set()
    for o, value, assignment in sorted(assigned, key=lambda one: order_of(one[0], one[1])):
        if o.row in doomed:
            continue
        group = groups.setdefault(order_of(o, value), [])
        if o.row is not None and o.row not in made:
            made.add(o.row)
            _enter_row(o.row, status_of[o.row], before, group, after)
        group.append(assignment)
    steps = [before, *(groups[order] for order in sorted(groups)), after]
    return tuple(tuple(step) for step in steps if step)


def _enter_row(
    row: SnmpRow,
    status: int,
    before: list[Assignment],
    group: list[Assignment],
    after: list[Assignment],
) -> None:
    """Add what a row needs around the change of its columns."""
    if status == ABSENT:
        if row.create == "never":
            raise ModelError(f"{row.name} has no such row, and its profile makes none")
        if row.create == "createAndGo":
            group.append(_status(row, CREATE_AND_GO))
            return
        before.append(_status(row, CREATE_AND_WAIT))
    elif status == ACTIVE:
        if row.change == "active":
            return
        before.append(_status(row, NOT_IN_SERVICE))
    after.append(_status(row, ACTIVE))


def _status(row: SnmpRow, status: int) -> Assignment:
    return Assignment(row.name, Variable(row.oid, INTEGER, status))


def packed(step: Sequence[Assignment], room_bytes: int) -> Iterator[tuple[Assignment, ...]]:
    """Pack a step into as few PDUs as a message length allows.

    Parameters
    ----------
    step : sequence of Assignment
        Varbinds in their order.
    room_bytes : int
        Longest message the agent takes. [octets]

    Yields
    ------
    tuple of Assignment
        Varbinds of one PDU; at least one, even if it is too long by itself.
    """
    room = room_bytes - _ENVELOPE_BYTES
    pack: list[Assignment] = []
    used = 0
    for assignment in step:
        size = assignment.n_bytes
        if pack and used + size > room:
            yield tuple(pack)
            pack, used = [], 0
        pack.append(assignment)
        used += size
    if pack:
        yield tuple(pack)


def split(pack: Sequence[Assignment]) -> tuple[tuple[Assignment, ...], tuple[Assignment, ...]]:
    """Halve a PDU that the agent called too big."""
    middle = len(pack) // 2
    return tuple(pack[:middle]), tuple(pack[middle:])
