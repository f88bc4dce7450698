"""Draws what an edit costs beside a full recompute, by the number of cells and of users."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "oracles"))

from radio_cells import X0, Y0, make_cell  # noqa: E402

from twin.radio.engine import RadioNetwork  # noqa: E402

SIDE_M = 20_000.0
N_USERS, N_CELLS = 10_000, 1000


def _network(n_cells: int, n_users: int, rng: np.random.Generator) -> RadioNetwork:
    places = np.repeat(rng.uniform(0, SIDE_M, (n_cells // 3 + 1, 2)), 3, axis=0)[:n_cells]
    made = RadioNetwork([
        make_cell(f"c{i}", site=f"s{i // 3}", x_m=X0 + x, y_m=Y0 + y, azimuth_deg=120.0 * (i % 3))
        for i, (x, y) in enumerate(places.tolist())
    ])  # fmt: skip
    x, y = rng.uniform(0, SIDE_M, (2, n_users))
    made.add_users(range(n_users), x + X0, y + Y0, operator="A")
    made.query()
    return made


def _time_ms(work: Callable[[], object], n: int) -> float:
    """Least time of n runs. [ms]."""
    spans = []
    for _ in range(n):
        start = time.perf_counter()
        work()
        spans.append(time.perf_counter() - start)
    return 1e3 * min(spans)


def _costs_ms(n_cells: int, n_users: int, rng: np.random.Generator) -> tuple[float, float, float]:
    """Time of a full recompute, of an edited cell, and of 1 % of the users moved. [ms]."""
    made = _network(n_cells, n_users, rng)

    def moved() -> None:
        who = rng.choice(n_users, max(1, n_users // 100), replace=False).tolist()
        x, y = rng.uniform(0, SIDE_M, (2, len(who)))
        made.move_users(who, x + X0, y + Y0)
        made.query()

    def edited() -> None:
        made.edit_cell(f"c{rng.integers(n_cells)}", tilt_deg=float(rng.uniform(2, 10)))
        made.query()

    return _time_ms(made.recompute, 9), _time_ms(edited, 25), _time_ms(moved, 25)


def _worst_error_db(rng: np.random.Generator, n_edits: int) -> float:
    """Difference that edits over 100 dB of power leave, a query after each. [dB]."""
    made = _network(N_CELLS, 2000, rng)
    for _ in range(n_edits):
        name = f"c{rng.integers(N_CELLS)}"
        made.edit_cell(name, tx_power_dbm=float(rng.uniform(-54, 46)))
        made.query()
    was = made.query()["nr/n78"].sinr_db
    return float(np.max(np.abs(was - made.recompute()["nr/n78"].sinr_db)))


def _draw(axes: Axes, sizes: list[int], costs: list[tuple[float, float, float]]) -> None:
    for name, values in zip(
        ("all rows", "one cell edited", "1 % of users moved"), zip(*costs, strict=True), strict=True
    ):
        axes.loglog(sizes, values, "o-", label=name)
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.grid(visible=True, alpha=0.3)


def main() -> None:
    """Measure and draw."""
    rng = np.random.default_rng(1)
    cells, users = [50, 200, 500, 1000, 2000], [300, 1000, 3000, 10_000, 30_000]
    by_cells = [_costs_ms(n, N_USERS, rng) for n in cells]
    by_users = [_costs_ms(N_CELLS, n, rng) for n in users]
    n_edits = 1000
    error_db = _worst_error_db(rng, n_edits)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
    _draw(left, cells, by_cells)
    _draw(right, users, by_users)
    left.set(xlabel="cells [1]", ylabel="edit and query, least [ms]",
             title=f"{N_USERS:,} users, 1 thread")  # fmt: skip
    right.set(xlabel="users [1]", title=f"{N_CELLS:,} cells, 1 thread")
    left.legend(loc="upper left")
    said = "no bit of SINR off" if error_db == 0 else f"SINR off by at most {error_db:.1g} dB"
    right.text(0.03, 0.97, f"{n_edits:,} edits of power over 100 dB:\n{said}", va="top",
               transform=right.transAxes, fontsize=8)  # fmt: skip
    figure.tight_layout()
    figure.savefig(ROOT / "docs" / "pictures" / "models" / "engine.png", dpi=90)
    for name, sizes, costs in (("cells", cells, by_cells), ("users", users, by_users)):
        for size, row in zip(sizes, costs, strict=True):
            print(f"{size:6} {name}: " + ", ".join(f"{value:.2f}" for value in row) + " ms")
    print(f"worst error: {error_db} dB")


if __name__ == "__main__":
    main()
