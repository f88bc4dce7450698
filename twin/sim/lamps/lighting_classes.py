"""Lighting classes of roads: what each asks for, and whether a segment gives it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.sim.lamps.assumptions import figure

__all__ = ["LADDERS", "RUNGS", "Rung", "highest_met", "is_met", "lower"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A lighting class, all of it as illuminance.

    Parameters
    ----------
    name : str
        Such as ``M5``.
    mean_lx, least_lx : float
        Maintained mean, and the least at any point; 0 where the class asks for none. [lx]
    uniformity : float
        Least over mean; 0 where the class asks for none.
    """

    name: str
    mean_lx: float
    least_lx: float = 0.0
    uniformity: float = 0.0


# EN 13201-2:2015, Table 1: L [cd/m2] and U0 of M1 to M6. Longitudinal uniformity and glare are not
# checked: they need the luminaire's light distribution.
_M = ((2.0, 0.40), (1.5, 0.40), (1.0, 0.40), (0.75, 0.40), (0.5, 0.35), (0.3, 0.35))
_C_LX = (50.0, 30.0, 20.0, 15.0, 10.0, 7.5)  # Table 2: E of C0 to C5, U0 0.40 for all
# Table 3: E and Emin of P1 to P6.
_P_LX = ((15.0, 3.0), (10.0, 2.0), (7.5, 1.5), (5.0, 1.0), (3.0, 0.6), (2.0, 0.4))

_LX_PER_CD_M2 = 1.0 / figure("luminance_coefficient")

RUNGS: tuple[Rung, ...] = (
    *(
        Rung(name=f"M{k}", mean_lx=luminance * _LX_PER_CD_M2, uniformity=u0)
        for k, (luminance, u0) in enumerate(_M, start=1)
    ),
    *(Rung(name=f"C{k}", mean_lx=lx, uniformity=0.40) for k, lx in enumerate(_C_LX)),
    *(
        Rung(name=f"P{k}", mean_lx=mean, least_lx=least)
        for k, (mean, least) in enumerate(_P_LX, start=1)
    ),
)
"""All classes, M1 to M6, C0 to C5, P1 to P6."""

_INDEX = {rung.name: i for i, rung in enumerate(RUNGS)}


def _ladder(*names: str) -> tuple[int, ...]:
    return tuple(_INDEX[name] for name in names)


LADDERS = {
    "M": _ladder("M1", "M2", "M3", "M4", "M5", "M6", "P5", "P6"),
    "C": _ladder("C0", "C1", "C2", "C3", "C4", "C5", "P4", "P5", "P6"),
    "P": _ladder("P1", "P2", "P3", "P4", "P5", "P6"),
}
"""Classes of a series from the brightest, as indices of `RUNGS`.

Below the last of M and C come the P classes of comparable light (EN 13201-1:2014, Table 5).
"""

P6 = _INDEX["P6"]
"""The least light of a street that is lit at all."""

_MEAN = np.array([rung.mean_lx for rung in RUNGS])
_LEAST = np.array([rung.least_lx for rung in RUNGS])
_UNIFORMITY = np.array([rung.uniformity for rung in RUNGS])


def is_met(rung: _Ints, mean_lx: _Floats, least_lx: _Floats) -> NDArray[np.bool_]:
    """Say which segments meet their class.

    Parameters
    ----------
    rung : ndarray
        Indices of `RUNGS`; -1 for a segment without a class, which is never met.
    mean_lx, least_lx : ndarray
        What the segments give. [lx]

    Returns
    -------
    ndarray of bool
        One statement per segment.
    """
    met = (mean_lx >= _MEAN[rung]) & (least_lx >= _LEAST[rung])
    met &= least_lx >= _UNIFORMITY[rung] * mean_lx
    return met & (rung >= 0)


def highest_met(series: NDArray[np.str_], mean_lx: _Floats, least_lx: _Floats) -> _Ints:
    """Find the brightest class of its series that each segment meets.

    Parameters
    ----------
    series : ndarray of str
        ``M``, ``C`` or ``P``.
    mean_lx, least_lx : ndarray
        What the segments give. [lx]

    Returns
    -------
    ndarray
        Indices of `RUNGS`, -1 where none is met.
    """
    found = np.full(series.shape, -1, dtype=np.int64)
    for name, ladder in LADDERS.items():
        for rung in reversed(ladder):
            these = np.full(series.shape, rung)
            found[(series == name) & is_met(these, mean_lx, least_lx)] = rung
    return found


def lower(series: NDArray[np.str_], rung: _Ints, steps: int) -> _Ints:
    """Go down a number of classes, at most to P6.

    Parameters
    ----------
    series : ndarray of str
        ``M``, ``C`` or ``P``.
    rung : ndarray
        Indices of `RUNGS`, -1 stays -1.
    steps : int
        How many.  Must be >= 0.

    Returns
    -------
    ndarray
        Indices of `RUNGS`.
    """
    result = rung.copy()
    for name, ladder in LADDERS.items():
        for at, here in enumerate(ladder):
            there = ladder[min(at + steps, len(ladder) - 1)]
            result[(series == name) & (rung == here)] = there
    return result
