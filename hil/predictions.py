"""What the planning twin expects a device to report, to hold against what it does report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from hil.residuals import Residual
from twin.model.attributes import Value
from twin.model.city import City
from twin.radio.coverage import CityCoverage
from twin.radio.kpi import residents_raster
from twin.sim.power import lamp_power_w

__all__ = ["OBSERVED", "residuals_of"]

OBSERVED: Mapping[str, tuple[str, ...]] = {
    "cell": ("users", "mean_rsrp_dbm"),
    "lamp_cabinet": ("level_now_percent", "power_w"),
}
"""Operational attributes, by device kind, that a prediction exists for."""


def residuals_of(
    city: City, coverage: CityCoverage | None, observed: Mapping[str, Mapping[str, Value]]
) -> tuple[Residual, ...]:
    """Hold what devices report against what the twin predicts.

    Parameters
    ----------
    city : City
        The planner's city.
    coverage : CityCoverage or None
        Its coverage; without it cells are not predicted.
    observed : mapping
        Values read from devices, by path, by device id.

    Returns
    -------
    tuple of Residual
        One for each figure that is both predicted and observed.
    """
    cells = _cells(city, coverage, observed) if coverage else ()
    return (*cells, *_cabinets(city, observed))


def _cells(
    city: City, coverage: CityCoverage, observed: Mapping[str, Mapping[str, Value]]
) -> Iterable[Residual]:
    """Mean RSRP of the residents a cell serves, against that of its connected users."""
    residents = residents_raster(city, coverage.grid)
    for layer in coverage.layers:
        for index, cell in enumerate(layer.cells):
            values = observed.get(cell, {})
            read, users = values.get("mean_rsrp_dbm"), values.get("users")
            weights = np.where(layer.best_cell == index, residents, 0.0)
            # A cell that nobody uses reports the lowest value there is, which measures nothing.
            if not isinstance(read, int | float) or not users or not weights.any():
                continue
            served = weights > 0
            predicted = float(np.average(layer.rsrp_dbm[served], weights=weights[served]))
            yield Residual(
                device=cell,
                quantity="mean RSRP of a cell's users",
                unit="dB",
                predicted=predicted,
                observed=float(read),
            )


def _cabinets(city: City, observed: Mapping[str, Mapping[str, Value]]) -> Iterable[Residual]:
    """Power of a cabinet's lamps at the light level it reports."""
    nominal_w: dict[str, float] = {}
    for lamp in city.lamps:
        nominal_w[lamp.cabinet] = nominal_w.get(lamp.cabinet, 0.0) + lamp.power_w
    for cabinet in city.cabinets:
        values = observed.get(cabinet.id, {})
        level, power = values.get("level_now_percent"), values.get("power_w")
        if not isinstance(level, int | float) or not isinstance(power, int | float) or not level:
            continue
        if cabinet.id not in nominal_w:
            continue
        lit_w = lamp_power_w(np.array([nominal_w[cabinet.id]]), np.array([level / 100.0]))
        yield Residual(
            device=cabinet.id,
            quantity="power of a cabinet's lamps",
            unit="W",
            predicted=float(lit_w[0]),
            observed=float(power),
        )
