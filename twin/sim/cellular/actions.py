"""What a scenario can do to the mobile network."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

from twin.model.errors import ModelError
from twin.sim.cellular.network import Network
from twin.sim.cellular.plant import Plant
from twin.sim.system import Action

__all__ = ["CellularActions"]

_MOST_FACTOR = 100.0


class _Controlled(Protocol):
    def set_failed(self, cells: Sequence[int], *, is_failed: bool) -> None: ...

    def set_sleep(self, *, is_on: bool) -> None: ...


class CellularActions:
    """Checks and bound methods behind the verbs of a scenario.

    Parameters
    ----------
    system : Cellular
        The system.
    plant : Plant
        Its equipment.
    network : Network
        Its users.
    """

    def __init__(self, system: _Controlled, plant: Plant, network: Network) -> None:
        self._system, self._plant, self._network = system, plant, network

    def table(self) -> dict[str, Action]:
        """Return the actions by verb."""
        factor = {"factor": "demand over the usual one, 0 to 100"}
        return {
            "demand": Action(
                what="Change the mobile demand of a district, or of the city by its name.",
                check=self._check_demand,
                begin=self._demand,
                end=self._usual_demand,
                parameters=factor,
            ),
            "fail": Action(
                what="Let a cell, or all cells of a site, fail.",
                check=self._check_target,
                begin=self._fail,
                end=self._repair,
            ),
            "repair": Action(
                what="Repair a cell, or all cells of a site.",
                check=self._check_target,
                begin=self._repair,
            ),
            "forbid_sleep": Action(
                what="Keep all cells awake at night; target is the name of the city.",
                check=self._check_city,
                begin=self._forbid_sleep,
                end=self._allow_sleep,
            ),
            "allow_sleep": Action(
                what="Let cells sleep at night; target is the name of the city.",
                check=self._check_city,
                begin=self._allow_sleep,
            ),
        }

    def _targets(self, target: str) -> list[int]:
        if target in self._plant.index:
            return [self._plant.index[target]]
        return [int(i) for i in self._plant.sites.get(target, ())]

    def _check_target(self, target: str, parameters: Mapping[str, object]) -> None:
        _refuse_unknown(parameters, ())
        if not self._targets(target):
            raise ModelError(f"no cell or site {target!r} is simulated")

    def _fail(self, target: str, parameters: Mapping[str, object]) -> None:
        self._system.set_failed(self._targets(target), is_failed=True)

    def _repair(self, target: str, parameters: Mapping[str, object]) -> None:
        self._system.set_failed(self._targets(target), is_failed=False)

    def _districts(self, target: str) -> list[int]:
        names = self._network.places.districts
        if target == self._plant.city_name:
            return list(range(len(names)))
        return [i for i, name in enumerate(names) if name and name == target]

    def _check_demand(self, target: str, parameters: Mapping[str, object]) -> None:
        _refuse_unknown(parameters, ("factor",))
        if not self._districts(target):
            raise ModelError(f"no district {target!r} with mobile users")
        factor = parameters.get("factor")
        if isinstance(factor, bool) or not isinstance(factor, int | float):
            raise ModelError(f"demand of {target} needs a number as factor, has {factor!r}")
        if not math.isfinite(factor) or not 0.0 <= factor <= _MOST_FACTOR:
            raise ModelError(f"demand of {target}: factor {factor} is not in 0 to {_MOST_FACTOR:g}")

    def _demand(self, target: str, parameters: Mapping[str, object]) -> None:
        factor = parameters["factor"]
        if isinstance(factor, int | float):
            self._network.district_factor[self._districts(target)] = float(factor)

    def _usual_demand(self, target: str, parameters: Mapping[str, object]) -> None:
        self._network.district_factor[self._districts(target)] = 1.0

    def _check_city(self, target: str, parameters: Mapping[str, object]) -> None:
        _refuse_unknown(parameters, ())
        if target != self._plant.city_name:
            raise ModelError(f"cell sleep is set for {self._plant.city_name!r}, not {target!r}")

    def _forbid_sleep(self, target: str, parameters: Mapping[str, object]) -> None:
        self._system.set_sleep(is_on=False)

    def _allow_sleep(self, target: str, parameters: Mapping[str, object]) -> None:
        self._system.set_sleep(is_on=True)


def _refuse_unknown(parameters: Mapping[str, object], known: Sequence[str]) -> None:
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise ModelError(f"unknown parameter {unknown[0]!r}; known: {', '.join(known) or 'none'}")
