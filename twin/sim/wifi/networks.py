"""The network names (SSIDs) of access points: flags, clients and counters, one slot each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.model.attributes import Value
from twin.model.city import AccessPoint
from twin.sim.wifi.assumptions import figure

__all__ = ["NO_CLIENT_DBM", "SSID", "SSID_STATE", "Networks"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]

NO_CLIENT_DBM = -100
"""Mean signal shown where no station is associated. [dBm]"""

SSID = ("enabled", "hidden", "station_isolation")
SSID_STATE = ("clients", "client_rssi_dbm", "rx_octets", "tx_octets")
_DOWN_SHARE = figure("down_share")


class Networks:
    """Every network of every access point as a slot of flat arrays.

    Parameters
    ----------
    aps : sequence of AccessPoint
        Access points.
    """

    def __init__(self, aps: Sequence[AccessPoint]) -> None:
        names = dict.fromkeys(ssid.name for ap in aps for ssid in ap.ssids)
        self.number = {name: k for k, name in enumerate(names)}
        self.slot = np.full((len(aps), max(len(names), 1)), -1, dtype=np.int64)
        self._of_ap = [[self.number[ssid.name] for ssid in ap.ssids] for ap in aps]
        flags: dict[str, list[bool]] = {name: [] for name in SSID}
        for i, ap in enumerate(aps):
            for ssid in ap.ssids:
                self.slot[i, self.number[ssid.name]] = len(flags["enabled"])
                for name in SSID:
                    flags[name].append(getattr(ssid, name))
        self.flags = {name: np.array(values, dtype=bool) for name, values in flags.items()}
        n_slots = self.flags["enabled"].size
        self.clients = np.zeros(n_slots, dtype=np.int64)
        self._rssi_sum = np.zeros(n_slots)
        self._octets = np.zeros(n_slots)
        self.first = np.array([nets[0] if nets else 0 for nets in self._of_ap], dtype=np.int64)

    @property
    def rx_octets(self) -> _Ints:
        """Octets received from stations since the start, by slot."""
        return np.floor(self._octets * (1.0 - _DOWN_SHARE)).astype(np.int64)

    @property
    def tx_octets(self) -> _Ints:
        """Octets sent to stations since the start, by slot."""
        return np.floor(self._octets * _DOWN_SHARE).astype(np.int64)

    def offered(self) -> NDArray[np.bool_]:
        """Say which access point offers which network, shape (access points, networks)."""
        offers = np.zeros(self.slot.shape, dtype=bool)
        present = self.slot >= 0
        offers[present] = self.flags["enabled"][self.slot[present]]
        return offers

    def wanted(self, home: _Ints, draw: _Floats) -> _Ints:
        """Choose a network of the home: most want the first, the rest any of the others."""
        wanted, most = self.first[home], figure("first_network_share")
        for row in np.flatnonzero(draw > most):
            others = self._of_ap[home[row]][1:]
            if others:
                wanted[row] = others[
                    int((draw[row] - most) / (1.0 - most) * len(others) * 0.999999)
                ]
        return wanted

    def count(self, ap: _Ints, net: _Ints, rssi_dbm: _Floats) -> None:
        """Count the associated stations and what they hear."""
        slots = self.slot[ap, net]
        self.clients = np.bincount(slots, minlength=self.clients.size)
        self._rssi_sum = np.bincount(slots, rssi_dbm, self.clients.size).astype(np.float64)

    def carry(self, ap: _Ints, net: _Ints, octets: _Floats) -> None:
        """Add what stations have sent and received to the counters."""
        self._octets += np.bincount(self.slot[ap, net], octets, self._octets.size)

    def octets_up(self, i: int) -> int:
        """Octets an access point has sent up the wire since the start."""
        slots = self.slot[i][self.slot[i] >= 0]
        return int(self.rx_octets[slots].sum())

    def read(self, i: int, network: str, leaf: str) -> Value:
        """Read a leaf of one network of an access point."""
        slot = int(self.slot[i, self.number[network]])
        if leaf in self.flags:
            return bool(self.flags[leaf][slot])
        clients = int(self.clients[slot])
        if leaf == "client_rssi_dbm":
            return round(float(self._rssi_sum[slot]) / clients) if clients else NO_CLIENT_DBM
        if leaf == "clients":
            return clients
        part = _DOWN_SHARE if leaf == "tx_octets" else 1.0 - _DOWN_SHARE
        return int(self._octets[slot] * part)

    def set(self, i: int, network: str, leaf: str, *, value: bool) -> None:
        """Set a flag of one network of an access point."""
        self.flags[leaf][int(self.slot[i, self.number[network]])] = value
