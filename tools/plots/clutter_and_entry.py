"""Draw clutter and building entry loss: docs/pictures/models/clutter-and-entry.png."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np

from twin.radio.itu.p2108 import terrestrial_clutter_db
from twin.radio.itu.p2109 import Building, building_entry_db

mpl.use("Agg")
from matplotlib import pyplot as plt

PICTURE = Path(__file__).parents[2] / "docs/pictures/models/clutter-and-entry.png"


def main() -> None:
    """Draw the picture."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    distance = np.linspace(250, 3000, 300)
    for ghz in (0.868, 3.5, 26):
        loss = terrestrial_clutter_db(ghz * 1e9, distance, 50.0)
        left.plot(distance / 1e3, loss, label=f"{ghz} GHz")
    left.set(
        xlabel="length of the path [km]", ylabel="median loss [dB]", title="clutter, P.2108-1 3.2"
    )
    freq = np.geomspace(0.08e9, 100e9, 300)
    for building in Building:
        for percent, style in ((50.0, "-"), (90.0, "--")):
            name = building.name.lower().replace("_", " ")
            loss = building_entry_db(freq, building, percent)
            right.semilogx(freq / 1e9, loss, style, label=f"{name}, {percent:.0f} %")
    right.set(xlabel="frequency [GHz]", ylabel="loss [dB]", title="building entry, P.2109-2")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURE, dpi=90)


if __name__ == "__main__":
    main()
