"""What a change of cells does to each district and each school: rows of the predicted effect."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from controllers.ports import EffectRow
from twin.model.city import City, District, School
from twin.radio.coverage import CityCoverage
from twin.radio.grid import Grid
from twin.radio.kpi import best_rsrp_dbm, residents_raster

__all__ = ["MOST_ROWS", "place_rows"]

MOST_ROWS = 8
"""Rows of each kind: the largest changes; the smaller ones would only hide them."""
_COVERED_DBM = -110.0
_MBIT = 1e-6
_LEAST_CHANGE: Mapping[str, float] = {"dBm": 0.1, "Mbit/s": 0.1, "share of residents": 0.001}

_Both = tuple[CityCoverage, CityCoverage]


def place_rows(city: City, both: _Both, operators: Sequence[str]) -> tuple[EffectRow, ...]:
    """Compare districts and schools before and after a change of cells.

    Parameters
    ----------
    city : City
        The city.
    both : tuple of CityCoverage
        Coverage before and after.
    operators : sequence of str
        Operators whose cells change.

    Returns
    -------
    tuple of EffectRow
        Coverage share and mean throughput of districts, level and throughput at schools; of each
        the largest changes.
    """
    rows: list[EffectRow] = []
    grid = both[0].grid
    residents = np.where(both[0].inside, residents_raster(city, grid), 0.0)
    masks = [(district, _mask(district, grid)) for district in city.districts]
    for operator in operators:
        levels = [best_rsrp_dbm(side, operator) for side in both]
        rates = [_best_rate_bps(side, operator) for side in both]
        rows += _largest(_district_rows(masks, residents, operator, levels, rates))
        rows += _largest(_school_rows(city.schools, grid, operator, levels, rates))
    return tuple(rows)


def _best_rate_bps(coverage: CityCoverage, operator: str) -> NDArray[np.float64]:
    layers = [layer for layer in coverage.layers if layer.operator == operator]
    best = np.zeros(coverage.grid.shape)
    for layer in layers:
        best = np.fmax(best, layer.throughput_bps)
    return best


def _mask(district: District, grid: Grid) -> NDArray[np.bool_]:
    """Find the cells of the raster in a district; its rings count by the even-odd rule."""
    x_m, y_m = grid.centres()
    mask = np.zeros(grid.shape, dtype=np.bool_)
    for ring in district.rings:
        area = shapely.Polygon(ring)
        west, south, east, north = area.bounds
        columns = np.flatnonzero((x_m >= west) & (x_m <= east))
        lines = np.flatnonzero((y_m >= south) & (y_m <= north))
        if columns.size and lines.size:
            shapely.prepare(area)
            xx, yy = np.meshgrid(x_m[columns], y_m[lines])
            mask[np.ix_(lines, columns)] ^= shapely.contains_xy(area, xx, yy)
    return mask


def _district_rows(
    masks: Sequence[tuple[District, NDArray[np.bool_]]],
    residents: NDArray[np.float64],
    operator: str,
    levels: Sequence[NDArray[np.float32]],
    rates: Sequence[NDArray[np.float64]],
) -> list[EffectRow]:
    rows = []
    for district, mask in masks:
        weights = residents[mask]
        total = weights.sum()
        if not total:
            continue
        scope = f"operator {operator}, district {district.slug}"
        shares = [float(weights[side[mask] >= _COVERED_DBM].sum() / total) for side in levels]
        means = [float((side[mask] * weights).sum() / total) * _MBIT for side in rates]
        name = f"coverage share (RSRP >= {_COVERED_DBM:.0f} dBm outdoors, best layer)"
        rows.append(_row(name, scope, "share of residents", shares))
        rows.append(_row("mean throughput of the best layer", scope, "Mbit/s", means))
    return rows


def _school_rows(
    schools: Sequence[School],
    grid: Grid,
    operator: str,
    levels: Sequence[NDArray[np.float32]],
    rates: Sequence[NDArray[np.float64]],
) -> list[EffectRow]:
    if not schools:
        return []
    x_m = np.array([school.x_m for school in schools])
    y_m = np.array([school.y_m for school in schools])
    lines, columns, is_on = grid.index(x_m, y_m)
    rows = []
    for school, line, column, is_here in zip(schools, lines, columns, is_on, strict=True):
        if not is_here:
            continue
        scope = f"operator {operator}, school {school.name}"
        dbm = [float(side[line, column]) for side in levels]
        mbit = [float(side[line, column]) * _MBIT for side in rates]
        rows.append(_row("RSRP outdoors, best layer", scope, "dBm", dbm))
        rows.append(_row("throughput outdoors, best layer", scope, "Mbit/s", mbit))
    return rows


def _row(name: str, scope: str, unit: str, pair: Sequence[float]) -> EffectRow:
    return EffectRow(name=name, scope=scope, unit=unit, before=pair[0], after=pair[1])


def _largest(rows: Sequence[EffectRow]) -> list[EffectRow]:
    """Keep the largest changes of each figure, in the order they came."""
    kept: list[EffectRow] = []
    for name in dict.fromkeys(row.name for row in rows):
        moved = [row for row in rows if row.name == name and _change(row) > _LEAST_CHANGE[row.unit]]
        kept += sorted(moved, key=_change, reverse=True)[:MOST_ROWS]
    return kept


def _change(row: EffectRow) -> float:
    """Size of a change; where service comes or goes there is no number, and nothing is larger."""
    if math.isnan(row.before) or math.isnan(row.after):
        return 0.0 if math.isnan(row.before) and math.isnan(row.after) else math.inf
    return abs(row.after - row.before)
