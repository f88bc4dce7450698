"""Draw a day of Duisburg's mobile network and an outage: docs/pictures/models/cellular.png."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import matplotlib as mpl
import numpy as np

from twin.geo.reader import city_folder, read_city
from twin.model.city import City
from twin.sim.simulation import Simulation

mpl.use("Agg")
from matplotlib import pyplot as plt

PICTURE = Path(__file__).parents[2] / "docs/pictures/models/cellular.png"
BERLIN = ZoneInfo("Europe/Berlin")
STEP_S = 600.0
CUT_S, BACK_S = 600.0, 4.5 * 3600.0
CENTRE, CUT_M = (344_000.0, 5_700_000.0), 1500.0


def begin(city: City, hour: int) -> Simulation:
    """Start the mobile network of a city on a Tuesday."""
    start = datetime(2026, 1, 20, hour, tzinfo=BERLIN)
    return Simulation(city, seed=1, start=start, systems=["cellular"], tick_s=20.0)


def draw_day(left: plt.Axes, middle: plt.Axes, city: City) -> None:
    """Draw throughput, load, power and sleep over 24 hours."""
    simulation = begin(city, 0)
    mobile = simulation.systems["cellular"]
    hours, gauges, octets = [], [], []
    for step in range(1, 145):
        simulation.advance(STEP_S * step)
        hours.append(step * STEP_S / 3600.0)
        gauges.append(mobile.gauges())
        kpis = mobile.kpis()
        octets.append([kpis["traffic_lte_gb"].value, kpis["traffic_nr_gb"].value])
    rates = np.diff(octets, axis=0, prepend=[[0.0, 0.0]]) * 8.0 / STEP_S
    left.axhspan(21.0, 24.0, color="0.85", label="busy hour by BNetzA's volume")
    left.stackplot(hours, rates.T, labels=("LTE", "NR"), alpha=0.8)
    left.set(xlabel="local hour", ylabel="all operators [Gbit/s]", title="a Tuesday of Duisburg")
    left.legend(loc="upper left", fontsize=7)
    middle.plot(hours, [row["power_w"] / 1e6 for row in gauges], color="tab:red")
    middle.set(xlabel="local hour", ylabel="power [MW] (red)", ylim=(0.0, None))
    asleep = middle.twinx()
    asleep.plot(hours, [row["asleep_count"] for row in gauges], color="tab:blue")
    asleep.set(ylabel="cells asleep of 6,247 (blue)")
    middle.set_title("cells sleep at night")


def draw_outage(right: plt.Axes, city: City) -> None:
    """Draw what becomes of the sites of the centre when their electricity is cut at 08:10."""
    simulation = begin(city, 8)
    mobile = simulation.systems["cellular"]
    x, y = CENTRE
    sites = [s.id for s in city.sites if np.hypot(s.x_m - x, s.y_m - y) < CUT_M]
    supply = simulation.context.supply
    hours, rows = [], []
    for step in range(1, 181):
        now_s = 100.0 * step
        if now_s == CUT_S:
            supply.cut(sites, "power", "substation")
        if now_s == BACK_S:
            supply.restore(sites, "power", "substation")
        simulation.advance(now_s)
        hours.append(8.0 + now_s / 3600.0)
        gauges = mobile.gauges()
        rows.append((gauges["down_count"], gauges["on_battery_count"]))
    down, battery = np.array(rows).T
    right.plot(hours, battery, label="sites on battery")
    right.plot(hours, down, label="cells off the air")
    right.set(xlabel="local hour", title=f"{len(sites)} sites without electricity, 08:10 to 12:30")
    right.legend(loc="center right", fontsize=7)


def main() -> None:
    """Draw the picture."""
    city = read_city(city_folder("duisburg"))
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(15.0, 4.2))
    draw_day(left, middle, city)
    draw_outage(right, city)
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=75)


if __name__ == "__main__":
    main()
