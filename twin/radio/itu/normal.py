"""Quantiles of the normal distribution for the percentages of locations and time of ITU-R texts."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["normal_quantile"]


def normal_quantile(probability: ArrayLike) -> NDArray[np.float64]:
    """Inverse of the cumulative normal distribution.

    Parameters
    ----------
    probability : array_like
        Probability between 0 and 1, both excluded.

    Returns
    -------
    ndarray
        Quantile, in standard deviations.

    Raises
    ------
    ValueError
        A probability of 0, 1 or outside.

    References
    ----------
    .. [1] M. J. Wichura, Algorithm AS 241, Applied Statistics 37 (1988).
    .. [2] ITU-R P.1057-6, section 2: F^-1, and Q^-1(p) = -F^-1(p).
    """
    values = np.asarray(probability, dtype=np.float64)
    if values.size and not ((values > 0.0) & (values < 1.0)).all():
        raise ValueError("probability: must lie between 0 and 1, both excluded")
    unique, inverse = np.unique(values, return_inverse=True)
    quantile = NormalDist().inv_cdf
    found = np.array([quantile(float(p)) for p in unique])
    return np.asarray(found[inverse].reshape(values.shape))
