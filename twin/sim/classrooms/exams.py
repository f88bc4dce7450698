"""Exams on tablets: little traffic that must never stand still."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.model.errors import ModelError
from twin.sim.classrooms.assumptions import value
from twin.sim.classrooms.campus import Campus
from twin.sim.classrooms.devices import EXAM, EXAM_LOGON, LOGON, PLATFORM, VIDEO, WEB, View
from twin.sim.classrooms.lines import Lines
from twin.sim.classrooms.standstill import Conditions, limit_of, stands_still
from twin.sim.kernel import Due

__all__ = ["Exam", "Exams"]

_Ints = NDArray[np.int64]

_GRACE_S = 60.0  # after the log-on window; from then on who cannot work loses time
_GOES_ON = "The exam goes on after {minutes}."


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
        The exam comes first on the line, and by its access category (EDCA) in the air.
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
    is_out : bool
        It stands still for more than a tenth of the pupils, until it is half of that again.
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
    is_out: bool = False
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
        campus = self._campus
        for k, exam in self.running.items():
            sits = (view.school == k) & (view.activity == EXAM)
            rows, kinds = view.rows[sits], view.kind[sits]
            has_network = self._join_network(k, rows)
            self._is_own[k] = exam.is_protected or has_network
            campus.air.fleet.stations.is_first[rows] = self._is_own[k]
            is_still, _ = stands_still(campus.air.fleet, rows, kinds, self._met(k, lines))
            # before, pupils log on and write nothing: a slow log-on must not look like no loss
            has_begun = now_s >= exam.begin_s + value("logon_within_s") + _GRACE_S
            is_still = (is_still | (kinds == EXAM_LOGON)) & has_begun
            n = int(is_still.sum())
            exam.pupil_lost_s += n * dt_s
            most = value("exam_stall_share") * exam.pupils
            was_out, exam.is_out = exam.is_out, n > (0.5 * most if exam.is_out else most)
            exam.interrupted_s += dt_s if exam.is_out else 0.0
            begins = exam.is_out and not was_out
            why = self._why(k, rows[is_still], kinds[is_still], lines) if begins else ""
            changed = campus.stories.follow(
                campus.register.ids[k],
                "exam",
                now_s,
                is_so=exam.is_out,
                begins=f"The exam stands still for {n} pupils: {why}.",
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

    def _met(self, k: int, lines: Lines) -> Conditions:
        """Say what the exam at a school meets now."""
        campus = self._campus
        return Conditions(
            campus.devices.rates_bps[k],
            float(lines.shares.exam_new_bps[k]),
            bool(campus.is_full[k]) and not bool(self._is_own[k]),
            campus.air.fleet.traffic.now,
        )

    def _with_more_line(self, k: int, lines: Lines) -> Conditions:
        """Say what it would meet with a line that is never full: all of the school send more."""
        campus, view = self._campus, self._campus.devices.view()
        peak_bps = lines.peak_bps.copy()
        peak_bps[[LOGON, EXAM_LOGON]] *= lines.has_services[k]
        rate_bps, mine = campus.air.fleet.stations.rate_bps.copy(), view.school == k
        rate_bps[view.rows[mine]] = peak_bps[view.kind[mine]]
        air = campus.air.fleet.try_rates(rate_bps)
        return self._met(k, lines).with_more_line(air, peak_bps)

    def _why(self, k: int, rows: _Ints, kinds: _Ints, lines: Lines) -> str:
        """Name what holds those who stand still up: that of which more would help most."""
        campus = self._campus
        fleet, counts = campus.air.fleet, campus.counts[k]
        if not campus.routers.is_on[k]:
            return "no power"
        if not lines.capacity_bps[k]:
            return "no link"
        if not lines.has_services[k] and (kinds == EXAM_LOGON).all():
            return "the data centre does not answer"
        ap = fleet.stations.ap[rows]
        if 2 * int((ap < 0).sum()) > rows.size:
            return "no access point in reach"
        limit = limit_of(fleet, rows, kinds, self._met(k, lines), self._with_more_line(k, lines))
        fullest = fleet.ids[int(np.bincount(ap[ap >= 0]).argmax())]
        where = f"{fullest} ({100.0 * lines.airtime[k]:.0f} % airtime in the mean)"
        causes = {"line": "the line is full", "air": f"the air is full at {where}"}
        causes["both"] = f"the line is full, and the air at {where}"
        who = f"{counts[VIDEO]:.0f} videos in other lessons"
        waiting = f", {counts[EXAM_LOGON]:.0f} pupils still log on" if counts[EXAM_LOGON] else ""
        return f"{causes[limit]}, {who}{waiting}"
