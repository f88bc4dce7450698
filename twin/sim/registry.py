"""The systems of the city by name, loaded when a run asks for them."""

from __future__ import annotations

from importlib import import_module

from twin.model.errors import ModelError
from twin.sim.system import System

__all__ = ["SYSTEM_NAMES", "system_class"]

_CLASSES = {
    "dependencies": "Dependencies",
    "egov_backbone": "EgovBackbone",
    "cellular": "Cellular",
    "city_wifi": "CityWifi",
    "transit_wifi": "TransitWifi",
    "classrooms": "Classrooms",
    "signals": "Signals",
    "lamps": "Lamps",
    "utilities_iot": "UtilitiesIot",
}

SYSTEM_NAMES = tuple(_CLASSES)
"""All systems, in the order in which they start: what supplies others comes first."""


def system_class(name: str) -> type[System]:
    """Find the class of a system.

    Parameters
    ----------
    name : str
        One of `SYSTEM_NAMES`.

    Returns
    -------
    type
        A subclass of `System`.

    Raises
    ------
    ModelError
        Unknown name.
    """
    if name not in _CLASSES:
        raise ModelError(f"no system {name!r}; there are {', '.join(SYSTEM_NAMES)}")
    found: type[System] = getattr(import_module(f"twin.sim.{name}"), _CLASSES[name])
    return found
