"""How lamps age: light lost, power added to make up for it, and the risk of failing."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from twin.sim.lamps.assumptions import figure

__all__ = [
    "constant_light_drive",
    "depreciation_per_h",
    "failures_per_h",
    "light_left",
    "weibull_scale_h",
    "worn_share",
]

_Floats = NDArray[np.float64]
_Bools = NDArray[np.bool_]

_NORMAL_90_PERCENT = 1.2815515655446004  # 90th percentile of the standard normal distribution
_YEAR_H = 8760.0


def depreciation_per_h(n: int, rng: np.random.Generator) -> _Floats:
    """Draw how fast LED luminaires lose light.

    Parameters
    ----------
    n : int
        How many.
    rng : Generator
        Source of chance.

    Returns
    -------
    ndarray of shape (n,)
        Rate of an exponential loss; one in ten is so fast that less than 80 % is left at
        70,000 h, as L80B10 says. [1/h]

    Notes
    -----
    The exponential is that of IES TM-21; that rates scatter log-normally is an assumption.
    """
    sigma = figure("depreciation_sigma")
    tenth = -math.log(figure("led_end_share")) / figure("led_end_h")
    median = tenth * math.exp(-_NORMAL_90_PERCENT * sigma)
    return median * np.exp(sigma * rng.standard_normal(n))


def light_left(age_h: _Floats, rate_per_h: _Floats, is_sodium: _Bools) -> _Floats:
    """Share of the first light that lamps still give, dirt apart.

    Parameters
    ----------
    age_h : ndarray
        Burning hours. [h]
    rate_per_h : ndarray
        Loss of LED luminaires. [1/h]
    is_sodium : ndarray of bool
        Sodium lamps, which lose 10 % evenly over their 16,000 h.

    Returns
    -------
    ndarray
        0 to 1.
    """
    lost = figure("sodium_loss") * age_h / figure("sodium_group_h")
    return np.where(is_sodium, np.maximum(1.0 - lost, 0.5), np.exp(-rate_per_h * age_h))


def constant_light_drive(left: _Floats) -> _Floats:
    """Drive of luminaires with constant light output: what age takes is added as power.

    Parameters
    ----------
    left : ndarray
        Share of light left.

    Returns
    -------
    ndarray
        Factor on the part of the power that makes light, 1/maintenance; at most 1.25, with which
        a luminaire at the end of its life (80 %) gives its first light.
    """
    return np.minimum(1.0 / left, 1.0 / figure("led_end_share"))


def weibull_scale_h() -> float:
    """Scale of the life of sodium lamps, of which 5 % have failed at group replacement. [h]."""
    failed = figure("group_failed_share")
    hazard = -math.log1p(-failed)
    return figure("sodium_group_h") / float(hazard ** (1.0 / figure("sodium_shape")))


def worn_share(age_h: _Floats) -> _Floats:
    """Share of sodium lamps that have failed at an age, 1 - exp(-(t / scale)^shape).

    Parameters
    ----------
    age_h : ndarray
        Burning hours. [h]

    Returns
    -------
    ndarray
        0 to 1.
    """
    return np.asarray(-np.expm1(-((age_h / weibull_scale_h()) ** figure("sodium_shape"))))


def failures_per_h(age_h: _Floats, is_sodium: _Bools, burning_share: float) -> _Floats:
    """Risk of failing in the next hour of the calendar: a bathtub for LED, Weibull for sodium.

    Parameters
    ----------
    age_h : ndarray
        Burning hours. [h]
    is_sodium : ndarray of bool
        Kind.
    burning_share : float
        Burning hours per hour of the calendar, for sodium lamps, which wear by burning.

    Returns
    -------
    ndarray
        Hazard. [1/h]

    Notes
    -----
    LED: a flat 0.75 % a year, three times that in the first year (drivers), and rising with the
    fourth power of age to twice the flat part at 70,000 h. All of these are assumptions.
    """
    flat = figure("led_failures_per_year") / _YEAR_H
    infant = np.where(age_h < figure("infant_h"), figure("infant_factor"), 1.0)
    led = flat * (infant + (age_h / figure("led_end_h")) ** 4)
    shape, scale_h = figure("sodium_shape"), weibull_scale_h()
    sodium = burning_share * shape / scale_h * (age_h / scale_h) ** (shape - 1.0)
    return np.where(is_sodium, sodium, led)
