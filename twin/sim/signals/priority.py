"""What a crossing carries when its signals are out and the signs of priority count."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["adams_delay_s", "siegloch_capacity_veh_h"]

_Floats = NDArray[np.float64]


def siegloch_capacity_veh_h(
    main_flow_veh_h: ArrayLike, critical_gap_s: ArrayLike, follow_up_s: ArrayLike
) -> _Floats:
    """Capacity of a lane that must give way.

    Parameters
    ----------
    main_flow_veh_h : array_like
        All vehicles with priority. [veh/h]
    critical_gap_s : array_like
        Shortest gap one vehicle accepts, t_g. [s]
    follow_up_s : array_like
        Further time for each next vehicle in the same gap, t_f. [s]

    Returns
    -------
    capacity_veh_h : ndarray
        Capacity of the lane. [veh/h]

    References
    ----------
    .. [1] W. Siegloch, Die Leistungsermittlung an Knotenpunkten ohne Lichtsignalsteuerung,
       Strassenbau und Strassenverkehrstechnik 154, 1973:
       C = 3600 / t_f exp(-q (t_g - t_f / 2)); the basis of HBS.
    """
    follow = np.asarray(follow_up_s, dtype=np.float64)
    zero_gap = np.asarray(critical_gap_s, dtype=np.float64) - follow / 2.0
    flow = np.asarray(main_flow_veh_h, dtype=np.float64) / 3600.0
    return np.asarray(3600.0 / follow * np.exp(-flow * zero_gap))


def adams_delay_s(main_flow_veh_h: ArrayLike, crossing_s: ArrayLike) -> _Floats:
    """Mean wait of a pedestrian for a gap in random traffic.

    Parameters
    ----------
    main_flow_veh_h : array_like
        Vehicles of both directions, q. [veh/h]  Must be > 0.
    crossing_s : array_like
        Gap needed, tau. [s]

    Returns
    -------
    delay_s : ndarray
        Mean delay. [s]

    References
    ----------
    .. [1] W. F. Adams, Road traffic considered as a random series, J. Inst. Civil Engineers 4,
       1936: (exp(q tau) - q tau - 1) / q.
    """
    flow = np.asarray(main_flow_veh_h, dtype=np.float64) / 3600.0
    tau = np.asarray(crossing_s, dtype=np.float64)
    return np.asarray((np.exp(flow * tau) - flow * tau - 1.0) / flow)
