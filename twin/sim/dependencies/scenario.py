"""What a scenario can do to the grid: cut, fail, repair, surge."""

from __future__ import annotations

import math
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Protocol

from twin.model.errors import ModelError
from twin.sim.dependencies.repairs import Repairs
from twin.sim.dependencies.topology import Grid
from twin.sim.system import Action

__all__ = ["PowerActions", "Steered"]

_MAX_REPAIR_H = 24.0 * 365.0


class Steered(Protocol):
    """What the actions need of the system."""

    @property
    def grid(self) -> Grid:
        """What hangs on what."""
        ...

    @property
    def repairs(self) -> Repairs:
        """Open faults."""
        ...

    def take_down(self, node: int, cause: str) -> None:
        """Let a node not work."""
        ...

    def bring_up(self, node: int, cause: str) -> None:
        """Take the cause away."""
        ...

    def hold(self, consumer: str) -> None:
        """Cut a consumer."""
        ...

    def let_go(self, consumer: str) -> None:
        """Give it back."""
        ...

    def fail(self, node: int, work_s: float = ...) -> None:
        """Break a node."""
        ...

    def surge(self, node: int) -> None:
        """Send a surge."""
        ...


class PowerActions:
    """The actions on one grid, and the cuts that last.

    Parameters
    ----------
    system : Steered
        The system of the grid.
    """

    def __init__(self, system: Steered) -> None:
        self._system = system
        self._n_cuts: dict[str, int] = {}

    def by_verb(self) -> Mapping[str, Action]:
        """Return the actions."""
        return {
            "cut": Action(
                what="cut a substation, a station or a single consumer from its electricity",
                check=self._check_any,
                begin=self._cut,
                end=self._uncut,
            ),
            "fail": Action(
                what="break a substation or a station until a crew has mended it",
                check=self._check_node,
                begin=self._fail,
                end=self._repair,
                parameters={"repair_h": "work of the crew once it is there; drawn if absent [h]"},
            ),
            "repair": Action(
                what="mend all faults of a substation or a station at once",
                check=self._check_node,
                begin=self._repair,
            ),
            "surge": Action(
                what="send a surge to the lamps behind a station",
                check=self._check_station,
                begin=self._surge,
            ),
        }

    def _check_any(self, target: str, parameters: Mapping[str, object]) -> None:
        del parameters
        grid = self._system.grid
        if target not in grid.number and target not in grid.consumers:
            raise _unknown(
                "substation, station or consumer", target, [*grid.number, *grid.consumers]
            )

    def _check_node(self, target: str, parameters: Mapping[str, object]) -> None:
        grid = self._system.grid
        if target not in grid.number:
            raise _unknown("substation or station", target, list(grid.number))
        _work_s(parameters)

    def _check_station(self, target: str, parameters: Mapping[str, object]) -> None:
        self._check_node(target, parameters)
        if self._system.grid.nodes[self._system.grid.number[target]].kind != "station":
            raise ModelError(f"{target} is a substation; a surge runs from a station")

    def _cut(self, target: str, parameters: Mapping[str, object]) -> None:
        """Cut once, however many cuts of the same target overlap."""
        del parameters
        self._n_cuts[target] = self._n_cuts.get(target, 0) + 1
        if self._n_cuts[target] > 1:
            return
        grid = self._system.grid
        if target in grid.number:
            self._system.take_down(grid.number[target], "cut")
        else:
            self._system.hold(target)

    def _uncut(self, target: str, parameters: Mapping[str, object]) -> None:
        del parameters
        self._n_cuts[target] -= 1
        if self._n_cuts[target]:
            return
        grid = self._system.grid
        if target in grid.number:
            self._system.bring_up(grid.number[target], "cut")
        else:
            self._system.let_go(target)

    def _fail(self, target: str, parameters: Mapping[str, object]) -> None:
        self._system.fail(self._system.grid.number[target], _work_s(parameters))

    def _repair(self, target: str, parameters: Mapping[str, object]) -> None:
        del parameters
        node = self._system.grid.number[target]
        for fault in [fault for fault in self._system.repairs.open if fault.node == node]:
            self._system.repairs.mend(fault)

    def _surge(self, target: str, parameters: Mapping[str, object]) -> None:
        del parameters
        self._system.surge(self._system.grid.number[target])


def _work_s(parameters: Mapping[str, object]) -> float:
    """Read the hours a crew works as seconds, NaN if they are to be drawn."""
    value = parameters.get("repair_h")
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ModelError(f"repair_h is {value!r}, must be a number of hours")
    if not 0.0 < value <= _MAX_REPAIR_H:
        raise ModelError(f"repair_h is {value}, must be above 0 and at most {_MAX_REPAIR_H:g}")
    return float(value) * 3600.0


def _unknown(what: str, target: str, known: list[str]) -> ModelError:
    near = get_close_matches(target, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return ModelError(f"no {what} {target!r}{hint}")
