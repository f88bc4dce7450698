"""A street vehicle by vehicle: an independent check of the model that counts them."""

from __future__ import annotations

from collections import deque

import numpy as np

from twin.sim.kernel import Kernel


class Street:
    """One direction of a street with fixed-time signals; every vehicle is an action of its own.

    Vehicles come at random at each signal, wait in the order in which they came, leave one every
    `headway_s` while it is green, go on with probability `through`, and need a travel time that is
    normal with 15 % spread.
    """

    def __init__(
        self,
        *,
        rng: np.random.Generator,
        cycle_s: float,
        green_s: list[float],
        offset_s: list[float],
        entry_s: list[float],
        travel_s: list[float],
        through: float,
        headway_s: float,
    ) -> None:
        self.kernel = Kernel()
        self._rng, self._cycle_s, self._green_s, self._offset_s = rng, cycle_s, green_s, offset_s
        self._entry_s, self._travel_s = entry_s, travel_s
        self._through, self._headway_s = through, headway_s
        n = len(green_s)
        self._waiting: list[deque[float]] = [deque() for _ in range(n)]
        self._is_serving = [False] * n
        self.n = np.zeros(n, dtype=np.int64)
        self.delay_s = np.zeros(n)
        for i in range(n):
            self._next(i)

    def _next(self, i: int) -> None:
        if self._entry_s[i] > 0.0:
            gap_s = float(self._rng.exponential(1.0 / self._entry_s[i]))
            self.kernel.after(gap_s, f"entry {i}", self._enter, i)

    def _enter(self, i: int) -> None:
        self._come(i)
        self._next(i)

    def _come(self, i: int) -> None:
        self._waiting[i].append(self.kernel.now_s)
        if not self._is_serving[i]:
            self._serve(i)

    def _serve(self, i: int) -> None:
        self._is_serving[i] = bool(self._waiting[i])
        if not self._waiting[i]:
            return
        at = (self.kernel.now_s - self._offset_s[i]) % self._cycle_s
        if at >= self._green_s[i] - 1e-9:
            self.kernel.after(self._cycle_s - at, f"signal {i}", self._serve, i)
            return
        self.delay_s[i] += self.kernel.now_s - self._waiting[i].popleft()
        self.n[i] += 1
        if i + 1 < self.n.size and self._rng.random() < self._through:
            travel_s = self._travel_s[i + 1] * max(float(self._rng.normal(1.08, 0.15)), 0.6)
            self.kernel.after(travel_s, "vehicle", self._come, i + 1)
        self.kernel.after(self._headway_s, f"signal {i}", self._serve, i)
