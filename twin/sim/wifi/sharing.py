"""Who gets how much air: fair shares among radios that wait for one another, and contention."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from twin.radio.wifi.rates import Mode
from twin.radio.wifi.sharing import ampdu_throughput_bps
from twin.sim.wifi.air import N_FRAMES
from twin.sim.wifi.assumptions import figure

__all__ = ["contention", "fair_airtime", "prioritised_airtime"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]

_MOST_CONTENDERS = 64
_TRACE = 1e-9
_ROUNDING = 1e-12


def fair_airtime(
    edges: tuple[_Ints, _Ints], part: _Ints, offered: _Floats, capacity: _Floats
) -> _Floats:
    """Share the air so that the poorest get as much as they can, then the next.

    Parameters
    ----------
    edges : pair of ndarray of int, shape (E,)
        Radios that cannot send together, both directions of each pair.
    part : ndarray of int, shape (N,)
        Number of the connected part of the graph that a radio belongs to.
    offered : ndarray of shape (N,)
        Air time that each wants, 0 or more.
    capacity : ndarray of shape (N,)
        Air time that all in hearing of a radio and itself may take together.

    Returns
    -------
    ndarray of shape (N,)
        Air time of each, never over what it wants.

    Notes
    -----
    The same as `twin.radio.wifi.airtime.max_min_airtime`, for thousands of radios of which few
    hear one another: parts in which everybody gets all are settled at once, the others fill at
    their own pace. Who wants no air restricts nobody.

    References
    ----------
    .. [1] D. Bertsekas, R. Gallager, "Data Networks", 2nd ed. 1992, 6.5.2 (max-min fairness).
    """
    listener, talker = edges
    n = offered.size
    wanted = offered + np.bincount(listener, offered[talker], n)
    is_tight = np.zeros(int(part.max(initial=-1)) + 1, dtype=bool)
    is_tight[part[wanted > capacity + 1e-12]] = True
    chosen = np.flatnonzero(is_tight[part] & (offered > 0.0))
    share = offered.copy()
    if not chosen.size:
        return share
    place = np.full(n, -1, dtype=np.int64)
    place[chosen] = np.arange(chosen.size)
    inside = (place[listener] >= 0) & (place[talker] >= 0)
    ends = place[listener[inside]], place[talker[inside]]
    share[chosen] = _fill(ends, part[chosen], offered[chosen], capacity[chosen])
    return share


def prioritised_airtime(
    edges: tuple[_Ints, _Ints], part: _Ints, offered: tuple[_Floats, _Floats], capacity: _Floats
) -> tuple[_Floats, _Floats]:
    """Share the air between a higher access category and the rest.

    Parameters
    ----------
    edges, part, capacity
        As of `fair_airtime`.
    offered : pair of ndarray of shape (N,)
        Air time that the higher category and the rest want at each radio.

    Returns
    -------
    first, rest : ndarray of shape (N,)
        Air time of each.

    Notes
    -----
    Contention windows make a preference, not a privilege: where both want all the air, the higher
    category has `first_share` of it (assumed). What one leaves is free for the other.

    References
    ----------
    .. [1] IEEE 802.11-2020, 10.23.2 (EDCA): AIFSN, CWmin and CWmax by access category.
    """
    listener, talker = edges
    n = capacity.size
    first = fair_airtime(edges, part, offered[0], figure("first_share") * capacity)
    left = np.maximum(capacity - first - np.bincount(listener, first[talker], n), 0.0)
    also = np.where(first > 0.0, _TRACE, 0.0)  # who has air already still restricts others
    rest = fair_airtime(edges, part, np.maximum(offered[1], also), left)
    both = first + rest
    left = np.maximum(capacity - both - np.bincount(listener, both[talker], n), 0.0)
    also = np.where(both > 0.0, _TRACE, 0.0)
    more = fair_airtime(edges, part, np.maximum(offered[0] - first, also), left)
    return np.minimum(first + more, offered[0]), np.minimum(rest, offered[1])


def _fill(edges: tuple[_Ints, _Ints], part: _Ints, want: _Floats, capacity: _Floats) -> _Floats:
    """Let all shares grow together until an offer is met or a neighbourhood is full."""
    listener, talker = edges
    n, share = want.size, np.zeros(want.size)
    grows = np.ones(n, dtype=bool)
    n_parts = int(part.max()) + 1
    while grows.any():
        room = capacity - share - np.bincount(listener, share[talker], n)
        growing = grows + np.bincount(listener, grows[talker], n)
        each = np.where(growing > 0, room / np.maximum(growing, 1.0), np.inf)
        step = np.full(n_parts, np.inf)
        np.minimum.at(step, part, np.maximum(each, 0.0))
        np.minimum.at(step, part[grows], (want - share)[grows])
        share[grows] += step[part[grows]]
        is_full = (growing > 0) & (each <= step[part] + 1e-12)
        stops = is_full | (np.bincount(listener, is_full[talker], n) > 0)
        grows &= ~stops & (want - share > _ROUNDING)
    return np.where(want - share <= _ROUNDING, want, share)


@lru_cache(maxsize=1)
def _contention_table() -> _Floats:
    mode = Mode(phy="He", index=7, width_mhz=20)
    stations = np.arange(1.0, _MOST_CONTENDERS + 1.0)
    throughput = ampdu_throughput_bps(stations, N_FRAMES, mode)
    return np.asarray(throughput / throughput[0])


def contention(n_contenders: _Floats) -> _Floats:
    """Payload of a cell in which several contend, relative to a lone sender.

    Parameters
    ----------
    n_contenders : ndarray
        Stations with something to send, 1 or more; need not be whole, at most 64 count.

    Returns
    -------
    ndarray
        Bianchi's saturation throughput of HE-MCS 7 with aggregates of 16 frames over that of one
        station; the ratio hardly hangs on the rate.

    References
    ----------
    .. [1] G. Bianchi, IEEE JSAC 18 (3), 2000, eq. (13), by `ampdu_throughput_bps`.
    """
    table = _contention_table()
    return np.interp(n_contenders, np.arange(1.0, table.size + 1.0), table)
