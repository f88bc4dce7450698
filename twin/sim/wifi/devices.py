"""Access points as controllers see them: attributes to read, configuration to write."""

from __future__ import annotations

from collections.abc import Mapping

from twin.model.attributes import Value
from twin.model.errors import ModelError
from twin.sim.wifi.fleet import WifiFleet
from twin.sim.wifi.networks import SSID, SSID_STATE
from twin.sim.wifi.radios import OFF_DBM

__all__ = ["AccessPointDevices"]

_RADIO = ("enabled", "channel", "bandwidth_mhz", "tx_power_dbm", "dca", "dtp")
_RADIO_STATE = (
    "channel_in_use",
    "channel_change_reason",
    "tx_power_in_use_dbm",
    "utilization_percent",
    "noise_floor_dbm",
)


class AccessPointDevices:
    """Devices of the kind ``ap``.

    Parameters
    ----------
    fleet : WifiFleet
        What they are.
    """

    def __init__(self, fleet: WifiFleet) -> None:
        self._fleet = fleet

    def is_reachable(self, device: str, now_s: float) -> bool:
        """Say whether an access point would answer."""
        return self._fleet.is_reachable(device, now_s)

    def paths(self, device: str) -> tuple[str, ...]:
        """Attribute paths of an access point."""
        ap = self._fleet.ap(device)
        radios = [f"radio/{r.index}/{leaf}" for r in ap.radios for leaf in _RADIO + _RADIO_STATE]
        return tuple(
            radios + [f"ssid/{s.name}/{leaf}" for s in ap.ssids for leaf in SSID + SSID_STATE]
        )

    def read(self, device: str, template: str, names: Mapping[str, str], now_s: float) -> Value:
        """Read one attribute of an access point."""
        i, leaf = self._fleet.index[device], template.rpartition("/")[2]
        if "ssid" in names:
            return self._fleet.networks.read(i, names["ssid"], leaf)
        return self._read_radio(leaf, i, int(names["radio"]) - 1, now_s)

    def _read_radio(self, leaf: str, i: int, band: int, now_s: float) -> Value:
        radios = self._fleet.radios
        if leaf == "enabled":
            return bool(radios.enabled[i, band])
        if leaf in radios.automatic:
            return bool(radios.automatic[leaf][i, band])
        if leaf in radios.numbers:
            return int(radios.numbers[leaf][i, band])
        is_on_air = bool(radios.settle(now_s, self._fleet.is_up(now_s))[i, band])
        match leaf:
            case "channel_in_use":
                return int(radios.in_use[i, band])
            case "channel_change_reason":
                return radios.why_moved(i, band)
            case "tx_power_in_use_dbm":
                return int(radios.power_in_use[i, band]) if is_on_air else OFF_DBM
            case "noise_floor_dbm":
                return round(self._fleet.noise_dbm(i, band))
        return round(100.0 * float(self._fleet.traffic.utilization[i, band])) if is_on_air else 0

    def check(self, device: str, changes: Mapping[str, Value]) -> None:
        """Refuse what this access point cannot do.

        Raises
        ------
        ModelError
            A channel or bandwidth outside the band of the radio.
        """
        try:
            self._fleet.radios.check(self._fleet.index[device], _radio_changes(changes))
        except ModelError as err:
            raise ModelError(f"{device}: {err}") from err

    def write(self, device: str, changes: Mapping[str, Value], now_s: float) -> None:
        """Apply configuration; stations follow at once.

        Raises
        ------
        ModelError
            As `check`; nothing has changed then.
        """
        self.check(device, changes)
        i = self._fleet.index[device]
        self._fleet.radios.set(i, _radio_changes(changes), now_s)
        for path, value in changes.items():
            group, name, leaf = path.split("/")
            if group == "ssid":
                self._fleet.networks.set(i, name, leaf, value=bool(value))
        self._fleet.refresh(now_s)


def _radio_changes(changes: Mapping[str, Value]) -> dict[tuple[int, str], Value]:
    parts = ((path.split("/"), value) for path, value in changes.items())
    return {(int(p[1]) - 1, p[2]): value for p, value in parts if p[0] == "radio"}
