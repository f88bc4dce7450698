"""Short outdoor paths at lamp and roof height: ITU-R P.1411-12."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.ranges import need

__all__ = ["Buildings", "CanyonLoss", "below_roof_db", "over_roof_db", "street_canyon_los_db"]

Array = NDArray[np.float64]
MODEL = "ITU-R P.1411-12"
LIGHT_M_S = 299_792_458.0

# Table 4: alpha, beta, gamma, sigma; GHz from, to; m from, to
LOS_ROW = (2.12, 29.2, 2.11, 5.06, 0.8, 82.0, 5.0, 660.0)
BELOW_ROOF = {
    ("urban high-rise", True): LOS_ROW,
    ("urban low-rise", True): LOS_ROW,
    ("urban high-rise", False): (4.00, 10.2, 2.36, 7.60, 0.8, 82.0, 30.0, 715.0),
    ("urban low-rise", False): (5.06, -4.68, 2.02, 9.33, 10.0, 73.0, 30.0, 250.0),
    ("residential", False): (3.01, 18.8, 2.07, 3.07, 0.8, 73.0, 30.0, 170.0),
}


class CanyonLoss(NamedTuple):
    """Lower bound, median and upper bound of the loss, in dB."""

    lower_db: Array
    median_db: Array
    upper_db: Array


class Buildings(NamedTuple):
    """Width of the street, distance of the rows of buildings, length that they cover, in m."""

    street_width_m: ArrayLike = 20.0
    gap_m: ArrayLike = 50.0
    extent_m: ArrayLike = 80.0


def below_roof_db(
    freq_hz: ArrayLike, distance_m: ArrayLike, environment: str, *, is_los: bool
) -> tuple[Array, float]:
    """Median loss between two stations below the roofs, lamps for one.

    Parameters
    ----------
    freq_hz : array_like
        Frequency. [Hz]  Valid as Table 4 says, 0.8 to 82 GHz at most.
    distance_m : array_like
        Distance in space. [m]  Valid as Table 4 says, 5 to 715 m at most.
    environment : str
        ``urban high-rise``, ``urban low-rise`` (suburban too) or ``residential`` (without LOS).
    is_los : bool
        The stations see each other.

    Returns
    -------
    loss_db : ndarray
        Median loss. [dB]
    sigma_db : float
        Standard deviation of the places around it. [dB]

    Raises
    ------
    ModelRangeError
        An input outside its range: says which element.
    ValueError
        A NaN, an empty array, an environment that has no row.

    References
    ----------
    .. [1] ITU-R P.1411-12 (2023), section 4.1.1, eq. (1), Table 4.
    """
    if (environment, is_los) not in BELOW_ROOF:
        raise ValueError(f"environment: {environment!r} with is_los={is_los} is not in Table 4")
    row = BELOW_ROOF[environment, is_los]
    alpha, beta, gamma, sigma, f_low, f_high, d_low, d_high = row
    freq = need(freq_hz, f_low * 1e9, f_high * 1e9, model=MODEL, quantity="frequency [Hz]")
    distance = need(distance_m, d_low, d_high, model=MODEL, quantity="distance [m]")
    loss = 10.0 * alpha * np.log10(distance) + beta + 10.0 * gamma * np.log10(freq / 1e9)
    return np.asarray(loss), sigma


def street_canyon_los_db(
    freq_hz: ArrayLike, distance_m: ArrayLike, height_1_m: ArrayLike, height_2_m: ArrayLike
) -> CanyonLoss:
    """Loss along a street canyon with line of sight, with its bounds.

    Parameters
    ----------
    freq_hz : array_like
        Frequency. [Hz]  Valid 0.3 to 3 GHz.
    distance_m : array_like
        Distance in space. [m]  Valid 1 m to 5 km.
    height_1_m, height_2_m : array_like
        Heights of the stations over the street. [m]

    Returns
    -------
    CanyonLoss
        Lower bound, median, upper bound. [dB]

    Raises
    ------
    ModelRangeError
        An input outside its range: says which element.
    ValueError
        A NaN, an empty array.

    References
    ----------
    .. [1] ITU-R P.1411-12 (2023), section 4.1.2, UHF, eq. (2) to (6).
    """
    freq = need(freq_hz, 0.3e9, 3e9, model=MODEL, quantity="frequency [Hz]")
    distance = need(distance_m, 1.0, 5e3, model=MODEL, quantity="distance [m]")
    high = need(height_1_m, 0.1, 500.0, model=MODEL, quantity="height 1 [m]")
    low = need(height_2_m, 0.1, 500.0, model=MODEL, quantity="height 2 [m]")
    wave = LIGHT_M_S / freq
    log_ratio = np.log10(distance * wave / (4.0 * high * low))  # of distance to break point
    at_break = np.abs(20.0 * np.log10(wave**2 / (8.0 * np.pi * high * low)))
    is_near = log_ratio <= 0.0
    lower = at_break + np.where(is_near, 20.0, 40.0) * log_ratio
    upper = at_break + 20.0 + np.where(is_near, 25.0, 40.0) * log_ratio
    return CanyonLoss(lower, lower + 6.0, upper)


def over_roof_db(
    freq_hz: ArrayLike,
    distance_m: ArrayLike,
    base_m: ArrayLike,
    mobile_m: ArrayLike,
    roof_m: ArrayLike,
    *,
    street_angle_deg: ArrayLike = 90.0,
    buildings: Buildings | None = None,
    is_metropolitan: bool = True,
    is_blended: bool = True,
) -> Array:
    """Loss over the roofs of a city: past rows of screens, then down to the street.

    Parameters
    ----------
    freq_hz : array_like
        Frequency. [Hz]  Valid 0.8 to 26 GHz.
    distance_m : array_like
        Distance. [m]  Valid 20 m to 5 km.
    base_m, mobile_m : array_like
        Heights of the stations. [m]  Valid 4 to 55 m and 1 to 3 m.
    roof_m : array_like
        Mean height of the roofs. [m]  Above the mobile station.
    street_angle_deg : array_like
        Street against the direction of the path. [deg]  Valid 0 to 90.
    buildings : Buildings, optional
        Street and rows of buildings; else 20 m wide, 50 m apart, over 80 m.
    is_metropolitan : bool
        A metropolitan centre; else a medium city. Matters to 2 GHz.
    is_blended : bool
        Blend both laws of the screens at the break distance, as edition 12 does; early editions
        jump from one to the other.

    Returns
    -------
    ndarray
        Loss, never less than in free space. [dB]

    Raises
    ------
    ModelRangeError
        An input outside its range: says which element.
    ValueError
        A NaN, an empty array, a roof that is not above the mobile station.

    References
    ----------
    .. [1] ITU-R P.1411-12 (2023), section 4.2.2.1, eq. (21) to (46).
    """
    freq = need(freq_hz, 0.8e9, 26e9, model=MODEL, quantity="frequency [Hz]")
    d = need(distance_m, 20.0, 5e3, model=MODEL, quantity="distance [m]")
    base = need(base_m, 4.0, 55.0, model=MODEL, quantity="height of the base station [m]")
    mobile = need(mobile_m, 1.0, 3.0, model=MODEL, quantity="height of the mobile station [m]")
    roof = need(roof_m, 1.0, 200.0, model=MODEL, quantity="height of the roofs [m]")
    angle = need(street_angle_deg, 0.0, 90.0, model=MODEL, quantity="angle of the street [deg]")
    width_m, gap_m, extent_m = buildings or Buildings()
    width = need(width_m, 1.0, 1e3, model=MODEL, quantity="street width [m]")
    gap = need(gap_m, 1.0, 1e3, model=MODEL, quantity="distance of rows [m]")
    extent = need(extent_m, 1.0, 1e4, model=MODEL, quantity="extent of buildings [m]")
    if (roof <= mobile).any():
        raise ValueError("roof_m: must be above the mobile station")
    log_f = np.log10(freq / 1e6)
    turn = np.where(
        angle < 35.0,
        -10.0 + 0.354 * angle,
        np.where(angle < 55.0, 2.5 + 0.075 * (angle - 35.0), 4.0 - 0.114 * (angle - 55.0)),
    )
    down = -8.2 - 10.0 * np.log10(width) + 10.0 * log_f + 20.0 * np.log10(roof - mobile) + turn
    free = 32.4 + 20.0 * np.log10(d / 1000.0) + 20.0 * log_f
    if is_blended:
        screens = _screens(freq, d, base, roof, gap, extent, is_metropolitan)
    else:
        rows = _many_rows(freq, d, base - roof, roof, gap, is_metropolitan)
        is_long = extent * (base - roof) ** 2 > LIGHT_M_S / freq * d**2
        screens = np.where(is_long, rows, _settled(freq, d, base - roof, gap))
    return np.asarray(np.maximum(free + down + screens, free))


def _screens(
    freq: Array, d: Array, base: Array, roof: Array, gap: Array, extent: Array, is_metro: bool
) -> Array:
    """Loss past the rows of buildings, blended at the break distance: eq. (30) to (35)."""
    wave, over = LIGHT_M_S / freq, base - roof
    at_break = np.maximum(np.abs(over) * np.sqrt(extent / wave), 1e-3)
    upper = _many_rows(freq, at_break, over, roof, gap, is_metro)
    lower = _settled(freq, at_break, over, gap)
    middle, step = (upper + lower) / 2.0, upper - lower
    rows, settled = _many_rows(freq, d, over, roof, gap, is_metro), _settled(freq, d, over, gap)
    is_long = extent * over**2 > wave * d**2
    log_ratio = np.log10(d / at_break)
    with np.errstate(divide="ignore", invalid="ignore"):
        fall = np.tanh(log_ratio / np.where(step == 0.0, 1.0, 0.0417 * step))
    rise = np.tanh(log_ratio / 0.1)
    falling = np.where(
        is_long,
        rows - fall * (upper - middle) - upper + middle,
        settled + fall * (middle - lower) + middle - lower,
    )
    rising = np.where(is_long, -rise * (rows - middle), rise * (settled - middle)) + middle
    return np.where(step > 0.0, rising, np.where(step < 0.0, falling, settled))


def _many_rows(
    freq: Array, d: Array, over: Array, roof: Array, gap: Array, is_metro: bool
) -> Array:
    """L1_msd, eq. (36) to (40)."""
    mhz, is_above, is_high = freq / 1e6, over > 0.0, freq > 2e9
    bend = np.where(d < 500.0, 1.6 * over * d / 1000.0, 0.8 * over)
    k_a = np.where(is_above, np.where(is_high, 71.4, 54.0), np.where(is_high, 73.0, 54.0) - bend)
    k_d = np.where(is_above, 18.0, 18.0 - 15.0 * over / roof)
    k_f = np.where(is_high, -8.0, -4.0 + (1.5 if is_metro else 0.7) * (mhz / 925.0 - 1.0))
    shadow = -18.0 * np.log10(1.0 + np.maximum(over, 0.0))
    rows = shadow + k_a + k_d * np.log10(d / 1000.0) + k_f * np.log10(mhz)
    return np.asarray(rows - 9.0 * np.log10(gap))


def _settled(freq: Array, d: Array, over: Array, gap: Array) -> Array:
    """L2_msd, eq. (41) to (46)."""
    wave, log_f = LIGHT_M_S / freq, np.log10(freq / 1e6)
    exponent = -np.log10(np.sqrt(gap / wave)) - np.log10(d) / 9.0
    upper = 10.0 ** (exponent + 10.0 / 9.0 * np.log10(gap / 2.35))
    lower = (0.00023 * gap**2 - 0.1827 * gap - 9.4978) / log_f**2.938 + 0.000781 * gap + 0.06923
    above = 2.35 * (np.maximum(over, 1e-9) / d * np.sqrt(gap / wave)) ** 0.9
    theta = np.arctan(np.minimum(over, -1e-9) / gap)
    below = gap / (2.0 * np.pi * d) * np.sqrt(wave / np.hypot(over, gap))
    below = np.abs(below * (1.0 / theta - 1.0 / (2.0 * np.pi + theta)))
    factor = np.where(over > upper, above, np.where(over >= lower, gap / d, below))
    return np.asarray(-20.0 * np.log10(factor))
