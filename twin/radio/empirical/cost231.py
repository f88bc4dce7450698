"""COST 231-Hata: Hata's formula carried on to 2 GHz."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.empirical.hata import CitySize, mobile_height_gain_db
from twin.radio.ranges import need

__all__ = ["cost231_hata_db"]

MODEL = "COST 231-Hata (1999)"


def cost231_hata_db(
    freq_hz: ArrayLike,
    distance_m: ArrayLike,
    base_m: ArrayLike,
    mobile_m: ArrayLike,
    *,
    city: CitySize = CitySize.SMALL_MEDIUM,
    is_extrapolated: bool = False,
) -> NDArray[np.float64]:
    """Median loss by COST 231 in a city.

    Parameters
    ----------
    freq_hz : array_like
        Frequency. [Hz]  Valid 1500 to 2000 MHz; extrapolated 1500 to 3000 MHz.
    distance_m : array_like
        Distance. [m]  Valid 1 to 20 km; extrapolated 10 m to 100 km.
    base_m, mobile_m : array_like
        Heights of both stations. [m]  Valid 30 to 200 m (extrapolated 1 to 1000 m), 1 to 10 m.
    city : CitySize
        Large: a metropolitan centre, C_m = 3 dB and Hata's a(h_m) of large cities. Else a medium
        city or a suburban centre with C_m = 0.
    is_extrapolated : bool
        Allow what lies beyond the fit.

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

    Notes
    -----
    The report gives one a(h_m), that of small and medium cities. Common implementations, the
    reference table among them, take Hata's a(h_m) of large cities with C_m = 3 dB; so does this
    one. At 1.5 m both differ by less than 0.1 dB.

    References
    ----------
    .. [1] COST Action 231, Final Report (1999), section 4.4.1, eq. (4.4.3).
    """
    f_high = 3e9 if is_extrapolated else 2e9
    d_range, b_range = ((10.0, 1e5), (1.0, 1e3)) if is_extrapolated else ((1e3, 20e3), (30.0, 2e2))
    freq = need(freq_hz, 1.5e9, f_high, model=MODEL, quantity="frequency [Hz]")
    km = need(distance_m, *d_range, model=MODEL, quantity="distance [m]") / 1000.0
    base = need(base_m, *b_range, model=MODEL, quantity="height of the base station [m]")
    mobile = need(mobile_m, 1.0, 10.0, model=MODEL, quantity="height of the mobile station [m]")
    log_b = np.log10(base)
    loss = 46.3 + 33.9 * np.log10(freq / 1e6) - 13.82 * log_b
    loss = loss + (44.9 - 6.55 * log_b) * np.log10(km)
    loss = loss - mobile_height_gain_db(freq, mobile, city)
    return np.asarray(loss + (3.0 if city is CitySize.LARGE else 0.0))
