"""Draw rain and gas attenuation of wireless links: docs/pictures/models/backhaul.png."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np

from twin.radio.itu.p530 import rain_attenuation_db
from twin.radio.itu.p676 import specific_attenuation_db_km

mpl.use("Agg")
from matplotlib import pyplot as plt

PICTURE = Path(__file__).parents[2] / "docs/pictures/models/backhaul.png"


def main() -> None:
    """Draw the picture."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    freq = np.geomspace(1e9, 350e9, 1500)
    for values, label in zip(specific_attenuation_db_km(freq), ("dry air", "vapour"), strict=True):
        left.loglog(freq / 1e9, values, label=label)
    left.set(xlabel="frequency [GHz]", ylabel="attenuation [dB/km]", title="gases, P.676-12")
    km = np.linspace(0.1, 20, 200)
    for ghz in (13, 26, 38, 80):
        right.plot(km, rain_attenuation_db(ghz * 1e9, km * 1e3, 29.57), label=f"{ghz} GHz")
    right.set(
        xlabel="length of the link [km]",
        ylabel="attenuation, 0.01 % of the year [dB]",
        title="rain of 29.57 mm/h, vertical, P.530-18",
    )
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURE, dpi=90)


if __name__ == "__main__":
    main()
