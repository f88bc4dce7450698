"""When devices send: timers, channels, the duty cycle of their sub-bands, repetitions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.model.regulatory.srd868 import OBSERVATION_S
from twin.radio.lora.adr import POWERS_DBM
from twin.radio.lora.eu868 import JOIN_CHANNELS_HZ, frame_s, sub_band
from twin.sim.utilities_iot.assumptions import value
from twin.sim.utilities_iot.devices import Devices, interval_s, payload_bytes

__all__ = ["LEAST_INTERVAL_S", "Frames", "Senders"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

LEAST_INTERVAL_S = 120.0
"""No device sends new messages more often, so that two never fall into one window. [s]"""
_N_JOIN = len(JOIN_CHANNELS_HZ)
_EPS = 1e-9


@dataclass(slots=True, kw_only=True, eq=False)
class Frames:
    """Frames on the air; times count from the start of the simulation.

    Parameters
    ----------
    device, sf, power, channel, tries : ndarray of shape (N,)
        Who, spreading factor, index into `POWERS_DBM`, channel, how often it was sent before.
    start_us, end_us : ndarray of shape (N,)
        Time on air. [us]
    """

    device: Ints
    sf: Ints
    power: Ints
    channel: Ints
    tries: Ints
    start_us: Ints
    end_us: Ints

    @property
    def n(self) -> int:
        """How many there are."""
        return self.device.size

    def take(self, rows: Ints | Flags) -> Frames:
        """Return some of them."""
        return Frames(
            device=self.device[rows],
            sf=self.sf[rows],
            power=self.power[rows],
            channel=self.channel[rows],
            tries=self.tries[rows],
            start_us=self.start_us[rows],
            end_us=self.end_us[rows],
        )

    def join(self, other: Frames) -> Frames:
        """Return these and others."""
        return Frames(
            device=np.concatenate([self.device, other.device]),
            sf=np.concatenate([self.sf, other.sf]),
            power=np.concatenate([self.power, other.power]),
            channel=np.concatenate([self.channel, other.channel]),
            tries=np.concatenate([self.tries, other.tries]),
            start_us=np.concatenate([self.start_us, other.start_us]),
            end_us=np.concatenate([self.end_us, other.end_us]),
        )


class Senders:
    """What every device keeps to itself: its timer, its rate, what its duty cycle leaves.

    Parameters
    ----------
    devices : Devices
        The devices.
    rng : Generator
        Chance of timers and channels.
    """

    def __init__(self, devices: Devices, rng: np.random.Generator) -> None:
        n = devices.n
        self._devices, self._rng = devices, rng
        self.interval_s = interval_s()[devices.kind]
        self.next_s = rng.random(n) * self.interval_s
        self.sf = np.full(n, 12, dtype=np.int64)
        self.power = np.zeros(n, dtype=np.int64)
        self.unanswered = rng.integers(0, round(value("adr_ack_limit")), n)
        self.is_fed = np.ones(n, dtype=bool)
        sizes = payload_bytes()
        self.air_s = np.array(
            [[float(frame_s(size, 12 - sf)) for sf in range(7, 13)] for size in sizes]
        )
        # 868.0 to 868.6 MHz for the first three channels, 865 to 868 MHz for the others
        duty = sub_band(JOIN_CHANNELS_HZ[0]).duty_cycle
        self.duty = np.array([duty or 0.0, value("band_865_duty")])
        self._free_s = np.full((n, 2), -np.inf)
        self._spent_s = np.zeros((n, 2))
        self._hour = 0
        self.charge_as = np.zeros(n)
        self.n_sent = np.zeros(n, dtype=np.int64)
        self.n_deferred = 0
        self.n_replaced = 0
        self.n_violations = 0
        self._later_s = np.zeros(0)
        self._later_device = np.zeros(0, dtype=np.int64)
        self._later_tries = np.zeros(0, dtype=np.int64)
        share = np.linspace(1.0, 0.0, len(POWERS_DBM))  # current over power, top first
        low, top = value("transmit_base_a"), value("transmit_top_a")
        self._current_a = low + share * (top - low)

    def set_interval(self, rows: Ints, seconds: float | Floats, now_s: float) -> None:
        """Give devices another interval; their timers start anew."""
        self.interval_s[rows] = seconds
        self.next_s[rows] = now_s + self._rng.random(rows.size) * seconds

    def send_later(self, device: Ints, at_s: Floats, tries: Ints) -> None:
        """Let devices send a message again, or once their duty cycle allows."""
        self._later_s = np.concatenate([self._later_s, at_s])
        self._later_device = np.concatenate([self._later_device, device])
        self._later_tries = np.concatenate([self._later_tries, tries])

    def draw(self, from_s: float, to_s: float) -> Frames:
        """Return the frames that begin in a window, in the order of their beginning."""
        hour = int(from_s // OBSERVATION_S)
        if hour != self._hour:
            self._hour = hour
            self._spent_s[:] = 0.0
        device, start_s, tries = self._due(from_s, to_s)
        band, is_allowed = self._choose_band(device, start_s)
        self._defer(device[~is_allowed], start_s[~is_allowed], tries[~is_allowed])
        device, start_s, tries = device[is_allowed], start_s[is_allowed], tries[is_allowed]
        band = band[is_allowed]
        n_other = round(value("channels")) - _N_JOIN
        within = self._rng.random(device.size)
        channel = np.where(
            band == 0, np.floor(within * _N_JOIN), _N_JOIN + np.floor(within * n_other)
        ).astype(np.int64)
        sf, power = self.sf[device], self.power[device]
        air_s = self.air_s[self._devices.kind[device], sf - 7]
        self.n_violations += int((self._free_s[device, band] > start_s + _EPS).sum())
        self._free_s[device, band] = start_s + air_s / self.duty[band]
        self._spent_s[device, band] += air_s
        over = self._spent_s[device, band] > self.duty[band] * OBSERVATION_S + _EPS
        self.n_violations += int(over.sum())
        self.charge_as[device] += air_s * self._current_a[power]
        self.n_sent[device] += 1
        self.unanswered[device] += 1
        start_us = np.rint(start_s * 1e6).astype(np.int64)
        return Frames(
            device=device, sf=sf, power=power, channel=channel, tries=tries,
            start_us=start_us, end_us=start_us + np.rint(air_s * 1e6).astype(np.int64),
        )  # fmt: skip

    def _due(self, from_s: float, to_s: float) -> tuple[Ints, Floats, Ints]:
        """Collect who wants to send, each device once."""
        fresh = np.flatnonzero(self.next_s < to_s)
        fresh_s = np.maximum(self.next_s[fresh], from_s)
        jitter = value("interval_jitter") * (2.0 * self._rng.random(fresh.size) - 1.0)
        self.next_s[fresh] = fresh_s + self.interval_s[fresh] * (1.0 + jitter)
        self._forget(fresh)
        is_due = self._later_s < to_s
        device = np.concatenate([fresh, self._later_device[is_due]])
        start_s = np.concatenate([fresh_s, np.maximum(self._later_s[is_due], from_s)])
        tries = np.concatenate([np.zeros(fresh.size, dtype=np.int64), self._later_tries[is_due]])
        self._later_s = self._later_s[~is_due]
        self._later_device = self._later_device[~is_due]
        self._later_tries = self._later_tries[~is_due]
        order = np.lexsort((device, start_s))
        order = order[self.is_fed[device[order]]]
        device, start_s, tries = device[order], start_s[order], tries[order]
        _, first = np.unique(device, return_index=True)
        if first.size < device.size:  # two things to say: one waits
            is_first = np.zeros(device.size, dtype=bool)
            is_first[first] = True
            again = ~is_first
            self.send_later(device[again], np.full(int(again.sum()), to_s), tries[again])
            device, start_s, tries = device[is_first], start_s[is_first], tries[is_first]
        return device, start_s, tries

    def _forget(self, device: Ints) -> None:
        """Drop what waits at devices that have something newer to say."""
        if self._later_device.size and device.size:
            has_news = np.zeros(self.next_s.size, dtype=bool)
            has_news[device] = True
            kept = ~has_news[self._later_device]
            self.n_replaced += int((~kept).sum())
            self._later_s = self._later_s[kept]
            self._later_device = self._later_device[kept]
            self._later_tries = self._later_tries[kept]

    def _choose_band(self, device: Ints, start_s: Floats) -> tuple[Ints, Flags]:
        """Take the band of a channel drawn, the other one if its duty cycle is used up."""
        wanted = self._rng.random(device.size) * value("channels") >= _N_JOIN
        band = wanted.astype(np.int64)
        air_s = self.air_s[self._devices.kind[device], self.sf[device] - 7]
        is_free = (self._free_s[device] <= start_s[:, None]) & (
            self._spent_s[device] + air_s[:, None] <= self.duty * OBSERVATION_S
        )
        rows = np.arange(device.size)
        band = np.where(is_free[rows, band], band, 1 - band)
        return band, is_free[rows, band]

    def _defer(self, device: Ints, start_s: Floats, tries: Ints) -> None:
        if not device.size:
            return
        self.n_deferred += device.size
        next_hour_s = (self._hour + 1) * OBSERVATION_S
        free_s = self._free_s[device].min(axis=1)
        self.send_later(device, np.where(free_s > start_s, free_s, next_hour_s), tries)
