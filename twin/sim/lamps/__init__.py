"""Street lamps: cabinets that controllers set, lamps that burn, age and fail, crews that repair."""

from twin.sim.lamps.assumptions import ASSUMPTIONS
from twin.sim.lamps.fleet import LampFleet
from twin.sim.lamps.system import Lamps
from twin.sim.lamps.timetable import in_window

__all__ = ["ASSUMPTIONS", "LampFleet", "Lamps", "in_window"]
