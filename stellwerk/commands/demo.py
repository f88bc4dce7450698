"""`stellwerk demo`: the main job from end to end, on loopback."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stellwerk.commands.city import CityOption
from stellwerk.output import JsonOption, print_json
from stellwerk.settings import load_settings
from twin.model.errors import InputError

__all__ = ["EXAMPLE", "demo"]

# Kept in the package, so that an installed wheel has it; `examples/` links to it.
EXAMPLE = Path(__file__).resolve().parent.parent / "demo" / "first-light.yaml"


def demo(
    *,
    city: CityOption = "",
    intent: Annotated[
        Path | None, typer.Option("--intent", help="Intent file; the example if not given.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for report and journal.")] = Path(
        "out/demo"
    ),
    world_seed: Annotated[int, typer.Option("--world-seed", min=0)] = 1,
    hold: Annotated[bool, typer.Option("--hold", help="Keep the devices up afterwards.")] = False,
    json: JsonOption = False,
) -> None:
    """Take one change through the twin and onto devices, then let a device die in the middle."""
    try:
        from stellwerk.demo.run import run_demo  # noqa: PLC0415 - needs extras
    except ModuleNotFoundError as err:
        raise InputError(
            f"the demo needs {err.name}", hint="pip install 'stellwerk[demo]'"
        ) from err
    ref = load_settings(city=city).city
    code = run_demo(
        city_ref=ref,
        intent=intent or EXAMPLE,
        folder=out,
        world_seed=world_seed,
        hold=hold,
        on_summary=print_json if json else None,
    )
    if code:
        raise typer.Exit(code)
