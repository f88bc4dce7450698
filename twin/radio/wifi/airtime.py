"""Air time of access points that hear one another on the same or on overlapping channels."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.ranges import need
from twin.radio.wifi.radio import CCA_DBM

__all__ = ["ED_DBM", "MAX_EXACT", "conflicts", "csma_airtime", "max_min_airtime"]

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

ED_DBM = -62.0
"""Energy in 20 MHz at which a station must defer to what it cannot decode, such as a signal on an
overlapping channel: IEEE 802.11-2020, 17.3.10.6. [dBm]"""
MAX_EXACT = 20
"""Cells that may hang together for the exact model; it enumerates their sets."""


def conflicts(
    power_dbm: ArrayLike,
    overlap: ArrayLike,
    *,
    cca_dbm: float = CCA_DBM,
    ed_dbm: float = ED_DBM,
) -> Bools:
    """Say which access points cannot send at the same time.

    Parameters
    ----------
    power_dbm : array_like of shape (n, n)
        Power of j at i over j's whole channel. [dBm]
    overlap : array_like of shape (n, n)
        Part of j's power in i's channel, as `twin.radio.wifi.radio.overlap`.
    cca_dbm : float
        Threshold on the same channel (overlap 1), by preamble. [dBm]
    ed_dbm : float
        Threshold on any other, by energy. [dBm]

    Returns
    -------
    ndarray of bool of shape (n, n)
        Symmetric; the diagonal is False. One that hears is enough: it waits for the other.

    Raises
    ------
    ValueError
        Shapes that are not square or not equal, a NaN.
    ModelRangeError
        An overlap outside 0 to 1.
    """
    power = np.asarray(power_dbm, dtype=np.float64)
    part = need(overlap, 0, 1, model="conflict graph", quantity="overlap")
    if power.ndim != 2 or power.shape[0] != power.shape[1] or part.shape != power.shape:
        raise ValueError(f"power_dbm: shape {power.shape}, must be square and as overlap")
    if np.isnan(power).any():
        raise ValueError(f"power_dbm{np.argwhere(np.isnan(power))[0].tolist()}: is not a number")
    with np.errstate(divide="ignore"):
        heard = power + 10.0 * np.log10(part)
    defers = heard >= np.where(part >= 1.0, cca_dbm, ed_dbm)
    np.fill_diagonal(defers, val=False)
    return np.asarray(defers | defers.T)


def _graph(conflict: ArrayLike, offered: ArrayLike) -> tuple[Bools, Array]:
    graph = np.array(conflict, dtype=bool)
    if graph.ndim != 2 or graph.shape[0] != graph.shape[1] or graph.shape[0] == 0:
        raise ValueError(f"conflict: shape {graph.shape}, must be square and not empty")
    if (graph != graph.T).any():
        raise ValueError(f"conflict{np.argwhere(graph != graph.T)[0].tolist()}: is not symmetric")
    np.fill_diagonal(graph, val=False)
    load = need(offered, 0, 1, model="conflict graph", quantity="offered air time")
    return graph, np.array(np.broadcast_to(load, graph.shape[0]))


def max_min_airtime(conflict: ArrayLike, offered: ArrayLike = 1.0) -> Array:
    """Share the air so that the poorest get as much as they can, then the next.

    Parameters
    ----------
    conflict : array_like of bool of shape (n, n)
        Who cannot send together.
    offered : array_like of shape (n,)
        Air time that each wants, 0 to 1.

    Returns
    -------
    ndarray of shape (n,)
        Air time of each, never over what it wants.

    Raises
    ------
    ValueError
        A matrix that is not square or symmetric.
    ModelRangeError
        An offer outside 0 to 1.

    Notes
    -----
    All shares grow together until an offer is met or a neighbourhood (a cell and those it
    conflicts with) is full. The neighbourhood takes its members to conflict among themselves:
    safe, and exact where they do. Any number of cells.

    References
    ----------
    .. [1] D. Bertsekas, R. Gallager, "Data Networks", 2nd ed. 1992, 6.5.2 (max-min fairness).
    """
    graph, want = _graph(conflict, offered)
    member = graph | np.eye(len(graph), dtype=bool)
    share = np.zeros(len(graph))
    grows = want > 0.0
    while grows.any():
        room = 1.0 - member @ share
        growing = (member & grows).sum(axis=1)
        per_member = np.where(growing > 0, room / np.maximum(growing, 1), np.inf)
        step = max(0.0, min(per_member.min(), (want - share)[grows].min()))
        share[grows] += step
        is_full = (growing > 0) & (per_member <= step + 1e-12)
        grows &= ~((member & is_full).any(axis=1)) & (want - share > 1e-12)
    return share


def csma_airtime(conflict: ArrayLike, offered: ArrayLike = 1.0, *, access: float = 100.0) -> Array:
    """Air time of cells under ideal carrier sensing, edge and middle told apart.

    Parameters
    ----------
    conflict : array_like of bool of shape (n, n)
        Who cannot send together.
    offered : array_like of shape (n,)
        Air time that each wants, 0 to 1.
    access : float
        Mean frame over mean backoff time of a saturated cell.

    Returns
    -------
    ndarray of shape (n,)
        Air time of each, never over what it wants.

    Raises
    ------
    ValueError
        A matrix that is not square or symmetric.
    ModelRangeError
        An offer outside 0 to 1, or more than `MAX_EXACT` cells that hang together.

    Notes
    -----
    The chance of a set of cells sending is proportional to the product of their access ratios
    if none of them conflict, else zero. A cell whose offer is met lowers its ratio until its
    share is the offer. In a row of three the middle one starves, as it does in reality.

    References
    ----------
    .. [1] S. C. Liew, C. H. Kai, H. C. Leung, P. Wong, "Back-of-the-envelope computation of
       throughput distributions in CSMA wireless networks", IEEE TMC 9 (9), 2010, eq. (1)-(3).
    """
    graph, want = _graph(conflict, offered)
    top = float(need(access, 1e-3, 1e9, model="ideal CSMA", quantity="access ratio"))
    share = np.zeros(len(graph))
    for part in _components(graph):
        need(len(part), 1, MAX_EXACT, model="ideal CSMA", quantity="cells that hang together")
        share[part] = _component_airtime(graph[np.ix_(part, part)], want[part], top)
    return share


def _components(graph: Bools) -> list[NDArray[np.intp]]:
    left, parts = np.ones(len(graph), dtype=bool), []
    while left.any():
        seen = np.zeros(len(graph), dtype=bool)
        seen[left.argmax()] = True
        while (more := (graph[seen].any(axis=0) | seen)).sum() > seen.sum():
            seen = more
        parts.append(np.flatnonzero(seen))
        left &= ~seen
    return parts


def _component_airtime(graph: Bools, want: Array, top: float) -> Array:
    sets = np.zeros((1, len(graph)), dtype=bool)
    for i in range(len(graph)):
        with_i = sets[~(sets & graph[i]).any(axis=1)].copy()
        with_i[:, i] = True
        sets = np.vstack([sets, with_i])
    ratio = np.full(len(graph), top)
    share = np.zeros(len(graph))
    for _ in range(2000):
        weight = np.where(sets, ratio, 1.0).prod(axis=1)
        share = (weight[:, None] * sets).sum(axis=0) / weight.sum()
        aim = np.minimum(top, ratio * want / np.maximum(share, 1e-300))
        if np.allclose(aim, ratio, rtol=1e-9, atol=1e-15):
            break
        ratio = aim
    return np.minimum(share, want)
