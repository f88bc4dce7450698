"""Shadowing that stays where it is: a field over the plane that every site reads at its own place.

A user that comes back finds the same shadow, two users side by side find nearly the same, and a run
with short steps walks through the same field as one with long ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twin.radio.tr38901.shadowing import SITE_CORRELATION, autocorrelation

__all__ = ["ShadowField", "make_field"]

_NODES = 256
_UNITS_PER_SIGMA = 32.0
_NODES_PER_CORRELATION = 8.0
_LOG2_PER_DB = math.log2(10.0) / 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowField:
    """A periodic field of normal values and where each site reads it.

    Parameters
    ----------
    squares : ndarray of uint32, shape (256, 256)
        Four corners of each square as signed bytes, 32 units to the standard deviation.
    shift : ndarray of float32, shape (n_sites + 1, 2)
        Place of each site in the field, in nodes; the last is the part all sites share.
    node_x, node_y : float
        Nodes per metre. [1/m]
    own, common : float
        log2 of gain per unit, of the site's part and of the shared one.
    """

    squares: NDArray[np.uint32]
    shift: NDArray[np.float32]
    node_x: float = field(metadata={"unit": "1/m"})
    node_y: float = field(metadata={"unit": "1/m"})
    own: float
    common: float


def make_field(
    n_sites: int,
    *,
    sigma_db: float,
    correlation_m: float,
    rng: np.random.Generator,
    period_m: tuple[float, float] = (0.0, 0.0),
    site_correlation: float = SITE_CORRELATION,
) -> ShadowField:
    """Draw a field of shadowing.

    Parameters
    ----------
    n_sites : int
        Sites; cells of one site have the same shadowing.
    sigma_db : float
        Standard deviation. [dB]
    correlation_m : float
        Correlation distance: exp(-d / correlation) along any line. [m]
    rng : numpy.random.Generator
        Source of randomness.
    period_m : tuple of float
        Size of the torus on which users move, which the field then divides; 0 where there is
        none. [m]
    site_correlation : float
        Correlation between sites at one point, 0 to 1.

    Returns
    -------
    ShadowField
        The field, 32 correlation distances wide before it repeats.

    Raises
    ------
    ValueError
        A spread, distance or correlation outside its range.

    Notes
    -----
    Sites read one field at places drawn at random; the correlation between two of them is that of
    the field over their distance, mostly none. Values are rounded to 1/32 and cut at four standard
    deviations; between nodes, an eighth of the correlation distance apart, they are bilinear, and
    the whole is scaled to the variance wanted.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), eq. (7.4-5).
    .. [2] 3GPP TR 36.814 V9.2.0 (2017), Table A.2.1.1-2: 0.5 between sites, 1 between sectors.
    """
    if not 0.0 <= sigma_db < 100.0 or not 0.0 < correlation_m < math.inf:
        raise ValueError(f"sigma_db {sigma_db:g}, correlation_m {correlation_m:g}: out of range")
    if not 0.0 <= site_correlation <= 1.0:
        raise ValueError(f"site_correlation: is {site_correlation:g}, valid is 0 to 1")
    steps = [_step_m(period, correlation_m) for period in period_m]
    values = _periodic_normal(steps[0], steps[1], correlation_m, rng)
    corners = [values, np.roll(values, -1, 1), np.roll(values, -1, 0), np.roll(values, -1, (0, 1))]
    units = [np.clip(np.rint(v * _UNITS_PER_SIGMA), -127, 127).astype(np.int8) for v in corners]
    parts = [unit.view(np.uint8).astype(np.uint32) << (8 * k) for k, unit in enumerate(units)]
    squares = parts[0] | parts[1] | parts[2] | parts[3]
    scale = sigma_db * _LOG2_PER_DB / _UNITS_PER_SIGMA / _spread_between(values)
    return ShadowField(
        squares=np.ascontiguousarray(squares, dtype=np.uint32),
        shift=rng.uniform(0.0, _NODES, (n_sites + 1, 2)).astype(np.float32),
        node_x=1.0 / steps[0],
        node_y=1.0 / steps[1],
        own=scale * math.sqrt(1.0 - site_correlation),
        common=scale * math.sqrt(site_correlation),
    )


def _step_m(period_m: float, correlation_m: float) -> float:
    """Distance of nodes, so that a whole number of fields fills the torus."""
    step_m = correlation_m / _NODES_PER_CORRELATION
    if period_m <= 0.0:
        return step_m
    return period_m / (_NODES * max(1, round(period_m / (_NODES * step_m))))


def _periodic_normal(
    step_x: float, step_y: float, correlation_m: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw normal values on a torus of nodes by the root of the spectrum of their covariance."""
    k = np.arange(_NODES)
    away = np.minimum(k, _NODES - k)
    shift_m = np.hypot((away * step_y)[:, None], (away * step_x)[None, :])
    spectrum = np.maximum(np.fft.fft2(autocorrelation(shift_m, correlation_m)).real, 0.0)
    noise = np.fft.fft2(rng.standard_normal((_NODES, _NODES)))
    values = np.fft.ifft2(noise * np.sqrt(spectrum)).real
    return np.asarray((values - values.mean()) / values.std())


def _spread_between(values: NDArray[np.float64]) -> float:
    """Compute the standard deviation of the bilinear surface over all of the plane."""
    sides = {(1, 0): 1 / 9, (0, 1): 1 / 9, (1, 1): 1 / 36, (1, -1): 1 / 36}
    square = 4 / 9 * float((values**2).mean())
    for (dy, dx), weight in sides.items():
        square += 2 * weight * float((values * np.roll(values, (dy, dx), (0, 1))).mean())
    return math.sqrt(square)
