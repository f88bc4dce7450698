"""What is heard where: the strongest cells of every layer at every place, servers and SINR."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from twin.model.city import Cell
from twin.radio.itu.p2109 import Building, building_entry_db
from twin.radio.link.noise import noise_dbm
from twin.radio.points import rsrp_dbm
from twin.sim.cellular.assumptions import assumed

__all__ = ["INDOOR", "NO_SIGNAL_DBM", "OUTDOOR", "VEHICLE", "Signals"]

OUTDOOR, INDOOR, VEHICLE = range(3)
"""Where a terminal is, the first index of all that hangs on it."""

NO_SIGNAL_DBM = -156.0
"""Lowest value of the SS-RSRP report, TS 38.133 V17 Table 10.1.6.1-1. [dBm]"""

_HEARD = 8  # cells kept per place and layer; the sum of the others is far below the first
_TILE_M = 4000.0
_STEPS_PER_DB = 64.0
_LN10_OVER_10 = np.float32(np.log(10.0) / 10.0)

_Floats = NDArray[np.float64]
_Singles = NDArray[np.float32]
_Indices = NDArray[np.int32]


class Signals:
    """The strongest cells by slot, which is layer times places plus place.

    Parameters
    ----------
    cells : sequence of Cell
        Cells as the inventory has them.
    shadow_db : ndarray of shape (n_cells,)
        Hidden shadowing. [dB]
    x_m, y_m : ndarray of shape (n_places,)
        Places. [m]

    Attributes
    ----------
    server : ndarray of int32, shape (n_layers * n_places,)
        Strongest cell on the air, -1 for none.
    level_dbm : ndarray of float32
        Its RSRP outdoors. [dBm]
    resolved : ndarray of int32, shape (3, n_layers * n_places)
        Slot that serves a terminal which prefers a slot: the same where its layer covers the
        place, else the widest other layer of its operator that does, -1 for none.
    sinr_db : ndarray of float32, shape (3, n_layers * n_places)
        SINR outdoors, indoors and in vehicles. [dB]
    is_nr : ndarray of bool, shape (n_layers,)
        Layers of NR.
    same_operator : ndarray of bool, shape (n_layers, n_layers)
        Pairs of layers of one operator.

    Notes
    -----
    Levels are quantised to 1/64 dB before they are compared, the first cell wins a tie. A cell is
    kept at a place if it was among the eight strongest when powers and tilts were last changed.
    """

    def __init__(
        self, cells: Sequence[Cell], shadow_db: _Floats, x_m: _Floats, y_m: _Floats
    ) -> None:
        self._cells = tuple(cells)
        self._shadow_db = shadow_db
        self._x, self._y = x_m, y_m
        self.layers = tuple(dict.fromkeys(cell.layer for cell in cells))
        self._members = [
            np.array([i for i, cell in enumerate(cells) if cell.layer == layer], dtype=np.int32)
            for layer in self.layers
        ]
        firsts = [cells[int(members[0])] for members in self._members]
        indoor = [
            float(building_entry_db(cell.carrier_hz, Building.TRADITIONAL)) for cell in firsts
        ]
        self._loss_db = np.array(
            [[0.0] * len(firsts), indoor, [assumed("vehicle_loss_db")] * len(firsts)],
            dtype=np.float32,
        )
        self._noise_mw = np.array(
            [10.0 ** (noise_dbm(cell.scs_hz) / 10.0) for cell in firsts], dtype=np.float32
        )
        self.is_nr = np.array([cell.technology == "nr" for cell in firsts], dtype=bool)
        names = [cell.operator for cell in firsts]
        self.same_operator = np.array([[a == b for b in names] for a in names], dtype=bool)
        self._chains = [_chain(firsts, k) for k in range(len(firsts))]
        self.n_places = x_m.size
        n = len(self.layers) * self.n_places
        self._heard = np.full((_HEARD, n), len(cells), dtype=np.int32)  # one past the end: nobody
        self._gain_db = np.full((_HEARD, n), -np.inf, dtype=np.float32)
        self._power_mw = np.zeros((_HEARD, n), dtype=np.float32)
        self._rest_mw = np.zeros(n, dtype=np.float32)  # of all but the server, at full load
        self._others_mw = np.zeros(n, dtype=np.float32)  # the same at the load they have
        self.server = np.full(n, -1, dtype=np.int32)
        self.level_dbm = np.full(n, NO_SIGNAL_DBM, dtype=np.float32)
        self.resolved = np.full((3, n), -1, dtype=np.int32)
        self.sinr_db = np.full((3, n), -20.0, dtype=np.float32)

    def listen(self, tilt_deg: _Floats, tx_dbm: _Floats, changed: int | None = None) -> None:
        """Ask the radio engine which cells are heard where.

        Parameters
        ----------
        tilt_deg, tx_dbm : ndarray of shape (n_cells,)
            True tilts [deg] and powers [dBm].
        changed : int or None
            Cell whose tilt or power changed; None asks for all cells.
        """
        places = np.arange(self.n_places)
        chosen = range(len(self.layers))
        if changed is not None:
            cell = self._cells[changed]
            far = assumed("reach_m")
            places = np.flatnonzero((self._x - cell.x_m) ** 2 + (self._y - cell.y_m) ** 2 <= far**2)
            chosen = range(self.layers.index(cell.layer), self.layers.index(cell.layer) + 1)
        tiles = np.floor(self._x[places] / _TILE_M) * 1e5 + np.floor(self._y[places] / _TILE_M)
        for tile in np.unique(tiles):
            here = places[tiles == tile]
            for k in chosen:
                self._listen_in(k, here, tilt_deg, tx_dbm)

    def _listen_in(
        self, k: int, places: NDArray[np.int64], tilt_deg: _Floats, tx_dbm: _Floats
    ) -> None:
        far = assumed("reach_m")
        x, y = self._x[places], self._y[places]
        west, east, south, north = x.min() - far, x.max() + far, y.min() - far, y.max() + far
        near = [
            int(i)
            for i in self._members[k]
            if west <= self._cells[i].x_m <= east and south <= self._cells[i].y_m <= north
        ]
        if not near:
            return
        tilted = [
            replace(self._cells[i], tilt_deg=float(tilt_deg[i]), tx_power_dbm=0.0, is_on=True)
            for i in near
        ]
        gain_db = rsrp_dbm(tilted, x, y) + self._shadow_db[near].astype(np.float32)
        away = np.array([[self._cells[i].x_m, self._cells[i].y_m] for i in near])
        distance2 = (x[:, None] - away[:, 0]) ** 2 + (y[:, None] - away[:, 1]) ** 2
        gain_db = np.where(distance2 <= far**2, gain_db, np.float32(-np.inf))
        n_kept = min(_HEARD, len(near))
        kept = np.broadcast_to(np.arange(len(near)), gain_db.shape)
        if len(near) > _HEARD:
            strength = gain_db + tx_dbm[near].astype(np.float32)
            kept = np.argpartition(-strength, _HEARD - 1, axis=1)[:, :_HEARD]
            kept = np.sort(kept, axis=1)
        slots = k * self.n_places + places
        index = np.array(near, dtype=np.int32)
        for row in range(n_kept):
            self._heard[row, slots] = index[kept[:, row]]
            self._gain_db[row, slots] = np.take_along_axis(gain_db, kept[:, row : row + 1], 1)[:, 0]

    def serve(self, tx_dbm: _Floats, is_on_air: NDArray[np.bool_]) -> None:
        """Choose the servers again.

        Parameters
        ----------
        tx_dbm : ndarray of shape (n_cells,)
            True powers. [dBm]
        is_on_air : ndarray of bool, shape (n_cells,)
            Cells that transmit.
        """
        power = np.append(np.where(is_on_air, tx_dbm, -np.inf), -np.inf).astype(np.float32)
        best = np.full(self.server.size, NO_SIGNAL_DBM, dtype=np.float32)
        server = np.full(self.server.size, -1, dtype=np.int32)
        for heard, gain_db, power_mw in zip(
            self._heard, self._gain_db, self._power_mw, strict=True
        ):
            level = gain_db + power[heard]
            level = np.rint(level * np.float32(_STEPS_PER_DB)) / np.float32(_STEPS_PER_DB)
            np.exp(level * _LN10_OVER_10, out=power_mw)
            wins = level > best
            np.copyto(best, level, where=wins)
            np.copyto(server, heard, where=wins)
        self.server, self.level_dbm = server, best
        self._rest_mw = self._without_server(np.ones(len(self._cells)))
        self._resolve()

    def _without_server(self, load: _Floats) -> _Singles:
        """Power of all cells but the server at some loads [mW]."""
        weight = np.append(load, 0.0).astype(np.float32)
        others = np.zeros(self.server.size, dtype=np.float32)
        for heard, power_mw in zip(self._heard, self._power_mw, strict=True):
            part = weight[heard]
            part *= power_mw
            np.copyto(part, np.float32(0.0), where=heard == self.server)
            others += part
        return others

    def load_around(self, slots: _Indices) -> _Singles:
        """Load of the cells around slots, each by its power there, as of the last `disturb`."""
        rest = np.maximum(self._rest_mw[slots], np.float32(1e-30))
        result: _Singles = np.minimum(self._others_mw[slots] / rest, np.float32(1.0))
        return result

    def _resolve(self) -> None:
        floor_dbm = np.float32(assumed("min_rsrp_dbm"))
        n = self.n_places
        level = self.level_dbm.reshape(len(self.layers), n)
        places = np.arange(n, dtype=np.int32)
        for where in range(3):
            covered = level - self._loss_db[where][:, None] >= floor_dbm
            for k, chain in enumerate(self._chains):
                slots = np.full(n, -1, dtype=np.int32)
                for other in reversed(chain):
                    np.copyto(slots, other * n + places, where=covered[other])
                self.resolved[where, k * n : (k + 1) * n] = slots

    def disturb(self, load: _Floats) -> None:
        """Work out the SINR at the loads of the cells.

        Parameters
        ----------
        load : ndarray of shape (n_cells,)
            Share of resource blocks in use, 0 to 1.
        """
        self._others_mw = others = self._without_server(load)
        n = self.n_places
        for k in range(len(self.layers)):
            cut = slice(k * n, (k + 1) * n)
            for where in range(3):
                gain = np.float32(10.0 ** (-self._loss_db[where, k] / 10.0))
                total_db = np.float32(10.0) * np.log10(self._noise_mw[k] + gain * others[cut])
                self.sinr_db[where, cut] = self.level_dbm[cut] - self._loss_db[where, k] - total_db

    def level_of(self, cells: _Indices, slots: _Indices, tx_dbm: _Floats) -> _Singles:
        """Level of given cells at slots, minus infinity where a cell is not heard. [dBm]."""
        found = np.full(slots.size, -np.inf, dtype=np.float32)
        for heard, gain_db in zip(self._heard, self._gain_db, strict=True):
            at = heard[slots] == cells
            found[at] = gain_db[slots[at]]
        return found + tx_dbm[cells].astype(np.float32)


def _chain(firsts: Sequence[Cell], k: int) -> tuple[int, ...]:
    """Layers a terminal of layer k tries, first to last; LTE terminals know no NR."""
    own = firsts[k]
    others = [
        (cell.technology != own.technology, -cell.bandwidth_hz, i)
        for i, cell in enumerate(firsts)
        if cell.operator == own.operator and i != k and own.technology in (cell.technology, "nr")
    ]
    return (k, *(i for _, _, i in sorted(others)))
