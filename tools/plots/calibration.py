"""Draw what a receiver's limit does to a fit: docs/pictures/models/calibration.png."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np

from twin.radio.calibration import fit_path_loss

mpl.use("Agg")
from matplotlib import pyplot as plt

PICTURE = Path(__file__).parents[2] / "docs/pictures/models/calibration.png"
LIMIT_DB = 145.0


def main() -> None:
    """Draw the picture."""
    rng = np.random.default_rng(3)
    distance = 10.0 ** rng.uniform(2.3, 4, 3000)
    loss = 130.0 + 35.0 * np.log10(distance / 1e3) + rng.normal(0, 8, distance.size)
    is_heard = loss < LIMIT_DB
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for part, color, label in ((~is_heard, "0.8", "lost"), (is_heard, "C0", "received")):
        axes.semilogx(distance[part], loss[part], ".", ms=2, color=color, label=label)
    far = np.geomspace(200, 1e4, 50)
    for part, color, label in ((is_heard | True, "k", "all"), (is_heard, "C3", "received only")):
        fit = fit_path_loss(distance[part], loss[part])
        axes.semilogx(far, fit.loss_db(far), color=color, label=f"{label}: slope {fit.slope:.2f}")
    axes.set(xlabel="distance [m]", ylabel="loss [dB]", title="made-up samples, slope 3.5")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURE, dpi=90)


if __name__ == "__main__":
    main()
