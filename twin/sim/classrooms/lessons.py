"""Lessons begin and end: who comes with which devices, at the bells of each school."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from twin.sim.classrooms.assumptions import value
from twin.sim.classrooms.bells import lessons_of_day
from twin.sim.classrooms.campus import Campus
from twin.sim.classrooms.devices import GUEST, LOGON
from twin.sim.holidays import is_school_day

__all__ = ["Lessons"]

_WHO = "bells"
_GUESTS_MIN = (450, 960)  # 7:30 to 16:00: assumed
_EARLIER, _LATER = -1, 2  # steps between the bells of schools


class Lessons:
    """The bells of all schools.

    Parameters
    ----------
    campus : Campus
        The schools.
    """

    def __init__(self, campus: Campus) -> None:
        self._campus, self._context = campus, campus.context
        steps = self._context.rng("classrooms/bells").integers(
            _EARLIER, _LATER + 1, len(campus.sites)
        )
        self.offset_min = round(value("bell_step_min")) * steps
        self._rng = self._context.rng("classrooms/lessons")
        self.held = 0

    def plan_day(self) -> None:
        """Schedule the lessons of the local day that have not ended, and the next plan."""
        context, register = self._context, self._campus.register
        clock, now_s = context.clock, context.kernel.now_s
        day = clock.local(now_s).replace(hour=12, minute=0, second=0, microsecond=0)
        bells: dict[tuple[float, float], list[int]] = {}
        for k, school in enumerate(register.schools):
            for times_s in lessons_of_day(clock, day, school.form, int(self.offset_min[k])):
                if times_s[1] > now_s:
                    bells.setdefault(times_s, []).append(k)
        for times_s, schools in sorted(bells.items()):
            context.kernel.at(max(times_s[0], now_s), _WHO, self._ring, times_s, tuple(schools))
        self._plan_guests(day)
        tomorrow_s = clock.seconds_on(day + timedelta(days=1), 0)
        context.kernel.at(tomorrow_s, _WHO, self.plan_day)

    def _plan_guests(self, day: datetime) -> None:
        clock, now_s = self._context.clock, self._context.kernel.now_s
        from_s, to_s = (clock.seconds_on(day, minute) for minute in _GUESTS_MIN)
        if is_school_day(day.date()) and to_s > now_s:
            self._context.kernel.at(max(from_s, now_s), _WHO, self._let_guests, to_s)

    def _let_guests(self, to_s: float) -> None:
        campus, now_s = self._campus, self._context.kernel.now_s
        counts = self._rng.poisson(value("guests_per_teacher") * campus.register.teachers)
        schools = range(len(campus.sites))
        campus.devices.come(schools, counts.tolist(), (now_s, to_s), GUEST, joins=False)

    def _ring(self, times_s: tuple[float, float], schools: tuple[int, ...]) -> None:
        """Let the devices of a lesson come at all schools with this bell."""
        campus, rng = self._campus, self._rng
        register, now_s = campus.register, self._context.kernel.now_s
        rows = np.array(schools, dtype=np.int64)
        spread = value("device_spread")
        factor = rng.uniform(1.0 - spread, 1.0 + spread, rows.size)
        share = np.minimum(value("present_share") * register.device_share[rows] * factor, 1.0)
        wanted = rng.binomial(register.pupils[rows], share)
        has_air = np.array([campus.devices.members[k].size > 0 for k in schools], dtype=bool)
        counts = np.where(has_air, wanted, 0)
        joins = times_s[0] >= now_s
        campus.bell_s[rows] = times_s[0]
        campus.end_s[rows] = times_s[1]
        video = np.repeat(campus.video_share[rows], counts)
        activity = campus.devices.activities(int(counts.sum()), video)
        campus.devices.come(
            schools, counts.tolist(), (max(times_s[0], now_s), times_s[1]), activity, joins=joins
        )
        self.held += rows.size
        for k, n in zip(schools, counts.tolist(), strict=True):
            name = register.ids[k]
            self._context.note("lesson_begins", name, n)
            campus.stories.tell(
                name, now_s, f"A lesson begins: {n} devices log on.", is_routine=True
            )
        look_s = times_s[0] + value("logon_within_s")
        if joins:
            self._context.kernel.at(look_s, _WHO, self._look_back, schools, tuple(counts.tolist()))

    def _look_back(self, schools: tuple[int, ...], counts: tuple[int, ...]) -> None:
        """Tell how the log-on storm went, five minutes after the bell."""
        campus, now_s = self._campus, self._context.kernel.now_s
        for k, n in zip(schools, counts, strict=True):
            waiting = int(campus.counts[k, LOGON])
            name = campus.register.ids[k]
            self._context.note("storm_over", name, waiting)
            if n:
                p95_s = campus.ledger.logon_quantile_s(0.95, np.array([k]))
                text = f"Five minutes after the bell {waiting} of {n} devices still log on"
                campus.stories.tell(
                    name, now_s, f"{text}; 95 % of all so far took {p95_s:.0f} s.", is_routine=True
                )
