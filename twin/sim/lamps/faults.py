"""What breaks, and what becomes of it: lamps, feeders, tickets, group replacement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.sim.lamps.ageing import worn_share
from twin.sim.lamps.assumptions import figure
from twin.sim.lamps.repair import Ticket

if TYPE_CHECKING:
    from twin.sim.lamps.system import Lamps

__all__ = ["Faults"]


class Faults:
    """Broken lamps and dark cabinets of a run, and the tickets for them.

    Parameters
    ----------
    lamps : Lamps
        The system.
    """

    def __init__(self, lamps: Lamps) -> None:
        self._lamps, self._context, self._fleet = lamps, lamps.context, lamps.fleet
        self._rng = lamps.context.rng("lamps/surges")
        n = len(self._fleet.ids)
        self.by_cabinet = np.zeros(n, dtype=np.int64)
        self.surged = self.group_replacements = self.broken = self.mended = 0
        self._worn = np.zeros(n, dtype=np.int64)  # sodium lamps since the last group replacement
        self._groups: dict[int, int] = {}  # tickets still open by cabinet
        self._tickets: dict[int, Ticket] = {}
        self.faulty: dict[str, Ticket] = {}

    def wear_out(self, lamp: int) -> None:
        """Let a lamp fail by itself; now and then it was a surge that takes its neighbours too."""
        if self._rng.random() < figure("surge_share"):
            self.open_ticket(self.break_lamps(lamp, round(figure("surge_lamps")), "surge"))
            return
        self.open_ticket(self.break_lamps(lamp, 1, "wear"))
        if self._fleet.is_sodium[lamp]:
            self._count_worn(int(self._fleet.cabinet_of[lamp]))

    def break_first(self) -> tuple[int, ...]:
        """Break the first lamp that works, for a drill: nobody opens a ticket."""
        working = self._fleet.working_lamps()
        return self.break_lamps(int(working[0]), 1, "drill") if working.size else ()

    def break_lamps(self, first: int, count: int, cause: str) -> tuple[int, ...]:
        """Break a working lamp and its neighbours on the feeder; return which."""
        broken = tuple(self._fleet.feeder_mates(first, count).tolist())
        self._fleet.set_working(self._context.kernel.now_s, broken, works=False)
        self.by_cabinet[self._fleet.cabinet_of[first]] += len(broken)
        self.broken += len(broken)
        self.surged += len(broken) if cause == "surge" else 0
        self._context.note("lamp_failed", f"{self._fleet.lamp_ids[first]} {cause}", len(broken))
        return broken

    def open_ticket(self, lamps: tuple[int, ...]) -> None:
        """Have lamps repaired by a crew."""
        if lamps:
            ticket = self._ticket(lamps, figure("lamp_work_s") * len(lamps), "lamp")
            self._tickets.update(dict.fromkeys(lamps, ticket))
            self._lamps.crews.report(ticket)

    def mend(self, lamps: tuple[int, ...]) -> None:
        """Let lamps work again, new ones; a ticket with nothing left to do is closed."""
        again = [lamp for lamp in lamps if not self._fleet.works[lamp]]
        for lamp in again:
            ticket = self._tickets.pop(lamp, None)
            if ticket is not None and not any(self._tickets.get(i) is ticket for i in ticket.lamps):
                self._lamps.crews.cancel(ticket)
        self._renew(tuple(again))

    def break_cabinet(self, cabinet: str) -> None:
        """Trip the feeder of a cabinet: it is dark and silent until somebody repairs it."""
        if cabinet not in self.faulty:
            self.faulty[cabinet] = self._cabinet_ticket(cabinet)
            self._lamps.lose_power(cabinet)
            self._context.note("cabinet_failed", cabinet)
            self._lamps.crews.report(self.faulty[cabinet])

    def mend_cabinet(self, cabinet: str) -> None:
        """Close the feeder of a cabinet again; nothing happens if it is."""
        if cabinet in self.faulty:
            self._lamps.crews.cancel(self.faulty[cabinet])
            self._close_feeder(cabinet)

    def surge(self, cabinet: int, count: int) -> None:
        """Let a surge take lamps of a cabinet, from its beginning."""
        fleet = self._fleet
        rows = fleet.lamps_of(cabinet)
        rows = rows[fleet.works[rows]]
        if rows.size:
            self.open_ticket(self.break_lamps(int(rows[0]), count, "surge"))

    def finish(self, ticket: Ticket) -> None:
        """Take note that a crew has done a job."""
        if ticket.kind == "cabinet":
            self._close_feeder(ticket.name)
        elif ticket.kind == "group":
            self._replace_group(ticket)
        else:
            for lamp in ticket.lamps:
                self._tickets.pop(lamp, None)
            self._renew(tuple(lamp for lamp in ticket.lamps if not self._fleet.works[lamp]))

    def _renew(self, lamps: tuple[int, ...]) -> None:
        if lamps:
            self._fleet.set_working(self._context.kernel.now_s, lamps, works=True)
            self._lamps.wear.renew(lamps)
            self.mended += len(lamps)
            self._context.note("lamp_repaired", self._fleet.lamp_ids[lamps[0]], len(lamps))

    def _close_feeder(self, cabinet: str) -> None:
        del self.faulty[cabinet]
        self._context.note("cabinet_repaired", cabinet)
        self._lamps.regain_power(cabinet)

    def start(self) -> None:
        """Let as many sodium lamps have worn out as is usual at the age of each cabinet."""
        fleet = self._fleet
        gone = worn_share(self._lamps.wear.age_h) * fleet.is_sodium
        self._worn += np.bincount(fleet.cabinet_of, gone, len(fleet.ids)).astype(np.int64)

    def _count_worn(self, cabinet: int) -> None:
        """Have all sodium lamps of a cabinet replaced once 5 % have worn out, two at least."""
        fleet = self._fleet
        self._worn[cabinet] += 1
        rows = fleet.lamps_of(cabinet)
        rows = rows[fleet.is_sodium[rows]]
        limit = max(2.0, figure("group_failed_share") * rows.size)
        if cabinet in self._groups or self._worn[cabinet] < limit:
            return
        parts = np.array_split(rows, -(-rows.size // round(figure("group_lamps"))))
        self._groups[cabinet] = len(parts)
        for part in parts:
            work_s = figure("group_work_s") * part.size
            self._lamps.crews.report(self._ticket(tuple(part.tolist()), work_s, "group"))

    def _replace_group(self, ticket: Ticket) -> None:
        cabinet = int(self._fleet.cabinet_of[ticket.lamps[0]])
        self.mend(ticket.lamps)
        self._lamps.wear.renew(ticket.lamps)
        self._groups[cabinet] -= 1
        if not self._groups[cabinet]:
            del self._groups[cabinet]
            self._worn[cabinet] = 0
            self.group_replacements += 1
            self._context.note("group_replaced", self._fleet.ids[cabinet])

    def _ticket(self, lamps: tuple[int, ...], work_s: float, kind: str) -> Ticket:
        x_m, y_m = self._lamps.place_of(lamps[0])
        return Ticket(
            name=self._fleet.lamp_ids[lamps[0]],
            lamps=lamps,
            failed_at_s=self._context.kernel.now_s,
            x_m=x_m,
            y_m=y_m,
            work_s=work_s,
            kind=kind,
        )

    def _cabinet_ticket(self, cabinet: str) -> Ticket:
        rows = self._fleet.lamps_of(self._fleet.index[cabinet])
        x_m, y_m = self._lamps.place_of(int(rows[0])) if rows.size else self._lamps.depot
        return Ticket(
            name=cabinet,
            lamps=(),
            failed_at_s=self._context.kernel.now_s,
            x_m=x_m,
            y_m=y_m,
            work_s=figure("cabinet_work_s"),
            kind="cabinet",
        )
