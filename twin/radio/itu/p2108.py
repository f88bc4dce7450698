"""Clutter loss of terminals among buildings and trees: ITU-R P.2108-1, sections 3.1 to 3.3."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.itu.normal import normal_quantile
from twin.radio.ranges import need

__all__ = ["Clutter", "height_gain_db", "slant_clutter_db", "terrestrial_clutter_db"]

Array = NDArray[np.float64]
MODEL = "ITU-R P.2108-1"
P_LOW, P_HIGH = 1e-9, 100.0 - 1e-9


class Clutter(IntEnum):
    """Clutter types of Table 3, in its order."""

    WATER = 1
    OPEN = 2
    SUBURBAN = 3
    URBAN = 4
    DENSE_URBAN = 5


HEIGHT_M = {1: 10.0, 2: 10.0, 3: 10.0, 4: 15.0, 5: 20.0}
"""Table 3: representative clutter height R. Urban stands for trees and forest too."""


def height_gain_db(
    freq_hz: ArrayLike,
    height_m: ArrayLike,
    clutter: Clutter,
    *,
    clutter_height_m: ArrayLike | None = None,
    street_width_m: ArrayLike = 27.0,
) -> Array:
    """Clutter loss of a terminal below the clutter around it.

    Parameters
    ----------
    freq_hz : array_like
        Frequency. [Hz]  Valid 0.03 to 3 GHz.
    height_m : array_like
        Height of the antenna over the ground. [m]  Must be > 0.
    clutter : Clutter
        What stands around it.
    clutter_height_m : array_like, optional
        Its height, if known; else that of Table 3. [m]
    street_width_m : array_like
        Width of the street. [m]

    Returns
    -------
    ndarray
        Loss; 0 for an antenna above the clutter. [dB]

    Raises
    ------
    ModelRangeError
        An input outside its range: says which element.
    ValueError
        A NaN, an empty array, a clutter type that does not exist.

    References
    ----------
    .. [1] ITU-R P.2108-1 (2021), section 3.1, eq. (2a) to (2g), Table 3.
    """
    kind = Clutter(clutter)
    known = HEIGHT_M[kind] if clutter_height_m is None else clutter_height_m
    freq = need(freq_hz, 0.03e9, 3e9, model=MODEL, quantity="frequency [Hz]") / 1e9
    height = need(height_m, 1e-3, 1e5, model=MODEL, quantity="height [m]")
    top = need(known, 1e-3, 1e3, model=MODEL, quantity="clutter height [m]")
    street = need(street_width_m, 1e-3, 1e4, model=MODEL, quantity="street width [m]")
    if kind in (Clutter.WATER, Clutter.OPEN):
        loss = -(21.8 + 6.2 * np.log10(freq)) * np.log10(height / top)  # (2b), (2f)
    else:
        rise = np.maximum(top - height, 0.0)
        nu = 0.342 * np.sqrt(freq * rise * np.degrees(np.arctan(rise / street)))  # (2c) to (2e)
        loss = 6.9 + 20.0 * np.log10(np.sqrt((nu - 0.1) ** 2 + 1.0) + nu - 0.1) - 6.03  # (2a)
    return np.where(height >= top, 0.0, loss)


def terrestrial_clutter_db(
    freq_hz: ArrayLike, distance_m: ArrayLike, location_percent: ArrayLike = 50.0
) -> Array:
    """Statistical clutter loss of one end of a terrestrial path in a town.

    Parameters
    ----------
    freq_hz : array_like
        Frequency. [Hz]  Valid 0.5 to 67 GHz.
    distance_m : array_like
        Length of the whole path. [m]  Valid from 250 m; for both ends from 1 km.
    location_percent : array_like
        Share of locations whose loss is not greater. [%]  Between 0 and 100.

    Returns
    -------
    ndarray
        Loss, to add to that of the path. [dB]

    Raises
    ------
    ModelRangeError
        An input outside its range: says which element.
    ValueError
        A NaN, an empty array.

    References
    ----------
    .. [1] ITU-R P.2108-1 (2021), section 3.2, eq. (3) to (5).
    """
    freq = need(freq_hz, 0.5e9, 67e9, model=MODEL, quantity="frequency [Hz]") / 1e9
    distance = need(distance_m, 250.0, 1e6, model=MODEL, quantity="distance [m]") / 1000.0
    quantile = normal_quantile(_share(location_percent))
    far = -2.0 * np.log10(10.0 ** (-5.0 * np.log10(freq) - 12.5) + 10.0**-16.5)  # (4a)
    losses = []
    for length in (distance, np.float64(2.0)):  # the loss at 2 km is the greatest there is
        near = 32.98 + 23.9 * np.log10(length) + 3.0 * np.log10(freq)  # (5a)
        w_far, w_near = 10.0 ** (-0.2 * far), 10.0 ** (-0.2 * near)
        sigma = np.sqrt((4.0**2 * w_far + 6.0**2 * w_near) / (w_far + w_near))  # (3b)
        losses.append(-5.0 * np.log10(w_far + w_near) + sigma * quantile)  # (3a)
    return np.asarray(np.minimum(losses[0], losses[1]))


def slant_clutter_db(
    freq_hz: ArrayLike, elevation_deg: ArrayLike, location_percent: ArrayLike = 50.0
) -> Array:
    """Statistical clutter loss of a path up to an aircraft, a satellite or a tall mast.

    Parameters
    ----------
    freq_hz : array_like
        Frequency. [Hz]  Valid 10 to 100 GHz.
    elevation_deg : array_like
        Elevation of the path at the terminal. [deg]  Valid 0 to 90.
    location_percent : array_like
        Share of locations whose loss is not greater. [%]  Between 0 and 100.

    Returns
    -------
    ndarray
        Loss, to add to that of the path. [dB]

    Raises
    ------
    ModelRangeError
        An input outside its range: says which element.
    ValueError
        A NaN, an empty array.

    References
    ----------
    .. [1] ITU-R P.2108-1 (2021), section 3.3, eq. (6).
    """
    freq = need(freq_hz, 10e9, 100e9, model=MODEL, quantity="frequency [Hz]") / 1e9
    elevation = need(elevation_deg, 0.0, 90.0, model=MODEL, quantity="elevation [deg]")
    share = _share(location_percent)
    angle = 0.05 * (1.0 - elevation / 90.0) + np.pi * elevation / 180.0
    base = -93.0 * freq**0.175 * np.log1p(-share) / np.tan(angle)
    spread = np.maximum(base, 0.0) ** (0.5 * (90.0 - elevation) / 90.0)
    return np.asarray(spread - 1.0 + 0.6 * normal_quantile(share))


def _share(location_percent: ArrayLike) -> Array:
    percent = need(location_percent, P_LOW, P_HIGH, model=MODEL, quantity="locations [%]")
    return percent / 100.0
