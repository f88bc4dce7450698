"""Irregular Terrain Model over many profiles, over the points of a map, and lines of sight."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["AREA_COLUMNS", "MAX_POINTS", "area", "coverage", "profiles", "sight"]

MAX_POINTS: int
AREA_COLUMNS: tuple[str, ...]

_Singles = NDArray[np.float32]
_Doubles = NDArray[np.float64]
_Bytes = NDArray[np.uint8]

def profiles(
    heights_m: _Singles | _Doubles,
    step_m: _Doubles,
    tx_m: _Doubles,
    rx_m: _Doubles,
    f_mhz: _Doubles,
    setting: Sequence[float],
    *,
    out: tuple[_Doubles, _Bytes] | None = None,
    n_threads: int = 1,
) -> tuple[_Doubles, _Bytes]: ...
def area(
    columns: _Doubles,
    setting: Sequence[float],
    *,
    out: tuple[_Doubles, _Bytes] | None = None,
    n_threads: int = 1,
) -> tuple[_Doubles, _Bytes]: ...
def coverage(
    heights_m: _Singles,
    raster: tuple[float, float, float],
    transmitter: tuple[float, float, float, float, float, float],
    x_m: _Doubles,
    y_m: _Doubles,
    setting: Sequence[float],
    *,
    out: tuple[_Doubles, _Bytes] | None = None,
    n_threads: int = 1,
) -> tuple[_Doubles, _Bytes]: ...
def sight(
    heights_m: _Singles,
    raster: tuple[float, float, float],
    sites: _Doubles,
    points: _Doubles,
    *,
    step_m: float,
    curvature_per_m: float = 0.0,
    clearance: float = 0.0,
    wavelength_m: float = 0.0,
    out: _Bytes | None = None,
    n_threads: int = 1,
) -> _Bytes: ...
