"""`stellwerk show` and `diff`: what a plan says, without applying it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from controllers.intent import load_intent
from controllers.inventory import load_inventory
from controllers.plan import Plan
from controllers.plan_file import load_plan, plan_data
from controllers.plan_text import render_plan
from stellwerk.change import InventoryOption, settled_desk
from stellwerk.commands.city import CityOption
from stellwerk.device_diff import diff_lines
from stellwerk.exits import Exit
from stellwerk.output import JsonOption, notes, print_json
from stellwerk.settings import load_settings
from stellwerk.terminal import print_paged, print_signed
from twin.model.errors import InputError

__all__ = ["diff", "show"]


def show(
    saved: Annotated[Path, typer.Argument(help="Saved plan (JSON).")],
    *,
    inventory: InventoryOption = "",
    diff: Annotated[
        bool, typer.Option("--diff", help="Print unified diffs, one for each device.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Print a saved plan as text, JSON or diffs; asks no device and judges nothing anew."""
    if diff and json:
        raise InputError("--diff and --json exclude each other")
    made = load_plan(saved)
    if json:
        print_json(plan_data(made))
    elif diff:
        path = Path(load_settings(inventory=inventory).inventory)
        print_paged(diff_lines(made, load_inventory(path) if path.exists() else ()))
    else:
        print_signed(render_plan(made))


def diff(
    intent: Annotated[Path, typer.Argument(help="Intent (YAML) or saved plan (JSON).")],
    *,
    city: CityOption = "",
    inventory: InventoryOption = "",
    limit: Annotated[str, typer.Option("--limit", help="Narrow to a selection.")] = "",
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 if there is a difference.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Print live against wanted as unified diffs that fit the files of `stellwerk backup`."""
    settings = load_settings(city=city, inventory=inventory)
    if intent.suffix == ".json":
        if limit:
            raise InputError("a saved plan cannot be narrowed", hint="give the intent instead")
        made = load_plan(intent)
        devices = load_inventory(Path(settings.inventory))
    else:
        wanted = load_intent(intent)
        desk = settled_desk(settings)
        made = desk.plan(wanted, limit=limit, with_effect=False)
        devices = desk.devices
    lines = diff_lines(made, devices)
    if json:
        print_json(
            {
                "diff": "\n".join(lines),
                "devices": [part.device for part in made.devices],
                "unreachable": dict(made.unreachable),
            }
        )
    else:
        print_paged(lines)
    _leave(made, detailed_exitcode=detailed_exitcode)


def _leave(made: Plan, *, detailed_exitcode: bool) -> None:
    for device, reason in made.unreachable.items():
        notes.print(f"not read: {device}: {reason}", markup=False)
    if made.unreachable:
        raise typer.Exit(Exit.TRY_LATER)
    if detailed_exitcode and not made.no_op:
        raise typer.Exit(Exit.CHANGES)
