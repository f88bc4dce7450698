"""Transfers that share a cell, one event each: for questions of delay that ticks cannot answer."""

from twin.sim.flows.cell import FlowCell
from twin.sim.flows.source import PoissonSource, Sizes

__all__ = ["FlowCell", "PoissonSource", "Sizes"]
