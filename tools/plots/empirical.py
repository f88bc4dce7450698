"""Draw the models of cities over distance: docs/pictures/models/empirical.png."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np

from twin.radio.empirical.hata import Area, hata_db
from twin.radio.itu.p525 import free_space_db
from twin.radio.itu.p1411 import below_roof_db, over_roof_db

mpl.use("Agg")
from matplotlib import pyplot as plt

PICTURE = Path(__file__).parents[2] / "docs/pictures/models/empirical.png"


def main() -> None:
    """Draw the picture."""
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    far = np.geomspace(1e3, 20e3, 200)
    for area in Area:
        axes.semilogx(far, hata_db(868e6, far, 30.0, 1.5, area=area), label=f"Hata {area.value}")
    roof = np.geomspace(20, 5e3, 400)
    axes.semilogx(roof, over_roof_db(868e6, roof, 30.0, 1.5, 20.0), label="P.1411 over roofs")
    near = np.geomspace(30, 660, 200)
    for is_los, label in ((True, "LOS"), (False, "no LOS")):
        loss, _ = below_roof_db(868e6, near, "urban high-rise", is_los=is_los)
        axes.semilogx(near, loss, "--", label=f"P.1411 below roofs, {label}")
    every = np.geomspace(20, 20e3, 200)
    axes.semilogx(every, free_space_db(868e6, every), "k:", label="free space")
    axes.set(
        xlabel="distance [m]",
        ylabel="loss [dB]",
        title="868 MHz, base 30 m, mobile 1.5 m, roof 20 m",
    )
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURE, dpi=90)


if __name__ == "__main__":
    main()
