"""Draw what handover settings do: docs/pictures/models/mobility.png.

Prints the tables of docs/reference/models/mobility.md; takes a minute.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np

from twin.sim.mobility import (
    HandoverPolicy,
    MobilityCounts,
    MobilitySimulation,
    hexagonal_layer,
    mobility_rates,
    straight_walk,
)

mpl.use("Agg")
from matplotlib import pyplot as plt

PICTURE = Path(__file__).parents[2] / "docs/pictures/models/mobility.png"


def measure(step_s: float, speed_km_h: float, seconds: float) -> MobilityCounts:
    """Run users with full buffers at another distance of reports."""
    cells, size_m = hexagonal_layer(6, 6, 500.0)
    walk = straight_walk(600, speed_km_h / 3.6, size_m, np.random.default_rng(5))
    simulation = MobilitySimulation(cells, walk, np.random.default_rng(6))
    simulation.run(round(seconds / step_s), step_s)
    return simulation.counts()


def compare_steps() -> None:
    """Print reports of a second beside steps of 40 ms."""
    for speed_km_h in (3.0, 30.0, 60.0, 120.0):
        for step_s in (1.0, 0.2, 0.04):
            found = measure(step_s, speed_km_h, 240.0)
            print(
                f"| {speed_km_h:g} | {step_s:g} | {found.handovers_per_km:.2f} "
                f"| {100 * found.ping_pong_share:.2f} | {100 * found.soon_return_share:.1f} "
                f"| {100 * found.failure_share:.1f} | {100 * found.outage_s / found.user_s:.2f} "
                f"| {found.served_bit / found.user_s / 1e6:.2f} |"
            )


def main() -> None:
    """Print the comparison and draw the table of rates."""
    compare_steps()
    figure, axes = plt.subplots(1, 4, figsize=(13, 3.8), layout="constrained")
    hysteresis = np.linspace(1.0, 6.0, 26)
    for k, trigger_s in enumerate((0.04, 0.256, 0.64)):
        for load, style in ((0.3, "-"), (0.6, "--"), (1.0, ":")):
            rates = [
                mobility_rates(
                    500.0,
                    30.0 / 3.6,
                    load=load,
                    policy=HandoverPolicy(hysteresis_db=h, time_to_trigger_s=trigger_s),
                )
                for h in hysteresis
            ]
            label = f"{1000 * trigger_s:g} ms, load {load:g}"
            parts = (
                [rate.handovers_per_km for rate in rates],
                [100.0 * rate.ping_pong_share for rate in rates],
                [100.0 * rate.soon_return_share for rate in rates],
                [100.0 * rate.failure_share for rate in rates],
            )
            for ax, values in zip(axes, parts, strict=True):
                ax.plot(hysteresis, values, style, color=f"C{k}", label=label)
    titles = (
        "handovers per km",
        "back within 1 s [%]",
        "back within 5 s [%]",
        "failed handovers [%]",
    )
    for ax, title in zip(axes, titles, strict=True):
        ax.set(xlabel="hysteresis [dB]", title=title)
        ax.set_ylim(bottom=0)
        ax.grid(alpha=0.3)
    axes[0].legend(fontsize=7, title="500 m, 30 km/h", title_fontsize=7)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURE, dpi=90)


if __name__ == "__main__":
    main()
