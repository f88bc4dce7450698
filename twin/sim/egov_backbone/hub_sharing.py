"""What homes that share a wireless hub see of the rate they have bought."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["slowdown"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]


def slowdown(lines: _Ints, load: _Floats) -> _Floats:
    """How many times longer a download lasts on a shared line than at full rate, in the mean.

    Parameters
    ----------
    lines : ndarray of int64, shape (n,)
        So many downloads get their full rate at once: rate of the line over the rate of one,
        whole. At least 1.
    load : ndarray of shape (n,)
        Share of time the line is busy.

    Returns
    -------
    ndarray of shape (n,)
        1 on an idle line, infinite from a load of 1 on.

    Notes
    -----
    M/G/R processor sharing: downloads arrive by chance, each is limited by its own full rate, and
    all share alike what there is when there are too many. The mean depends on the sizes of
    downloads by their mean alone.

    References
    ----------
    .. [1] K. Lindberger, "Balancing quality of service, pricing and utilisation in multiservice
       networks with stream and elastic traffic", ITC 16, 1999: 1 + E2(R, R load) / (R (1 - load))
       with Erlang's second formula E2.
    """
    busy = np.clip(load, 0.0, 1.0)
    offered = lines * busy
    lost = np.ones(lines.size)  # Erlang's first formula, from no line on
    for k in range(1, int(lines.max(initial=0)) + 1):
        lost = np.where(k <= lines, offered * lost / (k + offered * lost), lost)
    free = np.maximum(1.0 - busy, 1e-12)
    waits = lost / (free + busy * lost)
    return np.where(busy < 1.0, 1.0 + waits / (lines * free), np.inf)
