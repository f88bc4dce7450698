"""Urban macro: path loss of TR 38.901, with the environment height of high terminals."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.tr38901.geometry import distance_3d_m, urban_break_m, within

__all__ = [
    "draw_environment_height_m",
    "environment_heights_m",
    "uma_los_db",
    "uma_los_expected_db",
    "uma_nlos_db",
    "uma_nlos_optional_db",
    "unit_height_probability",
]

Array = NDArray[np.float64]


def _inputs(
    distance_2d_m: ArrayLike, freq_hz: ArrayLike, h_bs_m: ArrayLike, h_ut_m: ArrayLike
) -> tuple[Array, Array, Array, Array]:
    return (
        within(distance_2d_m, 10.0, 5000.0, "UMa", "2D distance [m]"),
        within(freq_hz, 0.5e9, 100e9, "UMa", "carrier frequency [Hz]"),
        within(h_bs_m, 10.0, 150.0, "UMa", "base station height [m]"),
        within(h_ut_m, 1.5, 22.5, "UMa", "terminal height [m]"),
    )


def unit_height_probability(distance_2d_m: ArrayLike, h_ut_m: ArrayLike) -> Array:
    """Probability that the effective environment height is 1 m: 1 / (1 + C(d, h)).

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance. [m]  0 and more.
    h_ut_m : array_like
        Height of the terminal. [m]  0 to 23.

    Returns
    -------
    ndarray
        0 to 1; 1 for every terminal below 13 m.

    Raises
    ------
    ModelRangeError
        An argument outside its range.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, note 1.
    """
    d = within(distance_2d_m, 0.0, 1e9, "UMa", "2D distance [m]")
    h = within(h_ut_m, 0.0, 23.0, "UMa", "terminal height [m]")
    g = np.where(d <= 18.0, 0.0, 1.25 * (d / 100.0) ** 3 * np.exp(-d / 150.0))
    return np.asarray(1.0 / (1.0 + (np.maximum(h - 13.0, 0.0) / 10.0) ** 1.5 * g))


def environment_heights_m(h_ut_m: float) -> tuple[float, ...]:
    """Heights the environment takes, all equally likely, where it is not 1 m.

    Parameters
    ----------
    h_ut_m : float
        Height of the terminal. [m]

    Returns
    -------
    tuple of float
        12, 15, ... up to 1.5 m below the terminal; empty below 13.5 m. [m]

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, note 1.
    """
    highest = float(within(h_ut_m, 0.0, 23.0, "UMa", "terminal height [m]")) - 1.5
    return tuple(h for h in (12.0, 15.0, 18.0, 21.0) if h <= highest)


def draw_environment_height_m(
    distance_2d_m: ArrayLike, h_ut_m: ArrayLike, rng: np.random.Generator
) -> Array:
    """Draw the effective environment height of links.

    Parameters
    ----------
    distance_2d_m, h_ut_m : array_like
        Horizontal distance and height of the terminal. [m]
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        One height per link, to pass on as `h_e_m`. [m]

    Raises
    ------
    ModelRangeError
        An argument outside its range.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, note 1.
    """
    share = unit_height_probability(distance_2d_m, h_ut_m)
    h = np.broadcast_to(np.asarray(h_ut_m, np.float64), share.shape)
    n_steps = np.floor((h - 1.5 - 12.0) / 3.0) + 1.0
    is_unit = (rng.random(share.shape) < share) | (n_steps < 1.0)
    return np.where(is_unit, 1.0, 12.0 + 3.0 * np.floor(rng.random(share.shape) * n_steps))


def uma_los_db(
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike = 25.0,
    h_ut_m: ArrayLike = 1.5,
    *,
    h_e_m: ArrayLike = 1.0,
) -> Array:
    """Urban macro, line of sight.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance. [m]  10 to 5000.
    freq_hz : array_like
        Carrier frequency. [Hz]  0.5e9 to 100e9.
    h_bs_m, h_ut_m : array_like
        Heights of base station and terminal. [m]  10 to 150; 1.5 to 22.5.
    h_e_m : array_like
        Effective environment height, below both ends. [m]  1 for terminals below 13 m.

    Returns
    -------
    ndarray
        Basic path loss, positive. [dB]

    Raises
    ------
    ModelRangeError
        An argument outside its range.

    Notes
    -----
    The table fixes the base station at 25 m; real masts are 20 to 45 m, so other heights are taken.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, UMa LOS, note 1.
    """
    d2, f, h_bs, h_ut = _inputs(distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    h_e = within(h_e_m, 1.0, 21.0, "UMa", "environment height [m]")
    within(np.minimum(h_ut, h_bs) - h_e, 0.5, 150.0, "UMa", "height over the environment [m]")
    d3 = distance_3d_m(d2, h_bs, h_ut)
    d_break = urban_break_m(f, h_bs, h_ut, h_e)
    common = 28.0 + 20.0 * np.log10(f / 1e9)
    near = common + 22.0 * np.log10(d3)
    far = common + 40.0 * np.log10(d3) - 9.0 * np.log10(d_break**2 + (h_bs - h_ut) ** 2)
    return np.where(d2 <= d_break, near, far)


def uma_los_expected_db(
    distance_2d_m: ArrayLike, freq_hz: ArrayLike, h_bs_m: float = 25.0, h_ut_m: float = 1.5
) -> Array:
    """Urban macro, line of sight: mean power over the environment heights.

    Parameters
    ----------
    distance_2d_m, freq_hz : array_like
        As `uma_los_db`. [m], [Hz]
    h_bs_m, h_ut_m : float
        Heights of base station and terminal. [m]

    Returns
    -------
    ndarray
        Loss that belongs to the mean of the received power. [dB]

    Raises
    ------
    ModelRangeError
        An argument outside its range.

    Notes
    -----
    The table draws the height per link; this is the expectation of that draw in linear power.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, note 1.
    """
    unit = uma_los_db(distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    others = environment_heights_m(h_ut_m)
    if not others:
        return unit
    share = unit_height_probability(distance_2d_m, h_ut_m)
    power = share * 10.0 ** (-unit / 10.0)
    for h_e in others:
        loss = uma_los_db(distance_2d_m, freq_hz, h_bs_m, h_ut_m, h_e_m=h_e)
        power = power + (1.0 - share) / len(others) * 10.0 ** (-loss / 10.0)
    return np.asarray(-10.0 * np.log10(power))


def uma_nlos_db(
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike = 25.0,
    h_ut_m: ArrayLike = 1.5,
    *,
    h_e_m: ArrayLike = 1.0,
) -> Array:
    """Urban macro, no line of sight; at least the loss with line of sight.

    Parameters
    ----------
    distance_2d_m, freq_hz, h_bs_m, h_ut_m, h_e_m : array_like
        As `uma_los_db`.

    Returns
    -------
    ndarray
        Basic path loss, positive. [dB]

    Raises
    ------
    ModelRangeError
        An argument outside its range.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, UMa NLOS.
    """
    d2, f, h_bs, h_ut = _inputs(distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    d3 = distance_3d_m(d2, h_bs, h_ut)
    loss = 13.54 + 39.08 * np.log10(d3) + 20.0 * np.log10(f / 1e9) - 0.6 * (h_ut - 1.5)
    return np.asarray(np.maximum(uma_los_db(d2, f, h_bs, h_ut, h_e_m=h_e_m), loss))


def uma_nlos_optional_db(
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike = 25.0,
    h_ut_m: ArrayLike = 1.5,
) -> Array:
    """Urban macro, no line of sight, the simpler optional formula (shadowing 7.8 dB).

    Parameters
    ----------
    distance_2d_m, freq_hz, h_bs_m, h_ut_m : array_like
        As `uma_los_db`.

    Returns
    -------
    ndarray
        Basic path loss, positive. [dB]

    Raises
    ------
    ModelRangeError
        An argument outside its range.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, UMa NLOS, optional.
    """
    d2, f, h_bs, h_ut = _inputs(distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    d3 = distance_3d_m(d2, h_bs, h_ut)
    return np.asarray(32.4 + 20.0 * np.log10(f / 1e9) + 30.0 * np.log10(d3))
