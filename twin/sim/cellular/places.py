"""Where people with phones are: homes by census, and points for those under way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.geo.rings import district_slugs
from twin.model.city import Cell, City
from twin.sim.cellular.assumptions import assumed

__all__ = ["KINDS", "Places", "make_places"]

KINDS = ("residential", "office", "entertainment", "transport")
"""Kinds of district by the shape of their day (Xu et al. 2017)."""

_RESIDENTIAL, _OFFICE, _ENTERTAINMENT, _TRANSPORT = range(4)

STEP_M = 50.0
COARSE_M = 200.0
_CENSUS_M = 100.0
_SMALL_SPLIT = 5  # points 20 m apart
_SMALL_REACH_M = 150.0  # a lamp-head cell wins within some 60 m, a census cell is 71 m to a corner
_STOP_REACH_M = 75.0
_RAIL = frozenset({"tram", "subway", "rail"})

_Floats = NDArray[np.float64]
_Indices = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Points at which the radio engine is asked.

    Parameters
    ----------
    x_m, y_m : ndarray of shape (n,)
        Points. [m]
    residents : ndarray of shape (n,)
        People who live there; zero at points only for those under way.
    kind : ndarray of int8
        Index into `KINDS`.
    district : ndarray of int16
        Index into `districts`.
    districts : tuple of str
        Slugs; the last is "" for places outside all districts.
    x0_m, y0_m : float
        Corner of the raster that finds the place of a point. [m]
    raster : ndarray of int32, shape (n_y, n_x)
        Place of each square of 50 m.
    """

    x_m: _Floats
    y_m: _Floats
    residents: _Floats
    kind: NDArray[np.int8]
    district: NDArray[np.int16]
    districts: tuple[str, ...]
    x0_m: float
    y0_m: float
    raster: _Indices

    def at(self, x_m: _Floats, y_m: _Floats) -> _Indices:
        """Find the place of each point; points outside the raster count at its edge."""
        n_y, n_x = self.raster.shape
        column = np.clip(((x_m - self.x0_m) * (1.0 / STEP_M)).astype(np.int32), 0, n_x - 1)
        row = np.clip(((y_m - self.y0_m) * (1.0 / STEP_M)).astype(np.int32), 0, n_y - 1)
        found: _Indices = self.raster[row, column]
        return found

    def is_covered(self, x_m: _Floats, y_m: _Floats) -> NDArray[np.bool_]:
        """Say which points lie on the raster."""
        n_y, n_x = self.raster.shape
        column, row = (x_m - self.x0_m) / STEP_M, (y_m - self.y0_m) / STEP_M
        found: NDArray[np.bool_] = (column >= 0.0) & (column < n_x) & (row >= 0.0) & (row < n_y)
        return found


def make_places(city: City, near: Sequence[Cell] | None) -> Places:
    """Collect the places of a city, or those within reach of some cells.

    Parameters
    ----------
    city : City
        City with a census.
    near : sequence of Cell or None
        Cells whose surroundings are kept; None keeps all.

    Returns
    -------
    Places
        Quarters of census cells, 50 m apart; within 150 m of small cells 25 points a census cell,
        else whether such a cell has users is a matter of where the raster lies. Points 200 m apart
        fill what nobody lives in.
    """
    x, y, residents = _census(city, near)
    small = [cell for cell in near or city.cells if cell.scenario == "UMi"]
    x, y, residents = _spread(x, y, residents, small)
    sites = city.cells if near is None else near
    x_all = np.concatenate([x, [cell.x_m for cell in sites]])
    y_all = np.concatenate([y, [cell.y_m for cell in sites]])
    if not x_all.size:
        x_all = y_all = np.zeros(1)
    x0_m, y0_m = float(x_all.min()) - 4 * STEP_M, float(y_all.min()) - 4 * STEP_M
    shape = (
        int((y_all.max() - y0_m) / STEP_M) + 5,
        int((x_all.max() - x0_m) / STEP_M) + 5,
    )
    raster, more_x, more_y = _raster(x, y, x0_m, y0_m, shape)
    x, y = np.concatenate([x, more_x]), np.concatenate([y, more_y])
    slugs = district_slugs(city.districts, x, y) if city.districts else ("",) * x.size
    names = tuple(sorted({d.slug for d in city.districts if d.level == "district"}))
    index = {slug: i for i, slug in enumerate((*names, ""))}
    return Places(
        x_m=x,
        y_m=y,
        residents=np.concatenate([residents, np.zeros(more_x.size)]),
        kind=_kinds(city, x, y),
        district=np.array([index.get(slug, len(names)) for slug in slugs], dtype=np.int16),
        districts=(*names, ""),
        x0_m=x0_m,
        y0_m=y0_m,
        raster=raster,
    )


def _census(city: City, near: Sequence[Cell] | None) -> tuple[_Floats, _Floats, _Floats]:
    cells = [cell for cell in city.census if cell.residents > 0.0]
    x = np.array([cell.x_m for cell in cells])
    y = np.array([cell.y_m for cell in cells])
    residents = np.array([cell.residents for cell in cells])
    if near is None:
        return x, y, residents
    keep = np.zeros(x.size, dtype=bool)
    for site_x, site_y in dict.fromkeys((cell.x_m, cell.y_m) for cell in near):
        keep |= (x - site_x) ** 2 + (y - site_y) ** 2 <= assumed("reach_m") ** 2
    return x[keep], y[keep], residents[keep]


def _spread(
    x: _Floats, y: _Floats, residents: _Floats, small: Sequence[Cell]
) -> tuple[_Floats, _Floats, _Floats]:
    """Split the census cells into points."""
    near = np.zeros(x.size, dtype=bool)
    for site_x, site_y in dict.fromkeys((cell.x_m, cell.y_m) for cell in small):
        near |= (x - site_x) ** 2 + (y - site_y) ** 2 <= _SMALL_REACH_M**2
    parts = []
    for chosen, split in ((~near, 2), (near, _SMALL_SPLIT)):
        steps = (np.arange(split) - (split - 1) / 2.0) * _CENSUS_M / split
        dx, dy = (offset.ravel() for offset in np.meshgrid(steps, steps))
        parts.append(
            (
                (x[chosen][:, None] + dx).ravel(),
                (y[chosen][:, None] + dy).ravel(),
                np.repeat(residents[chosen] / dx.size, dx.size),
            )
        )
    a, b = parts
    return (
        np.concatenate([a[0], b[0]]),
        np.concatenate([a[1], b[1]]),
        np.concatenate([a[2], b[2]]),
    )


def _raster(
    x: _Floats, y: _Floats, x0_m: float, y0_m: float, shape: tuple[int, int]
) -> tuple[_Indices, _Floats, _Floats]:
    """Give each square its place; squares far from homes share points 200 m apart."""
    raster = np.full(shape, -1, dtype=np.int32)
    order = np.arange(x.size - 1, -1, -1)  # backwards, so that the first place of a square stays
    rows, columns = ((y - y0_m) / STEP_M).astype(int), ((x - x0_m) / STEP_M).astype(int)
    raster[rows[order], columns[order]] = order
    for _ in range(2):
        for axis, shift in ((0, 1), (0, -1), (1, 1), (1, -1)):
            moved = np.roll(raster, shift, axis)
            edge = 0 if shift == 1 else -1
            moved[(edge, slice(None)) if axis == 0 else (slice(None), edge)] = -1
            raster = np.where(raster < 0, moved, raster)
    block = round(COARSE_M / STEP_M)
    free_row, free_column = np.nonzero(raster < 0)
    n_blocks = shape[1] // block + 1
    keys = free_row // block * n_blocks + free_column // block
    unique, inverse = np.unique(keys, return_inverse=True)
    raster[free_row, free_column] = x.size + inverse.ravel()
    more_x = x0_m + (unique % n_blocks + 0.5) * COARSE_M
    more_y = y0_m + (unique // n_blocks + 0.5) * COARSE_M
    return raster, more_x, more_y


def _kinds(city: City, x: _Floats, y: _Floats) -> NDArray[np.int8]:
    """Sort places into kinds of district.

    Notes
    -----
    Without a land-use map: within 75 m of a stop of tram, subway or rail it is transport; within
    1 km of the middle of the densest group of such stops entertainment; where a third of the
    buildings of a square of 200 m is neither a house nor flats, office. An assumption.
    """
    kind = np.full(x.size, _RESIDENTIAL, dtype=np.int8)
    squares = _busy_squares(city)
    if squares:
        keys = np.floor(x / COARSE_M) * 1e6 + np.floor(y / COARSE_M)
        kind[np.isin(keys, np.array(sorted(squares)))] = _OFFICE
    stops = [stop for stop in city.stops if _RAIL.intersection(stop.modes)]
    if stops:
        sx, sy = np.array([s.x_m for s in stops]), np.array([s.y_m for s in stops])
        near = (np.hypot(sx[:, None] - sx, sy[:, None] - sy) <= 1000.0).sum(axis=1)
        middle = int(np.argmax(near))
        centre = np.hypot(x - sx[middle], y - sy[middle]) <= assumed("centre_m")
        if len(stops) > 20:  # a town of few stops has no centre of its own
            kind[centre] = _ENTERTAINMENT
        for stop_x, stop_y in zip(sx, sy, strict=True):
            kind[(x - stop_x) ** 2 + (y - stop_y) ** 2 <= _STOP_REACH_M**2] = _TRANSPORT
    return kind


def _busy_squares(city: City) -> set[float]:
    if not city.buildings:
        return set()
    x = np.array([building.x_m for building in city.buildings])
    y = np.array([building.y_m for building in city.buildings])
    is_other = np.array([building.kind == "other" for building in city.buildings])
    keys = np.floor(x / COARSE_M) * 1e6 + np.floor(y / COARSE_M)
    unique, inverse = np.unique(keys, return_inverse=True)
    share = np.bincount(inverse, is_other) / np.bincount(inverse)
    return set(unique[share > 1.0 / 3.0].tolist())
