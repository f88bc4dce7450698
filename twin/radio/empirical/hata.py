"""Okumura-Hata: median loss of a high mast over a city, its suburbs and open land."""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.ranges import need

__all__ = ["Area", "CitySize", "hata_db", "mobile_height_gain_db"]

Array = NDArray[np.float64]
MODEL = "Okumura-Hata (1980)"


class Area(Enum):
    """Kind of land around the mobile station."""

    URBAN = "urban"
    SUBURBAN = "suburban"
    OPEN = "open"


class CitySize(Enum):
    """Size of the city; Hata has one formula for small and medium cities."""

    SMALL_MEDIUM = "small or medium"
    LARGE = "large"


def mobile_height_gain_db(freq_hz: ArrayLike, mobile_m: ArrayLike, city: CitySize) -> Array:
    """Correction a(hm) for the height of the mobile station.

    Parameters
    ----------
    freq_hz : array_like
        Frequency. [Hz]
    mobile_m : array_like
        Height of the mobile station. [m]
    city : CitySize
        Size of the city.

    Returns
    -------
    ndarray
        Gain, to subtract from the loss. [dB]

    References
    ----------
    .. [1] M. Hata, IEEE Trans. Veh. Technol. VT-29 (1980), eq. (10) to (12).
    """
    mhz, height = np.asarray(freq_hz, dtype=np.float64) / 1e6, np.asarray(mobile_m, np.float64)
    if city is CitySize.LARGE:
        low = 8.29 * np.log10(1.54 * height) ** 2 - 1.1
        high = 3.2 * np.log10(11.75 * height) ** 2 - 4.97
        return np.where(mhz <= 200.0, low, high)
    return np.asarray((1.1 * np.log10(mhz) - 0.7) * height - (1.56 * np.log10(mhz) - 0.8))


def hata_db(
    freq_hz: ArrayLike,
    distance_m: ArrayLike,
    base_m: ArrayLike,
    mobile_m: ArrayLike,
    *,
    area: Area = Area.URBAN,
    city: CitySize = CitySize.SMALL_MEDIUM,
    is_extrapolated: bool = False,
) -> Array:
    """Median loss by Okumura and Hata.

    Parameters
    ----------
    freq_hz : array_like
        Frequency. [Hz]  Valid 150 to 1500 MHz.
    distance_m : array_like
        Distance. [m]  Valid 1 to 20 km.
    base_m, mobile_m : array_like
        Heights of both stations. [m]  Valid 30 to 200 m and 1 to 10 m.
    area : Area
        Kind of land.
    city : CitySize
        Size of the city.
    is_extrapolated : bool
        Allow distances from 10 m to 100 km and bases from 1 to 1000 m, beyond Hata's fit.

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
    .. [1] M. Hata, "Empirical formula for propagation loss in land mobile radio services",
       IEEE Trans. Veh. Technol. VT-29 (1980) 317-325, eq. (9) to (18).
    """
    d_range, b_range = ((10.0, 1e5), (1.0, 1e3)) if is_extrapolated else ((1e3, 20e3), (30.0, 2e2))
    freq = need(freq_hz, 150e6, 1500e6, model=MODEL, quantity="frequency [Hz]")
    km = need(distance_m, *d_range, model=MODEL, quantity="distance [m]") / 1000.0
    base = need(base_m, *b_range, model=MODEL, quantity="height of the base station [m]")
    mobile = need(mobile_m, 1.0, 10.0, model=MODEL, quantity="height of the mobile station [m]")
    log_f, log_b = np.log10(freq / 1e6), np.log10(base)
    loss = 69.55 + 26.16 * log_f - 13.82 * log_b + (44.9 - 6.55 * log_b) * np.log10(km)
    loss = loss - mobile_height_gain_db(freq, mobile, city)
    if area is Area.SUBURBAN:
        loss = loss - 2.0 * np.log10(freq / 28e6) ** 2 - 5.4
    elif area is Area.OPEN:
        loss = loss - 4.78 * log_f**2 + 18.33 * log_f - 40.94
    return np.asarray(loss)
