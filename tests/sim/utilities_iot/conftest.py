"""A small town with meters, lamps, three gateways and two substations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from twin.model.city import (
    Building,
    CensusCell,
    City,
    District,
    Gateway,
    Lamp,
    LampCabinet,
    PowerNode,
)
from twin.sim.simulation import Simulation

X0, Y0 = 344_000.0, 5_700_000.0
BERLIN = ZoneInfo("Europe/Berlin")


def _square(slug: str, west: float, east: float) -> District:
    ring = ((west, Y0 - 500), (east, Y0 - 500), (east, Y0 + 2500), (west, Y0 + 2500))
    return District(code=slug, slug=slug, level="district", area_km2=3.0, rings=(ring,))


def _gateway(name: str, technology: str, x: float, y: float) -> Gateway:
    return Gateway(
        id=name, technology=technology, x_m=x, y_m=y, height_m=30.0, antenna_gain_dbi=6.0
    )


def make_town() -> City:
    """Make the town; equal every time."""
    return City(
        name="smalltown",
        title="Small Town",
        seed=1,
        timezone="Europe/Berlin",
        lat_deg=51.43,
        lon_deg=6.76,
        outline=(),
        districts=(_square("west", X0 - 500, X0 + 1000), _square("east", X0 + 1000, X0 + 2500)),
        census=tuple(
            CensusCell(
                x_m=X0 + 100.0 * i,
                y_m=Y0 + 100.0 * j,
                residents=50.0,
                dwellings=20,
                buildings=2,
            )
            for i in range(20)
            for j in range(20)
        ),
        buildings=tuple(
            Building(x_m=X0 + 50.0 * i, y_m=Y0 + 100.0 * j, kind="flats", height_m=12.0)
            for i in range(40)
            for j in range(20)
        ),
        cabinets=tuple(
            LampCabinet(id=f"cab-{k}", site="x", x_m=X0 + 1000.0 * k, y_m=Y0) for k in (0, 1)
        ),
        lamps=tuple(
            Lamp(
                id=f"lamp-{c}-{k:02d}",
                cabinet=f"cab-{c}",
                x_m=X0 + 1000.0 * c + 20.0 * k,
                y_m=Y0 + 400.0,
                height_m=8.0,
                power_w=56.0,
                kind="led",
            )
            for c in (0, 1)
            for k in range(40)
        ),
        gateways=(
            _gateway("gw-1", "lorawan", X0 + 400, Y0 + 1000),
            _gateway("gw-2", "lorawan", X0 + 1600, Y0 + 1000),
            _gateway("mast-1", "lte450", X0 + 900, Y0 + 900),
        ),
        power_nodes=(
            PowerNode(id="sub-1", kind="substation", x_m=X0, y_m=Y0, feeds=("sub-2",)),
            PowerNode(id="sub-2", kind="substation", x_m=X0 + 1900, y_m=Y0, feeds=("sub-1",)),
            PowerNode(id="st-1", kind="station", x_m=X0 + 400, y_m=Y0 + 500, feeds=("sub-1",)),
            PowerNode(id="st-2", kind="station", x_m=X0 + 1500, y_m=Y0 + 500, feeds=("sub-2",)),
        ),
    )


@pytest.fixture(scope="session")
def town() -> City:
    """The small town."""
    return make_town()


@pytest.fixture
def make_sim(town: City) -> Callable[..., Simulation]:
    """Simulate the utilities of the town from a local time on; Tuesday midnight unless told."""

    def make(hour: int = 0, *, seed: int = 3, city: City = town, **options) -> Simulation:
        start = datetime(2026, 3, 3, hour, 0, tzinfo=BERLIN)
        return Simulation(
            city, seed=seed, start=start, **({"systems": ["utilities_iot"]} | options)
        )

    return make
