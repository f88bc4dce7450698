"""Dimming by class C multicast: one command from gateway after gateway until all lamps have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from twin.sim.system import Context
from twin.sim.utilities_iot.assumptions import value
from twin.sim.utilities_iot.devices import KINDS
from twin.sim.utilities_iot.downlinks import RX2_BAND, device_sensitivity_dbm
from twin.sim.utilities_iot.lorawan import Lorawan

__all__ = ["Command", "Lamps", "Multicast"]

_LONGEST_WAIT_S = 60.0
_EPS_S = 1e-6  # the clock's own rounding
_DIMMED, _FULL = 50, 100  # WAZ 6254903: 50 % in the night


@runtime_checkable
class Lamps(Protocol):
    """Street lamps that burn as they are told."""

    def command_lamps(self, lamps: Sequence[str], level_percent: int) -> None:
        """Let lamps, by id, burn at a level. [%]."""
        ...


@dataclass(slots=True, kw_only=True, eq=False)
class Command:
    """A command to a group of lamps.

    Parameters
    ----------
    level_percent : int
        What the lamps shall do. [%]
    lamps : ndarray
        Rows of the devices in the group that had power.
    begun_s : float
        When it was given. [s]
    is_reached : ndarray of bool
        Which of the devices of the network have it.
    reached_s : ndarray
        When each of those of the group that have it got it, in order. [s]
    """

    level_percent: int
    lamps: NDArray[np.int64]
    begun_s: float = field(metadata={"unit": "s"})
    is_reached: NDArray[np.bool_]
    reached_s: list[float] = field(default_factory=list, metadata={"unit": "s"})


class Multicast:
    """Group commands on 869.525 MHz, class C: lamps listen whenever they do not send.

    Parameters
    ----------
    context : Context
        Time and chance.
    network : Lorawan
        Gateways and lamps.

    Notes
    -----
    Gateways send one after another, since all use the one channel, for as many rounds as assumed;
    each obeys the 10 % of its sub-band. A gateway that would have to wait over a minute is left
    out of the round.
    """

    def __init__(self, context: Context, network: Lorawan) -> None:
        self._context, self._network = context, network
        self._rng = context.rng("utilities_iot/multicast")
        devices, links = network.devices, network.links
        self._lamps = np.flatnonzero(devices.kind == KINDS.index("lamp"))
        heard = np.arange(links.mast.shape[1]) < links.n[self._lamps, None]
        row, rank = np.nonzero(heard)
        at = links.mast[self._lamps[row], rank]
        order = np.argsort(at, kind="stable")
        bounds = np.searchsorted(at[order], np.arange(network.masts.n + 1))
        row, rank = row[order], rank[order]
        self._hearers = tuple(
            (self._lamps[row[a:b]], links.gain_db[self._lamps[row[a:b]], rank[a:b]])
            for a, b in pairwise(bounds)
        )
        self.reach: list[float] = []
        self.last_s: list[float] = []  # of each command
        self.p95_s: list[float] = []
        self.n_running = 0
        if self._lamps.size:
            self._plan_day()

    def _plan_day(self) -> None:
        """Dim and undim today as the city's policy says."""
        context = self._context
        now_s = context.kernel.now_s
        today = context.clock.local(now_s + 1.0)
        for key, level in (("dimming_start_min", _DIMMED), ("dimming_end_min", _FULL)):
            at_s = context.clock.seconds_on(today, round(value(key)))
            if at_s >= now_s:
                context.kernel.at(at_s, "multicast", self.command, "", level)
        tomorrow = context.clock.seconds_on(today + timedelta(days=1), 0)
        context.kernel.at(tomorrow, "multicast", self._plan_day)

    def command(self, slug: str, level_percent: int) -> None:
        """Send a level to the lamps of a district, or to all for an empty slug."""
        devices, now_s = self._network.devices, self._context.kernel.now_s
        lamps = self._lamps[self._network.senders.is_fed[self._lamps]]
        if slug:
            lamps = lamps[devices.district[lamps] == devices.slugs.index(slug)]
        command = Command(
            level_percent=level_percent,
            lamps=lamps,
            begun_s=now_s,
            is_reached=np.zeros(devices.n, dtype=bool),
        )
        self.n_running += 1
        self._context.note("multicast_begins", slug or "all lamps", level_percent)
        self._send(command, 0)

    def _send(self, command: Command, turn: int) -> None:
        """Let the gateway whose turn it is send, then the next."""
        network, kernel = self._network, self._context.kernel
        n = network.masts.n
        n_turns = n * round(value("multicast_rounds"))
        while turn < n_turns:
            gateway, now_s = turn % n, kernel.now_s
            sf = round(value("multicast_sf"))
            air_s = network.downlinks.multicast_s(sf)
            wait_s = network.downlinks.free_at_s(gateway, RX2_BAND, air_s) - now_s
            is_useful = self._hearers[gateway][0].size > 0
            if network.masts.is_up[gateway] and is_useful and wait_s <= _LONGEST_WAIT_S:
                if wait_s > _EPS_S:
                    kernel.after(wait_s, "multicast", self._send, command, turn)
                    return
                sending = network.downlinks.try_to_send(
                    gateway, RX2_BAND, now_s + max(wait_s, 0.0), sf, air_s
                )
                if sending is not None:
                    kernel.after(air_s, "multicast", self._heard, command, turn, sending.eirp_dbm)
                    return
            turn += 1
        self._finish(command)

    def _heard(self, command: Command, turn: int, eirp_dbm: float) -> None:
        """At the end of a transmission: who has it now."""
        gateway, sf = turn % self._network.masts.n, round(value("multicast_sf"))
        lamps, gain_db = self._hearers[gateway]
        fade_db = value("fading_sigma_db") * self._rng.standard_normal(lamps.size)
        level_dbm = eirp_dbm + gain_db + fade_db
        got = lamps[level_dbm >= device_sensitivity_dbm(sf)]
        got = got[~command.is_reached[got] & np.isin(got, command.lamps)]
        if got.size:
            command.is_reached[got] = True
            command.reached_s.extend([self._context.kernel.now_s] * got.size)
            self._obey(got, command.level_percent)
        self._send(command, turn + 1)

    def _obey(self, rows: NDArray[np.int64], level_percent: int) -> None:
        """Let the lamps of controllers burn at a level, if lamps are simulated."""
        lamps = self._context.systems.get("lamps")
        if isinstance(lamps, Lamps):
            city, devices = self._context.city, self._network.devices
            ids = [city.lamps[i].id for i in devices.lamp[rows].tolist()]
            lamps.command_lamps(ids, level_percent)

    def _finish(self, command: Command) -> None:
        self.n_running -= 1
        n = command.lamps.size
        reached = int(command.is_reached[command.lamps].sum())
        if n:
            self.reach.append(reached / n)
            after_s = np.array(command.reached_s) - command.begun_s
            self.last_s.append(float(after_s.max(initial=0.0)))
            self.p95_s.append(float(np.quantile(after_s, 0.95)) if reached else 0.0)
        self._context.note("multicast_ends", f"level {command.level_percent} %", reached)
