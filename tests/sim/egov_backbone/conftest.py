"""A small town with a fibre ring, a spur, three offices, a data centre and wireless homes."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from twin.model.city import (
    City,
    District,
    FibreLink,
    FibreNode,
    Gateway,
    Office,
    School,
    Site,
    WirelessCustomer,
)
from twin.sim.simulation import Simulation

X0, Y0 = 344_000.0, 5_700_000.0
DAY_S = 86400.0


def make_city(**changes) -> City:
    at = {
        "n1": (0.0, 0.0),
        "n2": (4000.0, 0.0),
        "n3": (4000.0, 4000.0),
        "n4": (0.0, 4000.0),
        "n5": (8000.0, 4000.0),
    }
    sites = {"n1": "dc", "n2": "office-1", "n3": "office-2", "n5": "office-3"}
    links = (("n1", "n2"), ("n2", "n3"), ("n3", "n4"), ("n4", "n1"), ("n3", "n5"))
    offices = [
        Office(
            id=sites[node],
            name=sites[node],
            kind="citizen_office",
            x_m=X0 + at[node][0],
            y_m=Y0 + at[node][1],
            appointments_per_year=40_000,
        )
        for node in ("n2", "n3", "n5")
    ]
    centre = Office(id="dc", name="Centre", kind="data_centre", x_m=X0, y_m=Y0)
    ring = (
        (X0 - 1e4, Y0 - 1e4),
        (X0 + 2e3, Y0 - 1e4),
        (X0 + 2e3, Y0 + 1e4),
        (X0 - 1e4, Y0 + 1e4),
    )
    east = tuple((x + 12e3, y) for x, y in ring)
    city = {
        "name": "testtown",
        "title": "Test Town",
        "seed": 1,
        "timezone": "Europe/Berlin",
        "lat_deg": 51.43,
        "lon_deg": 6.76,
        "outline": (ring,),
        "districts": tuple(
            District(code=slug, slug=slug, level="district", area_km2=1.0, rings=(rings,))
            for slug, rings in (("west", ring), ("east", east))
        ),
        "schools": (
            School(id="7", name="S", form="Gymnasium", x_m=X0 + 100, y_m=Y0 + 3900, pupils=900),
        ),
        "offices": (*offices, centre),
        "fibre_nodes": tuple(
            FibreNode(id=name, x_m=X0 + x, y_m=Y0 + y, site=sites.get(name, ""))
            for name, (x, y) in at.items()
        ),
        "fibre_links": tuple(
            FibreLink(
                id=f"{a}-{b}",
                a=a,
                b=b,
                length_m=4000.0,
                capacity_bps=1e9,
            )
            for a, b in links
        ),
        "sites": (Site(id="hub", operator="dcc", kind="mast", x_m=X0 + 500, y_m=Y0 + 500),),
        "gateways": (
            Gateway(
                id="gw",
                technology="lorawan",
                x_m=X0 + 3900,
                y_m=Y0 + 3900,
                height_m=20.0,
                antenna_gain_dbi=6.0,
            ),
        ),
        "wireless_customers": tuple(
            WirelessCustomer(
                id=f"home-{k}",
                hub="hub",
                x_m=X0 + 500 + 300.0 * k,
                y_m=Y0 + 500,
                carrier_hz=26e9,
                homes=2,
            )
            for k in range(1, 9)
        ),
    }
    return City(**(city | changes))


@pytest.fixture
def begin():
    """Start a simulation of the town at a local time; Tuesday at seven unless told."""

    def make(city=None, year=2026, month=1, day=20, hour=7, minute=0, *, seed=3, **options):
        start = datetime(year, month, day, hour, minute, tzinfo=ZoneInfo("Europe/Berlin"))
        options = {"systems": ["egov_backbone"], "tick_s": 10.0} | options
        return Simulation(city or make_city(), seed=seed, start=start, **options)

    return make


@pytest.fixture
def town():
    return make_city()
