"""Loss in free space: ITU-R P.525-4."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.ranges import need

__all__ = ["free_space_db"]

MODEL = "ITU-R P.525-4"
LIGHT_M_S = 299_792_458.0


def free_space_db(freq_hz: ArrayLike, distance_m: ArrayLike) -> NDArray[np.float64]:
    """Compute the basic transmission loss in free space.

    Parameters
    ----------
    freq_hz : array_like
        Frequency. [Hz]  Valid 1 MHz to 1000 GHz.
    distance_m : array_like
        Distance. [m]  Valid 1 mm to 1000 000 km.

    Returns
    -------
    ndarray
        Loss. [dB]

    Raises
    ------
    ModelRangeError
        An input outside its range: says which element.
    ValueError
        A NaN, an empty array.

    References
    ----------
    .. [1] ITU-R P.525-4 (2019), section 2.3, eq. (4), with the exact constant of eq. (3).
    """
    freq = need(freq_hz, 1e6, 1e12, model=MODEL, quantity="frequency [Hz]")
    distance = need(distance_m, 1e-3, 1e9, model=MODEL, quantity="distance [m]")
    return np.asarray(20.0 * np.log10(4.0 * np.pi * distance * freq / LIGHT_M_S))
