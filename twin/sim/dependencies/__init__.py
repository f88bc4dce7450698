"""Electricity for everything: substations in a ring, stations, and what hangs on them."""

from twin.sim.dependencies.story import TellingStation, find_telling_station
from twin.sim.dependencies.system import Dependencies

__all__ = ["Dependencies", "TellingStation", "find_telling_station"]
