"""A town of three schools with access points, for the tests of the classrooms."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from twin.model.city import (
    AccessPoint,
    City,
    District,
    Port,
    Radio,
    School,
    Ssid,
    Switch,
)
from twin.sim.simulation import Simulation

X0, Y0 = 344_000.0, 5_700_000.0

SCHOOLS = (("10", "Gymnasium", 600, 9), ("20", "Grundschule", 240, 4), ("30", "Realschule", 300, 2))


def _aps(name: str, n: int, x: float, ssids: tuple[Ssid, ...]) -> list[AccessPoint]:
    channels = (36, 44, 52, 60, 100, 108, 116, 132, 140)
    return [
        AccessPoint(
            id=f"ap-{name}-{k}",
            site=f"school-{name}",
            x_m=x + 25.0 * (k % 3),
            y_m=Y0 + 25.0 * (k // 3),
            height_m=3.0,
            placement="indoor",
            radios=(
                Radio(
                    index="1", channel=1 + 5 * (k % 3), bandwidth_mhz=20, tx_power_dbm=14,
                    antenna_gain_dbi=3.0,
                ),
                Radio(
                    index="2", channel=channels[k], bandwidth_mhz=20, tx_power_dbm=20,
                    antenna_gain_dbi=4.0,
                ),
            ),
            ssids=ssids,
            switch=f"sw-{name}",
            port=str(k + 1),
        )
        for k in range(n)
    ]  # fmt: skip


def make_city(*, exam_network: bool = False, with_aps: bool = True) -> City:
    ssids = (
        Ssid(name="schule"),
        Ssid(name="gast"),
        Ssid(name="pruefung", enabled=exam_network, hidden=True),
    )
    places = [(name, n, X0 + 2000.0 * i) for i, (name, _, _, n) in enumerate(SCHOOLS)]
    ring = ((X0 - 1e3, Y0 - 1e3), (X0 + 1e3, Y0 - 1e3), (X0 + 1e3, Y0 + 1e3), (X0 - 1e3, Y0 + 1e3))
    east = tuple((x + 2e3 if x < X0 else x + 6e3, y) for x, y in ring)
    return City(
        name="testtown",
        title="Test Town",
        seed=1,
        timezone="Europe/Berlin",
        lat_deg=51.43,
        lon_deg=6.76,
        outline=(ring,),
        districts=tuple(
            District(code=slug, slug=slug, level="district", area_km2=1.0, rings=(area,))
            for slug, area in (("west", ring), ("east", east))
        ),
        schools=tuple(
            School(id=name, name=f"S{name}", form=form, x_m=X0 + 2000.0 * i, y_m=Y0, pupils=pupils)
            for i, (name, form, pupils, _) in enumerate(SCHOOLS)
        ),
        access_points=tuple(
            ap for name, n, x in places if with_aps for ap in _aps(name, n, x, ssids)
        ),
        switches=tuple(
            Switch(
                id=f"sw-{name}",
                site=f"school-{name}",
                x_m=x,
                y_m=Y0,
                ports=tuple(Port(index=str(k + 1)) for k in range(n)),
            )
            for name, n, x in places
            if with_aps
        ),
    )


@pytest.fixture
def begin():
    """Start a simulation of the town at a local time; Tuesday at seven unless told."""

    def make(city=None, year=2026, month=1, day=20, hour=7, minute=0, *, seed=3, **options):
        start = datetime(year, month, day, hour, minute, tzinfo=ZoneInfo("Europe/Berlin"))
        options = {"systems": ["classrooms"], "tick_s": 10.0} | options
        return Simulation(city or make_city(), seed=seed, start=start, **options)

    return make
