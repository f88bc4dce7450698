"""Public Wi-Fi of the city: squares, stations and the zoo."""

from __future__ import annotations

from twin.sim.city_wifi.assumptions import ASSUMPTIONS
from twin.sim.city_wifi.system import CityWifi

__all__ = ["ASSUMPTIONS", "CityWifi"]
