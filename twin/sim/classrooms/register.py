"""The schools as figures: classes, teachers, lines, and what the federal rule asks for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.geo.rings import district_slugs
from twin.model.city import City, School
from twin.sim.classrooms.assumptions import form_value, value

__all__ = ["Register"]


class Register:
    """Figures of schools that do not change.

    Parameters
    ----------
    city : City
        For its districts.
    schools : sequence of School
        The schools.

    Notes
    -----
    A school counts as supplied only if the administration and every class permanently have at
    least 30 Mbit/s at the building; often the need is capped at 1 Gbit/s (atene KOM,
    "Aufgreifschwelle Schulen").
    """

    def __init__(self, city: City, schools: Sequence[School]) -> None:
        self.schools = tuple(schools)
        self.ids = tuple(school.id for school in schools)
        self.index = {name: k for k, name in enumerate(self.ids)}
        self.pupils = np.array([school.pupils for school in schools], dtype=np.int64)
        sizes = np.array([form_value("class_size", school.form) for school in schools])
        self.classes = np.maximum(np.rint(self.pupils / sizes), 1.0)
        self.teachers = np.maximum(np.rint(self.pupils / value("pupils_per_teacher")), 1.0)
        self.line_bps = 1e6 * np.array([form_value("line_mbps", school.form) for school in schools])
        self.device_share = np.array(
            [form_value("device_share", school.form) for school in schools]
        )
        x, y = ([getattr(school, axis) for school in schools] for axis in ("x_m", "y_m"))
        self.slugs = np.array(district_slugs(city.districts, x, y))
        classes_mbps = value("rule_mbps_per_class") * self.classes
        self.classes_need_bps = 1e6 * classes_mbps
        need_mbps = classes_mbps + value("rule_admin_mbps")
        self.need_bps = 1e6 * np.minimum(need_mbps, value("rule_cap_mbps"))
        self.meets_rule = self.line_bps >= self.need_bps
