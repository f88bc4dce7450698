"""`stellwerk settings`: which values count, and where each comes from."""

from __future__ import annotations

import os
import re

import typer
from typer.core import TyperGroup

from stellwerk.options import commands_of, file_values, unknown_variables
from stellwerk.output import JsonOption, columns, notes, print_json
from stellwerk.settings import load_settings, read_files, settle

__all__ = ["settings"]


def settings(context: typer.Context, *, json: JsonOption = False) -> None:
    """Show every setting, every option set outside the command line, and where from."""
    root = context.find_root().command
    if not isinstance(root, TyperGroup):
        raise TypeError(root)
    load_settings()  # refuses what is no value
    rows = [[name, found.value, found.source] for name, found in settle().items()]
    rows += _options(root)
    rows = [[name, _masked(value), source] for name, value, source in rows]
    files = [str(file.path) for file in read_files()]
    unknown = unknown_variables(root)
    if json:
        print_json(
            {
                "settings": [dict(zip(("name", "value", "source"), r, strict=True)) for r in rows],
                "files": files,
                "unknown_variables": unknown,
            }
        )
        return
    columns("Settings", ("name", "value", "from"), _gathered(rows))
    notes.print(f"files read: {', '.join(files) or 'none'}", markup=False)
    for name, near in unknown.items():
        meant = f"; did you mean {near}?" if near else ""
        notes.print(f"{name} is no setting and no option{meant}", markup=False)


def _options(root: TyperGroup) -> list[list[str]]:
    """List options that a variable or a file gives a value."""
    from_files = {
        (found.command, found.option): (str(found.value), found.source)
        for found in file_values(root, read_files())
    }
    rows = []
    for words, command in commands_of(root).items():
        for option in command.params:
            variable = next((v for v in option.envvar or () if os.environ.get(v)), None)
            if variable:
                value, source = os.environ[variable], variable
            elif (words, option.name) in from_files:
                value, source = from_files[words, option.name]
            else:
                continue
            name = max(option.opts, key=len)
            rows.append([f"{words} {name}".strip(), value, source])
    return rows


def _gathered(rows: list[list[str]]) -> list[list[str]]:
    """Put commands together whose option has the same value from the same place."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for name, value, source in rows:
        groups.setdefault((name.rpartition(" ")[2], value, source), []).append(name)
    return [
        [names[0] if len(names) == 1 else f"{word} ({len(names)} commands)", value, source]
        for (word, value, source), names in groups.items()
    ]


def _masked(value: str) -> str:
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", value)
