"""Green waves: offsets along a street, the band that passes, and how a platoon spreads."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["dispersion_factor", "one_way_offsets_s", "progression_band_s", "two_way_offsets_s"]

_Floats = NDArray[np.float64]


def one_way_offsets_s(travel_s: ArrayLike, cycle_s: float) -> _Floats:
    """Offsets of a wave in one direction: green begins when the first vehicle comes.

    Parameters
    ----------
    travel_s : array_like of shape (N,)
        Travel time from the first signal. [s]
    cycle_s : float
        Common cycle. [s]

    Returns
    -------
    offsets_s : ndarray of shape (N,)
        Begin of green within the cycle. [s]
    """
    return np.asarray(np.mod(np.asarray(travel_s, dtype=np.float64), cycle_s))


def two_way_offsets_s(travel_s: ArrayLike, green_s: ArrayLike, cycle_s: float) -> _Floats:
    """Offsets with the widest equal bands in both directions.

    Parameters
    ----------
    travel_s : array_like of shape (N,)
        Travel time from the first signal, the same in both directions. [s]
    green_s : array_like of shape (N,)
        Green of the street at each signal. [s]
    cycle_s : float
        Common cycle. [s]

    Returns
    -------
    offsets_s : ndarray of shape (N,)
        Begin of green within the cycle. [s]

    References
    ----------
    .. [1] J. T. Morgan, J. D. C. Little, Synchronizing traffic signals for maximal bandwidth,
       Operations Research 12(6), 1964: with equal speeds the middles of green lie half a cycle
       or none apart. The phase of the band is searched in steps of 1 s.
    """
    travel = np.asarray(travel_s, dtype=np.float64)
    green = np.asarray(green_s, dtype=np.float64)
    phase = np.arange(0.0, cycle_s, 1.0)[:, None]
    middles = []
    distances = []
    for middle in (0.0, cycle_s / 2.0):
        apart = np.mod(middle - travel - phase + cycle_s / 2.0, cycle_s) - cycle_s / 2.0
        distances.append(apart)
        middles.append(middle)
    nearest = np.where(np.abs(distances[1]) < np.abs(distances[0]), 1, 0)
    apart = np.where(nearest == 1, distances[1], distances[0])
    band = (apart + green / 2.0).min(axis=1) - (apart - green / 2.0).max(axis=1)
    best = nearest[int(np.argmax(band))]
    return np.asarray(np.mod(np.asarray(middles)[best] - green / 2.0, cycle_s))


def progression_band_s(
    offsets_s: ArrayLike, green_s: ArrayLike, travel_s: ArrayLike, cycle_s: float
) -> float:
    """Width of the band in which vehicles pass every signal at the speed of the wave.

    Parameters
    ----------
    offsets_s : array_like of shape (N,)
        Begin of green within the cycle. [s]
    green_s : array_like of shape (N,)
        Green of the street. [s]
    travel_s : array_like of shape (N,)
        Travel time from the signal entered first; negative the other way round. [s]
    cycle_s : float
        Common cycle. [s]

    Returns
    -------
    float
        Width. [s]  0 where no vehicle passes all without a stop.
    """
    green = np.asarray(green_s, dtype=np.float64)
    begins = np.mod(np.asarray(offsets_s) - np.asarray(travel_s), cycle_s)
    # a widest band begins with some green: what is then left of each green bounds it
    left = green[None, :] - np.mod(begins[:, None] - begins[None, :], cycle_s)
    return float(np.maximum(left, 0.0).min(axis=1).max())


def dispersion_factor(travel_s: ArrayLike, alpha: float, beta: float) -> _Floats:
    """Smoothing factor of a platoon that spreads on its way.

    Parameters
    ----------
    travel_s : array_like
        Mean travel time T. [s]
    alpha, beta : float
        Dispersion and the share of T the fastest need; 0.35 and 0.8 in TRANSYT.

    Returns
    -------
    factor : ndarray
        F of q'(t + beta T) = F q(t) + (1 - F) q'(t + beta T - 1 s).

    References
    ----------
    .. [1] D. I. Robertson, TRANSYT: a traffic network study tool, RRL Report LR 253, 1969:
       F = 1 / (1 + alpha beta T).
    """
    return np.asarray(1.0 / (1.0 + alpha * beta * np.asarray(travel_s, dtype=np.float64)))
