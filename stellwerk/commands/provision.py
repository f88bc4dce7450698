"""`stellwerk plan`, `apply`, `rollback`, `recover`, `journal`: the way of a change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from json import dumps
from pathlib import Path
from typing import Annotated

import typer

from controllers.drivers import make_driver
from controllers.history import History, open_devices, runs_in
from controllers.intent import load_intent
from controllers.inventory import load_inventory
from controllers.journal import Journal, Record
from controllers.plan import Plan
from controllers.plan_file import load_plan, plan_data, save_plan
from controllers.plan_text import render_plan, summary_line
from controllers.ports import Device
from controllers.recover import recover as recover_runs
from controllers.recover import reverse_of
from stellwerk.change import (
    InventoryOption,
    JournalOption,
    YesOption,
    carry_out,
    existing_journal,
    finish,
    refuse_open,
    run_data,
    settled_desk,
    show_run,
    show_step,
)
from stellwerk.commands.city import CityOption
from stellwerk.device_diff import diff_lines
from stellwerk.exits import Exit, exit_of
from stellwerk.output import JsonOption, columns, notes, print_json, print_line
from stellwerk.settings import Settings, load_settings
from stellwerk.terminal import print_paged, print_signed
from twin.model.errors import (
    DeviceUnreachable,
    InputError,
    JournalDamaged,
    PolicyRefused,
)

__all__ = ["apply", "approve", "journal_app", "plan", "recover", "rollback"]

IntentArgument = Annotated[Path, typer.Argument(help="Intent file (YAML).")]
LimitOption = Annotated[
    str, typer.Option("--limit", help="Narrow to a selection, such as 'kind:cell & site:fws'.")
]
DiffOption = Annotated[bool, typer.Option("--diff", help="Print unified diffs, one per device.")]


def plan(
    intent: IntentArgument,
    *,
    city: CityOption = "",
    inventory: InventoryOption = "",
    journal: JournalOption = "",
    limit: LimitOption = "",
    out: Annotated[Path | None, typer.Option("--out", help="Save the plan as JSON.")] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 if something would change.")
    ] = False,
    diff: DiffOption = False,
    _check: Annotated[
        bool, typer.Option("--check", help="Change nothing: a plan never does.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show what would change on which device, how it is undone, and what it does to the city."""
    settings = load_settings(city=city, inventory=inventory, journal=journal)
    wanted = load_intent(intent)
    desk = settled_desk(settings)
    _warn_open(settings, desk.wants(wanted, limit))
    made = desk.plan(wanted, limit=limit)
    if out:
        save_plan(made, out)
    if json:
        print_json(plan_data(made))
    else:
        _print_plan(made, desk.devices, diff=diff)
    _end_of_plan(made, detailed_exitcode=detailed_exitcode)


def _print_plan(made: Plan, devices: Sequence[Device], *, diff: bool) -> None:
    if diff:
        print_paged(diff_lines(made, devices))
        notes.print(summary_line(made), markup=False)
    else:
        print_signed(render_plan(made))


def _warn_open(settings: Settings, names: Collection[str]) -> None:
    """Say which devices an unfinished run has left open: what they report may not last."""
    book = Journal(settings.journal, read_only=True)
    if not book.store.exists():
        return
    with book:
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


def apply(
    what: Annotated[Path, typer.Argument(help="Intent (YAML) or saved plan (JSON).")],
    *,
    city: CityOption = "",
    inventory: InventoryOption = "",
    journal: JournalOption = "",
    limit: LimitOption = "",
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing: plan, print and end as `plan` does.")
    ] = False,
    diff: DiffOption = False,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Rehearse a change on copies, apply it as one transaction, verify it; or take it all back."""
    settings = load_settings(city=city, inventory=inventory, journal=journal)
    desk = settled_desk(settings)
    intent = None if what.suffix == ".json" else load_intent(what)
    if limit and intent is None:
        raise InputError("a saved plan cannot be narrowed", hint="use --limit when planning it")
    if check:
        made = desk.plan(intent, limit=limit) if intent else desk.refreshed(load_plan(what))
        if json:
            print_json(plan_data(made))
        else:
            _print_plan(made, desk.devices, diff=diff)
        _end_of_plan(made, detailed_exitcode=False)
        return
    with Journal(settings.journal) as book:
        book.verify()
        if intent:
            refuse_open(book, desk.wants(intent, limit))
            made = desk.plan(intent, limit=limit)
        else:
            made = desk.refreshed(load_plan(what))
        if diff:
            notes.print("\n".join(diff_lines(made, desk.devices)), markup=False)
        result = carry_out(made, desk, book, question="apply this plan?", yes=yes)
    if result is None:
        if json:
            print_json({"no_op": True, "exit_code": int(Exit.OK)})
        return
    finish(result, made, desk, intent, limit=limit, json=json)


def approve(
    saved: Annotated[Path, typer.Argument(help="Saved plan (JSON).")],
    *,
    json: JsonOption = False,
) -> None:
    """Approve a saved plan that another person has made; `apply` then takes it (four eyes)."""
    who = load_settings().author
    made = load_plan(saved)
    notes.print("\n".join(render_plan(made)), markup=False)
    made.require_applyable()
    if who == made.author:
        raise PolicyRefused(f"{who} has made this plan; somebody else must approve it")
    approved = replace(made, approved_by=who)
    save_plan(approved, saved)
    if json:
        print_json({"plan": str(saved), "author": made.author, "approved_by": who})
        return
    print_line(f"{saved}: made by {made.author}, approved by {who}")


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
    desk = settled_desk(settings)
    with existing_journal(settings) as book:
        made = desk.refreshed(replace(reverse_of(book, run), author=settings.author))
        made = replace(made, windows=())  # harm is taken back at any hour
        refuse_open(book, [part.device for part in made.devices])
        question = f"take run {run} back?"
        result = carry_out(made, desk, book, question=question, yes=yes, is_way_back=True)
    if result is not None:
        finish(result, made, desk, None, json=json)


def recover(
    *,
    inventory: InventoryOption = "",
    journal: JournalOption = "",
    json: JsonOption = False,
) -> None:
    """Bring every device of unfinished runs to its old or new state, as the journal says."""
    settings = load_settings(inventory=inventory, journal=journal)
    devices = load_inventory(Path(settings.inventory))
    with existing_journal(settings) as book:
        result = recover_runs(book, devices, make_driver, on_event=show_step)
    for run in result.runs:
        show_run(run)
    if not result.runs:
        notes.print("nothing to recover", markup=False)
    if json:
        print_json({"runs": [run_data(run) for run in result.runs], "exit_code": result.exit_code})
    if result.exit_code:
        raise typer.Exit(result.exit_code)


journal_app = typer.Typer(no_args_is_help=True, help="Show or verify the journal.")


@journal_app.command("show")
def journal_show(
    run: Annotated[str, typer.Argument(help="One run; all if not given.")] = "",
    *,
    journal: JournalOption = "",
    json: JsonOption = False,
) -> None:
    """Print the records: what was about to be done, and how it went."""
    with existing_journal(load_settings(journal=journal), read_only=True) as book:
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
    with existing_journal(load_settings(journal=journal), read_only=True) as book:
        chain = book.verify()
    if json:
        print_json({"records": chain.n_records, "head": chain.head, "intact": True})
        return
    print_line(f"{chain.n_records} records intact, head {chain.head}")
