"""Kun's fit to measurements of LTE at 2.6 GHz in a city."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.ranges import need

__all__ = ["kun_db"]


def kun_db(distance_m: ArrayLike) -> NDArray[np.float64]:
    """Median loss at 2.6 GHz in a city.

    Parameters
    ----------
    distance_m : array_like
        Distance between the antennas. [m]  Valid 1 m to 20 km.

    Returns
    -------
    ndarray
        Loss. [dB]

    Raises
    ------
    ModelRangeError
        A distance outside: says which element.
    ValueError
        A NaN, an empty array.

    References
    ----------
    .. [1] S. Kun, W. Ping, L. Yingze, "Path loss models for suburban scenario at 2.3 GHz,
       2.6 GHz and 3.5 GHz", ISAPE 2008, as in the ns-3 propagation module.
    """
    distance = need(distance_m, 1.0, 2e4, model="Kun 2.6 GHz", quantity="distance [m]")
    return np.asarray(36.0 + 26.0 * np.log10(distance))
