"""The mobile cells of the world and the users they serve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from twin.model.attributes import Value
from twin.model.city import Cell
from twin.radio.link.bands import band
from twin.sim.layers import NO_SIGNAL_DBM, Layer, RsrpFunction
from twin.sim.places import Places
from twin.sim.power import base_station_of, cell_power_w, transceivers

__all__ = ["CellFleet", "downlink_hz", "layer_shares"]

_TEMPLATES = (
    "admin_state",
    "tx_power_dbm",
    "tilt_deg",
    "operational_state",
    "users",
    "prb_load_percent",
    "dl_octets",
    "mean_rsrp_dbm",
    "power_w",
)

RADIUS_M = 2000.0
"""A cell is not heard farther away: sites stand 0.6 km apart. [m]"""

SIMS_PER_RESIDENT = 1.30
"""BNetzA, annual report 2024."""

CONNECTED_SHARE = 0.05
"""SIMs in RRC connected state on the mean of the day: an assumption."""

SESSION_S = 90.0
"""Mean length of a connection: an assumption [s]."""

NR_SHARE = 0.40
"""Users on NR where an operator has it: an assumption (2024: 10 % of the volume, BNetzA)."""

FILE_OCTETS = 500_000
"""FTP model 1, TR 36.814 A.2.1.3.1 [octets]."""

FILES_PER_S = 0.114
"""Per connected user: 7.4 GB per SIM and month (BNetzA 2024) over the connected share [1/s]."""

_OVERHEAD = 0.03
_SMOOTHING_S = 10.0


def layer_shares(cells: Sequence[Cell]) -> dict[str, float]:
    """Share of a city's users on each layer: by operator, technology and bandwidth.

    Parameters
    ----------
    cells : sequence of Cell
        All cells of the city.

    Returns
    -------
    dict
        Share by layer name; all together are 1 where every operator has LTE and NR.
    """
    widths = {cell.layer: (cell.operator, cell.technology, cell.bandwidth_hz) for cell in cells}
    operators = {operator for operator, _, _ in widths.values()}
    totals: dict[tuple[str, str], float] = {}
    for operator, technology, width in widths.values():
        totals[operator, technology] = totals.get((operator, technology), 0.0) + width
    shares = {}
    for name, (operator, technology, width) in widths.items():
        part = NR_SHARE if technology == "nr" else 1.0 - NR_SHARE
        shares[name] = part * width / totals[operator, technology] / len(operators)
    return shares


def downlink_hz(cell: Cell) -> float:
    """Width that carries the downlink of a cell.

    Parameters
    ----------
    cell : Cell
        The cell.

    Returns
    -------
    float
        Bandwidth times the downlink's share of time, times the root of the spatial layers (at most
        4): users at the edge of a cell cannot use them all, an assumption. [Hz]

    Raises
    ------
    ModelError
        Unknown band.
    """
    streams = min(cell.mimo_layers, 4) ** 0.5
    return cell.bandwidth_hz * band(cell.band).downlink_share * float(streams)


class CellFleet:
    """State of many cells: configuration, users, load, traffic, power.

    Users stand outdoors at the places; each belongs to one layer and is served by the strongest
    cell of it, so a weaker or tilted cell loses users to its neighbours.

    Parameters
    ----------
    cells : sequence of Cell
        Cells as the inventory has them.
    hidden : triple of ndarray
        Shadowing [dB], power error [dB] and tilt error [deg] of each cell.
    places : Places
        Where users are.
    shares : mapping
        Share of users by layer.
    rsrp : RsrpFunction
        The radio engine.
    rngs : pair of Generator
        For arrivals and for traffic.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        hidden: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
        places: Places,
        shares: Mapping[str, float],
        rsrp: RsrpFunction,
        rngs: tuple[np.random.Generator, np.random.Generator],
    ) -> None:
        self._cells = tuple(cells)
        self.ids = tuple(cell.id for cell in cells)
        self.index = {name: i for i, name in enumerate(self.ids)}
        self._shadow_db, self._power_error_db, self._tilt_error_deg = hidden
        self._places = places
        self._rsrp = rsrp
        self._arrivals, self._traffic = rngs
        n = len(cells)
        self._tx_dbm = np.array([cell.tx_power_dbm for cell in cells])
        self._tilt_deg = np.array([cell.tilt_deg for cell in cells])
        self._admin = ["UNLOCKED" if cell.is_on else "LOCKED" for cell in cells]
        self._failed = np.zeros(n, dtype=bool)
        self._stations = tuple(base_station_of(cell.height_m) for cell in cells)
        self._n_trx = tuple(
            transceivers(kind, cell.tx_power_dbm)
            for kind, cell in zip(self._stations, cells, strict=True)
        )
        self.users = np.zeros(n)
        self.load = np.full(n, _OVERHEAD)
        self.dl_octets = np.zeros(n, dtype=np.int64)
        self._rsrp_sum = np.zeros(n)
        self._queue_octets = np.zeros(n)
        self._spot = np.zeros(0, dtype=np.int64)
        self._end_s = np.zeros(0)
        self._onboard: tuple[NDArray[np.int64], NDArray[np.float64]] | None = None
        self._layers = self._make_layers(shares)
        self._fill_columns()
        for layer in self._layers:
            layer.rebuild(self._true_power_dbm(), self.is_on_air())
        self._join_layers()

    def _make_layers(self, shares: Mapping[str, float]) -> tuple[Layer, ...]:
        groups: dict[str, list[int]] = {}
        for i, cell in enumerate(self._cells):
            groups.setdefault(cell.layer, []).append(i)
        n_places = self._places.x_m.size
        layers = []
        self._layer_of = np.zeros(len(self._cells), dtype=np.int64)
        self._column_of = np.zeros(len(self._cells), dtype=np.int64)
        for k, (name, members) in enumerate(groups.items()):
            index = np.array(members, dtype=np.int64)
            layers.append(Layer(name, index, [self._cells[i] for i in members], n_places))
            self._layer_of[index] = k
            self._column_of[index] = np.arange(index.size)
        self._shares = np.array([shares[name] for name in groups])
        sims = self._places.residents * SIMS_PER_RESIDENT * CONNECTED_SHARE
        self._weights = np.outer(self._shares, sims).ravel().astype(np.float64)
        self._cumulative = np.cumsum(self._weights)
        self._downlink_hz = np.array([downlink_hz(cell) for cell in self._cells])
        return tuple(layers)

    def _fill_columns(self) -> None:
        """Ask the radio engine once per site, for all its cells and the places in reach."""
        sites: dict[tuple[float, float], list[int]] = {}
        for i, cell in enumerate(self._cells):
            sites.setdefault((cell.x_m, cell.y_m), []).append(i)
        for members in sites.values():
            self._fill(members)

    def _fill(self, members: list[int]) -> None:
        first = self._cells[members[0]]
        x, y = self._places.x_m, self._places.y_m
        near = np.flatnonzero((x - first.x_m) ** 2 + (y - first.y_m) ** 2 <= RADIUS_M**2)
        if not near.size:
            return
        tilted = [
            replace(
                self._cells[i],
                tilt_deg=float(self._tilt_deg[i] + self._tilt_error_deg[i]),
                tx_power_dbm=0.0,
                is_on=True,
            )
            for i in members
        ]
        gains = self._rsrp(tilted, x[near], y[near])
        for column, i in enumerate(members):
            layer = self._layers[self._layer_of[i]]
            gain_db = np.asarray(gains[:, column], dtype=np.float64) + self._shadow_db[i]
            layer.columns[self._column_of[i]] = (near, gain_db)

    def _true_power_dbm(self) -> NDArray[np.float64]:
        return self._tx_dbm + self._power_error_db

    def is_on_air(self) -> NDArray[np.bool_]:
        """Say which cells transmit."""
        unlocked = np.array([state != "LOCKED" for state in self._admin], dtype=bool)
        return unlocked & ~self._failed

    def _rebuild(self, cell: int) -> None:
        layer = self._layers[self._layer_of[cell]]
        layer.rebuild(self._true_power_dbm(), self.is_on_air())
        self._join_layers()
        self.refresh()

    def _join_layers(self) -> None:
        """Lay the layers end to end, so that a user is one number: layer times places + place."""
        n = len(self._cells)
        layers, none = self._layers, np.zeros(0)
        self._server = np.concatenate([none.astype(np.int64), *(at.best_cell for at in layers)])
        self._signal_dbm = np.concatenate([none, *(at.best_rsrp_dbm for at in layers)])
        efficiency = np.concatenate([none, *(at.efficiency for at in layers)])
        served = self._server >= 0
        server, weight = self._server[served], self._weights[served]
        self._mean_users = np.bincount(server, weight, minlength=n)
        self._mean_sum = np.bincount(server, weight * self._signal_dbm[served], minlength=n)
        mean = np.bincount(server, weight * efficiency[served], minlength=n)
        self._efficiency = np.where(
            self._mean_users > 0.0, mean / np.maximum(self._mean_users, 1e-12), 1.0
        )

    def settle(self, weight: float) -> None:
        """Start with the users of a long-running network instead of an empty one."""
        n = self._arrivals.poisson(weight * float(self._weights.sum()))
        self._add(n, 0.0)
        self.refresh()

    def _add(self, n: int, now_s: float) -> None:
        if n == 0:
            return
        picks = self._arrivals.random(n) * self._cumulative[-1]
        spots = np.searchsorted(self._cumulative, picks, side="right")
        ends = now_s + self._arrivals.exponential(SESSION_S, n)
        self._spot = np.concatenate([self._spot, spots])
        self._end_s = np.concatenate([self._end_s, ends])

    def carry(self, places: NDArray[np.int64], passengers: NDArray[np.float64]) -> None:
        """Put the passengers of vehicles at places of the track until the next call."""
        n_places = self._places.x_m.size
        layers = np.arange(len(self._layers))
        spots = (layers[:, None] * n_places + places[None, :]).ravel()
        connected = passengers * SIMS_PER_RESIDENT * CONNECTED_SHARE
        self._onboard = (spots, np.outer(self._shares, connected).ravel().astype(np.float64))

    def step(self, now_s: float, dt_s: float, weight: float) -> None:
        """Let users come and go and move their traffic.

        Parameters
        ----------
        now_s : float
            End of the step. [s]
        dt_s : float
            Length of the step. [s]
        weight : float
            Use relative to the mean of the day.
        """
        stay = self._end_s > now_s
        self._spot, self._end_s = self._spot[stay], self._end_s[stay]
        mean = weight * float(self._weights.sum()) * -np.expm1(-dt_s / SESSION_S)
        self._add(int(self._arrivals.poisson(mean)), now_s)
        self.refresh()
        self._transfer(dt_s)

    def refresh(self) -> None:
        """Count the users of every cell, and what they hear."""
        n = len(self._cells)
        server = self._server[self._spot]
        served = server >= 0
        self.users = np.bincount(server[served], minlength=n).astype(np.float64)
        signal = self._signal_dbm[self._spot[served]]
        self._rsrp_sum = np.bincount(server[served], signal, minlength=n).astype(np.float64)
        if self._onboard is not None:
            spots, amount = self._onboard
            server = self._server[spots]
            served = server >= 0
            amount = amount[served]
            self.users += np.bincount(server[served], amount, minlength=n)
            heard = amount * self._signal_dbm[spots[served]]
            self._rsrp_sum += np.bincount(server[served], heard, minlength=n)

    def _transfer(self, dt_s: float) -> None:
        files = self._traffic.poisson(self.users * FILES_PER_S * dt_s)
        capacity = self._downlink_hz * self._efficiency * dt_s / 8.0
        wanted = self._queue_octets + files * FILE_OCTETS
        served = np.floor(np.minimum(wanted, capacity * (1.0 - _OVERHEAD)))
        self._queue_octets = np.minimum(wanted - served, 10.0 * capacity)
        self._queue_octets[self.users == 0.0] = 0.0
        self.dl_octets += served.astype(np.int64)
        busy = np.where(self.is_on_air(), served / np.maximum(capacity, 1.0) + _OVERHEAD, 0.0)
        share = -np.expm1(-dt_s / _SMOOTHING_S)
        self.load += share * (np.minimum(busy, 1.0) - self.load)

    def mean_rsrp_dbm(self, i: int) -> float:
        """Mean RSRP of a cell's users. [dBm].

        Users of the moment and users of the mean day count alike: it stands for the averaging
        over a report period.
        """
        n = self.users[i] + self._mean_users[i]
        if n <= 0.0:
            return NO_SIGNAL_DBM
        return float((self._rsrp_sum[i] + self._mean_sum[i]) / n)

    def power_w(self, i: int) -> float:
        """Electrical power of a cell [W]."""
        if self._failed[i]:
            return 0.0
        is_on_air = self._admin[i] != "LOCKED"
        load, tx_dbm = float(self.load[i]), float(self._true_power_dbm()[i])
        return cell_power_w(self._stations[i], self._n_trx[i], tx_dbm, load, is_on_air=is_on_air)

    def total_power_w(self) -> float:
        """Electrical power of all cells [W]."""
        return sum(self.power_w(i) for i in range(len(self._cells)))

    def working(self) -> NDArray[np.int64]:
        """Return the indices of the cells that have not failed."""
        return np.flatnonzero(~self._failed)

    def set_working(self, cell: int, *, works: bool) -> None:
        """Break or repair a cell; its users move to neighbours at once."""
        self._failed[cell] = not works
        self._rebuild(cell)

    def admin_state(self, device: str) -> str:
        """Return the administrative state of a cell."""
        return self._admin[self.index[device]]

    def paths(self, device: str) -> tuple[str, ...]:
        """Attribute paths of a cell."""
        return _TEMPLATES

    def read(self, device: str, template: str, names: Mapping[str, str], now_s: float) -> Value:
        """Read one attribute of a cell."""
        i = self.index[device]
        match template:
            case "admin_state":
                return self._admin[i]
            case "operational_state":
                is_up = self._admin[i] != "LOCKED" and not self._failed[i]
                return "ENABLED" if is_up else "DISABLED"
            case "dl_octets":
                return int(self.dl_octets[i])
            case "mean_rsrp_dbm":
                return round(self.mean_rsrp_dbm(i), 2)
            case "power_w":
                return round(self.power_w(i), 1)
        numbers = {
            "tx_power_dbm": self._tx_dbm[i],
            "tilt_deg": self._tilt_deg[i],
            "users": self.users[i],
            "prb_load_percent": 100.0 * self.load[i],
        }
        return round(float(numbers[template]), 2)

    def write(self, device: str, changes: Mapping[str, Value], now_s: float) -> None:
        """Apply checked configuration of a cell; signal and users follow at once."""
        i = self.index[device]
        self._admin[i] = str(changes.get("admin_state", self._admin[i]))
        self._tx_dbm[i] = float(changes.get("tx_power_dbm", self._tx_dbm[i]))
        if "tilt_deg" in changes:
            self._tilt_deg[i] = float(changes["tilt_deg"])
            self._fill([i])
        self._rebuild(i)
