"""Writes the report of the demo: one self-contained page, and the summary as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray

from controllers.plan import Plan
from controllers.plan_text import render_plan
from controllers.ports import Device
from controllers.profiles import load_profile
from hil.effects import WhatIf
from hil.residuals import ResidualSummary
from stellwerk.demo.maps import DIFFERENCE_DB, RSRP_DBM, SINR_DB, Study, map_png
from stellwerk.demo.story import Act, Moved
from twin.model.city import City
from twin.model.errors import InputError
from twin.radio.coverage import CityCoverage, LayerCoverage
from twin.radio.kpi import best_rsrp_dbm

__all__ = ["Findings", "write_report", "write_summary"]

_AROUND_M = 1500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything the report tells.

    Parameters
    ----------
    summary : mapping
        The summary as it is printed.
    city, plan, what_if
        The city, the plan with its effect, and both sides of it.
    acts : sequence of Act
        What was done.
    states : mapping
        State by device after the apply.
    devices : sequence of Device
        The inventory.
    moved, moved_after_s
        Values that moved, and the time between the readings. [s]
    residuals : sequence of ResidualSummary
        Twin against world.
    world_seed : int
        Seed of the world.
    """

    summary: Mapping[str, object]
    city: City
    plan: Plan
    what_if: WhatIf
    acts: Sequence[Act]
    states: Mapping[str, str]
    devices: Sequence[Device]
    moved: Sequence[Moved]
    moved_after_s: float
    residuals: Sequence[ResidualSummary]
    world_seed: int


def _figure(value: float, unit: str = "") -> str:
    return format(value, _format(unit))


def _signed(value: float, unit: str = "") -> str:
    return format(value, "+" + _format(unit))


def _format(unit: str) -> str:
    """Choose the decimals a reader can believe."""
    if unit in ("APs", "kWh/a"):
        return ",.0f"
    return ",.4f" if unit.startswith("share") else ",.2f"


def write_report(folder: Path, findings: Findings, seconds: Mapping[str, float]) -> Path:
    """Write ``report.html``.

    Parameters
    ----------
    folder : Path
        Where to.
    findings : Findings
        What to tell.
    seconds : mapping
        Duration by step. [s]

    Returns
    -------
    Path
        The report.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    environment = Environment(
        loader=PackageLoader("stellwerk.demo"), autoescape=True, undefined=StrictUndefined
    )
    environment.filters |= {"figure": _figure, "signed": _signed}
    page = environment.get_template("report.html.j2").render(**_context(findings), seconds=seconds)
    report = folder / "report.html"
    try:
        report.write_text(page, encoding="utf-8")
    except OSError as err:
        raise InputError("cannot be written", str(folder), hint=str(err.strerror)) from err
    return report


def write_summary(folder: Path, summary: Mapping[str, object]) -> None:
    """Write ``summary.json``, the same that ``stellwerk demo --json`` prints.

    Parameters
    ----------
    folder : Path
        Where to.
    summary : mapping
        What the demo found.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    try:
        text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
        (folder / "summary.json").write_text(text, encoding="utf-8")
    except OSError as err:
        raise InputError("cannot be written", str(folder), hint=str(err.strerror)) from err


def _context(findings: Findings) -> dict[str, object]:
    rows = _device_rows(findings)
    return {
        "summary": findings.summary,
        "title": findings.city.title,
        "tiles": _tiles(findings),
        "effect": findings.plan.effect,
        "map_groups": _map_groups(findings),
        "plan_text": "\n".join(render_plan(findings.plan)),
        "acts": findings.acts,
        "devices": [row for row in rows if row["changes"]],
        "idle_devices": [row for row in rows if not row["changes"]],
        "moved": findings.moved,
        "moved_after_s": findings.moved_after_s,
        "residuals": findings.residuals,
        "provenance": findings.city.provenance,
        "version": version("stellwerk"),
        "seed": findings.city.seed,
        "world_seed": findings.world_seed,
        "made": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    }


def _tiles(findings: Findings) -> list[tuple[str, str, str]]:
    city, summary = findings.city, findings.summary
    share = summary["coverage_share_after"]
    return [
        ("schools", f"{len(city.schools)}", "real"),
        ("pupils", f"{sum(s.pupils for s in city.schools):,}", "real"),
        ("stops", f"{len(city.stops)}", "real"),
        ("street lamps", f"{len(city.lamps):,}", "synthetic"),
        ("cells", f"{len(city.cells):,}", "synthetic"),
        ("access points", f"{len(city.access_points):,}", "synthetic"),
        ("coverage share", f"{share:.4f}", "predicted"),
        ("changes applied", f"{summary['changes_applied']}", "observed"),
        ("plan again empty", "yes" if summary["replan_empty"] else "no", "observed"),
        ("all back at old values", "yes" if summary["rollback_clean"] else "no", "observed"),
    ]


def _device_rows(findings: Findings) -> list[dict[str, object]]:
    parts = {part.device: part for part in findings.plan.devices}
    return [
        {
            "id": device.id,
            "kind": device.kind,
            "origin": device.origin,
            "protocol": load_profile(device.profile).protocol,
            "changes": len(parts[device.id].changes) if device.id in parts else 0,
            "state": findings.states.get(device.id, "read only"),
        }
        for device in sorted(findings.devices, key=lambda d: (d.id not in parts, d.origin, d.id))
    ]


def _triple(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    draw: Mapping[str, object],
    study: Study,
    coverage: CityCoverage,
) -> list[dict[str, str]]:
    pictures = (
        ("before", before, study),
        ("after", after, study),
        ("difference", after - before, DIFFERENCE_DB),
    )
    return [
        {
            "title": title,
            "source": map_png(values, coverage.grid, legend, title=title, **draw),  # type: ignore[arg-type]
        }
        for title, values, legend in pictures
    ]


def _map_groups(findings: Findings) -> list[dict[str, object]]:
    what_if, groups = findings.what_if, []
    changed = {part.device for part in findings.plan.devices}
    if what_if.coverage_before and what_if.coverage_after:
        groups += _cell_maps(findings, changed)
    if what_if.wifi_before and what_if.wifi_after:
        groups.append(_wifi_maps(findings, changed))
    return groups


def _cell_maps(findings: Findings, changed: set[str]) -> list[dict[str, object]]:
    what_if, city = findings.what_if, findings.city
    before, after = what_if.coverage_before, what_if.coverage_after
    if before is None or after is None:
        return []
    cell = next(cell for cell in city.cells if cell.id in changed)
    pair = [_layer(side, cell.layer) for side in (before, after)]
    window = (
        cell.x_m - _AROUND_M,
        cell.y_m - _AROUND_M,
        cell.x_m + _AROUND_M,
        cell.y_m + _AROUND_M,
    )
    here = [(cell.x_m, cell.y_m)]
    sites = {(c.x_m, c.y_m) for c in city.cells if c.layer == cell.layer} - set(here)
    whole = {"outline": city.outline, "points": here}
    near = {**whole, "others": sorted(sites), "window_m": window}
    best = tuple(best_rsrp_dbm(side, cell.operator) for side in (before, after))
    return [
        {
            "title": f"Mobile coverage of the city, operator {cell.operator}, best layer",
            "text": "RSRP outdoors at 1.5 m on a 25 m grid; TR 38.901, expectation over line of "
            "sight and no line of sight. The ring is where the change is.",
            "maps": _triple(best[0], best[1], whole, RSRP_DBM, after),
        },
        {
            "title": f"Around the changed cell {cell.id}, layer {cell.layer}",
            "text": "RSRP of the layer; the triangle is the changed site, dots are other sites.",
            "maps": _triple(pair[0].rsrp_dbm, pair[1].rsrp_dbm, near, RSRP_DBM, after),
        },
        {
            "title": f"SINR of layer {cell.layer}",
            "text": "Interference counts from overlapping carriers only, weighted by their load.",
            "maps": _triple(pair[0].sinr_db, pair[1].sinr_db, near, SINR_DB, after),
        },
    ]


def _layer(coverage: CityCoverage, name: str) -> LayerCoverage:
    return next(layer for layer in coverage.layers if layer.layer == name)


def _wifi_maps(findings: Findings, changed: set[str]) -> dict[str, object]:
    before, after = findings.what_if.wifi_before, findings.what_if.wifi_after
    if before is None or after is None:
        return {}
    old_radios = {ap.id: ap.radios for ap in findings.what_if.before.access_points}
    radios = {
        ap.id: (ap.x_m, ap.y_m)
        for ap in findings.what_if.after.access_points
        if ap.id in changed and ap.radios != old_radios[ap.id]
    }
    window = _inside(after, list(radios.values()))
    old, new = before.wifi[0].sinr_db, after.wifi[0].sinr_db
    rest = [(ap.x_m, ap.y_m) for ap in findings.city.access_points if ap.id not in radios]
    draw = {"points": list(radios.values()), "others": rest, "window_m": window}
    return {
        "title": f"Wi-Fi at {after.wifi[0].band} GHz around the changed access points",
        "text": "SINR on a 5 m grid; triangles are the changed access points, dots are others.",
        "maps": _triple(old, new, draw, SINR_DB, after),
    }


def _inside(
    coverage: CityCoverage, points: Sequence[tuple[float, float]]
) -> tuple[float, float, float, float]:
    margin_m = 120.0
    return (
        max(coverage.grid.x0_m, min(x for x, _ in points) - margin_m),
        max(coverage.grid.y0_m, min(y for _, y in points) - margin_m),
        max(x for x, _ in points) + margin_m,
        max(y for _, y in points) + margin_m,
    )
