"""LTE 450: which cell serves a terminal, what a resource block carries, how a cell is shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from twin.model.city import Gateway
from twin.radio.link.lte import CQI_EFFICIENCY, lte_efficiency_bps_hz
from twin.radio.link.uplink import (
    PRESETS,
    downlink_margin_db,
    is_covered,
    power_headroom_db,
    uplink_rate_bps,
)
from twin.sim.utilities_iot.assumptions import value
from twin.sim.utilities_iot.coverage import find_links

__all__ = ["Lte450", "fair_shares"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_BLOCK_HZ = 180e3
_N_BEST = 2  # cells a terminal may use, the second where the first is down
_MOST_BESIDE_DB = 25.0  # front to back
_LEAST_DB = 90.0  # coupling loss under which a link has all it can use anyway


class Lte450:
    """Cells of one 3 MHz carrier and the terminals they reach.

    Parameters
    ----------
    masts : sequence of Gateway
        Sites, each of as many cells as assumed, which look into equal sectors.
    x_m, y_m, height_m : ndarray of shape (N,)
        Terminals. [m]
    extra_db : ndarray of shape (N,)
        Entry loss less antenna gain of the terminal. [dB]
    rng : Generator
        Chance of the shadowing.

    Notes
    -----
    Cells are numbered mast by mast. A terminal uses the sector it lies in; beside the middle of
    the beam it loses 12 (angle / width)^2 dB, as antennas of 3GPP TR 36.814, Table A.2.1.1-2.
    """

    def __init__(
        self,
        masts: Sequence[Gateway],
        x_m: Floats,
        y_m: Floats,
        height_m: Floats,
        extra_db: Floats,
        rng: np.random.Generator,
    ) -> None:
        links = find_links(
            x_m, y_m, height_m, extra_db, masts, freq_hz=value("lte450_carrier_hz"),
            n_best=_N_BEST, floor_db=-np.inf, rng=rng,
        )  # fmt: skip
        self.n_sectors = round(value("lte450_sectors"))
        self.n_cells = self.n_sectors * len(masts)
        self.capacity_blocks = value("lte450_blocks")
        sector, off_deg = self._sector(masts, x_m, y_m, links.mast)
        self._mast = links.mast
        self._cell = self.n_sectors * links.mast + sector
        self._chosen_for: Flags = np.zeros(0, dtype=bool)
        self._chosen: tuple[Ints, Floats, Floats] | None = None
        n = x_m.size
        self.is_covered = np.zeros((n, links.mast.shape[1]), dtype=bool)
        self.up_bps = np.zeros_like(links.gain_db)
        self.down_bps = np.zeros_like(links.gain_db)
        self.up_blocks = np.ones(n)
        if not n or not masts:
            return
        ends = replace(
            PRESETS["lte450"],
            terminal_power_dbm=value("lte450_terminal_dbm"),
            uplink_blocks=1,
            uplink_sinr_db=value("lte450_least_sinr_db"),
            downlink_sinr_db=value("lte450_least_sinr_db"),
        )
        rise_db = value("lte450_noise_rise_db")
        beside_db = np.minimum(12.0 * (off_deg / value("lte450_beam_deg")) ** 2, _MOST_BESIDE_DB)
        loss_db = np.maximum(beside_db - links.gain_db, _LEAST_DB)
        self.is_covered = is_covered(loss_db, ends, rise_db, rise_db)
        self.up_bps = uplink_rate_bps(loss_db, ends, rise_db)
        # what is left of its power with one block is for more of them
        headroom_db = power_headroom_db(loss_db[:, 0], ends)
        self.up_blocks = np.clip(np.floor(10.0 ** (headroom_db / 10.0)), 1.0, self.capacity_blocks)
        sinr_db = downlink_margin_db(loss_db, ends, rise_db) + ends.downlink_sinr_db
        efficiency = np.minimum(lte_efficiency_bps_hz(sinr_db), CQI_EFFICIENCY[-1])
        # 14 symbols a slot of 1 ms at 15 kHz: 14/15 of the width carries symbols
        overhead = value("lte450_downlink_overhead")
        self.down_bps = efficiency * _BLOCK_HZ * 14.0 / 15.0 * (1.0 - overhead)

    def keep(self, rows: Flags) -> None:
        """Forget the terminals that were not fitted."""
        self._mast, self._cell = self._mast[rows], self._cell[rows]
        self.is_covered = self.is_covered[rows]
        self.up_bps, self.down_bps = self.up_bps[rows], self.down_bps[rows]
        self.up_blocks = self.up_blocks[rows]

    def _sector(
        self, masts: Sequence[Gateway], x_m: Floats, y_m: Floats, mast: Ints
    ) -> tuple[Ints, Floats]:
        """Find the sector of each link, and how far it is from the middle of the beam. [deg]."""
        if not len(masts):
            return np.zeros_like(mast), np.zeros(mast.shape)
        at = np.array([(site.x_m, site.y_m) for site in masts])[mast]
        bearing_deg = np.degrees(np.arctan2(x_m[:, None] - at[..., 0], y_m[:, None] - at[..., 1]))
        width_deg = 360.0 / self.n_sectors
        turn = np.rint(bearing_deg / width_deg)
        return np.mod(turn, self.n_sectors).astype(np.int64), np.abs(bearing_deg - width_deg * turn)

    def mast_of(self, cell: Ints) -> Ints:
        """Return the mast of cells, -1 for none."""
        return np.asarray(np.where(cell >= 0, cell // self.n_sectors, -1))

    def choose(self, is_up: Flags) -> tuple[Ints, Floats, Floats]:
        """Give each terminal its best cell that works.

        Parameters
        ----------
        is_up : ndarray of bool
            Which masts work.

        Returns
        -------
        cell : ndarray of shape (N,)
            -1 where none is heard.
        up_bps, down_bps : ndarray of shape (N,)
            Rate of one resource block of 180 kHz. [bit/s]
        """
        if self._chosen is not None and np.array_equal(is_up, self._chosen_for):
            return self._chosen
        n = self._cell.shape[0]
        cell = np.full(n, -1, dtype=np.int64)
        up, down = np.zeros(n), np.zeros(n)
        for rank in reversed(range(self._cell.shape[1])):
            can = is_up[self._mast[:, rank]] & self.is_covered[:, rank]
            cell[can] = self._cell[can, rank]
            up[can], down[can] = self.up_bps[can, rank], self.down_bps[can, rank]
        self._chosen_for, self._chosen = is_up.copy(), (cell, up, down)
        return self._chosen


def fair_shares(need: Floats, cell: Ints, capacity: Floats) -> Floats:
    """Share the resources of cells: equally, and nobody gets more than needed.

    Parameters
    ----------
    need : ndarray of shape (N,)
        Block-seconds each terminal could use.
    cell : ndarray of shape (N,)
        Cell of each.
    capacity : ndarray of shape (C,)
        Block-seconds of each cell.

    Returns
    -------
    ndarray of shape (N,)
        Block-seconds given: the max-min fair sharing.
    """
    given = need.copy()
    total = np.bincount(cell, need, minlength=capacity.size)
    for i in np.flatnonzero(total > capacity).tolist():
        rows = np.flatnonzero(cell == i)
        rising = np.sort(need[rows])
        left = np.arange(rising.size, 0, -1)
        # filled(k): what it takes to give everybody the k-th smallest need at most
        before = np.concatenate([[0.0], np.cumsum(rising)[:-1]])
        k = int(np.searchsorted(before + left * rising, capacity[i], side="right"))
        level = (capacity[i] - before[k]) / left[k]
        given[rows] = np.minimum(need[rows], max(level, 0.0))
    return given
