"""The way back from vehicles: what routers ask of the cells, get, hold, and pass on to the air."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from twin.sim.system import Context
from twin.sim.transit_wifi.assumptions import figure
from twin.sim.transit_wifi.vehicles import ABOVE, BETWEEN, STATION, Vehicles

__all__ = ["Backhaul", "CellularNetwork", "RouterCells"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]


@runtime_checkable
class RouterCells(Protocol):
    """Where routers ask the simulated cells for data."""

    def offer(
        self,
        at_m: tuple[_Floats, _Floats],
        wanted_bps: _Floats,
        sims: Sequence[str],
        knows_nr: _Bools,
    ) -> tuple[_Floats, _Bools]:
        """Ask for the coming step; return the most each could have, and who uses such cells."""
        ...

    def collect(self) -> _Ints:
        """Octets the cells gave each router since the last call."""
        ...


@runtime_checkable
class CellularNetwork(Protocol):
    """What the simulated cells are to vehicles."""

    @property
    def routers(self) -> RouterCells | None:
        """Where routers ask for data; None where no cells are simulated."""
        ...

    def carry(self, x_m: _Floats, y_m: _Floats, passengers: _Floats) -> None:
        """Put passengers where their vehicles are."""
        ...


class Backhaul:
    """Routers of vehicles, two SIMs each, and the bits they hold.

    Parameters
    ----------
    context : Context
        Of the run.
    vehicles : Vehicles
        Where they are.

    Attributes
    ----------
    rate_bps : ndarray of shape (n_vehicles,)
        Most each router could have now. [bit/s]
    knows_nr : ndarray of bool, shape (n_vehicles,)
        Vehicles whose router knows 5G; all others LTE alone.
    tunnel_repeaters : bool
        Tunnel stations are covered by repeaters of the cells above.
    cells_bits, other_bits : float
        What came over simulated cells, and over lines nobody simulates.
    passed_bits, discarded_bits : float
        What went on over the air on board, and what nobody was there for any more.
    asked_bits : float
        What routers asked for, step by step; what they did not get they ask for again.

    Notes
    -----
    All that came is passed on, waits in a router, or is discarded.
    """

    def __init__(self, context: Context, vehicles: Vehicles) -> None:
        self._context, self._vehicles = context, vehicles
        n = len(vehicles.ids)
        self._sims = tuple(sorted({cell.operator for cell in context.city.cells})[:2])
        self.knows_nr = np.arange(n) < round(figure("nr_router_share") * n)
        self.tunnel_repeaters = True
        self.rate_bps, self._other_bps, self._held_bits = np.zeros(n), np.zeros(n), np.zeros(n)
        self._asked_bps = self.cells_bits = self.other_bits = self.asked_bits = 0.0
        self.passed_bits = self.discarded_bits = 0.0

    def arrive(self, dt_s: float) -> _Floats:
        """Take in what came in the step of this length [s]; return what can be passed on. [bit]."""
        cells = self._cells()
        if cells is not None and cells.routers is not None:
            octets = cells.routers.collect()
            self._held_bits += 8.0 * octets
            self.cells_bits += 8.0 * float(octets.sum())
        self._held_bits += self._other_bps * dt_s
        self.other_bits += dt_s * float(self._other_bps.sum())
        self.asked_bits += dt_s * self._asked_bps
        return self._held_bits

    def pass_on(self, used_bits: _Floats) -> None:
        """Book what the air on board has carried for each vehicle. [bit]."""
        self._held_bits = np.maximum(self._held_bits - used_bits, 0.0)
        self.passed_bits += float(used_bits.sum())

    def ask(self, needed_bits: _Floats, now_s: float, dt_s: float) -> None:
        """Ask for what the passengers of each vehicle need in the coming step.

        Parameters
        ----------
        needed_bits : ndarray of shape (n_vehicles,)
            What they want and what waits for them. [bit]
        now_s, dt_s : float
            Now and the length of the coming step. [s]
        """
        held = np.minimum(self._held_bits, needed_bits)
        self.discarded_bits += float((self._held_bits - held).sum())
        self._held_bits = held
        at_m = self._vehicles.positions(now_s)
        below = self._vehicles.tunnels(now_s)
        most_bps = np.full(held.size, figure("router_bps"))
        most_bps[below == STATION] = figure("repeater_bps") if self.tunnel_repeaters else 0.0
        most_bps[below == BETWEEN] = 0.0
        wanted_bps = np.minimum((needed_bits - held) / dt_s, most_bps)
        rate_bps, is_served = self._offer(at_m, wanted_bps)
        self.rate_bps = np.minimum(rate_bps, most_bps)
        self._other_bps = np.where(is_served, 0.0, np.minimum(wanted_bps, self.rate_bps))
        self._asked_bps = float(wanted_bps.sum())

    def _offer(self, at_m: tuple[_Floats, _Floats], wanted_bps: _Floats) -> tuple[_Floats, _Bools]:
        cells, n = self._cells(), wanted_bps.size
        if cells is None or cells.routers is None:
            return np.full(n, figure("backhaul_bps")), np.zeros(n, dtype=bool)
        return cells.routers.offer(at_m, wanted_bps, self._sims, self.knows_nr)

    def tell_passengers(self, now_s: float) -> None:
        """Let the phones of passengers above ground be where their vehicles are."""
        cells = self._cells()
        if cells is not None:
            vehicles = self._vehicles
            x, y = vehicles.positions(now_s)
            seen = vehicles.is_running & (vehicles.tunnels(now_s) == ABOVE)
            cells.carry(x[seen], y[seen], vehicles.passengers[seen].astype(np.float64))

    def _cells(self) -> CellularNetwork | None:
        found = self._context.systems.get("cellular")
        return found if isinstance(found, CellularNetwork) else None

    def check(self) -> None:
        """Raise `AssertionError` if a bit was lost on its way through a router."""
        came = self.cells_bits + self.other_bits
        went = self.passed_bits + self.discarded_bits + float(self._held_bits.sum())
        if abs(came - went) > 1e-6 * max(came, 1.0):
            raise AssertionError(f"routers: {came} bits came, {went} are accounted for")
