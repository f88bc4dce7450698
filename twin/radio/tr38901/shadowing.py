"""Shadowing of TR 38.901: its spread, and values that are alike at points close by.

The generators take their randomness as an argument; the same seed gives the same map.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.ranges import finite, need
from twin.radio.tr38901.geometry import LIGHT_M_PER_S
from twin.radio.tr38901.inf import CLUTTER

__all__ = [
    "CORRELATION_DISTANCE_M",
    "LOS_CORRELATION_DISTANCE_M",
    "RMA_LOS_FAR_SIGMA_DB",
    "SIGMA_SF_DB",
    "SITE_CORRELATION",
    "autocorrelation",
    "correlated_normal",
    "draw_is_los",
    "shadowing_db",
    "sigma_sf_db",
]

Array = NDArray[np.float64]

_INF = ("InF-SL", "InF-DL", "InF-SH", "InF-DH")

SIGMA_SF_DB: dict[tuple[str, str], float] = {
    ("RMa", "LOS"): 4.0,
    ("RMa", "NLOS"): 8.0,
    ("RMa", "O2I"): 8.0,
    ("UMa", "LOS"): 4.0,
    ("UMa", "NLOS"): 6.0,
    ("UMa", "O2I"): 7.0,
    ("UMi", "LOS"): 4.0,
    ("UMi", "NLOS"): 7.82,
    ("UMi", "O2I"): 7.0,
    ("InH", "LOS"): 3.0,
    ("InH", "NLOS"): 8.03,
    **{(name, "LOS"): 4.3 for name in _INF},
    ("InF-SL", "NLOS"): 5.7,
    ("InF-DL", "NLOS"): 7.2,
    ("InF-SH", "NLOS"): 5.9,
    ("InF-DH", "NLOS"): 4.0,
}
"""Standard deviation by scenario and state, Table 7.4.1-1; O2I of Table 7.5-6. [dB]"""

RMA_LOS_FAR_SIGMA_DB = 6.0
"""RMa with line of sight beyond the breakpoint, Table 7.4.1-1. [dB]"""

CORRELATION_DISTANCE_M: dict[tuple[str, str], float] = {
    ("RMa", "LOS"): 37.0,
    ("RMa", "NLOS"): 120.0,
    ("RMa", "O2I"): 120.0,
    ("UMa", "LOS"): 37.0,
    ("UMa", "NLOS"): 50.0,
    ("UMa", "O2I"): 7.0,
    ("UMi", "LOS"): 10.0,
    ("UMi", "NLOS"): 13.0,
    ("UMi", "O2I"): 7.0,
    ("InH", "LOS"): 10.0,
    ("InH", "NLOS"): 6.0,
    **{(name, state): 10.0 for name in _INF for state in ("LOS", "NLOS")},
}
"""Correlation distance of shadowing in the horizontal plane, Table 7.5-6. [m]"""

LOS_CORRELATION_DISTANCE_M: dict[str, float] = {
    "RMa": 60.0,
    "UMa": 50.0,
    "UMi": 50.0,
    "InH": 10.0,
    **{name: clutter.size_m / 2.0 for name, clutter in CLUTTER.items()},
}
"""Correlation distance of the LOS state, Table 7.6.3.1-2; in factories half the clutter size. [m]
"""

SITE_CORRELATION = 0.5
"""Correlation of the shadowing of two sites at one point, TR 36.814 Table A.2.1.1-2."""

_MOST_EXACT = 1500
_N_WAVES = 1024
_CHUNK = 4096


def sigma_sf_db(
    scenario: str,
    state: str,
    distance_2d_m: ArrayLike = 10.0,
    freq_hz: ArrayLike = 2e9,
    h_bs_m: ArrayLike = 35.0,
    h_ut_m: ArrayLike = 1.5,
) -> Array:
    """Look up the standard deviation of shadowing.

    Parameters
    ----------
    scenario : str
        ``RMa``, ``UMa``, ``UMi``, ``InH``, ``InF-SL``, ``InF-DL``, ``InF-SH`` or ``InF-DH``.
    state : str
        ``LOS``, ``NLOS`` or ``O2I``.
    distance_2d_m, freq_hz, h_bs_m, h_ut_m : array_like
        The link; matters for ``RMa`` with line of sight only, which scatters more beyond its
        breakpoint. [m], [Hz], [m], [m]

    Returns
    -------
    ndarray
        Standard deviation, as many as there are distances. [dB]

    Raises
    ------
    ValueError
        A scenario that has no such state, a distance that is not finite.
    ModelRangeError
        A distance below zero.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Tables 7.4.1-1 and 7.5-6.
    """
    model = "TR 38.901 V17.0.0 Table 7.4.1-1"
    if (scenario, state) not in SIGMA_SF_DB:
        known = ", ".join(f"{name} {is_los}" for name, is_los in SIGMA_SF_DB)
        raise ValueError(f"scenario: {scenario} {state} is unknown; choose of {known}")
    d = need(distance_2d_m, 0.0, 1e9, model=model, quantity="2D distance [m]")
    sigma = np.full(d.shape, SIGMA_SF_DB[scenario, state])
    if (scenario, state) != ("RMa", "LOS"):
        return sigma
    f, h_bs, h_ut = finite(freq_hz, "freq_hz"), finite(h_bs_m, "h_bs_m"), finite(h_ut_m, "h_ut_m")
    is_far = d > 2.0 * np.pi * h_bs * h_ut * f / LIGHT_M_PER_S
    return np.where(is_far, RMA_LOS_FAR_SIGMA_DB, SIGMA_SF_DB[scenario, state])


def autocorrelation(shift_m: ArrayLike, distance_m: float) -> Array:
    """Correlation of the shadowing at two points.

    Parameters
    ----------
    shift_m : array_like
        Distance between the points. [m]
    distance_m : float
        Correlation distance. [m]

    Returns
    -------
    ndarray
        exp(-shift / distance), 0 to 1.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), eq. (7.4-5).
    """
    return np.asarray(np.exp(-np.abs(np.asarray(shift_m, np.float64)) / distance_m))


def _points(x_m: ArrayLike, y_m: ArrayLike, distance_m: float) -> tuple[Array, Array]:
    x, y = finite(x_m, "x_m"), finite(y_m, "y_m")
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"x_m, y_m: must be as long as each other, are {x.shape} and {y.shape}")
    if not 0.0 < distance_m < math.inf:
        raise ValueError(f"distance_m: is {distance_m:g}, must be positive and finite")
    return x - x.mean(), y - y.mean()


def _exact(x: Array, y: Array, distance_m: float, rng: np.random.Generator) -> Array:
    places, back = np.unique(np.stack((x, y)), axis=1, return_inverse=True)
    shift = np.hypot(*(places[:, :, None] - places[:, None, :]))
    covariance = autocorrelation(shift, distance_m) + 1e-10 * np.eye(places.shape[1])
    values = np.linalg.cholesky(covariance) @ rng.standard_normal(places.shape[1])
    return np.asarray(values[back.reshape(-1)])


def _waves(x: Array, y: Array, distance_m: float, rng: np.random.Generator) -> Array:
    """Sum plane waves drawn of the spectrum of exp(-r/d): P(K <= k) = 1 - 1 / sqrt(1 + (k d)^2)."""
    u = (np.arange(_N_WAVES) + rng.random(_N_WAVES)) / _N_WAVES  # stratified
    wavenumber = np.sqrt((1.0 - u) ** -2.0 - 1.0) / distance_m
    direction = 2.0 * np.pi * rng.random(_N_WAVES)
    phase = 2.0 * np.pi * rng.random(_N_WAVES)
    kx, ky = wavenumber * np.cos(direction), wavenumber * np.sin(direction)
    values = np.empty(x.size)
    for start in range(0, x.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        angle = np.multiply.outer(x[part], kx) + np.multiply.outer(y[part], ky) + phase
        values[part] = np.cos(angle).sum(axis=1)
    return np.asarray(values * math.sqrt(2.0 / _N_WAVES))


def correlated_normal(
    x_m: ArrayLike,
    y_m: ArrayLike,
    distance_m: float,
    rng: np.random.Generator,
    *,
    most_exact: int = _MOST_EXACT,
) -> Array:
    """Draw normal values at points, with the exponential autocorrelation of shadowing.

    Parameters
    ----------
    x_m, y_m : array_like of shape (N,)
        Where the points are. [m]
    distance_m : float
        Correlation distance. [m]
    rng : numpy.random.Generator
        Source of randomness.
    most_exact : int
        Up to so many points by Cholesky factor of their covariance (cost N^3); more by a sum of
        1024 plane waves (cost N).

    Returns
    -------
    ndarray of shape (N,)
        Mean 0, variance 1.

    Raises
    ------
    ValueError
        Coordinates that are not finite or not of one length, a distance that is not positive.

    Notes
    -----
    Both ways have the autocorrelation of the document exactly over many seeds. In one draw of plane
    waves the mean square over a large map is 1 within 2/sqrt(1024), and the sum is normal only in
    the limit. The two ways give different maps for the same seed.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), eq. (7.4-5).
    .. [2] X. Cai, G. B. Giannakis, "A two-dimensional channel simulation model for shadowing
       processes", IEEE Trans. Veh. Technol. 52 (2003) 1558-1567.
    """
    x, y = _points(x_m, y_m, distance_m)
    return (_exact if x.size <= most_exact else _waves)(x, y, distance_m, rng)


def shadowing_db(
    x_m: ArrayLike,
    y_m: ArrayLike,
    site_of_cell: Sequence[Hashable],
    *,
    sigma_db: ArrayLike,
    distance_m: float,
    rng: np.random.Generator,
    site_correlation: float = SITE_CORRELATION,
) -> Array:
    """Draw the shadowing of every cell at every point.

    Parameters
    ----------
    x_m, y_m : array_like of shape (N,)
        Where the points are. [m]
    site_of_cell : sequence
        Site of each cell; cells of one site have the same shadowing.
    sigma_db : array_like
        Standard deviation; one, or an array that broadcasts to (cells, N). [dB]
    distance_m : float
        Correlation distance. [m]
    rng : numpy.random.Generator
        Source of randomness.
    site_correlation : float
        Correlation between sites at one point. 0 to 1.

    Returns
    -------
    ndarray of shape (cells, N)
        To add to the path loss. [dB]

    Raises
    ------
    ValueError
        No cell, coordinates that do not fit, a correlation outside 0 to 1, a negative deviation.

    Notes
    -----
    TR 38.901 (7.5, step 4) leaves sites uncorrelated: `site_correlation=0`. The half is that of
    TR 36.814, which planners keep; it is made of one map for all sites and one for each.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), clauses 7.4.4 and 7.5.
    .. [2] 3GPP TR 36.814 V9.2.0 (2017), Table A.2.1.1-2: 0.5 between sites, 1 between sectors.
    """
    if not site_of_cell:
        raise ValueError("site_of_cell: is empty")
    if not 0.0 <= site_correlation <= 1.0:
        raise ValueError(f"site_correlation: is {site_correlation:g}, valid is 0 to 1")
    sigma = finite(sigma_db, "sigma_db")
    if (sigma < 0.0).any():
        raise ValueError(f"sigma_db: is {sigma.min():g}, must not be negative")
    shared = math.sqrt(site_correlation) * correlated_normal(x_m, y_m, distance_m, rng)
    own = {
        site: correlated_normal(x_m, y_m, distance_m, rng) for site in dict.fromkeys(site_of_cell)
    }
    share = math.sqrt(1.0 - site_correlation)
    unit = np.stack([shared + share * own[site] for site in site_of_cell])
    return np.asarray(np.broadcast_to(sigma, unit.shape) * unit)


def draw_is_los(
    probability: ArrayLike,
    x_m: ArrayLike,
    y_m: ArrayLike,
    distance_m: float,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Draw line of sight so that points close by agree.

    Parameters
    ----------
    probability : array_like of shape (N,)
        P(LOS) at each point, 0 to 1.
    x_m, y_m : array_like of shape (N,)
        Where the points are. [m]
    distance_m : float
        Correlation distance, see `LOS_CORRELATION_DISTANCE_M`. [m]
    rng : numpy.random.Generator
        Source of randomness; one draw per site.

    Returns
    -------
    ndarray of bool of shape (N,)
        Each is true with its probability.

    Raises
    ------
    ValueError
        Coordinates that do not fit.
    ModelRangeError
        A probability outside 0 to 1.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), clause 7.6.3.3, Table 7.6.3.1-2.
    """
    model = "TR 38.901 V17.0.0 7.6.3.3"
    p = need(probability, 0.0, 1.0, model=model, quantity="probability")
    normal = correlated_normal(x_m, y_m, distance_m, rng)
    if p.shape != normal.shape:
        raise ValueError(f"probability: must be of shape {normal.shape}, is {p.shape}")
    uniform = np.array([0.5 * math.erfc(-z / math.sqrt(2.0)) for z in normal])
    return np.asarray(uniform < p)
