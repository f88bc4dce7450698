"""Vehicles as columns: where each is between two stops, whom it carries, and which are free."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.sim.transit_wifi.assumptions import figure

__all__ = ["ABOVE", "BETWEEN", "STATION", "Vehicles"]

_Floats = NDArray[np.float64]
_Bools = NDArray[np.bool_]

ABOVE, STATION, BETWEEN = 0, 1, 2
"""Under the sky, at a station below ground, in the tunnel between two of them."""


class Vehicles:
    """State of all vehicles of all modes.

    Parameters
    ----------
    modes : sequence of str
        Mode of each vehicle.

    Attributes
    ----------
    is_running : ndarray of bool
        On a trip with passengers.
    passengers : ndarray of int
        On board.
    """

    def __init__(self, modes: Sequence[str]) -> None:
        n = len(modes)
        self.modes = tuple(modes)
        counts: dict[str, int] = {}
        ids = []
        for mode in modes:
            counts[mode] = counts.get(mode, 0) + 1
            ids.append(f"{mode}-{counts[mode]:03d}")
        self.ids = tuple(ids)
        self.index = {name: i for i, name in enumerate(ids)}
        self.is_running = np.zeros(n, dtype=bool)
        self.passengers = np.zeros(n, dtype=np.int64)
        self.stop = [""] * n
        self.line = [""] * n
        self._legs = np.zeros((n, 4))  # x, y at the beginning and at the end [m]
        self._from_s, self._to_s = np.zeros(n), np.zeros(n)
        self._tunnels = np.zeros((n, 2), dtype=np.int64)  # while driving, once it stands
        self._free: dict[str, list[tuple[float, int, str]]] = {mode: [] for mode in counts}
        for i, mode in enumerate(modes):
            self._free[mode].append((-figure("idle_s"), i, ""))

    def take(self, mode: str, stop: str, now_s: float) -> int:
        """Take a free vehicle, one at the stop before one from the depot; -1 for none."""
        free = self._free.get(mode, [])
        chosen = next((k for k, (_, _, at) in enumerate(free) if at == stop), -1)
        if chosen < 0:
            chosen = next(
                (k for k, each in enumerate(free) if each[0] <= now_s - figure("idle_s")), -1
            )
        return free.pop(chosen)[1] if chosen >= 0 else -1

    def give_back(self, i: int, stop: str, now_s: float, layover_s: float) -> None:
        """Let a vehicle rest at a stop before it can be taken again."""
        self._free[self.modes[i]].append((now_s + layover_s, i, stop))

    def go(
        self,
        i: int,
        leg: tuple[float, float, float, float],
        times_s: tuple[float, float],
        tunnels: tuple[int, int],
    ) -> None:
        """Let a vehicle drive to its next stop.

        Parameters
        ----------
        i : int
            Vehicle.
        leg : tuple of float
            x and y of where it is and of where it goes. [m]
        times_s : (float, float)
            When it leaves and arrives. [s]
        tunnels : (int, int)
            `ABOVE`, `STATION` or `BETWEEN`, on the way and once it stands there.
        """
        self._legs[i] = leg
        self._from_s[i], self._to_s[i] = times_s
        self._tunnels[i] = tunnels

    def positions(self, now_s: float) -> tuple[_Floats, _Floats]:
        """Where all vehicles are now. [m]."""
        length = np.maximum(self._to_s - self._from_s, 1e-9)
        part = np.clip((now_s - self._from_s) / length, 0.0, 1.0)
        x = self._legs[:, 0] + part * (self._legs[:, 2] - self._legs[:, 0])
        y = self._legs[:, 1] + part * (self._legs[:, 3] - self._legs[:, 1])
        return x, y

    def stands(self, now_s: float) -> _Bools:
        """Say which stand at a stop."""
        return np.asarray(now_s >= self._to_s)

    def running(self) -> list[int]:
        """Return the vehicles on a trip."""
        return [int(i) for i in np.flatnonzero(self.is_running)]

    def tunnels(self, now_s: float) -> NDArray[np.int64]:
        """Say which are above ground, at a station below, or in a tunnel."""
        stands = now_s >= self._to_s
        return np.where(stands, self._tunnels[:, 1], self._tunnels[:, 0])
