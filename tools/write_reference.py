"""Write the reference pages that are drawn from the code; a test holds them current.

Usage: python tools/write_reference.py
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import typer

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tools"))

from reference_of_profiles import profiles_page  # noqa: E402
from reference_of_simulation import pages_of_simulation  # noqa: E402

from stellwerk.cli import app  # noqa: E402
from twin.geo.columns import COLUMNS  # noqa: E402
from twin.model.attributes import KINDS, Attribute  # noqa: E402

PAGES = ROOT / "docs" / "reference"

ATTRIBUTES = """# Attributes of devices

What can be set (rw) and read (ro) on each kind of device. Intents, plans, profiles, drivers,
emulators and the world all use these paths; a name in braces stands for an instance, so that
`radio/{radio}/channel` is written `radio/2/channel`. This page is written by `python
tools/write_reference.py` from `twin/model/attributes.py`.
"""

CITY_FILE = """# The city file

A city is a folder with a `city.yaml` and one table for each subject. `city.yaml` names the city,
its seed and time zone, its networks, and for each table its file, subject, source, licence and
attribution, whether it was changed and whether it is synthetic; several tables of one subject are
put together. Its schema is `twin/geo/city.schema.json`. Coordinates are ETRS89 / UTM zone 32N
(EPSG:25832) in metres.

`districts.geojson` is GeoJSON (WGS 84), with `code`, `slug`, `level` and `area_km2` of each
area; the one whose code is the `outline` of `city.yaml` is the city. All others are CSV in UTF-8
with a header of just these columns, in this order; a mistake is one line with file and line. How
to make a folder: [use your own city](../how-to/use-your-own-city.md). This page is written by
`python tools/write_reference.py` from `twin/geo/columns.py`.

| subject | columns |
|---|---|
"""

COMMAND = """# The command

Data goes to standard output, everything else to standard error; `--json` on every command prints
one JSON document. How commands end: [exit codes](exit-codes.md). What is not given is looked for
in the environment and in files: [settings](settings.md). `--color`, `--no-input`, `--quiet` and
`--verbose` may stand behind every command. This page is written by `python
tools/write_reference.py` from the command itself.
"""


def attributes_page() -> str:
    """Draw the page of attributes."""
    parts = [ATTRIBUTES]
    for kind, attributes in KINDS.items():
        parts.append(f"\n## {kind}\n\n| path | access | type | values | meaning |")
        parts.append("\n|---|---|---|---|---|\n")
        parts += [
            f"| `{a.template}` | {'rw' if a.writable else 'ro'} | {a.type} | {_values(a)} "
            f"| {a.doc} |\n"
            for a in attributes
        ]
    return "".join(parts)


def _values(attribute: Attribute) -> str:
    if attribute.choices:
        return ", ".join(attribute.choices)
    if attribute.type == "str":
        return f"at most {attribute.max_length} bytes"
    low, high = attribute.minimum, attribute.maximum
    words = ""
    if low is not None and high is not None:
        words = f"{low:g} to {high:g}"
    elif low is not None:
        words = f"{low:g} or more"
    if attribute.tolerance:
        words += f", same within {attribute.tolerance:g}"
    return f"{words} {attribute.unit}".strip()


def city_file_page() -> str:
    """Draw the page of the city file."""
    rows = [
        f"| {subject} | {', '.join(f'`{column}`' for column in columns)} |\n"
        for subject, columns in COLUMNS.items()
    ]
    return CITY_FILE + "".join(rows)


def command_page() -> str:
    """Draw the page of the command."""
    root = typer.main.get_command(app)
    return COMMAND + "".join(_command(root, "stellwerk"))


def _command(command: object, name: str) -> Iterator[str]:
    children = getattr(command, "commands", {})
    if not children:
        yield f"\n## {name}\n\n{command.help}\n\n"
        yield "| argument | default | meaning |\n|---|---|---|\n"
        for parameter in command.params:
            yield _parameter(parameter)
    for child, item in children.items():
        yield from _command(item, f"{name} {child}")


def _parameter(parameter: object) -> str:
    is_option = parameter.param_type_name == "option"
    names = ", ".join(parameter.opts) if is_option else parameter.name.upper()
    default = "" if parameter.default in (None, "", False) else f"`{parameter.default}`"
    if not is_option and parameter.required:
        default = "needed"
    return f"| `{names}` | {default} | {parameter.help or ''} |\n"


def pages() -> dict[Path, str]:
    """Draw every generated page."""
    return {
        PAGES / "attributes.md": attributes_page(),
        PAGES / "city-file.md": city_file_page(),
        PAGES / "command.md": command_page(),
        PAGES / "profiles.md": profiles_page(),
    } | {PAGES / name: text for name, text in pages_of_simulation().items()}


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
