"""The PoE switches of the world, which feed access points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twin.model.attributes import Value
from twin.model.city import Switch
from twin.sim.wifi.fleet import WifiFleet

__all__ = ["SwitchFleet"]

_DEVICE = ("contact", "location", "name")
_PORT = (
    "poe_enabled", "poe_priority", "admin_up", "alias", "poe_delivering", "oper_up", "in_octets",
)  # fmt: skip
_CHATTER_OCTETS_PER_S = 150  # management traffic of a booted access point: an assumption


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
        self._chatter: dict[tuple[str, str], float] = {}
        for switch in switches:
            for port in switch.ports:
                self._feed(switch.id, port.index, 0.0)

    def _feed(self, switch: str, port: str, now_s: float) -> None:
        ap = self._fed.get((switch, port))
        if ap is not None:
            state = self._ports[switch][port]
            powered, linked = bool(state["poe_enabled"]), bool(state["admin_up"])
            self._wifi.set_supply(ap, powered=powered, linked=linked, now_s=now_s)

    def step(self, now_s: float, dt_s: float) -> None:
        """Count the management traffic of the access points that are up."""
        is_up = self._wifi.is_up(now_s)
        for key, ap in self._fed.items():
            if is_up[ap]:
                self._chatter[key] = self._chatter.get(key, 0.0) + _CHATTER_OCTETS_PER_S * dt_s

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
        ap = self._fed.get((device, port))
        if leaf == "poe_delivering":
            return self._power_w(device, port) > 0.0
        if leaf == "oper_up":
            return ap is not None and bool(self._wifi.is_up(now_s)[ap])
        traffic = 0 if ap is None else self._wifi.traffic_octets(ap)
        return traffic + int(self._chatter.get((device, port), 0.0))

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
