"""Exams on tablets: little traffic that must never stand still."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.model.errors import ModelError
from twin.sim.classrooms.assumptions import value
from twin.sim.classrooms.campus import Campus
from twin.sim.classrooms.devices import EXAM, PLATFORM, VIDEO, WEB, View
from twin.sim.classrooms.lines import Lines
from twin.sim.kernel import Due

__all__ = ["Exam", "Exams", "stands_still"]

_Floats = NDArray[np.float64]


def stands_still(
    has_air: NDArray[np.bool_], granted_bps: _Floats, backlog_bits: _Floats
) -> NDArray[np.bool_]:
    """Say at which devices an exam stands still.

    Parameters
    ----------
    has_air : ndarray of bool
        Whether each is associated with an access point.
    granted_bps : ndarray
        What the line leaves to each. [bit/s]
    backlog_bits : ndarray
        What waits for the air at each. [bit]

    Returns
    -------
    ndarray of bool
        True without an access point, with less than half of the rate an exam needs, or with more
        waiting than five seconds of it.
    """
    need_bps = 1e3 * value("exam_kbps")
    waits = backlog_bits > value("exam_stall_s") * need_bps
    return np.asarray(~has_air | (granted_bps < 0.5 * need_bps) | waits)


@dataclass(slots=True, eq=False)
class Exam:
    """One exam at one school.

    Parameters
    ----------
    school : int
        Number of the school.
    pupils : int
        Pupils who sit it.
    is_protected : bool
        The exam is served before all other lessons.
    begin_s : float
        Begin. [s]
    video_share : float
        Share of devices with video in other lessons before the exam.
    due : Due or None
        Its end, if nobody ends it before.
    interrupted_s : float
        How long more than a tenth of the pupils could not go on. [s]
    pupil_lost_s : float
        Sum over pupils of the time lost. [s]
    is_over : bool
        It has ended.
    """

    school: int
    pupils: int
    is_protected: bool
    begin_s: float
    video_share: float
    due: Due | None = None
    interrupted_s: float = 0.0
    pupil_lost_s: float = 0.0
    is_over: bool = False


class Exams:
    """All exams of a run; at most one at a time at each school.

    Parameters
    ----------
    campus : Campus
        The schools.
    is_own : ndarray of bool
        Set for schools whose exam has a network of its own.
    """

    def __init__(self, campus: Campus, is_own: NDArray[np.bool_]) -> None:
        self._campus, self._context, self._is_own = campus, campus.context, is_own
        self.running: dict[int, Exam] = {}
        self.held: list[Exam] = []

    def check(self, school: str, parameters: Mapping[str, object]) -> None:
        """Refuse an exam that cannot be.

        Parameters
        ----------
        school : str
            Id of the school.
        parameters : mapping
            ``pupils``, ``video_percent`` and ``protected``.

        Raises
        ------
        ModelError
            Unknown school, more pupils than it has, or a value out of range.
        """
        k = self._campus.number(school)
        there = int(self._campus.register.pupils[k])
        pupils = parameters.get("pupils", 1)
        if isinstance(pupils, bool) or not isinstance(pupils, int) or not 1 <= pupils <= there:
            raise ModelError(f"pupils is {pupils!r}, must be a whole number from 1 to {there}")
        video = parameters.get("video_percent", 0)
        if isinstance(video, bool) or not isinstance(video, int | float):
            raise ModelError(f"video_percent is {video!r}, must be a number")
        if not 0.0 <= video <= 100.0:
            raise ModelError(f"video_percent is {video}, must be 0 to 100")
        if not isinstance(parameters.get("protected", False), bool):
            raise ModelError(f"protected is {parameters['protected']!r}, must be true or false")

    def begin(self, school: str, parameters: Mapping[str, object]) -> None:
        """Let an exam begin: its pupils log on within five minutes.

        Parameters
        ----------
        school : str
            Id of the school.
        parameters : mapping
            As `check` has them; without ``pupils`` one class sits it.

        Raises
        ------
        ModelError
            An exam is running at the school.
        """
        campus, now_s = self._campus, self._context.kernel.now_s
        k = campus.number(school)
        if k in self.running:
            raise ModelError(f"an exam is running at school {school}, end it first")
        one_class = round(float(campus.register.pupils[k] / campus.register.classes[k]))
        pupils, video = parameters.get("pupils", one_class), parameters.get("video_percent")
        exam = Exam(
            school=k,
            pupils=pupils if isinstance(pupils, int) else one_class,
            is_protected=bool(parameters.get("protected", False)),
            begin_s=now_s,
            video_share=float(campus.video_share[k]),
        )
        longest_s = 3600.0 * value("exam_longest_h")
        campus.devices.come([k], [exam.pupils], (now_s, now_s + longest_s), EXAM, joins=True)
        if isinstance(video, int | float):
            campus.video_share[k] = video / 100.0
            self._show_videos(k)
        exam.due = self._context.kernel.after(longest_s, school, self.end, school, parameters)
        self.running[k] = exam
        self.held.append(exam)
        self._context.note("exam_begins", school, exam.pupils)
        own = "served first" if exam.is_protected else "in the network of all lessons"
        campus.stories.tell_exam(school, now_s, f"An exam begins: {exam.pupils} pupils, {own}.")

    def _show_videos(self, k: int) -> None:
        """Let the wanted share of the devices in the lesson under way watch videos."""
        devices = self._campus.devices
        view = devices.view()
        rows = view.rows[(view.school == k) & np.isin(view.activity, (PLATFORM, WEB, VIDEO))]
        n = round(float(self._campus.video_share[k]) * rows.size)
        devices.change(rows[:n], VIDEO)

    def end(self, school: str, parameters: Mapping[str, object]) -> None:
        """Let the exam at a school end; does nothing if it has."""
        campus, now_s = self._campus, self._context.kernel.now_s
        exam = self.running.pop(campus.number(school), None)
        if exam is None:
            return
        if exam.due is not None:
            exam.due.cancel()
        exam.is_over = True
        self._is_own[exam.school] = False
        campus.video_share[exam.school] = exam.video_share
        campus.stories.follow(school, "exam", now_s, is_so=False, begins="", ends=_GOES_ON)
        fleet, view = campus.air.fleet, campus.devices.view()
        leaves = np.zeros(fleet.stations.size, dtype=bool)
        leaves[view.rows[(view.school == exam.school) & (view.activity == EXAM)]] = True
        fleet.end(leaves, now_s)
        self._context.note("exam_ends", school, round(exam.interrupted_s))
        minutes = exam.interrupted_s / 60.0
        text = f"The exam ends; it stood still for {minutes:.1f} min"
        lost = exam.pupil_lost_s / 60.0 / exam.pupils
        campus.stories.tell(school, now_s, f"{text}, {lost:.1f} min for the mean pupil.")

    def step(self, view: View, lines: Lines, now_s: float, dt_s: float) -> None:
        """Look at every exam after a step of the lines.

        Parameters
        ----------
        view : View
            The stations.
        lines : Lines
            What was granted to them.
        now_s, dt_s : float
            Now and length of the step. [s]
        """
        campus, at = self._campus, self._campus.air.fleet.stations
        for k, exam in self.running.items():
            sits = (view.school == k) & (view.activity == EXAM)
            has_network = self._join_network(k, view.rows[sits])
            self._is_own[k] = exam.is_protected or has_network
            rows = view.rows[sits & view.has_logged_on]
            stalled = stands_still(
                at.ap[rows] >= 0,
                np.full(rows.size, lines.shares.exam_bps[k]),
                at.backlog_bits[rows],
            )
            n = int(stalled.sum())
            exam.pupil_lost_s += n * dt_s
            is_out = n > value("exam_stall_share") * exam.pupils
            exam.interrupted_s += dt_s if is_out else 0.0
            changed = campus.stories.follow(
                campus.register.ids[k],
                "exam",
                now_s,
                is_so=is_out,
                begins=f"The exam stands still for {n} pupils: {self._why(k, lines)}.",
                ends=_GOES_ON,
            )
            if changed:
                self._context.note("exam_stalls", campus.register.ids[k], n)

    def _join_network(self, k: int, rows: NDArray[np.int64]) -> bool:
        """Let exams use the exam network of a school while an access point offers it."""
        campus = self._campus
        networks, members = campus.air.fleet.networks, campus.devices.members[k]
        number = networks.number.get(campus.exam_networks[k])
        is_there = number is not None and bool(networks.offered()[members, number].any())
        name = campus.exam_networks[k] if is_there else campus.devices.pedagogy(k)
        campus.devices.use_network(rows, name)
        return is_there

    def _why(self, k: int, lines: Lines) -> str:
        campus = self._campus
        if not campus.routers.is_on[k]:
            return "no power"
        if not lines.capacity_bps[k]:
            return "no link"
        videos = f"{campus.counts[k, VIDEO]:.0f} videos in other lessons"
        if lines.shares.exam_bps[k] < 0.5e3 * value("exam_kbps"):
            return f"the line is full, {videos}"
        return f"the air is full ({100.0 * lines.airtime[k]:.0f} % airtime), {videos}"


_GOES_ON = "The exam goes on after {minutes}."
