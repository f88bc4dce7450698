"""Routers on vehicles: what they ask of the cells where they are, and what the cells give them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.sim.cellular.assumptions import assumed
from twin.sim.cellular.signals import OUTDOOR
from twin.sim.cellular.traffic import fair_rate_bps

if TYPE_CHECKING:
    from twin.sim.cellular.network import Network

__all__ = ["Routers"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]


class Routers:
    """Routers with antennas on roofs, as users of the cells beside the phones.

    Parameters
    ----------
    network : Network
        Whose cells they use.

    Attributes
    ----------
    airtime : ndarray of shape (n_cells,)
        Share of its time each cell needs for what routers ask of it in the coming step.

    Notes
    -----
    What waits, waits on board: a cell only sees what routers ask for in a step, and gives all of it
    or the part of it that it gives its other users too. The volume counts as downlink.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self.airtime = np.zeros(network.loads.size)
        self._layers: dict[tuple[str, bool], _Ints] = {}
        self._resize(0)

    def _resize(self, n: int) -> None:
        self._cell = np.full(n, -1, dtype=np.int64)
        self._alone_bps, self._wanted_bps, self._share = np.zeros(n), np.zeros(n), np.zeros(n)
        self._given = np.zeros(n, dtype=np.int64)

    def rates_bps(
        self, x_m: _Floats, y_m: _Floats, sims: Sequence[str], knows_nr: _Bools
    ) -> tuple[_Floats, _Floats, _Ints]:
        """Rate each router could have now.

        Parameters
        ----------
        x_m, y_m : ndarray of shape (n,)
            Where they are. [m]
        sims : sequence of str
            Operators of their SIMs; the next one is used where those before have no coverage.
        knows_nr : ndarray of bool, shape (n,)
            Routers for LTE and 5G; the others know LTE alone.

        Returns
        -------
        rate_bps : ndarray of shape (n,)
            Beside the other users, from the layer that gives most; 0 without coverage. [bit/s]
        alone_bps : ndarray of shape (n,)
            If the router had that cell alone. [bit/s]
        cell : ndarray of int64, shape (n,)
            That cell, -1 without coverage.
        """
        network, n = self._network, x_m.size
        place = network.places.at(x_m, y_m)
        users = network.all_users()
        rate, alone, best = np.zeros(n), np.zeros(n), np.full(n, -1, dtype=np.int64)
        for operator in sims:
            rows = np.flatnonzero(rate <= 0.0)  # the others have coverage already
            layers = self._layers_of(operator, with_nr=bool(knows_nr[rows].any()))
            if not layers.size or not rows.size:
                continue
            heard, single, cell = self._signals_of(layers, place[rows], knows_nr[rows])
            load = network.loads[cell]
            if self._share.size == n:  # what a router takes itself is no load to it
                own = np.where(cell == self._cell[rows], self._share[rows], 0.0)
                load = np.maximum(load - own, 0.0)
            fair = np.where(heard, fair_rate_bps(single, load, users[cell]), 0.0)
            pick = (np.argmax(fair, axis=0), np.arange(rows.size))
            covered = fair[pick] > 0.0
            rate[rows], alone[rows] = fair[pick], np.where(covered, single[pick], 0.0)
            best[rows] = np.where(covered, cell[pick], -1)
        return rate, alone, best

    def _signals_of(
        self, layers: _Ints, place: NDArray[np.int32], knows_nr: _Bools
    ) -> tuple[_Bools, _Floats, NDArray[np.int32]]:
        """Say by layer and router whether it is covered, its rate alone [bit/s], and its cell."""
        signals = self._network.signals
        slot = layers[:, None] * signals.n_places + place
        cell = signals.server[slot]
        heard = (cell >= 0) & (signals.level_dbm[slot] >= assumed("min_rsrp_dbm"))
        heard &= knows_nr | ~signals.is_nr[layers][:, None]
        single = self._network.curves.rate_bps(cell, signals.sinr_db[OUTDOOR, slot])
        return heard, single, cell

    def _layers_of(self, operator: str, *, with_nr: bool) -> _Ints:
        """Return the layers of an operator, those of 5G only if asked for."""
        key = (operator, with_nr)
        if key not in self._layers:
            signals = self._network.signals
            self._layers[key] = np.array(
                [
                    k
                    for k, layer in enumerate(signals.layers)
                    if layer.split("/")[0] == operator and (with_nr or not signals.is_nr[k])
                ],
                dtype=np.int64,
            )
        return self._layers[key]

    def offer(
        self,
        at_m: tuple[_Floats, _Floats],
        wanted_bps: _Floats,
        sims: Sequence[str],
        knows_nr: _Bools,
    ) -> tuple[_Floats, _Bools]:
        """Ask for data for the coming step; `collect` hands out what the cells gave.

        Parameters
        ----------
        at_m : pair of ndarray of shape (n,)
            Where all routers are, x and y. [m]
        wanted_bps : ndarray of shape (n,)
            What each wants in the coming step. [bit/s]
        sims, knows_nr
            As in `rates_bps`.

        Returns
        -------
        rate_bps : ndarray of shape (n,)
            Most each could have; the assumed rate where no cells of its operators are simulated.
            [bit/s]
        is_served : ndarray of bool, shape (n,)
            Which are users of simulated cells.
        """
        n = wanted_bps.size
        if self._cell.size != n:
            self._resize(n)
        is_here = self._network.places.is_covered(*at_m)
        is_here &= any(self._layers_of(name, with_nr=True).size > 0 for name in sims)
        rate, self._alone_bps, self._cell = self.rates_bps(*at_m, sims, knows_nr)
        self._wanted_bps = np.where(is_here, np.minimum(wanted_bps, rate), 0.0)
        asks = np.flatnonzero(self._wanted_bps > 0.0)
        self.airtime = np.bincount(
            self._cell[asks],
            self._wanted_bps[asks] / self._alone_bps[asks],
            minlength=self.airtime.size,
        ).astype(np.float64)
        return np.where(is_here, rate, assumed("backhaul_fallback_bps")), is_here

    def serve(self, users: _Floats, is_on_air: _Bools, dt_s: float) -> tuple[_Ints, _Floats]:
        """Give routers what they asked for, or the part of it that users get too.

        Parameters
        ----------
        users : ndarray of shape (n_cells,)
            Share of its time each cell needs for its other users, above 1 if it cannot.
        is_on_air : ndarray of bool, shape (n_cells,)
            Cells that transmit.
        dt_s : float
            Length of the step. [s]

        Returns
        -------
        octets : ndarray of int64, shape (n_cells,)
            What each cell sends to routers.
        share : ndarray of shape (n_cells,)
            Share of its time this takes.
        """
        n_cells = self.airtime.size
        asks = np.flatnonzero(self._wanted_bps > 0.0)
        asks = asks[is_on_air[self._cell[asks]]]
        cell = self._cell[asks]
        room = 1.0 - assumed("overhead_load")
        part = np.minimum(room / np.maximum(users + self.airtime, 1e-12), 1.0)[cell]
        octets = (self._wanted_bps[asks] * part * (dt_s / 8.0)).astype(np.int64)
        self._share = np.zeros(self._cell.size)
        self._share[asks] = octets / (self._alone_bps[asks] * (dt_s / 8.0))
        self._given[asks] += octets
        by_cell = np.bincount(cell, octets, minlength=n_cells).astype(np.int64)
        share = np.bincount(cell, self._share[asks], minlength=n_cells).astype(np.float64)
        self._wanted_bps = np.zeros(self._cell.size)
        self.airtime = np.zeros(n_cells)
        return by_cell, share

    def collect(self) -> _Ints:
        """Hand out the octets the cells gave each router since the last call."""
        given, self._given = self._given, np.zeros(self._given.size, dtype=np.int64)
        return given
