"""Simulations of the mobile network alone, in the small made-up city."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from twin.model.city import City
from twin.sim.simulation import Simulation

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def simulate(city: City) -> Callable[..., Simulation]:
    """Make a simulation at a local hour of a Tuesday; 20 h unless told."""

    def make(hour=20, minute=0, *, town=city, seed=3, **options) -> Simulation:
        start = datetime(2026, 1, 20, hour, minute, tzinfo=BERLIN)
        return Simulation(town, seed=seed, start=start, systems=["cellular"], **options)

    return make
