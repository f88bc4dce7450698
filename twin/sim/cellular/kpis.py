"""Figures of the mobile network in the terms of its field."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.sim.cellular.network import Network
from twin.sim.system import Kpi

__all__ = ["district_kpis", "kpis"]


def kpis(network: Network) -> dict[str, Kpi]:
    """Work out the figures since the start.

    Parameters
    ----------
    network : Network
        The running network.

    Returns
    -------
    dict
        Figures by name.
    """
    figures, sessions = network.figures, network.sessions
    is_nr = np.array([cell.technology == "nr" for cell in network.plant.cells])
    handovers = int(figures.handovers.sum())
    total_s = figures.total_s * figures.served.size
    ends = sessions.ended + sessions.dropped
    tries = sessions.started + sessions.blocked
    statistical = f"statistical; {sessions.rates.source}"
    return {
        "busy_hour_throughput_gbps": Kpi(
            figures.busy_hour_bps() / 1e9, "Gbit/s", "all operators, mean of the busiest hour"
        ),
        "traffic_gb": Kpi(float(figures.served.sum()) / 1e9, "GB"),
        "traffic_lte_gb": Kpi(float(figures.served[~is_nr].sum()) / 1e9, "GB"),
        "traffic_nr_gb": Kpi(
            float(figures.served[is_nr].sum()) / 1e9,
            "GB",
            "10 % prefer NR (2024); full LTE cells send more there",
        ),
        "dropped_traffic_percent": Kpi(
            _percent(float(figures.dropped.sum()), float(figures.offered.sum())), "%"
        ),
        "throttled_demand_percent": Kpi(
            _percent(figures.wanted_bits - figures.asked_bits, figures.wanted_bits),
            "%",
            "kept back by weak signals and full cells",
        ),
        "mean_prb_load_percent": Kpi(
            _percent(float(figures.load_s.sum()), float(figures.on_air_s.sum())), "%", "on the air"
        ),
        "p95_prb_load_percent": Kpi(100.0 * figures.load(95.0), "%", "over cells and minutes"),
        "user_throughput_p5_mbps": Kpi(figures.rate_bps(5.0) / 1e6, "Mbit/s", "while it has data"),
        "user_throughput_p50_mbps": Kpi(
            figures.rate_bps(50.0) / 1e6, "Mbit/s", "while it has data"
        ),
        "connections_started": Kpi(float(sessions.started), "1"),
        "handovers": Kpi(float(handovers), "1", "of connections, to other cells and layers"),
        "ping_pong_percent": Kpi(_percent(figures.ping_pongs, handovers), "%", statistical),
        "radio_link_failures": Kpi(float(figures.failures), "1", statistical),
        "dropped_session_percent": Kpi(_percent(sessions.dropped, ends), "%"),
        "blocked_session_percent": Kpi(_percent(sessions.blocked, tries), "%"),
        "energy_kwh": Kpi(float(figures.energy_j.sum()) / 3.6e6, "kWh"),
        "sleep_share_percent": Kpi(_percent(float(figures.sleep_s.sum()), total_s), "%"),
        "unserved_users_percent": Kpi(100.0 * figures.unserved_share(), "%"),
        "cell_availability_percent": Kpi(
            _percent(float((figures.on_air_s + figures.sleep_s).sum()), total_s), "%"
        ),
    }


def district_kpis(network: Network, district: NDArray[np.int64]) -> dict[str, dict[str, Kpi]]:
    """Work out figures of the cells in each district.

    Parameters
    ----------
    network : Network
        The running network.
    district : ndarray of shape (n_cells,)
        District of each cell by its place in `Places.districts`.

    Returns
    -------
    dict
        Figures by slug; cells outside all districts are left out.
    """
    figures = network.figures
    result = {}
    for i, slug in enumerate(network.places.districts):
        mine = district == i
        if not slug or not mine.any():
            continue
        on_air_s = float(figures.on_air_s[mine].sum())
        result[slug] = {
            "traffic_gb": Kpi(float(figures.served[mine].sum()) / 1e9, "GB"),
            "mean_prb_load_percent": Kpi(
                _percent(float(figures.load_s[mine].sum()), on_air_s), "%", "on the air"
            ),
            "handovers": Kpi(float(figures.handovers[mine].sum()), "1"),
            "dropped_sessions": Kpi(float(figures.dropped_sessions[mine].sum()), "1"),
            "energy_kwh": Kpi(float(figures.energy_j[mine].sum()) / 3.6e6, "kWh"),
        }
    return result


def _percent(part: float, whole: float) -> float:
    return 100.0 * part / whole if whole > 0.0 else 0.0
