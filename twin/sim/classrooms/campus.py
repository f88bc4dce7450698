"""Everything there is at the schools of a run, shared by what moves it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.model.city import School
from twin.model.errors import ModelError
from twin.sim.classrooms.assumptions import value
from twin.sim.classrooms.devices import KINDS, Devices
from twin.sim.classrooms.ledger import Ledger
from twin.sim.classrooms.register import Register
from twin.sim.classrooms.routers import Routers
from twin.sim.classrooms.story import Stories
from twin.sim.schools import school_sites
from twin.sim.system import Context
from twin.sim.wifi import Air

__all__ = ["Campus"]


class Campus:
    """The schools of a run.

    Parameters
    ----------
    context : Context
        Shared.
    air : Air
        The access points.
    schools : sequence of School
        The schools that live in this run.
    """

    def __init__(self, context: Context, air: Air, schools: Sequence[School]) -> None:
        self.context, self.air = context, air
        self.register = Register(context.city, schools)
        self.stories = Stories()
        n = len(self.register.ids)
        self.ledger = Ledger(n)
        fleet = air.fleet
        self.sites = tuple(
            max(school_sites(school), key=lambda site: fleet.members(site).size)
            for school in schools
        )
        names = self._networks()
        self.exam_networks = tuple(name[2] for name in names)
        self.devices = Devices(
            fleet, self.sites, [name[:2] for name in names], context.rng("classrooms/devices")
        )
        self.routers = Routers(
            context, [school_sites(school) for school in schools], self.stories, self._came_back
        )
        self.video_share = np.full(n, value("video_share"))
        self.bell_s = np.full(n, -np.inf)
        self.end_s = np.full(n, -np.inf)
        self.counts = np.zeros((n, len(KINDS)))
        self.is_full = np.zeros(n, dtype=bool)

    def _networks(self) -> list[tuple[str, str, str]]:
        """Name the networks of pedagogy, guests and exams at each school."""
        of_site: dict[str, tuple[str, str, str]] = {}
        for ap in self.context.city.access_points:
            if ap.site not in of_site and ap.ssids:
                names = [ssid.name for ssid in ap.ssids]
                guest = names[1] if len(names) > 1 else names[0]
                of_site[ap.site] = (names[0], guest, names[2] if len(names) > 2 else "")
        return [of_site.get(site, ("", "", "")) for site in self.sites]

    def number(self, school: str) -> int:
        """Find a school by its id.

        Raises
        ------
        ModelError
            No school of that id lives in this run.
        """
        k = self.register.index.get(school)
        if k is None:
            raise ModelError(f"no school {school!r} is simulated; there are {len(self.sites)}")
        return k

    def _came_back(self, k: int) -> None:
        now_s = self.context.kernel.now_s
        again = self.devices.log_on_again(k, now_s)
        if again:
            name = self.register.ids[k]
            self.stories.tell(name, now_s, f"{again} devices log on again.")
            self.context.note("log_on_again", name, again)
