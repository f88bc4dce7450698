"""Figures of the mobile network in the terms of its field."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.sim.cellular.network import Network
from twin.sim.system import Kpi

__all__ = ["UNITS", "district_kpis", "kpis"]


UNITS = {
    "busy_hour_throughput_gbps": "Gbit/s",
    "traffic_gb": "GB",
    "traffic_lte_gb": "GB",
    "traffic_nr_gb": "GB",
    "dropped_traffic_percent": "%",
    "throttled_demand_percent": "%",
    "mean_prb_load_percent": "%",
    "p95_prb_load_percent": "%",
    "user_throughput_p5_mbps": "Mbit/s",
    "user_throughput_p50_mbps": "Mbit/s",
    "connections_started": "1",
    "handovers": "1",
    "ping_pong_percent": "%",
    "soon_return_percent": "%",
    "radio_link_failures": "1",
    "outage_link_failures": "1",
    "dropped_session_percent": "%",
    "blocked_session_percent": "%",
    "energy_kwh": "kWh",
    "sleep_share_percent": "%",
    "unserved_users_percent": "%",
    "cell_availability_percent": "%",
}
"""The figures and their units."""

_NOTES = {
    "busy_hour_throughput_gbps": "all operators, mean of the busiest hour",
    "traffic_nr_gb": "10 % prefer NR (2024); full LTE cells send more there",
    "throttled_demand_percent": "kept back by weak signals and full cells",
    "outage_link_failures": "of those, in cells that went off the air without warning",
    "mean_prb_load_percent": "on the air",
    "p95_prb_load_percent": "over cells and minutes",
    "user_throughput_p5_mbps": "while it has data",
    "user_throughput_p50_mbps": "while it has data",
}


def kpis(network: Network | None) -> dict[str, Kpi]:
    """Work out the figures since the start.

    Parameters
    ----------
    network : Network or None
        The running network; None where there are no cells.

    Returns
    -------
    dict
        Figures by name; all zero where there are no cells.
    """
    if network is None:
        return {name: Kpi(0.0, unit, "no cells") for name, unit in UNITS.items()}
    statistical = f"statistical; {network.sessions.rates.source}"
    notes = _NOTES | {
        "handovers": statistical,
        "ping_pong_percent": f"back within 1 s; {statistical}",
        "soon_return_percent": f"back within 5 s; {statistical}",
        "radio_link_failures": f"{statistical}; and outages",
    }
    values = _values(network)
    return {name: Kpi(values[name], unit, notes.get(name, "")) for name, unit in UNITS.items()}


def _values(network: Network) -> dict[str, float]:
    figures, sessions = network.figures, network.sessions
    is_nr = np.array([cell.technology == "nr" for cell in network.plant.cells])
    handovers = int(figures.handovers.sum())
    total_s = figures.total_s * figures.served.size
    offered, dropped = float(figures.offered.sum()), float(figures.dropped.sum())
    kept_back = figures.wanted_bits - figures.asked_bits
    awake_s, asleep_s = float(figures.on_air_s.sum()), float(figures.sleep_s.sum())
    return {
        "busy_hour_throughput_gbps": figures.busy_hour_bps() / 1e9,
        "traffic_gb": float(figures.served.sum()) / 1e9,
        "traffic_lte_gb": float(figures.served[~is_nr].sum()) / 1e9,
        "traffic_nr_gb": float(figures.served[is_nr].sum()) / 1e9,
        "dropped_traffic_percent": _percent(dropped, offered),
        "throttled_demand_percent": _percent(kept_back, figures.wanted_bits),
        "mean_prb_load_percent": _percent(float(figures.load_s.sum()), awake_s),
        "p95_prb_load_percent": 100.0 * figures.load(95.0),
        "user_throughput_p5_mbps": figures.rate_bps(5.0) / 1e6,
        "user_throughput_p50_mbps": figures.rate_bps(50.0) / 1e6,
        "connections_started": float(sessions.started),
        "handovers": float(handovers),
        "ping_pong_percent": _percent(figures.ping_pongs, handovers),
        "soon_return_percent": _percent(figures.soon_returns, handovers),
        "radio_link_failures": float(figures.failures),
        "outage_link_failures": float(figures.outage_failures),
        "dropped_session_percent": _percent(sessions.dropped, sessions.ended + sessions.dropped),
        "blocked_session_percent": _percent(sessions.blocked, sessions.started + sessions.blocked),
        "energy_kwh": float(figures.energy_j.sum()) / 3.6e6,
        "sleep_share_percent": _percent(asleep_s, total_s),
        "unserved_users_percent": 100.0 * figures.unserved_share(),
        "cell_availability_percent": _percent(awake_s + asleep_s, total_s),
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
