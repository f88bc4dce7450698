"""Draws the picture of the page on the Irregular Terrain Model: a profile and the loss along it."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from twin.radio.terrain.itm import itm_p2p_db
from twin.radio.terrain.raster import SurfaceRaster
from twin.radio.terrain.terrain_map import itm_map_db

PICTURE = Path(__file__).parents[2] / "docs/pictures/models/itm.png"


def main() -> None:
    """Write the picture."""
    x = np.arange(0.0, 20_001.0, 50.0)
    heights = 60 + 25 * np.sin(x / 1700) + 70 * np.exp(-(((x - 9000) / 900) ** 2))
    figure, (top, middle, right) = plt.subplots(1, 3, figsize=(13, 3.8), constrained_layout=True)
    top.fill_between(x / 1e3, heights, color="0.75")
    top.plot([0], [heights[0] + 30], "k^")
    top.set(xlabel="distance [km]", ylabel="height [m]", title="Profile, antenna 30 m above ground")
    ends = np.arange(20, x.size)
    for mhz in (450, 800, 3500):
        loss = [float(itm_p2p_db(heights[: n + 1], 50.0, 30.0, 1.5, mhz * 1e6)) for n in ends]
        middle.plot(x[ends] / 1e3, loss, label=f"{mhz} MHz")
    free = 32.45 + 20 * np.log10(800) + 20 * np.log10(x[ends] / 1e3)
    middle.plot(x[ends] / 1e3, free, "k:", label="800 MHz, free space")
    middle.set(xlabel="distance [km]", ylabel="loss [dB]", title="Loss to a receiver at 1.5 m")
    middle.invert_yaxis()
    middle.legend(fontsize=8)
    y, u = np.mgrid[0:300, 0:300] * 40.0
    hills = 60 + 30 * np.sin(u / 900) * np.cos(y / 1300) + 15 * np.sin((u + y) / 400)
    raster = SurfaceRaster(
        heights_m=hills.astype(np.float32), x0_m=0.0, y0_m=0.0, step_m=40.0, source="made up"
    )
    loss_db = itm_map_db(raster, (6000.0, 6000.0), tx_height_m=30.0, rx_height_m=1.5, freq_hz=800e6)
    image = right.imshow(
        loss_db, origin="lower", extent=(0, 12, 0, 12), vmin=80, vmax=170, cmap="viridis_r"
    )
    right.set(xlabel="x [km]", ylabel="y [km]", title="Map, 800 MHz, hills of 100 m")
    figure.colorbar(image, ax=right, label="loss [dB]")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURE, dpi=70)


if __name__ == "__main__":
    main()
