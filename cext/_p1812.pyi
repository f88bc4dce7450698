"""ITU-R P.1812 over many profiles at once, handed over as one array."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["LINK_COLUMNS", "MIN_POINTS", "loss"]

LINK_COLUMNS: tuple[str, ...]
MIN_POINTS: int

def loss(
    distance_m: NDArray[np.float64],
    ground_m: NDArray[np.float64],
    links: NDArray[np.float64],
    *,
    clutter_m: NDArray[np.float64] | None = None,
    zone: NDArray[np.uint8] | None = None,
    out: NDArray[np.float64] | None = None,
    n_threads: int = 1,
) -> NDArray[np.float64]: ...
