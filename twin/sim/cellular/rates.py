"""How often handovers go wrong, by the way people move: statistics for ticks of 10 s."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.model.city import Cell
from twin.sim.cellular.assumptions import assumed
from twin.sim.mobility.policy import HandoverPolicy
from twin.sim.mobility.rates import mobility_rates

__all__ = ["HandoverRates", "calibrated_rates", "site_spacing_m"]

_MODES = ("pedestrian", "car", "tram")
_N_LOADS = 21  # 0, 0.05 ... 1

_ByMode = tuple[float, float, float]
_Table = tuple[_ByMode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverRates:
    """Rates of a dynamic run with fine steps, used where a tick is 10 s.

    Parameters
    ----------
    handovers_per_km : tuple of tuple of float
        Handovers on a kilometre of one user: on foot, by car, by tram; a row for each load of the
        cells around, evenly from 0 to 1, or one row for all. [1/km]
    ping_pong, soon_return : tuple of tuple of float
        Shares of handovers that go back to the old cell within 1 s and within 5 s, in that order.
    radio_link_failure : tuple of tuple of float
        Radio-link failures per handover, in that order.
    reestablished : float
        Share of failed links whose connection goes on at another cell.
    source : str
        Where the rates come from.
    """

    handovers_per_km: _Table
    ping_pong: _Table
    soon_return: _Table
    radio_link_failure: _Table
    reestablished: float
    source: str

    def row(self, load: NDArray[np.floating]) -> NDArray[np.int64]:
        """Find the rows of the tables that are nearest to some loads."""
        last = len(self.handovers_per_km) - 1
        return np.asarray(np.rint(load * last), dtype=np.int64)


def calibrated_rates(cells: Sequence[Cell]) -> HandoverRates:
    """Take the rates of exact runs for the site spacing of a network.

    Parameters
    ----------
    cells : sequence of Cell
        The network.

    Returns
    -------
    HandoverRates
        Interpolated in `twin.sim.mobility.rates` at the assumed speeds and hysteresis, by load.
    """
    spacing_m = site_spacing_m(cells)
    policy = HandoverPolicy(
        hysteresis_db=assumed("hysteresis_db"), time_to_trigger_s=assumed("time_to_trigger_s")
    )
    found = [
        [
            mobility_rates(spacing_m, assumed(f"{mode}_kmh") / 3.6, load=load, policy=policy)
            for mode in _MODES
        ]
        for load in np.linspace(0.0, 1.0, _N_LOADS).tolist()
    ]

    def table(name: str) -> _Table:
        rows = [[float(getattr(rates, name)) for rates in row] for row in found]
        return tuple((foot, car, tram) for foot, car, tram in rows)

    return HandoverRates(
        handovers_per_km=table("handovers_per_km"),
        ping_pong=table("ping_pong_share"),
        soon_return=table("soon_return_share"),
        radio_link_failure=table("lost_links_per_handover"),
        reestablished=assumed("reestablished"),
        source=f"rates of exact runs at sites {spacing_m:.0f} m apart",
    )


def site_spacing_m(cells: Sequence[Cell]) -> float:
    """Measure how far sites of one operator stand apart.

    Parameters
    ----------
    cells : sequence of Cell
        The network; lamp heads and other micro cells do not count.

    Returns
    -------
    float
        Median distance to the nearest other site of the same operator; 600 m where there is only
        one. [m]
    """
    near: list[float] = []
    for operator in dict.fromkeys(cell.operator for cell in cells):
        places = {
            (cell.x_m, cell.y_m)
            for cell in cells
            if cell.operator == operator and cell.scenario != "UMi"
        }
        x, y = (np.array(sorted(places)).reshape(-1, 2)).T
        if x.size > 1:
            away = np.hypot(x[:, None] - x, y[:, None] - y)
            np.fill_diagonal(away, np.inf)
            near.extend(away.min(axis=1).tolist())
    return float(np.median(near)) if near else assumed("site_spacing_m")
