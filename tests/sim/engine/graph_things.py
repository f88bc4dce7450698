"""Objects to store and a city for them, as if they were of the simulation."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from twin.model.city import City

CITY = City(
    name="toy",
    title="Toy",
    seed=1,
    timezone="Europe/Berlin",
    lat_deg=51.0,
    lon_deg=7.0,
    outline=(((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)),),
)


class Thing:
    """Holds what it is given."""

    def __init__(self, **what):
        vars(self).update(what)

    def told(self, what):
        self.heard = what


@dataclass(frozen=True, slots=True)
class Point:
    x_m: float
    of: object = None


@dataclass(slots=True)
class Base:
    a: int = 1


@dataclass(slots=True, eq=False)
class Derived(Base):
    b: list = field(default_factory=list)


class Pair(NamedTuple):
    left: object
    right: object


class Colour(Enum):
    RED = 1
    GREEN = 2


class Private:
    __slots__ = ("__secret", "unset")

    def __init__(self, secret):
        self.__secret = secret

    def secret(self):
        return self.__secret


class Stateful:
    def __init__(self, n):
        self.it = iter(range(n))

    def __getstate__(self):
        return {"left": list(self.it)}

    def __setstate__(self, state):
        self.it = iter(state["left"])


class Reducing:
    def __reduce__(self):
        return print, ("executed",)


def tell(what):
    return f"told {what}"


for _thing in (Thing, Point, Base, Derived, Pair, Colour, Private, Stateful, Reducing, tell):
    _thing.__module__ = "twin.sim.things"  # as if they were ours
