"""Maintenance windows: when a change may be made, and whether it ends before they close."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from controllers.steps import Limits
from twin.model.errors import InputError, OutsideWindow
from twin.model.quote import quoted

if TYPE_CHECKING:
    from controllers.plan import Plan

__all__ = ["Window", "closing_of", "needed_s", "parse_window", "require_window", "undo_reserve_s"]

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EXAMPLE = "write for example 'Mon-Fri 01:00-05:00 Europe/Berlin'"
_WEEKLY = re.compile(r"(?:([A-Za-z,-]+)\s+)?(\d\d?:\d\d)\s*-\s*(\d\d?:\d\d)\s+(\S+)")
_ONCE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d)\s+-\s+(\d{4}-\d\d-\d\d \d\d:\d\d)\s+(\S+)")
_LOOK_AHEAD_DAYS = 8
_BATCH_S = 2.0
"""What a step of a healthy device takes, for those that wait for a thread. [s]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Times at which devices may be changed.

    Parameters
    ----------
    text : str
        As it was written.
    zone : str
        Name of the time zone its hours are of.
    days : tuple of int
        Days it begins on, Monday is 0; empty for a window that is there once.
    begin, end : time or None
        Hours of a window that returns; it ends on the next day if `end` is not after `begin`.
    once : tuple of datetime
        Begin and end of a window that is there once.
    """

    text: str
    zone: str
    days: tuple[int, ...] = ()
    begin: time | None = None
    end: time | None = None
    once: tuple[datetime, ...] = ()

    def spans(self, at: datetime) -> tuple[tuple[datetime, datetime], ...]:
        """List the openings around a moment.

        Parameters
        ----------
        at : datetime
            The moment, with a time zone.

        Returns
        -------
        tuple of (datetime, datetime)
            Begin and end of those since yesterday and of the next week, UTC, in order. Hours are
            those of the clock in the zone: a night with a change of the clock is longer or shorter.
        """
        if self.begin is None or self.end is None:
            return ((self.once[0], self.once[1]),)
        zone = ZoneInfo(self.zone)
        today = at.astimezone(zone).date()
        days = (today + timedelta(days=i) for i in range(-1, _LOOK_AHEAD_DAYS))
        return tuple(
            (_moment(day, self.begin, zone), _moment(_end_day(day, self), self.end, zone))
            for day in days
            if day.weekday() in self.days
        )


def _end_day(day: date, window: Window) -> date:
    is_over_midnight = window.begin is not None and window.end is not None and (
        window.end <= window.begin
    )  # fmt: skip
    return day + timedelta(days=is_over_midnight)


def _moment(day: date, hour: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, hour, zone).astimezone(UTC)


def parse_window(text: str) -> Window:
    """Read a window.

    Parameters
    ----------
    text : str
        ``Mon-Fri 01:00-05:00 Europe/Berlin``, ``Sat,Sun 22:00-06:00 Europe/Berlin`` (days it
        begins on; without any, every day) or ``2026-03-01 22:00 - 2026-03-02 04:00
        Europe/Berlin``.

    Returns
    -------
    Window
        The window.

    Raises
    ------
    InputError
        It is none, or its time zone is not known: a window without one is an hour off twice a
        year.
    """
    once, weekly = _ONCE.fullmatch(text.strip()), _WEEKLY.fullmatch(text.strip())
    match = once or weekly
    if match is None:
        raise InputError(f"{quoted(text)} is no maintenance window", hint=_EXAMPLE)
    name = match.groups()[-1]
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as err:
        hint = "write it as Europe/Berlin or UTC"
        raise InputError(f"{quoted(name)} is no time zone", hint=hint) from err
    try:
        if once:
            return _once(text, name, zone, once[1], once[2])
        words = match.groups()
        days = _days(words[0] or "Mon-Sun")
        begin, end = (time.fromisoformat(word.zfill(5)) for word in words[1:3])
    except ValueError as err:
        raise InputError(f"{quoted(text)}: {err}", hint=_EXAMPLE) from err
    return Window(text=text.strip(), zone=name, days=days, begin=begin, end=end)


def _once(text: str, name: str, zone: ZoneInfo, begin: str, end: str) -> Window:
    first, last = (
        datetime.fromisoformat(word).replace(tzinfo=zone).astimezone(UTC) for word in (begin, end)
    )
    if last <= first:
        raise ValueError("it ends before it begins")
    return Window(text=text.strip(), zone=name, once=(first, last))


def _days(text: str) -> tuple[int, ...]:
    chosen: set[int] = set()
    for word in text.lower().split(","):
        first, _, last = word.partition("-")
        for name in (first, last or first):
            if name[:3] not in _DAYS or len(name) < 2:
                raise ValueError(f"{quoted(name)} is no day; days are Mon, Tue, ... Sun")
        start, n = _DAYS.index(first[:3]), _DAYS.index((last or first)[:3])
        chosen |= {(start + i) % 7 for i in range((n - start) % 7 + 1)}
    return tuple(sorted(chosen))


def closing_of(groups: Sequence[Sequence[str]], at: datetime) -> datetime | None:
    """Say when the windows that are open now close.

    Parameters
    ----------
    groups : sequence of sequence of str
        One window of each group must be open, such as one of the operator's and one of the
        intent's.
    at : datetime
        Now, with a time zone.

    Returns
    -------
    datetime or None
        When the first of them closes, UTC; None if there are no windows.

    Raises
    ------
    OutsideWindow
        No window of a group is open; says which opens next.
    InputError
        One is not a window.
    """
    closes: datetime | None = None
    for group in groups:
        if not group:
            continue
        windows = [parse_window(text) for text in group]
        ends = [end for window in windows for begin, end in window.spans(at) if begin <= at < end]
        if not ends:
            raise OutsideWindow(_next_opening(windows, at))
        closes = min(closes or max(ends), max(ends))
    return closes


def _next_opening(windows: Sequence[Window], at: datetime) -> str:
    coming = sorted(
        (begin, window.text, window.zone)
        for window in windows
        for begin, _ in window.spans(at)
        if begin > at
    )
    listed = "; ".join(window.text for window in windows)
    if not coming:
        return f"outside the maintenance window ({listed}), which does not come again"
    begin, _, zone = coming[0]
    opens = begin.astimezone(ZoneInfo(zone))
    return (
        f"outside the maintenance window ({listed}); the next opens {opens:%a %Y-%m-%d %H:%M} "
        f"{zone}: try then"
    )


def undo_reserve_s(plan: Plan, limits: Limits, n_threads: int) -> float:
    """Say how long before the end of a window a run that is not decided is taken back.

    Parameters
    ----------
    plan : Plan
        The plan.
    limits : Limits
        Deadlines of its steps.
    n_threads : int
        Devices worked on at once.

    Returns
    -------
    float
        A step at its deadline, the patience with a device that does not answer, and two seconds for
        each of the old values and the read-back of each further batch of devices. [s]
    """
    n_more = max(0, math.ceil(len(plan.devices) / n_threads) - 1)
    return limits.step_s + limits.patience_s + limits.margin_s + 2 * n_more * _BATCH_S


def needed_s(plan: Plan, limits: Limits, n_threads: int) -> float:
    """Say how long a plan may take, its undo included.

    Parameters
    ----------
    plan : Plan
        The plan.
    limits : Limits
        Deadlines of its steps.
    n_threads : int
        Devices worked on at once.

    Returns
    -------
    float
        Each step of a wave (lock, prepare, one commit for each place in the order, gate and
        confirm) at its deadline once, two seconds more for each further batch of devices, the
        longest settling of the wave, and last the way back. [s]
    """
    total_s = undo_reserve_s(plan, limits, n_threads)
    for wave in sorted({part.wave for part in plan.devices}):
        members = [part for part in plan.devices if part.wave == wave]
        n_steps = 4 + len({part.order for part in members})
        n_more = math.ceil(len(members) / n_threads) - 1
        settle_s = max(part.settle_s for part in members)
        total_s += n_steps * (limits.step_s + n_more * _BATCH_S) + settle_s
    return total_s


def require_window(plan: Plan, limits: Limits, n_threads: int, at: datetime) -> datetime | None:
    """Refuse a plan whose window is not open, or closes before the plan may have ended.

    Parameters
    ----------
    plan : Plan
        The plan.
    limits : Limits
        Deadlines of its steps.
    n_threads : int
        Devices worked on at once.
    at : datetime
        Now, with a time zone.

    Returns
    -------
    datetime or None
        When its window closes, UTC; None if it has none.

    Raises
    ------
    OutsideWindow
        It may not begin now; nothing was sent.
    """
    closes = closing_of(plan.windows, at)
    if closes is None:
        return None
    left_s, need_s = (closes - at).total_seconds(), needed_s(plan, limits, n_threads)
    if need_s > left_s:
        raise OutsideWindow(
            f"does not fit the maintenance window: it closes in {left_s / 60:.0f} min, and "
            f"{len(plan.devices)} devices may take {math.ceil(need_s / 60)} min with their undo; "
            "make a smaller plan with --limit, or begin earlier"
        )
    return closes
