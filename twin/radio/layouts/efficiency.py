"""Spectral efficiency of cells that share their time equally, from the geometry of a layout."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twin.radio.link.throughput import OVERHEAD, rank_efficiency_bps_hz

__all__ = ["CellEfficiency", "cell_efficiency"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellEfficiency:
    """What M.2410 asks of a radio interface.

    Parameters
    ----------
    mean_bps_hz : float
        Mean over cells. [bit/s/Hz per TRxP]
    user_p5_bps_hz : float
        Fifth percentile over users. [bit/s/Hz]
    """

    mean_bps_hz: float = field(metadata={"unit": "bit/s/Hz"})
    user_p5_bps_hz: float = field(metadata={"unit": "bit/s/Hz"})


def cell_efficiency(
    sinr_db: NDArray[np.float64],
    *,
    n_layers: int,
    users_per_cell: int = 10,
    array_gain_db: float = 0.0,
    technology: str = "nr",
) -> CellEfficiency:
    """Efficiency of cells with full buffers under proportional fairness.

    Parameters
    ----------
    sinr_db : ndarray of shape (n,)
        SINR of users, as the geometry of `run_case`. [dB]
    n_layers : int
        Most spatial layers to one user.
    users_per_cell : int
        Users that share a cell.
    array_gain_db : float
        Gain of beams to the user, over the sector's own pattern, that interference does not have.
        [dB]
    technology : str
        ``nr`` or ``lte``: overhead and highest modulation.

    Returns
    -------
    CellEfficiency
        Equal time for all users, each at its own rate.

    Raises
    ------
    ValueError
        No user in a cell.

    Notes
    -----
    One user at a time: no multi-user MIMO, no gain of fading; layers are orthogonal, which flatters
    weak channels. Ten per cent of blocks fail and are not counted as lost.

    References
    ----------
    .. [1] ITU-R M.2412-0 (2017), 7.1.1, 7.1.2.
    """
    if users_per_cell < 1:
        raise ValueError(f"users_per_cell: is {users_per_cell}, must be 1 or more")
    table = 2 if technology == "nr" else 1
    alone = (1.0 - OVERHEAD[technology]) * rank_efficiency_bps_hz(
        np.asarray(sinr_db) + array_gain_db, n_layers, table
    )
    return CellEfficiency(
        mean_bps_hz=float(alone.mean()),
        user_p5_bps_hz=float(np.percentile(alone, 5.0)) / users_per_cell,
    )
