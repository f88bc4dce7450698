"""A copy of something that runs, made on the way that saved simulations take."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar, cast

from twin.model.city import City
from twin.sim.graph import dump
from twin.sim.graph_reader import load
from twin.sim.save import restore, save
from twin.sim.simulation import Simulation

_Thing = TypeVar("_Thing")

NOWHERE = City(
    name="nowhere", title="Nowhere", seed=1, timezone="UTC", lat_deg=0.0, lon_deg=0.0, outline=()
)


def taken_up(simulation: Simulation) -> Simulation:
    """Save a simulation to a file and take it up again."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.sim"
        save(simulation, path)
        return restore(path, simulation.context.city)


def stored(thing: _Thing, city: City = NOWHERE) -> _Thing:
    """Write a part of a simulation as a saved one holds it, and read it again."""
    return cast(_Thing, load(dump(thing, city), city))
