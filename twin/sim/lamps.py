"""Street-light cabinets of the world: levels, watts, energy, broken lamps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.model.attributes import Value
from twin.model.city import Lamp, LampCabinet
from twin.sim.power import lamp_power_w

__all__ = ["LampFleet", "in_window"]

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


def in_window(
    minute: int, start_min: NDArray[np.int64], end_min: NDArray[np.int64]
) -> NDArray[np.bool_]:
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
    Every lamp follows P_n (0.08 + 0.92 d), sodium ones too: an assumption of the thin model.
    """

    def __init__(
        self, cabinets: Sequence[LampCabinet], lamps: Sequence[Lamp], true_w: NDArray[np.float64]
    ) -> None:
        self.ids = tuple(cabinet.id for cabinet in cabinets)
        self.index = {name: i for i, name in enumerate(self.ids)}
        self.lamp_ids = tuple(lamp.id for lamp in lamps)
        self._texts = [[cabinet.contact, cabinet.location] for cabinet in cabinets]
        self._numbers = {
            name: np.array([getattr(cabinet, name) for cabinet in cabinets], dtype=np.int64)
            for name in _NUMBERS
        }
        self._cabinet_of = np.array([self.index[lamp.cabinet] for lamp in lamps], dtype=np.int64)
        self._true_w = true_w
        self._works = np.ones(len(lamps), dtype=bool)
        self._total = np.bincount(self._cabinet_of, minlength=len(self.ids))
        self._energy_wh = np.zeros(len(self.ids))
        self._power_w = np.zeros(len(self.ids))
        self._level = np.zeros(len(self.ids), dtype=np.int64)
        self._since_s = 0.0
        self._minute = 0
        self.is_dark = False
        self._count_works()

    @property
    def n_lamps(self) -> int:
        """How many lamps there are."""
        return len(self.lamp_ids)

    def update(self, now_s: float, minute: int, *, is_dark: bool) -> bool:
        """Move to a new time, local minute and light; return whether any level changed."""
        self._bank(now_s)
        self._minute, self.is_dark = minute, is_dark
        before = self._level
        self._switch()
        return bool((before != self._level).any())

    def _bank(self, now_s: float) -> None:
        self._energy_wh += self._power_w * ((now_s - self._since_s) / 3600.0)
        self._since_s = now_s

    def _switch(self) -> None:
        numbers = self._numbers
        night = in_window(self._minute, numbers["night_start_min"], numbers["night_end_min"])
        level = np.where(night, numbers["night_level_percent"], numbers["normal_level_percent"])
        self._level = level if self.is_dark else np.zeros_like(level)
        lit_w = lamp_power_w(self._working_w, self._level / 100.0)
        self._power_w = lit_w if self.is_dark else np.zeros_like(lit_w)

    def _count_works(self) -> None:
        n = len(self.ids)
        working_w = np.bincount(self._cabinet_of, self._true_w * self._works, minlength=n)
        self._working_w = working_w.astype(np.float64)
        self._failed = np.bincount(self._cabinet_of, ~self._works, minlength=n).astype(np.int64)

    def set_working(self, now_s: float, lamps: Iterable[int], *, works: bool) -> None:
        """Break or repair lamps, given by index."""
        self._bank(now_s)
        self._works[list(lamps)] = works
        self._count_works()
        self._switch()

    def working_lamps(self) -> NDArray[np.int64]:
        """Return the indices of the lamps that work."""
        return np.flatnonzero(self._works)

    def feeder_mates(self, lamp: int, count: int) -> NDArray[np.int64]:
        """Return up to `count` working lamps of the same cabinet, nearest in its table first."""
        same = np.flatnonzero((self._cabinet_of == self._cabinet_of[lamp]) & self._works)
        return same[np.argsort(np.abs(same - lamp), kind="stable")][:count]

    def power_w(self) -> float:
        """Power of all lamps now [W]."""
        return float(self._power_w.sum())

    def energy_wh(self, now_s: float) -> float:
        """Energy of all lamps since the start [Wh]."""
        return float((self._energy_wh + self._pending_wh(now_s)).sum())

    def mean_level_percent(self) -> float:
        """Mean light level over cabinets [%]."""
        return float(self._level.mean()) if self.ids else 0.0

    def _pending_wh(self, now_s: float) -> NDArray[np.float64]:
        return self._power_w * ((now_s - self._since_s) / 3600.0)

    def paths(self, device: str) -> tuple[str, ...]:
        """Attribute paths of a cabinet."""
        return _TEMPLATES

    def read(self, device: str, template: str, names: Mapping[str, str], now_s: float) -> Value:
        """Read one attribute of a cabinet at a simulated second."""
        i = self.index[device]
        if template in self._numbers:
            return int(self._numbers[template][i])
        operational = {
            "level_now_percent": self._level[i],
            "power_w": round(float(self._power_w[i])),
            "energy_wh": np.floor(self._energy_wh[i] + self._pending_wh(now_s)[i] + 1e-6),
            "lamps_total": self._total[i],
            "lamps_failed": self._failed[i],
        }
        if template in operational:
            return int(operational[template])
        return {"contact": self._texts[i][0], "location": self._texts[i][1]}.get(template, device)

    def write(self, device: str, changes: Mapping[str, Value], now_s: float) -> None:
        """Apply checked configuration of a cabinet; the light follows at once."""
        i = self.index[device]
        self._bank(now_s)
        for path, value in changes.items():
            if path in self._numbers:
                self._numbers[path][i] = int(value)
            else:
                self._texts[i][("contact", "location").index(path)] = str(value)
        self._switch()
