"""How a line is shared: networks with guarantee and cap, and fair flows within one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.sim.classrooms.assumptions import value

__all__ = ["Shares", "fair_level_bps", "share_line"]

_Floats = NDArray[np.float64]


def fair_level_bps(capacity_bps: _Floats, flows: _Floats, peak_bps: _Floats) -> _Floats:
    """Find the rate that fair sharing leaves to each flow.

    Parameters
    ----------
    capacity_bps : ndarray of shape (n,)
        Capacity of each line. [bit/s]
    flows : ndarray of shape (n, k)
        Number of flows of each kind.
    peak_bps : ndarray of shape (k,)
        What a flow of each kind takes at most; ascending. [bit/s]

    Returns
    -------
    ndarray of shape (n,)
        Level L with sum(flows * min(peak, L)) = capacity; infinite if all get their peak. [bit/s]

    Notes
    -----
    Max-min fairness: processor sharing of flows of limited rate. D. Bertsekas and R. Gallager,
    "Data Networks", 2nd ed. (1992), section 6.5.2.
    """
    left = capacity_bps.astype(np.float64).copy()
    count = flows.sum(axis=1)
    level = np.full(left.size, np.inf)
    is_open = count > 0.0
    for k in range(peak_bps.size):
        fits = left >= count * peak_bps[k]
        closes = is_open & ~fits
        level[closes] = left[closes] / count[closes]
        is_open &= fits
        left = left - flows[:, k] * peak_bps[k]
        count = count - flows[:, k]
    return level


@dataclass(frozen=True, slots=True)
class Shares:
    """Rates of the networks of each school.

    Parameters
    ----------
    level_bps : ndarray
        What a flow in the network of pedagogy gets at most. [bit/s]
    exam_bps : ndarray
        What a flow of an exam gets at most. [bit/s]
    new_bps, exam_new_bps : ndarray
        What one more flow without a limit would get in the network of pedagogy, and in that of
        exams. [bit/s]
    admin_bps, guest_bps : ndarray
        What administration and all guests together get. [bit/s]
    """

    level_bps: _Floats
    exam_bps: _Floats
    new_bps: _Floats
    exam_new_bps: _Floats
    admin_bps: _Floats
    guest_bps: _Floats


def share_line(
    capacity_bps: _Floats,
    admin_bps: _Floats,
    guest_bps: _Floats,
    flows: _Floats,
    peak_bps: _Floats,
    *,
    exam: tuple[_Floats, _Floats, NDArray[np.bool_]],
) -> Shares:
    """Share the line of each school among administration, pedagogy and guests.

    Parameters
    ----------
    capacity_bps : ndarray of shape (n,)
        Lines. [bit/s]
    admin_bps, guest_bps : ndarray of shape (n,)
        What administration and guests want. [bit/s]
    flows : ndarray of shape (n, k)
        Flows of pedagogy by kind, those of exams left out.
    peak_bps : ndarray of shape (k,)
        Peak of each kind, ascending. [bit/s]
    exam : (ndarray of shape (n, m), ndarray of shape (m,), ndarray of bool of shape (n,))
        Flows of exams by kind, peak of each kind, ascending [bit/s], and whether they have a
        network of their own, which is served before all but administration.

    Returns
    -------
    Shares
        What each gets; the sum never exceeds the line.

    Notes
    -----
    Administration has a guarantee, guests have a cap and come last; what one does not use is free
    for the others.
    """
    exam_flows, exam_peak_bps, is_own = exam
    guarantee = value("admin_guarantee_share") * capacity_bps
    admin = np.minimum(admin_bps, guarantee)
    left = capacity_bps - admin
    own = exam_flows * is_own[:, None]
    exam_level = fair_level_bps(left, own, exam_peak_bps)
    exam_new = _one_more_bps(left, own, exam_peak_bps)
    left = left - (own * np.minimum(exam_peak_bps, exam_level[:, None])).sum(axis=1)
    left = np.maximum(left, 0.0)
    kinds = np.concatenate([peak_bps, exam_peak_bps])
    order = np.argsort(kinds, kind="stable")
    together = np.column_stack([flows, exam_flows - own])[:, order]
    kinds = kinds[order]
    level = fair_level_bps(left, together, kinds)
    new = _one_more_bps(left, together, kinds)
    used = (together * np.minimum(kinds, level[:, None])).sum(axis=1)
    left = np.maximum(left - used, 0.0)
    more = np.minimum(admin_bps - admin, left)
    left = left - more
    guest = np.minimum(np.minimum(guest_bps, value("guest_cap_share") * capacity_bps), left)
    exam_level = np.where(is_own, exam_level, level)
    exam_new = np.where(is_own, exam_new, new)
    return Shares(level, exam_level, new, exam_new, admin + more, guest)


def _one_more_bps(capacity_bps: _Floats, flows: _Floats, peak_bps: _Floats) -> _Floats:
    """Find what one more flow without a limit would get."""
    more = np.column_stack([flows, np.ones(capacity_bps.size)])
    return fair_level_bps(capacity_bps, more, np.append(peak_bps, np.inf))
