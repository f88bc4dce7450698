"""Researcher: NumPy arrays in and out, users that move, a cell that changes.

Usage: python examples/researcher_arrays.py

Nothing is stored but what each user gets; an edit costs what it touches.
"""

from __future__ import annotations

from time import perf_counter

import numpy as np

from twin.geo.cityfile import load_city
from twin.radio.engine import RadioNetwork

N_USERS = 5_000


def main() -> None:
    """Serve users of one operator, move some, tilt a cell."""
    rng = np.random.default_rng(7)
    city = load_city("duisburg")
    cells = [cell for cell in city.cells if cell.layer == "A/n78"]
    centre = np.array([[cell.x_m, cell.y_m] for cell in cells]).mean(axis=0)
    x_m, y_m = centre[:, None] + rng.uniform(-4000, 4000, (2, N_USERS))

    network = RadioNetwork(cells, los="draw", seed=7)
    network.add_users(range(N_USERS), x_m, y_m, operator="A")
    (service,) = network.query().values()
    print(f"{len(cells)} cells, {N_USERS} users, {service.layer}, line of sight by {service.los}")
    show("at first", service)

    moved = rng.choice(N_USERS, N_USERS // 100, replace=False)
    begin = perf_counter()
    network.move_users(moved.tolist(), x_m[moved] + 50.0, y_m[moved])
    (service,) = network.query().values()
    show(f"1 % moved, {(perf_counter() - begin) * 1e3:.1f} ms", service)

    busiest = service.cells[int(service.users_per_cell().argmax())]
    begin = perf_counter()
    network.edit_cell(busiest, tilt_deg=12.0)
    (service,) = network.query().values()
    show(f"{busiest} at 12 degrees, {(perf_counter() - begin) * 1e3:.1f} ms", service)


def show(words: str, service: object) -> None:
    """Print percentiles of what the users get."""
    sinr_db = np.nanpercentile(service.sinr_db, [5, 50, 95])
    rate_bps = np.percentile(service.throughput_bps, [5, 50, 95]) / 1e6
    print(f"  {words}")
    print(f"    SINR p5/p50/p95 {sinr_db[0]:6.1f} {sinr_db[1]:6.1f} {sinr_db[2]:6.1f} dB")
    print(f"    rate p5/p50/p95 {rate_bps[0]:6.0f} {rate_bps[1]:6.0f} {rate_bps[2]:6.0f} Mbit/s")


if __name__ == "__main__":
    main()
