"""Rows of users over cells, and edits of single cells in the sums of all rows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DRAW_COLUMNS", "MAX_KINDS", "update"]

DRAW_COLUMNS: tuple[str, ...]
MAX_KINDS: int

def update(
    users: tuple[Any, ...],
    chosen: NDArray[np.int32],
    cells: tuple[Any, ...],
    state: tuple[Any, ...],
    *,
    mode: int = 0,
    seed: int = 0,
    sign: float = 0.0,
    floor_mw: float = 0.0,
    number: int = -1,
    redo: NDArray[np.uint8] | None = None,
    n_threads: int = 1,
) -> None: ...
