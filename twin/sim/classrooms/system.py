"""Classrooms as one system: bells, devices, lines, exams, and the figures of all schools."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twin.model.errors import ModelError
from twin.sim.classrooms.campus import Campus
from twin.sim.classrooms.devices import EXAM, GUEST, KINDS, LOGON, VIDEO
from twin.sim.classrooms.exams import Exams
from twin.sim.classrooms.figures import exam_kpis, logon_kpis, rule_kpis, use_kpis
from twin.sim.classrooms.lessons import Lessons
from twin.sim.classrooms.lines import Lines
from twin.sim.schools import school_sites
from twin.sim.system import Action, Context, DeviceFleet, Kpi, Moment, System
from twin.sim.wifi import SCHOOL, shared_air

__all__ = ["Classrooms"]

_RECORD_S = 60.0


class Classrooms(System):
    """All schools of a city.

    Parameters
    ----------
    context : Context
        Shared. In worlds of few managed devices only schools with such devices live.

    Notes
    -----
    The shared access points carry the devices of lessons as flows; this system says what each may
    take from the line of its school (fair sharing, a rate model) and reads back what got through.
    A log-on ends when the device has got its bits. Without the system ``egov_backbone`` a school
    gets its whole line while its link is supplied.
    """

    name = "classrooms"
    tables = ("schools",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.campus: Campus | None = None

    def start(self) -> None:
        """Let the lessons under way go on and plan the day."""
        context = self.context
        air = shared_air(context)
        live = [
            school
            for school in context.city.schools
            if context.managed is None
            or any(air.fleet.members(site).size for site in school_sites(school))
        ]
        if not live:
            return
        self.campus = campus = Campus(context, air, live)
        is_exam_own = np.zeros(len(live), dtype=bool)
        self.lessons = Lessons(campus)
        self.lines = Lines(campus, is_exam_own)
        self.exams = Exams(campus, is_exam_own)
        campus.routers.start()
        self.lessons.plan_day()
        self._recorded_s = -np.inf
        air.follow(self._step)
        air.start()

    def _step(self, now_s: float, dt_s: float) -> None:
        view = self.lines.step(now_s, dt_s)
        if view is not None:
            self.exams.step(view, self.lines, now_s, dt_s)
        telemetry = self.context.telemetry
        if now_s >= self._recorded_s + _RECORD_S and telemetry.wants("schools"):
            self._recorded_s = now_s
            self._record(now_s)

    def _record(self, now_s: float) -> None:
        campus, lines = self.campus, self.lines
        if campus is None:
            return
        counts = campus.counts
        self.context.telemetry.add(
            "schools",
            now_s,
            {
                "school": np.array(campus.register.ids),
                "devices": counts.sum(axis=1).astype(np.int64),
                "logging_on": counts[:, LOGON].astype(np.int64),
                "videos": counts[:, VIDEO].astype(np.int64),
                "exam": counts[:, EXAM].astype(np.int64),
                "used_bps": lines.used_bps,
                "admin_bps": lines.shares.admin_bps,
                "guest_bps": lines.shares.guest_bps,
                "load_percent": lines.load_percent,
                "airtime_percent": 100.0 * lines.airtime,
                "page_load_s": lines.page_s,
                "is_online": campus.routers.is_online(),
            },
        )

    def fibre_load_bps(self) -> Mapping[str, float]:
        """Return what each school wants over its line now, by id; at most the line. [bit/s]."""
        if self.campus is None:
            return {}
        return dict(zip(self.campus.register.ids, self.lines.wanted_bps.tolist(), strict=True))

    def story(self) -> tuple[Moment, ...]:
        """Return outages of schools, and the whole day of schools with an exam."""
        return () if self.campus is None else self.campus.stories.of_all()

    def story_of(self, school: str) -> tuple[Moment, ...]:
        """Tell the latest moments of one school.

        Parameters
        ----------
        school : str
            Its id.

        Returns
        -------
        tuple of Moment
            Oldest first.

        Raises
        ------
        ModelError
            No such school lives in this run.
        """
        if self.campus is None:
            raise ModelError(f"no school {school!r} is simulated; there are none")
        self.campus.number(school)
        return self.campus.stories.of(school)

    def fleets(self) -> Mapping[str, DeviceFleet]:
        """Return access points and switches."""
        return {} if self.campus is None else self.campus.air.fleets()

    def devices(self) -> Mapping[str, str]:
        """Return the managed access points and switches of schools."""
        return {} if self.campus is None else self.campus.air.devices(SCHOOL)

    def kpis(self) -> Mapping[str, Kpi]:
        """Return figures since the start."""
        if self.campus is None:
            zero = Kpi(0.0, "1")
            return dict.fromkeys(("schools", "lessons", "logons", "exams", "devices_now"), zero)
        campus = self.campus
        rows = np.arange(len(campus.sites))
        return {
            "schools": Kpi(float(rows.size), "1"),
            "lessons": Kpi(float(self.lessons.held), "1", "school lessons since the start"),
            **rule_kpis(campus, rows),
            **logon_kpis(campus, rows),
            "logons_given_up": Kpi(
                float(campus.devices.gave_up), "1", "the lesson ended before the log-on"
            ),
            **use_kpis(campus, rows),
            **exam_kpis(self.exams.held),
        }

    def kpis_by_district(self) -> Mapping[str, Mapping[str, Kpi]]:
        """Return rule, log-ons, use and exams by slug of the district."""
        campus = self.campus
        if campus is None:
            return {}
        slugs = campus.register.slugs
        found = {}
        for slug in sorted(set(slugs.tolist()) - {""}):
            rows = np.flatnonzero(slugs == slug)
            exams = [exam for exam in self.exams.held if slugs[exam.school] == slug]
            found[slug] = {
                **rule_kpis(campus, rows),
                **logon_kpis(campus, rows),
                **use_kpis(campus, rows),
                **exam_kpis(exams),
            }
        return found

    def gauges(self) -> Mapping[str, float]:
        """Return what a control room watches now."""
        campus = self.campus
        if campus is None:
            return {"devices": 0.0, "load_percent": 0.0, "line_bps": 0.0}
        counts, lines = campus.counts.sum(axis=0), self.lines
        now_s = self.context.kernel.now_s
        in_lesson = (campus.bell_s <= now_s) & (now_s < campus.end_s)
        return {
            "devices": float(counts.sum()),
            **{f"devices_{name}": float(counts[k]) for k, name in enumerate(KINDS) if k != GUEST},
            "schools_in_lesson": float(in_lesson.sum()),
            "line_bps": float(lines.used_bps.sum()),
            "load_percent": float(lines.load_percent.mean()),
            "full_lines": float(campus.is_full.sum()),
            "airtime_percent": 100.0 * float(lines.airtime.mean()),
            "schools_offline": float((~campus.routers.is_online()).sum()),
        }

    def actions(self) -> Mapping[str, Action]:
        """Return what a scenario can do."""
        if self.campus is None:
            return {}
        return {
            "exam": Action(
                what="hold an exam on tablets at a school",
                check=self.exams.check,
                begin=self.exams.begin,
                end=self.exams.end,
                parameters={
                    "pupils": "pupils who sit it; one class if not given",
                    "video_percent": "share of the devices in other lessons with video [%]",
                    "protected": "true: the exam comes first on the line and in the air",
                },
            )
        }

    def check_invariants(self) -> None:
        """Check that every log-on is somewhere and no line carries more than it has."""
        campus = self.campus
        if campus is None:
            return
        devices, view = campus.devices, campus.devices.view()
        waiting = int((~view.has_logged_on).sum())
        if devices.started != devices.logged_on + devices.gave_up + waiting:
            raise AssertionError(
                f"schools: {devices.started} log-ons begun, {devices.logged_on} done, "
                f"{devices.gave_up} given up, {waiting} waiting"
            )
        shares, lines = self.lines.shares, self.lines
        over = shares.admin_bps + shares.guest_bps > lines.capacity_bps * (1.0 + 1e-9)
        if over.any():
            raise AssertionError(f"schools: {int(over.sum())} lines carry more than they have")
