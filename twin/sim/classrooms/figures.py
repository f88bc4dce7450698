"""Figures of schools for people: KPIs since the start."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.sim.classrooms.assumptions import value
from twin.sim.classrooms.campus import Campus
from twin.sim.classrooms.exams import Exam
from twin.sim.system import Kpi

__all__ = ["exam_kpis", "logon_kpis", "rule_kpis", "use_kpis"]

_Ints = NDArray[np.int64]


def rule_kpis(campus: Campus, rows: _Ints) -> dict[str, Kpi]:
    """Compare lines with the federal rule of 30 Mbit/s for every class and the administration.

    Parameters
    ----------
    campus : Campus
        The schools.
    rows : ndarray of int
        Numbers of the schools to look at.

    Returns
    -------
    dict
        KPIs by name.
    """
    register = campus.register
    met = 100.0 * float(register.meets_rule[rows].mean()) if rows.size else 100.0
    missing = np.maximum(register.need_bps[rows] - register.line_bps[rows], 0.0)
    return {
        "rule_met_percent": Kpi(met, "%", "schools; lines by form are assumed (K)"),
        "rule_classes_gbps": Kpi(
            float(register.classes_need_bps[rows].sum()) / 1e9,
            "Gbit/s",
            "30 Mbit/s for every class; 89.4 by the mean of 23.9 pupils in Duisburg",
        ),
        "rule_deficit_gbps": Kpi(
            float(missing.sum()) / 1e9, "Gbit/s", "with administration, capped at 1 Gbit/s each"
        ),
    }


def logon_kpis(campus: Campus, rows: _Ints) -> dict[str, Kpi]:
    """Tell how log-ons and pages went.

    Parameters
    ----------
    campus : Campus
        The schools.
    rows : ndarray of int
        Numbers of the schools to look at.

    Returns
    -------
    dict
        KPIs by name.
    """
    ledger = campus.ledger
    return {
        "logons": Kpi(float(ledger.logons[rows].sum()), "1"),
        "logon_p50_s": Kpi(ledger.logon_quantile_s(0.5, rows), "s"),
        "logon_p95_s": Kpi(ledger.logon_quantile_s(0.95, rows), "s"),
        "page_load_lesson_start_s": Kpi(
            ledger.page_mean_s(0, rows), "s", "mean of devices, first five minutes"
        ),
        "page_load_s": Kpi(ledger.page_mean_s(1, rows), "s", "mean of devices, later"),
    }


def use_kpis(campus: Campus, rows: _Ints) -> dict[str, Kpi]:
    """Tell how lines and air were used.

    Parameters
    ----------
    campus : Campus
        The schools.
    rows : ndarray of int
        Numbers of the schools to look at.

    Returns
    -------
    dict
        KPIs by name.
    """
    ledger = campus.ledger
    lesson_s = max(float(ledger.lesson_s[rows].sum()), 1.0)
    gb = {
        name: float(getattr(ledger, f"{name}_bits")[rows].sum()) / 8e9
        for name in ("carried", "admin")
    }
    full = f"at least {value('line_full_percent'):g} % of what the line has"
    return {
        "devices_in_lesson": Kpi(
            float(ledger.devices_s[rows].sum()) / lesson_s, "1", "mean of a school in lessons"
        ),
        "line_full_percent": Kpi(
            100.0 * float(ledger.full_s[rows].sum()) / lesson_s, "%", f"of lesson time, {full}"
        ),
        "offline_min": Kpi(
            float(ledger.offline_s[rows].sum()) / 60.0, "min", "lesson time, sum over schools"
        ),
        "wifi_airtime_percent": Kpi(
            100.0 * float(ledger.airtime_s[rows].sum()) / lesson_s, "%", "mean in lessons"
        ),
        "wifi_carried_gb": Kpi(gb["carried"], "GB"),
        "admin_carried_gb": Kpi(gb["admin"], "GB"),
    }


def exam_kpis(exams: Sequence[Exam]) -> dict[str, Kpi]:
    """Tell how exams went.

    Parameters
    ----------
    exams : sequence of Exam
        Held or running.

    Returns
    -------
    dict
        KPIs by name.
    """
    pupils = sum(exam.pupils for exam in exams)
    lost_s = sum(exam.pupil_lost_s for exam in exams)
    return {
        "exams": Kpi(float(len(exams)), "1"),
        "exam_interrupted_min": Kpi(
            sum(exam.interrupted_s for exam in exams) / 60.0,
            "min",
            "more than a tenth of the pupils stood still",
        ),
        "exam_lost_min_per_pupil": Kpi(lost_s / 60.0 / pupils if pupils else 0.0, "min"),
    }
