"""Street lamps: cabinets that controllers set, lamps that burn, age and fail, crews that repair."""

from twin.sim.lamps.assumptions import ASSUMPTIONS
from twin.sim.lamps.fleet import LampFleet, in_window
from twin.sim.lamps.system import Lamps

__all__ = ["ASSUMPTIONS", "LampFleet", "Lamps", "in_window"]
