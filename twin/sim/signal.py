"""The radio engine as the world uses it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.model.city import Cell

__all__ = ["cell_rsrp_dbm"]


def cell_rsrp_dbm(
    cells: Sequence[Cell], x_m: NDArray[np.float64], y_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Interim: TR 38.901 UMa NLOS with the pattern of Table 7.3-1, shape (points, cells). [dBm]."""
    columns = []
    for cell in cells:
        dx, dy = x_m - cell.x_m, y_m - cell.y_m
        flat = np.maximum(np.hypot(dx, dy), 10.0)
        slant = np.hypot(flat, cell.height_m - 1.5)
        loss = 13.54 + 39.08 * np.log10(slant) + 20.0 * np.log10(cell.carrier_hz / 1e9)
        bearing = (np.degrees(np.arctan2(dx, dy)) - cell.azimuth_deg + 180.0) % 360.0 - 180.0
        down = np.degrees(np.arctan2(cell.height_m - 1.5, flat)) - cell.tilt_deg
        pattern = np.minimum(
            np.minimum(12.0 * (bearing / cell.beamwidth_h_deg) ** 2, 30.0)
            + np.minimum(12.0 * (down / cell.beamwidth_v_deg) ** 2, 30.0),
            30.0,
        )
        subcarriers = 0.9 * cell.bandwidth_hz / cell.scs_hz
        per_re = cell.tx_power_dbm - 10.0 * np.log10(subcarriers)
        columns.append(per_re + cell.antenna_gain_dbi - pattern - loss)
    return np.stack(columns, axis=1)
