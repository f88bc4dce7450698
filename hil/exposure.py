"""Predicts with the twin what fields a change brings to the places around a site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from controllers.ports import Change, Exposure
from twin.model.attributes import Value
from twin.model.city import Cell, City
from twin.model.regulatory import site_eirp_w
from twin.planning.scenario import apply_settings
from twin.radio.emf import exhaustion, source_of_cell

__all__ = ["AROUND_M", "TwinExposure"]

AROUND_M = 150.0
"""How far from a site places are looked at; beyond it no site comes near a limit. [m]"""
_HEAD_M = 1.5
_STEP_M = 10.0
_STOREY_M = 3.0

Array = NDArray[np.float64]


@dataclass
class TwinExposure:
    """Implements `controllers.ports.ExposurePredictor`.

    Parameters
    ----------
    city : City
        The planner's city.
    """

    city: City
    _last: tuple[tuple[Change, ...], tuple[Exposure, ...]] | None = field(default=None, init=False)

    def exposure(self, changes: Sequence[Change]) -> tuple[Exposure, ...]:
        """Predict the fields around each site whose cells change.

        Parameters
        ----------
        changes : sequence of Change
            What changes.

        Returns
        -------
        tuple of Exposure
            Asked again, it is remembered. Every cell of the site at its full power, at heads in the
            street on a raster of 10 m and at the top floor of the buildings around; free sight, so
            that there is less in truth. Floors and roofs over the antennas are not looked at.
        """
        if self._last is None or self._last[0] != tuple(changes):
            self._last = (tuple(changes), self._predicted(changes))
        return self._last[1]

    def _predicted(self, changes: Sequence[Change]) -> tuple[Exposure, ...]:
        before = apply_settings(self.city, _settings(changes, "before"))
        after = apply_settings(before, _settings(changes, "after"))
        pairs = zip(before.cells, after.cells, strict=True)
        changed = dict.fromkeys(new.site for old, new in pairs if _radiates_otherwise(old, new))
        touched = {change.device for change in changes}
        found = []
        for site in changed:
            old = [cell for cell in before.cells if cell.site == site]
            new = [cell for cell in after.cells if cell.site == site]
            places = self._places(old[0])
            found.append(
                Exposure(
                    site=site,
                    devices=tuple(cell.id for cell in new if cell.id in touched),
                    share_before=_worst(old, places),
                    share_after=_worst(new, places),
                    eirp_w_before=_eirp_w(old),
                    eirp_w_after=_eirp_w(new),
                )
            )
        return tuple(found)

    def _places(self, cell: Cell) -> tuple[Array, Array, Array]:
        """List the places around a site where people stay."""
        steps = np.arange(-AROUND_M, AROUND_M + _STEP_M, _STEP_M)
        east, north = (axis.ravel() for axis in np.meshgrid(steps, steps))
        floors = self._floors
        near = np.hypot(floors[:, 0] - cell.x_m, floors[:, 1] - cell.y_m) <= AROUND_M
        # An antenna on a roof is not in the flat under it: floors as high as the site are left out.
        tops = floors[near & (floors[:, 2] < cell.height_m)]
        return (
            np.concatenate([cell.x_m + east, tops[:, 0]]),
            np.concatenate([cell.y_m + north, tops[:, 1]]),
            np.concatenate([np.full(east.shape, _HEAD_M), tops[:, 2]]),
        )

    @cached_property
    def _floors(self) -> Array:
        """Place of every building, and height of a head in its top floor. [m]."""
        rows = [
            (building.x_m, building.y_m, max(_HEAD_M, building.height_m - _STOREY_M + _HEAD_M))
            for building in self.city.buildings
        ]
        return np.array(rows, dtype=np.float64).reshape(-1, 3)


def _settings(changes: Sequence[Change], side: str) -> dict[str, dict[str, Value]]:
    settings: dict[str, dict[str, Value]] = {}
    for change in changes:
        settings.setdefault(change.device, {})[change.path] = getattr(change, side)
    return settings


def _radiates_otherwise(old: Cell, new: Cell) -> bool:
    """Say whether a limit could be touched: a cell that is off counts as one that is on."""
    return (old.tx_power_dbm, old.tilt_deg) != (new.tx_power_dbm, new.tilt_deg)


def _worst(cells: Sequence[Cell], places: tuple[Array, Array, Array]) -> float:
    return float(exhaustion([source_of_cell(cell) for cell in cells], *places).max())


def _eirp_w(cells: Sequence[Cell]) -> float:
    return site_eirp_w([cell.tx_power_dbm + cell.antenna_gain_dbi for cell in cells])
