"""CITY: every layer of the city in the box on a 10 m raster, per operator and layer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.peers.record import Entry, compare
from twin.geo.cityfile import load_city
from twin.model.city import City
from twin.radio.coverage import each_layer
from twin.radio.grid import Grid

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "oracles"))

import sinr_oracle

STEP_M, N_SAMPLE = 10.0, 200

__all__ = ["entries"]


def _oracle(city: City, grid: Grid) -> Callable[[], object]:
    """Apply the formulas of the twin in NumPy float64 to a sample of the points."""
    rng = np.random.default_rng(5)
    rows, columns = np.nonzero(grid.mask(city.outline))
    chosen = rng.choice(len(rows), N_SAMPLE, replace=False)
    x_m = grid.x0_m + columns[chosen] * grid.step_m
    y_m = grid.y0_m + rows[chosen] * grid.step_m
    layers: dict[str, list[object]] = {}
    for cell in city.cells:
        if cell.is_on:
            layers.setdefault(cell.layer, []).append(cell)
    return lambda: [
        sinr_oracle.best_server(cells, x_m, y_m, reach_m=5000.0) for cells in layers.values()
    ]


def entries() -> Iterator[Entry]:
    """Compare the map with the same formulas in NumPy on a sample of its points."""
    city = load_city("duisburg")
    grid = Grid.over(city.outline, STEP_M)
    inside = grid.mask(city.outline)
    n_points = int(inside.sum())
    n_cells = len({cell.id for cell in city.cells if cell.is_on})
    layers = list(dict.fromkeys(cell.layer for cell in city.cells))
    for n_threads in (1, 2):
        yield compare(
            f"CITY {n_cells} cells, {n_points} points of 10 m, {n_threads} threads",
            f"NumPy float64, {N_SAMPLE} of the points",
            lambda n=n_threads: [
                None for _ in each_layer(city, grid, inside, layers=layers, n_threads=n)
            ],
            _oracle(city, grid),
            amount=(n_points * n_cells / 1e6, N_SAMPLE * n_cells / 1e6),
            unit="Mlinks/s",
        )
