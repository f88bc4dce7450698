"""Planner: where does a 5G layer serve, and what does turning one cell off cost?.

Usage: python examples/planner_map.py [--layer A/n78] [--step 50] [--out out/planner]

Prints the share of residents that are served before and after, and draws both maps.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import matplotlib as mpl
import numpy as np

from twin.geo.cityfile import load_city
from twin.radio.coverage import compute, update
from twin.radio.kpi import residents_raster

SERVED_SINR_DB = 0.0


def served_share(sinr_db: np.ndarray, residents: np.ndarray) -> float:
    """Share of residents whose place has a SINR above the limit."""
    is_served = np.nan_to_num(sinr_db, nan=-99.0) >= SERVED_SINR_DB
    return float(residents[is_served].sum() / residents.sum())


def main() -> None:
    """Compute, change one cell, compute what that touches, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--city", default="duisburg")
    parser.add_argument("--layer", default="A/n78")
    parser.add_argument("--step", type=float, default=50.0)
    parser.add_argument("--out", type=Path, default=Path("out/planner"))
    options = parser.parse_args()

    city = load_city(options.city)
    before = compute(city, step_m=options.step, layers=[options.layer])
    (layer,) = before.layers
    residents = residents_raster(city, before.grid)

    # the cell that serves most residents
    served = np.bincount(
        layer.best_cell[layer.best_cell >= 0], residents[layer.best_cell >= 0], len(layer.cells)
    )
    busiest = layer.cells[int(served.argmax())]
    cells = tuple(
        dataclasses.replace(cell, is_on=cell.is_on and cell.id != busiest) for cell in city.cells
    )
    after = update(dataclasses.replace(city, cells=cells), before, [options.layer])

    options.out.mkdir(parents=True, exist_ok=True)
    print(f"{options.layer}: predicted, outdoors at 1.5 m, mean over line of sight and none")
    for name, coverage in (("before", before), (f"without {busiest}", after)):
        share = served_share(coverage.layers[0].sinr_db, residents)
        print(f"  {name:24} {share:6.1%} of residents at {SERVED_SINR_DB:g} dB or better")
        draw(coverage.layers[0].sinr_db, coverage.grid, options.out / f"{name.split()[0]}.png")
    print(f"maps: {options.out}")


def draw(sinr_db: np.ndarray, grid: object, path: Path) -> None:
    """Draw a SINR map in UTM kilometres."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    n_y, n_x = sinr_db.shape
    west, south = grid.x0_m / 1e3, grid.y0_m / 1e3
    extent = (west, west + n_x * grid.step_m / 1e3, south, south + n_y * grid.step_m / 1e3)
    figure, axes = plt.subplots(figsize=(7, 8))
    image = axes.imshow(sinr_db, origin="lower", extent=extent, vmin=-5, vmax=25, cmap="viridis")
    axes.set_xlabel("UTM 32 east [km]")
    axes.set_ylabel("UTM 32 north [km]")
    figure.colorbar(image, label="SINR, predicted [dB]", shrink=0.7)
    figure.savefig(path, dpi=110, bbox_inches="tight")
    plt.close(figure)


if __name__ == "__main__":
    main()
