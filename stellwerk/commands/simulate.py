"""`stellwerk simulate`: a day of every network of the city, in simulated time."""

from __future__ import annotations

import os
import shlex
import sys
import time
from datetime import datetime, timedelta
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated

import typer

from stellwerk.commands.city import CityOption
from stellwerk.day.whole import stoppable, whole_files
from stellwerk.output import JsonOption, columns, notes, print_json, table, told_progress
from stellwerk.settings import load_settings
from stellwerk.when import local_start
from twin.geo.cityfile import load_city
from twin.model.city import City
from twin.model.errors import InputError
from twin.sim.cellular import AGENTS_KEY
from twin.sim.registry import SYSTEM_NAMES
from twin.sim.run import DEFAULT_START, SAMPLE_S, Run, SimulationResult
from twin.sim.save import restore, save
from twin.sim.scenario import load_scenario
from twin.sim.simulation import Simulation
from twin.sim.system import Kpi
from twin.sim.telemetry_files import write_parquet, write_sqlite
from twin.sim.transit_wifi import TIMETABLE_KEY
from twin.sim.transit_wifi.gtfs import read_gtfs

__all__ = ["simulate"]

_WALL_STEP_S = 0.1  # how often a paced run looks at the clock
_FAR_BEHIND_S = 1.0  # then a pace counts as not kept
_OF_THE_START = ("start", "seed", "systems", "tick", "users", "telemetry", "gtfs")
"""Options that a saved run has already."""
_DAY_FILES = (
    "result.json", "kpis.csv", "districts.csv", "curves.csv", "report.html", "day.png",
    "telemetry.sqlite",
)  # fmt: skip


def simulate(
    context: typer.Context,
    *,
    city: CityOption = "",
    hours: Annotated[float, typer.Option("--hours", min=0.01, max=8784, help="Length. [h]")] = 24.0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of everything.")] = 7,
    start: Annotated[
        str, typer.Option("--start", help="Local begin, such as 2026-01-20T00:00.")
    ] = "",
    systems: Annotated[
        str, typer.Option("--systems", help=f"Of {', '.join(SYSTEM_NAMES)}; by default all.")
    ] = "",
    scenario: Annotated[
        Path | None, typer.Option("--scenario", help="What happens: a YAML file.")
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option("--speed", min=0.1, max=1e6, help="Simulated per real second; 1 is live."),
    ] = None,
    tick: Annotated[
        float, typer.Option("--tick", min=0.1, max=300, help="Step of users and traffic. [s]")
    ] = 10.0,
    users: Annotated[
        int | None,
        typer.Option(
            "--users", min=1, max=2_000_000, help="Agents of the mobile network; else 100,000."
        ),
    ] = None,
    telemetry: Annotated[
        str, typer.Option("--telemetry", help="Tables to record, such as cells,schools, or all.")
    ] = "",
    gtfs: Annotated[
        Path | None, typer.Option("--gtfs", help="Timetable of trams and buses: a GTFS zip file.")
    ] = None,
    save_to: Annotated[
        Path | None, typer.Option("--save", help="Save the running simulation at its end.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option("--restore", help="Go on from a saved simulation.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write report, curves and tables to this folder.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Let the city live a day: users, schools, trams, lamps, signals, meters, outages."""
    chosen = _chosen(_names("--systems", systems))
    tables = _names("--telemetry", telemetry)
    if tables and out is None:
        raise InputError("--telemetry needs a place", hint="give --out too")
    _check_places(out, save_to)
    model = load_city(load_settings(city=city).city)
    plan = load_scenario(scenario) if scenario else None
    if resume is None:
        simulation = Simulation(
            model,
            seed=seed,
            start=local_start(start, model) if start else DEFAULT_START,
            systems=chosen,
            tick_s=tick,
            telemetry=["*"] if tables == ["all"] else tables,
            shared=_given(gtfs, users, model),
        )
    else:
        given = [f"--{name}" for name in _OF_THE_START if _is_given(context, name)]
        if given:
            raise InputError(
                "--restore goes on as it was saved", hint=f"leave {', '.join(given)} out"
            )
        simulation = restore(resume, model)
        if hours * 3600.0 <= simulation.now_s:
            raise InputError(
                f"--hours is {hours:g}, but {simulation.now_s / 3600.0:g} h have passed",
                hint="--hours counts from the start of the saved run",
            )
    run = Run(simulation, hours=hours, scenario=plan)
    with stoppable():
        _live(run, speed)
        result = run.result()
        if save_to:
            save(simulation, save_to)
        if out:
            _write(out, result, run, model)
    if json:
        print_json(result.as_dict())
    else:
        _show(result, model)


def _given(gtfs: Path | None, users: int | None, city: City) -> dict[str, object]:
    """Collect what systems take instead of what they assume."""
    given: dict[str, object] = {}
    if gtfs:
        given[TIMETABLE_KEY] = read_gtfs(gtfs, city)
    if users:
        given[AGENTS_KEY] = users
    return given


def _check_places(out: Path | None, save_to: Path | None) -> None:
    """Refuse a place that cannot be written now, not after the city has lived a day."""
    if out and find_spec("matplotlib") is None:
        raise InputError(
            "--out draws curves, which needs matplotlib", hint="install stellwerk[report]"
        )
    for place in filter(None, (out, save_to)):
        try:
            _try(place if place is out else place.parent)
            place.is_dir()  # raises if the name is too long
        except OSError as err:
            raise InputError("cannot be written", str(place), hint=str(err.strerror)) from err
    if save_to and save_to.is_dir():
        raise InputError("is a folder, not a file", str(save_to))
    if out and save_to and save_to.absolute() in (out.absolute(), *out.absolute().parents):
        raise InputError("is the file of --save and cannot hold --out", str(save_to))
    for file in (out / name for name in _DAY_FILES) if out else ():
        if file.is_dir():
            raise InputError("is a folder, and a file is to be written there", str(file))


def _try(folder: Path) -> None:
    """Make a file without a name in a folder, or in the one where it is to be made."""
    there = next(
        path for path in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(path)
    )
    TemporaryFile(dir=there).close()


def _is_given(context: typer.Context, name: str) -> bool:
    """Say whether an option was on the command line, be it with its default."""
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"


def _names(option: str, text: str) -> list[str]:
    words = [word.strip() for word in text.split(",")] if text.strip() else []
    if "" in words:
        raise InputError(f"{option} {text!r} has an empty name", hint="write names, as in a,b")
    return words


def _chosen(names: list[str]) -> list[str]:
    for name in names:
        if name not in SYSTEM_NAMES:
            near = get_close_matches(name, SYSTEM_NAMES, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise InputError(
                f"--systems has no {name!r}", hint=f"{hint}there are {', '.join(SYSTEM_NAMES)}"
            )
    return names or list(SYSTEM_NAMES)


def _live(run: Run, speed: float | None) -> None:
    """Go to the end, as fast as possible or at a pace, and say where it is.

    A pace the machine cannot keep is told once; the run then goes as fast as it can.
    """
    simulation = run.simulation
    begun, begun_s = time.monotonic(), simulation.now_s
    is_told = False
    with told_progress("simulate") as show:
        while run.share_done < 1.0:
            due_s = run.end_s
            if speed is not None:
                due_s = min(due_s, begun_s + (time.monotonic() - begun) * speed)
            run.advance(min(due_s, simulation.now_s + SAMPLE_S))
            passed = max(time.monotonic() - begun, 1e-9)
            local = simulation.context.clock.local(simulation.now_s)
            pace = (simulation.now_s - begun_s) / passed
            show(run.share_done, f"{local:%a %H:%M} · {pace:,.0f} x real time")
            if speed is None:
                continue
            behind_s = passed - (simulation.now_s - begun_s) / speed
            if behind_s > _FAR_BEHIND_S and not is_told:
                is_told = True
                notes.print(
                    f"--speed {speed:g} is not kept: {behind_s:.1f} s behind at "
                    f"{pace:,.0f} x real time; ask for less speed or fewer --systems",
                    markup=False,
                )
            if simulation.now_s >= due_s and run.share_done < 1.0:
                time.sleep(_WALL_STEP_S)


def _write(out: Path, result: SimulationResult, run: Run, city: City) -> None:
    from stellwerk.day.report import write_day  # noqa: PLC0415  # needs the extra `report`

    telemetry = run.simulation.context.telemetry
    rows: dict[str, int] = {}
    with whole_files(out) as folder:
        written = write_day(folder, result, city, shlex.join(["stellwerk", *sys.argv[1:]]))
        if telemetry.tables() and find_spec("pyarrow"):
            rows = write_parquet(telemetry, folder)
        elif telemetry.tables():
            rows = write_sqlite(telemetry, folder / "telemetry.sqlite")
    if rows:
        notes.print(
            "telemetry: " + ", ".join(f"{table} {n:,} rows" for table, n in rows.items()),
            markup=False,
        )
    notes.print(f"wrote {len(written)} files to {out}, see report.html", markup=False)


def _show(result: SimulationResult, city: City) -> None:
    notes.print(
        f"{city.title}, {result.simulated_seconds / 3600.0:g} h from {result.start[:16]}, seed "
        f"{result.seed}: {result.wall_seconds:.1f} s, {result.peak_rss_mb:.0f} MB, simulated",
        markup=False,
    )
    for name, kpis in result.systems.items():
        table(name.replace("_", " "), {_head(k, v): _figure(v.value) for k, v in kpis.items()})
    if result.moments:
        start = datetime.fromisoformat(result.start)
        columns(
            "What happened",
            ["local time", "who", "what"],
            [
                [f"{start + timedelta(seconds=m.at_s):%a %H:%M:%S}", m.who, m.text]
                for m in result.moments
            ],
        )
    table("trace", {"sha256": result.trace_sha256})


def _head(name: str, kpi: Kpi) -> str:
    return f"{name.replace('_', ' ')} [{kpi.unit}]"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000.0 else f"{value:.4g}"
