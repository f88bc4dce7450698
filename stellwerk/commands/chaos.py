"""`stellwerk chaos`: seeded fault schedules against the transaction machine, each replayable."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from hil.chaos.engine import SOUND, Engine
from hil.chaos.mutants import MUTANTS
from hil.chaos.report import N_FOR_COVERAGE, ChaosReport, run_chaos
from hil.chaos.trace import trace_schedule
from stellwerk.exits import Exit
from stellwerk.output import JsonOption, print_json, print_line, progress
from twin.model.errors import InputError

__all__ = ["chaos"]


def chaos(
    *,
    schedules: Annotated[
        int, typer.Option("--schedules", min=1, help="How many schedules to run.")
    ] = 1000,
    seed: Annotated[
        int, typer.Option("--seed", help="Seed of the first; each next one has the next number.")
    ] = 1,
    mutant: Annotated[
        str,
        typer.Option("--mutant", help="Drive an engine that is broken on purpose, by its name."),
    ] = "",
    trace: Annotated[
        int | None,
        typer.Option("--trace", min=0, help="Print one schedule instead: 0 is that of the seed."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Run transactions against devices in memory with seeded faults, and check every promise.

    Ends with 1 if a promise was broken, by a mutant too, or if 10,000 schedules and more did not
    reach every edge and every kind of fault.
    """
    engine = _engine(mutant)
    if trace is not None:
        _print_trace(seed + trace, engine, as_json=json)
        return
    with progress(f"{schedules} schedules") as report:
        found = run_chaos(
            schedules, seed, engine=engine, on_progress=lambda done: report(done / schedules)
        )
    is_covered = found.is_covered or bool(mutant) or schedules < N_FOR_COVERAGE
    if json:
        print_json(asdict(found))
    else:
        _print(found, must_cover=not is_covered)
    if found.violations or not is_covered:
        raise typer.Exit(Exit.ERROR)


def _engine(name: str) -> Engine:
    if not name:
        return SOUND
    if name not in MUTANTS:
        raise InputError(f"no mutant {name!r}", hint=f"one of {', '.join(MUTANTS)}")
    return MUTANTS[name]


def _print_trace(seed: int, engine: Engine, *, as_json: bool) -> None:
    lines = trace_schedule(seed, engine)
    if as_json:
        print_json([asdict(line) for line in lines])
        return
    print_line("\n".join(map(str, lines)))


def _print(found: ChaosReport, *, must_cover: bool) -> None:
    print_line(
        f"{found.schedules} schedules, {found.violations} violations, "
        f"{found.schedules_per_second:.0f} schedules/s"
    )
    n_kinds = len(found.fault_kinds_reached)
    print_line(
        f"{found.edges_reached} of {found.edges_total} edges, "
        f"{n_kinds} of {n_kinds + len(found.fault_kinds_missing)} kinds of faults reached"
    )
    if must_cover:
        kinds = (f"fault: {kind}" for kind in found.fault_kinds_missing)
        for name in (*found.edges_missing, *kinds):
            print_line(f"not reached: {name}")
        for name in found.edges_unknown:
            print_line(f"reached, and not in the list: {name}")
    for failure in found.failures:
        print_line(f"seed {failure.seed}: {failure.invariant}: {failure.what}")
        print_line(f"  replay: {failure.replay}")
