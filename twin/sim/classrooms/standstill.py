"""Who of an exam stands still, and whether more line or more air would help."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twin.sim.classrooms.assumptions import value
from twin.sim.classrooms.devices import EXAM_LOGON, KINDS
from twin.sim.wifi import Split, WifiFleet

__all__ = ["Conditions", "limit_of", "page_load_s", "stands_still"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]


def page_load_s(line_bps: float, air_bps: _Floats, is_queued: _Bools) -> _Floats:
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


@dataclass(frozen=True, slots=True)
class Conditions:
    """What an exam meets at its school: now, or if something were relieved.

    Parameters
    ----------
    rates_bps : ndarray of shape (kinds,)
        What the line grants a flow of each kind. [bit/s]
    new_bps : float
        What one more flow of the exam gets of the line. [bit/s]
    waits_for_line : bool
        Packets of the exam wait before a full line.
    air : Split
        How the air is shared.
    is_air_free : bool
        Nobody else takes air: what only a what-if says.
    """

    rates_bps: _Floats
    new_bps: float
    waits_for_line: bool
    air: Split
    is_air_free: bool = False

    def with_more_line(self, air: Split, peak_bps: _Floats) -> Conditions:
        """Return them with a line that is never full, and the air that follows from it."""
        return replace(self, rates_bps=peak_bps, new_bps=np.inf, waits_for_line=False, air=air)

    def with_free_air(self) -> Conditions:
        """Return them with air for all."""
        return replace(self, is_air_free=True)


def stands_still(
    fleet: WifiFleet, rows: _Ints, kinds: _Ints, met: Conditions
) -> tuple[_Bools, _Floats]:
    """Say which devices of an exam stand still.

    Parameters
    ----------
    fleet : WifiFleet
        The access points.
    rows : ndarray of int
        Stations of the exam.
    kinds : ndarray of int
        `EXAM` or `EXAM_LOGON` for each.
    met : Conditions
        What they meet.

    Returns
    -------
    is_still : ndarray of bool
        Without an access point; with less than they need of line and air; or where a page takes
        longer than people wait. Who still logs on needs its bits within the first five minutes.
    page_s : ndarray
        How long a page takes. [s]
    """
    at, air = fleet.stations, met.air
    is_still = np.ones(rows.size, dtype=bool)
    page_s = np.full(rows.size, np.inf)
    has_air = at.ap[rows] >= 0
    seen, kind = rows[has_air], kinds[has_air]
    ap, band, first = at.ap[seen], at.band[seen], at.is_first[seen]
    part = air.part[first.astype(np.int64), 3 * ap + band]
    busy = np.where(first, air.utilization_first[ap, band], air.utilization[ap, band])
    over_air_bps = fleet.traffic.air_bps(at, seen, air)
    if met.is_air_free:
        part, busy, over_air_bps = np.ones(seen.size), np.zeros(seen.size), at.link_bps[seen]
    is_queued = (busy >= value("full_air_share")) | met.waits_for_line
    page_s[has_air] = page_load_s(met.new_bps, over_air_bps, is_queued)
    need_bps = np.full(len(KINDS), value("exam_need_share") * 1e3 * value("exam_kbps"))
    need_bps[EXAM_LOGON] = 8e6 * value("logon_mbyte") / value("logon_within_s")
    is_short = met.rates_bps[kind] * part < need_bps[kind]
    is_still[has_air] = is_short | (page_s[has_air] > value("exam_page_limit_s"))
    return is_still, page_s


def limit_of(
    fleet: WifiFleet, rows: _Ints, kinds: _Ints, now: Conditions, more_line: Conditions
) -> str:
    """Name what holds an exam up: that whose relief would help most.

    Parameters
    ----------
    fleet, rows, kinds
        As of `stands_still`.
    now : Conditions
        What is met.
    more_line : Conditions
        What would be with a line that is never full.

    Returns
    -------
    str
        ``line``, ``air``, or ``both`` where neither alone would help anybody.
    """
    waiting = []
    for met in (now, more_line, now.with_free_air()):
        is_still, page_s = stands_still(fleet, rows, kinds, met)
        longest_s = 2.0 * value("exam_page_limit_s")
        lost = np.where(is_still, longest_s, np.minimum(page_s, longest_s))
        waiting.append((int(is_still.sum()), float(lost.sum())))
    as_it_is, line, air = waiting
    if min(line[0], air[0]) >= max(as_it_is[0], 1):
        return "both"
    return "line" if line <= air else "air"
