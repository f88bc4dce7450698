"""Path loss of TR 38.901, Table 7.4.1-1: rural and urban macro, street canyon, indoor office.

Scalars and arrays broadcast against each other; float64 throughout. These functions are the
readable form; `twin.radio.links` compiles the same constants into tables for the fused kernel.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.model.errors import ModelRangeError

__all__ = [
    "LIGHT_M_PER_S",
    "RMA_BUILDING_HEIGHT_M",
    "RMA_STREET_WIDTH_M",
    "SCENARIOS",
    "inh_los_db",
    "inh_nlos_db",
    "pathloss_db",
    "rma_los_db",
    "rma_nlos_db",
    "uma_los_db",
    "uma_nlos_db",
    "umi_los_db",
    "umi_nlos_db",
]

LIGHT_M_PER_S = 3.0e8
"""Propagation velocity as TR 38.901 rounds it in the breakpoint distance."""
RMA_BUILDING_HEIGHT_M = 5.0
RMA_STREET_WIDTH_M = 20.0

_MODEL = "TR 38.901 V17.0.0 Table 7.4.1-1"

Array = NDArray[np.float64]


def _need(values: ArrayLike, low: float, high: float, scenario: str, quantity: str) -> Array:
    array = np.asarray(values, dtype=np.float64)
    is_bad = ~((array >= low) & (array <= high))
    if is_bad.any():
        raise ModelRangeError(
            f"{_MODEL} {scenario}", quantity, float(array[is_bad].flat[0]), f"{low:g} to {high:g}"
        )
    return array


def _distance_3d_m(distance_2d_m: Array, h_bs_m: Array, h_ut_m: Array) -> Array:
    return np.hypot(distance_2d_m, h_bs_m - h_ut_m)


def _urban_break_m(freq_hz: Array, h_bs_m: Array, h_ut_m: Array) -> Array:
    """Breakpoint d'BP of note 1 with effective environment height 1 m."""
    return 4.0 * (h_bs_m - 1.0) * (h_ut_m - 1.0) * freq_hz / LIGHT_M_PER_S


def _urban(
    scenario: str,
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike,
    h_ut_m: ArrayLike,
) -> tuple[Array, Array, Array, Array]:
    low = 10.0 if scenario == "UMa" else 3.0
    return (
        _need(distance_2d_m, 10.0, 5000.0, scenario, "2D distance [m]"),
        _need(freq_hz, 0.5e9, 100e9, scenario, "carrier frequency [Hz]"),
        _need(h_bs_m, low, 150.0, scenario, "base station height [m]"),
        _need(h_ut_m, 1.5, 22.5, scenario, "terminal height [m]"),
    )


def uma_los_db(
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike = 25.0,
    h_ut_m: ArrayLike = 1.5,
) -> Array:
    """Urban macro, line of sight.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance. [m]  10 to 5000.
    freq_hz : array_like
        Carrier frequency. [Hz]  0.5e9 to 100e9.
    h_bs_m : array_like
        Height of the base station. [m]  10 to 150.
    h_ut_m : array_like
        Height of the terminal. [m]  1.5 to 22.5.

    Returns
    -------
    loss_db : ndarray
        Basic path loss, positive. [dB]

    Raises
    ------
    ModelRangeError
        An argument outside its range.

    Notes
    -----
    The table fixes the base station at 25 m; real masts are 20 to 45 m, so other heights are taken.
    The effective environment height is 1 m for every terminal; the table draws it at random for
    terminals above 13 m.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, UMa LOS, note 1.
    """
    d2, f, h_bs, h_ut = _urban("UMa", distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    d3 = _distance_3d_m(d2, h_bs, h_ut)
    d_break = _urban_break_m(f, h_bs, h_ut)
    common = 28.0 + 20.0 * np.log10(f / 1e9)
    near = common + 22.0 * np.log10(d3)
    far = common + 40.0 * np.log10(d3) - 9.0 * np.log10(d_break**2 + (h_bs - h_ut) ** 2)
    return np.where(d2 <= d_break, near, far)


def uma_nlos_db(
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike = 25.0,
    h_ut_m: ArrayLike = 1.5,
) -> Array:
    """Urban macro, no line of sight; at least the loss with line of sight.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance. [m]  10 to 5000.
    freq_hz : array_like
        Carrier frequency. [Hz]  0.5e9 to 100e9.
    h_bs_m : array_like
        Height of the base station. [m]  10 to 150.
    h_ut_m : array_like
        Height of the terminal. [m]  1.5 to 22.5.

    Returns
    -------
    loss_db : ndarray
        Basic path loss, positive. [dB]

    Raises
    ------
    ModelRangeError
        An argument outside its range.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, UMa NLOS.
    """
    d2, f, h_bs, h_ut = _urban("UMa", distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    d3 = _distance_3d_m(d2, h_bs, h_ut)
    loss = 13.54 + 39.08 * np.log10(d3) + 20.0 * np.log10(f / 1e9) - 0.6 * (h_ut - 1.5)
    return np.asarray(np.maximum(uma_los_db(d2, f, h_bs, h_ut), loss))


def umi_los_db(
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike = 10.0,
    h_ut_m: ArrayLike = 1.5,
) -> Array:
    """Urban micro street canyon, line of sight.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance. [m]  10 to 5000.
    freq_hz : array_like
        Carrier frequency. [Hz]  0.5e9 to 100e9.
    h_bs_m : array_like
        Height of the base station. [m]  3 to 150.
    h_ut_m : array_like
        Height of the terminal. [m]  1.5 to 22.5.

    Returns
    -------
    loss_db : ndarray
        Basic path loss, positive. [dB]

    Raises
    ------
    ModelRangeError
        An argument outside its range.

    Notes
    -----
    The table fixes the base station at 10 m; lamp heads of 4 to 8 m are taken as they are.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, UMi - street canyon LOS, note 1.
    """
    d2, f, h_bs, h_ut = _urban("UMi", distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    d3 = _distance_3d_m(d2, h_bs, h_ut)
    d_break = _urban_break_m(f, h_bs, h_ut)
    common = 32.4 + 20.0 * np.log10(f / 1e9)
    near = common + 21.0 * np.log10(d3)
    far = common + 40.0 * np.log10(d3) - 9.5 * np.log10(d_break**2 + (h_bs - h_ut) ** 2)
    return np.where(d2 <= d_break, near, far)


def umi_nlos_db(
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike = 10.0,
    h_ut_m: ArrayLike = 1.5,
) -> Array:
    """Urban micro street canyon, no line of sight; at least the loss with line of sight.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance. [m]  10 to 5000.
    freq_hz : array_like
        Carrier frequency. [Hz]  0.5e9 to 100e9.
    h_bs_m : array_like
        Height of the base station. [m]  3 to 150.
    h_ut_m : array_like
        Height of the terminal. [m]  1.5 to 22.5.

    Returns
    -------
    loss_db : ndarray
        Basic path loss, positive. [dB]

    Raises
    ------
    ModelRangeError
        An argument outside its range.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, UMi - street canyon NLOS.
    """
    d2, f, h_bs, h_ut = _urban("UMi", distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    d3 = _distance_3d_m(d2, h_bs, h_ut)
    loss = 22.4 + 35.3 * np.log10(d3) + 21.3 * np.log10(f / 1e9) - 0.3 * (h_ut - 1.5)
    return np.asarray(np.maximum(umi_los_db(d2, f, h_bs, h_ut), loss))


def _rural(
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike,
    h_ut_m: ArrayLike,
    longest_m: float,
) -> tuple[Array, Array, Array, Array]:
    return (
        _need(distance_2d_m, 10.0, longest_m, "RMa", "2D distance [m]"),
        _need(freq_hz, 0.5e9, 30e9, "RMa", "carrier frequency [Hz]"),
        _need(h_bs_m, 10.0, 150.0, "RMa", "base station height [m]"),
        _need(h_ut_m, 1.0, 10.0, "RMa", "terminal height [m]"),
    )


def _rma_near_db(d3: Array, f: Array) -> Array:
    h = RMA_BUILDING_HEIGHT_M
    return np.asarray(
        20.0 * np.log10(40.0 * np.pi * d3 * f / 1e9 / 3.0)
        + min(0.03 * h**1.72, 10.0) * np.log10(d3)
        - min(0.044 * h**1.72, 14.77)
        + 0.002 * np.log10(h) * d3
    )


def rma_los_db(
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike = 35.0,
    h_ut_m: ArrayLike = 1.5,
) -> Array:
    """Rural macro, line of sight, buildings of 5 m.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance. [m]  10 to 10,000.
    freq_hz : array_like
        Carrier frequency. [Hz]  0.5e9 to 30e9.
    h_bs_m : array_like
        Height of the base station. [m]  10 to 150.
    h_ut_m : array_like
        Height of the terminal. [m]  1 to 10.

    Returns
    -------
    loss_db : ndarray
        Basic path loss, positive. [dB]

    Raises
    ------
    ModelRangeError
        An argument outside its range.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, RMa LOS, note 5.
    """
    d2, f, h_bs, h_ut = _rural(distance_2d_m, freq_hz, h_bs_m, h_ut_m, 10_000.0)
    d3 = _distance_3d_m(d2, h_bs, h_ut)
    d_break = 2.0 * np.pi * h_bs * h_ut * f / LIGHT_M_PER_S
    far = _rma_near_db(d_break, f) + 40.0 * np.log10(d3 / d_break)
    return np.where(d2 <= d_break, _rma_near_db(d3, f), far)


def rma_nlos_db(
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike = 35.0,
    h_ut_m: ArrayLike = 1.5,
) -> Array:
    """Rural macro, no line of sight, buildings of 5 m and streets of 20 m.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance. [m]  10 to 5000.
    freq_hz : array_like
        Carrier frequency. [Hz]  0.5e9 to 30e9.
    h_bs_m : array_like
        Height of the base station. [m]  10 to 150.
    h_ut_m : array_like
        Height of the terminal. [m]  1 to 10.

    Returns
    -------
    loss_db : ndarray
        Basic path loss, positive. [dB]

    Raises
    ------
    ModelRangeError
        An argument outside its range.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, RMa NLOS.
    """
    d2, f, h_bs, h_ut = _rural(distance_2d_m, freq_hz, h_bs_m, h_ut_m, 5000.0)
    d3 = _distance_3d_m(d2, h_bs, h_ut)
    h = RMA_BUILDING_HEIGHT_M
    loss = (
        161.04
        - 7.1 * np.log10(RMA_STREET_WIDTH_M)
        + 7.5 * np.log10(h)
        - (24.37 - 3.7 * (h / h_bs) ** 2) * np.log10(h_bs)
        + (43.42 - 3.1 * np.log10(h_bs)) * (np.log10(d3) - 3.0)
        + 20.0 * np.log10(f / 1e9)
        - (3.2 * np.log10(11.75 * h_ut) ** 2 - 4.97)
    )
    return np.asarray(np.maximum(rma_los_db(d2, f, h_bs, h_ut), loss))


def _indoor(
    distance_2d_m: ArrayLike, freq_hz: ArrayLike, h_bs_m: ArrayLike, h_ut_m: ArrayLike
) -> tuple[Array, Array]:
    d2 = _need(distance_2d_m, 0.0, 150.0, "InH", "2D distance [m]")
    f = _need(freq_hz, 0.5e9, 100e9, "InH", "carrier frequency [Hz]")
    heights = np.asarray(h_bs_m, np.float64), np.asarray(h_ut_m, np.float64)
    d3 = _distance_3d_m(d2, *heights)
    return _need(d3, 1.0, 150.0, "InH", "3D distance [m]"), f


def inh_los_db(
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike = 3.0,
    h_ut_m: ArrayLike = 1.0,
) -> Array:
    """Indoor office, line of sight.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance; the slant distance must be 1 to 150 m. [m]
    freq_hz : array_like
        Carrier frequency. [Hz]  0.5e9 to 100e9.
    h_bs_m : array_like
        Height of the access point over the floor. [m]
    h_ut_m : array_like
        Height of the terminal over the floor. [m]

    Returns
    -------
    loss_db : ndarray
        Basic path loss, positive. [dB]

    Raises
    ------
    ModelRangeError
        An argument outside its range.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, InH - office LOS.
    """
    d3, f = _indoor(distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    return np.asarray(32.4 + 17.3 * np.log10(d3) + 20.0 * np.log10(f / 1e9))


def inh_nlos_db(
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike = 3.0,
    h_ut_m: ArrayLike = 1.0,
) -> Array:
    """Indoor office, no line of sight; at least the loss with line of sight.

    Parameters
    ----------
    distance_2d_m : array_like
        Horizontal distance; the slant distance must be 1 to 150 m. [m]
    freq_hz : array_like
        Carrier frequency. [Hz]  0.5e9 to 100e9.
    h_bs_m : array_like
        Height of the access point over the floor. [m]
    h_ut_m : array_like
        Height of the terminal over the floor. [m]

    Returns
    -------
    loss_db : ndarray
        Basic path loss, positive. [dB]

    Raises
    ------
    ModelRangeError
        An argument outside its range.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1, InH - office NLOS.
    """
    d3, f = _indoor(distance_2d_m, freq_hz, h_bs_m, h_ut_m)
    loss = 17.3 + 38.3 * np.log10(d3) + 24.9 * np.log10(f / 1e9)
    return np.asarray(np.maximum(inh_los_db(distance_2d_m, freq_hz, h_bs_m, h_ut_m), loss))


_Model = Callable[[ArrayLike, ArrayLike, ArrayLike, ArrayLike], Array]

SCENARIOS: dict[str, tuple[_Model, _Model]] = {
    "RMa": (rma_los_db, rma_nlos_db),
    "UMa": (uma_los_db, uma_nlos_db),
    "UMi": (umi_los_db, umi_nlos_db),
    "InH": (inh_los_db, inh_nlos_db),
}
"""Scenario to its models with and without line of sight, in the order of the table."""


def pathloss_db(
    scenario: str,
    distance_2d_m: ArrayLike,
    freq_hz: ArrayLike,
    h_bs_m: ArrayLike,
    h_ut_m: ArrayLike = 1.5,
    *,
    is_los: bool,
) -> Array:
    """Path loss of a scenario by name.

    Parameters
    ----------
    scenario : str
        ``RMa``, ``UMa``, ``UMi`` or ``InH``.
    distance_2d_m : array_like
        Horizontal distance. [m]
    freq_hz : array_like
        Carrier frequency. [Hz]
    h_bs_m : array_like
        Height of the base station. [m]
    h_ut_m : array_like
        Height of the terminal. [m]
    is_los : bool
        Line of sight or none.

    Returns
    -------
    loss_db : ndarray
        Basic path loss, positive. [dB]

    Raises
    ------
    ValueError
        Unknown scenario.
    ModelRangeError
        An argument outside the range of the scenario.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1.
    """
    if scenario not in SCENARIOS:
        raise ValueError(f"scenario: {scenario!r} is unknown; choose of {', '.join(SCENARIOS)}")
    los, nlos = SCENARIOS[scenario]
    return (los if is_los else nlos)(distance_2d_m, freq_hz, h_bs_m, h_ut_m)
