"""The parallel paths of a gateway: who finds one free, first come, first served."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

__all__ = ["find_paths"]

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def find_paths(gateway: Ints, start_us: Ints, end_us: Ints, was_refused: Flags, n: int) -> Flags:
    """Say which frames find a free demodulator.

    Parameters
    ----------
    gateway : ndarray of shape (N,)
        Where each reception takes place.
    start_us, end_us : ndarray of shape (N,)
        Time on air. [us]
    was_refused : ndarray of bool
        Refused earlier already: takes no path.
    n : int
        Paths of a gateway.

    Returns
    -------
    ndarray of bool
        True: the frame has a path from its start to its end.

    Notes
    -----
    A path is taken by whatever is strong enough to be detected, also by a frame that is lost to
    another later. Only gateways with more than `n` frames at a time are gone through one by one.
    """
    has_path = ~was_refused
    order = np.lexsort((start_us, gateway))
    order = order[has_path[order]]
    if order.size <= n:
        return has_path
    at, start, end = gateway[order], start_us[order], end_us[order]
    # the n-th frame before one at the same gateway may still be on the air: look closer there
    by_end = np.lexsort((end, at))
    span = np.int64(1) << 44
    n_begun = np.arange(order.size)
    n_ended = np.searchsorted((at * span + end)[by_end], at * span + start, side="right")
    busy = n_begun - n_ended
    for crowded in np.unique(at[busy >= n]):
        rows = np.flatnonzero(at == crowded)
        taken: list[int] = []
        for row in rows.tolist():
            while taken and taken[0] <= start[row]:
                heapq.heappop(taken)
            if len(taken) < n:
                heapq.heappush(taken, int(end[row]))
            else:
                has_path[order[row]] = False
    return has_path
