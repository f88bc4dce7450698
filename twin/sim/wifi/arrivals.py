"""How stations come: at random through the day, or all at once when a lesson begins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.sim.wifi.fleet import WifiFleet

__all__ = ["RandomArrivals", "lesson"]

_Floats = NDArray[np.float64]

PUPIL_RATE_BPS = 300e3
"""Demand of a pupil's device in an ordinary lesson: an assumption; a video stream takes 2 to 5
Mbit/s. [bit/s]"""
STORM_FACTOR = 5.0
STORM_S = 300.0


class RandomArrivals:
    """Stations of one use that come by a Poisson process and stay an exponential time.

    Parameters
    ----------
    fleet : WifiFleet
        Where they come to.
    rng : Generator
        For when they come and how long they stay.
    use : int
        At access points of this use.
    sessions_per_day, session_s, rate_bps : float
        Of a mean access point: sessions, their mean length [s] and demand [bit/s].
    popularity : ndarray, optional
        Sessions of each access point of the fleet relative to the mean; None takes 1 for all.
    """

    def __init__(
        self,
        fleet: WifiFleet,
        rng: np.random.Generator,
        use: int,
        *,
        sessions_per_day: float,
        session_s: float,
        rate_bps: float,
        popularity: _Floats | None = None,
    ) -> None:
        self._fleet, self._rng = fleet, rng
        self._session_s, self._rate_bps = session_s, rate_bps
        mean = np.where(fleet.use == use, sessions_per_day / 86400.0, 0.0)
        self._per_s = mean if popularity is None else mean * popularity

    def settle(self, weight: float) -> None:
        """Start with the stations of a long-running network instead of none."""
        self._come(self._rng.poisson(self._per_s * weight * self._session_s), 0.0)

    def step(self, now_s: float, dt_s: float, weight: float) -> None:
        """Let those of a step come; `weight` is use relative to the mean of the day."""
        self._come(self._rng.poisson(self._per_s * weight * dt_s), now_s)

    def _come(self, counts: NDArray[np.int64], now_s: float) -> None:
        home = np.repeat(np.arange(counts.size), counts)
        if home.size:
            begin = np.full(home.size, now_s)
            stay = self._rng.exponential(self._session_s, home.size)
            self._fleet.add(home, (begin, begin + stay), np.full(home.size, self._rate_bps))


def lesson(
    fleet: WifiFleet,
    rng: np.random.Generator,
    site: str,
    devices: int,
    times_s: tuple[float, float],
    *,
    joins: bool,
    ssid: str = "",
    rate_bps: float = PUPIL_RATE_BPS,
    storm_factor: float = STORM_FACTOR,
) -> int:
    """Let the pupils of a lesson come with their devices, spread over the access points of a site.

    Parameters
    ----------
    fleet : WifiFleet
        Access points.
    rng : Generator
        For log-ons within the first five minutes.
    site : str
        Site of the school's access points.
    devices : int
        Devices in use in this lesson.
    times_s : (float, float)
        Begin and end. [s]
    joins : bool
        True: they log on within five minutes; False: the lesson is under way.
    ssid : str
        Network they want; empty: four of five the first of their access point.
    rate_bps : float
        Mean demand of a device. [bit/s]
    storm_factor : float
        So many times the demand during the first five minutes.

    Returns
    -------
    int
        Devices that have an access point to try; 0 for a site without any.

    Raises
    ------
    ModelError
        No access point has such a network.
    """
    members = fleet.members(site)
    if not members.size or devices <= 0:
        return 0
    home = members[np.arange(devices) % members.size]
    begin_s, end_s = times_s
    log_on = rng.beta(1.0, 3.0, devices) * STORM_S if joins else np.zeros(devices)
    ends = end_s + rng.uniform(0.0, 120.0, devices)
    storms = np.full(devices, begin_s + (STORM_S if joins else 0.0))
    fleet.add(
        home,
        (begin_s + log_on, ends),
        np.full(devices, rate_bps),
        storm=(storms, np.full(devices, storm_factor)),
        ssid=ssid,
    )
    return devices
