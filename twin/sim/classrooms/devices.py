"""Devices in lessons: what they do, written into the stations of the access points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.sim.classrooms.assumptions import value
from twin.sim.wifi import SCHOOL, WifiFleet
from twin.sim.wifi.stations import Stations

__all__ = [
    "EXAM",
    "EXAM_LOGON",
    "GUEST",
    "KINDS",
    "LOGON",
    "PLATFORM",
    "VIDEO",
    "WEB",
    "Devices",
    "View",
]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]

PLATFORM, WEB, VIDEO, EXAM, GUEST = range(5)
"""What a device does once it has logged on."""
LOGON, EXAM_LOGON = 5, 6
"""What it does before, in a lesson or in an exam."""
KINDS = ("platform", "web", "video", "exam", "guest", "logon", "exam_logon")

_STEP = 16  # a station's `user` is school * 16 + 8 * (has logged on) + activity
_LOGGED_ON = 8


class View:
    """The stations of schools at one moment, by school and kind.

    Parameters
    ----------
    rows : ndarray
        Rows of the table of stations.
    user : ndarray
        Their codes.
    """

    def __init__(self, rows: _Ints, user: _Ints) -> None:
        self.rows = rows
        self.school = user // _STEP
        self.has_logged_on = (user % _STEP) >= _LOGGED_ON
        self.activity = user % _LOGGED_ON
        self.kind = self.activity.copy()
        waits = np.flatnonzero(~self.has_logged_on)
        self.kind[waits] = np.where(self.activity[waits] == EXAM, EXAM_LOGON, LOGON)

    def count(self, n_schools: int, which: _Bools) -> _Floats:
        """Count stations by school and kind, shape (schools, kinds)."""
        cell = self.school[which] * len(KINDS) + self.kind[which]
        counts = np.bincount(cell, minlength=n_schools * len(KINDS))
        return counts.reshape(n_schools, len(KINDS)).astype(np.float64)


class Devices:
    """Gives stations to the access points of schools, and reads how they fare.

    Parameters
    ----------
    fleet : WifiFleet
        The access points.
    sites : sequence of str
        Site of the access points of each school.
    networks : sequence of (str, str)
        Network names of pedagogy and guests at each school.
    rng : Generator
        Log-on times, activities, ends.
    """

    def __init__(
        self,
        fleet: WifiFleet,
        sites: Sequence[str],
        networks: Sequence[tuple[str, str]],
        rng: np.random.Generator,
    ) -> None:
        self._fleet, self._rng = fleet, rng
        self.members = tuple(fleet.members(site) for site in sites)
        self._networks = tuple(networks)
        self.school_of_ap = np.full(len(fleet.ids), -1, dtype=np.int64)
        for k, members in enumerate(self.members):
            self.school_of_ap[members] = k
        self.rates_bps = np.full((len(sites), len(KINDS)), 1e6 * value("logon_peak_mbps"))
        self.started = 0
        self.logged_on = 0
        self.gave_up = 0
        fleet.when_leaving(SCHOOL, self._leave)

    def come(
        self, schools: Sequence[int], counts: Sequence[int], times_s: tuple[float, float],
        activity: _Ints | int, *, joins: bool,
    ) -> None:  # fmt: skip
        """Let devices of several schools come.

        Parameters
        ----------
        schools, counts : sequence of int
            Schools and how many devices at each.
        times_s : (float, float)
            Begin and end. [s]
        activity : int or ndarray
            What all, or each, do once logged on.
        joins : bool
            True: they log on within five minutes, False: they have done so.
        """
        home = [self._spread(k, n) for k, n in zip(schools, counts, strict=True)]
        school = np.repeat(np.array(schools, dtype=np.int64), [h.size for h in home])
        if not school.size:
            return
        what = np.broadcast_to(np.asarray(activity, dtype=np.int64), school.shape)
        begin_s, end_s = times_s
        late_s = np.zeros(school.size)
        if joins:
            late_s = self._rng.beta(1.0, 3.0, school.size) * value("logon_within_s")
            self.started += school.size
        user = school * _STEP + what + (0 if joins else _LOGGED_ON)
        end = end_s + self._rng.uniform(0.0, 120.0, school.size)
        homes = np.concatenate(home)
        names = [
            self._networks[k][1 if w == GUEST else 0] for k, w in zip(school, what, strict=True)
        ]
        for name in dict.fromkeys(names):
            these = np.array([n == name for n in names], dtype=bool)
            self._fleet.add(
                homes[these],
                (begin_s + late_s[these], end[these]),
                self.rates_bps[school, LOGON if joins else what][these],
                user=user[these],
                ssid=name,
            )

    def _spread(self, school: int, count: int) -> _Ints:
        members = self.members[school]
        n = count if members.size else 0
        return np.asarray(members[np.arange(n) % max(members.size, 1)], dtype=np.int64)

    def activities(self, n: int, video_share: _Floats | float) -> _Ints:
        """Draw what devices of a lesson do: video, web, or the learning platform."""
        draw = self._rng.random(n)
        is_video = draw < video_share
        return np.where(
            is_video, VIDEO, np.where(draw < video_share + value("web_share"), WEB, PLATFORM)
        )

    def view(self) -> View:
        """Look at the stations of schools."""
        at = self._fleet.stations
        rows = np.flatnonzero((at.user >= 0) & self._fleet.of_use(SCHOOL))
        return View(rows, at.user[rows])

    def finish_logons(self, view: View, now_s: float) -> tuple[_Ints, _Floats]:
        """Let devices that have got all a log-on needs go on to what they came for.

        Parameters
        ----------
        view : View
            Stations now.
        now_s : float
            Simulated second. [s]

        Returns
        -------
        school : ndarray
            School of each that is done.
        took_s : ndarray
            How long its log-on took. [s]
        """
        at, bits = self._fleet.stations, 8e6 * value("logon_mbyte")
        waits = ~view.has_logged_on
        done = waits & (at.served_bits[view.rows] >= bits)
        rows = view.rows[done]
        rate = np.maximum(self.rates_bps[view.school[done], view.kind[done]], 1.0)
        early_s = (at.served_bits[rows] - bits) / rate
        took_s = np.maximum(
            now_s - at.begin_s[rows] - early_s, bits / (1e6 * value("logon_peak_mbps"))
        )
        at.user[rows] += _LOGGED_ON
        self.logged_on += rows.size
        return view.school[done], took_s + value("logon_base_s")

    def log_on_again(self, school: int, now_s: float) -> int:
        """Make all devices of a school log on anew, as after an outage; return how many."""
        view, at = self.view(), self._fleet.stations
        chosen = (view.school == school) & view.has_logged_on & (view.activity != GUEST)
        rows = view.rows[chosen]
        at.user[rows] -= _LOGGED_ON
        at.served_bits[rows] = 0.0
        at.begin_s[rows] = now_s
        self.started += rows.size
        return int(rows.size)

    def change(self, rows: _Ints, activity: int) -> None:
        """Let stations do something else from now on."""
        at = self._fleet.stations
        at.user[rows] += activity - at.user[rows] % _LOGGED_ON

    def pedagogy(self, school: int) -> str:
        """Name the network of lessons at a school."""
        return self._networks[school][0]

    def use_network(self, rows: _Ints, name: str) -> None:
        """Let stations want another network; those that did not leave their access point."""
        at, number = self._fleet.stations, self._fleet.networks.number.get(name)
        if number is not None:
            moves = rows[at.net[rows] != number]
            at.net[moves] = number
            at.ap[moves] = -1

    def _leave(self, leaving: Stations) -> None:
        mine = leaving.user[leaving.user >= 0]
        self.gave_up += int((mine % _STEP < _LOGGED_ON).sum())
