"""Street-light cabinets and their lamps: levels, watts, energy, what works and what has power."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.model.attributes import Value
from twin.model.city import Lamp, LampCabinet
from twin.sim.lamps.assumptions import figure
from twin.sim.lamps.books import Books
from twin.sim.lamps.dali import LIGHT_OF_PERCENT
from twin.sim.power import lamp_power_w

__all__ = ["LampFleet", "in_window"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]

_TEMPLATES = (
    "contact",
    "location",
    "name",
    "normal_level_percent",
    "night_level_percent",
    "night_start_min",
    "night_end_min",
    "level_now_percent",
    "power_w",
    "energy_wh",
    "lamps_total",
    "lamps_failed",
)
_NUMBERS = ("normal_level_percent", "night_level_percent", "night_start_min", "night_end_min")


def in_window(minute: int, start_min: _Ints, end_min: _Ints) -> _Bools:
    """Say in which daily windows a minute lies.

    Parameters
    ----------
    minute : int
        Minutes after local midnight. [min]
    start_min, end_min : ndarray
        Windows [start, end); they may run over midnight, and are empty where both are equal. [min]

    Returns
    -------
    ndarray of bool
        One statement per window.
    """
    over_midnight = start_min > end_min
    inside = (minute >= start_min) & (minute < end_min)
    outside = (minute >= start_min) | (minute < end_min)
    return np.where(over_midnight, outside, inside)


class LampFleet:
    """State of many cabinets and of the lamps they feed.

    Energy is counted by change (watts times the time since the last one), so it is exact however
    far apart the updates are.

    Parameters
    ----------
    cabinets : sequence of LampCabinet
        The cabinets.
    lamps : sequence of Lamp
        Their lamps.
    true_w : ndarray
        True nominal power of each lamp, which the inventory does not know. [W]

    Notes
    -----
    Every lamp follows P_n (0.08 + 0.92 d), sodium ones too: an assumption. d is the light of the
    DALI level nearest to the percent asked for, so 50 % gives 50.5 %.
    """

    def __init__(
        self, cabinets: Sequence[LampCabinet], lamps: Sequence[Lamp], true_w: _Floats
    ) -> None:
        self.ids = tuple(cabinet.id for cabinet in cabinets)
        self.index = {name: i for i, name in enumerate(self.ids)}
        self.lamp_ids = tuple(lamp.id for lamp in lamps)
        n = len(self.ids)
        self._texts = [[cabinet.contact, cabinet.location] for cabinet in cabinets]
        self._numbers = {
            name: np.array([getattr(cabinet, name) for cabinet in cabinets], dtype=np.int64)
            for name in _NUMBERS
        }
        self.cabinet_of = np.array([self.index[lamp.cabinet] for lamp in lamps], dtype=np.int64)
        self.is_sodium = np.array([lamp.kind == "sodium" for lamp in lamps], dtype=bool)
        self.true_w = true_w
        self.works = np.ones(len(lamps), dtype=bool)
        self.total = np.bincount(self.cabinet_of, minlength=n).astype(np.int64)
        self.books = Books(n)
        self.level = np.zeros(n, dtype=np.int64)
        self.has_power = np.ones(n, dtype=bool)
        self._is_up = np.ones(n, dtype=bool)
        self._has_link = np.ones(n, dtype=bool)
        self._is_striking = np.zeros(n, dtype=bool)
        self._minute = 0
        self.is_dark = False
        self.when_written: Callable[[], object] | None = None
        self._count_works()

    @property
    def n_lamps(self) -> int:
        """How many lamps there are."""
        return len(self.lamp_ids)

    def update(self, now_s: float, minute: int, *, is_dark: bool) -> bool:
        """Move to a new time, local minute and light; return whether any level changed."""
        before = self.level
        self.books.bank(now_s)
        fades = is_dark and self.is_dark
        self._minute, self.is_dark = minute, is_dark
        self._switch(fade_s=figure("fade_s") if fades else 0.0)
        return bool((before != self.level).any())

    def windows(self) -> _Ints:
        """Return the minutes of the day at which some cabinet's night begins or ends. [min]."""
        numbers = self._numbers
        return np.unique(np.concatenate([numbers["night_start_min"], numbers["night_end_min"]]))

    def is_night(self) -> _Bools:
        """Say which cabinets are in their night window."""
        numbers = self._numbers
        return in_window(self._minute, numbers["night_start_min"], numbers["night_end_min"])

    def is_burning(self) -> _Bools:
        """Say which cabinets feed their lamps."""
        return self.has_power & self.is_dark

    def _switch(self, *, fade_s: float = 0.0) -> None:
        """Bring levels and rates in line with everything that decides them."""
        numbers = self._numbers
        asked = np.where(
            self.is_night(), numbers["night_level_percent"], numbers["normal_level_percent"]
        )
        asked = np.where(self._is_up, asked, round(figure("power_on_percent")))
        burning = self.is_burning()
        self.level = np.where(burning, asked, 0)
        light = LIGHT_OF_PERCENT[self.level]
        power_w = np.where(burning, lamp_power_w(self._working_w, light), 0.0)
        lit = np.where(self._is_striking, self._working - self._working_sodium, self._working)
        self.books.set_rates(
            power_w,
            full_w=np.where(burning, self._working_w, 0.0),
            burning=burning,
            lamps_due=self.total if self.is_dark else np.zeros_like(self.total),
            lamps_lit=np.where(burning, lit, 0),
            fade_s=fade_s,
        )

    def _count_works(self) -> None:
        n = len(self.ids)
        self._working_w = _sums(self.cabinet_of, self.true_w * self.works, n)
        self._working = np.bincount(self.cabinet_of, self.works, minlength=n).astype(np.int64)
        sodium = self.works & self.is_sodium
        self._working_sodium = np.bincount(self.cabinet_of, sodium, minlength=n).astype(np.int64)
        self._failed = self.total - self._working

    def set_working(self, now_s: float, lamps: Iterable[int], *, works: bool) -> None:
        """Break or repair lamps, given by index."""
        self.books.bank(now_s)
        self.works[list(lamps)] = works
        self._count_works()
        self._switch()

    def set_power(self, now_s: float, cabinet: int, *, is_on: bool) -> None:
        """Cut a cabinet off or give it power; its controller starts, hot sodium must cool.

        `boot` and `strike` say when these are over.
        """
        self.books.bank(now_s)
        self.has_power[cabinet] = is_on
        self._is_up[cabinet] = False
        self._is_striking[cabinet] = is_on and self.is_dark
        self._switch()

    def boot(self, now_s: float, cabinet: int) -> None:
        """Let a cabinet's controller take over after its power came back."""
        self.books.bank(now_s)
        self._is_up[cabinet] = True
        self._switch(fade_s=figure("fade_s"))

    def strike(self, now_s: float, cabinet: int) -> None:
        """Let the sodium lamps of a cabinet give light again."""
        self.books.bank(now_s)
        self._is_striking[cabinet] = False
        self._switch()

    def set_link(self, cabinet: int, *, is_on: bool) -> None:
        """Cut a cabinet's controller off the network or join it; the lamps do not care."""
        self._has_link[cabinet] = is_on

    def is_reachable(self, device: str, now_s: float) -> bool:
        """Say whether a cabinet's controller would answer: power, booted, link."""
        i = self.index[device]
        return bool(self.has_power[i] and self._is_up[i] and self._has_link[i])

    def working_lamps(self) -> _Ints:
        """Return the indices of the lamps that work."""
        return np.flatnonzero(self.works)

    def feeder_mates(self, lamp: int, count: int) -> _Ints:
        """Return up to `count` working lamps of the same cabinet, nearest in its table first."""
        same = np.flatnonzero((self.cabinet_of == self.cabinet_of[lamp]) & self.works)
        return same[np.argsort(np.abs(same - lamp), kind="stable")][:count]

    def lamps_of(self, cabinet: int) -> _Ints:
        """Return the indices of a cabinet's lamps."""
        return np.flatnonzero(self.cabinet_of == cabinet)

    def failed(self) -> _Ints:
        """Return how many lamps of each cabinet do not work."""
        return self._failed

    def power_w(self) -> float:
        """Power of all lamps, fades over. [W]."""
        return float(self.books.power_w.sum())

    def energy_wh(self, now_s: float) -> float:
        """Energy of all lamps since the start. [Wh]."""
        return float(self.books.energy_wh(now_s).sum())

    def mean_level_percent(self) -> float:
        """Mean light level over cabinets. [%]."""
        return float(self.level.mean()) if self.ids else 0.0

    def paths(self, device: str) -> tuple[str, ...]:
        """Attribute paths of a cabinet."""
        return _TEMPLATES

    def read(self, device: str, template: str, names: Mapping[str, str], now_s: float) -> Value:
        """Read one attribute of a cabinet at a simulated second."""
        i = self.index[device]
        if template in self._numbers:
            return int(self._numbers[template][i])
        if template == "power_w":
            return round(float(self.books.power_at(now_s)[i]))
        if template == "energy_wh":
            return int(np.floor(self.books.energy_wh(now_s)[i] + 1e-6))
        counts = {
            "level_now_percent": self.level,
            "lamps_total": self.total,
            "lamps_failed": self._failed,
        }
        if template in counts:
            return int(counts[template][i])
        return {"contact": self._texts[i][0], "location": self._texts[i][1]}.get(template, device)

    def write(self, device: str, changes: Mapping[str, Value], now_s: float) -> None:
        """Apply checked configuration of a cabinet; the lamps fade to it at once."""
        i = self.index[device]
        self.books.bank(now_s)
        for path, value in changes.items():
            if path in self._numbers:
                self._numbers[path][i] = int(value)
            else:
                self._texts[i][("contact", "location").index(path)] = str(value)
        self._switch(fade_s=figure("fade_s"))
        if self.when_written is not None:
            self.when_written()


def _sums(of: _Ints, values: _Floats, n: int) -> _Floats:
    return np.bincount(of, values, minlength=n).astype(np.float64)
