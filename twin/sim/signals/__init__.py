"""Traffic signals: programmes, queues, green waves, failures, and what they cost in time."""

from __future__ import annotations

from twin.sim.signals.assumptions import ASSUMPTIONS
from twin.sim.signals.system import Signals

__all__ = ["ASSUMPTIONS", "Signals"]
