"""Loss into buildings and cars of TR 38.901, clause 7.4.3."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.ranges import need

__all__ = [
    "LEGACY_WALL_LOSS_DB",
    "MATERIAL_LOSS_DB",
    "SIGMA_P_DB",
    "building_entry_loss_db",
    "car_entry_loss_db",
    "draw_building_entry_loss_db",
    "draw_indoor_distance_m",
    "legacy_entry_loss_db",
    "material_loss_db",
    "wall_loss_db",
]

Array = NDArray[np.float64]
Building = Literal["low", "high"]

_MODEL = "TR 38.901 V17.0.0 7.4.3"

MATERIAL_LOSS_DB = {
    "glass": (2.0, 0.2),
    "irr glass": (23.0, 0.3),
    "concrete": (5.0, 4.0),
    "wood": (4.85, 0.12),
}
"""Table 7.4.3-1: loss at 0 GHz and per GHz of standard multi-pane glass, glass with a coat that
reflects infrared, concrete and wood. [dB], [dB/GHz]"""

_WALL = {
    "low": (("glass", 0.3), ("concrete", 0.7)),
    "high": (("irr glass", 0.7), ("concrete", 0.3)),
}
"""Table 7.4.3-2: the materials of a wall and their shares."""

SIGMA_P_DB = {"low": 4.4, "high": 6.5, "legacy": 0.0, "car": 5.0}
"""Standard deviation of the penetration loss, Tables 7.4.3-2 and -3 and clause 7.4.3.2. [dB]"""

LEGACY_WALL_LOSS_DB = 20.0
"""Table 7.4.3-3: wall loss of the model for simulations at one frequency below 6 GHz. [dB]"""

_INDOOR_DB_PER_M = 0.5
_DEEPEST_M = {"UMa": 25.0, "UMi": 25.0, "RMa": 10.0}


def _frequency_ghz(freq_hz: ArrayLike, low_hz: float = 0.5e9, high_hz: float = 100e9) -> Array:
    return need(freq_hz, low_hz, high_hz, model=_MODEL, quantity="carrier frequency [Hz]") / 1e9


def _indoor_db(distance_in_m: ArrayLike) -> Array:
    quantity = "indoor 2D distance [m]"
    return _INDOOR_DB_PER_M * need(distance_in_m, 0.0, 25.0, model=_MODEL, quantity=quantity)


def material_loss_db(material: str, freq_hz: ArrayLike) -> Array:
    """Loss through one material.

    Parameters
    ----------
    material : str
        A key of `MATERIAL_LOSS_DB`.
    freq_hz : array_like
        Carrier frequency. [Hz]  0.5e9 to 100e9.

    Returns
    -------
    ndarray
        Loss, positive. [dB]

    Raises
    ------
    ValueError
        Unknown material.
    ModelRangeError
        A frequency outside its range.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.3-1.
    """
    if material not in MATERIAL_LOSS_DB:
        names = ", ".join(MATERIAL_LOSS_DB)
        raise ValueError(f"material: {material!r} is unknown; choose of {names}")
    constant_db, slope_db = MATERIAL_LOSS_DB[material]
    return np.asarray(constant_db + slope_db * _frequency_ghz(freq_hz))


def wall_loss_db(building: Building, freq_hz: ArrayLike) -> Array:
    """Loss PL_tw through the outer wall of a building.

    Parameters
    ----------
    building : {"low", "high"}
        Low loss: plain glass; high loss: glass that reflects infrared.
    freq_hz : array_like
        Carrier frequency. [Hz]  0.5e9 to 100e9.

    Returns
    -------
    ndarray
        Loss, positive. [dB]

    Raises
    ------
    ValueError
        Unknown building.
    ModelRangeError
        A frequency outside its range.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), eq. (7.4-3), Table 7.4.3-2.
    """
    if building not in _WALL:
        raise ValueError(f"building: {building!r} is unknown; choose of {', '.join(_WALL)}")
    passed = sum(
        share * 10.0 ** (-material_loss_db(material, freq_hz) / 10.0)
        for material, share in _WALL[building]
    )
    return np.asarray(5.0 - 10.0 * np.log10(passed))


def building_entry_loss_db(
    building: Building, freq_hz: ArrayLike, distance_in_m: ArrayLike = 0.0
) -> Array:
    """Mean loss into a building: PL_tw + PL_in.

    Parameters
    ----------
    building : {"low", "high"}
        Kind of wall.
    freq_hz : array_like
        Carrier frequency. [Hz]  0.5e9 to 100e9.
    distance_in_m : array_like
        Horizontal distance behind the wall. [m]  0 to 25.

    Returns
    -------
    ndarray
        Loss to add to the outdoor path loss; it scatters by `SIGMA_P_DB`. [dB]

    Raises
    ------
    ValueError
        Unknown building.
    ModelRangeError
        An argument outside its range.

    Notes
    -----
    The outdoor path loss is that of the basic model with d3D-out replaced by d3D-out + d3D-in. The
    high loss does not apply to RMa.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), eq. (7.4-2), Table 7.4.3-2.
    """
    return np.asarray(wall_loss_db(building, freq_hz) + _indoor_db(distance_in_m))


def legacy_entry_loss_db(freq_hz: ArrayLike, distance_in_m: ArrayLike = 0.0) -> Array:
    """Loss into a building as older studies of UMa and UMi below 6 GHz took it.

    Parameters
    ----------
    freq_hz : array_like
        Carrier frequency. [Hz]  0.5e9 to 6e9.
    distance_in_m : array_like
        Horizontal distance behind the wall. [m]  0 to 25.

    Returns
    -------
    ndarray
        20 dB and half a decibel per metre. [dB]

    Raises
    ------
    ModelRangeError
        An argument outside its range.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.3-3.
    """
    return np.asarray(
        LEGACY_WALL_LOSS_DB + 0.0 * _frequency_ghz(freq_hz, high_hz=6e9) + _indoor_db(distance_in_m)
    )


def car_entry_loss_db(freq_hz: ArrayLike, *, is_metallised: bool = False) -> Array:
    """Mean loss into a car.

    Parameters
    ----------
    freq_hz : array_like
        Carrier frequency. [Hz]  0.6e9 to 60e9.
    is_metallised : bool
        The windows have a metal coat.

    Returns
    -------
    ndarray
        9 or 20; it scatters by 5. [dB]

    Raises
    ------
    ModelRangeError
        A frequency outside its range.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), clause 7.4.3.2, eq. (7.4-4).
    """
    return np.asarray((20.0 if is_metallised else 9.0) + 0.0 * _frequency_ghz(freq_hz, 0.6e9, 60e9))


def draw_indoor_distance_m(scenario: str, size: int, rng: np.random.Generator) -> Array:
    """Draw how far behind the wall terminals are.

    Parameters
    ----------
    scenario : str
        ``UMa`` or ``UMi`` (up to 25 m), ``RMa`` (up to 10 m).
    size : int
        How many.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        The smaller of two uniform draws per terminal, the same for all its links. [m]

    Raises
    ------
    ValueError
        Unknown scenario.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), clause 7.4.3.1.
    """
    if scenario not in _DEEPEST_M:
        names = ", ".join(_DEEPEST_M)
        raise ValueError(f"scenario: {scenario!r} is unknown; choose of {names}")
    return np.asarray(rng.random((2, size)).min(axis=0) * _DEEPEST_M[scenario])


def draw_building_entry_loss_db(
    building: Building, freq_hz: ArrayLike, distance_in_m: ArrayLike, rng: np.random.Generator
) -> Array:
    """Draw the loss into buildings: the mean and a normal deviation.

    Parameters
    ----------
    building : {"low", "high"}
        Kind of wall.
    freq_hz, distance_in_m : array_like
        As `building_entry_loss_db`. [Hz], [m]
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray
        One loss per element. [dB]

    Raises
    ------
    ValueError
        Unknown building.
    ModelRangeError
        An argument outside its range.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), eq. (7.4-2), Table 7.4.3-2.
    """
    mean_db = building_entry_loss_db(building, freq_hz, distance_in_m)
    return np.asarray(mean_db + SIGMA_P_DB[building] * rng.standard_normal(mean_db.shape))
