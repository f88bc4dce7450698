"""Which cells sleep at night: capacity layers whose traffic the coverage layer can take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.model.city import Cell
from twin.sim.cellular.assumptions import assumed

__all__ = ["coverage_cells", "may_sleep"]


def coverage_cells(cells: Sequence[Cell]) -> NDArray[np.int64]:
    """Find the cell that covers for each cell while it sleeps.

    Parameters
    ----------
    cells : sequence of Cell
        All simulated cells.

    Returns
    -------
    ndarray of int64
        The LTE cell of the lowest carrier in the same sector of the same site; -1 where there is
        none or the cell is that one itself.
    """
    lowest: dict[tuple[str, int], int] = {}
    for i, cell in enumerate(cells):
        key = (cell.site, round(cell.azimuth_deg))
        if cell.technology == "lte":
            known = lowest.get(key)
            if known is None or cell.carrier_hz < cells[known].carrier_hz:
                lowest[key] = i
    found = [lowest.get((cell.site, round(cell.azimuth_deg)), -1) for cell in cells]
    return np.array([-1 if k == i else k for i, k in enumerate(found)], dtype=np.int64)


def may_sleep(
    hour: float,
    load: NDArray[np.float64],
    width_hz: NDArray[np.float64],
    is_on_air: NDArray[np.bool_],
    is_asleep: NDArray[np.bool_],
    covered_by: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Say which cells should be asleep now.

    Parameters
    ----------
    hour : float
        Local time. [h]
    load : ndarray
        Load of each cell, 0 to 1.
    width_hz : ndarray
        Bandwidth of each cell. [Hz]
    is_on_air, is_asleep : ndarray of bool
        Cells that transmit, and cells that sleep.
    covered_by : ndarray of int64
        Of `coverage_cells`.

    Returns
    -------
    ndarray of bool
        In the window of the night: cells with little load whose coverage cell has room for all it
        covers, by bandwidth; one that sleeps stays asleep while its coverage cell is not too busy.
    """
    if not assumed("sleep_from_h") <= hour < assumed("sleep_until_h"):
        return np.zeros(load.size, dtype=bool)
    has_cover = (covered_by >= 0) & is_on_air[covered_by]
    is_idle = is_on_air & (load < assumed("sleep_below_load"))
    moved = np.where(has_cover & is_idle, load * width_hz / width_hz[covered_by], 0.0)
    extra = np.bincount(np.maximum(covered_by, 0), moved, minlength=load.size)
    has_room = (load + extra)[covered_by] < assumed("wake_above_load")
    result: NDArray[np.bool_] = has_cover & has_room & (is_idle | is_asleep)
    return result
