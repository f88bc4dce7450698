"""LTE and 5G: users, cells, handovers, sleep and power."""

from __future__ import annotations

from twin.sim.cellular.assumptions import ASSUMPTIONS
from twin.sim.cellular.rates import HandoverRates
from twin.sim.cellular.system import AGENTS_KEY, Cellular

__all__ = ["AGENTS_KEY", "ASSUMPTIONS", "Cellular", "HandoverRates"]
