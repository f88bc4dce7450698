"""Days on which the services of a GTFS feed run, and headways in place of single trips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from twin.model.errors import ModelError
from twin.sim.transit_wifi.gtfs_tables import Tables, seconds

__all__ = ["Headways", "Service", "read_headways", "read_services"]

_MAX_DEPARTURES = 1_000_000
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Service:
    """Days of a service: weekdays within two dates, and exceptions."""

    weekdays: frozenset[int]
    begin: date
    end: date
    added: frozenset[date]
    removed: frozenset[date]

    def runs(self, day: date) -> bool:
        """Say whether it runs on a day."""
        usual = self.begin <= day <= self.end and day.weekday() in self.weekdays
        return day in self.added or (usual and day not in self.removed)


def read_services(tables: Tables, wanted: Mapping[str, int]) -> dict[str, Service]:
    """Read the days of some services.

    Parameters
    ----------
    tables : Tables
        The feed; it needs ``calendar.txt``, ``calendar_dates.txt``, or both.
    wanted : mapping
        Row of ``trips.txt`` that first names each service.

    Returns
    -------
    dict
        Service by id.

    Raises
    ------
    ModelError
        No calendar at all, a service without one, or a row that makes no sense.
    """
    names = ("calendar.txt", "calendar_dates.txt")
    if not any(tables.has(name) for name in names):
        raise ModelError(f"{tables.name}: has neither calendar.txt nor calendar_dates.txt")
    usual: dict[str, tuple[frozenset[int], date, date]] = {}
    added: dict[str, set[date]] = {}
    removed: dict[str, set[date]] = {}
    if tables.has(names[0]):
        columns = ("service_id", "start_date", "end_date", *_WEEKDAYS)
        for number, (service, begin, end, *flags) in tables.rows(names[0], columns):
            days = frozenset(k for k, flag in enumerate(flags) if flag.strip() == "1")
            first, last = (_date(tables, names[0], number, text) for text in (begin, end))
            if service in wanted:
                usual[service] = (days, first, last)
    if tables.has(names[1]):
        needed = ("service_id", "date", "exception_type")
        for number, (service, text, kind) in tables.rows(names[1], needed):
            day = _date(tables, names[1], number, text)
            if service in wanted:
                days_of = added if kind.strip() == "1" else removed
                days_of.setdefault(service, set()).add(day)
    never = (frozenset[int](), date.max, date.min)
    for service, row in wanted.items():
        if service not in usual and service not in added and service not in removed:
            raise tables.wrong("trips.txt", row, f"service {service!r} has no calendar")
    return {
        name: Service(
            *usual.get(name, never),
            frozenset(added.get(name, ())),
            frozenset(removed.get(name, ())),
        )
        for name in sorted(wanted)
    }


def _date(tables: Tables, table: str, number: int, text: str) -> date:
    try:
        return datetime.strptime(text.strip(), "%Y%m%d").date()
    except ValueError as err:
        raise tables.wrong(table, number, f"{text[:20]!r} is no date") from err


@dataclass(slots=True)
class Headways:
    """Times at which a trip that stands for many leaves its first stop.

    Parameters
    ----------
    spans : list of (int, int, int)
        From, until (not included), every so many seconds.
    first_s : int
        When the trip as written leaves its first stop; -1 while unknown. [s]
    first_order : int
        Place of that stop in the order.
    """

    spans: list[tuple[int, int, int]]
    first_s: int = -1
    first_order: int = 2**31

    def see(self, order: int, at_s: int) -> None:
        """Note a departure of the trip as written, wherever it is. [s]."""
        if at_s >= 0 and order < self.first_order:
            self.first_order, self.first_s = order, at_s

    def begins(self, at_s: int) -> NDArray[np.float64]:
        """Departures at a stop at which the trip as written leaves at a time. [s]."""
        spans = [np.arange(*span, dtype=np.float64) for span in self.spans]
        return np.concatenate(spans) + (at_s - self.first_s)


def read_headways(tables: Tables) -> dict[str, Headways]:
    """Read ``frequencies.txt``, if there is one.

    Returns
    -------
    dict
        By trip; the times of such a trip in ``stop_times.txt`` count only relative to its first.

    Raises
    ------
    ModelError
        A row that makes no sense, or more departures than any city has.
    """
    found: dict[str, Headways] = {}
    table, total = "frequencies.txt", 0
    if not tables.has(table):
        return found
    needed = ("trip_id", "start_time", "end_time", "headway_secs")
    for number, (trip, begin, end, headway) in tables.rows(table, needed):
        try:
            span = (seconds(begin), seconds(end), int(headway))
        except ValueError as err:
            raise tables.wrong(table, number, f"time or headway: {err}") from err
        if span[2] <= 0 or span[1] < span[0]:
            raise tables.wrong(table, number, "headway or times go back")
        total += len(range(*span))
        if total > _MAX_DEPARTURES:
            raise tables.wrong(table, number, f"more than {_MAX_DEPARTURES} departures")
        found.setdefault(trip, Headways([])).spans.append(span)
    return found
