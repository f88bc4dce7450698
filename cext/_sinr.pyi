"""Fused best server, interference and SINR of one layer, and the links of a few points."""

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "MAX_CARRIERS",
    "SECTOR_COLUMNS",
    "SITE_COLUMNS",
    "best_server",
    "links",
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
