"""The PoE switches of the world, which feed access points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from twin.model.attributes import Value
from twin.model.city import Switch
from twin.sim.wifi.assumptions import figure
from twin.sim.wifi.fleet import WifiFleet

__all__ = ["SwitchFleet"]

_DEVICE = ("contact", "location", "name")
_PORT = (
    "poe_enabled", "poe_priority", "admin_up", "alias", "poe_delivering", "oper_up", "in_octets",
)  # fmt: skip


class SwitchFleet:
    """State of many switches; a port gives power and link to the access point behind it.

    Parameters
    ----------
    switches : sequence of Switch
        The switches.
    wifi : WifiFleet
        The access points they feed.
    fed : mapping
        Index of the access point behind a port, by (switch, port).
    """

    def __init__(
        self, switches: Sequence[Switch], wifi: WifiFleet, fed: Mapping[tuple[str, str], int]
    ) -> None:
        self.ids = tuple(switch.id for switch in switches)
        self._wifi = wifi
        self._fed = dict(fed)
        self._is_on = dict.fromkeys(self.ids, True)
        self._has_link = dict.fromkeys(self.ids, True)
        self._texts: dict[str, dict[str, Value]] = {
            s.id: {"contact": s.contact, "location": s.location} for s in switches
        }
        self._ports: dict[str, dict[str, dict[str, Value]]] = {
            switch.id: {
                port.index: {
                    "poe_enabled": port.poe_enabled,
                    "poe_priority": port.poe_priority,
                    "admin_up": port.admin_up,
                    "alias": port.alias,
                }
                for port in switch.ports
            }
            for switch in switches
        }
        self._chatter = np.zeros(len(wifi.ids))
        for switch in switches:
            for port in switch.ports:
                self._feed(switch.id, port.index, 0.0)

    def _feed(self, switch: str, port: str, now_s: float) -> None:
        ap = self._fed.get((switch, port))
        if ap is not None:
            state, is_on = self._ports[switch][port], self._is_on[switch]
            powered = is_on and bool(state["poe_enabled"])
            linked = is_on and self._has_link[switch] and bool(state["admin_up"])
            self._wifi.set_supply(ap, powered=powered, linked=linked, now_s=now_s)

    def set_supply(self, switch: str, *, is_on: bool, has_link: bool, now_s: float) -> None:
        """Switch a switch on or off, or take its uplink; all it feeds follows at once."""
        self._is_on[switch], self._has_link[switch] = is_on, has_link
        for port in self._ports[switch]:
            self._feed(switch, port, now_s)

    def is_on(self, switch: str) -> bool:
        """Say whether a switch has power and has booted."""
        return self._is_on[switch]

    def has_link(self, switch: str) -> bool:
        """Say whether the uplink of a switch works."""
        return self._has_link[switch]

    def is_reachable(self, device: str, now_s: float) -> bool:
        """Say whether a switch would answer: it is on and has its uplink."""
        return self._is_on[device] and self._has_link[device]

    def step(self, now_s: float, dt_s: float) -> None:
        """Count the management traffic of the access points that are up."""
        self._chatter += self._wifi.is_up(now_s) * (figure("management_octets_s") * dt_s)

    def paths(self, device: str) -> tuple[str, ...]:
        """Attribute paths of a switch."""
        ports = [f"port/{port}/{leaf}" for port in self._ports[device] for leaf in _PORT]
        return (*_DEVICE, *ports, "poe_power_w")

    def read(self, device: str, template: str, names: Mapping[str, str], now_s: float) -> Value:
        """Read one attribute of a switch."""
        if "port" in names:
            return self._read_port(device, names["port"], template.rpartition("/")[2], now_s)
        if template == "poe_power_w":
            return round(sum(self._power_w(device, port) for port in self._ports[device]))
        return self._texts[device].get(template, device)

    def _power_w(self, device: str, port: str) -> float:
        ap = self._fed.get((device, port))
        return 0.0 if ap is None else self._wifi.power_w(ap)

    def _read_port(self, device: str, port: str, leaf: str, now_s: float) -> Value:
        state = self._ports[device][port]
        if leaf in state:
            return state[leaf]
        if not self._is_on[device] and leaf != "in_octets":
            return False
        ap = self._fed.get((device, port))
        if leaf == "poe_delivering":
            return self._power_w(device, port) > 0.0
        if leaf == "oper_up":
            return ap is not None and bool(self._wifi.is_up(now_s)[ap])
        return 0 if ap is None else self._wifi.traffic_octets(ap) + int(self._chatter[ap])

    def write(self, device: str, changes: Mapping[str, Value], now_s: float) -> None:
        """Apply checked configuration; the access points behind follow at once."""
        touched = set()
        for path, value in changes.items():
            if path in self._texts[device]:
                self._texts[device][path] = value
            else:
                _, port, leaf = path.split("/")
                self._ports[device][port][leaf] = value
                touched.add(port)
        for port in sorted(touched):
            self._feed(device, port, now_s)
        if touched:
            self._wifi.refresh(now_s)
