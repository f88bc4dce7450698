"""Yardstick of the benchmarks: one log2 and one exp2 per link, and nothing else."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["log2_exp2"]

def log2_exp2(
    x: NDArray[np.float32],
    out: NDArray[np.float32],
    *,
    n_rounds: int = 1,
    n_threads: int = 1,
) -> None: ...
