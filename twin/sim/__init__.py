"""The living city: sun, users, lessons, trams, lamps and failures in simulated time."""

from __future__ import annotations

from twin.sim.run import SimulationResult, simulate
from twin.sim.world import World

__all__ = ["SimulationResult", "World", "simulate"]
