"""Draw delays, a green wave and a day of Duisburg's signals: docs/pictures/models/signals.png."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import matplotlib as mpl
import numpy as np

from twin.geo.cityfile import load_city
from twin.model.city import City, TrafficSignal
from twin.sim.clock import Clock
from twin.sim.deviations import draw_deviations
from twin.sim.kernel import Kernel
from twin.sim.signals import Signals
from twin.sim.signals.assumptions import assumed
from twin.sim.signals.cycles import Cycles
from twin.sim.signals.delay import control_delay_s, webster_delay_s
from twin.sim.signals.layout import INBOUND, Layout, lay_out
from twin.sim.signals.programme import PATTERNS
from twin.sim.signals.traffic import Demand, Traffic
from twin.sim.system import Context

mpl.use("Agg")
from matplotlib import pyplot as plt

PICTURE = Path(__file__).parents[2] / "docs/pictures/models/signals.png"
SATURATION_S = assumed("adjustment") / assumed("time_need")
SIDE = assumed("side_share")


def street(n: int, total_veh_h: float, city: City) -> Layout:
    """Lay out n signals of one lane, half of the green for each phase, in step."""
    signals = [
        TrafficSignal(
            id=f"s{k}", kind="junction", x_m=0.0, y_m=0.0, computer="c",
            corridor="main", corridor_m=300.0 * k, flow_veh_h=total_veh_h,
        )
        for k in range(n)
    ]  # fmt: skip
    layout = lay_out(city, signals, np.random.default_rng(1))
    half = np.array([(p.cycle_s - 12) // 2 for p in PATTERNS])[:, None] * np.ones((1, n), int)
    return replace(
        layout,
        lanes=np.ones_like(layout.lanes),
        saturation_s=layout.saturation_s / layout.lanes,
        main_s=half,
        side_s=half,
        offset_s=np.zeros((4, n), dtype=np.int64),
    )


def inbound_delay_s(layout: Layout, row: int, hours: float) -> float:
    """Mean delay of inbound vehicles at the last signal, all traffic being inbound."""
    n = len(layout.ids)
    cycles = Cycles(layout)
    cycles.wanted[:] = row
    cycles.settle(0)
    traffic = Traffic(layout, np.ones(n), np.random.default_rng(5))
    traffic.set_demand(Demand(vehicles=1.0, walkers=0.0, inbound=1.0), 0.0)
    waited = arrived = 0.0
    for t in range(0, round(hours * 3600), 10):
        flow = traffic.step(t, *cycles.greens(t, 10), np.zeros(n, dtype=bool))
        waited += float(flow.waited_s[INBOUND, 0])
        arrived += float(flow.arrived[INBOUND, 0])
    return waited / arrived


def draw_delays(axes: plt.Axes, city: City) -> None:
    """Draw the delay of an isolated signal by flow."""
    for row, color in ((0, "C0"), (1, "C1"), (2, "C2")):
        cycle = PATTERNS[row].cycle_s
        ratio = (cycle - 12) / 2 / cycle
        capacity = SATURATION_S * 3600 * ratio
        x = np.linspace(0.05, 0.97, 80)
        webster = webster_delay_s(cycle, ratio, x * capacity, 3600 * SATURATION_S)
        axes.plot(x * capacity, webster, color, label=f"Webster, {cycle} s")
        more = np.linspace(0.05, 1.15, 80)
        manual = control_delay_s(cycle, ratio, more * capacity, 3600 * SATURATION_S)
        axes.plot(more * capacity, manual, color, ls=":", lw=1)
        for part in (0.3, 0.5, 0.7, 0.85):
            delay = inbound_delay_s(street(1, part * capacity / (1 - SIDE), city), row, 8.0)
            axes.plot(part * capacity, delay, "o", color=color, mfc="none", ms=4)
    axes.set(xlabel="flow [veh/h and lane]", ylabel="mean delay [s]", ylim=(0, 90))
    axes.set_title("dotted: HCM, 15 min; circles: simulated", fontsize=10)


def draw_wave(axes: plt.Axes, city: City) -> None:
    """Draw the delay at the second of two signals by the offset between them."""
    layout = street(2, 800.0, city)
    offsets = np.arange(0, 80, 5)
    delays = []
    for offset in offsets:
        begins = layout.offset_s.copy()
        begins[:, 0] = offset
        delays.append(inbound_delay_s(replace(layout, offset_s=begins), 1, 3.0))
    axes.plot(offsets, delays, ".-", label="simulated")
    alone = inbound_delay_s(street(1, 800.0, city), 1, 8.0)
    axes.axhline(alone, color="0.5", ls="--", label="alone")
    axes.axvline(300.0 / assumed("progression_speed"), color="C3", lw=1, label="travel time")
    axes.set(xlabel="offset [s]", ylabel="mean delay [s]", ylim=(0, None))
    axes.set_title("second of two signals, 300 m, 80 s, 560 veh/h", fontsize=10)


def draw_day(axes: plt.Axes, city: City) -> None:
    """Draw a workday of all signals."""
    start = datetime(2026, 1, 20, tzinfo=ZoneInfo(city.timezone))
    context = Context(
        city=city,
        seed=1,
        kernel=Kernel(),
        clock=Clock(start, city.timezone),
        hidden=draw_deviations(city, 1),
        managed=None,
        tick_s=10.0,
    )
    system = Signals(context)
    system.start()
    rows = []
    for quarter in range(1, 97):
        context.kernel.advance(900.0 * quarter)
        rows.append(system.gauges())
    hours = np.arange(1, 97) / 4
    axes.plot(hours, [row["vehicles_per_h"] / 1e4 for row in rows], label="10,000 vehicles/h")
    axes.plot(hours, [row["mean_delay_s"] for row in rows], label="mean delay [s]")
    axes.plot(hours, [row["power_w"] / 1e4 for row in rows], label="power [10 kW]")
    axes.plot(hours, [row["running_percent"] / 10 for row in rows], lw=1, label="running [10 %]")
    axes.set(xlabel="hour of a Tuesday", xlim=(0, 24), ylim=(0, None), xticks=range(0, 25, 4))
    axes.set_title("Duisburg, 520 signals", fontsize=10)


def main() -> None:
    """Draw the picture."""
    city = load_city("duisburg")
    figure, panels = plt.subplots(1, 3, figsize=(12, 3.8), layout="constrained")
    for panel, draw in zip(panels, (draw_delays, draw_wave, draw_day), strict=True):
        draw(panel, city)
        panel.grid(alpha=0.3)
        panel.legend(fontsize=8)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURE, dpi=90)


if __name__ == "__main__":
    main()
