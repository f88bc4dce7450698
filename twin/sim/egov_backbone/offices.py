"""Citizen offices: opening hours, appointments, clerks, and who waits how long."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from simpy.resources.resource import PriorityRequest

from twin.model.city import Office
from twin.sim.egov_backbone.assumptions import value
from twin.sim.holidays import is_workday
from twin.sim.kernel import Crews, Due
from twin.sim.system import Context

__all__ = ["CitizenOffice", "Visit", "opening_min"]

_WEEK_H = 5.0 * (value("office_closes_h") - value("office_opens_h")) + (
    value("office_closes_late_h") - value("office_closes_h")
)


def opening_min(day: datetime, late_weekday: int) -> tuple[int, int] | None:
    """Find the opening hours of an office on a local day.

    Parameters
    ----------
    day : datetime
        Local day.
    late_weekday : int
        Day of the long evening, 0 Monday to 4 Friday.

    Returns
    -------
    (int, int) or None
        Minutes after midnight; None on weekends and public holidays. [min]
    """
    if not is_workday(day.date()):
        return None
    closes = "office_closes_late_h" if day.weekday() == late_weekday else "office_closes_h"
    return round(60 * value("office_opens_h")), round(60 * value(closes))


@dataclass(slots=True, eq=False)
class Visit:
    """One appointment from its booking to its end.

    `state` is booked, waiting, served_now, stalled (a clerk sits before a dead screen) or over.
    """

    slot_s: float
    lasts_s: float
    state: str = "booked"
    arrived_s: float = 0.0
    begun_s: float | None = None
    request: PriorityRequest | None = None
    due: Due | None = None


@dataclass(slots=True)
class _Tally:
    booked: int = 0
    served: int = 0
    no_shows: int = 0
    lost: dict[str, int] = field(default_factory=dict)


class CitizenOffice:
    """One citizen office.

    Parameters
    ----------
    context : Context
        Shared.
    record : Office
        Its record in the city.
    late_weekday : int
        Day of the long evening.
    rng : Generator
        Slots, durations, punctuality.

    Notes
    -----
    Citizens with an earlier slot are served first. An appointment needs the office's power, its
    link and the data centre; while one is missing nobody is served, the clock of who is being
    served stands still, and patience runs.
    """

    def __init__(
        self, context: Context, record: Office, late_weekday: int, rng: np.random.Generator
    ) -> None:
        self._context, self._rng = context, rng
        self.id, self.late_weekday = record.id, late_weekday
        days = value("office_opening_days")
        self._per_hour = record.appointments_per_year / (days * _WEEK_H / 5.0)
        busy_clerks = self._per_hour * value("appointment_mean_min") / 60.0
        n_clerks = max(1, math.ceil(busy_clerks / value("clerk_utilisation")))
        self.clerks = Crews(context.kernel, n_clerks)
        self.works, self.is_closed_by_order = True, False
        self.tally = _Tally()
        self.waits_s: list[float] = []
        self.busy_s = 0.0
        self._present: dict[int, Visit] = {}
        self._coming: dict[int, Visit] = {}
        self._number = 0

    def plan_day(self) -> None:
        """Book the appointments of the local day that are still to come."""
        context, now_s = self._context, self._context.kernel.now_s
        day = context.clock.local(now_s)
        hours = opening_min(day, self.late_weekday)
        if hours is None:
            return
        opens_min, closes_min = hours
        opens_s = context.clock.seconds_on(day, opens_min)
        last_min = closes_min - value("last_slot_before_closing_min") - opens_min
        grid_min = value("slot_grid_min")
        expected = self._per_hour * (closes_min - opens_min) / 60.0
        n = int(expected + self._rng.random())
        slots_min = grid_min * np.floor(np.arange(n) * (last_min / grid_min + 1.0) / max(n, 1))
        sigma = value("appointment_sigma")
        mu = math.log(60.0 * value("appointment_mean_min")) - sigma * sigma / 2.0
        lasts_s = self._rng.lognormal(mu, sigma, n)
        early_s = self._rng.normal(0.0, 60.0 * value("punctuality_sigma_min"), n)
        comes = self._rng.random(n) >= value("no_show_share")
        for k in range(n):
            slot_s = opens_s + 60.0 * float(slots_min[k])
            if slot_s < now_s:
                continue
            self.tally.booked += 1
            self._number += 1
            self._coming[self._number] = Visit(slot_s, float(lasts_s[k]))
            if not comes[k]:
                context.kernel.at(slot_s, self.id, self._miss, self._number)
                continue
            arrival_s = max(slot_s + float(early_s[k]), opens_s, now_s)
            context.kernel.at(arrival_s, self.id, self._arrive, self._number)

    def _miss(self, number: int) -> None:
        del self._coming[number]
        self.tally.no_shows += 1

    def _arrive(self, number: int) -> None:
        visit = self._coming.pop(number)
        kernel = self._context.kernel
        if self.is_closed_by_order:
            self._lose("closed")
            return
        self._present[number] = visit
        visit.state, visit.arrived_s = "waiting", kernel.now_s
        visit.due = kernel.after(60.0 * value("patience_min"), self.id, self._give_up, number)
        visit.request = self.clerks.request(priority=round(visit.slot_s))
        kernel.when(visit.request, self.id, self._called, number)

    def _called(self, number: int) -> None:
        """Bring a citizen and a free clerk together."""
        visit = self._present.get(number)
        if visit is None:  # went home in the same moment
            return
        if not self.works:
            visit.state = "stalled"
            return
        self._begin(number, visit)

    def _begin(self, number: int, visit: Visit) -> None:
        kernel = self._context.kernel
        if visit.begun_s is None:
            self.waits_s.append(max(kernel.now_s - max(visit.arrived_s, visit.slot_s), 0.0))
        if visit.due is not None:
            visit.due.cancel()
        visit.state, visit.begun_s = "served_now", kernel.now_s
        visit.due = kernel.after(visit.lasts_s, self.id, self._finish, number)

    def _finish(self, number: int) -> None:
        visit = self._present.pop(number)
        self.busy_s += visit.lasts_s
        self.tally.served += 1
        self._context.note("appointment_served", self.id, round(visit.lasts_s))
        self._leave(visit)

    def _give_up(self, number: int) -> None:
        visit = self._present.pop(number, None)
        if visit is not None:
            self._lose("waited too long" if self.works else "no service")
            self._leave(visit)

    def _lose(self, cause: str) -> None:
        self.tally.lost[cause] = self.tally.lost.get(cause, 0) + 1
        self._context.note("appointment_lost", f"{self.id} {cause}")

    def _leave(self, visit: Visit) -> None:
        visit.state = "over"
        if visit.due is not None:
            visit.due.cancel()
        if visit.request is not None:
            if visit.request.triggered:
                self.clerks.release(visit.request)
            else:
                visit.request.cancel()

    def set_works(self, *, works: bool) -> None:
        """Let the screens go dark or come back."""
        if works == self.works:
            return
        self.works = works
        self._context.note("office_works" if works else "office_stands", self.id)
        for number, visit in list(self._present.items()):
            if works and visit.state == "stalled":
                self._begin(number, visit)
            elif not works and visit.state == "served_now":
                self._stall(number, visit)

    def _stall(self, number: int, visit: Visit) -> None:
        kernel = self._context.kernel
        done_s = kernel.now_s - (visit.begun_s or 0.0)
        self.busy_s += done_s
        visit.lasts_s = max(visit.lasts_s - done_s, 0.0)
        visit.state = "stalled"
        if visit.due is not None:
            visit.due.cancel()
        visit.due = kernel.after(60.0 * value("patience_min"), self.id, self._give_up, number)

    def close(self) -> None:
        """Send home who waits and let nobody in."""
        self.is_closed_by_order = True
        for number, visit in list(self._present.items()):
            if visit.state != "served_now":
                del self._present[number]
                self._lose("closed")
                self._leave(visit)

    def open(self) -> None:
        """End `close`."""
        self.is_closed_by_order = False

    def is_open(self, now_s: float) -> bool:
        """Say whether the doors are open."""
        day = self._context.clock.local(now_s)
        hours = opening_min(day, self.late_weekday)
        minute = 60 * day.hour + day.minute
        return hours is not None and hours[0] <= minute < hours[1] and not self.is_closed_by_order

    def n_due(self) -> int:
        """Appointments whose time has come."""
        return self.tally.booked - len(self._coming)

    def n_waiting(self) -> int:
        """Citizens who wait or sit before a dead screen."""
        return sum(visit.state != "served_now" for visit in self._present.values())

    def n_in_service(self) -> int:
        """Citizens being served."""
        return len(self._present) - self.n_waiting()

    def lost(self) -> int:
        """Appointments that came to nothing although the citizen came."""
        return sum(self.tally.lost.values())

    def check(self) -> None:
        """Check that every booked appointment is somewhere."""
        tally = self.tally
        ended = tally.served + tally.no_shows + self.lost()
        there = len(self._present) + len(self._coming)
        if tally.booked != ended + there:
            raise AssertionError(f"{self.id}: {tally.booked} booked, {ended} + {there} accounted")
        if self.clerks.count > self.clerks.capacity:
            raise AssertionError(f"{self.id}: more clerks at work than there are")
