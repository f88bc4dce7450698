"""Delay at fixed-time signals: Webster, the Highway Capacity Manual, and levels of service."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.model.errors import ModelRangeError
from twin.sim.signals.assumptions import assumed

__all__ = [
    "LOS_CLASSES",
    "LOS_LIMITS_S",
    "capacity_veh_h",
    "control_delay_s",
    "los_class",
    "pedestrian_delay_s",
    "progression_factor",
    "saturation_flow_veh_h",
    "time_dependent_delay_s",
    "uniform_delay_s",
    "webster_cycle_s",
    "webster_delay_s",
]

_Floats = NDArray[np.float64]

LOS_CLASSES = ("A", "B", "C", "D", "E", "F")
LOS_LIMITS_S = (20.0, 35.0, 50.0, 70.0, assumed("los_e"))
"""Upper mean delays of A to E for motor traffic at signals [s]; A to D: HBS, E: assumed (K)."""


def _require(model: str, quantity: str, value: ArrayLike, low: float, high: float) -> _Floats:
    """Return an array whose values are in [low, high)."""
    array = np.asarray(value, dtype=np.float64)
    bad = array[~((array >= low) & (array < high))]
    if bad.size:
        valid = f"{low:g} to below {high:g}" if np.isfinite(high) else f"{low:g} and more"
        raise ModelRangeError(model, quantity, float(bad.flat[0]), valid)
    return array


def webster_cycle_s(lost_s: ArrayLike, flow_ratio: ArrayLike) -> _Floats:
    """Cycle of least total delay.

    Parameters
    ----------
    lost_s : array_like
        Lost time of a cycle, L. [s]  Must be >= 0.
    flow_ratio : array_like
        Sum over phases of the highest flow over its saturation flow, Y.  Valid 0 to below 1.

    Returns
    -------
    cycle_s : ndarray
        Optimum cycle. [s]

    Raises
    ------
    ModelRangeError
        `flow_ratio` of 1 or more: no cycle serves it; or `lost_s` negative.

    References
    ----------
    .. [1] F. V. Webster, Traffic Signal Settings, Road Research Technical Paper 39, HMSO 1958:
       C0 = (1.5 L + 5) / (1 - Y).
    """
    lost = _require("Webster 1958", "lost_s", lost_s, 0.0, np.inf)
    ratio = _require("Webster 1958", "flow_ratio", flow_ratio, 0.0, 1.0)
    return np.asarray((1.5 * lost + 5.0) / (1.0 - ratio))


def saturation_flow_veh_h(time_need_s: ArrayLike = 1.8) -> _Floats:
    """Flow of a queue over a stop line.

    Parameters
    ----------
    time_need_s : array_like
        Time need of a vehicle, t_B. [s]  1.8 is the value of HBS 2015 for cars straight on.

    Returns
    -------
    saturation_veh_h : ndarray
        Flow of one lane. [veh/h]
    """
    return np.asarray(3600.0 / np.asarray(time_need_s, dtype=np.float64))


def capacity_veh_h(saturation_veh_h: ArrayLike, green_s: ArrayLike, cycle_s: ArrayLike) -> _Floats:
    """Capacity of a lane group: saturation flow times the share of effective green [veh/h]."""
    share = np.asarray(green_s, dtype=np.float64) / np.asarray(cycle_s, dtype=np.float64)
    return np.asarray(np.asarray(saturation_veh_h, dtype=np.float64) * share)


def webster_delay_s(
    cycle_s: ArrayLike, green_ratio: ArrayLike, flow_veh_h: ArrayLike, saturation_veh_h: ArrayLike
) -> _Floats:
    """Mean delay at a fixed-time signal with random arrivals, below saturation.

    Parameters
    ----------
    cycle_s : array_like
        Cycle, C. [s]
    green_ratio : array_like
        Effective green over cycle, lambda.  Valid 0 to 1.
    flow_veh_h : array_like
        Arrivals, q. [veh/h]  Must be > 0.
    saturation_veh_h : array_like
        Saturation flow, s. [veh/h]

    Returns
    -------
    delay_s : ndarray
        Mean delay. [s/veh]

    Raises
    ------
    ModelRangeError
        Degree of saturation q / (lambda s) of 1 or more: see `control_delay_s`.

    References
    ----------
    .. [1] F. V. Webster, Road Research Technical Paper 39, HMSO 1958:
       d = C (1 - lambda)^2 / (2 (1 - lambda x)) + x^2 / (2 q (1 - x))
       - 0.65 (C / q^2)^(1/3) x^(2 + 5 lambda), q in vehicles per second.
    """
    cycle = np.asarray(cycle_s, dtype=np.float64)
    ratio = np.asarray(green_ratio, dtype=np.float64)
    flow = _require("Webster 1958", "flow_veh_h", flow_veh_h, 1e-9, np.inf) / 3600.0
    x = flow * 3600.0 / (ratio * np.asarray(saturation_veh_h, dtype=np.float64))
    x = _require("Webster 1958", "degree of saturation", x, 0.0, 1.0)
    uniform = cycle * (1.0 - ratio) ** 2 / (2.0 * (1.0 - ratio * x))
    random = x**2 / (2.0 * flow * (1.0 - x))
    correction = 0.65 * np.cbrt(cycle / flow**2) * x ** (2.0 + 5.0 * ratio)
    return np.asarray(uniform + random - correction)


def uniform_delay_s(cycle_s: ArrayLike, green_ratio: ArrayLike, saturation: ArrayLike) -> _Floats:
    """Delay if vehicles came at equal gaps.

    Parameters
    ----------
    cycle_s : array_like
        Cycle, C. [s]
    green_ratio : array_like
        Effective green over cycle, g/C.
    saturation : array_like
        Degree of saturation, X; above 1 counts as 1.

    Returns
    -------
    delay_s : ndarray
        Uniform delay, d1. [s/veh]

    References
    ----------
    .. [1] Transportation Research Board, Highway Capacity Manual 2000, eq. (16-11).
    """
    cycle = np.asarray(cycle_s, dtype=np.float64)
    ratio = np.asarray(green_ratio, dtype=np.float64)
    x = np.minimum(np.asarray(saturation, dtype=np.float64), 1.0)
    waits = 0.5 * cycle * (1.0 - ratio) ** 2
    return np.asarray(waits / np.maximum(1.0 - x * ratio, np.finfo(np.float64).tiny))


def time_dependent_delay_s(
    saturation: ArrayLike,
    capacity_veh_h: ArrayLike,
    *,
    period_h: ArrayLike = 0.25,
    k: ArrayLike = 0.5,
    filtering: ArrayLike = 1.0,
) -> _Floats:
    """Delay by chance and by more demand than capacity during a period; valid above 1 too.

    Parameters
    ----------
    saturation : array_like
        Degree of saturation, X.  Must be >= 0.
    capacity_veh_h : array_like
        Capacity, c. [veh/h]  Must be > 0.
    period_h : array_like
        Length of the period, T. [h]
    k : array_like
        Kind of control; 0.5 for fixed time.
    filtering : array_like
        Upstream filtering, I; 1 for an isolated signal.

    Returns
    -------
    delay_s : ndarray
        Incremental delay, d2. [s/veh]

    Raises
    ------
    ModelRangeError
        Negative degree of saturation, or no capacity.

    References
    ----------
    .. [1] Highway Capacity Manual 2000, eq. (16-12):
       d2 = 900 T [(X - 1) + sqrt((X - 1)^2 + 8 k I X / (c T))]; HBS uses the same form.
    """
    x = _require("HCM 2000 (16-12)", "degree of saturation", saturation, 0.0, np.inf)
    capacity = _require("HCM 2000 (16-12)", "capacity_veh_h", capacity_veh_h, 1e-9, np.inf)
    period = np.asarray(period_h, dtype=np.float64)
    chance = 8.0 * np.asarray(k) * np.asarray(filtering) * x / (capacity * period)
    return np.asarray(900.0 * period * ((x - 1.0) + np.sqrt((x - 1.0) ** 2 + chance)))


def control_delay_s(
    cycle_s: ArrayLike,
    green_ratio: ArrayLike,
    flow_veh_h: ArrayLike,
    saturation_veh_h: ArrayLike,
    *,
    period_h: ArrayLike = 0.25,
    progression: ArrayLike = 1.0,
) -> _Floats:
    """Mean delay below and above saturation.

    Parameters
    ----------
    cycle_s : array_like
        Cycle. [s]
    green_ratio : array_like
        Effective green over cycle.  Must be > 0.
    flow_veh_h : array_like
        Arrivals. [veh/h]
    saturation_veh_h : array_like
        Saturation flow. [veh/h]
    period_h : array_like
        Length of the period with this flow. [h]
    progression : array_like
        Factor of `progression_factor` on the uniform delay.

    Returns
    -------
    delay_s : ndarray
        Mean delay. [s/veh]

    Raises
    ------
    ModelRangeError
        No capacity or a negative flow.

    References
    ----------
    .. [1] Highway Capacity Manual 2000, eq. (16-9) without an initial queue.
    """
    ratio = np.asarray(green_ratio, dtype=np.float64)
    capacity = ratio * np.asarray(saturation_veh_h, dtype=np.float64)
    capacity = _require("HCM 2000 (16-9)", "capacity_veh_h", capacity, 1e-9, np.inf)
    x = np.asarray(flow_veh_h, dtype=np.float64) / capacity
    random = time_dependent_delay_s(x, capacity, period_h=period_h)
    return np.asarray(uniform_delay_s(cycle_s, ratio, x) * np.asarray(progression) + random)


def progression_factor(
    arrivals_on_green: ArrayLike, green_ratio: ArrayLike, *, platoon_factor: ArrayLike = 1.0
) -> _Floats:
    """Factor of a green wave on the uniform delay.

    Parameters
    ----------
    arrivals_on_green : array_like
        Share of vehicles that come during green, P.  Valid 0 to 1.
    green_ratio : array_like
        Effective green over cycle, g/C.  Valid 0 to below 1.
    platoon_factor : array_like
        Supplement for the place of a platoon in the green, f_PA (0.93 to 1.15).

    Returns
    -------
    factor : ndarray
        1 where vehicles come at random, 0 where all come on green.

    Raises
    ------
    ModelRangeError
        A share outside its range.

    References
    ----------
    .. [1] Highway Capacity Manual 2000, eq. (16-10): PF = (1 - P) f_PA / (1 - g/C).
    """
    share = _require("HCM 2000 (16-10)", "arrivals_on_green", arrivals_on_green, 0.0, 1.0 + 1e-9)
    ratio = _require("HCM 2000 (16-10)", "green_ratio", green_ratio, 0.0, 1.0)
    return np.asarray((1.0 - share) * np.asarray(platoon_factor) / (1.0 - ratio))


def pedestrian_delay_s(cycle_s: ArrayLike, green_s: ArrayLike) -> _Floats:
    """Mean delay of pedestrians who come at random.

    Parameters
    ----------
    cycle_s : array_like
        Cycle, C. [s]
    green_s : array_like
        Effective green for pedestrians, g. [s]

    Returns
    -------
    delay_s : ndarray
        Mean delay. [s]

    References
    ----------
    .. [1] Highway Capacity Manual 2000, eq. (18-5): d = 0.5 (C - g)^2 / C.
    """
    cycle = np.asarray(cycle_s, dtype=np.float64)
    return np.asarray(0.5 * (cycle - np.asarray(green_s, dtype=np.float64)) ** 2 / cycle)


def los_class(delay_s: ArrayLike) -> NDArray[np.int64]:
    """Return the index of the level of service in `LOS_CLASSES`, 0 for A, of mean delays [s]."""
    return np.searchsorted(LOS_LIMITS_S, np.asarray(delay_s, dtype=np.float64), side="left")
