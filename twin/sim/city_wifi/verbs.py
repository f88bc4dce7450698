"""What a scenario can do to the public Wi-Fi."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from twin.model.errors import ModelError
from twin.sim.city_wifi.assumptions import figure
from twin.sim.system import Action

if TYPE_CHECKING:
    from twin.sim.city_wifi.system import CityWifi

__all__ = ["public_actions"]


def public_actions(system: CityWifi) -> Mapping[str, Action]:
    """Return the actions of a system; their methods can be saved."""
    verbs = Verbs(system)
    return {
        "radar": Action(
            what="an access point sees radar on its 5 GHz channel",
            check=verbs.check_ap,
            begin=verbs.radar,
        ),
        "fail": Action(
            what="an access point breaks",
            check=verbs.check_ap,
            begin=verbs.fail,
            end=verbs.repair,
        ),
        "crowd": Action(
            what="people gather at a site, some of them online",
            check=verbs.check_crowd,
            begin=verbs.gather,
            end=verbs.scatter,
            parameters={"people": "people there, more than 0"},
        ),
        "demand": Action(
            what="log-ins at a site, or everywhere with target city, change",
            check=verbs.check_demand,
            begin=verbs.demand,
            end=verbs.normal,
            parameters={"factor": "times the usual log-ins, 0 to 100"},
        ),
    }


def _number(parameters: Mapping[str, object], name: str, low: float, high: float) -> float:
    value = parameters.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ModelError(f"city_wifi: {name} is {value!r}, must be {low:g} to {high:g}")
    return float(value)


class Verbs:
    """Checks and effects of the actions.

    Parameters
    ----------
    system : CityWifi
        What they act on.
    """

    def __init__(self, system: CityWifi) -> None:
        self._system = system

    def check_ap(self, target: str, parameters: Mapping[str, object]) -> None:
        """Refuse what is no public access point."""
        fleet = self._system.air.fleet
        if fleet.index.get(target, -1) not in self._system.public:
            raise ModelError(f"city_wifi: no public access point {target!r}")

    def radar(self, target: str, parameters: Mapping[str, object]) -> None:
        """Let an access point see radar."""
        self._system.see_radar(self._system.air.fleet.index[target])

    def fail(self, target: str, parameters: Mapping[str, object]) -> None:
        """Break an access point."""
        self._system.air.fail(target)
        self._system.books.tell(self._system.context.kernel.now_s, target, "broken")

    def repair(self, target: str, parameters: Mapping[str, object]) -> None:
        """Repair an access point."""
        self._system.air.repair(target)
        self._system.books.tell(self._system.context.kernel.now_s, target, "repaired, it boots")

    def _rows(self, site: str) -> np.ndarray:
        rows = self._system.air.fleet.members(site)
        return rows[np.isin(rows, self._system.public)]

    def check_crowd(self, target: str, parameters: Mapping[str, object]) -> None:
        """Refuse a site without public access points, or no people."""
        if not self._rows(target).size:
            raise ModelError(f"city_wifi: no site {target!r} with public access points")
        _number(parameters, "people", 1.0, 1e6)

    def gather(self, target: str, parameters: Mapping[str, object]) -> None:
        """Let log-ins come so that the share of the crowd that is online stays the same."""
        people, rows = _number(parameters, "people", 1.0, 1e6), self._rows(target)
        self._crowd(target, people, rows)
        site = int(self._system.air.fleet.site_of[rows[0]])
        self._system.users.gather(site, max(round(people * figure("crowd_share")), 1))
        self._system.books.tell(
            self._system.context.kernel.now_s, target, f"{people:.0f} people gather"
        )

    def scatter(self, target: str, parameters: Mapping[str, object]) -> None:
        """Let no more of the crowd log in."""
        people, rows = _number(parameters, "people", 1.0, 1e6), self._rows(target)
        self._crowd(target, -people, rows)

    def _crowd(self, target: str, people: float, rows: np.ndarray) -> None:
        online = people * figure("crowd_share") / (figure("portal_success_percent") / 100.0)
        per_s = self._system.crowd_per_s
        per_s[rows] += online / (60.0 * figure("session_min")) / rows.size
        np.maximum(per_s, 0.0, out=per_s)

    def check_demand(self, target: str, parameters: Mapping[str, object]) -> None:
        """Refuse an unknown site or an impossible factor."""
        if target not in ("", "city") and not self._rows(target).size:
            raise ModelError(f"city_wifi: no site {target!r} with public access points")
        _number(parameters, "factor", 0.0, 100.0)

    def demand(self, target: str, parameters: Mapping[str, object]) -> None:
        """Change log-ins."""
        self._scale(target, _number(parameters, "factor", 0.0, 100.0))

    def normal(self, target: str, parameters: Mapping[str, object]) -> None:
        """Let log-ins be as usual."""
        self._scale(target, 1.0)

    def _scale(self, target: str, factor: float) -> None:
        rows = self._system.public if target in ("", "city") else self._rows(target)
        self._system.factor[rows] = factor
