"""Best server and SINR in plain NumPy float64, straight from the published formulas.

Nothing is shared with the kernel's tables: path loss, P(LOS) and pattern are called cell by cell.
"""

from __future__ import annotations

import numpy as np

from twin.radio.antenna import pattern as antenna
from twin.radio.link.bands import n_resource_blocks, occupied_hz
from twin.radio.tr38901 import los, pathloss

NOISE_MW_PER_HZ = 1.380649e-23 * 290.0 * 1e3 * 10.0**0.7


def rsrp_dbm(cells, x_m, y_m, height_m=1.5, reach_m=np.inf):
    """Level per resource element, [n_points, n_cells]; no cell counts as farther than the reach."""
    columns = []
    for cell in cells:
        dx, dy = x_m - cell.x_m, y_m - cell.y_m
        d = np.clip(np.hypot(dx, dy), 10.0, reach_m)
        losses = [
            pathloss.pathloss_db(
                cell.scenario, d, cell.carrier_hz, cell.height_m, height_m, is_los=is_los
            )
            for is_los in (True, False)
        ]
        p = los.los_probability(cell.scenario, d, height_m)
        gain = p * 10 ** (-losses[0] / 10) + (1 - p) * 10 ** (-losses[1] / 10)
        pattern = antenna.pattern_db(
            np.degrees(np.arctan2(dx, dy)),
            np.degrees(np.arctan2(cell.height_m - height_m, d)),
            boresight_deg=cell.azimuth_deg,
            tilt_deg=cell.tilt_deg,
            beamwidth_h_deg=cell.beamwidth_h_deg,
            beamwidth_v_deg=cell.beamwidth_v_deg,
        )
        n_re = 12 * n_resource_blocks(cell.technology, cell.bandwidth_hz, cell.scs_hz)
        power = cell.tx_power_dbm + cell.antenna_gain_dbi - 10 * np.log10(n_re)
        columns.append(power + pattern + 10 * np.log10(gain))
    return np.column_stack(columns)


def mixing(server, other):
    """Share of the other's resource elements that fall into one of the server."""
    edges = []
    for cell in (server, other):
        half = occupied_hz(cell.technology, cell.bandwidth_hz, cell.scs_hz) / 2
        edges.append((cell.carrier_hz - half, cell.carrier_hz + half))
    (low, high), (other_low, other_high) = edges
    common = max(0.0, min(high, other_high) - max(low, other_low))
    return common / (high - low) * server.scs_hz / other.scs_hz


def best_server(cells, x_m, y_m, height_m=1.5, reach_m=np.inf):
    """Level of the best server, SINR, its index; the interferers are summed without the server."""
    on = [i for i, cell in enumerate(cells) if cell.is_on]
    active = [cells[i] for i in on]
    level = rsrp_dbm(active, x_m, y_m, height_m, reach_m)
    power = 10 ** (level / 10)
    best = level.argmax(axis=1)
    weight = np.array([[mixing(s, o) * o.load for o in active] for s in active])
    np.fill_diagonal(weight, 0.0)
    noise = np.array([NOISE_MW_PER_HZ * cell.scs_hz for cell in active])
    disturbance = (power * weight[best]).sum(axis=1) + noise[best]
    rows = np.arange(len(x_m))
    signal = level[rows, best]
    return signal, signal - 10 * np.log10(disturbance), np.array(on)[best], level
