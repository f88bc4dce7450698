"""Draw trams, buses and their way back over the cells: docs/pictures/models/transit-wifi.png."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import matplotlib as mpl
import numpy as np

from twin.geo.reader import city_folder, read_city
from twin.model.city import City
from twin.sim.simulation import Simulation
from twin.sim.transit_wifi import TransitWifi
from twin.sim.transit_wifi.delays import LATE_S, Delays

mpl.use("Agg")
from matplotlib import pyplot as plt

PICTURE = Path(__file__).parents[2] / "docs/pictures/models/transit-wifi.png"
START = datetime(2026, 1, 20, tzinfo=ZoneInfo("Europe/Berlin"))
PUNCTUAL = {"tram": 79.1, "bus": 85.6}


def begin(city: City, hour: int, *systems: str) -> tuple[Simulation, TransitWifi]:
    """Start some systems on a Tuesday."""
    simulation = Simulation(city, seed=7, start=START.replace(hour=hour), systems=list(systems))
    system = simulation.systems["transit_wifi"]
    if not isinstance(system, TransitWifi):
        raise TypeError("public transport is another system")
    return simulation, system


def draw_day(axes: plt.Axes, city: City) -> None:
    """Draw vehicles, people on board, and who is on the Wi-Fi."""
    simulation, system = begin(city, 0, "transit_wifi")
    hours = np.arange(1, 24 * 6 + 1) / 6.0
    rows: dict[str, list[float]] = {"vehicles": [], "passengers": [], "clients": []}
    for hour in hours:
        simulation.advance(3600.0 * float(hour))
        gauges = system.gauges()
        for name, values in rows.items():
            values.append(gauges[name])
    for name, scale, label in (
        ("passengers", 10.0, "people on board / 10"),
        ("vehicles", 1.0, "vehicles"),
        ("clients", 1.0, "on the Wi-Fi"),
    ):
        axes.plot(hours, np.array(rows[name]) / scale, label=label)
    axes.set(xlabel="local hour", title="a Tuesday of trams and buses", xlim=(0.0, 24.0))
    axes.legend(fontsize=7)


def draw_rates(axes: plt.Axes, city: City) -> None:
    """Draw what routers could have at 17 h, with LTE alone and with 5G."""
    for label, knows_nr in (("LTE", False), ("LTE and 5G", True)):
        simulation, system = begin(city, 17, "cellular", "transit_wifi")
        if system.onboard is None or system.operation is None:
            raise ValueError("the city has no lines")
        system.onboard.backhaul.knows_nr[:] = knows_nr
        rates: list[float] = []
        for minute in range(1, 31):
            simulation.advance(60.0 * minute)
            running = system.operation.vehicles.is_running
            rates += system.onboard.rate_bps[running].tolist()
        mbps = np.sort(rates) / 1e6
        axes.plot(mbps, np.arange(mbps.size) / mbps.size * 100.0, label=label)
    axes.set(
        xscale="symlog", xlim=(0.0, 160.0), xlabel="rate a router could have [Mbit/s]",
        ylabel="of the time of vehicles less [%]", title="backhaul over the cells, 17:00 to 17:30",
    )  # fmt: skip
    axes.legend(fontsize=7)


def draw_delays(axes: plt.Axes) -> None:
    """Draw the delays of departures beside the operator's punctuality."""
    rng = np.random.default_rng(1)
    for k, (mode, percent) in enumerate(PUNCTUAL.items()):
        delays, seen = Delays(percent, rng), []
        for _ in range(3000):
            delay_s = delays.first()
            for _ in range(25):
                seen.append(delay_s)
                delay_s = delays.next(delay_s)
        minutes = np.sort(seen) / 60.0
        axes.plot(minutes, np.arange(minutes.size) / minutes.size * 100.0, color=f"C{k}")
        axes.plot(LATE_S / 60.0, percent, "o", color=f"C{k}", label=f"{mode}, operator 2024")
    axes.set(
        xlim=(0.0, 20.0), ylim=(40.0, 100.0), xlabel="delay [min]",
        ylabel="of departures earlier [%]", title="punctuality",
    )  # fmt: skip
    axes.legend(fontsize=7)


def main() -> None:
    """Draw the picture."""
    city = read_city(city_folder("duisburg"))
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(15.0, 4.2))
    draw_day(left, city)
    draw_rates(middle, city)
    draw_delays(right)
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=75)


if __name__ == "__main__":
    main()
