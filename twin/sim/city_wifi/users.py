"""The people who use a city's Wi-Fi: who comes again, and who has used up his day's volume."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from twin.sim.city_wifi.assumptions import figure

__all__ = ["Users"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]


def _tries_per_user(sessions_per_user: float) -> float:
    """Log-ins over people in reach, so that those who come at all come so often.

    With n log-ins spread at random over m people, n / (m (1 - e^(-n/m))) fall on one who comes.
    """
    low, high = 1e-6, 100.0
    for _ in range(80):
        mid = (low + high) / 2.0
        low, high = (low, mid) if mid / -math.expm1(-mid) > sessions_per_user else (mid, high)
    return low


class Users:
    """People in reach of each site and what each has used today.

    Parameters
    ----------
    sessions_per_day : ndarray
        Log-ins expected at each site in a day.
    """

    def __init__(self, sessions_per_day: _Floats) -> None:
        tries = _tries_per_user(figure("sessions_per_user"))
        n = np.maximum(np.rint(sessions_per_day / tries), 1.0).astype(np.int64)
        self._first = np.concatenate([[0], np.cumsum(n)])
        self._n = n
        self._crowd_first = np.zeros(n.size, dtype=np.int64)
        self._crowd_n = np.ones(n.size, dtype=np.int64)
        total = int(self._first[-1])
        self._used_mb = np.zeros(total)
        self._was_seen = np.zeros(total, dtype=bool)
        self._is_capped = np.zeros(total, dtype=bool)
        self.capped = 0

    def gather(self, site: int, people: int) -> None:
        """Let a crowd come to a site: people who were not there before."""
        self._crowd_first[site], self._crowd_n[site] = self._used_mb.size, people
        self._used_mb = np.concatenate([self._used_mb, np.zeros(people)])
        for name in ("_was_seen", "_is_capped"):
            old = getattr(self, name)
            setattr(self, name, np.concatenate([old, np.zeros(people, dtype=bool)]))

    def draw(self, site: _Ints, of_crowd: _Bools, rng: np.random.Generator) -> _Ints:
        """Choose who logs in, by the number of the site and whether he belongs to a crowd."""
        first = np.where(of_crowd, self._crowd_first[site], self._first[site])
        n = np.where(of_crowd, self._crowd_n[site], self._n[site])
        return first + np.floor(rng.random(site.size) * n).astype(np.int64)

    def admit(self, users: _Ints) -> _Bools:
        """Say who may log in: all but those who have used up their volume."""
        return np.asarray(~self._is_capped[users])

    def see(self, users: _Ints) -> None:
        """Count people as users."""
        self._was_seen[users] = True

    @property
    def seen(self) -> int:
        """Different users since the start."""
        return int(self._was_seen.sum())

    def book(self, users: _Ints, mb: _Floats) -> None:
        """Add the volume of sessions that have ended."""
        np.add.at(self._used_mb, users, mb)

    def over(self, users: _Ints, mb: _Floats) -> _Bools:
        """Say whose running sessions take their owners over the day's volume, and remember it.

        Parameters
        ----------
        users : ndarray of int, shape (N,)
            Owners of the running sessions; one may have several.
        mb : ndarray of shape (N,)
            Volume of each so far. [MB]

        Returns
        -------
        ndarray of bool, shape (N,)
            Sessions that end now.
        """
        running = np.bincount(users, mb, self._used_mb.size)
        over = (self._used_mb + running > figure("cap_mb"))[users]
        new = np.unique(users[over])
        self.capped += int((~self._is_capped[new]).sum())
        self._is_capped[new] = True
        return np.asarray(over)

    def new_day(self, users: _Ints, mb: _Floats) -> None:
        """Forget what was used; volume of running sessions before midnight does not count."""
        self._used_mb[:] = -np.bincount(users, mb, self._used_mb.size)
        self._is_capped[:] = False
