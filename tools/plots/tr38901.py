"""Draw path loss and P(LOS) of TR 38.901 for docs/reference/models/tr38901.md."""

from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt

from twin.radio.tr38901.los import los_probability
from twin.radio.tr38901.pathloss import pathloss_db

OUT = Path(__file__).parents[2] / "docs" / "pictures" / "models" / "tr38901.png"
CASES = {
    "RMa": (35.0, 5000), "UMa": (25.0, 5000), "UMi": (10.0, 5000), "InH": (3.0, 149),
    "InF-DH": (8.0, 599),
}  # fmt: skip


def main() -> None:
    """Write the picture."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), constrained_layout=True)
    for name, (h_bs, longest) in CASES.items():
        d = np.geomspace(10, longest, 200)
        line = left.semilogx(d, pathloss_db(name, d, 3.5e9, h_bs, is_los=True), label=name)[0]
        left.semilogx(d, pathloss_db(name, d, 3.5e9, h_bs, is_los=False), "--", c=line.get_color())
        right.semilogx(d, los_probability(name, d, h_bs_m=h_bs), label=name, c=line.get_color())
    left.set(xlabel="horizontal distance [m]", ylabel="path loss [dB]")
    left.set_title("3.5 GHz; dashed: no line of sight")
    right.set(xlabel="horizontal distance [m]", ylabel="probability of line of sight")
    left.legend()
    for axes in (left, right):
        axes.grid(alpha=0.3, which="both")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(OUT, dpi=90)


if __name__ == "__main__":
    main()
