"""Moving users under a layer of cells, exactly: handover, ping-pong, lost links, rates."""

from twin.sim.mobility.hexagons import hexagonal_layer
from twin.sim.mobility.policy import ASSUMPTIONS, HandoverPolicy
from twin.sim.mobility.simulation import MobilityCounts, MobilitySimulation
from twin.sim.mobility.walk import Walk, straight_walk

__all__ = [
    "ASSUMPTIONS",
    "HandoverPolicy",
    "MobilityCounts",
    "MobilitySimulation",
    "Walk",
    "hexagonal_layer",
    "straight_walk",
]
