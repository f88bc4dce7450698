"""The lines of schools, step by step: who gets what, and how it feels in class."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from twin.sim.classrooms.assumptions import value
from twin.sim.classrooms.campus import Campus
from twin.sim.classrooms.devices import (
    EXAM,
    EXAM_LOGON,
    GUEST,
    KINDS,
    LOGON,
    PLATFORM,
    VIDEO,
    WEB,
    View,
)
from twin.sim.classrooms.sharing import Shares, share_line
from twin.sim.holidays import is_workday

__all__ = ["Backbone", "Lines"]

_Floats = NDArray[np.float64]

_PEDAGOGY, _EXAM = [PLATFORM, WEB, VIDEO, LOGON], [EXAM, EXAM_LOGON]
_IDLE_S = 60.0  # how often lines are shared while nobody is there
_PAGES_S = 30.0  # how often page loads are worked out
_LONGEST_PAGE_S = 60.0  # then people give up
_NIGHT_SHARE = 0.05  # of what administration wants in office hours: assumed


@runtime_checkable
class Backbone(Protocol):
    """What classrooms ask of the municipal backbone."""

    def share(self, consumer: str) -> float:
        """Return the part of what a school wants (`fibre_load_bps`) that the backbone carries."""
        ...

    def is_service_up(self, consumer: str) -> bool:
        """Say whether a school reaches the services of the data centre."""
        ...


class Lines:
    """Shares the line of each school at every step of the air.

    Parameters
    ----------
    campus : Campus
        The schools.
    is_exam_own : ndarray of bool
        Whether exams at each school have a network of their own now; kept by the exams.
    """

    def __init__(self, campus: Campus, is_exam_own: NDArray[np.bool_]) -> None:
        self._campus, self._context = campus, campus.context
        self._is_exam_own = is_exam_own
        n = len(campus.sites)
        kbps = [value(f"{kind}_kbps") for kind in KINDS[:LOGON]]
        self.peak_bps = 1e3 * np.array(kbps + 2 * [1e3 * value("logon_peak_mbps")])
        self.capacity_bps = campus.register.line_bps.copy()
        self.shares = Shares(*(np.zeros(n) for _ in range(6)))
        self.used_bps = np.zeros(n)
        self.load_percent = np.zeros(n)
        self.page_s = np.zeros(n)
        self.airtime = np.zeros(n)
        self._told_bps = np.full(n, -1.0)
        self.wanted_bps = np.zeros(n)
        self._limit_bps = np.full(n, np.inf)
        self.has_services = np.ones(n, dtype=bool)
        self._aps = np.flatnonzero(campus.devices.school_of_ap >= 0)
        self._school_of_ap = campus.devices.school_of_ap[self._aps]
        self._n_aps = np.maximum(np.bincount(self._school_of_ap, minlength=n), 1)
        self._asked_s = -np.inf
        self._shared_s = self._paged_s = campus.context.kernel.now_s

    def ask_backbone(self, now_s: float) -> None:
        """Ask the backbone what it carries and whether its services are there; once a minute."""
        backbone = self._context.systems.get("egov_backbone")
        self._asked_s = now_s
        if isinstance(backbone, Backbone):
            ids = self._campus.register.ids
            share = np.array([backbone.share(name) for name in ids])
            self._limit_bps = np.where(share < 1.0, share * self.wanted_bps, np.inf)
            self.has_services = np.array([backbone.is_service_up(name) for name in ids])

    def admin_wants_bps(self, now_s: float) -> _Floats:
        """Return what the administration of each school wants at a time. [bit/s]."""
        local = self._context.clock.local(now_s)
        from_h, to_h = value("office_hours_from_h"), value("office_hours_to_h")
        at_work = is_workday(local.date()) and from_h <= local.hour < to_h
        teachers_bps = 1e3 * value("admin_teacher_kbps") * self._campus.register.teachers
        wants = teachers_bps + 1e6 * value("admin_office_mbps")
        return np.asarray(wants * (1.0 if at_work else _NIGHT_SHARE))

    def step(self, now_s: float, dt_s: float) -> View | None:
        """Share the lines for what devices do now; with no device at all once a minute.

        Parameters
        ----------
        now_s, dt_s : float
            Now and length of the step that has ended. [s]

        Returns
        -------
        View or None
            The stations, after log-ons have ended; None if there was nothing to do.
        """
        campus = self._campus
        fleet, devices = campus.air.fleet, campus.devices
        if now_s >= self._asked_s + 60.0:
            self.ask_backbone(now_s)
        view = devices.view()
        if not view.rows.size and now_s < self._shared_s + _IDLE_S:
            return None
        school, took_s = devices.finish_logons(view, now_s)
        if school.size:
            campus.ledger.log_on(school, took_s)
            view = devices.view()
        self._read_air(dt_s)
        n = len(campus.sites)
        campus.counts = view.count(n, np.ones(view.rows.size, dtype=bool))
        joined = fleet.stations.ap[view.rows] >= 0
        flows = view.count(n, joined)
        self._share(flows, now_s)
        self._grant(view, flows, dt_s)
        self._account(flows, now_s, now_s - self._shared_s)
        self._shared_s = now_s
        if now_s >= self._paged_s + _PAGES_S:
            self._load_pages(view, now_s, now_s - self._paged_s)
            self._paged_s = now_s
        return view

    def _read_air(self, dt_s: float) -> None:
        """Read what the access points have carried and how full the air is."""
        campus, fleet = self._campus, self._campus.air.fleet
        n, mine, who = len(campus.sites), self._aps, self._school_of_ap
        carried = np.bincount(who, fleet.traffic.served_bps[mine], n)
        busy = np.bincount(who, fleet.traffic.utilization[mine].max(axis=1), n)
        self.airtime = busy / self._n_aps
        self.used_bps = carried + self.shares.admin_bps
        campus.ledger.carried_bits += carried * dt_s

    def _share(self, flows: _Floats, now_s: float) -> None:
        campus = self._campus
        line_bps = campus.register.line_bps * campus.routers.is_online()
        self.capacity_bps = np.minimum(line_bps, self._limit_bps)
        admin_bps = self.admin_wants_bps(now_s) * campus.routers.is_on
        known = flows.copy()
        known[:, [LOGON, EXAM_LOGON]] *= self.has_services[:, None]
        wanted_bps = admin_bps + (known * self.peak_bps).sum(axis=1)
        self.wanted_bps = np.minimum(wanted_bps, campus.register.line_bps)
        self.shares = share_line(
            self.capacity_bps,
            admin_bps,
            flows[:, GUEST] * self.peak_bps[GUEST],
            known[:, _PEDAGOGY],
            self.peak_bps[_PEDAGOGY],
            exam=(known[:, _EXAM], self.peak_bps[_EXAM], self._is_exam_own),
        )

    def _grant(self, view: View, flows: _Floats, dt_s: float) -> None:
        """Write into the stations what each may take, and tell the access points their line."""
        fleet, shares = self._campus.air.fleet, self.shares
        rates = np.minimum(self.peak_bps[None, :], shares.level_bps[:, None])
        rates[:, _EXAM] = np.minimum(self.peak_bps[_EXAM], shares.exam_bps[:, None])
        rates[:, GUEST] = shares.guest_bps / np.maximum(flows[:, GUEST], 1.0)
        rates[:, [LOGON, EXAM_LOGON]] *= self.has_services[:, None]
        self._campus.devices.rates_bps = rates
        at, granted = fleet.stations, rates[view.school, view.kind]
        # what waits for the air counts, so that all together never want more than the line
        at.rate_bps[view.rows] = np.maximum(granted - at.backlog_bits[view.rows] / dt_s, 0.0)
        left_bps = np.maximum(self.capacity_bps - shares.admin_bps, 0.0)
        changed = np.abs(left_bps - self._told_bps) > 0.01 * np.maximum(left_bps, 1.0)
        for k in np.flatnonzero(changed).tolist():
            fleet.set_backhaul(self._campus.sites[k], float(left_bps[k]))
            self._told_bps[k] = left_bps[k]

    def _account(self, flows: _Floats, now_s: float, dt_s: float) -> None:
        campus, ledger, shares = self._campus, self._campus.ledger, self.shares
        granted = (flows * campus.devices.rates_bps).sum(axis=1) + shares.admin_bps
        part = np.divide(
            granted, self.capacity_bps, out=np.zeros(granted.size), where=self.capacity_bps > 0.0
        )
        self.load_percent = 100.0 * np.minimum(part, 1.0)
        in_lesson = (campus.bell_s <= now_s) & (now_s < campus.end_s)
        is_full = self.load_percent >= value("line_full_percent")
        ledger.admin_bits += shares.admin_bps * dt_s
        ledger.lesson_s += dt_s * in_lesson
        ledger.full_s += dt_s * (in_lesson & is_full)
        ledger.offline_s += dt_s * (in_lesson & (self.capacity_bps <= 0.0))
        ledger.airtime_s += dt_s * in_lesson * self.airtime
        ledger.devices_s += dt_s * in_lesson * flows.sum(axis=1)
        ledger.peak_percent = np.maximum(ledger.peak_percent, self.load_percent)
        self._tell_full_lines(is_full & in_lesson, now_s)

    def _load_pages(self, view: View, now_s: float, dt_s: float) -> None:
        """Work out how long a page takes at each school: over the air and over the line."""
        campus, fleet = self._campus, self._campus.air.fleet
        n = len(campus.sites)
        reads = (view.kind == WEB) | (view.kind == PLATFORM)
        reads &= fleet.stations.ap[view.rows] >= 0
        school = view.school[reads]
        rate_bps = fleet.traffic.user_bps(fleet.stations, view.rows[reads])
        rate_bps = np.minimum(rate_bps, self.shares.new_bps[school])
        rate_bps = np.clip(rate_bps, 1.0, 1e6 * value("device_peak_mbps"))
        page_s = value("page_base_s") + 8e6 * value("page_mbyte") / rate_bps
        total_s = np.bincount(school, np.minimum(page_s, _LONGEST_PAGE_S), n)
        readers = np.bincount(school, minlength=n)
        self.page_s = total_s / np.maximum(readers, 1)
        is_start = now_s < campus.bell_s + value("logon_within_s")
        weight = dt_s * readers.astype(np.float64)
        campus.ledger.load_pages(self.page_s, weight, is_start)

    def _tell_full_lines(self, is_full: NDArray[np.bool_], now_s: float) -> None:
        campus = self._campus
        for k in np.flatnonzero(is_full != campus.is_full).tolist():
            counts = campus.counts[k]
            line = f"{campus.register.line_bps[k] / 1e6:g} Mbit/s"
            who = f"{counts[LOGON]:.0f} log-ons, {counts[VIDEO]:.0f} videos"
            campus.stories.follow(
                campus.register.ids[k],
                "line",
                now_s,
                is_so=bool(is_full[k]),
                begins=f"The line of {line} is full: {who}, {counts.sum():.0f} devices.",
                ends="The line has room again after {minutes}.",
                is_routine=True,
            )
        campus.is_full = is_full
