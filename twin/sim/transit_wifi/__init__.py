"""Wi-Fi on trams and buses: lines, vehicles, passengers, and the way back over the cells."""

from __future__ import annotations

from twin.sim.transit_wifi.assumptions import ASSUMPTIONS
from twin.sim.transit_wifi.lines import TramPosition
from twin.sim.transit_wifi.system import TIMETABLE_KEY, TransitWifi

__all__ = ["ASSUMPTIONS", "TIMETABLE_KEY", "TramPosition", "TransitWifi"]
