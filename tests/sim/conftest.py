"""A small made-up city with one of everything, for the tests of the world."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from twin.model.city import (
    AccessPoint,
    Cell,
    CensusCell,
    City,
    Lamp,
    LampCabinet,
    Port,
    Radio,
    School,
    Ssid,
    Stop,
    Switch,
)
from twin.sim.world import World

X0, Y0 = 344_000.0, 5_700_000.0
BERLIN = ZoneInfo("Europe/Berlin")


def _cells() -> tuple[Cell, ...]:
    cells = []
    bands = (
        ("a", "A", "n78", "nr", 3.6e9, 90e6, 30e3),
        ("a", "A", "B3", "lte", 1.815e9, 20e6, 15e3),
        ("b", "B", "n78", "nr", 3.7e9, 80e6, 30e3),
    )
    for low, operator, band, technology, carrier, width, scs in bands:
        for site, (dx, dy) in enumerate(((0.0, 0.0), (700.0, 0.0), (0.0, 700.0)), start=1):
            for sector in (1, 2, 3):
                cells.append(
                    Cell(
                        id=f"cell-{low}-{site:03d}-{sector}-{band.lower()}",
                        site=f"site-{low}-{site:03d}",
                        operator=operator,
                        technology=technology,
                        band=band,
                        scenario="UMa",
                        x_m=X0 + dx,
                        y_m=Y0 + dy,
                        height_m=30.0,
                        azimuth_deg=120.0 * sector - 90.0,
                        tilt_deg=6.0,
                        carrier_hz=carrier,
                        bandwidth_hz=width,
                        scs_hz=scs,
                        tx_power_dbm=46.0,
                        antenna_gain_dbi=17.0,
                        beamwidth_h_deg=65.0,
                        beamwidth_v_deg=8.0,
                        mimo_layers=4,
                        load=0.3,
                    )
                )
    return tuple(cells)


def _ap(name: str, site: str, x: float, y: float, placement: str, port: str = "") -> AccessPoint:
    names = ("schule", "gast") if site.startswith("school") else ("city",)
    return AccessPoint(
        id=name,
        site=site,
        x_m=x,
        y_m=y,
        height_m=4.0,
        placement=placement,
        radios=(
            Radio(index="1", channel=1, bandwidth_mhz=20, tx_power_dbm=14, antenna_gain_dbi=3.0),
            Radio(index="2", channel=100, bandwidth_mhz=40, tx_power_dbm=20, antenna_gain_dbi=4.0),
        ),
        ssids=tuple(Ssid(name=ssid) for ssid in names),
        switch="sw-school-1" if port else "",
        port=port,
    )


def make_city() -> City:
    """Make the city; equal every time."""
    census = tuple(
        CensusCell(
            x_m=X0 - 500.0 + 100.0 * i,
            y_m=Y0 - 500.0 + 100.0 * j,
            residents=60.0,
            dwellings=30,
            buildings=10,
        )
        for i in range(16)
        for j in range(16)
    )
    school = [
        _ap(f"ap-school-1-{k}", "school-1", X0 + 20.0 * k, Y0 + 300.0, "indoor", str(k))
        for k in range(1, 5)
    ]
    street = [_ap(f"ap-fws-{k}", "fws", X0 + 30.0 * k, Y0, "outdoor_fixed") for k in range(1, 5)]
    lamps = tuple(
        Lamp(
            id=f"lamp-{c}-{k:02d}",
            cabinet=f"cab-{c}",
            x_m=X0 + 25.0 * k,
            y_m=Y0 + 50.0 * c,
            height_m=6.0,
            power_w=56.0 if c == 1 else 100.0,
            kind="led" if c == 1 else "sodium",
        )
        for c in (1, 2)
        for k in range(20)
    )
    return City(
        name="testtown",
        title="Test Town",
        seed=1,
        timezone="Europe/Berlin",
        lat_deg=51.43,
        lon_deg=6.76,
        outline=(((X0 - 600, Y0 - 600), (X0 + 1100, Y0 - 600), (X0, Y0 + 1100)),),
        census=census,
        schools=(School(id="1", name="One", form="Gymnasium", x_m=X0, y_m=Y0, pupils=300),),
        stops=tuple(
            Stop(
                id=f"stop-{k}",
                name=f"Stop {k}",
                x_m=X0 - 400.0 + 450.0 * k,
                y_m=Y0 + 40.0 * (k % 2),
                modes=("tram", "bus"),
            )
            for k in range(5)
        ),
        cells=_cells(),
        access_points=(*school, *street),
        switches=(
            Switch(
                id="sw-school-1",
                site="school-1",
                x_m=X0,
                y_m=Y0 + 300.0,
                ports=tuple(Port(index=str(k)) for k in range(1, 7)),
                contact="it@school.example",
            ),
        ),
        cabinets=(
            LampCabinet(id="cab-1", site="fws", x_m=X0, y_m=Y0),
            LampCabinet(id="cab-2", site="north", x_m=X0, y_m=Y0 + 100.0, night_level_percent=100),
        ),
        lamps=lamps,
    )


@pytest.fixture(scope="session")
def city() -> City:
    """The small city."""
    return make_city()


@pytest.fixture
def make_world(city: City) -> Callable[..., World]:
    """Make a world of the small city at a local time; Tuesday noon unless told."""

    def make(year=2026, month=1, day=20, hour=12, minute=0, *, seed=3, **options) -> World:
        start = datetime(year, month, day, hour, minute, tzinfo=BERLIN)
        return World(city, seed=seed, start=start, **options)

    return make
