"""W5: map of one transmitter over terrain, a profile for each receiver, sampling included."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.peers import w4
from benchmarks.peers.record import Entry, compare, version_of
from twin.radio.terrain.profile import profile_between
from twin.radio.terrain.raster import SurfaceRaster
from twin.radio.terrain.terrain_map import itm_at_points_db

EDGE_CELLS, CELL_M, STEP_M, N_OURS, N_THEIRS = 1000, 20.0, 40.0, 40_000, 25

__all__ = ["entries"]


def _hills() -> SurfaceRaster:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:EDGE_CELLS, 0:EDGE_CELLS]
    walk = np.cumsum(rng.normal(0, 0.3, x.shape), 1)
    heights = 50 + 20 * np.sin(x / 37) + 15 * np.cos(y / 51) + walk
    return SurfaceRaster(heights_m=heights.astype(np.float32), x0_m=0.0, y0_m=0.0, step_m=CELL_M,
                         source="hills made up for this benchmark")  # fmt: skip


def entries() -> Iterator[Entry]:
    """Compare the map with itmlogic over the same profiles."""
    name = version_of("itmlogic")
    if not name:
        return
    raster = _hills()
    centre = EDGE_CELLS * CELL_M / 2
    side = np.linspace(0.0, (EDGE_CELLS - 1) * CELL_M, round(N_OURS**0.5))
    x_m, y_m = (grid.ravel() for grid in np.meshgrid(side, side))
    chosen = np.random.default_rng(1).choice(x_m.size, N_THEIRS, replace=False)

    def theirs() -> list[float]:
        losses = []
        for i in chosen:
            heights, step_m = profile_between(
                raster, (centre, centre), (x_m[i], y_m[i]), step_m=STEP_M
            )
            losses.append(w4.itmlogic_db(heights, step_m))
        return losses

    for n_threads in (1, 2):

        def ours(n: int = n_threads) -> np.ndarray:
            return itm_at_points_db(
                raster, (centre, centre), x_m, y_m, tx_height_m=w4.H_TX_M, rx_height_m=w4.H_RX_M,
                freq_hz=w4.FREQ_HZ, step_m=STEP_M, n_threads=n,
            )  # fmt: skip

        # single profiles differ by up to 2 dB: itmlogic chooses the horizons by older rules
        assert np.median(np.abs(ours()[chosen] - theirs())) < 0.1
        yield compare(
            f"W5 ITM map of 20 km, {n_threads} thread{'s' * (n_threads > 1)}",
            f"{name}, profiles cut by ours",
            ours,
            theirs,
            amount=(x_m.size, N_THEIRS),
            unit="points/s",
        )
