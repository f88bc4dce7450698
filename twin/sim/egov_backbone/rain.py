"""Rain over the city as a stochastic process with the exceedances of ITU-R P.837."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from twin.sim.egov_backbone.assumptions import value

__all__ = ["Rain", "rain_rate_mm_h"]

_Floats = NDArray[np.float64]
_HIGHEST_MM_H = value("rain_highest_mm_h")


def _knots() -> tuple[_Floats, _Floats]:
    """Gaussian levels and logarithms of the rain rate of the exceedances of P.837."""
    percent = (value("rain_probability_percent"), 1.0, 0.1, 0.03, 0.01)
    keys = ("rain_01_mm_h", "rain_001_mm_h", "rain_0003_mm_h", "rain_0001_mm_h")
    rates = (0.1, *(value(key) for key in keys))
    levels = [NormalDist().inv_cdf(1.0 - share / 100.0) for share in percent]
    return np.array(levels), np.log(np.array(rates))


_LEVELS, _LOG_RATES = _knots()
_TAIL = (_LOG_RATES[-1] - _LOG_RATES[-2]) / (_LEVELS[-1] - _LEVELS[-2])


def rain_rate_mm_h(level: _Floats) -> _Floats:
    """Turn a standard Gaussian level into a rain rate with the distribution of the city.

    Parameters
    ----------
    level : ndarray
        Standard Gaussian.

    Returns
    -------
    ndarray
        Rain rate of one minute; 0 where it does not rain. [mm/h]

    Notes
    -----
    The logarithm of the rate is linear in the level between the exceedances of P.837-7 at 1, 0.1,
    0.03 and 0.01 % and goes on with the last slope.

    References
    ----------
    .. [1] ITU-R P.837-7 (2017), values for Duisburg by itur 0.4.0.
    """
    log_rate = np.interp(level, _LEVELS, _LOG_RATES)
    log_rate += _TAIL * np.maximum(level - _LEVELS[-1], 0.0)
    rate = np.minimum(np.exp(log_rate), _HIGHEST_MM_H)
    return np.where(level < _LEVELS[0], 0.0, rate)


class Rain:
    """Rain at several points: a stationary Gaussian process in time and space behind each rate.

    Parameters
    ----------
    x_m, y_m : ndarray of shape (n,)
        Points. [m]
    rng : Generator
        A stream of its own.

    Notes
    -----
    Correlation falls exponentially with time (as in ITU-R P.1853) and distance, so at every point
    the long-run exceedances are those of `rain_rate_mm_h` exactly.
    """

    def __init__(self, x_m: _Floats, y_m: _Floats, rng: np.random.Generator) -> None:
        away_m = np.hypot(x_m[:, None] - x_m[None, :], y_m[:, None] - y_m[None, :])
        covariance = np.exp(-away_m / value("rain_reach_m")) + 1e-9 * np.eye(x_m.size)
        self._mix = np.linalg.cholesky(covariance)
        self._rng = rng
        self._level = self._mix @ rng.standard_normal(x_m.size)
        self._forced_mm_h: dict[int, float] = {}

    def step(self, dt_s: float) -> None:
        """Let time pass. [s]."""
        keep = math.exp(-dt_s / value("rain_memory_s"))
        fresh = self._mix @ self._rng.standard_normal(self._level.size)
        self._level = keep * self._level + math.sqrt(1.0 - keep * keep) * fresh

    def rates_mm_h(self) -> _Floats:
        """Return the rain rate at each point now. [mm/h]."""
        rates = rain_rate_mm_h(self._level)
        for point, rate in self._forced_mm_h.items():
            rates[point] = rate
        return rates

    def force(self, point: int, rate_mm_h: float | None) -> None:
        """Let a scenario decide the rain at a point; None leaves it to chance again. [mm/h]."""
        if rate_mm_h is None:
            self._forced_mm_h.pop(point, None)
        else:
            self._forced_mm_h[point] = rate_mm_h
