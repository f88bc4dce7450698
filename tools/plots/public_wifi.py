"""Draw public Wi-Fi over a day and in a crowd: docs/pictures/models/public-wifi.png."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

from twin.geo.reader import city_folder, read_city
from twin.model.city import City
from twin.sim.city_wifi import CityWifi
from twin.sim.simulation import Simulation

mpl.use("Agg")
from matplotlib import pyplot as plt

PICTURE = Path(__file__).parents[2] / "docs/pictures/models/public-wifi.png"
START = datetime(2026, 1, 20, tzinfo=ZoneInfo("Europe/Berlin"))
FREIFUNK = {"mean": 2.0, "p99": 17.0, "idle": 48.0}
PEOPLE = 3000


def begin(city: City, hour: int) -> tuple[Simulation, CityWifi]:
    """Start the system alone on a Tuesday."""
    start = START.replace(hour=hour)
    simulation = Simulation(city, seed=7, start=start, systems=["city_wifi"])
    system = simulation.systems["city_wifi"]
    if not isinstance(system, CityWifi):
        raise TypeError("the city's Wi-Fi is another system")
    return simulation, system


def draw_day(left: plt.Axes, middle: plt.Axes, city: City) -> None:
    """Draw clients and traffic of a day, and how unequal access points are."""
    simulation, system = begin(city, 0)
    fleet, public = system.air.fleet, system.public
    hours, clients, mbps, by_ap = [], [], [], []
    for step in range(1, 24 * 12 + 1):
        simulation.advance(300.0 * step)
        counts = fleet.clients_by_ap()[public]
        hours.append(step / 12.0)
        clients.append(int(counts.sum()))
        mbps.append(float(fleet.traffic.served_bps[public].sum()) / 1e6)
        by_ap.append(counts)
    left.plot(hours, clients, label="clients")
    left.plot(hours, mbps, label="Mbit/s")
    left.axvspan(18.0, 22.0, color="0.9", zorder=0)
    left.set(xlabel="local hour", xlim=(0.0, 24.0), title=f"{public.size} public access points")
    left.legend(fontsize=7)
    counts = np.concatenate(by_ap)
    most = int(counts.max())
    share = [100.0 * float((counts >= n).mean()) for n in range(1, most + 1)]
    middle.loglog(range(1, most + 1), share, label=f"mean {counts.mean():.1f} clients")
    middle.plot(1.0, 100.0 - FREIFUNK["idle"], "o", color="C1", label="Freifunk, mean 2 clients")
    middle.plot(FREIFUNK["p99"], 1.0, "o", color="C1")
    middle.set(
        xlabel="clients", ylabel="of access points and times at least [%]", ylim=(0.01, 100.0),
        title="how unequal access points are",
    )  # fmt: skip
    middle.legend(fontsize=7)


def speeds_mbps(system: CityWifi, members: NDArray[np.int64]) -> NDArray[np.float64]:
    """Throughput of downloads that begin now at some access points, sorted. [Mbit/s]."""
    fleet = system.air.fleet
    rows = np.flatnonzero(np.isin(fleet.stations.ap, members))
    return np.sort(fleet.traffic.user_bps(fleet.stations, rows)) / 1e6


def draw_crowd(axes: plt.Axes, city: City) -> None:
    """Draw what clients of the largest site get in the evening, and in a crowd."""
    simulation, system = begin(city, 19)
    fleet = system.air.fleet
    site = max(fleet.sites, key=lambda name: np.isin(fleet.members(name), system.public).sum())
    members = fleet.members(site)
    for label in ("a usual evening", f"{PEOPLE} people gather"):
        if label[0] != "a":
            system.actions()["crowd"].begin(site, {"people": PEOPLE})
        rates: list[float] = []
        begins = simulation.now_s
        for minute in range(1, 61):
            simulation.advance(begins + 60.0 * minute)
            if minute > 30:
                rates += speeds_mbps(system, members).tolist()
        mbps = np.sort(rates)
        axes.plot(mbps, np.arange(mbps.size) / max(mbps.size, 1) * 100.0, label=label)
    axes.set(
        xscale="log", xlabel="throughput of a download [Mbit/s]", ylabel="of clients less [%]",
        title=f"{members.size} access points of {site}",
    )  # fmt: skip
    axes.legend(fontsize=7)


def main() -> None:
    """Draw the picture."""
    city = read_city(city_folder("duisburg"))
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(15.0, 4.2))
    draw_day(left, middle, city)
    draw_crowd(right, city)
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=75)


if __name__ == "__main__":
    main()
