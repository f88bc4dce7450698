"""What cabinets add up over time: energy, burning hours, hours of lamps; exact, by change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Books", "Totals"]

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums since the start, one entry per cabinet.

    Parameters
    ----------
    energy_wh, full_wh : ndarray
        Energy taken, and what the same lamps would have taken at full light. [Wh]
    burning_h : ndarray
        Hours in which the cabinet fed its lamps. [h]
    due_h, lit_h, met_h : ndarray
        Hours times lamps that should have burned, that did, and that met their class. [h]
    """

    energy_wh: _Floats
    full_wh: _Floats
    burning_h: _Floats
    due_h: _Floats
    lit_h: _Floats
    met_h: _Floats


_ROWS = ("energy_wh", "full_wh", "burning_h", "due_h", "lit_h", "met_h")


class Books:
    """Rates that hold since the last change, and their sums until then.

    Parameters
    ----------
    n_cabinets : int
        How many accounts.
    """

    def __init__(self, n_cabinets: int) -> None:
        self._sums = np.zeros((len(_ROWS), n_cabinets))
        self._rates = np.zeros_like(self._sums)
        self._excess_w = np.zeros(n_cabinets)  # over the rate, when the fade began
        self._fade_s = 0.0
        self._since_s = 0.0

    @property
    def power_w(self) -> _Floats:
        """Power of each cabinet, fades over. [W]."""
        power_w: _Floats = self._rates[0]
        return power_w

    @property
    def lamps_lit(self) -> NDArray[np.int64]:
        """Lamps of each cabinet that give light."""
        return np.asarray(self._rates[_ROWS.index("lit_h")], dtype=np.int64)

    def bank(self, now_s: float) -> None:
        """Add up to a moment; call before anything that decides the rates changes."""
        hours = (now_s - self._since_s) / 3600.0
        self._sums += self._rates * hours
        self._sums[0] += self._faded_wh(now_s)
        left_s = max(self._fade_s - (now_s - self._since_s), 0.0)
        self._excess_w = self._excess_w * (left_s / self._fade_s if self._fade_s else 0.0)
        self._fade_s = left_s
        self._since_s = now_s

    def set_rates(
        self,
        power_w: _Floats,
        *,
        full_w: _Floats,
        burning: NDArray[np.bool_],
        lamps_due: NDArray[np.int64],
        lamps_lit: NDArray[np.int64],
        lamps_met: NDArray[np.int64] | None = None,
        fade_s: float = 0.0,
    ) -> None:
        """Set what holds from the moment last banked.

        Parameters
        ----------
        power_w, full_w : ndarray
            Power now and at full light. [W]
        burning : ndarray of bool
            Cabinets that feed their lamps.
        lamps_due, lamps_lit, lamps_met : ndarray
            Lamps that should burn, that do, and that meet their class; the last is `lamps_lit`
            where nothing is said.
        fade_s : float
            Time in which the power moves to `power_w`, in proportion to time. [s]
        """
        before_w = self._rates[0] + self._excess_w
        if fade_s > 0.0:
            self._excess_w, self._fade_s = before_w - power_w, fade_s
        elif self._fade_s > 0.0:
            self._excess_w = np.where(self._rates[0] == power_w, self._excess_w, 0.0)
        met = lamps_lit if lamps_met is None else lamps_met
        for row, rate in enumerate((power_w, full_w, burning, lamps_due, lamps_lit, met)):
            self._rates[row] = rate

    def add_energy(self, energy_wh: _Floats) -> None:
        """Add energy of lamps that are counted apart, such as those that follow motion. [Wh]."""
        self._sums[0] += energy_wh

    def power_at(self, now_s: float) -> _Floats:
        """Power of each cabinet at a moment, in the middle of a fade too. [W]."""
        left_s = max(self._fade_s - (now_s - self._since_s), 0.0)
        share = left_s / self._fade_s if self._fade_s else 0.0
        power_w: _Floats = self._rates[0] + self._excess_w * share
        return power_w

    def totals(self, now_s: float) -> Totals:
        """Return all sums until a moment."""
        sums = self._sums + self._rates * ((now_s - self._since_s) / 3600.0)
        sums[0] += self._faded_wh(now_s)
        return Totals(**dict(zip(_ROWS, sums, strict=True)))

    def _faded_wh(self, now_s: float) -> _Floats:
        """Energy over the rate since the last change: a triangle, cut off at the moment."""
        if self._fade_s == 0.0:
            return np.zeros_like(self._excess_w)
        t = min(now_s - self._since_s, self._fade_s)
        return self._excess_w * ((t - t * t / (2.0 * self._fade_s)) / 3600.0)
