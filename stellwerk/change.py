"""The way of a change as commands walk it: desk, agreement, rehearsal, apply, read-back, result."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from controllers.drivers import make_driver
from controllers.history import open_devices
from controllers.intent import Intent
from controllers.journal import Journal
from controllers.plan import Plan
from controllers.plan_text import render_plan
from controllers.policies import load_policy_settings
from controllers.runner import RunResult, StepEvent
from controllers.runner import apply as apply_plan
from controllers.steps import State
from controllers.windows import closing_of
from hil.rehearse import rehearse
from stellwerk.attend import attended
from stellwerk.exits import Exit
from stellwerk.output import notes, print_json, waiting
from stellwerk.settings import Settings
from stellwerk.terminal import may_ask
from stellwerk.workflow import Desk, open_desk, read_back
from twin.geo.cityfile import load_city
from twin.model.errors import DeviceConflict, InputError, PolicyRefused

__all__ = [
    "InventoryOption",
    "JournalOption",
    "YesOption",
    "carry_out",
    "existing_journal",
    "finish",
    "refuse_open",
    "run_data",
    "settled_desk",
    "show_run",
    "show_step",
]

InventoryOption = Annotated[str, typer.Option("--inventory", "-i", help="Inventory file.")]
JournalOption = Annotated[
    str, typer.Option("--journal", help="Journal: a file, or a postgresql:// URL.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def settled_desk(settings: Settings) -> Desk:
    """Load the city and the inventory that the settings name.

    Raises
    ------
    InputError
        One of them is missing or broken.
    """
    return open_desk(
        load_city(settings.city),
        Path(settings.inventory),
        author=settings.author,
        windows=settings.window_list,
        needs_approval=settings.four_eyes == "yes",
        policies=load_policy_settings(Path(settings.policies)) if settings.policies else None,
    )


def existing_journal(settings: Settings, *, read_only: bool = False) -> Journal:
    """Name the journal of the settings; it must be there.

    Raises
    ------
    InputError
        There is none.
    """
    book = Journal(settings.journal, read_only=read_only)
    if not book.store.exists():
        raise InputError("there is no journal", settings.journal, hint="name it with --journal")
    return book


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


def show_run(result: RunResult) -> None:
    """Print how a run ended, and why."""
    notes.print(f"run {result.run}: {result.outcome}", markup=False)
    if result.reason:
        notes.print(f"  because {result.reason}", markup=False)
    for device, reason in result.reasons.items():
        notes.print(f"  {device}: {result.devices[device]}: {reason}", markup=False)
    if result.exit_code == Exit.NOT_RESTORED:
        notes.print("bring these devices back, then run `stellwerk recover`", markup=False)


def refuse_open(book: Journal, names: Collection[str]) -> None:
    """Refuse devices that an unfinished run has left open: what they say now may not last.

    Raises
    ------
    DeviceConflict
        One of them is.
    """
    for device, run in open_devices(book).items():
        if device in names:
            raise DeviceConflict(
                device, f"is still open in run {run}; run `stellwerk recover` first"
            )


def carry_out(
    made: Plan,
    desk: Desk,
    book: Journal,
    *,
    question: str,
    yes: bool,
    is_way_back: bool = False,
) -> RunResult | None:
    """Show, ask, rehearse and apply a plan.

    Parameters
    ----------
    made : Plan
        The plan.
    desk : Desk
        City, devices and predictor.
    book : Journal
        An open journal.
    question : str
        What to ask before anything is sent.
    yes : bool
        Do not ask.
    is_way_back : bool
        It takes an earlier run back, which needs neither a window nor a second person.

    Returns
    -------
    RunResult or None
        How the run ended; None if there was nothing to do.

    Raises
    ------
    StellwerkError
        It may not be applied, nobody agreed, or the rehearsal failed; nothing was sent.
    """
    notes.print("\n".join(render_plan(made)), markup=False)
    made.require_applyable()
    if made.no_op:
        return None
    if desk.needs_approval and not is_way_back:
        _require_approved(made)
    # Before anybody is asked, or anything rehearsed; the run checks once more.
    closing_of(made.windows, datetime.now(UTC))
    _agree(question, yes=yes)
    _rehearse(made, desk)
    gate = desk.gate(made)
    with attended(desk.author) as operator:
        return apply_plan(
            made, desk.devices, make_driver, book, on_event=show_step, gate=gate, operator=operator
        )


def _require_approved(made: Plan) -> None:
    """Refuse a plan that nobody but its author has agreed to.

    Raises
    ------
    PolicyRefused
        Nobody has approved it, or only its author has.

    References
    ----------
    .. [1] BSI IT-Grundschutz (2023), OPS.1.1.2.A17.
    """
    if made.approved_by in ("", made.author):
        raise PolicyRefused(
            "nobody but its author has approved this plan, and the settings want four eyes "
            "(OPS.1.1.2.A17); save it by `stellwerk plan --out`, have another person run "
            "`stellwerk approve` on it, then apply that file"
        )


def _agree(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not may_ask():
        raise InputError("nobody is there to agree", hint="add --yes")
    typer.confirm(question, abort=True, err=True)


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


def finish(
    result: RunResult,
    made: Plan,
    desk: Desk,
    intent: Intent | None,
    *,
    limit: str = "",
    json: bool,
) -> None:
    """Read back, plan again, print; the state of the devices decides the exit code.

    Parameters
    ----------
    result : RunResult
        How the run ended.
    made : Plan
        What was applied.
    desk : Desk
        City, devices and predictor.
    intent : Intent or None
        What the plan was made for; with it the plan is made once more and must be empty but for
        devices that were left out.
    limit : str
        Selection the plan was narrowed to.
    json : bool
        Print the result as JSON.

    Raises
    ------
    typer.Exit
        It did not end well.
    """
    wrong: Mapping[str, tuple[str, ...]] = {}
    replan_empty = None
    left_out = {name for name, state in result.devices.items() if state is State.SKIPPED}
    left_out |= set(made.unreachable)
    if result.exit_code == Exit.OK:
        done = tuple(part for part in made.devices if part.device not in left_out)
        wrong = read_back(replace(made, devices=done), desk.devices)
        if intent and not wrong:
            again = desk.plan(intent, limit=limit, with_effect=False)
            missing = {*again.unreachable, *(part.device for part in again.devices)}
            replan_empty = missing <= left_out
    code = result.exit_code or (Exit.NOT_RESTORED if wrong or replan_empty is False else Exit.OK)
    show_run(result)
    for device in sorted(left_out):
        notes.print(f"  {device}: was left out as the plan says; apply again later", markup=False)
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
