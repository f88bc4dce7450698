"""Predicts with the twin what changes of devices will do to coverage, capacity and energy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from controllers.ports import Change, Effect, EffectRow
from hil.places import place_rows
from twin.model.attributes import Value
from twin.model.city import AccessPoint, Cell, City, LampCabinet
from twin.planning.energy import BURNING_ASSUMPTION, LUMINAIRE_ASSUMPTION, annual_energy_kwh
from twin.planning.scenario import apply_settings, powered
from twin.radio.coverage import CityCoverage, LayerCoverage, compute, update
from twin.radio.grid import Grid
from twin.radio.kpi import best_rsrp_dbm, mean_throughput_bps, residents_raster

__all__ = ["TwinPredictor", "WhatIf"]

NEAR_CELL_M = 1500.0
NEAR_AP_M = 150.0
LOCAL_STEP_M = 5.0
COVERED_DBM = -110.0
# What a layer needs outdoors to reach into most rooms: a planner's rule, not a standard.
GOOD_DBM = -95.0
_MBIT = 1e-6

_Both = tuple[CityCoverage, CityCoverage]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """A change of the city and its coverage before and after.

    Parameters
    ----------
    before, after : City
        The cities.
    coverage_before, coverage_after : CityCoverage or None
        Their coverage on the same grid; None if no cell changed.
    wifi_before, wifi_after : CityCoverage or None
        Wi-Fi on a fine grid around changed access points; None if none changed.
    """

    before: City
    after: City
    coverage_before: CityCoverage | None = None
    coverage_after: CityCoverage | None = None
    wifi_before: CityCoverage | None = None
    wifi_after: CityCoverage | None = None


def _settings(changes: Sequence[Change], side: str) -> dict[str, dict[str, Value]]:
    settings: dict[str, dict[str, Value]] = {}
    for change in changes:
        settings.setdefault(change.device, {})[change.path] = getattr(change, side)
    return settings


@dataclass(slots=True)
class TwinPredictor:
    """Implements `controllers.ports.EffectPredictor` with the planning twin.

    Parameters
    ----------
    city : City
        The planner's city.
    cover : callable
        Gives its coverage; called once and late, for a change of lamps needs no radio. Later only
        the layers that a change touches are computed again.
    n_threads : int, optional
        Threads of the kernels; by default one per processor that may be used.
    """

    city: City
    cover: Callable[[], CityCoverage]
    n_threads: int | None = None
    _last: tuple[tuple[Change, ...], WhatIf] | None = field(default=None, init=False)
    _known: CityCoverage | None = field(default=None, init=False)

    @property
    def coverage(self) -> CityCoverage:
        """Coverage of the city as it is in the plans; computed once, when first needed."""
        if self._known is None:
            self._known = self.cover()
        return self._known

    def predict(self, changes: Sequence[Change]) -> Effect:
        """Predict the effect of changes.

        Parameters
        ----------
        changes : sequence of Change
            Live value and wanted value of each attribute.

        Returns
        -------
        Effect
            Figures before and after; empty if nothing the twin knows changes.
        """
        what_if = self.what_if(changes)
        changed = {change.device for change in changes}
        rows = (
            *_cell_rows(what_if, changed),
            *_wifi_rows(what_if),
            *_ssid_rows(what_if, changed),
            *_lamp_rows(what_if),
        )
        lamps = any(row.unit == "kWh/a" for row in rows)
        assumptions = (LUMINAIRE_ASSUMPTION, BURNING_ASSUMPTION) if lamps else ()
        return Effect(rows=rows, assumptions=assumptions)

    def what_if(self, changes: Sequence[Change]) -> WhatIf:
        """Compute city and coverage before and after changes; asked again, remember.

        Parameters
        ----------
        changes : sequence of Change
            What changes.

        Returns
        -------
        WhatIf
            Both sides.
        """
        if self._last is not None and self._last[0] == tuple(changes):
            return self._last[1]
        configured = apply_settings(self.city, _settings(changes, "before"))
        before = powered(configured)
        after = powered(apply_settings(configured, _settings(changes, "after")))
        what_if = WhatIf(before=before, after=after)
        if _changed_layers(before, after):
            start = self._update(self.city, self.coverage, before)
            what_if = replace(
                what_if, coverage_before=start, coverage_after=self._update(before, start, after)
            )
        aps = _air_changes(what_if)
        if aps:
            grid = _window(aps)
            what_if = replace(
                what_if, wifi_before=self._wifi(before, grid), wifi_after=self._wifi(after, grid)
            )
        self._last = (tuple(changes), what_if)
        return what_if

    def _update(self, old: City, coverage: CityCoverage, new: City) -> CityCoverage:
        layers = _changed_layers(old, new)
        if not layers:
            return coverage
        return update(new, coverage, layers, n_threads=self.n_threads)

    def _wifi(self, city: City, grid: Grid) -> CityCoverage:
        return compute(city, grid, layers=("2.4", "5"), n_threads=self.n_threads)


def _changed_layers(old: City, new: City) -> tuple[str, ...]:
    if old.cells is new.cells:
        return ()
    pairs = zip(old.cells, new.cells, strict=True)
    return tuple(sorted({b.layer for a, b in pairs if a is not b and a != b}))


def _air_changes(what_if: WhatIf) -> tuple[AccessPoint, ...]:
    pairs = zip(what_if.before.access_points, what_if.after.access_points, strict=True)
    return tuple(new for old, new in pairs if old is not new and old.radios != new.radios)


def _window(aps: Sequence[AccessPoint]) -> Grid:
    west = min(ap.x_m for ap in aps) - NEAR_AP_M
    south = min(ap.y_m for ap in aps) - NEAR_AP_M
    east = max(ap.x_m for ap in aps) + NEAR_AP_M
    north = max(ap.y_m for ap in aps) + NEAR_AP_M
    return Grid(
        x0_m=west,
        y0_m=south,
        step_m=LOCAL_STEP_M,
        n_x=int((east - west) / LOCAL_STEP_M) + 1,
        n_y=int((north - south) / LOCAL_STEP_M) + 1,
    )


def _cell_rows(what_if: WhatIf, changed: set[str]) -> tuple[EffectRow, ...]:
    sides = what_if.coverage_before, what_if.coverage_after
    if sides[0] is None or sides[1] is None:
        return ()
    both = (sides[0], sides[1])
    cells = [cell for cell in what_if.after.cells if cell.id in changed]
    residents = np.where(both[0].inside, residents_raster(what_if.after, both[0].grid), 0.0)
    near = np.where(_near(both[0].grid, cells), residents, 0.0)
    rows: list[EffectRow] = []
    for operator in sorted({cell.operator for cell in cells}):
        rows += _operator_rows(both, operator, residents, near)
    for layer in sorted({cell.layer for cell in cells}):
        rows += _layer_rows(both, layer, near)
    rows += _throughput_rows(both)
    rows += place_rows(what_if.after, both, sorted({cell.operator for cell in cells}))
    return tuple(rows)


def _near(grid: Grid, cells: Sequence[Cell]) -> NDArray[np.bool_]:
    x_m, y_m = grid.centres()
    near = np.zeros((grid.n_y, grid.n_x), dtype=np.bool_)
    for cell in cells:
        near |= np.hypot(x_m[None, :] - cell.x_m, y_m[:, None] - cell.y_m) <= NEAR_CELL_M
    return near


def _pair(name: str, scope: str, unit: str, before: float, after: float) -> EffectRow:
    return EffectRow(name=name, scope=scope, unit=unit, before=float(before), after=float(after))


def _layer_of(coverage: CityCoverage, name: str) -> LayerCoverage:
    return next(layer for layer in coverage.layers if layer.layer == name)


def _share(coverage: CityCoverage, operator: str, weights: NDArray[np.float64]) -> float:
    return _covered(best_rsrp_dbm(coverage, operator), weights, COVERED_DBM)


def _covered(
    rsrp_dbm: NDArray[np.float32], weights: NDArray[np.float64], threshold_dbm: float
) -> float:
    total = weights.sum()
    return float(weights[rsrp_dbm >= threshold_dbm].sum() / total) if total else 0.0


def _operator_rows(
    both: _Both, operator: str, residents: NDArray[np.float64], near: NDArray[np.float64]
) -> list[EffectRow]:
    scopes = {
        f"operator {operator}, city": residents,
        f"operator {operator}, within {NEAR_CELL_M:.0f} m of changed cells": near,
    }
    return [
        _pair(
            f"coverage share (RSRP >= {COVERED_DBM:.0f} dBm outdoors, best layer)",
            scope,
            "share of residents",
            *(_share(side, operator, weights) for side in both),
        )
        for scope, weights in scopes.items()
    ]


def _weighted_mean(values: NDArray[np.float32], weights: NDArray[np.float64]) -> float:
    good = np.isfinite(values) & (weights > 0)
    return float(np.average(values[good], weights=weights[good])) if good.any() else 0.0


def _layer_rows(both: _Both, name: str, near: NDArray[np.float64]) -> list[EffectRow]:
    sides = [_layer_of(side, name) for side in both]
    scope = f"{name}, within {NEAR_CELL_M:.0f} m of changed cells"
    figures = {
        (f"share of residents with RSRP >= {GOOD_DBM:.0f} dBm outdoors", "share"): [
            _covered(s.rsrp_dbm, near, GOOD_DBM) for s in sides
        ],
        ("mean RSRP by residents", "dBm"): [_weighted_mean(s.rsrp_dbm, near) for s in sides],
        ("mean SINR by residents", "dB"): [_weighted_mean(s.sinr_db, near) for s in sides],
        ("mean throughput by residents", "Mbit/s"): [
            _weighted_mean(s.throughput_bps, near) * _MBIT for s in sides
        ],
    }
    return [_pair(what, scope, unit, *values) for (what, unit), values in figures.items()]


def _throughput_rows(both: _Both) -> list[EffectRow]:
    before, after = (mean_throughput_bps(side) for side in both)
    return [
        _pair(
            f"mean throughput, {name}", "city", "Mbit/s", before[name] * _MBIT, after[name] * _MBIT
        )
        for name in before
    ]


def _wifi_rows(what_if: WhatIf) -> tuple[EffectRow, ...]:
    if what_if.wifi_before is None or what_if.wifi_after is None:
        return ()
    changed = {ap.id for ap in _air_changes(what_if)}
    rows: list[EffectRow] = []
    for old, new in zip(what_if.wifi_before.wifi, what_if.wifi_after.wifi, strict=True):
        rows += _band_rows(old, new, changed)
    return tuple(rows)


def _band_rows(old: LayerCoverage, new: LayerCoverage, changed: set[str]) -> list[EffectRow]:
    """Compare a band on both sides; a point that loses its server counts with no throughput."""
    served = np.isfinite(old.sinr_db), np.isfinite(new.sinr_db)
    either, both = served[0] | served[1], served[0] & served[1]
    if not either.any():
        return []
    scope = f"Wi-Fi {new.band} GHz, within {NEAR_AP_M:.0f} m of the changed APs"
    shares = (float(side[either].mean()) for side in served)
    rates = (
        float(np.where(has, layer.throughput_bps, 0.0)[either].mean()) * _MBIT
        for has, layer in zip(served, (old, new), strict=True)
    )
    rows = [
        _pair("points served, of those served before or after", scope, "share of points", *shares),
        _pair("mean throughput there", scope, "Mbit/s", *rates),
    ]
    others = [old.best_cell == i for i, name in enumerate(old.cells) if name not in changed]
    elsewhere = both & np.logical_or.reduce(others) if others else np.zeros_like(both)
    if elsewhere.any():
        medians = (float(np.median(layer.sinr_db[elsewhere])) for layer in (old, new))
        rows.append(_pair("median SINR at unchanged access points there", scope, "dB", *medians))
    if both.any():
        medians = (float(np.median(layer.sinr_db[both])) for layer in (old, new))
        rows.append(_pair("median SINR of points served on both sides", scope, "dB", *medians))
    return rows


def _ssid_rows(what_if: WhatIf, changed: set[str]) -> tuple[EffectRow, ...]:
    def on_air(city: City) -> dict[str, int]:
        counts: dict[str, int] = {}
        for ap in city.access_points:
            if ap.id in changed:
                for ssid in ap.ssids:
                    counts[ssid.name] = counts.get(ssid.name, 0) + ssid.enabled
        return counts

    before, after = on_air(what_if.before), on_air(what_if.after)
    return tuple(
        _pair(
            "access points offering the network", f"SSID {name}", "APs", before[name], after[name]
        )
        for name in after
        if before.get(name) != after[name]
    )


def _lamp_rows(what_if: WhatIf) -> tuple[EffectRow, ...]:
    pairs = zip(what_if.before.cabinets, what_if.after.cabinets, strict=True)
    dimmed = [(old, new) for old, new in pairs if _dimming(old) != _dimming(new)]
    if not dimmed:
        return ()
    values = (
        annual_energy_kwh(what_if.before, [old for old, _ in dimmed]),
        annual_energy_kwh(what_if.after, [new for _, new in dimmed]),
    )
    return (_pair("lamp energy", f"{len(dimmed)} lamp cabinets", "kWh/a", *values),)


def _dimming(cabinet: LampCabinet) -> tuple[int, ...]:
    return (
        cabinet.normal_level_percent,
        cabinet.night_level_percent,
        cabinet.night_start_min,
        cabinet.night_end_min,
    )
