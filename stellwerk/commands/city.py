"""`stellwerk city`: show and validate a city."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from stellwerk.exits import Exit
from stellwerk.output import JsonOption, notes, print_json, print_line, table
from stellwerk.settings import load_settings
from twin.geo.cityfile import city_counts, load_city, validate_city

__all__ = ["CityArgument", "CityOption", "app"]

app = typer.Typer(no_args_is_help=True, help="Show or validate a city.")
CityArgument = Annotated[str, typer.Argument(help="City in the box, or the folder of a city.")]
CityOption = Annotated[
    str, typer.Option("--city", help="City in the box, or the folder of a city.")
]


@app.command()
def show(city: CityArgument = "", *, json: JsonOption = False) -> None:
    """Print how many of each thing the city holds, and where the figures come from."""
    model = load_city(load_settings(city=city).city)
    counts = city_counts(model)
    if json:
        sources = [asdict(item) for item in model.provenance]
        print_json({"city": model.name, "seed": model.seed, "counts": counts, "sources": sources})
        return
    table(model.title, counts)
    for item in model.provenance:
        word = "synthetic" if item.synthetic else "real"
        notes.print(f"{item.table}: {word}, {item.attribution}", markup=False)


@app.command()
def validate(city: CityArgument = "", *, json: JsonOption = False) -> None:
    """Check a city: references, identifiers, ranges and legal limits."""
    ref = load_settings(city=city).city
    findings = validate_city(ref)
    if json:
        print_json({"city": ref, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            print_line(f"{finding.severity}: {finding.where}: {finding.what}")
        notes.print(f"{ref}: {len(findings)} findings", markup=False)
    if any(finding.severity == "error" for finding in findings):
        raise typer.Exit(Exit.ERROR)
