"""Design of fixed wireless links: ITU-R P.530-18, rain and multipath fading."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.itu.p838 import rain_coefficients
from twin.radio.ranges import need

__all__ = [
    "fade_percent",
    "geoclimatic_factor",
    "multipath_occurrence_percent",
    "rain_attenuation_db",
    "rain_outage_percent",
]

Array = NDArray[np.float64]
MODEL = "ITU-R P.530-18"


def rain_attenuation_db(
    freq_hz: ArrayLike,
    distance_m: ArrayLike,
    rain_rate_001_mm_h: ArrayLike,
    time_percent: ArrayLike = 0.01,
    *,
    elevation_deg: ArrayLike = 0.0,
    tilt_deg: ArrayLike = 90.0,
) -> Array:
    """Attenuation by rain that a share of the year exceeds.

    Parameters
    ----------
    freq_hz : array_like
        Frequency. [Hz]  Valid 1 to 100 GHz.
    distance_m : array_like
        Length of the link. [m]  Valid 1 m to 60 km.
    rain_rate_001_mm_h : array_like
        Rain rate that 0.01 % of the year exceeds, of one minute: of P.837 or local. [mm/h]
    time_percent : array_like
        Share of the year. [%]  Valid 0.001 to 1.
    elevation_deg, tilt_deg : array_like
        Path and polarisation, as of `rain_coefficients`; 90 vertical. [deg]

    Returns
    -------
    ndarray
        Attenuation. [dB]

    Raises
    ------
    ModelRangeError
        An input outside its range: says which element.
    ValueError
        A NaN, an empty array.

    Notes
    -----
    The exponent of eq. (35a) is read as log10((f/10)^0.8), not as a power of the logarithm.

    References
    ----------
    .. [1] ITU-R P.530-18 (2021), section 2.4.1, eq. (32) to (35).
    """
    freq = need(freq_hz, 1e9, 100e9, model=MODEL, quantity="frequency [Hz]") / 1e9
    km = need(distance_m, 1.0, 60e3, model=MODEL, quantity="distance [m]") / 1e3
    rate = need(rain_rate_001_mm_h, 0.0, 500.0, model=MODEL, quantity="rain rate [mm/h]")
    share = need(time_percent, 0.001, 1.0, model=MODEL, quantity="time [%]")
    k, alpha = rain_coefficients(freq * 1e9, elevation_deg, tilt_deg)
    inverse = 0.477 * km**0.633 * rate ** (0.073 * alpha) * freq**0.123
    inverse = inverse - 10.579 * (1.0 - np.exp(-0.024 * km))
    factor = 1.0 / np.maximum(inverse, 0.4)  # (32), at most 2.5
    deep = k * rate**alpha * km * factor  # (33)
    c0 = 0.12 + 0.32 * np.log10(np.maximum(freq, 10.0) / 10.0)  # (35a)
    c1 = 0.07**c0 * 0.12 ** (1.0 - c0)
    c2, c3 = 0.855 * c0 + 0.546 * (1.0 - c0), 0.139 * c0 + 0.043 * (1.0 - c0)
    return np.asarray(deep * c1 * share ** -(c2 + c3 * np.log10(share)))  # (34)


def rain_outage_percent(
    margin_db: ArrayLike,
    freq_hz: ArrayLike,
    distance_m: ArrayLike,
    rain_rate_001_mm_h: ArrayLike,
    *,
    elevation_deg: ArrayLike = 0.0,
    tilt_deg: ArrayLike = 90.0,
) -> Array:
    """Share of the year in which rain takes more than the fade margin.

    Parameters
    ----------
    margin_db : array_like
        Fade margin. [dB]  Must be >= 0.
    freq_hz, distance_m, rain_rate_001_mm_h, elevation_deg, tilt_deg : array_like
        As of `rain_attenuation_db`. [Hz], [m], [mm/h], [deg], [deg]

    Returns
    -------
    ndarray
        Share of the year, held to the valid 0.001 to 1 %. [%]

    Raises
    ------
    ModelRangeError
        An input outside its range: says which element.
    ValueError
        A NaN, an empty array.

    References
    ----------
    .. [1] ITU-R P.530-18 (2021), section 2.4.1, eq. (34), solved by bisection.
    """
    margin = need(margin_db, 0.0, 1e3, model=MODEL, quantity="fade margin [dB]")
    arrays = np.broadcast_arrays(
        margin,
        *(np.asarray(a, dtype=np.float64) for a in (freq_hz, distance_m, rain_rate_001_mm_h)),
    )
    low, high = np.full(arrays[0].shape, -3.0), np.zeros(arrays[0].shape)
    for _ in range(50):
        middle = (low + high) / 2.0
        loss = rain_attenuation_db(
            arrays[1],
            arrays[2],
            arrays[3],
            10.0**middle,
            elevation_deg=elevation_deg,
            tilt_deg=tilt_deg,
        )
        low, high = (
            np.where(loss > arrays[0], middle, low),
            np.where(loss > arrays[0], high, middle),
        )
    return np.asarray(10.0 ** ((low + high) / 2.0))


def geoclimatic_factor(gradient_n_km: ArrayLike, roughness_m: ArrayLike) -> Array:
    """Geoclimatic factor K of a link, from the refractivity gradient and the terrain.

    Parameters
    ----------
    gradient_n_km : array_like
        dN1, the gradient of the lowest 65 m not exceeded in 1 % of the year. [N-units/km]
    roughness_m : array_like
        Standard deviation of the terrain in 110 km x 110 km. [m]

    Returns
    -------
    ndarray
        K.

    Raises
    ------
    ModelRangeError
        An input outside its range: says which element.
    ValueError
        A NaN, an empty array.

    Notes
    -----
    Edition 18 reads K from a map, which is not shipped; this is the formula of edition 17, which
    wants two numbers that a planner has.

    References
    ----------
    .. [1] ITU-R P.530-17 (2017), section 2.3.1, eq. (4).
    """
    gradient = need(gradient_n_km, -2e3, 500.0, model="ITU-R P.530-17", quantity="dN1 [N/km]")
    roughness = need(roughness_m, 0.0, 5e3, model="ITU-R P.530-17", quantity="roughness [m]")
    return np.asarray(10.0 ** (-4.4 - 0.0027 * gradient) * (10.0 + roughness) ** -0.46)


def multipath_occurrence_percent(
    factor: ArrayLike,
    freq_hz: ArrayLike,
    distance_m: ArrayLike,
    height_1_m: ArrayLike,
    height_2_m: ArrayLike,
) -> Array:
    """Multipath occurrence factor p0: share of the worst month at a fade depth of 0 dB.

    Parameters
    ----------
    factor : array_like
        K of `geoclimatic_factor`.
    freq_hz : array_like
        Frequency. [Hz]  Valid 0.4 to 45 GHz.
    distance_m : array_like
        Length of the link. [m]  Valid 1 m to 300 km; below 5 km there is hardly any fading.
    height_1_m, height_2_m : array_like
        Heights of the antennas above the sea. [m]

    Returns
    -------
    ndarray
        p0, a factor that may exceed 100. [%]

    Raises
    ------
    ModelRangeError
        An input outside its range: says which element.
    ValueError
        A NaN, an empty array.

    References
    ----------
    .. [1] ITU-R P.530-17 (2017), section 2.3.1, eq. (5), (7) and (10).
    """
    model = "ITU-R P.530-17"
    k = need(factor, 0.0, 10.0, model=model, quantity="geoclimatic factor")
    freq = need(freq_hz, 0.4e9, 45e9, model=model, quantity="frequency [Hz]") / 1e9
    km = need(distance_m, 1.0, 300e3, model=model, quantity="distance [m]") / 1e3
    one = need(height_1_m, -500.0, 9e3, model=model, quantity="height 1 [m]")
    two = need(height_2_m, -500.0, 9e3, model=model, quantity="height 2 [m]")
    slope = np.abs(one - two) / km
    spread = km**3.4 * (1.0 + slope) ** -1.03 * freq**0.8
    return np.asarray(k * spread * 10.0 ** (-0.00076 * np.minimum(one, two)))


def fade_percent(fade_db: ArrayLike, occurrence_percent: ArrayLike) -> Array:
    """Share of the worst month in which multipath fades deeper than a margin.

    Parameters
    ----------
    fade_db : array_like
        Fade depth. [dB]  Must be >= 0.
    occurrence_percent : array_like
        p0 of `multipath_occurrence_percent`. [%]  Between 1e-9 and 2000.

    Returns
    -------
    ndarray
        Share of the average worst month. [%]

    Raises
    ------
    ModelRangeError
        An input outside its range: says which element.
    ValueError
        A NaN, an empty array.

    References
    ----------
    .. [1] ITU-R P.530-18 (2021), section 2.3.2, eq. (12) to (18).
    """
    fade = need(fade_db, 0.0, 300.0, model=MODEL, quantity="fade depth [dB]")
    p0 = need(occurrence_percent, 1e-9, 2000.0, model=MODEL, quantity="occurrence factor [%]")
    border = 25.0 + 1.2 * np.log10(p0)
    at_border = p0 * 10.0 ** (-border / 10.0)
    q_a = -20.0 * np.log10(-np.log1p(-at_border / 100.0)) / border
    bend = (1.0 + 0.3 * 10.0 ** (-border / 20.0)) * 10.0 ** (-0.016 * border)
    q_t = (q_a - 2.0) / bend - 4.3 * (10.0 ** (-border / 20.0) + border / 800.0)
    bend = (1.0 + 0.3 * 10.0 ** (-fade / 20.0)) * 10.0 ** (-0.016 * fade)
    q = 2.0 + bend * (q_t + 4.3 * (10.0 ** (-fade / 20.0) + fade / 800.0))
    shallow = 100.0 * -np.expm1(-(10.0 ** (-q * fade / 20.0)))
    return np.where(fade >= border, p0 * 10.0 ** (-fade / 10.0), shallow)
