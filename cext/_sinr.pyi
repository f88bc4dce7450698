"""Fused best server, interference and SINR of one layer, and the links of a few points."""

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "MAX_CARRIERS",
    "SECTOR_COLUMNS",
    "SITE_COLUMNS",
    "best_server",
    "links",
    "raster",
]

MAX_CARRIERS: int
SITE_COLUMNS: tuple[str, ...]
SECTOR_COLUMNS: tuple[str, ...]

_Floats = NDArray[np.float32]
_Indices = NDArray[np.int32]

def best_server(
    x_m: _Floats,
    y_m: _Floats,
    sites: _Floats,
    sectors: _Floats,
    first: _Indices,
    carrier: _Indices,
    column: _Indices,
    mixing: _Floats,
    noise_mw: _Floats,
    *,
    out: tuple[_Floats, _Floats, _Indices] | None = None,
    n_threads: int = 1,
) -> tuple[_Floats, _Floats, _Indices]: ...
def links(
    x_m: _Floats,
    y_m: _Floats,
    sites: _Floats,
    sectors: _Floats,
    first: _Indices,
    column: _Indices,
    *,
    out: _Floats | None = None,
    n_threads: int = 1,
) -> _Floats: ...
def raster(
    x0_m: float,
    y0_m: float,
    step_m: float,
    inside: NDArray[np.uint8],
    sites: _Floats,
    sectors: _Floats,
    first: _Indices,
    carrier: _Indices,
    column: _Indices,
    mixing: _Floats,
    noise_mw: _Floats,
    curves: _Floats,
    kind: _Indices,
    free_rate: _Floats,
    *,
    curve_low_db: float,
    curve_step_db: float,
    error_share: float,
    out: tuple[_Floats, _Floats, _Floats, _Indices],
    n_threads: int = 1,
) -> tuple[_Floats, _Floats, _Floats, _Indices]: ...
