"""Draws what an edit costs beside a full recompute, and the error that edits leave."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "oracles"))

from radio_cells import X0, Y0, make_cell  # noqa: E402

from twin.radio.engine import RadioNetwork  # noqa: E402

N_CELLS, SIDE_M = 1000, 20_000.0


def _network(n_users: int, rng: np.random.Generator) -> RadioNetwork:
    places = np.repeat(rng.uniform(0, SIDE_M, (N_CELLS // 3 + 1, 2)), 3, axis=0)[:N_CELLS]
    made = RadioNetwork([
        make_cell(f"c{i}", site=f"s{i // 3}", x_m=X0 + x, y_m=Y0 + y, azimuth_deg=120.0 * (i % 3))
        for i, (x, y) in enumerate(places.tolist())
    ])  # fmt: skip
    x, y = rng.uniform(0, SIDE_M, (2, n_users))
    made.add_users(range(n_users), x + X0, y + Y0, operator="A")
    made.query()
    return made


def _time_ms(work: Callable[[], object], n: int = 9) -> float:
    spans = []
    for _ in range(n):
        start = time.perf_counter()
        work()
        spans.append(time.perf_counter() - start)
    return 1e3 * float(np.median(spans))


def main() -> None:
    """Measure and draw."""
    rng = np.random.default_rng(1)
    sizes = [300, 1000, 3000, 10_000, 30_000]
    move, edit, full = [], [], []
    for n in sizes:
        made = _network(n, rng)

        def moved(made: RadioNetwork = made, n: int = n) -> None:
            who = rng.choice(n, max(1, n // 100), replace=False).tolist()
            x, y = rng.uniform(0, SIDE_M, (2, len(who)))
            made.move_users(who, x + X0, y + Y0)
            made.query()

        def edited(made: RadioNetwork = made) -> None:
            made.edit_cell(f"c{rng.integers(N_CELLS)}", tilt_deg=float(rng.uniform(2, 10)))
            made.query()

        move.append(_time_ms(moved))
        edit.append(_time_ms(edited))
        full.append(_time_ms(made.recompute, 3))
    made, worst, counts = _network(2000, rng), [], [1, 3, 10, 30, 100, 300, 1000]
    done = 0
    for count in counts:
        while done < count:
            name = f"c{rng.integers(N_CELLS)}"
            made.edit_cell(name, tx_power_dbm=float(rng.uniform(-54, 46)))
            made.query()
            done += 1
        was = made.query()["nr/n78"].sinr_db
        worst.append(float(np.max(np.abs(was - made.recompute()["nr/n78"].sinr_db))))
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
    for name, values in (("all rows", full), ("one cell edited", edit), ("1 % moved", move)):
        left.loglog(sizes, values, "o-", label=name)
    left.set(xlabel="users [1]", ylabel="requery [ms]", title=f"{N_CELLS} cells, one thread")
    left.legend()
    right.semilogx(counts, np.array(worst) * 1e6, "o-")
    right.set(xlabel="edits of power over 100 dB [1]", ylabel="worst SINR error [µdB]",
              title="against all rows computed anew")  # fmt: skip
    for axes in (left, right):
        axes.grid(visible=True, alpha=0.3)
    figure.tight_layout()
    figure.savefig(ROOT / "docs" / "pictures" / "models" / "engine.png", dpi=90)


if __name__ == "__main__":
    main()
