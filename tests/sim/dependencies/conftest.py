"""A small grid: four substations in a ring, eight stations, and one of each consumer."""

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
    District,
    FibreNode,
    Gateway,
    LampCabinet,
    Office,
    PowerNode,
    School,
    TrafficSignal,
)
from twin.sim.simulation import Simulation

START = datetime(2026, 1, 20, 7, 0, tzinfo=ZoneInfo("Europe/Berlin"))
BOX = ((-1000.0, -1000.0), (9000.0, -1000.0), (9000.0, 9000.0), (-1000.0, 9000.0))


def cell(site: str, x_m: float, y_m: float) -> Cell:
    return Cell(
        id=f"cell-{site}",
        site=site,
        operator="A",
        technology="lte",
        band="B20",
        scenario="UMa",
        x_m=x_m,
        y_m=y_m,
        height_m=30.0,
        azimuth_deg=0.0,
        tilt_deg=4.0,
        carrier_hz=816e6,
        bandwidth_hz=10e6,
        scs_hz=15e3,
        tx_power_dbm=46.0,
        antenna_gain_dbi=15.0,
        beamwidth_h_deg=65.0,
        beamwidth_v_deg=10.0,
        mimo_layers=2,
        load=0.3,
    )


def make_city(**changes: object) -> City:
    """Two stations near each of four substations; everything else near ns-1."""
    corners = ((0.0, 0.0), (8000.0, 0.0), (8000.0, 8000.0), (0.0, 8000.0))
    nodes = [
        PowerNode(
            id=f"sub-{k + 1}",
            kind="substation",
            x_m=x,
            y_m=y,
            feeds=(f"sub-{(k - 1) % 4 + 1}", f"sub-{(k + 1) % 4 + 1}"),
        )
        for k, (x, y) in enumerate(corners)
    ]
    for k, (x, y) in enumerate(corners):
        for i in (0, 1):
            nodes.append(
                PowerNode(
                    id=f"ns-{2 * k + i + 1}",
                    kind="station",
                    x_m=x + 500.0 * i,
                    y_m=y + 500.0,
                    feeds=(f"sub-{k + 1}", f"sub-{(k + 1) % 4 + 1}"),
                )
            )
    everything: dict[str, object] = {
        "name": "gridtown",
        "title": "Grid Town",
        "seed": 1,
        "timezone": "Europe/Berlin",
        "lat_deg": 51.4,
        "lon_deg": 6.8,
        "outline": (BOX,),
        "districts": (
            District(
                code="1",
                slug="west",
                level="district",
                area_km2=50.0,
                rings=((BOX[0], (4000.0, -1000.0), (4000.0, 9000.0), BOX[3]),),
            ),
            District(
                code="2",
                slug="east",
                level="district",
                area_km2=50.0,
                rings=(((4000.0, -1000.0), BOX[1], BOX[2], (4000.0, 9000.0)),),
            ),
        ),
        "census": tuple(
            CensusCell(x_m=node.x_m, y_m=node.y_m, residents=100.0, dwellings=100, buildings=20)
            for node in nodes
            if node.kind == "station"
        ),
        "power_nodes": tuple(nodes),
        "schools": (
            School(id="s1", name="S", form="Gymnasium", x_m=10.0, y_m=510.0, pupils=300),
            School(id="s2", name="T", form="Gymnasium", x_m=8000.0, y_m=8400.0, pupils=300),
        ),
        "offices": (Office(id="office-1", name="O", kind="citizen_office", x_m=20.0, y_m=520.0),),
        "fibre_nodes": (FibreNode(id="pop-1", x_m=20.0, y_m=520.0, site="office-1"),),
        "gateways": (
            Gateway(
                id="gw-1",
                technology="lorawan",
                x_m=0.0,
                y_m=450.0,
                height_m=30.0,
                antenna_gain_dbi=6.0,
            ),
        ),
        "cells": (cell("site-1", 0.0, 540.0), cell("site-2", 8000.0, 600.0)),
        "access_points": (
            AccessPoint(
                id="ap-1",
                site="school-s1",
                x_m=400.0,
                y_m=510.0,
                height_m=3.0,
                placement="indoor",
                radios=(),
                ssids=(),
            ),
        ),
        "signals": (
            TrafficSignal(id="signal-1", kind="junction", x_m=0.0, y_m=600.0, computer="hall"),
        ),
        "cabinets": (
            LampCabinet(id="cab-1", site="west", x_m=0.0, y_m=400.0),
            LampCabinet(id="cab-2", site="east", x_m=8400.0, y_m=500.0),
        ),
    }
    return City(**(everything | changes))


@pytest.fixture(scope="session")
def city() -> City:
    """The small city."""
    return make_city()


@pytest.fixture
def make_run(city: City) -> Callable[..., Simulation]:
    """Start a run of the grid alone; nothing fails by chance unless told."""

    def make(of: City | None = None, *, failure_factor: float = 1e-9, **options) -> Simulation:
        return Simulation(
            of or city,
            seed=options.pop("seed", 3),
            start=START,
            systems=("dependencies",),
            failure_factor=failure_factor,
            **options,
        )

    return make
