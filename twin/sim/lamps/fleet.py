"""Street-light cabinets and their lamps: levels, watts, energy, what works and what has power."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.model.attributes import Value
from twin.model.city import Lamp, LampCabinet
from twin.sim.lamps.assumptions import figure
from twin.sim.lamps.books import Books, Totals
from twin.sim.lamps.commanded import Commanded
from twin.sim.lamps.dali import LIGHT_OF_PERCENT
from twin.sim.lamps.followers import Followers
from twin.sim.lamps.motion import Chain
from twin.sim.lamps.quality import ClassCheck
from twin.sim.lamps.timetable import in_window
from twin.sim.power import LAMP_STANDBY_SHARE

__all__ = ["LampFleet"]

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
    check : ClassCheck, optional
        Says which segments of street meet their lighting class; None counts every lit lamp.

    Notes
    -----
    Every lamp follows P_n (0.08 + 0.92 d), sodium ones too: an assumption. d is the light of the
    DALI level nearest to the percent asked for, so 50 % gives 50.5 %.
    """

    def __init__(
        self,
        cabinets: Sequence[LampCabinet],
        lamps: Sequence[Lamp],
        true_w: _Floats,
        check: ClassCheck | None = None,
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
        self.left = np.ones(len(lamps))  # share of light that age has left
        self._drive = np.ones(len(lamps))  # on the power that makes light
        self._check = check
        self.followers = Followers(self.cabinet_of, n)
        self.commanded = Commanded(self.cabinet_of)
        self.total = np.bincount(self.cabinet_of, minlength=n).astype(np.int64)
        self.books = Books(n)
        self.level = np.zeros(n, dtype=np.int64)
        self.has_power = np.ones(n, dtype=bool)
        self._is_up = np.ones(n, dtype=bool)
        self._has_link = np.ones(n, dtype=bool)
        self._is_striking = np.zeros(n, dtype=bool)
        self._waits = np.zeros(n, dtype=bool)  # where lamps that follow motion do so
        self._minute = 0
        self.dark = np.zeros(n, dtype=bool)  # by the sun, as each cabinet's clock has it
        self.when_written: Callable[[], object] | None = None
        self._count_works()

    @property
    def n_lamps(self) -> int:
        """How many lamps there are."""
        return len(self.lamp_ids)

    @property
    def is_dark(self) -> bool:
        """Whether any lamps should burn."""
        return bool(self.dark.any())

    def update(self, now_s: float, minute: int, *, is_dark: bool | _Bools) -> bool:
        """Move to a new time, local minute and light; return whether any level changed.

        Parameters
        ----------
        now_s : float
            Time. [s]
        minute : int
            Minutes after local midnight. [min]
        is_dark : bool or ndarray of bool
            Whether lamps should burn, for all cabinets or for each.

        Returns
        -------
        bool
            Some cabinet has another level than before.
        """
        before = self.level
        self._bank(now_s)
        dark = np.broadcast_to(np.asarray(is_dark, dtype=bool), self.dark.shape).copy()
        fades = bool((dark == self.dark).all()) and self.is_dark
        self._minute, self.dark = minute, dark
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
        return self.has_power & self.dark

    def _bank(self, now_s: float) -> None:
        """Count everything up to now; call before what decides the rates changes."""
        self.books.bank(now_s)
        if self.followers.chains:
            self.books.add_energy(self.followers.settle_wh(now_s))

    def _switch(self, *, fade_s: float = 0.0) -> None:
        """Bring levels and rates in line with everything that decides them."""
        numbers, burning, night = self._numbers, self.is_burning(), self.is_night()
        asked = np.where(night, numbers["night_level_percent"], numbers["normal_level_percent"])
        asked = np.where(self._is_up, asked, round(figure("power_on_percent")))
        self.level = np.where(burning, asked, 0)
        light = LIGHT_OF_PERCENT[self.level]
        self._waits = waits = night & self._is_up & burning
        cold_w = self._is_striking * self._sodium_w  # no arc, no current
        making_w = light * (self._drive_w - cold_w - waits * self._following_w)
        making_w += waits * self._base_w
        full_w = self.true_w * self._drive * self.works
        other = self.followers.follows & waits[self.cabinet_of]
        other |= self.is_sodium & self._is_striking[self.cabinet_of]
        making_w += self.commanded.more_w(light, full_w, other)
        lit = np.where(self._is_striking, self._working - self._working_sodium, self._working)
        self.books.set_rates(
            burning * _power_w(self._working_w - cold_w, making_w),
            full_w=burning * _power_w(self._working_w - cold_w, self._drive_w - cold_w),
            burning=burning,
            lamps_due=self.total * self.dark,
            lamps_lit=np.where(burning, lit, 0),
            lamps_met=self._met(light, waits) if self.is_dark else None,
            fade_s=fade_s,
        )
        if self.followers.chains:
            bright = LIGHT_OF_PERCENT[numbers["normal_level_percent"]]
            self.followers.set_excess(bright[self.cabinet_of], waits[self.cabinet_of], full_w)

    def _met(self, light: _Floats, waits: _Bools) -> _Ints | None:
        if self._check is None:
            return None
        of = self.cabinet_of
        quiet = self.followers.follows & waits[of]
        each = np.where(quiet, self.followers.base_light, self.commanded.light(light))
        each *= self._drive
        alive = self.works & self.is_burning()[of] & ~(self.is_sodium & self._is_striking[of])
        met = self._check.met(each, self.left, alive, self.is_night()[of], quiet)
        return np.bincount(of, met, minlength=len(self.ids)).astype(np.int64)

    def _count_works(self) -> None:
        n, of = len(self.ids), self.cabinet_of
        working_w = self.true_w * self.works
        following_w = working_w * self._drive * self.followers.follows
        self._working_w = _sums(of, working_w, n)
        self._drive_w = _sums(of, working_w * self._drive, n)
        self._following_w = _sums(of, following_w, n)
        self._base_w = _sums(of, following_w * self.followers.base_light, n)
        self._working = np.bincount(of, self.works, minlength=n).astype(np.int64)
        sodium = self.works & self.is_sodium
        self._sodium_w = _sums(of, self.true_w * sodium, n)
        self._working_sodium = np.bincount(of, sodium, minlength=n).astype(np.int64)
        self._failed = self.total - self._working

    def set_age(self, now_s: float, left: _Floats, drive: _Floats) -> None:
        """Set what age has left of each lamp's light, and the drive that makes up for it."""
        self._bank(now_s)
        self.left, self._drive = left, drive
        self._count_works()
        self._switch()

    def follow(self, now_s: float, chain: Chain) -> None:
        """Let the lamps of a chain follow motion in their night window, never below P6."""
        self._bank(now_s)
        rows = chain.lamps
        base = np.full(rows.size, LIGHT_OF_PERCENT[round(chain.mode.base_percent)])
        if self._check is not None:
            base = np.maximum(base, self._check.least_light(self.left)[rows])
        self.followers.add(chain, base)
        self._count_works()
        self._switch()

    def unfollow(self, now_s: float, name: str) -> None:
        """Let the lamps of a chain burn like all others again."""
        self._bank(now_s)
        self.followers.remove(name)
        self._count_works()
        self._switch()

    def waits(self, chain: Chain) -> bool:
        """Say whether the lamps of a chain are in the window in which they follow motion."""
        return bool(self._waits[self.cabinet_of[chain.lamps]].any())

    def set_night(self, now_s: float, cabinets: _Ints, values: Mapping[str, _Ints]) -> None:
        """Set night level [%] and window [min] of many cabinets, by attribute name."""
        self._bank(now_s)
        for name, value in values.items():
            self._numbers[name][cabinets] = value
        self.commanded.forget(cabinets)
        self._switch(fade_s=figure("fade_s"))
        if self.when_written is not None:
            self.when_written()

    def command(self, now_s: float, lamps: _Ints, level_percent: int) -> None:
        """Let lamps go by a level that a controller of their own was told; see `Commanded`. [%]."""
        self._bank(now_s)
        self.commanded.tell(lamps, level_percent)
        self._switch(fade_s=figure("fade_s"))

    def night(self, cabinets: _Ints) -> dict[str, _Ints]:
        """Return night level [%] and window [min] of cabinets, by attribute name."""
        return {name: self._numbers[name][cabinets].copy() for name in _NUMBERS[1:]}

    def least_percent(self) -> _Ints:
        """Return the least level at which the lamps of each cabinet that can give P6 do. [%]."""
        if self._check is None:
            return np.zeros(len(self.ids), dtype=np.int64)
        need = self._check.least_light(self.left)
        need = np.where(need < 1.0, need, 0.0)
        most = np.zeros(len(self.ids))
        np.maximum.at(most, self.cabinet_of, need)
        return np.searchsorted(LIGHT_OF_PERCENT, most).clip(max=100)

    def set_working(self, now_s: float, lamps: Iterable[int], *, works: bool) -> None:
        """Break or repair lamps, given by index."""
        self._bank(now_s)
        self.works[list(lamps)] = works
        self._count_works()
        self._switch()

    def set_power(self, now_s: float, cabinet: int, *, is_on: bool) -> None:
        """Cut a cabinet off or give it power; its controller starts, hot sodium must cool.

        `boot` and `strike` say when these are over.
        """
        self._bank(now_s)
        self.has_power[cabinet] = is_on
        self._is_up[cabinet] = False
        self._is_striking[cabinet] = is_on and self.dark[cabinet]
        self.commanded.forget(np.array([cabinet]))
        self._switch()

    def boot(self, now_s: float, cabinet: int) -> None:
        """Let a cabinet's controller take over after its power came back."""
        self._bank(now_s)
        self._is_up[cabinet] = True
        self._switch(fade_s=figure("fade_s"))

    def strike(self, now_s: float, cabinet: int) -> None:
        """Let the sodium lamps of a cabinet give light again."""
        self._bank(now_s)
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
        """Power of all lamps, fades over, nobody passing. [W]."""
        return float(self.books.power_w.sum())

    def power_at(self, now_s: float) -> _Floats:
        """Power of each cabinet at a moment. [W]."""
        return self.books.power_at(now_s) + self.followers.bright_w(now_s)

    def energy_wh(self, now_s: float) -> float:
        """Energy of all lamps since the start. [Wh]."""
        return float(self.totals(now_s).energy_wh.sum())

    def totals(self, now_s: float) -> Totals:
        """Return what each cabinet has added up until a moment, not before the last change."""
        if self.followers.chains:
            self._bank(now_s)
        return self.books.totals(now_s)

    def lamps_lit(self) -> _Ints:
        """Return how many lamps of each cabinet give light."""
        return self.books.lamps_lit

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
            return round(float(self.power_at(now_s)[i]))
        if template == "energy_wh":
            return int(np.floor(self.totals(now_s).energy_wh[i] + 1e-6))
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
        self._bank(now_s)
        for path, value in changes.items():
            if path in self._numbers:
                self._numbers[path][i] = int(value)
                self.commanded.forget(np.array([i]))
            else:
                self._texts[i][("contact", "location").index(path)] = str(value)
        self._switch(fade_s=figure("fade_s"))
        if self.when_written is not None:
            self.when_written()


def _sums(of: _Ints, values: _Floats, n: int) -> _Floats:
    return np.bincount(of, values, minlength=n).astype(np.float64)


def _power_w(nominal_w: _Floats, making_w: _Floats) -> _Floats:
    """P_n (0.08 + 0.92 d) with P_n d given as one."""
    return LAMP_STANDBY_SHARE * nominal_w + (1.0 - LAMP_STANDBY_SHARE) * making_w
