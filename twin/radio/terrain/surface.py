"""Surface rasters, terrain plus buildings: from census buildings, LoD2 footprints or GeoTIFF."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.model.city import Building
from twin.radio.grid import Grid
from twin.radio.terrain.lod2 import Footprint
from twin.radio.terrain.raster import SurfaceRaster

__all__ = ["FOOTPRINT_M2", "flat_ground", "surface_from_census", "surface_from_footprints"]

FOOTPRINT_M2 = {"one_family": 100.0, "two_family": 120.0, "flats": 250.0, "other": 150.0}
"""Ground plan of a census building by its kind, assumed: the census does not give it. [m2]"""


def flat_ground(grid: Grid, height_m: float = 0.0) -> SurfaceRaster:
    """Make a terrain without relief.

    Parameters
    ----------
    grid : Grid
        The raster.
    height_m : float
        Height above sea level. [m]  Duisburg lies at 20 to 80 m, its built-up part is almost flat.

    Returns
    -------
    SurfaceRaster
        The terrain.
    """
    return SurfaceRaster(
        heights_m=np.full(grid.shape, height_m, np.float32),
        x0_m=grid.x0_m,
        y0_m=grid.y0_m,
        step_m=grid.step_m,
        source=f"flat ground at {height_m:g} m, assumed",
    )


def surface_from_census(buildings: Sequence[Building], ground: SurfaceRaster) -> SurfaceRaster:
    """Set the buildings of a census on a terrain.

    Parameters
    ----------
    buildings : sequence of Building
        Places, kinds and heights; synthetic where the census counts buildings by cell only.
    ground : SurfaceRaster
        Terrain; gives the raster too.

    Returns
    -------
    SurfaceRaster
        A cell has the height of the tallest building whose square ground plan covers its centre; a
        building smaller than a cell raises the cell it stands in, so that none is lost.
    """
    kinds = sorted(FOOTPRINT_M2)
    half_m = np.array([FOOTPRINT_M2[kind] ** 0.5 / 2 for kind in kinds])
    i_kind = np.array([kinds.index(b.kind) if b.kind in kinds else -1 for b in buildings], int)
    x = np.array([b.x_m for b in buildings], float)
    y = np.array([b.y_m for b in buildings], float)
    top = np.array([b.height_m for b in buildings], np.float32)
    over = np.zeros_like(ground.heights_m)
    reach = int(np.ceil(half_m.max() / ground.step_m))
    col = np.rint((x - ground.x0_m) / ground.step_m).astype(int)
    row = np.rint((y - ground.y0_m) / ground.step_m).astype(int)
    half = half_m[i_kind]
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            i, j = row + dy, col + dx
            off_x = np.abs(ground.x0_m + j * ground.step_m - x)
            off_y = np.abs(ground.y0_m + i * ground.step_m - y)
            covered = ((off_x <= half) & (off_y <= half)) | ((dx == 0) & (dy == 0))
            covered &= (i >= 0) & (i < over.shape[0]) & (j >= 0) & (j < over.shape[1])
            np.maximum.at(over, (i[covered], j[covered]), top[covered])
    return _on(ground, over, f"{len(buildings)} census buildings")


def surface_from_footprints(
    footprints: Sequence[Footprint], ground: SurfaceRaster, *, own_ground: bool = True
) -> SurfaceRaster:
    """Set buildings with real ground plans on a terrain.

    Parameters
    ----------
    footprints : sequence of Footprint
        Buildings of an LoD2 model.
    ground : SurfaceRaster
        Terrain; gives the raster too.
    own_ground : bool
        Whether a roof lies at the building's own ground plus its height, above sea level, or at the
        height above the terrain raster.

    Returns
    -------
    SurfaceRaster
        Cells whose centre lies in a building have the height of its roof.
    """
    heights = ground.heights_m.copy()
    for building in footprints:
        window = _window(building, ground)
        if window is None:
            continue
        rows, cols = window
        x = ground.x0_m + np.arange(cols.start, cols.stop) * ground.step_m
        y = ground.y0_m + np.arange(rows.start, rows.stop) * ground.step_m
        inside = shapely.contains_xy(building.outline, *np.meshgrid(x, y))
        below = building.ground_m if own_ground else ground.heights_m[rows, cols]
        roof = np.where(inside, below + building.height_m, -np.inf)
        heights[rows, cols] = np.maximum(heights[rows, cols], roof)
    return SurfaceRaster(
        heights_m=heights,
        x0_m=ground.x0_m,
        y0_m=ground.y0_m,
        step_m=ground.step_m,
        source=f"{ground.source}; {len(footprints)} LoD2 buildings",
    )


def _window(building: Footprint, ground: SurfaceRaster) -> tuple[slice, slice] | None:
    """Rows and columns whose centres may lie in a building; None outside the raster."""
    low_x, low_y, high_x, high_y = shapely.bounds(building.outline)
    n_y, n_x = ground.heights_m.shape
    cols = _range(low_x - ground.x0_m, high_x - ground.x0_m, ground.step_m, n_x)
    rows = _range(low_y - ground.y0_m, high_y - ground.y0_m, ground.step_m, n_y)
    return None if cols is None or rows is None else (rows, cols)


def _range(low_m: float, high_m: float, step_m: float, n: int) -> slice | None:
    first, last = int(np.ceil(low_m / step_m)), int(np.floor(high_m / step_m))
    first, last = max(first, 0), min(last, n - 1)
    return slice(first, last + 1) if first <= last else None


def _on(ground: SurfaceRaster, over_m: NDArray[np.float32], words: str) -> SurfaceRaster:
    return SurfaceRaster(
        heights_m=ground.heights_m + over_m,
        x0_m=ground.x0_m,
        y0_m=ground.y0_m,
        step_m=ground.step_m,
        source=f"{ground.source}; {words}",
    )
