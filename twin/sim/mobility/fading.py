"""How wrong a terminal measures a cell: the accuracy of its receiver, and fast fading left over."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.sim.mobility.assumptions import assumed
from twin.sim.mobility.policy import HandoverPolicy

__all__ = ["measurement_error_db", "residual_fading_db"]

_LIGHT_M_S = 299_792_458.0
_DB_PER_NEPER = 10.0 / math.log(10.0)
_LARGEST = 60.0  # beyond it J0^2 is less than 0.011
_NODES = np.cos(np.pi * (np.arange(96) + 0.5) / 96.0)  # enough of them for J0 up to there

_Floats = NDArray[np.float64]


def residual_fading_db(speed_m_s: ArrayLike, carrier_hz: float, sample_s: float) -> _Floats:
    """Spread of one sample of layer 1 by fast fading, as far as it is another at the next sample.

    Parameters
    ----------
    speed_m_s : array_like of shape (n,)
        Speed of each user. [m/s]
    carrier_hz : float
        Carrier. [Hz]
    sample_s : float
        Time between samples. [s]

    Returns
    -------
    ndarray of shape (n,)
        Standard deviation; 0 for who stands still, whose fading is part of the place. [dB]

    Notes
    -----
    A sample is the mean power of a few looks over the time between samples, on some independent
    branches of antenna and frequency (both assumed, see `ASSUMPTIONS`). Rayleigh fading of Clarke's
    spectrum correlates the powers of two looks by J0(2 pi f_d t)^2; the mean then is gamma
    distributed of the order branches over the mean correlation, and its level in dB has the
    variance (10 / ln 10)^2 psi'(order).

    References
    ----------
    .. [1] R. H. Clarke, A statistical theory of mobile-radio reception, BSTJ 47 (1968).
    """
    looks = round(assumed("l1_looks"))
    doppler_hz = np.asarray(speed_m_s, np.float64).reshape(-1, 1) * carrier_hz / _LIGHT_M_S
    lag_s = sample_s / looks * np.arange(2 * looks)
    alike = _bessel_j0(2.0 * np.pi * doppler_hz * lag_s) ** 2
    apart = np.arange(looks)[:, None] - np.arange(looks)
    same = alike[:, np.abs(apart)].mean(axis=(1, 2))
    next_one = alike[:, looks + apart].mean(axis=(1, 2))
    variance = _trigamma(assumed("l1_branches") / same) * (1.0 - next_one / same)
    return np.asarray(_DB_PER_NEPER * np.sqrt(np.maximum(variance, 0.0)))


def _bessel_j0(x: _Floats) -> _Floats:
    """J0 as the mean of cos(x cos t) over t; arguments beyond `_LARGEST` count as that."""
    values: _Floats = np.cos(np.minimum(x, _LARGEST)[..., None] * _NODES).mean(axis=-1)
    return values


def _trigamma(x: _Floats) -> _Floats:
    """Asymptotic series of psi'; within 0.0002 for x of 2 or more."""
    return 1.0 / x + 1.0 / (2.0 * x**2) + 1.0 / (6.0 * x**3) - 1.0 / (30.0 * x**5)


def measurement_error_db(
    policy: HandoverPolicy, speed_m_s: ArrayLike, carrier_hz: float
) -> _Floats:
    """Spread of what the filter of layer 3 leaves of the errors of measurement.

    Parameters
    ----------
    policy : HandoverPolicy
        Filter, accuracy of a sample, and whether fast fading counts.
    speed_m_s : array_like of shape (n,)
        Speed of each user. [m/s]
    carrier_hz : float
        Carrier. [Hz]

    Returns
    -------
    ndarray of shape (n,)
        Standard deviation of the filtered level of one cell. [dB]

    Notes
    -----
    The filter weighs samples with a, a (1 - a), a (1 - a)^2 ...: of independent errors of deviation
    s it leaves s sqrt(a / (2 - a)).
    """
    weight = 2.0 ** (-policy.filter_k / 4.0)
    variance = np.full(np.shape(speed_m_s), policy.measurement_error_db**2)
    if policy.has_fading:
        variance += residual_fading_db(speed_m_s, carrier_hz, policy.sample_s) ** 2
    return np.asarray(np.sqrt(variance * weight / (2.0 - weight)))
