"""Terrain and surface rasters from GeoTIFF files, brought into EPSG:25832."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from twin.model.errors import InputError
from twin.radio.terrain.raster import SurfaceRaster

__all__ = ["read_geotiff", "write_geotiff"]

EPSG = 25832
MAX_CELLS = 400_000_000


def _rasterio() -> Any:  # noqa: ANN401
    try:
        import rasterio.warp  # noqa: PLC0415
    except ImportError as err:
        raise InputError(
            "GeoTIFF needs the package rasterio", hint="pip install 'stellwerk[geo]'"
        ) from err
    return rasterio


def read_geotiff(
    path: Path,
    *,
    bounds_m: tuple[float, float, float, float] | None = None,
    step_m: float | None = None,
    fill_m: float | None = None,
) -> SurfaceRaster:
    """Read the first band of a GeoTIFF as heights.

    Parameters
    ----------
    path : Path
        The file, in any projection that GDAL knows.
    bounds_m : tuple of four floats, optional
        West, south, east and north edge of what is wanted, EPSG:25832; by default all. [m]
    step_m : float, optional
        Edge of a cell; by default that of the file. [m]
    fill_m : float, optional
        Height of cells without data; by default they are refused. [m]

    Returns
    -------
    SurfaceRaster
        Heights above the datum of the file, bilinear where it was turned into EPSG:25832.

    Raises
    ------
    InputError
        Not a GeoTIFF, no projection, too large, or cells without data and no `fill_m`.
    """
    rasterio = _rasterio()
    try:
        with rasterio.open(path, driver="GTiff") as source:
            if source.crs is None:
                raise InputError("has no projection", str(path), hint="set one with gdal_edit")
            heights, transform = _warped(rasterio, source, bounds_m, step_m, path)
    except rasterio.errors.RasterioError as err:
        raise InputError(f"is no GeoTIFF that can be read: {err}", str(path)) from err
    is_empty = ~np.isfinite(heights)
    if is_empty.any():
        if fill_m is None:
            raise InputError(
                f"{int(is_empty.sum())} cells have no height", str(path), hint="give fill_m"
            )
        heights[is_empty] = fill_m
    return SurfaceRaster(
        heights_m=np.ascontiguousarray(heights[::-1]),
        x0_m=transform.c + transform.a / 2,
        y0_m=transform.f + transform.e * (heights.shape[0] - 0.5),
        step_m=transform.a,
        source=f"GeoTIFF {path.name}",
    )


def _warped(
    rasterio: Any,  # noqa: ANN401
    source: Any,  # noqa: ANN401
    bounds_m: tuple[float, float, float, float] | None,
    step_m: float | None,
    path: Path,
) -> tuple[np.ndarray, Any]:
    """Heights from north to south and their transform, in EPSG:25832 with square cells."""
    target = f"EPSG:{EPSG}"
    if bounds_m is None:
        bounds_m = rasterio.warp.transform_bounds(source.crs, target, *source.bounds)
    if step_m is None:
        found, _, _ = rasterio.warp.calculate_default_transform(
            source.crs, target, source.width, source.height, *source.bounds
        )
        step_m = abs(found.a)
    west, south, east, north = bounds_m
    n_x, n_y = round((east - west) / step_m), round((north - south) / step_m)
    if n_x < 1 or n_y < 1 or n_x * n_y > MAX_CELLS:
        raise InputError(
            f"would be {n_x} x {n_y} cells", str(path), hint="give other bounds or step"
        )
    transform = rasterio.Affine(step_m, 0.0, west, 0.0, -step_m, north)
    heights = np.full((n_y, n_x), np.nan, np.float32)
    rasterio.warp.reproject(
        rasterio.band(source, 1),
        heights,
        dst_transform=transform,
        dst_crs=target,
        dst_nodata=np.nan,
        resampling=rasterio.warp.Resampling.bilinear,
    )
    return heights, transform


def write_geotiff(path: Path, raster: SurfaceRaster) -> None:
    """Write heights as a GeoTIFF in EPSG:25832.

    Parameters
    ----------
    path : Path
        The file; an older one is replaced.
    raster : SurfaceRaster
        What to write.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    rasterio = _rasterio()
    n_y, n_x = raster.heights_m.shape
    west = raster.x0_m - raster.step_m / 2
    north = raster.y0_m + (n_y - 0.5) * raster.step_m
    try:
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            width=n_x,
            height=n_y,
            count=1,
            dtype="float32",
            crs=f"EPSG:{EPSG}",
            transform=rasterio.Affine(raster.step_m, 0.0, west, 0.0, -raster.step_m, north),
            compress="deflate",
        ) as target:
            target.write(raster.heights_m[::-1], 1)
            target.update_tags(source=raster.source)
    except rasterio.errors.RasterioError as err:
        raise InputError(f"cannot be written: {err}", str(path)) from err
