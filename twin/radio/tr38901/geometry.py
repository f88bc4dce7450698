"""Distances and breakpoints that the scenarios of TR 38.901 share."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.ranges import need

__all__ = ["LIGHT_M_PER_S", "distance_3d_m", "urban_break_m", "within"]

LIGHT_M_PER_S = 3.0e8
"""Propagation velocity as TR 38.901 rounds it in the breakpoint distance."""

Array = NDArray[np.float64]


def within(values: ArrayLike, low: float, high: float, scenario: str, quantity: str) -> Array:
    """Hold an input to its range in the path loss table.

    Parameters
    ----------
    values : array_like
        Numbers.
    low, high : float
        Smallest and greatest valid value.
    scenario : str
        Name of the scenario, for the message.
    quantity : str
        Name and unit of the input.

    Returns
    -------
    ndarray of float64
        The numbers.

    Raises
    ------
    ValueError
        Not finite, empty, no number.
    ModelRangeError
        A value outside: says which element.
    """
    model = f"TR 38.901 V17.0.0 Table 7.4.1-1 {scenario}"
    return need(values, low, high, model=model, quantity=quantity)


def distance_3d_m(distance_2d_m: ArrayLike, h_bs_m: ArrayLike, h_ut_m: ArrayLike) -> Array:
    """Slant distance between the antennas.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance. [m]
    h_bs_m, h_ut_m : array_like
        Heights of both ends. [m]

    Returns
    -------
    ndarray
        Distance. [m]

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Figure 7.4.1-1.
    """
    return np.hypot(
        np.asarray(distance_2d_m, np.float64), np.subtract(h_bs_m, h_ut_m, dtype=np.float64)
    )


def urban_break_m(freq_hz: Array, h_bs_m: Array, h_ut_m: Array, h_e_m: ArrayLike = 1.0) -> Array:
    """Breakpoint d'BP of the urban scenarios.

    Parameters
    ----------
    freq_hz : array_like
        Carrier frequency. [Hz]
    h_bs_m, h_ut_m : array_like
        Heights of both ends. [m]
    h_e_m : array_like
        Effective environment height. [m]

    Returns
    -------
    ndarray
        Horizontal distance. [m]

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, note 1.
    """
    h_e = np.asarray(h_e_m, np.float64)
    return np.asarray(4.0 * (h_bs_m - h_e) * (h_ut_m - h_e) * freq_hz / LIGHT_M_PER_S)
