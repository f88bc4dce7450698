"""Who was without electricity for how long: the sums behind SAIDI and SAIFI."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.sim.dependencies.assumptions import figure

__all__ = ["Ledger"]

_Floats = NDArray[np.float64]


class Ledger:
    """Interruptions by unit: a branch of a station with its customers.

    Parameters
    ----------
    customers : ndarray of shape (N,)
        Customers of each unit.

    Notes
    -----
    SAIDI and SAIFI count interruptions over 3 min only, with all their length, as IEEE 1366-2012
    does over 5 min and the Bundesnetzagentur over 3 min. Interruptions that last are counted up to
    the moment of asking.
    """

    def __init__(self, customers: _Floats) -> None:
        self.customers = customers
        self.out_since_s = np.full(customers.size, np.nan)
        self.longest_s = 0.0
        self._lost_s = np.zeros(customers.size)
        self._counted_s = np.zeros(customers.size)
        self._counted = np.zeros(customers.size)

    def put_out(self, units: NDArray[np.int64], now_s: float) -> None:
        """Note that units lost their electricity; those without it already stay as they are."""
        new = units[np.isnan(self.out_since_s[units])]
        self.out_since_s[new] = now_s

    def put_in(self, units: NDArray[np.int64], now_s: float) -> None:
        """Note that units have their electricity back."""
        back = units[~np.isnan(self.out_since_s[units])]
        if back.size:
            lasted_s = now_s - self.out_since_s[back]
            is_counted = lasted_s > figure("counted_s")
            self._lost_s[back] += lasted_s
            self._counted_s[back] += np.where(is_counted, lasted_s, 0.0)
            self._counted[back] += is_counted
            self.longest_s = max(self.longest_s, float(lasted_s.max()))
            self.out_since_s[back] = np.nan

    def is_out(self) -> NDArray[np.bool_]:
        """Say which units are without electricity."""
        return np.asarray(~np.isnan(self.out_since_s))

    def customers_out(self) -> float:
        """Count customers without electricity."""
        return float(self.customers[self.is_out()].sum())

    def lost_s(self, now_s: float) -> _Floats:
        """Seconds without electricity of each unit, however short. [s]."""
        return self._lost_s + self._lasting_s(now_s)

    def counted_s(self, now_s: float) -> _Floats:
        """Seconds of each unit in interruptions over 3 min. [s]."""
        lasting_s = self._lasting_s(now_s)
        return self._counted_s + np.where(lasting_s > figure("counted_s"), lasting_s, 0.0)

    def counted(self, now_s: float) -> _Floats:
        """Interruptions over 3 min of each unit."""
        return self._counted + (self._lasting_s(now_s) > figure("counted_s"))

    def longest_until_s(self, now_s: float) -> float:
        """Length of the longest interruption, those that last included. [s]."""
        return max(self.longest_s, float(self._lasting_s(now_s).max(initial=0.0)))

    def _lasting_s(self, now_s: float) -> _Floats:
        return np.nan_to_num(now_s - self.out_since_s, nan=0.0)
