"""What policies must know of a device that its configuration does not say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from twin.model.city import AccessPoint, City

__all__ = ["CityFacts", "SiteFacts"]


class SiteFacts(Protocol):
    """Facts about where a device stands."""

    def placement(self, device: str) -> str:
        """Return ``indoor``, ``outdoor_fixed`` or ``vehicle``; empty if not known."""

    def antenna_gain_dbi(self, device: str, radio: str) -> float | None:
        """Return the antenna gain of a radio, None if not known. [dBi]."""

    def feed_port(self, device: str) -> str:
        """Return the port of the upstream device that feeds this one; empty if not known."""


class CityFacts:
    """Facts from a city file.

    Parameters
    ----------
    city : City
        The city; devices that are not part of it have no facts.
    """

    def __init__(self, city: City) -> None:
        self._access_points: Mapping[str, AccessPoint] = {ap.id: ap for ap in city.access_points}

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
