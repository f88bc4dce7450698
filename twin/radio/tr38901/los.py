"""Probability of line of sight by TR 38.901, Table 7.4.2-1."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.model.errors import ModelRangeError
from twin.radio.ranges import need
from twin.radio.tr38901.inf import CLUTTER, Clutter

__all__ = [
    "LOS_SCENARIOS",
    "inf",
    "inf_subscenario_m",
    "inh_mixed",
    "inh_open",
    "los_probability",
    "rma",
    "uma",
    "umi",
]

Array = NDArray[np.float64]

_MODEL = "TR 38.901 V17.0.0 Table 7.4.2-1"
_LONGEST_FLOAT = float(np.finfo(np.float64).max)


def _distance(distance_2d_m: ArrayLike) -> Array:
    return need(distance_2d_m, 0.0, _LONGEST_FLOAT, model=_MODEL, quantity="2D distance [m]")


def rma(distance_2d_m: ArrayLike) -> Array:
    """Rural macro.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance outdoors. [m]  0 and more.

    Returns
    -------
    ndarray
        Probability, 0 to 1.

    Raises
    ------
    ValueError
        A distance that is not finite.
    ModelRangeError
        A distance below zero.

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
        Horizontal distance outdoors. [m]  0 and more.

    Returns
    -------
    ndarray
        Probability, 0 to 1.

    Raises
    ------
    ValueError
        A distance that is not finite.
    ModelRangeError
        A distance below zero.

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
        Horizontal distance outdoors. [m]  0 and more.
    h_ut_m : array_like
        Height of the terminal. [m]  0 to 23.

    Returns
    -------
    ndarray
        Probability, 0 to 1.

    Raises
    ------
    ValueError
        An argument that is not finite.
    ModelRangeError
        A distance below zero, a terminal above 23 m.

    Notes
    -----
    Just beyond 18 m the formula gives up to 1.006 for high terminals; it is cut at 1.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.2-1, UMa.
    """
    d = _distance(distance_2d_m)
    h = need(h_ut_m, 0.0, 23.0, model=_MODEL, quantity="terminal height [m]")
    lift = (np.maximum(h - 13.0, 0.0) / 10.0) ** 1.5
    boost = 1.0 + lift * 1.25 * (d / 100.0) ** 3 * np.exp(-d / 150.0)
    return np.where(d <= 18.0, 1.0, np.minimum(_urban(d, 63.0) * boost, 1.0))


def inh_mixed(distance_2d_m: ArrayLike) -> Array:
    """Indoor, mixed office.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance indoors. [m]  0 and more.

    Returns
    -------
    ndarray
        Probability, 0 to 1.

    Raises
    ------
    ValueError
        A distance that is not finite.
    ModelRangeError
        A distance below zero.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.2-1, indoor - mixed office.
    """
    d = _distance(distance_2d_m)
    near = np.exp(-np.maximum(d - 1.2, 0.0) / 4.7)
    return np.where(d < 6.5, near, 0.32 * np.exp(-(d - 6.5) / 32.6))


def inh_open(distance_2d_m: ArrayLike) -> Array:
    """Indoor, open office.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance indoors. [m]  0 and more.

    Returns
    -------
    ndarray
        Probability, 0 to 1.

    Raises
    ------
    ValueError
        A distance that is not finite.
    ModelRangeError
        A distance below zero.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.2-1, indoor - open office.
    """
    d = _distance(distance_2d_m)
    near = np.exp(-np.maximum(d - 5.0, 0.0) / 70.8)
    return np.where(d <= 49.0, near, 0.54 * np.exp(-(d - 49.0) / 211.7))


def inf_subscenario_m(
    scenario: str, h_bs_m: ArrayLike, h_ut_m: ArrayLike, clutter: Clutter | None = None
) -> Array:
    """Decay distance k of P(LOS) in a factory.

    Parameters
    ----------
    scenario : str
        ``InF-SL``, ``InF-DL``, ``InF-SH`` or ``InF-DH``.
    h_bs_m, h_ut_m : array_like
        Heights of base station and terminal; matter for a high base station only. [m]
    clutter : Clutter, optional
        What stands in the hall; that of the calibration (`CLUTTER`) unless given.

    Returns
    -------
    ndarray
        k_subsce. [m]

    Raises
    ------
    ValueError
        Unknown scenario, heights that are not finite.
    ModelRangeError
        A high base station that is not above the clutter, a terminal that is not below it.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.2-1, InF-SL, InF-SH, InF-DL, InF-DH.
    """
    if scenario not in CLUTTER:
        raise ValueError(f"scenario: {scenario!r} is unknown; choose of {', '.join(CLUTTER)}")
    c = clutter or CLUTTER[scenario]
    h_bs = need(h_bs_m, 0.0, 25.0, model=_MODEL, quantity="base station height [m]")
    h_ut = need(h_ut_m, 0.0, 25.0, model=_MODEL, quantity="terminal height [m]")
    k = np.broadcast_arrays(-c.size_m / np.log1p(-c.density), h_bs, h_ut)[0].astype(np.float64)
    if not scenario.endswith("H"):
        return k
    if not (h_bs > c.height_m).all():
        lowest = float(h_bs.min())
        raise ModelRangeError(
            _MODEL, "base station height [m]", lowest, f"above the clutter of {c.height_m:g} m"
        )
    if not (h_ut < c.height_m).all():
        highest = float(h_ut.max())
        raise ModelRangeError(
            _MODEL, "terminal height [m]", highest, f"below the clutter of {c.height_m:g} m"
        )
    return np.asarray(k * (h_bs - h_ut) / (c.height_m - h_ut))


def inf(
    scenario: str,
    distance_2d_m: ArrayLike,
    h_bs_m: ArrayLike = 8.0,
    h_ut_m: ArrayLike = 1.5,
    *,
    clutter: Clutter | None = None,
) -> Array:
    """Indoor factory.

    Parameters
    ----------
    scenario : str
        ``InF-SL``, ``InF-DL``, ``InF-SH``, ``InF-DH``; ``InF-HH`` always has line of sight.
    distance_2d_m : array_like
        Horizontal distance. [m]  0 and more.
    h_bs_m, h_ut_m : array_like
        Heights of base station and terminal. [m]
    clutter : Clutter, optional
        What stands in the hall; that of the calibration (`CLUTTER`) unless given.

    Returns
    -------
    ndarray
        Probability, 0 to 1.

    Raises
    ------
    ValueError
        Unknown scenario, an argument that is not finite.
    ModelRangeError
        A distance below zero, heights that do not fit the clutter.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.2-1, InF.
    """
    d = _distance(distance_2d_m)
    if scenario == "InF-HH":
        return np.ones_like(d)
    return np.asarray(np.exp(-d / inf_subscenario_m(scenario, h_bs_m, h_ut_m, clutter)))


LOS_SCENARIOS = (
    "RMa", "UMa", "UMi", "InH", "InH-mixed", "InH-open",
    "InF-SL", "InF-DL", "InF-SH", "InF-DH", "InF-HH",
)  # fmt: skip
"""Names that `los_probability` takes; ``InH`` is the mixed office."""


def los_probability(
    scenario: str,
    distance_2d_m: ArrayLike,
    h_ut_m: ArrayLike = 1.5,
    *,
    h_bs_m: ArrayLike = 8.0,
    clutter: Clutter | None = None,
) -> Array:
    """Probability of line of sight of a scenario by name.

    Parameters
    ----------
    scenario : str
        One of `LOS_SCENARIOS`.
    distance_2d_m : array_like
        Horizontal distance. [m]
    h_ut_m : array_like
        Height of the terminal; matters for ``UMa``, ``InF-SH`` and ``InF-DH``. [m]
    h_bs_m : array_like
        Height of the base station; matters for ``InF-SH`` and ``InF-DH``. [m]
    clutter : Clutter, optional
        What stands in a factory.

    Returns
    -------
    ndarray
        Probability, 0 to 1.

    Raises
    ------
    ValueError
        Unknown scenario, an argument that is not finite.
    ModelRangeError
        An argument outside its range.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.2-1.
    """
    if scenario not in LOS_SCENARIOS:
        names = ", ".join(LOS_SCENARIOS)
        raise ValueError(f"scenario: {scenario!r} is unknown; choose of {names}")
    if scenario == "UMa":
        return uma(distance_2d_m, h_ut_m)
    if scenario.startswith("InF"):
        return inf(scenario, distance_2d_m, h_bs_m, h_ut_m, clutter=clutter)
    models = {
        "RMa": rma, "UMi": umi, "InH": inh_mixed, "InH-mixed": inh_mixed, "InH-open": inh_open,
    }  # fmt: skip
    return models[scenario](distance_2d_m)
