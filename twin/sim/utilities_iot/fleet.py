"""LoRaWAN gateways as controllers and emulators see them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twin.model.attributes import KINDS, Value
from twin.model.errors import ModelError
from twin.sim.software import SOFTWARE_PATH
from twin.sim.utilities_iot.downlinks import MOST_ERP_DBM
from twin.sim.utilities_iot.lorawan import Lorawan

__all__ = ["KIND", "GatewayFleet"]

KIND = "lorawan_gateway"
_TEMPLATES = tuple(a.template for a in KINDS[KIND] if a.template != SOFTWARE_PATH)
# Lowest and highest frequency that answers have in each sub-band (RP002-1.0.3, 2.4). [kHz]
_BANDS_KHZ = ((868_100, 868_500), (867_100, 867_900), (869_525, 869_525))
_WIDEST_KHZ = (863_000, 870_000)


class GatewayFleet:
    """Attributes of ``lorawan_gateway`` devices over the running network.

    Parameters
    ----------
    network : Lorawan
        The network.

    Notes
    -----
    A gateway takes the gain it was told off its conducted power: told too little, it radiates too
    much. Without its radio it hears nothing; where it may not send, answers go by others or in the
    second window.
    """

    def __init__(self, network: Lorawan) -> None:
        self._network = network
        masts = network.masts
        self._true_dbi = np.array([g.antenna_gain_dbi for g in masts.gateways])
        self._values: list[dict[str, Value]] = [
            {
                "description": gateway.id,
                "radio_enabled": True,
                "tx_enabled": True,
                "tx_power_erp_dbm": MOST_ERP_DBM,
                "antenna_gain_dbi": float(gateway.antenna_gain_dbi),
                "tx_min_khz": _WIDEST_KHZ[0],
                "tx_max_khz": _WIDEST_KHZ[1],
            }
            for gateway in masts.gateways
        ]

    def paths(self, device: str) -> tuple[str, ...]:
        """Attribute paths of a gateway."""
        return _TEMPLATES

    def read(self, device: str, template: str, names: Mapping[str, str], now_s: float) -> Value:
        """Read one attribute of a gateway."""
        network = self._network
        i = network.masts.row[device]
        match template:
            case "operational_state":
                return "ENABLED" if network.masts.is_up[i] else "DISABLED"
            case "rx_frames":
                return int(network.received_by_gateway[i])
            case "tx_air_s":
                return round(float(network.downlinks.air_s[i]), 3)
        return self._values[i][template]

    def write(self, device: str, changes: Mapping[str, Value], now_s: float) -> None:
        """Apply checked configuration: the next frames go by it.

        Raises
        ------
        ModelError
            The lowest frequency is above the highest; nothing is changed.
        """
        i = self._network.masts.row[device]
        values = {**self._values[i], **changes}
        low_khz, high_khz = int(values["tx_min_khz"]), int(values["tx_max_khz"])
        if low_khz > high_khz:
            raise ModelError(f"{device}: tx_min_khz {low_khz} is above tx_max_khz {high_khz}")
        self._values[i] = values
        downlinks = self._network.downlinks
        for band, (first_khz, last_khz) in enumerate(_BANDS_KHZ):
            fits = low_khz <= first_khz and last_khz <= high_khz
            downlinks.may_send[i, band] = fits and bool(values["tx_enabled"])
        downlinks.erp_dbm[i] = float(values["tx_power_erp_dbm"])
        downlinks.excess_db[i] = self._true_dbi[i] - float(values["antenna_gain_dbi"])
        if "radio_enabled" in changes:
            self._network.masts.enable(i, is_on=bool(changes["radio_enabled"]))

    def is_reachable(self, device: str, now_s: float) -> bool:
        """Say whether the management of a gateway answers: power, link, and booted."""
        return self._network.masts.is_reachable(self._network.masts.row[device])
