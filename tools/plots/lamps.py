"""Draw dimming, light on a street and a day of the lamps: docs/pictures/models/lamps.png."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import matplotlib as mpl
import numpy as np

from twin.geo.cityfile import load_city
from twin.sim.lamps.dali import percent_of_level
from twin.sim.lamps.photometry import intensity_cd, street_illuminance_lx
from twin.sim.simulation import Simulation

mpl.use("Agg")
from matplotlib import pyplot as plt

PICTURE = Path(__file__).parents[2] / "docs/pictures/models/lamps.png"
FLUX_LM = 56.0 * 130.0
CUT_H, BACK_H = 8.0, 9.0  # after noon


def draw_curve(axes: plt.Axes) -> None:
    """Draw light by arc power level, and what a linear reading would make of it."""
    levels = np.arange(255)
    axes.plot(levels, [percent_of_level(int(n)) for n in levels], label="IEC 62386-102")
    axes.plot(levels, levels / 2.54, "C7:", label="read as linear: wrong")
    for level in (85, 170, 229):
        axes.plot(level, percent_of_level(level), "C0o", ms=4)
        axes.annotate(f"{level}", (level, percent_of_level(level)), (-24, 4),
                      textcoords="offset points")  # fmt: skip
    axes.set(xlabel="DALI level", ylabel="light [%]", title="dimming")
    axes.legend(frameon=False)


def draw_street(axes: plt.Axes) -> None:
    """Draw illuminance between two lamps 25 m apart."""
    along_m = np.linspace(0.0, 25.0, 21)
    for height_m, mean_lx, evenness in ((6.0, 16.3, 0.34), (8.0, 11.9, 0.51)):
        lux = street_illuminance_lx(height_m, 25.0)[0] * intensity_cd(np.array(FLUX_LM))
        label = f"{height_m:.0f} m: {mean_lx} lx, U0 {evenness}"
        axes.plot(along_m, lux, label=label)
    for name, mean_lx in (("P2", 10.0), ("P4", 5.0), ("P6", 2.0)):
        axes.axhline(mean_lx, color="C7", lw=0.7, ls=":")
        axes.text(25.0, mean_lx + 0.3, f"{name}, mean", color="C7", ha="right")
    axes.set(xlabel="along the street [m]", ylabel="illuminance [lx]", title="56 W, 130 lm/W")
    axes.set_ylim(0.0)
    axes.legend(frameon=False)


def draw_day(axes: plt.Axes) -> None:
    """Draw the power of Duisburg's lamps from noon to noon, a substation's area out for an hour."""
    city = load_city("duisburg")
    start = datetime(2026, 1, 20, 12, tzinfo=ZoneInfo(city.timezone))
    simulation = Simulation(city, seed=1, start=start, systems=["lamps"])
    area = [cabinet.id for cabinet in city.cabinets if cabinet.site == "hamborn"]
    hours, power_mw, dark = np.arange(0.0, 24.0, 1 / 60), [], []
    for hour in hours:
        simulation.advance(3600.0 * hour)
        if abs(hour - CUT_H) < 1e-6:
            simulation.context.supply.cut(area, "power", "plot")
        if abs(hour - BACK_H) < 1e-6:
            simulation.context.supply.restore(area, "power", "plot")
        gauges = simulation.gauges()["lamps"]
        power_mw.append(gauges["power_w"] / 1e6)
        dark.append(gauges["lamps_dark"] / 1e3)
    axes.plot(hours, power_mw, label="power [MW]")
    axes.plot(hours, dark, "C3", label="dark lamps [thousand]")
    axes.set_xticks(range(0, 25, 4), [f"{(12 + h) % 24}" for h in range(0, 25, 4)])
    axes.set(xlabel="local time [h]", title="20 January, Hamborn dark 20-21 h")
    axes.legend(frameon=False)


def main() -> None:
    """Draw the picture."""
    figure, axes = plt.subplots(1, 3, figsize=(13, 4), constrained_layout=True)
    draw_curve(axes[0])
    draw_street(axes[1])
    draw_day(axes[2])
    figure.savefig(PICTURE, dpi=110)


if __name__ == "__main__":
    main()
