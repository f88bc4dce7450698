"""What a scenario can do to public transport."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from twin.model.errors import ModelError
from twin.sim.system import Action, Moment

if TYPE_CHECKING:
    from twin.sim.transit_wifi.system import TransitWifi

__all__ = ["transit_actions"]

_ALL = "all"


def transit_actions(system: TransitWifi) -> Mapping[str, Action]:
    """Return the actions of a system; their methods can be saved."""
    verbs = Verbs(system)
    return {
        "disrupt": Action(
            what="no trip of a line begins, those under way go on; target all: every line",
            check=verbs.check_line,
            begin=verbs.disrupt,
            end=verbs.resume,
        ),
        "fail": Action(
            what="the access point of a vehicle breaks",
            check=verbs.check_vehicle,
            begin=verbs.fail,
            end=verbs.repair,
        ),
        "demand": Action(
            what="so many times the usual riders come, target all",
            check=verbs.check_demand,
            begin=verbs.demand,
            end=verbs.normal,
            parameters={"factor": "times the usual riders, 0 to 20"},
        ),
        "repeaters": Action(
            what="the repeaters of the tunnel stations are off, target all",
            check=verbs.check_all,
            begin=verbs.silence,
            end=verbs.repeat,
        ),
    }


class Verbs:
    """Checks and effects of the actions.

    Parameters
    ----------
    system : TransitWifi
        What they act on.
    """

    def __init__(self, system: TransitWifi) -> None:
        self._system = system

    def _lines(self) -> dict[str, None]:
        operation = self._system.operation
        return {} if operation is None else dict.fromkeys(p.line for p in operation.patterns)

    def _tell(self, who: str, text: str) -> None:
        now_s = self._system.context.kernel.now_s
        self._system.moments.append(Moment(now_s, who, text))
        self._system.context.note("transit_action", f"{who} {text}")

    def check_all(self, target: str, parameters: Mapping[str, object]) -> None:
        """Refuse any target but all."""
        if target != _ALL:
            raise ModelError(f"transit_wifi: target is {target!r}, must be {_ALL!r}")

    def check_line(self, target: str, parameters: Mapping[str, object]) -> None:
        """Refuse an unknown line."""
        if target != _ALL and target not in self._lines():
            raise ModelError(f"transit_wifi: no line {target!r}")

    def disrupt(self, target: str, parameters: Mapping[str, object]) -> None:
        """Let no trip begin."""
        if self._system.operation is not None:
            self._system.operation.blocked |= set(self._lines()) if target == _ALL else {target}
            self._tell(target, "no trips begin")

    def resume(self, target: str, parameters: Mapping[str, object]) -> None:
        """Let trips begin again."""
        if self._system.operation is not None:
            self._system.operation.blocked -= set(self._lines()) if target == _ALL else {target}
            self._tell(target, "trips begin again")

    def check_vehicle(self, target: str, parameters: Mapping[str, object]) -> None:
        """Refuse what is no vehicle with an access point."""
        onboard = self._system.onboard
        if onboard is None or not onboard.access_points(target):
            raise ModelError(f"transit_wifi: no vehicle {target!r} with an access point")

    def fail(self, target: str, parameters: Mapping[str, object]) -> None:
        """Break the access points of a vehicle."""
        if self._system.onboard is not None:
            for ap in self._system.onboard.access_points(target):
                self._system.onboard.air.fail(ap)
            self._tell(target, "Wi-Fi broken")

    def repair(self, target: str, parameters: Mapping[str, object]) -> None:
        """Repair the access points of a vehicle."""
        if self._system.onboard is not None:
            for ap in self._system.onboard.access_points(target):
                self._system.onboard.air.repair(ap)
            self._tell(target, "Wi-Fi repaired, it boots")

    def check_demand(self, target: str, parameters: Mapping[str, object]) -> None:
        """Refuse an impossible factor."""
        self.check_all(target, parameters)
        _factor(parameters)

    def demand(self, target: str, parameters: Mapping[str, object]) -> None:
        """Let more or fewer riders come."""
        if self._system.operation is not None:
            self._system.operation.demand = _factor(parameters)
            self._tell(target, f"{_factor(parameters):g} times the riders")

    def normal(self, target: str, parameters: Mapping[str, object]) -> None:
        """Let the usual riders come."""
        if self._system.operation is not None:
            self._system.operation.demand = 1.0
            self._tell(target, "the usual riders")

    def silence(self, target: str, parameters: Mapping[str, object]) -> None:
        """Switch the repeaters of tunnel stations off."""
        if self._system.onboard is not None:
            self._system.onboard.backhaul.tunnel_repeaters = False
            self._tell(target, "no coverage at tunnel stations")

    def repeat(self, target: str, parameters: Mapping[str, object]) -> None:
        """Switch the repeaters of tunnel stations on."""
        if self._system.onboard is not None:
            self._system.onboard.backhaul.tunnel_repeaters = True
            self._tell(target, "tunnel stations covered again")


def _factor(parameters: Mapping[str, object]) -> float:
    value = parameters.get("factor")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 20.0:
        raise ModelError(f"transit_wifi: factor is {value!r}, must be 0 to 20")
    return float(value)
