"""Whether the street under each lamp meets its lighting class as lamps dim, age and fail."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.model.city import Lamp
from twin.sim.lamps.assumptions import figure
from twin.sim.lamps.lighting_classes import P6, RUNGS, highest_met, is_met, lower
from twin.sim.lamps.photometry import intensity_cd, segment_figures

__all__ = ["ClassCheck", "nearest_on_feeder"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]

_LATERAL_SHARES = (1 / 6, 3 / 6, 5 / 6)  # three rows, as EN 13201-3:2015, 7.1.3 lays in a lane
_SPACING_M = (10.0, 60.0)


def nearest_on_feeder(x_m: _Floats, y_m: _Floats, cabinet_of: _Ints) -> tuple[_Ints, _Floats]:
    """Find each lamp's nearest neighbour on the same cabinet.

    Parameters
    ----------
    x_m, y_m : ndarray
        Lamps. [m]
    cabinet_of : ndarray
        Their cabinets.

    Returns
    -------
    nearest : ndarray
        Its index; a lamp alone on its cabinet is its own neighbour.
    distance_m : ndarray
        How far it is, kept between 10 and 60 m; 60 m for a lamp alone. [m]
    """
    nearest = np.arange(x_m.size)
    distance_m = np.full(x_m.size, _SPACING_M[1])
    order = np.argsort(cabinet_of, kind="stable")
    bounds = np.flatnonzero(np.diff(cabinet_of[order])) + 1
    for rows in np.split(order, bounds):
        if rows.size < 2:
            continue
        square = (x_m[rows, None] - x_m[rows]) ** 2 + (y_m[rows, None] - y_m[rows]) ** 2
        np.fill_diagonal(square, np.inf)
        best = np.argmin(square, axis=1)
        nearest[rows] = rows[best]
        distance_m[rows] = np.sqrt(square[np.arange(rows.size), best])
    return nearest, np.clip(distance_m, *_SPACING_M)


class ClassCheck:
    """Light of every lamp's segment of street, from itself to its nearest neighbour.

    Parameters
    ----------
    lamps : sequence of Lamp
        The lamps.
    cabinet_of : ndarray
        Their cabinets.
    true_w : ndarray
        Their power. [W]

    Notes
    -----
    Which class the city chose for a street is not published. Each segment counts as designed for
    the brightest class it meets with all lamps at full light and a maintenance factor of 0.8: M
    for lamps of 10 m and more (main roads), C from 8 m, P below. In the night window the class is
    two lower, as EN 13201-1 allows with little traffic, never under P6. All of this is assumed.
    """

    def __init__(self, lamps: Sequence[Lamp], cabinet_of: _Ints, true_w: _Floats) -> None:
        x_m, y_m = np.array([lamp.x_m for lamp in lamps]), np.array([lamp.y_m for lamp in lamps])
        height_m = np.array([lamp.height_m for lamp in lamps])
        self.near, spacing_m = nearest_on_feeder(x_m, y_m, cabinet_of)
        is_sodium = np.array([lamp.kind == "sodium" for lamp in lamps], dtype=bool)
        lumen_w = np.where(is_sodium, figure("sodium_lm_w"), figure("led_lm_w"))
        candela = intensity_cd(true_w * lumen_w)
        width_m = figure("road_width_m")
        mean, least = segment_figures(
            height_m, spacing_m, tuple(share * width_m for share in _LATERAL_SHARES)
        )
        self._mean_lx, self._least_lx = mean * candela, least * candela
        series = np.where(height_m >= 9.5, "M", np.where(height_m >= 7.5, "C", "P"))
        kept = figure("design_maintenance")
        self.by_day = highest_met(series, self._mean_lx * kept, self._least_lx * kept)
        self.by_night = lower(series, self.by_day, round(figure("night_steps")))
        self._dirt = figure("dirt_factor")

    def least_light(self, left: _Floats) -> _Floats:
        """Light of each lamp under which its segment falls below P6.

        Parameters
        ----------
        left : ndarray
            Share of light that age has left.

        Returns
        -------
        ndarray
            0 to 1; 1 where not even full light gives P6.
        """
        rung = RUNGS[P6]
        with np.errstate(divide="ignore"):  # of a lamp of 0 W no share is enough
            need = np.maximum(rung.mean_lx / self._mean_lx, rung.least_lx / self._least_lx)
        return np.minimum(need / (left * self._dirt), 1.0)

    def met(
        self, light: _Floats, left: _Floats, works: _Bools, is_night: _Bools, is_quiet: _Bools
    ) -> _Bools:
        """Say which segments meet the class that holds now.

        Parameters
        ----------
        light : ndarray
            Light of each lamp as commanded, 0 to 1.
        left : ndarray
            Share of light that age has left.
        works : ndarray of bool
            Lamps that give light at all; a segment needs both of its lamps.
        is_night : ndarray of bool
            Lamps in the night window, where the class is lower.
        is_quiet : ndarray of bool
            Lamps that wait for motion, where P6 is enough.

        Returns
        -------
        ndarray of bool
            One statement per lamp.
        """
        share = light * left * self._dirt
        rung = np.where(is_night, self.by_night, self.by_day)
        rung = np.where(is_quiet & (rung >= 0), P6, rung)
        met = is_met(rung, self._mean_lx * share, self._least_lx * share)
        return met & works & works[self.near]
