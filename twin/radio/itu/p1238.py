"""Loss between two points inside a building: ITU-R P.1238-11."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.ranges import need

__all__ = ["indoor_db"]

MODEL = "ITU-R P.1238-11"

# Table 2: alpha, beta, gamma, sigma; GHz from, to; m from, to
INDOOR = {
    ("office", True): (1.46, 34.62, 2.03, 3.76, 0.3, 83.5, 2.0, 27.0),
    ("office", False): (2.46, 29.53, 2.38, 5.04, 0.3, 82.0, 4.0, 30.0),
    ("corridor", True): (1.63, 28.12, 2.25, 4.07, 0.3, 83.5, 2.0, 160.0),
    ("corridor", False): (2.77, 29.27, 2.48, 7.63, 0.625, 83.5, 4.0, 94.0),
    ("industrial", True): (2.31, 24.52, 2.06, 2.69, 0.625, 70.28, 2.0, 101.0),
    ("industrial", False): (3.79, 21.01, 1.34, 9.05, 0.625, 70.28, 5.0, 108.0),
}


def indoor_db(
    freq_hz: ArrayLike, distance_m: ArrayLike, room: str, *, is_los: bool
) -> tuple[NDArray[np.float64], float]:
    """Median loss on one floor, by the site-general model.

    Parameters
    ----------
    freq_hz : array_like
        Frequency. [Hz]  Valid as Table 2 says, 0.3 to 83.5 GHz at most.
    distance_m : array_like
        Distance in space. [m]  Valid as Table 2 says, 2 to 160 m at most.
    room : str
        ``office``, ``corridor`` or ``industrial``.
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
        A NaN, an empty array, a room that has no row.

    Notes
    -----
    The coefficients were read from an open implementation of edition 11, not from the text itself,
    and no reference table covers them. The loss of floors, Table 4, is not part of this.

    References
    ----------
    .. [1] ITU-R P.1238-11 (2021), section 3.1, eq. (1), Table 2.
    """
    if (room, is_los) not in INDOOR:
        raise ValueError(f"room: {room!r} is not one of office, corridor, industrial")
    alpha, beta, gamma, sigma, f_low, f_high, d_low, d_high = INDOOR[room, is_los]
    freq = need(freq_hz, f_low * 1e9, f_high * 1e9, model=MODEL, quantity="frequency [Hz]")
    distance = need(distance_m, d_low, d_high, model=MODEL, quantity="distance [m]")
    loss = 10.0 * alpha * np.log10(distance) + beta + 10.0 * gamma * np.log10(freq / 1e9)
    return np.asarray(loss), sigma
