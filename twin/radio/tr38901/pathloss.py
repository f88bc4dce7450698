"""Path loss of TR 38.901, Table 7.4.1-1, by the name of the scenario.

The models of one scenario stand in a module of their own; `twin.radio.links` compiles the same
constants into tables for the fused kernel.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.radio.tr38901.geometry import LIGHT_M_PER_S
from twin.radio.tr38901.inf import (
    inf_dh_nlos_db,
    inf_dl_nlos_db,
    inf_los_db,
    inf_sh_nlos_db,
    inf_sl_nlos_db,
)
from twin.radio.tr38901.inh import inh_los_db, inh_nlos_db
from twin.radio.tr38901.rma import (
    RMA_BUILDING_HEIGHT_M,
    RMA_STREET_WIDTH_M,
    rma_los_db,
    rma_nlos_db,
)
from twin.radio.tr38901.uma import uma_los_db, uma_nlos_db
from twin.radio.tr38901.umi import umi_los_db, umi_nlos_db

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

Array = NDArray[np.float64]
_Model = Callable[[ArrayLike, ArrayLike, ArrayLike, ArrayLike], Array]

SCENARIOS: dict[str, tuple[_Model, _Model]] = {
    "RMa": (rma_los_db, rma_nlos_db),
    "UMa": (uma_los_db, uma_nlos_db),
    "UMi": (umi_los_db, umi_nlos_db),
    "InH": (inh_los_db, inh_nlos_db),
    "InF-SL": (inf_los_db, inf_sl_nlos_db),
    "InF-DL": (inf_los_db, inf_dl_nlos_db),
    "InF-SH": (inf_los_db, inf_sh_nlos_db),
    "InF-DH": (inf_los_db, inf_dh_nlos_db),
}
"""Scenario to its models with and without line of sight, in the order of the table.

InF-HH, where both ends stand above the clutter, always has line of sight: `inf_los_db`.
"""


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
        ``RMa``, ``UMa``, ``UMi``, ``InH``, ``InF-SL``, ``InF-DL``, ``InF-SH`` or ``InF-DH``.
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

    Notes
    -----
    The effective environment height of ``UMa`` is 1 m here for every terminal; the table draws it
    for terminals above 13 m, see `twin.radio.tr38901.uma`.

    References
    ----------
    .. [1] 3GPP TR 38.901 V17.0.0 (2022), Table 7.4.1-1.
    """
    if scenario not in SCENARIOS:
        raise ValueError(f"scenario: {scenario!r} is unknown; choose of {', '.join(SCENARIOS)}")
    los, nlos = SCENARIOS[scenario]
    return (los if is_los else nlos)(distance_2d_m, freq_hz, h_bs_m, h_ut_m)
