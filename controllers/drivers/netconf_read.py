"""Reads values out of NETCONF replies, and writes the configuration that sets them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lxml import etree

from controllers.drivers.netconf_link import Call
from controllers.drivers.netconf_text import BASE
from controllers.ports import Device
from controllers.profiles import NetconfNode, build_filter, find, graft, has_entry
from twin.model.attributes import Value
from twin.model.errors import DeviceRefused, ModelError
from twin.model.safe import parse_xml

__all__ = ["config_of", "data_of", "reading", "values_of"]


def reading(datastore: str, nodes: Sequence[NetconfNode]) -> Call:
    """Make the operation that reads some leaves.

    Parameters
    ----------
    datastore : str
        ``running`` or ``candidate``; empty for operational state.
    nodes : sequence of NetconfNode
        The leaves.

    Returns
    -------
    Call
        For `netconf_link.ask`.
    """
    wanted = build_filter(node.steps for node in nodes)
    if not datastore:
        return "read state", lambda m: m.get(filter=wanted)
    return f"read {datastore}", lambda m: m.get_config(source=datastore, filter=wanted)


def data_of(device: Device, reply: Any) -> etree._Element:  # noqa: ANN401
    """Take the data out of a reply.

    Raises
    ------
    DeviceRefused
        It holds none.
    """
    root = parse_xml(reply.xml, f"NETCONF reply of {device.id}")
    data = root.find(f"{{{BASE}}}data")
    if data is None:
        raise DeviceRefused(device.id, "the NETCONF reply holds no data")
    return data


def values_of(device: Device, data: etree._Element, nodes: Iterable[NetconfNode]) -> dict[str, Any]:
    """Read leaves out of data; one the device does not show is left out.

    Parameters
    ----------
    device : Device
        The device.
    data : lxml.etree._Element
        The ``<data>`` of a reply.
    nodes : iterable of NetconfNode
        The leaves.

    Returns
    -------
    dict
        Value by attribute path.

    Raises
    ------
    DeviceRefused
        A leaf holds what the attribute cannot mean.
    """
    values: dict[str, Value] = {}
    for node in nodes:
        value = _value(device, data, node)
        if value is not None:
            values[node.path] = value
    return values


def _value(device: Device, data: etree._Element, node: NetconfNode) -> Value | None:
    leaves = find(data, node.steps)
    if not leaves:
        is_there = bool(node.combine) or has_entry(data, node.steps)
        return node.default if is_there else None
    try:
        return node.decode([leaf.text or "" for leaf in leaves])
    except ModelError as err:
        raise DeviceRefused(device.id, str(err)) from err


def config_of(device: Device, values: Iterable[tuple[NetconfNode, Value]]) -> etree._Element:
    """Write the ``<config>`` of an edit.

    Parameters
    ----------
    device : Device
        The device.
    values : iterable of tuple
        Each leaf and what it shall hold.

    Returns
    -------
    lxml.etree._Element
        The configuration.

    Raises
    ------
    DeviceRefused
        A leaf is state, or a value has no form on the wire.
    """
    config = etree.Element(f"{{{BASE}}}config", nsmap={"nc": BASE})
    for node, value in values:
        if not node.is_writable:
            raise DeviceRefused(device.id, f"{node.path} is operational state, cannot be set")
        try:
            graft(config, node.steps, node.encode(value))
        except ModelError as err:
            raise DeviceRefused(device.id, str(err)) from err
    return config
