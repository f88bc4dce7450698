"""What policies must know of a device that its configuration does not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from twin.model.city import AccessPoint, City

__all__ = ["CellPlace", "CityFacts", "SiteFacts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellPlace:
    """Where a cell stands, and whether it is on as far as the planner knows."""

    id: str
    site: str
    x_m: float = field(metadata={"unit": "m"})
    y_m: float = field(metadata={"unit": "m"})
    is_on: bool


class SiteFacts(Protocol):
    """Facts about where a device stands."""

    def placement(self, device: str) -> str:
        """Return ``indoor``, ``outdoor_fixed`` or ``vehicle``; empty if not known."""

    def antenna_gain_dbi(self, device: str, radio: str) -> float | None:
        """Return the antenna gain of a radio, None if not known. [dBi]."""

    def feed_port(self, device: str) -> str:
        """Return the port of the upstream device that feeds this one; empty if not known."""

    def cells(self) -> Mapping[str, CellPlace]:
        """Return all cells by id."""


class CityFacts:
    """Facts from a city file.

    Parameters
    ----------
    city : City
        The city; devices that are not part of it have no facts.
    """

    def __init__(self, city: City) -> None:
        self._access_points: Mapping[str, AccessPoint] = {ap.id: ap for ap in city.access_points}
        self._city = city

    def placement(self, device: str) -> str:
        """Return ``indoor``, ``outdoor_fixed`` or ``vehicle``; empty if not known."""
        ap = self._access_points.get(device)
        return ap.placement if ap else ""

    def antenna_gain_dbi(self, device: str, radio: str) -> float | None:
        """Return the antenna gain of a radio, None if not known. [dBi]."""
        ap = self._access_points.get(device)
        gains = {item.index: item.antenna_gain_dbi for item in ap.radios} if ap else {}
        return gains.get(radio)

    def feed_port(self, device: str) -> str:
        """Return the port of the upstream device that feeds this one; empty if not known."""
        ap = self._access_points.get(device)
        return ap.port if ap else ""

    def cells(self) -> Mapping[str, CellPlace]:
        """Return all cells by id."""
        return {
            cell.id: CellPlace(
                id=cell.id, site=cell.site, x_m=cell.x_m, y_m=cell.y_m, is_on=cell.is_on
            )
            for cell in self._city.cells
        }
