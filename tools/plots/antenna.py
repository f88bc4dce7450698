"""Draw mechanical and electrical tilt of a panel for docs/reference/models/antenna.md."""

from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt

from twin.radio.antenna.element import PanelArray, array_gain_dbi

OUT = Path(__file__).parents[2] / "docs" / "pictures" / "models" / "antenna.png"


def main() -> None:
    """Write the picture."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), constrained_layout=True, sharey=True)
    down = np.linspace(-40, 40, 801)
    for panel, phi, side in zip(axes, (0.0, 180.0), ("front", "back"), strict=True):
        electrical = array_gain_dbi(PanelArray(tilt_deg=8.0), 90 + down, phi)
        mechanical = array_gain_dbi(PanelArray(), 90 + down, phi, downtilt_deg=8.0)
        panel.plot(down, electrical, label="8 deg electrical")
        panel.plot(down, mechanical, "--", label="8 deg mechanical")
        panel.set(xlabel="angle below the horizon [deg]", title=side, ylim=(-50, 20))
        panel.grid(alpha=0.3)
    axes[0].set_ylabel("gain [dBi]")
    axes[0].legend()
    OUT.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(OUT, dpi=90)


if __name__ == "__main__":
    main()
