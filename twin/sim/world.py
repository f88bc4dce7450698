"""The world: a second city with hidden deviations, alive in SimPy, behind emulated devices."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from twin.model.city import City
from twin.sim.lamps import Lamps
from twin.sim.simulation import Simulation

__all__ = ["World"]


class World(Simulation):
    """A living city behind the emulated devices.

    It differs from the city it is made from (`twin.sim.deviations`) in ways the planning side
    never reads. All systems live in it, as far as the managed devices need them.

    Parameters
    ----------
    city : City
        The city as the inventory has it; it is not changed.
    seed : int
        Seed of the hidden deviations and of everything that happens.  Must be >= 0.
    start : datetime
        Instant of second 0, timezone-aware.
    managed : collection of str, optional
        Ids of the devices to be read and written; their surroundings are simulated too. None takes
        every device of the city.
    tick_s : float
        Step of the dense processes. [s]  Must be > 0.
    drill : bool
        True: a lamp fails after 15 s, is repaired 30 s later, and so on every two minutes. A drill,
        marked so in the trace, that lets a short demonstration see a repair.
    failure_factor : float
        Failures are so many times more frequent and repaired so many times faster.  Must be > 0.

    Raises
    ------
    ModelError
        `managed` names something the city does not have.
    ValueError
        `start` has no timezone, or a number is out of range.
    """

    def __init__(
        self,
        city: City,
        *,
        seed: int,
        start: datetime,
        managed: Collection[str] | None = None,
        tick_s: float = 1.0,
        drill: bool = False,
        failure_factor: float = 1.0,
    ) -> None:
        super().__init__(
            city,
            seed=seed,
            start=start,
            managed=managed,
            tick_s=tick_s,
            failure_factor=failure_factor,
        )
        lamps = self.systems["lamps"]
        if drill and isinstance(lamps, Lamps):
            lamps.start_drill()
