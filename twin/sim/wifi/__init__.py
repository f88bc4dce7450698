"""The access points of the city and what feeds them, shared by several systems.

`shared_air` gives a system the fleets. Each system brings the stations of its own use (`PUBLIC`,
`SCHOOL`, `VEHICLE`) with `WifiFleet.add`, asks `Air.follow` to be told after each step, and calls
`Air.start`.
"""

from __future__ import annotations

from twin.sim.wifi.assumptions import ASSUMPTIONS
from twin.sim.wifi.fleet import PUBLIC, SCHOOL, VEHICLE, WifiFleet
from twin.sim.wifi.shared import Air, shared_air
from twin.sim.wifi.switches import SwitchFleet
from twin.sim.wifi.traffic import Split

__all__ = [
    "ASSUMPTIONS",
    "PUBLIC",
    "SCHOOL",
    "VEHICLE",
    "Air",
    "Split",
    "SwitchFleet",
    "WifiFleet",
    "shared_air",
]
