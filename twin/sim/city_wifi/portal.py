"""The captive portal: who clicks through, who gives up, and how long it takes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.sim.city_wifi.assumptions import figure
from twin.sim.system import Kpi
from twin.sim.wifi.histogram import Histogram

__all__ = ["Portal"]


class Portal:
    """Counts log-ins.

    Parameters
    ----------
    rng : Generator
        For who gives up and how long it takes.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._tries = self._refused = self._given_up = self._lost = 0
        self._seconds = Histogram.decades(1.0, 1000.0)

    def open(
        self, n: int, admitted: NDArray[np.bool_], *, counts: bool
    ) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Show the portal.

        Parameters
        ----------
        n : int
            To how many.
        admitted : ndarray of bool, shape (n,)
            Who has volume left today.
        counts : bool
            False for sessions that were under way when the simulation began.

        Returns
        -------
        passed : ndarray of bool, shape (n,)
            Who is online in the end.
        took_s : ndarray of shape (n,)
            How long the log-in took. [s]
        """
        clicks = self._rng.random(n) < figure("portal_success_percent") / 100.0
        took_s = self._rng.lognormal(np.log(figure("portal_median_s")), figure("portal_sigma"), n)
        passed = admitted & clicks
        if counts:
            self._tries += n
            self._refused += int((~admitted).sum())
            self._given_up += int((admitted & ~clicks).sum())
            self._seconds.add(took_s[passed])
        return passed, took_s

    def lose(self, n: int) -> None:
        """Count those who never got an access point to carry their log-in."""
        self._lost += n

    def kpis(self) -> Mapping[str, Kpi]:
        """Return log-ins, their success and their duration."""
        through = self._tries - self._refused - self._given_up - self._lost
        asked = self._tries - self._refused
        return {
            "portal_logins": Kpi(self._tries, "log-ins"),
            "portal_success_percent": Kpi(
                100.0 * max(through, 0) / asked if asked else 100.0,
                "%",
                "of those with volume left; no signal and giving up are failures",
            ),
            "portal_p50_s": Kpi(self._seconds.percentile(50.0), "s"),
            "refused_logins": Kpi(self._refused, "log-ins", "day's volume used up"),
        }
