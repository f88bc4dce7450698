"""Draw the LoRa simulation: one cell against ALOHA and LoRaSim, and Duisburg under load."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import matplotlib as mpl
import numpy as np

from twin.geo.reader import read_city
from twin.sim.simulation import Simulation
from twin.sim.utilities_iot.aloha_cell import Convention, simulate_cell
from twin.sim.utilities_iot.receptions import OUTCOMES
from twin.sim.utilities_iot.system import UtilitiesIot

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

ROOT = Path(__file__).parents[2]
# LoRaSim by Bor and Voigt, adwaitnd/lorasim @392d23a: nodes, without and with capture
LORASIM = (
    (50, 0.849, 0.946), (100, 0.709, 0.891), (120, 0.669, 0.875), (200, 0.503, 0.796),
    (400, 0.250, 0.639), (800, 0.064, 0.435), (1000, 0.032, 0.364), (1600, 0.004, 0.234),
)  # fmt: skip
INTERVALS_S = (14_400, 3_600, 1_800, 900, 600, 300, 120)
MINUTES = 12
COLOURS = ("0.75", "k", "tab:purple", "tab:orange", "tab:red", "tab:green")


def main() -> None:
    """Write the picture."""
    fig, axes = plt.subplots(1, 3, figsize=(11.5, 3.8), layout="constrained")
    _draw_cell(axes[0])
    sim = _duisburg()
    _draw_load(axes[1], sim)
    _draw_factors(axes[2], sim)
    for axis in axes:
        axis.grid(alpha=0.3)
    fig.savefig(ROOT / "docs/pictures/models/lora-simulation.png", dpi=100)


def _draw_cell(axis: Axes) -> None:
    n = [row[0] for row in LORASIM]
    bare = [simulate_cell(k, capture_db=None) for k in n]
    axis.plot(n, [cell.aloha for cell in bare], "-", color="tab:blue", lw=1, label="exp(-2G)")
    axis.plot(n, [cell.delivery_ratio for cell in bare], "x", color="tab:blue", label="no capture")
    rules: tuple[tuple[Convention, str, str], ...] = (
        ("lorasim", "tab:red", "6 dB, LoRaSim's rule"),
        ("physical", "tab:green", "6 dB, physical rule"),
    )
    for convention, colour, rule in rules:
        ratio = [simulate_cell(k, convention=convention).delivery_ratio for k in n]
        axis.plot(n, ratio, "x-", lw=0.8, color=colour, label=rule)
    for i in (1, 2):
        label = "LoRaSim" if i == 1 else ""
        axis.plot(n, [row[i] for row in LORASIM], "o", mfc="none", color="0.2", ms=7, label=label)
    axis.set(xlabel="devices", ylabel="share delivered", ylim=(0, 1))
    axis.set_title("one cell: SF12 4/8, 20 byte each 1000 s", fontsize=10)
    axis.legend(fontsize=8)


def _duisburg() -> Simulation:
    city = read_city(ROOT / "twin/cities/duisburg")
    start = datetime(2026, 3, 3, 10, 0, tzinfo=ZoneInfo(city.timezone))
    return Simulation(city, seed=1, start=start, systems=["utilities_iot"])


def _draw_load(axis: Axes, sim: Simulation) -> None:
    system = sim.systems["utilities_iot"]
    assert isinstance(system, UtilitiesIot)
    shares = []
    for seconds in INTERVALS_S:
        system.network.change_interval(np.arange(system.network.devices.n), seconds)
        sim.advance(sim.now_s + 180.0)  # what was on its way has gone
        before = system.network.outcomes.copy()
        sim.advance(sim.now_s + 60.0 * MINUTES)
        got = system.network.outcomes - before
        shares.append(100.0 * got / got.sum())
    used = [i for i in reversed(range(len(OUTCOMES))) if np.array(shares)[:, i].max() > 0.0]
    axis.stackplot(
        np.array(INTERVALS_S) / 60.0,
        *[np.array(shares)[:, i] for i in used],
        labels=[OUTCOMES[i].replace("_", " ") for i in used],
        colors=[COLOURS[i] for i in used],
        alpha=0.8,
    )
    axis.set(xscale="log", xlabel="interval of every device [min]", ylabel="share of frames [%]")
    axis.set(xlim=(2, 240), ylim=(0, 100))
    minutes = (2, 5, 10, 30, 60, 240)
    axis.set_xticks(minutes, [str(minute) for minute in minutes], minor=False)
    axis.set_title(f"Duisburg: {system.network.devices.n:,} devices", fontsize=10)
    axis.legend(fontsize=8, loc="lower right")


def _draw_factors(axis: Axes, sim: Simulation) -> None:
    system = sim.systems["utilities_iot"]
    assert isinstance(system, UtilitiesIot)
    devices, sf = system.network.devices, system.network.senders.sf
    outdoors = devices.kind >= 2
    groups = (
        ("cellar", devices.is_deep),
        ("building", ~devices.is_deep & ~outdoors),
        ("outdoors", outdoors),
    )
    for k, (label, rows) in enumerate(groups):
        share = 100.0 * np.bincount(sf[rows] - 7, minlength=6) / rows.sum()
        axis.bar(np.arange(7, 13) + 0.27 * (k - 1), share, 0.25, label=label)
    axis.set(xlabel="spreading factor", ylabel="share of devices [%]")
    axis.set_title("Duisburg: factors by place", fontsize=10)
    axis.legend(fontsize=8)


if __name__ == "__main__":
    main()
