"""Building entry loss: ITU-R P.2109-2."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.itu.normal import normal_quantile
from twin.radio.ranges import need

__all__ = ["Building", "building_entry_db"]

Array = NDArray[np.float64]
MODEL = "ITU-R P.2109-2"


class Building(IntEnum):
    """Kinds of building: thermally efficient means metallised glass or foil-backed panels."""

    TRADITIONAL = 1
    THERMALLY_EFFICIENT = 2


# Table 1: r, s, t, u, v, w, x, y, z
TABLE = {
    1: (12.64, 3.72, 0.96, 9.6, 2.0, 9.1, -3.0, 4.5, -2.0),
    2: (28.19, -3.00, 8.48, 13.5, 3.8, 27.8, -2.9, 9.4, -2.1),
}


def building_entry_db(
    freq_hz: ArrayLike,
    building: Building,
    probability_percent: ArrayLike = 50.0,
    elevation_deg: ArrayLike = 0.0,
) -> Array:
    """Additional loss of a terminal inside a building.

    Parameters
    ----------
    freq_hz : array_like
        Frequency. [Hz]  Valid 0.08 to 100 GHz.
    building : Building
        Kind of building.
    probability_percent : array_like
        Probability that the loss is not exceeded. [%]  Between 0 and 100.
    elevation_deg : array_like
        Elevation of the path at the facade. [deg]  Valid -90 to 90.

    Returns
    -------
    ndarray
        Loss; slightly negative at very small probabilities. [dB]

    Raises
    ------
    ModelRangeError
        An input outside its range: says which element.
    ValueError
        A NaN, an empty array, a kind that does not exist.

    Notes
    -----
    The table and the equations are those of edition 1 and 2 alike.

    References
    ----------
    .. [1] ITU-R P.2109-2 (2023), section 3, eq. (1) to (10), Table 1.
    """
    r, s, t, u, v, w, x, y, z = TABLE[Building(building)]
    freq = need(freq_hz, 0.08e9, 100e9, model=MODEL, quantity="frequency [Hz]") / 1e9
    percent = need(probability_percent, 1e-9, 100.0 - 1e-9, model=MODEL, quantity="probability [%]")
    elevation = need(elevation_deg, -90.0, 90.0, model=MODEL, quantity="elevation [deg]")
    log_f = np.log10(freq)
    median = r + s * log_f + t * log_f**2 + 0.212 * np.abs(elevation)
    quantile = normal_quantile(percent / 100.0)
    a = quantile * (u + v * log_f) + median
    b = quantile * (y + z * log_f) + w + x * log_f
    return np.asarray(10.0 * np.log10(10.0 ** (0.1 * a) + 10.0 ** (0.1 * b) + 10.0**-0.3))
