"""`stellwerk plan`, `apply`, `rollback`, `recover`, `journal`: the way of a change."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import asdict
from json import dumps
from pathlib import Path
from typing import Annotated

import typer

from controllers.drivers import make_driver
from controllers.history import History, open_devices, runs_in
from controllers.intent import Intent, load_intent
from controllers.inventory import load_inventory
from controllers.journal import Journal, Record
from controllers.plan import Plan
from controllers.plan_file import load_plan, plan_data, save_plan
from controllers.plan_text import render_plan
from controllers.recover import recover as recover_runs
from controllers.recover import reverse_of
from controllers.runner import RunResult, StepEvent
from controllers.runner import apply as apply_plan
from hil.rehearse import rehearse
from stellwerk.commands.city import CityOption
from stellwerk.exits import Exit, exit_of
from stellwerk.output import JsonOption, columns, notes, print_json, print_line, waiting
from stellwerk.settings import Settings, load_settings
from stellwerk.workflow import Desk, open_desk, read_back
from twin.geo.cityfile import load_city
from twin.model.errors import (
    DeviceConflict,
    DeviceUnreachable,
    InputError,
    JournalDamaged,
    PolicyRefused,
)

__all__ = ["apply", "journal_app", "plan", "recover", "rollback", "run_data", "show_step"]

InventoryOption = Annotated[str, typer.Option("--inventory", "-i", help="Inventory file.")]
JournalOption = Annotated[str, typer.Option("--journal", help="SQLite file of the journal.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
IntentArgument = Annotated[Path, typer.Argument(help="Intent file (YAML).")]


def _desk(settings: Settings) -> Desk:
    return open_desk(load_city(settings.city), Path(settings.inventory))


def show_step(event: StepEvent) -> None:
    """Print one line for a phase that ended or a step that failed.

    Parameters
    ----------
    event : StepEvent
        Progress of a run.
    """
    if event.outcome == "begins" or (event.device and event.outcome == "ok"):
        return
    who = f"{event.device}: " if event.device else ""
    notes.print(f"  {who}{event.step}: {event.outcome} ({event.seconds:.2f} s)", markup=False)


def run_data(result: RunResult) -> dict[str, object]:
    """Make the JSON document of a run.

    Parameters
    ----------
    result : RunResult
        How it ended.

    Returns
    -------
    dict
        Plain data.
    """
    return {
        "run": result.run,
        "outcome": str(result.outcome),
        "exit_code": result.exit_code,
        "reason": result.reason,
        "devices": {name: str(state) for name, state in result.devices.items()},
        "reasons": dict(result.reasons),
        "seconds": {name: round(value, 3) for name, value in result.seconds.items()},
    }


def _show_run(result: RunResult) -> None:
    notes.print(f"run {result.run}: {result.outcome}", markup=False)
    if result.reason:
        notes.print(f"  because {result.reason}", markup=False)
    for device, reason in result.reasons.items():
        notes.print(f"  {device}: {result.devices[device]}: {reason}", markup=False)
    if result.exit_code == Exit.NOT_RESTORED:
        notes.print("bring these devices back, then run `stellwerk recover`", markup=False)


def plan(
    intent: IntentArgument,
    *,
    city: CityOption = "",
    inventory: InventoryOption = "",
    journal: JournalOption = "",
    limit: Annotated[
        str, typer.Option("--limit", help="Narrow to a selection, such as 'kind:cell & site:fws'.")
    ] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Save the plan as JSON.")] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 if something would change.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show what would change on which device, how it is undone, and what it does to the city."""
    settings = load_settings(city=city, inventory=inventory, journal=journal)
    wanted = load_intent(intent)
    desk = _desk(settings)
    _warn_open(settings, desk.wants(wanted, limit))
    made = desk.plan(wanted, limit=limit)
    if out:
        save_plan(made, out)
    if json:
        print_json(plan_data(made))
    else:
        print_line("\n".join(render_plan(made)))
    _end_of_plan(made, detailed_exitcode=detailed_exitcode)


def _warn_open(settings: Settings, names: Collection[str]) -> None:
    """Say which devices an unfinished run has left open: what they report may not last."""
    if not Path(settings.journal).is_file():
        return
    with Journal(Path(settings.journal), read_only=True) as book:
        left = open_devices(book)
    for run in sorted({left[device] for device in set(left) & set(names)}):
        devices = sorted(device for device in names if left.get(device) == run)
        more = f" and {len(devices) - 3} more" if len(devices) > 3 else ""
        notes.print(
            f"warning: run {run} is still open on {', '.join(devices[:3])}{more}; "
            "`stellwerk recover` must come before the next apply",
            markup=False,
        )


def _end_of_plan(made: Plan, *, detailed_exitcode: bool) -> None:
    try:
        made.require_applyable()
    except (PolicyRefused, DeviceUnreachable) as err:
        notes.print(f"error: this plan cannot be applied: {err}", markup=False)
        raise typer.Exit(exit_of(err)) from err
    if detailed_exitcode and not made.is_settled:
        raise typer.Exit(Exit.CHANGES)


def _agree(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise InputError("nobody is there to agree", hint="add --yes")
    typer.confirm(question, abort=True, err=True)


def apply(
    what: Annotated[Path, typer.Argument(help="Intent (YAML) or saved plan (JSON).")],
    *,
    city: CityOption = "",
    inventory: InventoryOption = "",
    journal: JournalOption = "",
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Rehearse a change on copies, apply it as one transaction, verify it; or take it all back."""
    settings = load_settings(city=city, inventory=inventory, journal=journal)
    desk = _desk(settings)
    intent = None if what.suffix == ".json" else load_intent(what)
    with Journal(Path(settings.journal)) as book:
        book.verify()
        if intent:
            _refuse_open(book, desk.wants(intent))
            made = desk.plan(intent)
        else:
            made = desk.refreshed(load_plan(what))
        result = _carry_out(made, desk, book, question="apply this plan?", yes=yes)
    if result is None:
        if json:
            print_json({"no_op": True, "exit_code": int(Exit.OK)})
        return
    _finish(result, made, desk, intent, json=json)


def _refuse_open(book: Journal, names: Collection[str]) -> None:
    """Refuse devices that an unfinished run has left open: what they say now may not last."""
    for device, run in open_devices(book).items():
        if device in names:
            raise DeviceConflict(
                device, f"is still open in run {run}; run `stellwerk recover` first"
            )


def _carry_out(
    made: Plan, desk: Desk, book: Journal, *, question: str, yes: bool
) -> RunResult | None:
    """Show, ask, rehearse and apply a plan; None if there is nothing to do."""
    notes.print("\n".join(render_plan(made)), markup=False)
    made.require_applyable()
    if made.no_op:
        return None
    _agree(question, yes=yes)
    _rehearse(made, desk)
    gate = desk.gate(made)
    return apply_plan(made, desk.devices, make_driver, book, on_event=show_step, gate=gate)


def _rehearse(made: Plan, desk: Desk) -> None:
    with waiting("rehearsing on emulated copies"):
        rehearsal = rehearse(made, desk.devices)
    if not rehearsal.is_good:
        cause = rehearsal.run.reason or str(dict(rehearsal.run.reasons))
        raise InputError(f"the rehearsal failed: {cause}", hint="nothing was sent to a device")
    notes.print(
        f"rehearsed on {len(made.devices)} emulated copies in {rehearsal.seconds:.1f} s",
        markup=False,
    )


def _finish(
    result: RunResult, made: Plan, desk: Desk, intent: Intent | None, *, json: bool
) -> None:
    """Read back, plan again, print; the state of the devices decides the exit code."""
    wrong: Mapping[str, tuple[str, ...]] = {}
    replan_empty = None
    if result.exit_code == Exit.OK:
        wrong = read_back(made, desk.devices)
        if intent and not wrong:
            replan_empty = desk.plan(intent, with_effect=False).is_settled
    code = result.exit_code or (Exit.NOT_RESTORED if wrong or replan_empty is False else Exit.OK)
    _show_run(result)
    for device, paths in wrong.items():
        notes.print(f"  {device}: not as planned: {', '.join(paths)}", markup=False)
    if json:
        _print_result(run_data(result) | {"differs": wrong, "replan_empty": replan_empty})
    if code:
        raise typer.Exit(code)


def _print_result(document: dict[str, object]) -> None:
    try:
        print_json(document)
    except InputError as err:
        # The devices have changed: what could not be printed must not hide how they are.
        notes.print(f"error: {err}", markup=False)


def rollback(
    run: Annotated[str, typer.Argument(help="Run of the journal to take back.")],
    *,
    city: CityOption = "",
    inventory: InventoryOption = "",
    journal: JournalOption = "",
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Take a confirmed run back: the reverse plan, judged, rehearsed and applied as a new run."""
    settings = load_settings(city=city, inventory=inventory, journal=journal)
    desk = _desk(settings)
    with _existing(settings) as book:
        made = desk.refreshed(reverse_of(book, run))
        _refuse_open(book, [part.device for part in made.devices])
        result = _carry_out(made, desk, book, question=f"take run {run} back?", yes=yes)
    if result is not None:
        _finish(result, made, desk, None, json=json)


def recover(
    *,
    inventory: InventoryOption = "",
    journal: JournalOption = "",
    json: JsonOption = False,
) -> None:
    """Bring every device of unfinished runs to its old or new state, as the journal says."""
    settings = load_settings(inventory=inventory, journal=journal)
    devices = load_inventory(Path(settings.inventory))
    with _existing(settings) as book:
        result = recover_runs(book, devices, make_driver, on_event=show_step)
    for run in result.runs:
        _show_run(run)
    if not result.runs:
        notes.print("nothing to recover", markup=False)
    if json:
        print_json({"runs": [run_data(run) for run in result.runs], "exit_code": result.exit_code})
    if result.exit_code:
        raise typer.Exit(result.exit_code)


def _existing(settings: Settings, *, read_only: bool = False) -> Journal:
    path = Path(settings.journal)
    if not path.is_file():
        raise InputError("there is no journal", str(path), hint="name it with --journal")
    return Journal(path, read_only=read_only)


journal_app = typer.Typer(no_args_is_help=True, help="Show or verify the journal.")


@journal_app.command("show")
def journal_show(
    run: Annotated[str, typer.Argument(help="One run; all if not given.")] = "",
    *,
    journal: JournalOption = "",
    json: JsonOption = False,
) -> None:
    """Print the records: what was about to be done, and how it went."""
    with _existing(load_settings(journal=journal), read_only=True) as book:
        records = book.records(run or None)
        told = runs_in(book)
        try:
            book.verify()
        except JournalDamaged as err:
            notes.print(f"warning: {err}", markup=False)
    if run and not records:
        raise InputError(f"the journal has no run {run!r}", hint="see 'stellwerk journal show'")
    if json:
        print_json({"records": [asdict(record) for record in records]})
    elif run:
        for record in records:
            print_line(_record_line(record))
    else:
        heads = ["run", "begun", "plan", "devices", "records", "outcome"]
        columns("Runs", heads, [_run_row(history) for history in told])


def _run_row(history: History) -> list[str]:
    is_open = ", open: run 'stellwerk recover'" if history.open_devices else ""
    return [
        history.run,
        history.begun[:19],
        history.plan.name,
        str(len(history.plan.devices)),
        str(history.n_records),
        f"{history.outcome or 'not finished'}{is_open}",
    ]


def _record_line(record: Record) -> str:
    words = (
        f"{key}={dumps(value, ensure_ascii=False)}"
        for key, value in record.payload.items()
        if key not in ("plan", "limits")
    )
    who = f"{record.kind:10} {record.device:24}"
    return f"{record.seq:6} {record.at} {who} {' '.join(words)}"


@journal_app.command("verify")
def journal_verify(*, journal: JournalOption = "", json: JsonOption = False) -> None:
    """Check the hash chain; name the first damaged record."""
    with _existing(load_settings(journal=journal), read_only=True) as book:
        chain = book.verify()
    if json:
        print_json({"records": chain.n_records, "head": chain.head, "intact": True})
        return
    print_line(f"{chain.n_records} records intact, head {chain.head}")
