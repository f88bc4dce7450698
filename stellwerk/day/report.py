"""Writes what a simulation found: JSON, tables as CSV, curves, and one self-contained page."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from stellwerk.day.plots import curves_png, data_uri, title_of
from twin.model.city import City
from twin.model.errors import InputError
from twin.sim.run import SimulationResult
from twin.sim.system import Kpi
from twin.sim.trace import Event

__all__ = ["write_day"]

_MARKED_ACTIONS = ("scenario", "scenario_ends")


def write_day(folder: Path, result: SimulationResult, city: City, command: str) -> list[Path]:
    """Write everything a simulation found into a folder.

    Parameters
    ----------
    folder : Path
        Folder; it is made if it is not there.
    result : SimulationResult
        What was found.
    city : City
        The city, for its title and its assumptions.
    command : str
        What repeats the run.

    Returns
    -------
    list of Path
        The files: ``result.json``, ``kpis.csv``, ``districts.csv``, ``curves.csv``, ``day.png``,
        ``report.html``.

    Raises
    ------
    InputError
        A file cannot be written.
    """
    png = curves_png(
        datetime.fromisoformat(result.start), result.at_s, result.curves, _marks(result)
    )
    texts = {
        "result.json": json.dumps(result.as_dict(), indent=2, ensure_ascii=False) + "\n",
        "kpis.csv": _csv(
            ("system", "kpi", "value", "unit", "note"),
            ((s, k, v.value, v.unit, v.note) for s, ks in result.systems.items()
             for k, v in ks.items()),
        ),
        "districts.csv": _csv(
            ("district", "system", "kpi", "value", "unit"),
            ((d, s, k, v.value, v.unit) for d, ss in result.districts.items()
             for s, ks in ss.items() for k, v in ks.items()),
        ),
        "curves.csv": _curves_csv(result),
        "report.html": _page(result, city, command, png),
    }  # fmt: skip
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
            written.append(folder / name)
        (folder / "day.png").write_bytes(png)
    except OSError as err:
        raise InputError("cannot be written", str(folder), hint=str(err.strerror)) from err
    return [*written, folder / "day.png"]


def _marks(result: SimulationResult) -> list[tuple[float, str]]:
    return [
        (event.at_s, event.who.split(" ")[1])
        for event in result.story
        if event.what in _MARKED_ACTIONS
    ][:20]


def _csv(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(rows)
    return file.getvalue()


def _curves_csv(result: SimulationResult) -> str:
    names = [(s, g) for s, gauges in result.curves.items() for g in gauges]
    heads = ("at_s", *(f"{system}.{gauge}" for system, gauge in names))
    columns = [result.curves[system][gauge] for system, gauge in names]
    return _csv(heads, zip(result.at_s, *columns, strict=True))


def _page(result: SimulationResult, city: City, command: str, png: bytes) -> str:
    pages = Environment(
        loader=PackageLoader("stellwerk.day", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["figure"] = _figure
    pages.filters["words"] = title_of
    start = datetime.fromisoformat(result.start)
    hours = result.simulated_seconds / 3600.0
    titles = {district.slug: district.slug.replace("-", " ").title() for district in city.districts}
    return pages.get_template("day.html.j2").render(
        title=f"{city.title}, {hours:g} h from {start:%A %d %B %Y %H:%M}",
        result=result,
        districts=_by_system(result, titles),
        story=[(_clock(start, event.at_s), event.what, event.who) for event in _told(result)],
        moments=[(_clock(start, m.at_s), m.who, m.text) for m in result.moments],
        curves=data_uri(png),
        assumptions=city.assumptions,
        command=command,
        version=version("stellwerk"),
    )


def _told(result: SimulationResult) -> list[Event]:
    return [event for event in result.story if event.what in _MARKED_ACTIONS]


def _clock(start: datetime, at_s: float) -> str:
    return f"{start + timedelta(seconds=at_s):%a %H:%M:%S}"


def _by_system(
    result: SimulationResult, titles: Mapping[str, str]
) -> dict[str, tuple[list[str], list[tuple[str, list[Kpi | None]]]]]:
    """Turn the figures round: per system its figures as columns and the districts as rows."""
    tables: dict[str, tuple[list[str], list[tuple[str, list[Kpi | None]]]]] = {}
    for name in result.systems:
        rows = {d: systems[name] for d, systems in result.districts.items() if name in systems}
        if rows:
            heads = list(dict.fromkeys(kpi for kpis in rows.values() for kpi in kpis))
            tables[name] = (
                heads,
                [(titles.get(d, d), [kpis.get(h) for h in heads]) for d, kpis in rows.items()],
            )
    return tables


def _figure(value: float) -> str:
    """Write a number with four figures that count, and thin groups."""
    if not math.isfinite(value):
        return "-"
    if abs(value) >= 1000.0 or value == int(value):
        return f"{value:,.0f}".replace(",", "\u202f")
    return f"{value:.4g}"
