"""The world of one schedule: its clock, its devices, its journal, and who looks on."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import simpy
from simpy.events import Timeout

from hil.chaos.devices import FOREIGN, MemoryDevice
from hil.chaos.edges import Edge
from hil.chaos.faults import HARMLESS, FaultKind
from hil.chaos.journal import MemoryJournal
from hil.chaos.schedule import Schedule

if TYPE_CHECKING:
    from hil.chaos.invariants import Watch

__all__ = ["Reach", "Tell", "World"]

_SALT = 0x5DEECE66D


class Tell(Protocol):
    """Hears what happens, for people."""

    def __call__(self, now_s: float, who: str, what: str) -> None:
        """Hear one thing.

        Parameters
        ----------
        now_s : float
            Virtual time. [s]
        who : str
            The device, or whoever it is about.
        what : str
            What happened.
        """


class Reach:
    """What schedules have reached: what is never reached is not tested."""

    def __init__(self) -> None:
        self.edges: set[Edge] = set()
        self.kinds: set[FaultKind] = set()


class World:
    """Everything but the controllers.

    Parameters
    ----------
    schedule : Schedule
        What happens in it.
    reach : Reach
        Where it is noted what was reached.
    journal : MemoryJournal
        The journal of its controllers.
    tell : Tell, optional
        Hears what happens.
    """

    def __init__(
        self, schedule: Schedule, reach: Reach, journal: MemoryJournal, tell: Tell | None = None
    ) -> None:
        self.schedule = schedule
        self.reach = reach
        self.journal = journal
        self.tell = tell
        self.rng = random.Random(schedule.seed ^ _SALT)  # noqa: S311 - a simulation
        self.env = simpy.Environment()
        self.devices = {
            spec.device: MemoryDevice(
                spec,
                lag_s=schedule.lags_s.get(spec.device, 0.0),
                timer_skew_s=0.0,
                keeps_buffer=i % 2 == 0,
            )
            for i, spec in enumerate(schedule.specs)
        }
        self.watch: Watch
        self.is_calm = False
        self.n_struck = 0
        for name, kind in schedule.devices.items():
            self._make_odd(self.devices[name], kind)

    def is_cut_off(self, name: str) -> bool:
        """Say whether a change of another device has cut the way to one."""
        schedule = self.schedule
        if name not in schedule.behind:
            return False
        core = self.devices[schedule.core]
        return core.holds(core.spec.after)

    @property
    def now_s(self) -> float:
        """Virtual time. [s]."""
        now: float = self.env.now
        return now

    def after(self, delay_s: float, callback: Callable[[Any], None], value: object) -> Timeout:
        """Call back in a while, with an event that carries a value."""
        timeout = Timeout(self.env, delay_s, value)
        timeout.callbacks.append(callback)
        return timeout

    def strike(self, kind: FaultKind, who: str = "", what: str = "") -> None:
        """Note that a fault has struck.

        Parameters
        ----------
        kind : FaultKind
            What it is.
        who : str
            The device.
        what : str
            The step.
        """
        if kind not in HARMLESS:
            self.n_struck += 1
        self.reach.kinds.add(kind)
        if self.tell is not None:
            self.tell(self.env.now, who, f"FAULT {kind} {what}".rstrip())

    def _make_odd(self, device: MemoryDevice, kind: FaultKind) -> None:
        self.strike(kind, device.name)
        path, value = next(iter(device.spec.before.items()))
        if kind is FaultKind.FOREIGN_VALUES:
            theirs = "theirs" if isinstance(value, str) else type(value)(44)
            device.values[path] = theirs
            device.foreign = {path: theirs}
        elif kind is FaultKind.FOREIGN_CANDIDATE:
            device.begin_foreign_edit()
        elif kind is FaultKind.FOREIGN_LOCK:
            device.lock_owner = FOREIGN
        elif kind is FaultKind.NEVER_FOLLOWS:
            device.lag_s = 50.0
        elif kind is FaultKind.NO_REARM:
            device.can_rearm = False
        elif kind is FaultKind.SLOW_TIMER:
            device.timer_skew_s = self.schedule.limits.margin_s / 2
