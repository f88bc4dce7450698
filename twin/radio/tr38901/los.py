"""Probability of line of sight by TR 38.901, Table 7.4.2-1."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.model.errors import ModelRangeError

__all__ = ["inh_mixed", "los_probability", "rma", "uma", "umi"]

Array = NDArray[np.float64]

_MODEL = "TR 38.901 V17.0.0 Table 7.4.2-1"


def _distance(distance_2d_m: ArrayLike) -> Array:
    d = np.asarray(distance_2d_m, dtype=np.float64)
    is_bad = ~((d >= 0.0) & np.isfinite(d))
    if is_bad.any():
        raise ModelRangeError(_MODEL, "2D distance [m]", float(d[is_bad].flat[0]), "0 and more")
    return d


def rma(distance_2d_m: ArrayLike) -> Array:
    """Rural macro.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance outdoors. [m]

    Returns
    -------
    probability : ndarray
        0 to 1.

    Raises
    ------
    ModelRangeError
        A distance below zero or not finite.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.2-1, RMa.
    """
    d = _distance(distance_2d_m)
    return np.asarray(np.exp(-np.maximum(d - 10.0, 0.0) / 1000.0))


def _urban(d: Array, decay_m: float) -> Array:
    share = np.minimum(18.0 / np.maximum(d, 18.0), 1.0)
    return np.asarray(share + np.exp(-d / decay_m) * (1.0 - share))


def umi(distance_2d_m: ArrayLike) -> Array:
    """Urban micro street canyon.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance outdoors. [m]

    Returns
    -------
    probability : ndarray
        0 to 1.

    Raises
    ------
    ModelRangeError
        A distance below zero or not finite.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.2-1, UMi - street canyon.
    """
    return _urban(_distance(distance_2d_m), 36.0)


def uma(distance_2d_m: ArrayLike, h_ut_m: ArrayLike = 1.5) -> Array:
    """Urban macro; terminals above 13 m see more.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance outdoors. [m]
    h_ut_m : array_like
        Height of the terminal. [m]  At most 23.

    Returns
    -------
    probability : ndarray
        0 to 1.

    Raises
    ------
    ModelRangeError
        A distance below zero or not finite, a terminal above 23 m.

    Notes
    -----
    Just beyond 18 m the formula gives up to 1.006 for high terminals; it is cut at 1.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.2-1, UMa.
    """
    d = _distance(distance_2d_m)
    h = np.asarray(h_ut_m, dtype=np.float64)
    if not np.all(h <= 23.0):
        raise ModelRangeError(_MODEL, "terminal height [m]", float(h.max()), "at most 23")
    lift = (np.maximum(h - 13.0, 0.0) / 10.0) ** 1.5
    boost = 1.0 + lift * 1.25 * (d / 100.0) ** 3 * np.exp(-d / 150.0)
    return np.where(d <= 18.0, 1.0, np.minimum(_urban(d, 63.0) * boost, 1.0))


def inh_mixed(distance_2d_m: ArrayLike) -> Array:
    """Indoor, mixed office.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance indoors. [m]

    Returns
    -------
    probability : ndarray
        0 to 1.

    Raises
    ------
    ModelRangeError
        A distance below zero or not finite.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.2-1, indoor - mixed office.
    """
    d = _distance(distance_2d_m)
    near = np.exp(-np.maximum(d - 1.2, 0.0) / 4.7)
    return np.where(d < 6.5, near, 0.32 * np.exp(-(d - 6.5) / 32.6))


def los_probability(scenario: str, distance_2d_m: ArrayLike, h_ut_m: ArrayLike = 1.5) -> Array:
    """Probability of line of sight of a scenario by name.

    Parameters
    ----------
    scenario : str
        ``RMa``, ``UMa``, ``UMi`` or ``InH`` (mixed office).
    distance_2d_m : array_like
        Horizontal distance. [m]
    h_ut_m : array_like
        Height of the terminal; matters for ``UMa`` only. [m]

    Returns
    -------
    probability : ndarray
        0 to 1.

    Raises
    ------
    ValueError
        Unknown scenario.
    ModelRangeError
        An argument outside its range.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.2-1.
    """
    if scenario == "UMa":
        return uma(distance_2d_m, h_ut_m)
    models = {"RMa": rma, "UMi": umi, "InH": inh_mixed}
    if scenario not in models:
        raise ValueError(f"scenario: {scenario!r} is unknown; choose of RMa, UMa, UMi, InH")
    return models[scenario](distance_2d_m)
