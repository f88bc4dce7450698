"""Draw a day of offices, and rain on radio links: docs/pictures/models/backbone-and-offices.png."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from statistics import NormalDist
from zoneinfo import ZoneInfo

import matplotlib as mpl
import numpy as np

from twin.geo.reader import city_folder, read_city
from twin.model.city import City
from twin.radio.itu.p530 import rain_attenuation_db
from twin.sim.egov_backbone import EgovBackbone
from twin.sim.egov_backbone.rain import Rain, rain_rate_mm_h
from twin.sim.simulation import Simulation

mpl.use("Agg")
from matplotlib import pyplot as plt

PICTURE = Path(__file__).parents[2] / "docs/pictures/models/backbone-and-offices.png"
START = datetime(2026, 1, 20, 7, 0, tzinfo=ZoneInfo("Europe/Berlin"))
P837 = {1.0: 2.2, 0.1: 10.1, 0.03: 18.3, 0.01: 29.6}


def begin(city: City) -> tuple[Simulation, EgovBackbone]:
    """Start the system alone on a Tuesday at seven."""
    simulation = Simulation(city, seed=1, start=START, systems=["egov_backbone"])
    system = simulation.systems["egov_backbone"]
    if not isinstance(system, EgovBackbone):
        raise TypeError("the backbone is another system")
    return simulation, system


def draw_day(axes: plt.Axes, city: City) -> None:
    """Draw the queue of all offices on a day on which the data centre fails for half an hour."""
    simulation, system = begin(city)
    if system.centre is None:
        raise ValueError("the city has no data centre")
    hours, waiting, served = [], [], []
    for minute in range(1, 12 * 60):
        if minute == 180:
            system.centre.fail()
        if minute == 210:
            system.centre.repair()
        simulation.advance(60.0 * minute)
        gauges = system.gauges()
        hours.append(7.0 + minute / 60.0)
        waiting.append(gauges["citizens_waiting"])
        served.append(gauges["citizens_in_service"])
    axes.stackplot(hours, [served, waiting], labels=("being served", "waiting"))
    axes.axvspan(10.0, 11.0, color="0.85", zorder=0)
    axes.text(10.05, max(waiting), "no service", fontsize=7, va="top")
    axes.set(xlabel="local hour", ylabel="citizens", title="7 citizen offices, data centre fails")
    axes.legend(loc="upper right", fontsize=7)


def draw_rain(axes: plt.Axes) -> None:
    """Draw how often rain exceeds a rate in 40 simulated years, beside P.837."""
    n, minutes = 40, 365 * 24 * 12
    rain = Rain(1e7 * np.arange(n), np.zeros(n), np.random.default_rng(1))
    seen = np.zeros((minutes, n), dtype=np.float32)
    for k in range(minutes):
        rain.step(300.0)
        seen[k] = rain.rates_mm_h()
    edges = np.geomspace(0.2, 60.0, 50)
    share = np.array([(seen > edge).mean(axis=0) for edge in edges]) * 100.0
    axes.loglog(edges, share, color="0.8", lw=0.6)
    axes.loglog(edges, share.mean(axis=1), label="40 years, and each one")
    axes.loglog(list(P837.values()), list(P837), "o", label="P.837-7 at Duisburg")
    axes.set(xlabel="rain rate [mm/h]", ylabel="of the time exceeded [%]", ylim=(1e-3, 10.0))
    axes.set_title("rain")
    axes.legend(fontsize=7)


def draw_links(axes: plt.Axes) -> None:
    """Draw how often rain takes more than a margin, beside P.530."""
    levels = np.linspace(1.4, 5.0, 20_001)
    rates = rain_rate_mm_h(levels)
    levels, rates = levels[rates > 0.0], rates[rates > 0.0]
    shares = [100.0 * (1.0 - NormalDist().cdf(float(level))) for level in levels]
    percent = np.geomspace(0.001, 1.0, 60)
    for colour, (freq_ghz, km) in enumerate(((26.0, 1.0), (26.0, 2.5), (60.0, 0.5), (80.0, 2.0))):
        name, style = f"{freq_ghz:g} GHz, {km:g} km", f"C{colour}"
        mine_db = rain_attenuation_db(freq_ghz * 1e9, km * 1e3, rates, 0.01)
        axes.loglog(mine_db, shares, color=style, label=name)
        theirs_db = rain_attenuation_db(freq_ghz * 1e9, km * 1e3, 29.6, percent)
        axes.loglog(theirs_db, percent, "--", color=style)
    axes.set(
        xlabel="attenuation [dB]", ylabel="of the time exceeded [%]", xlim=(0.5, 60.0),
        ylim=(1e-3, 3.0), title="links in the rain (dashed: P.530-18)",
    )  # fmt: skip
    axes.legend(fontsize=7)


def main() -> None:
    """Draw the picture."""
    city = read_city(city_folder("duisburg"))
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(15.0, 4.2))
    draw_day(left, city)
    draw_rain(middle)
    draw_links(right)
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=75)


if __name__ == "__main__":
    main()
