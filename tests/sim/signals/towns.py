"""Small towns with traffic signals, and runs of them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from twin.model.city import City, TrafficSignal
from twin.sim.clock import Clock
from twin.sim.deviations import draw_deviations
from twin.sim.kernel import Kernel
from twin.sim.signals import Signals
from twin.sim.system import Context
from twin.sim.telemetry import Telemetry

BERLIN = ZoneInfo("Europe/Berlin")


def signal(number: int, kind: str = "junction", **fields: object) -> TrafficSignal:
    base: dict[str, object] = {
        "id": f"signal-{number}",
        "kind": kind,
        "x_m": 344_000.0 + 300.0 * number,
        "y_m": 5_700_000.0,
        "computer": "north" if number % 2 else "south",
        "flow_veh_h": 1500.0,
    }
    return TrafficSignal(**(base | fields))  # type: ignore[arg-type]


def town(*signals: TrafficSignal) -> City:
    """A city of signals alone; by default a street of four and five that stand alone."""
    if not signals:
        street = [signal(k, corridor="main", corridor_m=280.0 * k) for k in range(4)]
        others = [
            signal(4),
            signal(5, "t_junction", is_led=True),
            signal(6, "pedestrian", is_off_at_night=True),
            signal(7, is_off_at_night=True, is_led=True),
            signal(8, "pedestrian"),
        ]
        signals = (*street, *others)
    return City(
        name="testtown",
        title="Test Town",
        seed=1,
        timezone="Europe/Berlin",
        lat_deg=51.43,
        lon_deg=6.76,
        outline=(),
        signals=signals,
    )


def run(
    city: City | None = None,
    *,
    hour: int = 12,
    minute: int = 0,
    month: int = 1,
    day: int = 20,
    seed: int = 3,
    tick_s: float = 10.0,
    managed: frozenset[str] | None = None,
    tables: tuple[str, ...] = (),
    failure_factor: float = 1.0,
) -> tuple[Context, Signals]:
    """Start the signals of a city on a Tuesday in January, or another day of 2026."""
    city = city or town()
    start = datetime(2026, month, day, hour, minute, tzinfo=BERLIN)
    context = Context(
        city=city,
        seed=seed,
        kernel=Kernel(),
        clock=Clock(start, city.timezone),
        hidden=draw_deviations(city, seed),
        managed=managed,
        tick_s=tick_s,
        failure_factor=failure_factor,
        telemetry=Telemetry(tables),
    )
    system = Signals(context)
    context.systems["signals"] = system
    system.start()
    return context, system
