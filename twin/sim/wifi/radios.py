"""The radios of access points: what is set, what is on the air, who hears whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.model.attributes import Value
from twin.model.city import AccessPoint
from twin.model.errors import ModelError
from twin.radio.wifi.radio import CCA_DBM
from twin.sim.wifi.air import availability_check_s, block_hz
from twin.sim.wifi.assumptions import figure
from twin.sim.wifi.neighbours import Channels, Neighbours

__all__ = ["Radios"]

_Floats = NDArray[np.float64]
_Bools = NDArray[np.bool_]

_CHOICES = ((1, 6, 11), (36, 40, 44, 48, 100, 104, 108, 112), (1, 5, 9, 13))
_FOREIGN = 2.0 * np.array([figure(f"foreign_{band}_share") for band in ("24", "5", "6")])
_OUTDOOR_5_GHZ = (100, 104, 108, 112, 132, 136, 140)  # 5150 to 5350 MHz is for indoor use
_END_HZ = (2.4835e9, 5.725e9, 6.425e9)  # upper edges of the bands for WAS/RLAN in Europe
NON_OCCUPANCY_S = 1800.0
"""A channel on which radar was seen is not used for so long: ETSI EN 301 893 V2.1.1, Table D.1."""
OFF_DBM = -10
"""Transmit power shown by a radio that is off; the lowest value of the attribute. [dBm]"""


class Radios:
    """Radios of many access points as arrays of shape (access points, 3 bands).

    `foreign_use` scales the air time of networks of others, 1 in the mean of a day.

    A new channel with radar duty is used after its availability check; meanwhile the radio is
    silent and `channel_in_use` still shows the channel it was last on. A channel once checked
    stays available until the access point restarts (ETSI EN 301 893 V2.1.1, 4.2.6.1).

    Parameters
    ----------
    aps : sequence of AccessPoint
        Access points.
    power_error_db : ndarray
        Hidden error of the radiated power. [dB]
    at_m : pair of ndarray
        Where they really are. [m]
    rng : Generator
        For the foreign networks around.
    """

    def __init__(
        self,
        aps: Sequence[AccessPoint],
        power_error_db: _Floats,
        at_m: tuple[_Floats, _Floats],
        rng: np.random.Generator,
    ) -> None:
        n = len(aps)
        self._power_error_db = power_error_db
        self._is_outdoor = [ap.placement == "outdoor_fixed" for ap in aps]
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
        self._radar: dict[int, list[tuple[float, float, float]]] = {}
        self._why_moved: dict[tuple[int, int], str] = {}
        self.foreign_use = 1.0
        self._foreign_here: _Floats | None = None
        self._foreign = rng.random((n, 3, 4)) * _FOREIGN[None, :, None]
        self.noise_dbm = figure("noise_lowest_dbm") + rng.uniform(
            0.0, figure("noise_spread_db"), (n, 3)
        )
        self._neighbours = Neighbours(aps, *at_m)
        self._channels: Channels | None = None

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
            self._channels = None
            if any((band, name) in changes for name in ("channel", "bandwidth_mhz", "enabled")):
                self.tune(i, band, int(self.numbers["channel"][i, band]), now_s)

    def why_moved(self, i: int, band: int) -> str:
        """Say why a radio left the channel it was given.

        Returns
        -------
        str
            An identity of openconfig-wifi-types CHANGE_REASON_TYPE, ``NONE`` if it did not leave.
        """
        return self._why_moved.get((i, band), "NONE")

    def tune(self, i: int, band: int, channel: int, now_s: float, why: str = "NONE") -> None:
        """Move a radio to a channel, after the availability check if it has radar duty.

        A channel on which it saw radar is first left alone until its time is over.
        """
        if why == "NONE":
            self._why_moved.pop((i, band), None)
        else:
            self._why_moved[i, band] = why
        width = int(self.numbers["bandwidth_mhz"][i, band])
        self.target[i, band] = channel
        known = (channel, width) in self._checked.setdefault((i, band), set())
        wait_s = 0.0 if known else availability_check_s(band, channel, width)
        free_s = self._free_again_s(i, channel, width, now_s) if band == 1 else now_s
        self.ready_s[i, band] = free_s + wait_s

    def _free_again_s(self, i: int, channel: int, width_mhz: int, now_s: float) -> float:
        seen = self._radar.get(i)
        if not seen:
            return now_s
        low, high = block_hz(1, channel, width_mhz)
        return max([now_s, *(until for a, b, until in seen if low < b and a < high)])

    def has_radar_duty(self, i: int) -> bool:
        """Say whether the 5 GHz radio of an access point is on a channel shared with radar."""
        width = int(self.width_in_use[i, 1])
        channel = int(self.in_use[i, 1])
        return bool(self.exists[i, 1]) and availability_check_s(1, channel, width) > 0.0

    def see_radar(self, i: int, airtime: _Floats, now_s: float) -> bool:
        """Let a 5 GHz radio leave its channel because of radar.

        Parameters
        ----------
        i : int
            Access point.
        airtime : ndarray of shape (n, 3)
            What every radio takes, to find a quiet channel.
        now_s : float
            Now. [s]

        Returns
        -------
        bool
            False if its channel has no radar duty: nothing happens.

        References
        ----------
        .. [1] ETSI EN 301 893 V2.1.1 (2017), 4.2.6.2.5 (channel shutdown) and Table D.1.
        """
        if not self.has_radar_duty(i):
            return False
        channel, width = int(self.in_use[i, 1]), int(self.width_in_use[i, 1])
        low, high = block_hz(1, channel, width)
        seen = [entry for entry in self._radar.get(i, ()) if entry[2] > now_s]
        self._radar[i] = [*seen, (low, high, now_s + NON_OCCUPANCY_S)]
        known = self._checked[i, 1]
        known -= {(c, w) for c, w in known if _meets(block_hz(1, c, w), (low, high))}
        self.tune(i, 1, self._quietest(i, 1, airtime, now_s), now_s, "DFS")
        return True

    def go_home(self, i: int, now_s: float) -> None:
        """Let a 5 GHz radio return to its configured channel, unless it chooses itself."""
        if not self.automatic["dca"][i, 1]:
            channel = int(self.numbers["channel"][i, 1])
            if channel != self.target[i, 1]:
                self.tune(i, 1, channel, now_s)

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
            self._channels = self._foreign_here = None
            for i, band in np.argwhere(moved):
                self._mark_checked(int(i), int(band))
        return on_air

    def radiated_dbm(self, on_air: _Bools) -> _Floats:
        """Return the true radiated power of every radio, -inf where it is off. [dBm]."""
        power = self.power_in_use + self._gain_dbi + self._power_error_db[:, None]
        return np.where(on_air, power, -np.inf)

    def foreign_airtime(self) -> _Floats:
        """Air time that networks of others take on the channels in use, shape (n, 3)."""
        if self._foreign_here is None:
            rows, bands = np.indices(self.in_use.shape)
            self._foreign_here = self._foreign[rows, bands, self.in_use // 4 % 4]
        return np.asarray(self.foreign_use * self._foreign_here)

    def channels(self) -> Channels:
        """Return who hears whom on the channels in use."""
        if self._channels is None:
            power = self.power_in_use + self._gain_dbi + self._power_error_db[:, None]
            self._channels = self._neighbours.on(self.in_use, self.width_in_use, power, self.exists)
        return self._channels

    def optimise(self, now_s: float, airtime: _Floats, rssi_dbm: _Floats) -> int:
        """Let radios that may choose channel or power themselves do so; return how many moved."""
        moved = 0
        for i, band in np.argwhere(self.automatic["dca"] & self.exists):
            best = self._quietest(int(i), int(band), airtime, now_s)
            if best != self.target[i, band]:
                self.tune(int(i), int(band), best, now_s, "BETTER_CHANNEL")
                moved += 1
        strong = self.automatic["dtp"] & (rssi_dbm > -50.0)
        wanted = self.numbers["tx_power_dbm"] - np.where(strong, 3, 0)
        power = np.where(self.automatic["dtp"], wanted, self.power_in_use)
        if (power != self.power_in_use).any():
            self.power_in_use, self._channels = power, None
        return moved

    def _quietest(self, i: int, band: int, airtime: _Floats, now_s: float) -> int:
        """Choose the channel with least heard airtime; the present one ties."""
        width = int(self.numbers["bandwidth_mhz"][i, band])
        outdoor = band == 1 and self._is_outdoor[i]
        choices = _OUTDOOR_5_GHZ if outdoor else _CHOICES[band]
        busy = {
            c: float(self._foreign[i, band, c // 4 % 4])
            for c in choices
            if _fits(band, c, width)
            and (band != 1 or self._free_again_s(i, c, width, now_s) <= now_s)
        }
        power = self.power_in_use[:, band] + self._gain_dbi[:, band]
        for other, loss in self._neighbours.of(i, band):
            if self.exists[other, band] and power[other] - loss >= CCA_DBM:
                taken = block_hz(
                    band, int(self.in_use[other, band]), int(self.width_in_use[other, band])
                )
                for choice in busy:
                    if _meets(block_hz(band, choice, width), taken):
                        busy[choice] += airtime[other, band]
        here = int(self.target[i, band])
        return min(busy or {here: 0.0}, key=lambda c: (round(busy.get(c, 0.0), 3), c != here, c))


def _fits(band: int, channel: int, width_mhz: int) -> bool:
    """Say whether a band has a block of such a width there."""
    try:
        return block_hz(band, channel, width_mhz)[1] <= _END_HZ[band]
    except ModelError:
        return False


def _meets(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return a[0] < b[1] and b[0] < a[1]
