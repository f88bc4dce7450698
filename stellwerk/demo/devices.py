"""Which devices of the city are brought up: an expression, or a round sample for the demo."""

from __future__ import annotations

from collections.abc import Iterable
from math import hypot
from pathlib import Path
from typing import Protocol

from controllers.inventory import select as select_devices
from controllers.ports import Device
from twin.model.city import City
from twin.model.errors import InputError
from twin.planning.scenario import kind_of

__all__ = [
    "PILOT",
    "choose_devices",
    "demo_devices",
    "demo_school",
    "profiles_of",
    "sites_of",
    "upstreams_of",
]

PILOT = "fws"
SMALL_CELL_BELOW_M = 15.0
_PROFILES = {
    "ap": "openconfig-ap",
    "cell": "3gpp-nr-cell",
    "switch": "poe-switch",
    "lamp_cabinet": "lamp-cabinet",
    "lorawan_gateway": "lorawan-gateway",
    "signal": "ntcip-1202-signal",
}


class _Placed(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def x_m(self) -> float: ...
    @property
    def y_m(self) -> float: ...


def choose_devices(city: City, expression: str) -> tuple[str, ...]:
    """Pick devices of a city.

    Parameters
    ----------
    city : City
        The city.
    expression : str
        Selection such as ``site:fws & kind:ap``; empty for the sample of the demo.

    Returns
    -------
    tuple of str
        Device ids.

    Raises
    ------
    InputError
        The expression is wrong or selects nothing.
    """
    if not expression:
        return demo_devices(city)
    sites, profiles = sites_of(city), profiles_of(city)
    kinds = kind_of(city) | {signal.id: "signal" for signal in city.signals}
    kinds |= {g.id: "lorawan_gateway" for g in city.gateways if g.technology == "lorawan"}
    entries = tuple(
        Device(id=device, kind=kind, profile=profiles.get(device, _PROFILES[kind]), host="",
               port=0, username="", site=sites.get(device, ""), base=Path())
        for device, kind in kinds.items()
    )  # fmt: skip
    chosen = tuple(device.id for device in select_devices(entries, expression))
    if not chosen:
        raise InputError(f"{expression!r} selects no device of {city.name}",
                         hint="see 'stellwerk city show'")  # fmt: skip
    return chosen


def sites_of(city: City) -> dict[str, str]:
    """Map every device of the city to the site it belongs to."""
    return (
        {ap.id: ap.site for ap in city.access_points}
        | {cell.id: cell.site for cell in city.cells}
        | {switch.id: switch.site for switch in city.switches}
        | {cabinet.id: cabinet.site for cabinet in city.cabinets}
    )


def upstreams_of(city: City) -> dict[str, str]:
    """Map every device that hangs on a switch port to its switch."""
    return {ap.id: ap.switch for ap in city.access_points if ap.switch}


def profiles_of(city: City) -> dict[str, str]:
    """Map the devices of the city that their kind's usual profile does not fit to theirs."""
    return {cell.id: "3gpp-lte-cell" for cell in city.cells if cell.technology == "lte"}


def _pilot_centre(city: City) -> tuple[float, float]:
    pilot = [ap for ap in city.access_points if ap.site == PILOT]
    if not pilot:
        raise InputError(f"{city.name} has no site {PILOT!r}", hint="name devices with --select")
    return sum(ap.x_m for ap in pilot) / len(pilot), sum(ap.y_m for ap in pilot) / len(pilot)


def _nearest(items: Iterable[_Placed], centre: tuple[float, float], count: int) -> tuple[str, ...]:
    x_m, y_m = centre
    ordered = sorted(items, key=lambda item: (hypot(item.x_m - x_m, item.y_m - y_m), item.id))
    return tuple(item.id for item in ordered[:count])


def demo_school(city: City) -> str:
    """Name the site of the school nearest to the pilot that has 6 to 12 access points."""
    counts: dict[str, int] = {}
    for ap in city.access_points:
        counts[ap.site] = counts.get(ap.site, 0) + 1
    fitting = [s for s in city.schools if 6 <= counts.get(f"school-{s.id}", 0) <= 12]
    (school,) = _nearest(fitting, _pilot_centre(city), 1)
    return f"school-{school}"


def demo_devices(city: City) -> tuple[str, ...]:
    """Pick the sample of the demo: the pilot, one school, and what stands around them.

    Parameters
    ----------
    city : City
        A city with the pilot site.

    Returns
    -------
    tuple of str
        At least 60 device ids of all four kinds.
    """
    centre, sites = _pilot_centre(city), (PILOT, demo_school(city))
    aps = tuple(ap.id for ap in city.access_points if ap.site in sites)
    own = tuple(switch.id for switch in city.switches if switch.site in sites)
    other = _nearest((s for s in city.switches if s.site not in sites), centre, 12)
    small = _nearest((c for c in city.cells if c.height_m < SMALL_CELL_BELOW_M), centre, 4)
    operator = next(cell.operator for cell in city.cells if cell.id in small)
    macros = [cell for cell in city.cells if cell.height_m >= SMALL_CELL_BELOW_M]
    large = (cell for cell in macros if cell.band == "n78" and cell.operator == operator)
    cells = (*small, *_nearest(large, centre, 16))
    cabinets = _nearest(city.cabinets, centre, 16)
    return aps + own + other + cells + cabinets
