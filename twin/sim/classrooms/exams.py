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

__all__ = ["Exam", "Exams", "page_load_s"]

_Floats = NDArray[np.float64]

_FULL_AIR = 0.9  # from this airtime on packets wait at an access point: assumed
_GRACE_S = 60.0  # after the log-on window; who cannot work then loses time
_GOES_ON = "The exam goes on after {minutes}."


def page_load_s(
    line_bps: float, air_bps: _Floats, is_queued: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Work out how long a page of an exam takes.

    Parameters
    ----------
    line_bps : float
        What one more flow of the exam gets of the line. [bit/s]
    air_bps : ndarray of shape (n,)
        What one more download of each device gets over the air. [bit/s]
    is_queued : ndarray of bool of shape (n,)
        Whether its packets wait in a full buffer.

    Returns
    -------
    ndarray of shape (n,)
        Time. [s]
    """
    rate_bps = np.maximum(np.minimum(air_bps, line_bps), 1.0)
    queue_s = value("full_queue_s") * is_queued
    return np.asarray(value("page_base_s") + queue_s + 8e6 * value("exam_page_mbyte") / rate_bps)


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
            has_network = self._join_network(k, view.rows[sits])
            self._is_own[k] = exam.is_protected or has_network
            n = int(self._stalled(k, view.rows[sits & view.has_logged_on], lines, dt_s).sum())
            if now_s >= exam.begin_s + value("logon_within_s") + _GRACE_S:
                n += int((sits & ~view.has_logged_on).sum())
            exam.pupil_lost_s += n * dt_s
            most = value("exam_stall_share") * exam.pupils
            exam.is_out = n > (0.5 * most if exam.is_out else most)
            exam.interrupted_s += dt_s if exam.is_out else 0.0
            changed = campus.stories.follow(
                campus.register.ids[k],
                "exam",
                now_s,
                is_so=exam.is_out,
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

    def _stalled(
        self, k: int, rows: NDArray[np.int64], lines: Lines, dt_s: float
    ) -> NDArray[np.bool_]:
        """Say which of the devices of an exam stand still.

        Without an access point; with less than it needs of the line, or of the air in the step
        that has ended; or where a page takes longer than people wait.
        """
        fleet, shares = self._campus.air.fleet, lines.shares
        at, need_bps = fleet.stations, 1e3 * value("exam_kbps")
        stalled = np.ones(rows.size, dtype=bool)
        has_air = at.ap[rows] >= 0
        seen = rows[has_air]
        air = fleet.traffic
        through_bps = min(float(shares.exam_bps[k]), need_bps) - at.backlog_bits[seen] / dt_s
        is_queued = air.utilization[at.ap[seen], at.band[seen]] >= _FULL_AIR
        if not self._is_own[k] and self._campus.is_full[k]:
            is_queued = np.ones(seen.size, dtype=bool)
        page_s = page_load_s(float(shares.exam_new_bps[k]), air.user_bps(at, seen), is_queued)
        late = page_s > value("exam_page_limit_s")
        stalled[has_air] = late | (through_bps < value("exam_need_share") * need_bps)
        return stalled

    def _why(self, k: int, lines: Lines) -> str:
        campus = self._campus
        if not campus.routers.is_on[k]:
            return "no power"
        if not lines.capacity_bps[k]:
            return "no link"
        videos = f"{campus.counts[k, VIDEO]:.0f} videos in other lessons"
        if campus.is_full[k] and not self._is_own[k]:
            return f"the line is full, {videos}"
        airtime = f"{100.0 * lines.airtime[k]:.0f} % airtime in the mean"
        return f"an access point is full ({airtime}), {videos}"
