"""Draw a school day of Duisburg and of an exam: docs/pictures/models/classrooms.png."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import matplotlib as mpl
import numpy as np

from twin.geo.reader import city_folder, read_city
from twin.model.city import City
from twin.sim.classrooms import Classrooms
from twin.sim.simulation import Simulation

mpl.use("Agg")
from matplotlib import pyplot as plt

PICTURE = Path(__file__).parents[2] / "docs/pictures/models/classrooms.png"
START = datetime(2026, 1, 20, 7, 0, tzinfo=ZoneInfo("Europe/Berlin"))
HOURS = 9
EXAM_SCHOOL = "164665"  # a Gymnasium of 880 pupils with 12 access points
KINDS = ("platform", "web", "video", "logon")


def begin(city: City, **options: object) -> tuple[Simulation, Classrooms]:
    """Start the classrooms of a city on a Tuesday at seven."""
    simulation = Simulation(
        city, seed=1, start=START, systems=["egov_backbone", "classrooms"], **options
    )
    classrooms = simulation.systems["classrooms"]
    if not isinstance(classrooms, Classrooms):
        raise TypeError("the classrooms are another system")
    return simulation, classrooms


def draw_day(left: plt.Axes, middle: plt.Axes, city: City) -> None:
    """Draw devices, lines and log-ons of all schools."""
    simulation, classrooms = begin(city)
    hours, gauges = [], []
    for minute in range(1, 60 * HOURS + 1):
        simulation.advance(60.0 * minute)
        hours.append(7.0 + minute / 60.0)
        gauges.append(classrooms.gauges())
    stacks = [[row[f"devices_{kind}"] / 1e3 for row in gauges] for kind in KINDS]
    left.stackplot(hours, stacks, labels=("platform", "web", "video", "log-on"))
    left.set(xlabel="local hour", ylabel="devices [1000]", title="133 schools")
    line = left.twinx()
    line.plot(hours, [row["line_bps"] / 1e9 for row in gauges], color="black", lw=1.0)
    line.set(ylabel="all lines [Gbit/s] (black)", ylim=(0.0, None))
    left.legend(loc="upper right", fontsize=7)
    campus = classrooms.campus
    if campus is None:
        raise ValueError("no school is simulated")
    register, ledger = campus.register, campus.ledger
    devices = register.pupils * register.device_share
    n_aps = np.array([members.size for members in campus.devices.members])
    p95_s = [ledger.logon_quantile_s(0.95, np.array([k])) for k in range(len(register.ids))]
    line_mbps = register.line_bps / devices / 1e6
    shown = middle.scatter(
        devices / np.maximum(n_aps, 1), p95_s, c=line_mbps, s=14, cmap="viridis", norm="log"
    )
    middle.set(
        xlabel="devices per access point", ylabel="95 % of log-ons within [s]", yscale="log",
        title="log-on at each school",
    )  # fmt: skip
    plt.colorbar(shown, ax=middle, label="line [Mbit/s per device]")


def draw_exam(right: plt.Axes, city: City) -> None:
    """Draw an exam of 90 pupils among ordinary lessons."""
    near = [ap.id for ap in city.access_points if ap.site == f"school-{EXAM_SCHOOL}"]
    simulation, classrooms = begin(city, managed=near)
    simulation.advance(2 * 3600.0)
    classrooms.exams.begin(EXAM_SCHOOL, {"pupils": 90})
    hours, load, airtime, lost = [], [], [], []
    for step in range(6 * 60 * 2, 6 * 60 * 5):
        simulation.advance(10.0 * step)
        hours.append(7.0 + step / 360.0)
        load.append(classrooms.lines.load_percent[0])
        airtime.append(100.0 * classrooms.lines.airtime[0])
        lost.append(classrooms.exams.held[0].pupil_lost_s)
    stalled = np.append(np.diff(lost) / 10.0, 0.0)
    right.plot(hours, load, label="line [%]", lw=1.0)
    right.plot(hours, airtime, label="airtime, mean [%]", lw=1.0)
    right.fill_between(hours, stalled, color="tab:red", alpha=0.6, label="pupils who stand still")
    right.set(xlabel="local hour", title="an exam of 90 pupils", ylim=(0.0, 105.0))
    right.legend(loc="upper right", fontsize=7)


def main() -> None:
    """Draw the picture."""
    city = read_city(city_folder("duisburg"))
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(15.0, 4.2))
    draw_day(left, middle, city)
    draw_exam(right, city)
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=75)


if __name__ == "__main__":
    main()
