"""Which cells sleep at night: capacity cells whose traffic the coverage cell can take.

Cells are put to sleep as 3GPP describes energy saving: by thresholds of load with a duration, and
not at all outside of hours that the operator sets for each site. Sites begin and end at times of
their own, so that thousands of cells neither vanish nor come back at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.model.city import Cell
from twin.sim.cellular.assumptions import assumed

__all__ = ["Sleepers", "coverage_cells"]

_Floats = NDArray[np.float64]
_Flags = NDArray[np.bool_]


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


class Sleepers:
    """Decides which cells sleep.

    Parameters
    ----------
    cells : sequence of Cell
        All simulated cells.
    sites : sequence of str
        All sites of the city in its order: a site has the same hours whatever is simulated.
    rng : Generator
        For the hours of the sites.

    Notes
    -----
    A cell falls asleep once its load stayed below a threshold for some time, if its coverage cell
    then has room for everything it would cover for. It wakes when the coverage cell is busier than
    a second, higher threshold, or at the end of the hours of its site. Room is counted by
    bandwidth: the load of a cell times its bandwidth over that of the coverage cell.

    References
    ----------
    .. [1] 3GPP TS 28.310, energy saving: load thresholds and durations of the original and the
       candidate cells, and periods in which cells must not sleep.
    .. [2] 3GPP TR 38.864 V18.1.0 (2023): cells that switch off by load and time.
    """

    def __init__(
        self, cells: Sequence[Cell], sites: Sequence[str], rng: np.random.Generator
    ) -> None:
        self.covered_by = coverage_cells(cells)
        self._width_hz = np.array([cell.bandwidth_hz for cell in cells])
        names = list(dict.fromkeys(sites))
        spread_h = assumed("sleep_spread_h")
        drawn = dict(zip(names, rng.uniform(-0.5, 0.5, (len(names), 2)) * spread_h, strict=True))
        mine = np.array([drawn[cell.site] for cell in cells]).reshape(-1, 2)
        self._from_h = assumed("sleep_from_h") + mine[:, 0]
        self._until_h = assumed("sleep_until_h") + mine[:, 1]
        self._idle_s = np.zeros(len(cells))

    def may_sleep_at(self, hour: float) -> _Flags:
        """Say in which cells a local hour lies within the hours of the site, shape (n_cells,)."""
        since = (hour - self._from_h) % 24.0
        result: _Flags = since < (self._until_h - self._from_h) % 24.0
        return result

    def choose(
        self, hour: float, load: _Floats, is_on_air: _Flags, is_asleep: _Flags, dt_s: float
    ) -> _Flags:
        """Say which cells should be asleep now.

        Parameters
        ----------
        hour : float
            Local time. [h]
        load : ndarray of shape (n_cells,)
            Load, 0 to 1.
        is_on_air, is_asleep : ndarray of bool, shape (n_cells,)
            Cells that transmit, and cells that sleep.
        dt_s : float
            Time since the last choice, during which the load is taken to have been that of now. [s]

        Returns
        -------
        ndarray of bool
            Cells to be asleep.
        """
        covered_by = self.covered_by
        is_idle = is_on_air & (load < assumed("sleep_below_load"))
        self._idle_s = np.where(is_idle, self._idle_s + dt_s, 0.0)
        has_cover = (covered_by >= 0) & is_on_air[covered_by] & self.may_sleep_at(hour)
        ready = has_cover & (self._idle_s >= assumed("sleep_after_s"))
        moved = np.where(ready, load * self._width_hz / self._width_hz[covered_by], 0.0)
        extra = np.bincount(np.maximum(covered_by, 0), moved, minlength=load.size)
        falls = ready & ((load + extra)[covered_by] < assumed("sleep_room_load"))
        stays = has_cover & is_asleep & (load[covered_by] < assumed("wake_above_load"))
        result: _Flags = falls | stays
        return result
