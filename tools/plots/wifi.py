"""Draw the Wi-Fi models: Bianchi over the reference values, and what aggregation brings."""

from __future__ import annotations

import csv
from pathlib import Path

import matplotlib as mpl
import numpy as np

from twin.radio.wifi.bianchi import saturation_throughput_bps
from twin.radio.wifi.rates import mode_of, phy_rate_bps
from twin.radio.wifi.sharing import ampdu_throughput_bps

mpl.use("Agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).parents[2]
CURVES = (
    ("DsssRate11Mbps", "DsssRate11Mbps", "11b, 11 Mbit/s"),
    ("OfdmRate54Mbps", "OfdmRate54Mbps", "11a, 54 Mbit/s"),
    ("HeMcs4", "HeMcs4_20MHz", "11ax, MCS 4, 20 MHz"),
    ("HeMcs11", "HeMcs11_20MHz", "11ax, MCS 11, 20 MHz"),
)


def main() -> None:
    """Write the picture."""
    with (ROOT / "tests/data/vectors/bianchi_saturation_ns3.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["timeout"] == "DIFS"]
    fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.8), layout="constrained")
    n = np.arange(1, 61)
    for name, label, text in CURVES:
        (line,) = left.plot(n, saturation_throughput_bps(n, mode_of(name)) / 1e6, label=text)
        points = [row for row in rows if row["phy_rate"] == label]
        left.plot(
            [int(row["n_stations"]) for row in points],
            [float(row["throughput_Mbps"]) for row in points],
            "o", ms=4, mfc="none", color=line.get_color(),
        )  # fmt: skip
    left.plot([], [], "o", ms=4, mfc="none", color="0.3", label="reference")
    left.set(xlabel="stations", ylabel="saturation throughput [Mbit/s]", ylim=(0, 60))
    left.set_title("1500 byte, no aggregation", fontsize=10)
    left.legend(fontsize=8, ncols=2)
    for width in (20, 80, 160):
        mode = mode_of("HeMcs11", width)
        frames = np.unique(np.geomspace(1, 32, 16).astype(int))
        part = [float(ampdu_throughput_bps(10, int(k), mode)) / phy_rate_bps(mode) for k in frames]
        right.plot(frames, 100 * np.array(part), ".-", label=f"{width} MHz")
    right.set(xlabel="frames per A-MPDU", ylabel="throughput over rate [%]", ylim=(0, 100))
    right.set_title("11ax MCS 11, 10 stations", fontsize=10)
    right.legend(fontsize=8)
    for axis in (left, right):
        axis.grid(alpha=0.3)
    fig.savefig(ROOT / "docs/pictures/models/wifi.png", dpi=110)


if __name__ == "__main__":
    main()
