"""A quarter with two cabinets of lamps, and a way to run only the lamps of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from twin.model.city import City, Lamp, LampCabinet
from twin.sim.simulation import Simulation

BERLIN = ZoneInfo("Europe/Berlin")
X0, Y0 = 344_000.0, 5_700_000.0


def make_quarter(n_cabinets: int = 2, n_lamps: int = 20, **changes) -> City:
    """Cabinets in two districts, in turn LED (dimmed at night) and sodium."""
    cabinets = tuple(
        LampCabinet(
            id=f"cab-{c + 1}",
            site="north" if c % 2 else "south",
            x_m=X0,
            y_m=Y0 + 50.0 * c,
            night_level_percent=100 if c % 2 else 50,
        )
        for c in range(n_cabinets)
    )
    lamps = tuple(
        Lamp(
            id=f"lamp-{c + 1}-{k:02d}",
            cabinet=f"cab-{c + 1}",
            x_m=X0 + 25.0 * k,
            y_m=Y0 + 50.0 * c,
            height_m=6.0 if c % 2 else 8.0,
            power_w=83.0 if c % 2 else 56.0,
            kind="sodium" if c % 2 else "led",
        )
        for c in range(n_cabinets)
        for k in range(n_lamps)
    )
    return City(
        **{
            "name": "quarter",
            "title": "Quarter",
            "seed": 1,
            "timezone": "Europe/Berlin",
            "lat_deg": 51.43,
            "lon_deg": 6.76,
            "outline": (((X0, Y0), (X0 + 500, Y0), (X0, Y0 + 500)),),
            "cabinets": cabinets,
            "lamps": lamps,
            **changes,
        }
    )


@pytest.fixture(scope="session")
def quarter() -> City:
    """The quarter."""
    return make_quarter()


@pytest.fixture
def run(quarter: City) -> Callable[..., Simulation]:
    """Start the lamps of a city at a local time; a Tuesday at noon unless told."""

    def start(
        year=2026, month=1, day=20, hour=12, minute=0, *, city=quarter, seed=3, **options
    ) -> Simulation:
        at = datetime(year, month, day, hour, minute, tzinfo=BERLIN)
        return Simulation(city, seed=seed, start=at, systems=["lamps"], **options)

    return start
