"""What an emulated device has heard of its neighbours by LLDP, for its SNMP agent to show.

References
----------
.. [1] IEEE Std 802.1AB-2005, LLDP-MIB: lldpRemTable, lldpRemManAddrTable.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import partial

from controllers.ports import Device
from controllers.snmp.ber import INTEGER, OCTET_STRING
from hil.emulators.mib_view import MibNode, Syntax

__all__ = ["all_neighbours", "lldp_nodes"]

_REMOTE = (1, 0, 8802, 1, 1, 2, 1, 4, 1, 1)
_ADDRESS = (1, 0, 8802, 1, 1, 2, 1, 4, 2, 1)
_LOCAL_SUBTYPE, _IF_INDEX = 7, 2
_IPV4 = 1


def all_neighbours(entries: Sequence[Device]) -> dict[str, tuple[Device, ...]]:
    """List for each device who is at the other ends of its cables.

    Parameters
    ----------
    entries : sequence of Device
        All devices; each names what feeds it.

    Returns
    -------
    dict
        What a device feeds and what feeds it, by its id.
    """
    found: dict[str, list[Device]] = {entry.id: [] for entry in entries}
    by_id = {entry.id: entry for entry in entries}
    for entry in entries:
        feeder = by_id.get(entry.upstream)
        if feeder is not None:
            found[feeder.id].append(entry)
            found[entry.id].append(feeder)
    return {name: tuple(others) for name, others in found.items()}


def lldp_nodes(neighbours: Sequence[Device]) -> tuple[MibNode, ...]:
    """Make the rows of neighbours, each on a port of its own.

    Parameters
    ----------
    neighbours : sequence of Device
        Who is at the other ends.

    Returns
    -------
    tuple of MibNode
        Rows of lldpRemTable and, for those with an IPv4 address, of lldpRemManAddrTable.
    """
    nodes: list[MibNode] = []
    for port, one in enumerate(neighbours, start=1):
        index = (0, port, 1)
        description = f"Stellwerk emulated {one.kind}, profile {one.profile}"
        columns: dict[int, tuple[int, Syntax]] = {
            4: (INTEGER, _LOCAL_SUBTYPE),
            5: (OCTET_STRING, one.id.encode()),
            6: (INTEGER, _LOCAL_SUBTYPE),
            7: (OCTET_STRING, b"uplink"),
            9: (OCTET_STRING, one.id.encode()),
            10: (OCTET_STRING, description.encode()),
        }
        nodes += [_node((*_REMOTE, c, *index), *value) for c, value in columns.items()]
        address = _address(one.host)
        if address:
            at = (*index, _IPV4, len(address), *address)
            nodes.append(_node((*_ADDRESS, 3, *at), INTEGER, _IF_INDEX))
            nodes.append(_node((*_ADDRESS, 4, *at), INTEGER, 1))
    return tuple(nodes)


def _address(host: str) -> bytes:
    try:
        return ipaddress.IPv4Address(host).packed
    except ValueError:
        return b""


def _node(arcs: tuple[int, ...], tag: int, value: Syntax) -> MibNode:
    return MibNode(arcs=arcs, tag=tag, get=partial(_same, value))


def _same(value: Syntax) -> Syntax:
    return value
