"""ITU-R P.526-15: loss of one knife edge, of two, and of a chain of three principal edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.ranges import finite, need

__all__ = ["cascaded_edges_db", "edge_nu", "knife_edge_db", "two_edges_db"]

MODEL = "ITU-R P.526-15"
LIGHT_M_PER_S = 299_792_458.0

Array = NDArray[np.float64]


def edge_nu(height_m: ArrayLike, d1_m: ArrayLike, d2_m: ArrayLike, freq_hz: ArrayLike) -> Array:
    """Compute the dimensionless height of an edge over the line between both ends.

    Parameters
    ----------
    height_m : array_like
        Height of the edge above the line; negative below it. [m]
    d1_m, d2_m : array_like
        Distances of the edge from both ends. [m]  Greater than 0.
    freq_hz : array_like
        Frequency. [Hz]  1 MHz to 1 THz.

    Returns
    -------
    ndarray of float64
        The parameter nu.

    Raises
    ------
    ValueError
        An input that is no number: says which element.
    ModelRangeError
        A distance or frequency outside its range: says which element.

    References
    ----------
    .. [1] ITU-R P.526-15 (2019), section 4.1, eq. (26).
    """
    d1 = need(d1_m, 1e-6, 1e8, model=MODEL, quantity="distance d1 [m]")
    d2 = need(d2_m, 1e-6, 1e8, model=MODEL, quantity="distance d2 [m]")
    wave = LIGHT_M_PER_S / need(freq_hz, 1e6, 1e12, model=MODEL, quantity="frequency [Hz]")
    return np.asarray(finite(height_m, "height_m") * np.sqrt(2.0 / wave * (1.0 / d1 + 1.0 / d2)))


def knife_edge_db(nu: ArrayLike) -> Array:
    """Compute the loss of a knife edge, by the approximation for nu > -0.78.

    Parameters
    ----------
    nu : array_like
        Dimensionless height of the edge, see `edge_nu`.

    Returns
    -------
    ndarray of float64
        Loss J(nu); 0 at and below nu = -0.78. [dB]

    Raises
    ------
    ValueError
        An input that is no number: says which element.

    References
    ----------
    .. [1] ITU-R P.526-15 (2019), section 4.1, eq. (31).
    """
    v = np.maximum(finite(nu, "nu"), -0.78)
    w = v - 0.1
    loss = 6.9 + 20.0 * np.log10(np.sqrt(w * w + 1.0) + w)
    return np.where(v > -0.78, np.maximum(loss, 0.0), 0.0)


def two_edges_db(
    heights_m: tuple[float, float],
    distances_m: tuple[float, float, float],
    freq_hz: float,
) -> float:
    """Compute the loss of two isolated edges of which one is clearly the higher.

    Parameters
    ----------
    heights_m : tuple of float
        Heights of both edges above the line between the ends. [m]
    distances_m : tuple of float
        From the transmitter to the first edge, between the edges, from the second to the
        receiver. [m]
    freq_hz : float
        Frequency. [Hz]

    Returns
    -------
    float
        Loss of the main edge, plus that of the other over the line from the main edge to the
        farther end, less the correction for their distance. [dB]

    Raises
    ------
    ValueError
        An input that is no number.
    ModelRangeError
        A distance or frequency outside its range.

    Notes
    -----
    The main edge is the one with the greater nu over the whole path. The correction applies where
    both edges stand above the line; else it is left out.

    References
    ----------
    .. [1] ITU-R P.526-15 (2019), section 4.2, second method (main edge and secondary edge).
    """
    (h1, h2), (a, b, c) = heights_m, distances_m
    whole = [float(edge_nu(h1, a, b + c, freq_hz)), float(edge_nu(h2, a + b, c, freq_hz))]
    if whole[1] > whole[0]:  # look from the other side: the main edge is the first
        h1, h2, a, c, whole = h2, h1, c, a, whole[::-1]
    second = float(edge_nu(h2 - h1 * c / (b + c), b, c, freq_hz))
    loss = float(knife_edge_db(whole[0]) + knife_edge_db(second))
    if whole[1] > 0.0:
        p, q = whole
        alpha = np.arctan(np.sqrt(b * (a + b + c) / (a * c)))
        loss -= float((12.0 - 20.0 * np.log10(2.0 / (1.0 - alpha / np.pi))) * (q / p) ** (2.0 * p))
    return loss


def cascaded_edges_db(
    x_m: ArrayLike, height_m: ArrayLike, freq_hz: float, *, curvature_per_m: float = 0.0
) -> float:
    """Compute the loss over a profile by its main edge and the main edges on both sides of it.

    Parameters
    ----------
    x_m : array_like
        Distances of the points of the profile, increasing; the first and last are the antennas.
        [m]
    height_m : array_like
        Heights; of the first and last point those of the antennas. [m]
    freq_hz : float
        Frequency. [Hz]
    curvature_per_m : float
        Curvature of the effective Earth; 0 is flat. [1/m]

    Returns
    -------
    float
        Loss over free space. [dB]

    Raises
    ------
    ValueError
        Fewer than 3 points, a distance that does not increase, an input that is no number.

    References
    ----------
    .. [1] ITU-R P.526-10 (2007), section 4.4.2, cascaded knife edges after Deygout, limited to
       three edges; later editions use the Bullington construction of section 4.5.
    """
    x, z = finite(x_m, "x_m"), finite(height_m, "height_m")
    if x.ndim != 1 or x.shape != z.shape or x.size < 3:
        raise ValueError(f"x_m, height_m: {x.shape}, {z.shape}; must be one length of 3 or more")
    if (np.diff(x) <= 0.0).any():
        raise ValueError(f"x_m[{int(np.argmax(np.diff(x) <= 0.0)) + 1}]: does not increase")

    def main_edge(i: int, j: int) -> tuple[float, int]:
        if j - i < 2:
            return -np.inf, i
        d1, d2 = x[i + 1 : j] - x[i], x[j] - x[i + 1 : j]
        line = (z[i] * d2 + z[j] * d1) / (x[j] - x[i])
        over = z[i + 1 : j] + 0.5 * curvature_per_m * d1 * d2 - line
        nu = edge_nu(over, d1, d2, freq_hz)
        k = int(np.argmax(nu))
        return float(nu[k]), i + 1 + k

    last = x.size - 1
    nu, k = main_edge(0, last)
    if nu <= -0.78:
        return 0.0
    main = float(knife_edge_db(nu))
    sides = [main_edge(0, k)[0], main_edge(k, last)[0]]
    more = sum(float(knife_edge_db(side)) for side in sides if side > -0.78)
    share = 1.0 - float(np.exp(-main / 6.0))
    return main + share * (more + 10.0 + 0.04 * float(x[-1] - x[0]) / 1e3)
