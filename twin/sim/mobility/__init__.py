"""Moving users under a layer of cells, exactly: handover, ping-pong, lost links, rates."""

from twin.sim.mobility.assumptions import ASSUMPTIONS
from twin.sim.mobility.hexagons import hexagonal_layer
from twin.sim.mobility.policy import HandoverPolicy
from twin.sim.mobility.rates import MobilityRates, mobility_rates
from twin.sim.mobility.simulation import MobilityCounts, MobilitySimulation
from twin.sim.mobility.walk import Walk, straight_walk

__all__ = [
    "ASSUMPTIONS",
    "HandoverPolicy",
    "MobilityCounts",
    "MobilityRates",
    "MobilitySimulation",
    "Walk",
    "hexagonal_layer",
    "mobility_rates",
    "straight_walk",
]
