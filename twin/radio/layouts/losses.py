"""Path loss, line of sight, loss into buildings and shadowing of all links of a drop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.radio.layouts.cases import CalibrationCase
from twin.radio.tr38901 import los
from twin.radio.tr38901.geometry import distance_3d_m
from twin.radio.tr38901.inh import inh_los_db, inh_nlos_db
from twin.radio.tr38901.o2i import (
    draw_building_entry_loss_db,
    draw_indoor_distance_m,
    legacy_entry_loss_db,
)
from twin.radio.tr38901.shadowing import SIGMA_SF_DB
from twin.radio.tr38901.uma import draw_environment_height_m, uma_los_db, uma_nlos_db
from twin.radio.tr38901.umi import umi_los_db, umi_nlos_db

__all__ = ["Terminals", "draw_losses_db", "draw_terminals"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_PHASE_1_UMI_SIGMA_DB = {"LOS": 3.0, "NLOS": 4.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminals:
    """What does not hang on the link: height, and how far inside a building of which loss.

    Parameters
    ----------
    h_m : ndarray of shape (n,)
        Height. [m]
    is_indoor : ndarray of bool
        Inside a building.
    inside_m : ndarray
        Horizontal distance behind the wall, 0 outdoors. [m]
    entry_db : ndarray
        Loss into the building, the same for all links. [dB]
    """

    h_m: Array
    is_indoor: Mask
    inside_m: Array
    entry_db: Array


def draw_terminals(case: CalibrationCase, n: int, rng: np.random.Generator) -> Terminals:
    """Draw heights and buildings.

    Parameters
    ----------
    case : CalibrationCase
        The set-up.
    n : int
        Terminals.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    Terminals
        As drawn.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.2-1 (floors), 7.4.3.1 (loss).
    .. [2] 3GPP TR 36.873 V12.5.0 (2017), Tables 6-1 and 7.2-1: one uniform distance of 0 to 25 m.
    """
    is_indoor = rng.random(n) < case.indoor_share
    n_floors = rng.integers(4, 9, n)
    floor = np.floor(rng.random(n) * n_floors) if case.has_floors else np.zeros(n)
    h_m = np.where(is_indoor, 3.0 * floor + 1.5, case.h_ut_m)
    if case.entry == "none":
        return Terminals(h_m=h_m, is_indoor=is_indoor, inside_m=np.zeros(n), entry_db=np.zeros(n))
    if case.edition == "36.873":
        inside_m = 25.0 * rng.random(n)
    else:
        inside_m = draw_indoor_distance_m(case.scenario, n, rng)
    if case.entry == "legacy":
        entry_db = legacy_entry_loss_db(case.freq_hz, inside_m)
    else:
        low = draw_building_entry_loss_db("low", case.freq_hz, inside_m, rng)
        high = draw_building_entry_loss_db("high", case.freq_hz, inside_m, rng)
        entry_db = np.where(rng.random(n) < 0.5, low, high)
    return Terminals(
        h_m=h_m,
        is_indoor=is_indoor,
        inside_m=np.where(is_indoor, inside_m, 0.0),
        entry_db=np.where(is_indoor, entry_db, 0.0),
    )


def draw_losses_db(
    case: CalibrationCase, distance_m: Array, terminals: Terminals, rng: np.random.Generator
) -> tuple[Array, Mask]:
    """Draw the loss between each site and each terminal, antennas apart.

    Parameters
    ----------
    case : CalibrationCase
        The set-up.
    distance_m : ndarray of shape (n, n_sites)
        Horizontal distances. [m]
    terminals : Terminals
        The other ends.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    loss_db : ndarray of shape (n, n_sites)
        Path loss, loss into the building and shadowing. [dB]
    is_los : ndarray of bool
        The link up to the building has line of sight.

    Notes
    -----
    Line of sight hangs on the distance outside of the building; sites are drawn independently, as
    both documents have it. A terminal nearer to the site than its depth in the building is at the
    wall of that link.
    """
    h_m = terminals.h_m[:, None]
    outside_m = np.maximum(distance_m - terminals.inside_m[:, None], 0.0)
    is_los = rng.random(distance_m.shape) < _los_probability(case, outside_m, h_m)
    with_los, without = _path_losses_db(case, distance_m, h_m, rng)
    sigma = np.where(is_los, _sigma_db(case, "LOS"), _sigma_db(case, "NLOS"))
    if case.entry != "none":
        sigma = np.where(terminals.is_indoor[:, None], SIGMA_SF_DB[case.scenario, "O2I"], sigma)
    shadow_db = sigma * rng.standard_normal(distance_m.shape)
    return (
        np.where(is_los, with_los, without) + terminals.entry_db[:, None] + shadow_db,
        is_los,
    )


def _sigma_db(case: CalibrationCase, state: str) -> float:
    if (case.scenario, case.edition) == ("UMi", "36.873"):
        return _PHASE_1_UMI_SIGMA_DB[state]
    return SIGMA_SF_DB[case.scenario, state]


def _los_probability(case: CalibrationCase, outside_m: Array, h_m: Array) -> Array:
    if case.scenario == "UMa":
        return los.uma(outside_m, h_m)
    return los.umi(outside_m) if case.scenario == "UMi" else los.inh_open(outside_m)


def _path_losses_db(
    case: CalibrationCase, distance_m: Array, h_m: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Path loss with and without line of sight; below 10 m urban distances count as 10 m."""
    f, h_bs = case.freq_hz, case.h_bs_m
    if case.scenario == "InH":
        near = np.maximum(distance_m, 0.5)
        return inh_los_db(near, f, h_bs, h_m), inh_nlos_db(near, f, h_bs, h_m)
    d = np.maximum(distance_m, 10.0)
    if case.scenario == "UMa":
        h_e = draw_environment_height_m(d, h_m, rng)
        return uma_los_db(d, f, h_bs, h_m, h_e_m=h_e), uma_nlos_db(d, f, h_bs, h_m, h_e_m=h_e)
    if case.edition == "36.873":
        return _phase_1_umi_db(d, f, h_bs, h_m)
    return umi_los_db(d, f, h_bs, h_m), umi_nlos_db(d, f, h_bs, h_m)


def _phase_1_umi_db(d: Array, freq_hz: float, h_bs_m: float, h_m: Array) -> tuple[Array, Array]:
    """3D-UMi of TR 36.873 V12.5.0, Table 7.2-1: with line of sight the law of macro cells."""
    with_los = uma_los_db(d, freq_hz, h_bs_m, h_m)
    slant = distance_3d_m(d, h_bs_m, h_m)
    without = 36.7 * np.log10(slant) + 22.7 + 26.0 * np.log10(freq_hz / 1e9) - 0.3 * (h_m - 1.5)
    return with_los, np.asarray(np.maximum(without, with_los))
