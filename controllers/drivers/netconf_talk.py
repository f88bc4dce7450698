"""The half of the NETCONF driver that asks: sessions opened when needed, and values read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from lxml import etree

from controllers.drivers.netconf_link import Call, Link, ask, end, open_link
from controllers.drivers.netconf_read import data_of, reading, values_of
from controllers.ports import Device
from controllers.profiles import NetconfNode, Profile, netconf_nodes
from twin.model.attributes import Value
from twin.model.errors import DeviceRefused, DeviceUnreachable

__all__ = ["NetconfTalk"]


class NetconfTalk:
    """Reads one device over NETCONF.

    Parameters
    ----------
    device : Device
        The inventory entry.
    profile : Profile
        A NETCONF profile.
    """

    def __init__(self, device: Device, profile: Profile) -> None:
        self.device = device
        self.device_class = profile.device_class
        self._profile = profile
        self._nodes = {node.path: node for node in netconf_nodes(profile, device)}
        self._live: Link | None = None

    def read(self, paths: Collection[str] | None = None) -> dict[str, Value]:
        """Read attributes; one the device does not show is left out.

        Raises
        ------
        DeviceError
            A leaf that says what failed.
        """
        if paths is None:
            nodes = [node for node in self._nodes.values() if node.is_writable]
        else:
            nodes = [self._node(path) for path in paths]
        values = self._read_from("running", [node for node in nodes if node.is_writable])
        return values | self._read_from("", [node for node in nodes if not node.is_writable])

    def _read_from(self, datastore: str, nodes: list[NetconfNode]) -> dict[str, Value]:
        if not nodes:
            return {}
        reply = self._rpc(*reading(datastore, nodes))
        return values_of(self.device, data_of(self.device, reply), nodes)

    def fetch(self, wanted: etree._Element | None) -> etree._Element:
        """Read the part of running that a subtree filter selects.

        Parameters
        ----------
        wanted : lxml.etree._Element or None
            A ``<filter type="subtree">``; None selects all.

        Returns
        -------
        lxml.etree._Element
            The ``<data>`` of the reply.

        Raises
        ------
        DeviceError
            A leaf that says what failed.
        """
        reply = self._rpc("read running", lambda m: m.get_config(source="running", filter=wanted))
        return data_of(self.device, reply)

    def close(self) -> None:
        """End the session; never raises, and takes a few seconds at most."""
        live, self._live = self._live, None
        if live is not None:
            end(self.device, live)

    def _opened(self) -> Link:
        if self._live is not None and self._live.session.connected:
            return self._live
        self.close()
        self._live = live = open_link(self.device, self._profile.quirks)
        self.device_class = live.capabilities.limit(self._profile.device_class)
        return live

    def _rpc(self, what: str, call: Callable[[Any], Any]) -> Any:  # noqa: ANN401
        return self._rpcs([(what, call)])[0]

    def _rpcs(self, calls: Sequence[Call]) -> list[Any]:
        live = self._opened()
        try:
            return ask(self.device, live, calls)
        except DeviceUnreachable:
            if self._live is live:
                self._live = None
            raise

    def _node(self, path: str) -> NetconfNode:
        if path not in self._nodes:
            raise DeviceRefused(
                self.device.id, f"profile {self._profile.name} maps no {path!r} on this device"
            )
        return self._nodes[path]
