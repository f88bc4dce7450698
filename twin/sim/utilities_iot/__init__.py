"""Utility networks: LoRaWAN meters, lamps and sensors; LTE 450 for substations and smart meters."""

from twin.sim.utilities_iot.aloha_cell import CellOutcome, simulate_cell
from twin.sim.utilities_iot.assumptions import ASSUMPTIONS
from twin.sim.utilities_iot.system import UtilitiesIot

__all__ = ["ASSUMPTIONS", "CellOutcome", "UtilitiesIot", "simulate_cell"]
