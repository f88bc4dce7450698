"""Says with the twin how many people hang on a device, to choose the canaries of a rollout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from controllers.ports import Change, Device
from hil.effects import COVERED_DBM, TwinPredictor
from twin.model.city import City
from twin.radio.kpi import best_rsrp_dbm, residents_raster

__all__ = ["MOST_PREDICTED", "NEAR_M", "TwinHarm"]

NEAR_M = 150.0
"""People who live so near notice an access point, a cabinet or a signal. [m]"""


MOST_PREDICTED = 8
"""Cells whose change is predicted one by one; each takes a computation of its layer."""


@dataclass(frozen=True)
class TwinHarm:
    """Implements `controllers.ports.HarmPredictor`.

    Parameters
    ----------
    city : City
        The planner's city.
    devices : sequence of Device
        The inventory: who hangs on whom.
    predictor : TwinPredictor
        Asked only where cells are to be judged.
    """

    city: City
    devices: Sequence[Device]
    predictor: TwinPredictor

    def harm(self, changes: Mapping[str, Sequence[Change]]) -> Mapping[str, float]:
        """Count the people harmed if the change of a device goes wrong.

        Parameters
        ----------
        changes : mapping
            What changes, by device id.

        Returns
        -------
        dict
            By device id: the residents that a cell serves best on its layer; the residents within
            150 m of other devices, and the pupils of a school there, shared by its access points;
            and all of the devices that hang on it. For the cells with the fewest the residents who
            are predicted to lose their operator even if all goes well are added.
        """
        harms = {name: sum(map(self._people, self._below(name))) for name in changes}
        cells = sorted((n for n in changes if n in self._cell_ids), key=lambda name: harms[name])
        for name in cells[:MOST_PREDICTED]:
            harms[name] += self._lost(changes[name])
        return harms

    def _lost(self, changes: Sequence[Change]) -> float:
        """Count the residents who lose coverage by a change that goes as it is planned."""
        what_if = self.predictor.what_if(changes)
        before, after = what_if.coverage_before, what_if.coverage_after
        if before is None or after is None:
            return 0.0
        changed = {change.device for change in changes}
        residents = np.where(before.inside, residents_raster(self.city, before.grid), 0.0)
        lost = 0.0
        for operator in {cell.operator for cell in self.city.cells if cell.id in changed}:
            had, has = (best_rsrp_dbm(side, operator) >= COVERED_DBM for side in (before, after))
            lost += float(residents[had & ~has].sum())
        return lost

    def _below(self, name: str) -> set[str]:
        """Collect a device and all that it feeds."""
        found = {name}
        while more := {d.id for d in self.devices if d.upstream in found} - found:
            found |= more
        return found

    def _people(self, name: str) -> float:
        if name in self._cell_ids:
            return self._served.get(name, 0.0)
        place = self._places.get(name)
        if place is None:
            return 0.0
        near = np.hypot(self._homes[0] - place[0], self._homes[1] - place[1]) <= NEAR_M
        people = float(self._homes[2][near].sum())
        if place[2]:
            people += self._pupils(*place[:2]) / self._n_at[place[2]]
        return people

    def _pupils(self, x_m: float, y_m: float) -> float:
        near = (s.pupils for s in self.city.schools if np.hypot(s.x_m - x_m, s.y_m - y_m) <= NEAR_M)
        return float(sum(near))

    @cached_property
    def _cell_ids(self) -> frozenset[str]:
        return frozenset(cell.id for cell in self.city.cells)

    @cached_property
    def _homes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rows = [(cell.x_m, cell.y_m, cell.residents) for cell in self.city.census]
        x_m, y_m, people = np.array(rows, dtype=np.float64).reshape(-1, 3).T
        return x_m, y_m, people

    @cached_property
    def _places(self) -> dict[str, tuple[float, float, str]]:
        """Place of each device that is no cell; for access points the site they share."""
        places = {ap.id: (ap.x_m, ap.y_m, ap.site) for ap in self.city.access_points}
        places |= {item.id: (item.x_m, item.y_m, "") for item in self.city.cabinets}
        places |= {item.id: (item.x_m, item.y_m, "") for item in self.city.signals}
        places |= {item.id: (item.x_m, item.y_m, "") for item in self.city.switches}
        return places

    @cached_property
    def _n_at(self) -> dict[str, int]:
        sites = [ap.site for ap in self.city.access_points]
        return {site: sites.count(site) for site in set(sites)}

    @cached_property
    def _served(self) -> dict[str, float]:
        coverage = self.predictor.coverage
        residents = np.where(coverage.inside, residents_raster(self.city, coverage.grid), 0.0)
        return {
            cell: float(residents[layer.best_cell == i].sum())
            for layer in coverage.layers
            for i, cell in enumerate(layer.cells)
        }
