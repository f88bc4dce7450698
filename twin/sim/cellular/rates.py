"""How often handovers go wrong, by the way people move: statistics for ticks of 10 s."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.model.city import Cell
from twin.sim.cellular.assumptions import assumed
from twin.sim.mobility.policy import HandoverPolicy
from twin.sim.mobility.rates import mobility_rates

__all__ = ["HandoverRates", "calibrated_rates", "site_spacing_m"]

_MODES = ("pedestrian", "car", "tram")


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverRates:
    """Rates of a dynamic run with fine steps, used where a tick is 10 s.

    Parameters
    ----------
    handovers_per_km : tuple of float
        Handovers on a kilometre of one user: on foot, by car, by tram. [1/km]
    ping_pong : tuple of float
        Share of handovers that go back to the old cell within 1 s, in the same order.
    radio_link_failure : tuple of float
        Radio-link failures per handover, in the same order.
    reestablished : float
        Share of failed links whose connection goes on at another cell.
    source : str
        Where the rates come from.
    """

    handovers_per_km: tuple[float, float, float]
    ping_pong: tuple[float, float, float]
    radio_link_failure: tuple[float, float, float]
    reestablished: float
    source: str


def calibrated_rates(cells: Sequence[Cell]) -> HandoverRates:
    """Take the rates of exact runs for the site spacing of a network.

    Parameters
    ----------
    cells : sequence of Cell
        The network.

    Returns
    -------
    HandoverRates
        Interpolated in `twin.sim.mobility.rates` at the assumed speeds, load and hysteresis.

    Notes
    -----
    The exact runs know no measurement error and no fast fading: ping-pong of real networks is more.
    """
    spacing_m = site_spacing_m(cells)
    policy = HandoverPolicy(
        hysteresis_db=assumed("hysteresis_db"), time_to_trigger_s=assumed("time_to_trigger_s")
    )
    found = [
        mobility_rates(
            spacing_m, assumed(f"{mode}_kmh") / 3.6, load=assumed("handover_load"), policy=policy
        )
        for mode in _MODES
    ]
    foot, car, tram = found
    return HandoverRates(
        handovers_per_km=(foot.handovers_per_km, car.handovers_per_km, tram.handovers_per_km),
        ping_pong=(foot.ping_pong_share, car.ping_pong_share, tram.ping_pong_share),
        radio_link_failure=(
            foot.lost_links_per_handover,
            car.lost_links_per_handover,
            tram.lost_links_per_handover,
        ),
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
