"""The objects an SNMP agent shows: system, engine and profile objects in OID order."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controllers.snmp.ber import (
    COUNTER32,
    COUNTER64,
    GAUGE32,
    INTEGER,
    TIME_TICKS,
    BerError,
    decode_integer,
    decode_oid,
    decode_unsigned,
    encode_oid,
)
from controllers.snmp.message import ErrorStatus
from twin.model.attributes import Value
from twin.model.errors import ModelError

if TYPE_CHECKING:
    from hil.emulators.device import EmulatedDevice
    from hil.emulators.snmp_rows import EmulatedRow

__all__ = ["MibNode", "MibView", "SetRefused", "Syntax"]

Syntax = int | bytes | tuple[int, ...]

_UNSIGNED = (COUNTER32, GAUGE32, TIME_TICKS, COUNTER64)


@dataclass(frozen=True, slots=True, kw_only=True)
class MibNode:
    """One object instance.

    Parameters
    ----------
    arcs : tuple of int
        Its OID.
    tag : int
        ASN.1 tag of its type.
    get : callable
        Gives the wire value now: a number, octets or an OID.
    path : str
        Attribute path of the world; empty for objects of the agent itself.
    decode : callable or None
        Turns the wire value of a SET into the attribute's value; None if read only.
    store : callable or None
        Takes the wire value of a SET for an object of the agent itself.
    check : callable or None
        Raises `SetRefused` if `store` must not get a wire value.
    owner : EmulatedDevice or None
        Whose attribute it is; None for the device that answers.
    row : EmulatedRow or None
        The row it stands in, if that may come and go.
    is_there : callable or None
        For the status of such a row: says whether the row is there.
    """

    arcs: tuple[int, ...]
    tag: int
    get: Callable[[], Syntax]
    path: str = ""
    decode: Callable[[int | bytes], Value] | None = None
    store: Callable[[int | bytes], None] | None = None
    check: Callable[[int | bytes], None] | None = None
    owner: EmulatedDevice | None = None
    row: EmulatedRow | None = None
    is_there: Callable[[], bool] | None = None

    @property
    def is_shown(self) -> bool:
        """Whether it is there now."""
        if self.row is not None:
            return self.row.is_there
        return self.is_there is None or self.is_there()

    @property
    def is_writable(self) -> bool:
        """Whether a SET may change it."""
        return self.decode is not None or self.store is not None

    def parse(self, tag: int, content: bytes) -> int | bytes:
        """Decode the value of a SET.

        Raises
        ------
        SetRefused
            Wrong type or encoding.
        """
        if tag != self.tag:
            raise SetRefused(ErrorStatus.WRONG_TYPE)
        try:
            if tag == INTEGER:
                return decode_integer(content)
            if tag in _UNSIGNED:
                return decode_unsigned(content, 64 if tag == COUNTER64 else 32)
        except BerError as err:
            raise SetRefused(ErrorStatus.WRONG_ENCODING) from err
        return content


class SetRefused(Exception):
    """A variable of a SET is refused with an error status."""

    def __init__(self, status: ErrorStatus) -> None:
        super().__init__(status)
        self.status = status


class MibView:
    """Objects of one agent: found by the octets of their OID, walked in OID order.

    Parameters
    ----------
    nodes : iterable of MibNode
        In any order.

    Raises
    ------
    ModelError
        Two objects have the same OID.
    """

    def __init__(self, nodes: Iterable[MibNode]) -> None:
        self.nodes = tuple(sorted(nodes, key=lambda node: node.arcs))
        self.oids = tuple(encode_oid(node.arcs) for node in self.nodes)
        self._arcs = [node.arcs for node in self.nodes]
        self._index = {oid: i for i, oid in enumerate(self.oids)}
        if len(self._index) != len(self.nodes):
            raise ModelError("two objects of a profile have the same OID")
        self._columns = {node.arcs[:-1] for node in self.nodes}
        self._writable_columns = {node.arcs[:-1] for node in self.nodes if node.is_writable}

    def find(self, oid: bytes) -> MibNode | None:
        """Find an object instance by the contents of its encoded OID."""
        i_node = self._index.get(oid)
        return None if i_node is None else self.nodes[i_node]

    def successor(self, oid: bytes) -> int:
        """Return the index of the first object after an OID; the number of objects if none.

        Raises
        ------
        BerError
            The octets are no OID.
        """
        i_node = self._index.get(oid)
        if i_node is not None:
            return i_node + 1
        return bisect_right(self._arcs, decode_oid(oid))

    def is_column(self, oid: bytes) -> bool:
        """Say whether an absent OID belongs to a kind of object that exists here."""
        return self._is_under(oid, self._columns)

    def is_writable_column(self, oid: bytes) -> bool:
        """Say whether an absent OID belongs to a kind of object that can be set."""
        return self._is_under(oid, self._writable_columns)

    @staticmethod
    def _is_under(oid: bytes, columns: set[tuple[int, ...]]) -> bool:
        arcs = decode_oid(oid)
        return any(arcs[:size] in columns for size in range(len(arcs), 0, -1))
