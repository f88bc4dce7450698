"""Cells as controllers and emulators see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from twin.model.attributes import Value
from twin.sim.cellular.plant import Plant

__all__ = ["CellFleet", "Measured"]

_TEMPLATES = (
    "admin_state",
    "tx_power_dbm",
    "tilt_deg",
    "operational_state",
    "users",
    "prb_load_percent",
    "dl_octets",
    "mean_rsrp_dbm",
    "power_w",
)


class Measured(Protocol):
    """What the running network says of one cell."""

    def users(self, cell: int) -> float:
        """Count the connections."""
        ...

    def load(self, cell: int) -> float:
        """Return the share of resource blocks in use, 0 to 1."""
        ...

    def dl_octets(self, cell: int) -> int:
        """Return the octets served since the start."""
        ...

    def mean_rsrp_dbm(self, cell: int) -> float:
        """Return the mean signal of the users, outdoors [dBm]."""
        ...

    def power_w(self, cell: int) -> float:
        """Return the electrical power [W]."""
        ...

    def configured(self, cell: int) -> None:
        """Be told that power or tilt of a cell changed."""
        ...

    def settle(self) -> bool:
        """Let users follow what changed, if anything did."""
        ...


class CellFleet:
    """Attributes of ``cell`` devices over the equipment and the running network.

    Parameters
    ----------
    plant : Plant
        The equipment.
    network : Measured
        The running network.
    """

    def __init__(self, plant: Plant, network: Measured) -> None:
        self._plant, self._network = plant, network

    def paths(self, device: str) -> tuple[str, ...]:
        """Attribute paths of a cell."""
        return _TEMPLATES

    def read(self, device: str, template: str, names: Mapping[str, str], now_s: float) -> Value:
        """Read one attribute of a cell."""
        plant, network = self._plant, self._network
        i = plant.index[device]
        match template:
            case "admin_state":
                return plant.admin[i]
            case "operational_state":
                return "ENABLED" if plant.is_enabled(i) else "DISABLED"
            case "dl_octets":
                return network.dl_octets(i)
            case "power_w":
                return round(network.power_w(i), 1)
            case "tx_power_dbm":
                return round(float(plant.tx_dbm[i]), 2)
            case "tilt_deg":
                return round(float(plant.tilt_deg[i]), 2)
            case "users":
                return round(network.users(i), 2)
            case "prb_load_percent":
                return round(100.0 * network.load(i), 2)
        return round(network.mean_rsrp_dbm(i), 2)

    def write(self, device: str, changes: Mapping[str, Value], now_s: float) -> None:
        """Apply checked configuration: signal and users follow at once, a shut-down drains."""
        plant = self._plant
        i = plant.index[device]
        is_heard_otherwise = False
        for name, values in (("tx_power_dbm", plant.tx_dbm), ("tilt_deg", plant.tilt_deg)):
            if name in changes and float(changes[name]) != float(values[i]):
                values[i] = float(changes[name])
                is_heard_otherwise = True
        if is_heard_otherwise:
            self._network.configured(i)
        if "admin_state" in changes:
            plant.lock(i, str(changes["admin_state"]))
        self._network.settle()

    def is_reachable(self, device: str, now_s: float) -> bool:
        """Say whether the cell's management answers: power, link, and booted."""
        return self._plant.is_reachable(self._plant.index[device])
