"""`stellwerk top`: transactions, devices and timers, live; it only reads."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from controllers.inventory import load_inventory
from stellwerk.change import InventoryOption, JournalOption
from stellwerk.lookout import Lookout
from stellwerk.output import JsonOption, print_json
from stellwerk.settings import load_settings
from twin.model.errors import InputError

__all__ = ["top"]


def top(
    *,
    inventory: InventoryOption = "",
    journal: JournalOption = "",
    every: Annotated[
        float, typer.Option("--every", min=0.2, help="Look again after this time. [s]")
    ] = 1.0,
    json: JsonOption = False,
) -> None:
    """Watch runs, devices and armed timers, as the journal tells them; press ? for the keys."""
    settings = load_settings(inventory=inventory, journal=journal)
    path = Path(settings.inventory)
    lookout = Lookout(settings.journal, load_inventory(path) if path.exists() else ())
    if json:
        view = lookout.look(datetime.now(UTC))
        print_json({"runs": view.runs, "devices": view.devices, "timers": view.timers})
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError("there is no terminal to watch on", hint="add --json")
    try:
        from stellwerk.top_screen import Top  # noqa: PLC0415 - an extra
    except ImportError as err:
        raise InputError("textual is not installed", hint="pip install 'stellwerk[top]'") from err
    Top(lookout, every_s=every).run()
