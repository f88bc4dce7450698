"""Heights of terrain, or of terrain and buildings, on a raster of square cells."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["SurfaceRaster"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceRaster:
    """Heights at the centres of square cells; row 0 is the southernmost, as in `Grid`.

    Parameters
    ----------
    heights_m : ndarray of float32, shape (n_y, n_x)
        Heights above sea level; every one finite. [m]
    x0_m, y0_m : float
        Centre of cell [0, 0], EPSG:25832. [m]
    step_m : float
        Edge of a cell. [m]
    source : str
        Where the heights come from, in words; what is assumed says so.

    Raises
    ------
    ValueError
        Not a raster of at least 2 x 2 finite float32 heights, or a step that is not positive.
    """

    heights_m: NDArray[np.float32] = field(metadata={"unit": "m"})
    x0_m: float = field(metadata={"unit": "m"})
    y0_m: float = field(metadata={"unit": "m"})
    step_m: float = field(metadata={"unit": "m"})
    source: str

    def __post_init__(self) -> None:
        """Refuse what a kernel could not sample."""
        heights = self.heights_m
        if heights.ndim != 2 or min(heights.shape) < 2 or heights.dtype != np.float32:
            raise ValueError(
                f"heights_m: {heights.dtype} {heights.shape}, must be float32 and 2 x 2 or more"
            )
        if not (self.step_m > 0 and np.isfinite([self.x0_m, self.y0_m, self.step_m]).all()):
            raise ValueError(f"step_m: {self.step_m} m from {self.x0_m}, {self.y0_m} is no raster")
        is_bad = ~np.isfinite(heights)
        if is_bad.any():
            row, col = np.argwhere(is_bad)[0]
            raise ValueError(f"heights_m[{row}, {col}]: is {heights[row, col]}, must be finite")
