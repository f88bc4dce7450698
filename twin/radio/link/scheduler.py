"""Shares of a loaded cell: proportional and alpha-fair scheduling, gain of multi-user diversity."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.model.errors import ModelRangeError
from twin.radio.ranges import finite

__all__ = [
    "diversity_gain",
    "fair_rates_bps",
    "fair_time_shares",
    "further_user_bps",
    "weighted_time_shares",
]

Array = NDArray[np.float64]


def fair_time_shares(rate_bps: ArrayLike, fairness: float = 1.0) -> Array:
    """Shares of time that users of a cell get.

    Parameters
    ----------
    rate_bps : array_like
        Rate of each user if it had the cell alone; one dimension. [bit/s]
    fairness : float
        0 serves the fastest only, 1 is proportional fairness (equal time), infinity gives all the
        same rate.

    Returns
    -------
    ndarray
        Shares; they add up to 1. A user without rate gets none.

    Raises
    ------
    ModelRangeError
        A negative fairness or rate.
    ValueError
        No users, no rate at all, more than one dimension.

    Notes
    -----
    Maximises the sum of the utilities U(t r) with U' = x^-fairness over shares t, which gives t
    proportional to r^(1/fairness - 1).

    References
    ----------
    .. [1] J. Mo, J. Walrand, "Fair end-to-end window-based congestion control", IEEE/ACM Trans.
       Networking 8 (5), 2000.
    """
    rate = _rates(rate_bps)
    if math.isnan(fairness) or fairness < 0:
        raise ModelRangeError("alpha-fair scheduler", "fairness", fairness, "0 to infinity")
    peak = rate.max()
    is_served = rate > 0
    if fairness == 0:
        weight = (rate == peak).astype(np.float64)
    else:
        # logarithms, shifted, and a bounded exponent: no overflow at small fairness
        exponent = 1.0 / max(fairness, 1e-12) - 1.0
        log = exponent * np.log(np.where(is_served, rate / peak, 1.0))
        log[~is_served] = -np.inf
        weight = np.exp(log - log.max())
    return np.asarray(weight / weight.sum())


def weighted_time_shares(rate_bps: ArrayLike, exponent: float = 0.0) -> Array:
    """Shares of time by the cost of a user, as CRRM has them.

    Parameters
    ----------
    rate_bps : array_like
        Rate of each user if it had the cell alone; one dimension. [bit/s]
    exponent : float
        p: 0 is proportional fairness (equal time), 1 gives all the same rate, more favours weak
        users, less than 0 strong ones.

    Returns
    -------
    ndarray
        Shares in proportion to r^-p; they add up to 1. A user without rate gets none.

    Raises
    ------
    ModelRangeError
        A negative rate.
    ValueError
        No users, no rate at all, more than one dimension, an exponent that is no number.

    Notes
    -----
    For p under 1 the same as `fair_time_shares` with a fairness of 1 / (1 - p); beyond 1 nothing is
    optimised.

    References
    ----------
    .. [1] K. Briggs, I. Nur, CRRM 2.0.2: throughput a S^(1 - p) with a = bandwidth / sum(S^-p).
    """
    rate = _rates(rate_bps)
    if not math.isfinite(exponent):
        raise ValueError(f"exponent: is {exponent}, must be finite")
    log = -exponent * np.log(np.where(rate > 0, rate / rate.max(), 1.0))
    log[rate <= 0] = -np.inf
    weight = np.exp(log - log.max())
    return np.asarray(weight / weight.sum())


def _rates(rate_bps: ArrayLike) -> Array:
    """Rates of the users of a cell: one dimension, none negative, at least one."""
    rate = finite(rate_bps, "rate [bit/s]")
    if rate.ndim != 1:
        raise ValueError(f"rate [bit/s]: has {rate.ndim} dimensions, must have one")
    if (rate < 0).any():
        i = int(np.argmax(rate < 0))
        raise ModelRangeError(
            "alpha-fair scheduler", f"rate [bit/s][{i}]", float(rate[i]), "0 and more"
        )
    if rate.max() <= 0:
        raise ValueError("rate [bit/s]: no user has any")
    return rate


def diversity_gain(n_users: int) -> float:
    """Gain of serving each user when its channel is at its best.

    Parameters
    ----------
    n_users : int
        Users that always have data.

    Returns
    -------
    float
        Mean of the greatest of n exponential channel powers over their mean: sum of 1/k.

    Raises
    ------
    ModelRangeError
        Less than one user.

    Notes
    -----
    Independent Rayleigh fading, rates in proportion to power: an upper bound, close at low SINR
    only.

    References
    ----------
    .. [1] P. Viswanath, D. Tse, R. Laroia, "Opportunistic beamforming using dumb antennas", IEEE
       Trans. Inf. Theory 48 (6), 2002.
    """
    if n_users < 1:
        raise ModelRangeError("multi-user diversity", "number of users", n_users, "1 and more")
    return math.fsum(1.0 / k for k in range(1, n_users + 1))


def fair_rates_bps(
    rate_bps: ArrayLike,
    fairness: float = 1.0,
    *,
    has_diversity: bool = False,
    peak_bps: float = math.inf,
) -> Array:
    """Rates of the users of a cell.

    Parameters
    ----------
    rate_bps : array_like
        Rate of each user if it had the cell alone. [bit/s]
    fairness : float
        As `fair_time_shares`.
    has_diversity : bool
        With the gain of multi-user diversity over the users that are served.
    peak_bps : float
        Greatest rate of the cell, that no gain exceeds. [bit/s]

    Returns
    -------
    ndarray
        Share of time by rate. [bit/s]
    """
    share = fair_time_shares(rate_bps, fairness)
    rate = finite(rate_bps, "rate [bit/s]")
    gain = diversity_gain(int(np.count_nonzero(share))) if has_diversity else 1.0
    alone = np.maximum(rate, np.minimum(rate * gain, peak_bps))
    return np.asarray(share * alone)


def further_user_bps(rate_bps: ArrayLike, n_others: ArrayLike, load: float = 1.0) -> Array:
    """Rate a further user gets from a cell with equal time for all.

    Parameters
    ----------
    rate_bps : array_like
        Rate of the user if it had the cell alone. [bit/s]
    n_others : array_like
        Users there are already.
    load : float
        Share of time in which the others have data, 0 to 1.

    Returns
    -------
    ndarray
        The whole rate while the others are silent, 1 / (n + 1) of it while they are not. [bit/s]

    Raises
    ------
    ModelRangeError
        A load outside 0 to 1.
    ValueError
        A negative number of users.
    """
    if not 0.0 <= load <= 1.0:
        raise ModelRangeError("loaded cell", "load", load, "0 to 1")
    others = finite(n_others, "number of users")
    if (others < 0).any():
        raise ValueError("number of users: is negative")
    share = (1.0 - load) + load / (others + 1.0)
    return np.asarray(finite(rate_bps, "rate [bit/s]") * share)
