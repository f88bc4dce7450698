"""Draw the link models: SINR at 10 % errors beside the simulated curves, errors, and balance."""

from __future__ import annotations

import csv
from pathlib import Path

import matplotlib as mpl
import numpy as np

from twin.radio.link.bler import bler, sinr_at_10pct_bler_db
from twin.radio.link.uplink import PRESETS, downlink_margin_db, uplink_margin_db

mpl.use("Agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).parents[2]
SHOWN = (0, 4, 9, 15, 20, 25)


def main() -> None:
    """Write the picture."""
    fig, (size, curve, margin) = plt.subplots(1, 3, figsize=(11.5, 3.8), layout="constrained")
    bits = np.geomspace(24, 8448, 120)
    colors = dict(zip(SHOWN, plt.get_cmap("viridis")(np.linspace(0, 0.9, len(SHOWN))), strict=True))
    for mcs, color in colors.items():
        size.semilogx(bits, sinr_at_10pct_bler_db(mcs, 1, bits), color=color, label=f"MCS {mcs}")
    path = ROOT / "tests/data/vectors/nr_sinr_at_10pct_bler_table1_5glena.csv"
    with path.open(encoding="utf-8") as file:
        for row in csv.reader(file):
            if row[0] == "1" and int(row[2]) in colors:
                size.plot(float(row[3]), float(row[4]), "o", ms=2.5, color=colors[int(row[2])])
    size.set(xlabel="code block [bit]", ylabel="SINR at 10 % errors [dB]", ylim=(-3, 25))
    size.set_title("MCS table 1, dots: 5G-LENA", fontsize=10)
    size.legend(fontsize=7, ncols=2, loc="upper right")
    sinr = np.linspace(4, 14, 300)
    for n in (64, 256, 1024, 8448):
        curve.semilogy(sinr, bler(sinr, 12, 1, n), label=f"{n} bit")
    curve.axhline(0.1, color="0.6", lw=0.8)
    curve.set(xlabel="SINR [dB]", ylabel="share of blocks that fail", ylim=(1e-4, 1.2))
    curve.set_title("MCS 12", fontsize=10)
    curve.legend(fontsize=8)
    loss = np.linspace(100, 180, 50)
    for (name, ends), color in zip(PRESETS.items(), ("C0", "C1", "C2", "C3"), strict=True):
        margin.plot(loss, uplink_margin_db(loss, ends), color=color, label=f"{name} up")
        margin.plot(loss, downlink_margin_db(loss, ends), "--", color=color, label=f"{name} down")
    margin.axhline(0.0, color="0.6", lw=0.8)
    margin.set(xlabel="coupling loss [dB]", ylabel="margin [dB]", ylim=(-20, 60))
    margin.set_title("margins of the presets", fontsize=10)
    margin.legend(fontsize=7, ncols=2)
    for axis in (size, curve, margin):
        axis.grid(alpha=0.3)
    fig.savefig(ROOT / "docs/pictures/models/link.png", dpi=95)


if __name__ == "__main__":
    main()
