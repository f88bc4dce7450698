"""Options of commands from the environment and from settings files."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from typer.core import TyperCommand, TyperGroup, TyperOption

from stellwerk.settings import SETTINGS, SettingsFile, variable_of
from twin.model.errors import InputError

__all__ = [
    "FileValue",
    "bind_environment",
    "commands_of",
    "default_map",
    "file_values",
    "offer_everywhere",
    "unknown_variables",
]

_SHARED = "options"
_ONCE = frozenset({"help", "_show_version", "install_completion", "show_completion"})
_OTHER = frozenset({"STELLWERK_HOME", "STELLWERK_ISA", "STELLWERK_REFERENCE"})
# A file that lies in a folder must not agree in the name of the person who works there.
_NEVER_IN_A_FILE = frozenset({"yes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FileValue:
    """What a settings file says about one option of one command.

    Parameters
    ----------
    command : str
        Words of the command; empty for options of every command.
    option : str
        Name of the parameter.
    value : object
        Text, a truth value, or a list of texts.
    source : str
        Path of the file.
    """

    command: str
    option: str
    value: bool | str | list[str]
    source: str


def commands_of(root: TyperGroup) -> dict[str, TyperGroup | TyperCommand]:
    """List what options belong to: the program itself, under the empty name, and every command.

    Parameters
    ----------
    root : TyperGroup
        The program.

    Returns
    -------
    dict
        By the words that call it.
    """
    return {"": root, **dict(_leaves(root, ""))}


def _leaves(group: TyperGroup, words: str) -> Iterator[tuple[str, TyperCommand]]:
    for name, command in group.commands.items():
        path = f"{words} {name}".strip()
        if isinstance(command, TyperGroup):
            yield from _leaves(command, path)
        elif isinstance(command, TyperCommand):
            yield path, command


def _options(command: TyperGroup | TyperCommand) -> dict[str, TyperOption]:
    """Options that may come from elsewhere; settings settle themselves."""
    return {
        parameter.name: parameter
        for parameter in command.params
        if isinstance(parameter, TyperOption)
        and parameter.name not in _ONCE
        and parameter.name not in SETTINGS
        and parameter.expose_value
    }


def bind_environment(root: TyperGroup) -> None:
    """Let every option be given by ``STELLWERK_<COMMAND>_<OPTION>`` or ``STELLWERK_<OPTION>``.

    Parameters
    ----------
    root : TyperGroup
        The program; changed in place.
    """
    for words, command in commands_of(root).items():
        for option in _options(command).values():
            word = _word(option)
            names = [variable_of(words, word)] if words else []
            option.envvar = [*names, variable_of(word)]
            option.show_envvar = False


def _word(option: TyperOption) -> str:
    """Name an option as it is typed, without its dashes."""
    return max(option.opts, key=len).lstrip("-")


def offer_everywhere(root: TyperGroup, names: Sequence[str]) -> None:
    """Let options of the program be typed behind the command too.

    Parameters
    ----------
    root : TyperGroup
        The program; its commands are changed in place.
    names : sequence of str
        Parameters of the program; what they do must be done by their callback.
    """
    shared = [p for p in root.params if isinstance(p, TyperOption) and p.name in names]
    for words, command in commands_of(root).items():
        if not words:
            continue
        taken = {opt for parameter in command.params for opt in parameter.opts}
        for option in shared:
            if taken.isdisjoint(option.opts):
                twin = copy.copy(option)
                twin.expose_value = False
                twin.hidden = True
                twin.envvar = None
                command.params.append(twin)


def file_values(root: TyperGroup, files: Sequence[SettingsFile]) -> list[FileValue]:
    """Read the tables of settings files, the stronger value last.

    Parameters
    ----------
    root : TyperGroup
        The program.
    files : sequence of SettingsFile
        The stronger first.

    Returns
    -------
    list of FileValue
        The table ``options`` of a file counts less than that of a command, a file less than a
        stronger one.

    Raises
    ------
    InputError
        A table or a key is not known, or a value is not what the option takes.
    """
    commands = commands_of(root)
    found = []
    for file in reversed(files):
        shared = file.tables.get(_SHARED, {})
        for key, value in shared.items():
            having = [(w, o) for w, c in commands.items() if (o := _find(c, key)) is not None]
            if not having:
                raise _unknown(key, {o for c in commands.values() for o in _options(c)}, file, "")
            found += [_value(words, option, value, file) for words, option in having]
        for words, table in _tables(file, commands, file.tables, ""):
            for key, value in table.items():
                option = _find(commands[words], key)
                if option is None:
                    raise _unknown(key, set(_options(commands[words])), file, words)
                found.append(_value(words, option, value, file))
    return found


def _tables(
    file: SettingsFile, commands: Mapping[str, Any], tables: Mapping[str, Any], before: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, table in tables.items():
        words = f"{before} {name}".strip()
        if words == _SHARED:
            continue
        if words in commands:
            yield words, table
        elif any(command.startswith(f"{words} ") for command in commands) and all(
            isinstance(inner, dict) for inner in table.values()
        ):
            yield from _tables(file, commands, table, words)
        else:
            close = get_close_matches(words, [*commands, _SHARED], 1)
            meant = f"did you mean [{close[0].replace(' ', '.')}]? " if close else ""
            raise InputError(
                f"[{words.replace(' ', '.')}] is no command",
                str(file.path),
                hint=f"{meant}a table is [{_SHARED}] or a command, such as [plan]",
            )


def _find(command: TyperGroup | TyperCommand, key: str) -> TyperOption | None:
    for option in _options(command).values():
        if key.replace("_", "-") in (_word(option), option.name.replace("_", "-")):
            return option
    return None


def _unknown(key: str, known: set[str], file: SettingsFile, words: str) -> InputError:
    if key in SETTINGS:
        hint = f"{key} is a setting of all commands: write it above all tables"
    else:
        close = get_close_matches(key.replace("-", "_"), sorted(known), 1)
        hint = f"did you mean {close[0].replace('_', '-')}?" if close else "see `stellwerk --help`"
    whose = f"stellwerk {words}" if words else "no command"
    verb = "has no option" if words else "has an option"
    return InputError(f"{whose} {verb} {key!r}", str(file.path), hint=hint)


def _value(words: str, option: TyperOption, value: object, file: SettingsFile) -> FileValue:
    name = f"--{_word(option)}"
    if option.name in _NEVER_IN_A_FILE:
        raise InputError(
            f"{name} cannot be set in a file",
            str(file.path),
            hint=f"type it, or set {variable_of(_word(option))}",
        )
    wanted: bool | str | list[str]
    if option.is_flag:
        if not isinstance(value, bool):
            raise InputError(f"{name} is true or false", str(file.path))
        wanted = value
    elif option.multiple and isinstance(value, list):
        wanted = [str(item) for item in value]
    elif isinstance(value, bool | list | dict):
        raise InputError(f"{name} is text or a number", str(file.path))
    else:
        wanted = str(value)
    return FileValue(command=words, option=option.name, value=wanted, source=str(file.path))


def default_map(values: Sequence[FileValue]) -> dict[str, Any]:
    """Put file values where the parser of the command line looks for defaults.

    Parameters
    ----------
    values : sequence of FileValue
        The stronger last.

    Returns
    -------
    dict
        Nested by the words of the commands.
    """
    nested: dict[str, Any] = {}
    for found in values:
        place = nested
        for word in found.command.split():
            place = place.setdefault(word, {})
        place[found.option] = found.value
    return nested


def unknown_variables(root: TyperGroup) -> dict[str, str]:
    """Find variables that begin as ours and mean nothing, and what may have been meant.

    Parameters
    ----------
    root : TyperGroup
        The program, bound to the environment.

    Returns
    -------
    dict
        The nearest known variable by the unknown one; empty if none is near.
    """
    known = {variable_of(name) for name in SETTINGS} | _OTHER
    for command in commands_of(root).values():
        for option in _options(command).values():
            known |= set(option.envvar or ())
    unknown = sorted(v for v in os.environ if v.startswith("STELLWERK_") and v not in known)
    return {name: (get_close_matches(name, known, 1) or [""])[0] for name in unknown}
