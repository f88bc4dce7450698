"""Repair crews: tickets, working hours, ways through the city, group replacement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from simpy.resources.resource import PriorityRequest

from twin.sim.holidays import is_workday
from twin.sim.kernel import Crews
from twin.sim.lamps.assumptions import figure
from twin.sim.lamps.timetable import next_minute_s
from twin.sim.system import Context

__all__ = ["RepairCrews", "Ticket", "route"]

_URGENT, _ROUTINE = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A job for a crew.

    Parameters
    ----------
    name : str
        What is broken: a lamp, a cabinet.
    lamps : tuple of int
        Indices of the lamps to be repaired or replaced; empty for a cabinet.
    failed_at_s : float
        When it broke. [s]
    x_m, y_m : float
        Where. [m]
    work_s : float
        Time at the place. [s]
    kind : str
        ``lamp``, ``group`` or ``cabinet``; the last is urgent.
    """

    name: str
    lamps: tuple[int, ...]
    failed_at_s: float
    x_m: float
    y_m: float
    work_s: float
    kind: str


def route(tickets: list[Ticket], x_m: float, y_m: float) -> list[Ticket]:
    """Order jobs so that each is the nearest to the one before.

    Parameters
    ----------
    tickets : list of Ticket
        Jobs, in any order.
    x_m, y_m : float
        Where the way begins. [m]

    Returns
    -------
    list of Ticket
        The same jobs.
    """
    left, ordered = list(tickets), []
    while left:
        nearest = min(left, key=lambda t: ((t.x_m - x_m) ** 2 + (t.y_m - y_m) ** 2, t.name))
        left.remove(nearest)
        ordered.append(nearest)
        x_m, y_m = nearest.x_m, nearest.y_m
    return ordered


class RepairCrews:
    """Crews with a lift truck that work through tickets on working days.

    Parameters
    ----------
    context : Context
        Time and chance.
    n_crews : int
        How many.  Must be >= 1.
    depot : (float, float)
        Where they start in the morning. [m]
    finish : callable
        Bound method called with a ticket whose work is done.

    Notes
    -----
    A lamp is reported (by its controller, by a patrol, by a citizen) and planned within 1 to 8
    days; then it is part of a morning's route. A job that would outlast the day waits for the next
    one. A dark cabinet is urgent: the crew on call comes at any hour. With a failure factor other
    than 1 there are no crews: everything is repaired within 3 to 10 days over the factor.
    """

    def __init__(
        self,
        context: Context,
        n_crews: int,
        depot: tuple[float, float],
        finish: Callable[[Ticket], object],
    ) -> None:
        self._context, self._depot, self._finish = context, depot, finish
        self._rng = context.rng("lamps/repair")
        self._crews = Crews(context.kernel, capacity=n_crews)
        self._n_crews = n_crews
        self._places = [depot] * n_crews
        self._idle = list(range(n_crews))
        self._waiting: list[Ticket] = []
        self._day: tuple[float, float] | None = None  # of the present working day [s]
        self._hours_s = 0.0  # of working days that are over
        self._cancelled: set[Ticket] = set()
        self.busy_s = self.driving_s = 0.0
        self.opened = self.finished = self.finished_repairs = 0
        self.repair_s = 0.0  # of repairs, from failure to light

    def start(self) -> None:
        """Wait for the first morning."""
        self._plan_morning()

    @property
    def open(self) -> int:
        """Tickets not finished."""
        return self.opened - self.finished

    def report(self, ticket: Ticket) -> None:
        """Open a ticket."""
        self.opened += 1
        kernel, factor = self._context.kernel, self._context.failure_factor
        if factor != 1.0:
            repair_s = self._rng.uniform(figure("repair_least_s"), figure("repair_most_s"))
            kernel.after(float(repair_s) / factor, ticket.name, self._done, ticket)
        elif ticket.kind == "cabinet":
            self._request(ticket, _URGENT)
        else:
            lead_s = float(self._rng.uniform(figure("plan_least_s"), figure("plan_most_s")))
            kernel.after(lead_s, ticket.name, self._plan, ticket)

    def _plan(self, ticket: Ticket) -> None:
        if ticket in self._cancelled:
            self._cancelled.remove(ticket)
        else:
            self._waiting.append(ticket)

    def cancel(self, ticket: Ticket) -> None:
        """Close a ticket that somebody else has seen to; a crew under way drives in vain."""
        if ticket not in self._cancelled:
            self._cancelled.add(ticket)
            self.finished += 1

    def utilisation_percent(self) -> float:
        """Share of the working hours so far that crews drove or worked. [%]."""
        now_s = self._context.kernel.now_s
        hours_s = self._hours_s
        if self._day is not None:
            hours_s += min(now_s, self._day[1]) - self._day[0]
        return 100.0 * self.busy_s / (hours_s * self._n_crews) if hours_s > 0.0 else 0.0

    def _plan_morning(self) -> None:
        kernel, clock = self._context.kernel, self._context.clock
        minutes = np.array([round(figure("day_begin_min"))])
        kernel.at(next_minute_s(clock, kernel.now_s, minutes), "crews", self._morning)

    def _morning(self) -> None:
        """Send everyone out with what waits, nearest first."""
        kernel, clock = self._context.kernel, self._context.clock
        local = clock.local(kernel.now_s)
        is_morning = local.hour * 60 + local.minute == round(figure("day_begin_min"))
        if is_morning and is_workday(local.date()):
            self._end_day()
            self._day = (kernel.now_s, clock.seconds_on(local, round(figure("day_end_min"))))
            self._places = [self._depot] * self._n_crews
            waiting, self._waiting = self._waiting, []
            for ticket in route(waiting, *self._depot):
                self._request(ticket, _ROUTINE)
        self._plan_morning()

    def _end_day(self) -> None:
        if self._day is not None:
            self._hours_s += self._day[1] - self._day[0]
            self._day = None

    def _request(self, ticket: Ticket, priority: int) -> None:
        request = self._crews.request(priority=priority)
        self._context.kernel.when(request, ticket.name, self._set_out, ticket, request)

    def _set_out(self, ticket: Ticket, request: PriorityRequest) -> None:
        """Drive to a job if the day is long enough for it."""
        kernel = self._context.kernel
        drive_s, crew = min((self._drive_s(crew, ticket), crew) for crew in self._idle)
        end_s = kernel.now_s + drive_s + ticket.work_s
        if ticket in self._cancelled:
            self._cancelled.remove(ticket)
            self._crews.release(request)
        elif ticket.kind != "cabinet" and (self._day is None or end_s > self._day[1]):
            self._waiting.append(ticket)
            self._crews.release(request)
        else:
            self._idle.remove(crew)
            self.driving_s += drive_s
            self.busy_s += drive_s + ticket.work_s
            kernel.at(end_s, ticket.name, self._leave, ticket, request, crew)

    def _drive_s(self, crew: int, ticket: Ticket) -> float:
        x_m, y_m = self._places[crew]
        way_m = figure("detour") * float(np.hypot(ticket.x_m - x_m, ticket.y_m - y_m))
        return way_m / figure("drive_m_s")

    def _leave(self, ticket: Ticket, request: PriorityRequest, crew: int) -> None:
        self._places[crew] = (ticket.x_m, ticket.y_m)
        self._idle.append(crew)
        self._crews.release(request)
        self._done(ticket)

    def _done(self, ticket: Ticket) -> None:
        if ticket in self._cancelled:
            self._cancelled.remove(ticket)
            return
        self.finished += 1
        if ticket.kind != "group":
            self.finished_repairs += 1
            self.repair_s += self._context.kernel.now_s - ticket.failed_at_s
        self._finish(ticket)
