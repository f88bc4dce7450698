"""What places on the fibre would send: asked of their systems, or a stated fallback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from twin.model.city import City
from twin.sim.egov_backbone.assumptions import value
from twin.sim.egov_backbone.fibre import Place
from twin.sim.holidays import is_school_day
from twin.sim.profiles import hotspot_weight
from twin.sim.schools import school_sites
from twin.sim.system import System

__all__ = ["Demand", "LoadsFibre", "places_of"]


@runtime_checkable
class LoadsFibre(Protocol):
    """A system whose places hang on the municipal fibre."""

    def fibre_load_bps(self) -> Mapping[str, float]:
        """Return what each of its places wants to send and receive now, by id. [bit/s]."""
        ...


def places_of(city: City) -> tuple[Place, ...]:
    """List what hangs on the municipal fibre, each once.

    Parameters
    ----------
    city : City
        The city.

    Returns
    -------
    tuple of Place
        Citizen offices, schools, places with fixed access points, gateways, and whatever else a
        fibre node names. Mobile sites, and wireless homes served from them, have the lines of
        their operators unless a fibre node names them.
    """
    taken = {office.id for office in city.offices if office.kind == "data_centre"}
    places: list[Place] = []
    for place in _candidates(city):
        if place.id and place.id not in taken:
            places.append(place)
            taken.update((place.id, *place.aliases))
    return tuple(places)


def _candidates(city: City) -> Iterator[Place]:
    for office in city.offices:
        yield Place(id=office.id, x_m=office.x_m, y_m=office.y_m)
    for school in city.schools:
        aliases = school_sites(school)[1:]
        yield Place(id=school.id, x_m=school.x_m, y_m=school.y_m, aliases=aliases)
    for ap in city.access_points:
        if ap.placement != "vehicle":
            yield Place(id=ap.site, x_m=ap.x_m, y_m=ap.y_m)
    for gateway in city.gateways:
        if gateway.technology == "lorawan":  # the sites of 450 MHz have microwave links
            yield Place(id=gateway.id, x_m=gateway.x_m, y_m=gateway.y_m)
    for node in city.fibre_nodes:
        yield Place(id=node.site, x_m=node.x_m, y_m=node.y_m)


class Demand:
    """Rates that places want, by the order of the places.

    Parameters
    ----------
    city : City
        The city.
    systems : mapping
        The systems of the run.
    places : sequence of Place
        What hangs on the fibre.
    """

    def __init__(self, city: City, systems: Mapping[str, System], places: Sequence[Place]) -> None:
        index = {name: i for i, p in enumerate(places) for name in (p.id, *p.aliases)}
        self._index = index
        self._askable = [
            system
            for name, system in sorted(systems.items())
            if name != "egov_backbone" and isinstance(system, LoadsFibre)
        ]
        has = {name for name, system in systems.items() if isinstance(system, LoadsFibre)}
        self._pupils = np.zeros(len(places))
        if "classrooms" not in has:
            for school in city.schools:
                self._pupils[index[school.id]] += school.pupils
        self._aps = np.zeros(len(places))
        schools = {name for school in city.schools for name in school_sites(school)}
        if "city_wifi" not in has:
            for ap in city.access_points:
                if ap.placement != "vehicle" and ap.site not in schools:
                    self._aps[index[ap.site]] += 1.0

    def now_bps(self, local: datetime) -> NDArray[np.float64]:
        """Return what each place wants at a local time.

        Parameters
        ----------
        local : datetime
            Local time.

        Returns
        -------
        ndarray of shape (n_places,)
            Rate, both directions together. [bit/s]
        """
        wanted = self._aps * value("public_ap_bps") * hotspot_weight(local)
        if is_school_day(local.date()) and 8 <= local.hour < 15:
            wanted = wanted + self._pupils * value("school_bps_per_pupil")
        for system in self._askable:
            for name, rate_bps in system.fibre_load_bps().items():
                if name in self._index:
                    wanted[self._index[name]] += rate_bps
        return np.asarray(wanted)
