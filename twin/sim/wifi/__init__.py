"""The access points of the city and what feeds them, shared by several systems."""

from __future__ import annotations

from twin.sim.wifi.fleet import PUBLIC, SCHOOL, VEHICLE, WifiFleet
from twin.sim.wifi.switches import SwitchFleet

__all__ = ["PUBLIC", "SCHOOL", "VEHICLE", "SwitchFleet", "WifiFleet"]
