"""Objects an agent shows beside its profile: system group, engine group and USM counters.

References
----------
.. [1] RFC 3418, section 2 (SNMPv2-MIB: system group, snmpSetSerialNo).
.. [2] RFC 3411, section 5 (SNMP-FRAMEWORK-MIB: snmpEngine).
.. [3] RFC 3414, section 5 (SNMP-USER-BASED-SM-MIB: usmStats).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from controllers.profiles import BaseType, SnmpObject, load_profile, snmp_objects
from controllers.snmp.ber import (
    COUNTER32,
    COUNTER64,
    GAUGE32,
    INTEGER,
    OBJECT_ID,
    OCTET_STRING,
    TIME_TICKS,
)
from controllers.snmp.message import MAX_MESSAGE_BYTES, ErrorStatus
from hil.emulators.device import EmulatedDevice
from hil.emulators.lldp import lldp_nodes
from hil.emulators.mib_view import MibNode, SetRefused, Syntax
from hil.emulators.snmp_rows import RowBook
from hil.emulators.usm import Stat, UsmEngine

__all__ = ["PRODUCT_OIDS", "agent_nodes", "profile_nodes"]

_SYSTEM = (1, 3, 6, 1, 2, 1, 1)
_ENGINE = (1, 3, 6, 1, 6, 3, 10, 2, 1)
_STATS = (1, 3, 6, 1, 6, 3, 15, 1, 1)
_SET_SERIAL = (1, 3, 6, 1, 6, 3, 1, 1, 6, 1, 0)
_PRODUCTS = (1, 3, 6, 1, 4, 1, 32473, 3)

# sysObjectID of each kind, under the example enterprise number of RFC 5612.
PRODUCT_OIDS = {
    kind: (*_PRODUCTS, arc)
    for arc, kind in enumerate(("ap", "cell", "switch", "lamp_cabinet", "host", "signal"), start=1)
}

_TAGS: Mapping[BaseType, int] = MappingProxyType(
    {
        "integer": INTEGER,
        "octets": OCTET_STRING,
        "gauge32": GAUGE32,
        "counter32": COUNTER32,
        "counter64": COUNTER64,
        "timeticks": TIME_TICKS,
    }
)


class _SerialNumber:
    """The advisory lock of SNMPv2-MIB: a TestAndIncr (RFC 2579, section 2)."""

    def __init__(self) -> None:
        self.value = 0

    def check(self, wire: int | bytes) -> None:
        if wire != self.value:
            raise SetRefused(ErrorStatus.INCONSISTENT_VALUE)

    def store(self, _wire: int | bytes) -> None:
        self.value = (self.value + 1) % 2**31


def agent_nodes(
    device: EmulatedDevice, usm: UsmEngine, nodes: tuple[MibNode, ...]
) -> tuple[MibNode, ...]:
    """Add the objects every agent has to those of a profile; the profile's own win.

    Parameters
    ----------
    device : EmulatedDevice
        Whose agent it is.
    usm : UsmEngine
        Its security state.
    nodes : tuple of MibNode
        Objects of the profile.

    Returns
    -------
    tuple of MibNode
        All of them.
    """
    taken = {node.arcs for node in nodes}
    own = (
        *_system_nodes(device),
        *_engine_nodes(usm),
        _serial_node(),
        *lldp_nodes(device.neighbours),
    )
    return (*nodes, *(node for node in own if node.arcs not in taken))


def _node(arcs: tuple[int, ...], tag: int, get: Callable[[], Syntax]) -> MibNode:
    return MibNode(arcs=arcs, tag=tag, get=get)


def _system_nodes(device: EmulatedDevice) -> tuple[MibNode, ...]:
    descr = f"Stellwerk emulated {device.kind}, profile {device.entry.profile}".encode()
    product = PRODUCT_OIDS.get(device.kind, _PRODUCTS)
    name = device.id.encode()
    return (
        _node((*_SYSTEM, 1, 0), OCTET_STRING, lambda: descr),
        _node((*_SYSTEM, 2, 0), OBJECT_ID, lambda: product),
        _node((*_SYSTEM, 3, 0), TIME_TICKS, lambda: int(device.uptime_s * 100) % 2**32),
        _node((*_SYSTEM, 5, 0), OCTET_STRING, lambda: name),
        _node((*_SYSTEM, 7, 0), INTEGER, lambda: 72),
    )


def _engine_nodes(usm: UsmEngine) -> tuple[MibNode, ...]:
    return (
        _node((*_ENGINE, 1, 0), OCTET_STRING, lambda: usm.engine_id),
        _node((*_ENGINE, 2, 0), INTEGER, lambda: usm.boots),
        _node((*_ENGINE, 3, 0), INTEGER, lambda: usm.time_s),
        _node((*_ENGINE, 4, 0), INTEGER, lambda: MAX_MESSAGE_BYTES),
        *(
            _node((*_STATS, stat, 0), COUNTER32, partial(usm.stats.__getitem__, stat))
            for stat in Stat
        ),
    )


def _serial_node() -> MibNode:
    serial = _SerialNumber()
    return MibNode(
        arcs=_SET_SERIAL,
        tag=INTEGER,
        get=lambda: serial.value,
        check=serial.check,
        store=serial.store,
    )


def profile_nodes(device: EmulatedDevice, rows: RowBook | None = None) -> tuple[MibNode, ...]:
    """List the objects of a device's profile that its world knows.

    Parameters
    ----------
    device : EmulatedDevice
        The device.
    rows : RowBook, optional
        Keeps which rows are there; a new one by default.

    Raises
    ------
    InputError
        The profile is not of SNMP, or does not fit the device.
    """
    book = rows or RowBook()
    known = set(device.paths())
    profile = load_profile(device.entry.profile, device.entry.base / "profiles")
    items = [item for item in snmp_objects(profile, device.entry) if item.path in known]
    book.enter(device, items)
    return (*(_profile_node(device, item, book) for item in items), *book.nodes(device))


def _profile_node(device: EmulatedDevice, item: SnmpObject, book: RowBook) -> MibNode:
    read = book.getter(device, item)
    return MibNode(
        arcs=item.oid,
        tag=_TAGS[item.base],
        get=lambda: item.encode(read()),
        path=item.path,
        decode=item.decode if item.is_writable else None,
        owner=device,
        row=book.row_of(device, item),
    )
