"""Smart classrooms: lessons, log-on storms, the line of each school, exams."""

from twin.sim.classrooms.assumptions import ASSUMPTIONS
from twin.sim.classrooms.system import Classrooms

__all__ = ["ASSUMPTIONS", "Classrooms"]
