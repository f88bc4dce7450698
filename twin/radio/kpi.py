"""Figures that sum a coverage up: residents covered, SINR, throughput."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.model.city import City
from twin.model.errors import InputError
from twin.radio.coverage import CityCoverage, LayerCoverage
from twin.radio.grid import Grid

__all__ = [
    "CENSUS_STEP_M",
    "best_rsrp_dbm",
    "coverage_share",
    "mean_throughput_bps",
    "median_sinr_db",
    "residents_raster",
]

CENSUS_STEP_M = 100.0
"""Edge of a census cell. [m]"""


def residents_raster(city: City, grid: Grid) -> NDArray[np.float64]:
    """Spread the residents of the census cells over a raster.

    Parameters
    ----------
    city : City
        The city with its census.
    grid : Grid
        The raster; on a coarser one a census cell goes to the cell of its centre.

    Returns
    -------
    ndarray of shape (n_y, n_x)
        Residents per cell; the sum is that of all census cells that lie on the grid whole.
    """
    raster = np.zeros(grid.shape)
    if not city.census:
        return raster
    people = np.array([cell.residents for cell in city.census], dtype=np.float64)
    x_m = np.array([cell.x_m for cell in city.census], dtype=np.float64)
    y_m = np.array([cell.y_m for cell in city.census], dtype=np.float64)
    n = max(1, round(CENSUS_STEP_M / grid.step_m))
    shifts = ((np.arange(n) + 0.5) / n - 0.5) * CENSUS_STEP_M
    for dx in shifts:
        for dy in shifts:
            rows, columns, is_on = grid.index(x_m + dx, y_m + dy)
            np.add.at(raster, (rows[is_on], columns[is_on]), people[is_on] / n**2)
    return raster


def best_rsrp_dbm(coverage: CityCoverage, operator: str) -> NDArray[np.float32]:
    """Level of the best layer of an operator.

    Parameters
    ----------
    coverage : CityCoverage
        The coverage.
    operator : str
        The operator.

    Returns
    -------
    ndarray of shape (n_y, n_x)
        RSRP; not a number where no layer has a server. [dBm]

    Raises
    ------
    InputError
        The coverage has no layer of this operator.
    """
    layers = [layer.rsrp_dbm for layer in coverage.layers if layer.operator == operator]
    if not layers:
        names = sorted({layer.operator for layer in coverage.layers})
        raise InputError(
            f"operator {operator!r} has no layer", hint=f"choose of {', '.join(names) or 'none'}"
        )
    best = layers[0]
    for layer in layers[1:]:
        best = np.fmax(best, layer)
    return best


def coverage_share(
    coverage: CityCoverage, city: City, operator: str, threshold_dbm: float = -110.0
) -> float:
    """Share of residents who have signal outdoors on the best layer of an operator.

    Parameters
    ----------
    coverage : CityCoverage
        The coverage.
    city : City
        The city with its census; without one, area counts instead of residents.
    operator : str
        The operator.
    threshold_dbm : float
        Least level per resource element. [dBm]

    Returns
    -------
    float
        0 to 1, of the residents inside the outline.

    Raises
    ------
    InputError
        The coverage has no layer of this operator.
    """
    best = best_rsrp_dbm(coverage, operator)
    weight = residents_raster(city, coverage.grid)
    if not weight[coverage.inside].sum() > 0.0:
        weight = np.ones(coverage.grid.shape)
    covered = (best >= threshold_dbm) & coverage.inside
    return float(weight[covered].sum() / weight[coverage.inside].sum())


def median_sinr_db(layer: LayerCoverage) -> float:
    """Median over the served area of a layer.

    Parameters
    ----------
    layer : LayerCoverage
        The layer.

    Returns
    -------
    float
        Median SINR, NaN if nothing is served. [dB]
    """
    served = layer.sinr_db[np.isfinite(layer.sinr_db)]
    return float(np.median(served)) if served.size else float("nan")


def _mean_of_best(layers: Sequence[LayerCoverage], where: NDArray[np.bool_]) -> float:
    if not where.any():
        return 0.0
    best = np.max([np.nan_to_num(layer.throughput_bps, nan=0.0) for layer in layers], axis=0)
    return float(best[where].mean(dtype=np.float64))


def mean_throughput_bps(coverage: CityCoverage) -> dict[str, float]:
    """Mean over the area of the rate that one further user gets, by class.

    Parameters
    ----------
    coverage : CityCoverage
        The coverage.

    Returns
    -------
    dict
        ``lte`` and ``nr``: best layer of an operator at each point, mean over the city and the
        operators; ``wifi``: best band, mean over the points that have Wi-Fi. Classes without a
        layer are left out. [bit/s]
    """
    figures: dict[str, float] = {}
    for technology in ("lte", "nr"):
        layers = [layer for layer in coverage.layers if layer.technology == technology]
        if layers:
            figures[technology] = float(
                np.mean(
                    [
                        _mean_of_best([la for la in layers if la.operator == name], coverage.inside)
                        for name in sorted({layer.operator for layer in layers})
                    ]
                )
            )
    if coverage.wifi:
        served = np.any([layer.best_cell >= 0 for layer in coverage.wifi], axis=0)
        figures["wifi"] = _mean_of_best(coverage.wifi, served)
    return figures
