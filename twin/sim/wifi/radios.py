"""The radios of access points: what is set, what is on the air, who hears whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.model.attributes import Value
from twin.model.city import AccessPoint
from twin.model.errors import ModelError
from twin.sim.wifi.air import availability_check_s, block_hz

__all__ = ["Radios"]

_Floats = NDArray[np.float64]
_Bools = NDArray[np.bool_]

_SENSE_M = 60.0  # co-channel access points nearer than this share the air: an assumption
_DCA_CHOICES = ((1, 6, 11), (36, 40, 44, 48, 100, 104, 108, 112), (1, 5, 9, 13))
OFF_DBM = -10
"""Transmit power shown by a radio that is off; the lowest value of the attribute. [dBm]"""


class Radios:
    """Radios of many access points as arrays of shape (access points, 3 bands).

    A new channel with radar duty is used after its availability check; meanwhile the radio is
    silent and `channel_in_use` still shows the channel it was last on. A channel once checked
    stays available until the access point restarts (ETSI EN 301 893 V2.1.1, 4.2.6.1).

    Parameters
    ----------
    aps : sequence of AccessPoint
        Access points.
    power_error_db : ndarray
        Hidden error of the radiated power. [dB]
    rng : Generator
        For the foreign networks around.
    """

    def __init__(
        self, aps: Sequence[AccessPoint], power_error_db: _Floats, rng: np.random.Generator
    ) -> None:
        n = len(aps)
        self._power_error_db = power_error_db
        self.exists = np.zeros((n, 3), dtype=bool)
        self.enabled = np.zeros((n, 3), dtype=bool)
        self.numbers = {
            "channel": np.ones((n, 3), dtype=np.int64),
            "bandwidth_mhz": np.full((n, 3), 20, dtype=np.int64),
            "tx_power_dbm": np.zeros((n, 3), dtype=np.int64),
        }
        self.automatic = {name: np.zeros((n, 3), dtype=bool) for name in ("dca", "dtp")}
        self._gain_dbi = np.zeros((n, 3))
        for i, ap in enumerate(aps):
            for radio in ap.radios:
                band = int(radio.index) - 1
                self.exists[i, band] = True
                self.enabled[i, band] = radio.enabled
                self._gain_dbi[i, band] = radio.antenna_gain_dbi
                for name, numbers in self.numbers.items():
                    numbers[i, band] = getattr(radio, name)
                for name, flags in self.automatic.items():
                    flags[i, band] = getattr(radio, name)
        self.target = self.numbers["channel"].copy()
        self.in_use = self.target.copy()
        self.width_in_use = self.numbers["bandwidth_mhz"].copy()
        self.power_in_use = self.numbers["tx_power_dbm"].copy()
        self.ready_s = np.zeros((n, 3))
        self._checked: dict[tuple[int, int], set[tuple[int, int]]] = {}
        for i, band in np.argwhere(self.exists):
            self._mark_checked(int(i), int(band))
        foreign = rng.random((n, 3, 4)) * np.array([0.20, 0.05, 0.01])[None, :, None]
        self._foreign = foreign
        self.noise_dbm = -96.0 + rng.uniform(0.0, 4.0, (n, 3))
        self._pairs = _near_pairs(aps)
        self._heard: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None

    def check(self, i: int, changes: Mapping[tuple[int, str], Value]) -> None:
        """Refuse a channel or a bandwidth the radio does not know.

        Raises
        ------
        ModelError
            No such radio, or the combination of channel and bandwidth is not one of its band.
        """
        for band in {band for band, _ in changes}:
            wanted = [
                int(changes.get((band, name), self.numbers[name][i, band]))
                for name in ("channel", "bandwidth_mhz")
            ]
            try:
                block_hz(band, *wanted)
            except ModelError as err:
                raise ModelError(f"radio/{band + 1}: {err}") from err

    def set(self, i: int, changes: Mapping[tuple[int, str], Value], now_s: float) -> None:
        """Apply checked settings, and begin to listen where the channel is a new one."""
        for (band, name), value in changes.items():
            if name == "enabled":
                self.enabled[i, band] = bool(value)
            elif name in self.automatic:
                self.automatic[name][i, band] = bool(value)
            else:
                self.numbers[name][i, band] = int(value)
        for band in {band for band, name in changes if name not in self.automatic}:
            self.power_in_use[i, band] = self.numbers["tx_power_dbm"][i, band]
            if any((band, name) in changes for name in ("channel", "bandwidth_mhz", "enabled")):
                self.tune(i, band, int(self.numbers["channel"][i, band]), now_s)

    def tune(self, i: int, band: int, channel: int, now_s: float) -> None:
        """Move a radio to a channel, after the availability check if it has radar duty."""
        width = int(self.numbers["bandwidth_mhz"][i, band])
        self.target[i, band] = channel
        known = (channel, width) in self._checked.setdefault((i, band), set())
        wait_s = 0.0 if known else availability_check_s(band, channel, width)
        self.ready_s[i, band] = now_s + wait_s

    def restart(self, i: int, at_s: float) -> None:
        """Begin anew after a power cut: no channel is checked any more."""
        for band in range(3):
            self._checked[i, band] = set()
            stays = self.automatic["dca"][i, band]
            channel = self.target if stays else self.numbers["channel"]
            self.tune(i, band, int(channel[i, band]), at_s)

    def _mark_checked(self, i: int, band: int) -> None:
        done = (int(self.target[i, band]), int(self.numbers["bandwidth_mhz"][i, band]))
        self._checked.setdefault((i, band), set()).add(done)

    def settle(self, now_s: float, is_up: _Bools) -> _Bools:
        """Put every radio on the air whose wait is over, and say which are on the air."""
        on_air = self.exists & self.enabled & is_up[:, None] & (self.ready_s <= now_s)
        width = self.numbers["bandwidth_mhz"]
        moved = on_air & ((self.in_use != self.target) | (self.width_in_use != width))
        if moved.any():
            self.in_use[moved] = self.target[moved]
            self.width_in_use[moved] = width[moved]
            self._heard = None
            for i, band in np.argwhere(moved):
                self._mark_checked(int(i), int(band))
        return on_air

    def radiated_dbm(self, on_air: _Bools) -> _Floats:
        """Return the true radiated power of every radio, -inf where it is off. [dBm]."""
        power = self.power_in_use + self._gain_dbi + self._power_error_db[:, None]
        return np.where(on_air, power, -np.inf)

    def heard_airtime(self, airtime: _Floats) -> _Floats:
        """Airtime that others take: co-channel access points near by, and foreign networks."""
        if self._heard is None:
            self._heard = self._overlapping()
        listener, talker = self._heard
        flat = np.bincount(listener, airtime.ravel()[talker], minlength=airtime.size)
        rows, bands = np.indices(airtime.shape)
        foreign = self._foreign[rows, bands, self.in_use // 4 % 4]
        return np.asarray(flat.reshape(airtime.shape) + foreign, dtype=np.float64)

    def _overlapping(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        listeners, talkers = [], []
        edges = {
            (int(i), int(band)): block_hz(
                int(band), int(self.in_use[i, band]), int(self.width_in_use[i, band])
            )
            for i, band in np.argwhere(self.exists)
        }
        for i, j in self._pairs:
            for band in range(3):
                a, b = edges.get((i, band)), edges.get((j, band))
                if a and b and a[0] < b[1] and b[0] < a[1]:
                    listeners += [3 * i + band, 3 * j + band]
                    talkers += [3 * j + band, 3 * i + band]
        return np.array(listeners, dtype=np.int64), np.array(talkers, dtype=np.int64)

    def optimise(self, now_s: float, airtime: _Floats, rssi_dbm: _Floats) -> int:
        """Let radios that may choose channel or power themselves do so; return how many moved."""
        moved = 0
        for i, band in np.argwhere(self.automatic["dca"] & self.exists):
            best = self._quietest(int(i), int(band), airtime)
            if best != self.target[i, band]:
                self.tune(int(i), int(band), best, now_s)
                moved += 1
        strong = self.automatic["dtp"] & (rssi_dbm > -50.0)
        wanted = self.numbers["tx_power_dbm"] - np.where(strong, 3, 0)
        self.power_in_use = np.where(self.automatic["dtp"], wanted, self.power_in_use)
        return moved

    def _quietest(self, i: int, band: int, airtime: _Floats) -> int:
        """Choose the channel with least heard airtime among 20 MHz ones; the present one ties."""
        busy = {c: self._foreign[i, band, c // 4 % 4] for c in _DCA_CHOICES[band]}
        for a, b in self._pairs:
            other = b if a == i else a if b == i else -1
            if other >= 0 and self.exists[other, band]:
                channel = int(self.in_use[other, band])
                for choice in busy:
                    low, high = block_hz(band, choice, 20)
                    edge = block_hz(band, channel, int(self.width_in_use[other, band]))
                    if low < edge[1] and edge[0] < high:
                        busy[choice] += airtime[other, band]
        here = int(self.target[i, band])
        return min(busy, key=lambda c: (round(float(busy[c]), 3), c != here, c))


def _near_pairs(aps: Sequence[AccessPoint]) -> tuple[tuple[int, int], ...]:
    """Find the pairs of access points that hear each other."""
    x = np.array([ap.x_m for ap in aps])
    y = np.array([ap.y_m for ap in aps])
    order = np.argsort(x, kind="stable")
    pairs = []
    for k, i in enumerate(order):
        stop = int(np.searchsorted(x[order], x[i] + _SENSE_M, side="right"))
        for j in order[k + 1 : stop]:
            if (x[i] - x[j]) ** 2 + (y[i] - y[j]) ** 2 <= _SENSE_M**2:
                pairs.append((int(min(i, j)), int(max(i, j))))
    return tuple(sorted(pairs))
