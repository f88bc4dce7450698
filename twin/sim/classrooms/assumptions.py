"""Every figure of the classrooms, with its source and mark, in one place."""

from __future__ import annotations

from twin.model.assumptions import reader_of
from twin.model.city import Assumption

__all__ = ["ASSUMPTIONS", "form_value", "value"]

_NAME = "classrooms"
_K = "general knowledge, unchecked"
_CLASS = "news4teachers 2025-05, NRW 2024/25"
_LINE = "unchecked; 100 Mbit/s for secondary schools was the aim for 2020 (rp-online 33690309)"
_TABLETS = "11,961 pupil tablets for 71,250 pupils (WAZ 233987209) and own devices of older pupils"
_RULE = "atene KOM Aufgreifschwelle Schulen, quoted by medienbildungskonzept.de and moz.de"

_FORMS = (
    "grundschule", "förderschule", "hauptschule", "realschule", "sekundarschule",
    "gesamtschule", "gymnasium", "berufskolleg", "weiterbildungskolleg", "other",
)  # fmt: skip


def _of(key: str, value: float, unit: str, mark: str, source: str) -> Assumption:
    return Assumption(
        key=f"{_NAME}.{key}", value=value, unit=unit, mark=mark, source=source, used_by=_NAME
    )


def _by_form(key: str, unit: str, source: str, marks: str, *values: float) -> list[Assumption]:
    return [
        _of(f"{key}.{form}", value, unit, mark, source)
        for form, value, mark in zip(_FORMS, values, marks, strict=True)
    ]


ASSUMPTIONS: tuple[Assumption, ...] = (
    # Who is there; 23.9 is the mean of all forms, used where a form has no figure of its own
    *_by_form("class_size", "1", _CLASS, "RKRRRRRRRR",
              23.9, 11.5, 23.9, 26.7, 23.9, 27.0, 27.1, 23.9, 23.9, 23.9),
    *_by_form("line_mbps", "Mbit/s", _LINE, "KKKKKKKKKK",
              100, 100, 100, 250, 250, 500, 500, 1000, 250, 100),
    *_by_form("device_share", "1", _TABLETS, "KKKKKKKKKK",
              0.17, 0.2, 0.3, 0.35, 0.35, 0.4, 0.45, 0.45, 0.45, 0.3),
    _of("device_spread", 0.3, "1", "K", _K + ": of the share, from lesson to lesson"),
    _of("present_share", 0.93, "1", "K", _K),
    _of("pupils_per_teacher", 14.0, "1", "K", _K),
    _of("guests_per_teacher", 0.3, "1", "K", _K + ": private telephones in the guest network"),
    _of("bell_step_min", 5.0, "min", "K", _K + ": schools ring 5 earlier to 10 min later"),
    _of("office_hours_from_h", 7.0, "h", "K", _K),
    _of("office_hours_to_h", 16.0, "h", "K", _K),
    # What devices want
    _of("logon_mbyte", 8.0, "MB", "K", _K + ": profile, updates, start page of a device"),
    _of("logon_peak_mbps", 4.0, "Mbit/s", "K", _K),
    _of("logon_base_s", 4.0, "s", "K", _K + ": radio, 802.1X and address"),
    _of("logon_within_s", 300.0, "s", "K", "log-on storm in the first five minutes, computerbase"),
    _of("platform_kbps", 150.0, "kbit/s", "K", _K + ": learning platform, mean of a device"),
    _of("web_kbps", 300.0, "kbit/s", "K", _K + ": mean of a device"),
    _of("video_kbps", 3000.0, "kbit/s", "K", "2 to 5 Mbit/s per stream, computerbase"),
    _of("exam_kbps", 100.0, "kbit/s", "K", _K + ": pages and autosave of an exam"),
    _of("guest_kbps", 100.0, "kbit/s", "K", _K),
    _of("admin_teacher_kbps", 30.0, "kbit/s", "K", _K + ": per teacher in office hours"),
    _of("admin_office_mbps", 3.0, "Mbit/s", "K", _K + ": office and backup of a school"),
    _of("web_share", 0.45, "1", "K", _K + ": of the devices in a lesson"),
    _of("video_share", 0.08, "1", "K", _K + ": of the devices in a lesson; the rest: platform"),
    _of("page_mbyte", 2.5, "MB", "K", _K + ": weight of a page"),
    _of("page_base_s", 0.8, "s", "K", _K + ": round trips and rendering"),
    _of("device_peak_mbps", 50.0, "Mbit/s", "K", _K + ": one tablet alone on the air"),
    # The network of a school
    _of("admin_guarantee_share", 0.15, "1", "K", _K + ": of the line for administration"),
    _of("guest_cap_share", 0.1, "1", "K", _K + ": of the line for guests"),
    _of("router_boot_s", 120.0, "s", "K", _K),
    _of("line_full_percent", 95.0, "%", "K", _K + ": from here on a line counts as full"),
    # Rules and exams
    _of("rule_mbps_per_class", 30.0, "Mbit/s", "S", _RULE),
    _of("rule_admin_mbps", 30.0, "Mbit/s", "S", _RULE),
    _of("rule_cap_mbps", 1000.0, "Mbit/s", "S", _RULE + ": often capped"),
    _of("exam_need_share", 0.5, "1", "K", _K + ": with less of its rate an exam stands still"),
    _of("exam_page_mbyte", 0.5, "MB", "K", _K + ": a page with pictures, and saving it"),
    _of("exam_page_limit_s", 10.0, "s", "K", _K + ": who waits longer for a page is interrupted"),
    _of("full_air_share", 0.9, "1", "K", _K + ": from this airtime on packets wait for the air"),
    _of("full_queue_s", 3.0, "s", "K", _K + ": six round trips through a full buffer of 0.5 s"),
    _of("exam_stall_share", 0.1, "1", "K", _K + ": of the pupils, then the exam is interrupted"),
    _of("exam_longest_h", 6.0, "h", "K", _K),
)  # fmt: skip

value = reader_of("classrooms", ASSUMPTIONS)
"""Reads a figure by its key without ``classrooms.``, in the unit given above."""


def form_value(key: str, form: str) -> float:
    """Return a figure that depends on the form of a school.

    Parameters
    ----------
    key : str
        Its key, without the form.
    form : str
        Form as in the city file; only its first word counts, an unknown one is ``other``.

    Returns
    -------
    float
        In the unit given in `ASSUMPTIONS`.
    """
    word = form.lower().split(" ")[0]
    return value(f"{key}.{word if word in _FORMS else 'other'}")
