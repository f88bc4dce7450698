"""Draw the calibration layouts beside the companies: docs/pictures/models/layouts.png.

Prints the tables of docs/reference/models/layouts.md.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np

from twin.radio.antenna.element import PanelArray
from twin.radio.layouts import CASES, PERCENTILES, CalibrationCurves, cell_efficiency, run_case

mpl.use("Agg")
from matplotlib import pyplot as plt

PICTURE = Path(__file__).parents[2] / "docs/pictures/models/layouts.png"
SEED = 7
SHOWN = ("36.873 UMi 1 element", "36.873 UMa 10 elements", "38.901 UMi 6 GHz", "38.901 UMi 30 GHz",
         "38.901 UMa 6 GHz", "38.901 InH 30 GHz", "RP-180524 UMa mMTC 500 m")  # fmt: skip


def draw(found: dict[str, CalibrationCurves]) -> None:
    """Draw the curves as lines and the companies as dots."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 4.5), layout="constrained")
    share = np.linspace(1.0, 99.0, 99)
    for k, name in enumerate(SHOWN):
        curves = found[name]
        parts = ((curves.coupling_db, curves.case.coupling_db),
                 (curves.geometry_db, curves.case.geometry_db))  # fmt: skip
        for ax, (samples, reference) in zip(axes, parts, strict=True):
            ax.plot(np.percentile(samples, share), share, color=f"C{k}", label=name)
            ax.plot(reference, PERCENTILES, "o", ms=5, color=f"C{k}", mec="k", mew=0.5)
    for ax, words in zip(axes, ("coupling gain [dB]", "geometry [dB]"), strict=True):
        ax.set(xlabel=words, ylabel="terminals below [%]", ylim=(0, 100))
        ax.grid(alpha=0.3)
    axes[1].legend(fontsize=8, loc="lower right", title="dots: companies", title_fontsize=8)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURE, dpi=90)


def efficiencies() -> None:
    """Print what a cell that serves one user at a time makes of two layouts."""
    urban = replace(
        CASES["RP-180524 UMa mMTC 500 m"],
        freq_hz=2.3e9,
        panel=PanelArray(n_rows=10, spacing_v=0.5, tilt_deg=12.0),
    )
    dense = replace(
        CASES["RP-180524 UMa mMTC 500 m"],
        freq_hz=4e9,
        isd_m=200.0,
        has_floors=True,
        entry="even",
        panel=PanelArray(n_rows=8, spacing_v=0.5, tilt_deg=12.0),
    )
    works = (
        ("UMa 500 m 2.3 GHz", urban, "lte", ((2, 0.0), (4, 0.0))),
        ("dense 200 m 4 GHz", dense, "nr", ((4, 0.0), (4, 12.0))),
    )
    for name, case, technology, ways in works:
        sinr_db = run_case(case, np.random.default_rng(SEED), n_terminals=3000).geometry_db
        for n_layers, gain_db in ways:
            found = cell_efficiency(
                sinr_db, n_layers=n_layers, technology=technology, array_gain_db=gain_db
            )
            print(
                f"| {name} | {technology} | {n_layers} | {gain_db:g} dB "
                f"| {found.mean_bps_hz:.2f} | {found.user_p5_bps_hz:.3f} |"
            )


def main() -> None:
    """Run every case, print the tables and draw the picture."""
    found = {}
    for name, case in CASES.items():
        n = 3000 if case.has_rays else 20_000
        found[name] = run_case(case, np.random.default_rng(SEED), n_terminals=n)
        errors = (found[name].coupling_error_db(), found[name].geometry_error_db())
        cells = " | ".join(" / ".join(f"{value:+.1f}" for value in row) for row in errors)
        print(f"| {name} | {cells} |", found[name].inside_envelope() if case.envelope else "")
    efficiencies()
    draw(found)


if __name__ == "__main__":
    main()
