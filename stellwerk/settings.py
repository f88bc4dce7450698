"""Where things are: flag, STELLWERK_* variable, ./stellwerk.toml, the user's file, the default."""

from __future__ import annotations

import getpass
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from controllers.windows import parse_window
from twin.model.errors import InputError
from twin.model.quote import quoted

__all__ = [
    "SETTINGS",
    "Settings",
    "SettingsFile",
    "Settled",
    "load_settings",
    "read_files",
    "settle",
    "variable_of",
]

_NAME = "stellwerk.toml"
_PATHS = ("inventory", "policies")  # and a journal that is a file
_MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of the command.

    Parameters
    ----------
    city : str
        City in the box or folder of a city.
    inventory : str
        Inventory file.
    journal : str
        SQLite file of the journal, or URL of a PostgreSQL database.
    author : str
        Who plans and applies; stands in plans and in the journal.
    windows : str
        Maintenance windows of all changes, separated by semicolons; empty for any time.
    four_eyes : str
        ``yes``: a plan is applied only if somebody else than its author has approved it.
    policies : str
        Policy file; empty for the policies as they come.
    """

    city: str
    inventory: str
    journal: str
    author: str
    windows: str = ""
    four_eyes: str = "no"
    policies: str = ""

    @property
    def window_list(self) -> tuple[str, ...]:
        """The maintenance windows, one by one."""
        return tuple(text.strip() for text in self.windows.split(";") if text.strip())


SETTINGS: tuple[str, ...] = tuple(field.name for field in fields(Settings))
"""Names of all settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFile:
    """One settings file.

    Parameters
    ----------
    path : Path
        Where it is.
    settings : mapping
        Settings by name.
    tables : mapping
        Options of commands: ``options``, and one table for each command.
    """

    path: Path
    settings: Mapping[str, str]
    tables: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A setting and where its value comes from.

    Parameters
    ----------
    value : str
        The value.
    source : str
        ``flag``, the name of a variable, the path of a file, or ``default``.
    """

    value: str
    source: str


def variable_of(*words: str) -> str:
    """Name the environment variable of an option.

    Parameters
    ----------
    *words : str
        Words of a command, if it is about one, then the name of the option.

    Returns
    -------
    str
        Such as ``STELLWERK_PLAN_LIMIT``.
    """
    return "_".join(("STELLWERK", *words)).upper().replace("-", "_").replace(" ", "_")


def _home() -> Path | None:
    home = os.environ.get("STELLWERK_HOME")
    return Path(home) if home else None


def _state_folder() -> Path:
    folder = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return _home() or Path(folder) / "stellwerk"


def _user_file() -> Path:
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return (_home() or Path(folder) / "stellwerk") / _NAME


def read_files() -> tuple[SettingsFile, ...]:
    """Read the settings files that are there, the stronger first.

    Returns
    -------
    tuple of SettingsFile
        That of the project (the working directory), then that of the user.

    Raises
    ------
    InputError
        One cannot be read, is no TOML, or holds an unknown setting.
    """
    paths = [Path(_NAME)]
    if not _is_same(paths[0], _user_file()):
        paths.append(_user_file())
    return tuple(file for path in paths if (file := _read(path)) is not None)


def _is_same(one: Path, other: Path) -> bool:
    return one.absolute() == other.absolute()


def _read(path: Path) -> SettingsFile | None:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError("is too large for settings", str(path))
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except tomllib.TOMLDecodeError as err:
        raise InputError(f"not valid TOML: {err}", str(path)) from err
    except (OSError, UnicodeDecodeError) as err:
        raise InputError("cannot be read", str(path), hint=str(err)) from err
    tables = {key: value for key, value in content.items() if isinstance(value, dict)}
    settings = {key: value for key, value in content.items() if key not in tables}
    for key, value in settings.items():
        if key not in SETTINGS or not isinstance(value, str):
            close = get_close_matches(key, SETTINGS, 1)
            meant = f"did you mean {close[0]}? " if close and close[0] != key else ""
            raise InputError(
                f"setting {key!r} is not known or not text",
                str(path),
                hint=f"{meant}known settings: {', '.join(sorted(SETTINGS))}; "
                "options of commands stand in a table, such as [plan]",
            )
    return SettingsFile(path=path, settings=settings, tables=tables)


def settle(flags: Mapping[str, str] | None = None) -> dict[str, Settled]:
    """Settle every setting by the order of precedence, and say where it comes from.

    Parameters
    ----------
    flags : mapping, optional
        Flags as given; empty ones do not count.

    Returns
    -------
    dict
        Value and source by setting.

    Raises
    ------
    InputError
        A settings file is broken or holds an unknown setting.
    """
    files = read_files()
    defaults = {
        "city": "duisburg",
        "inventory": "inventory.yaml",
        "journal": str(_state_folder() / "journal.db"),
        "author": _user(),
        "four_eyes": "no",
    }

    def settled(name: str) -> Settled:
        if flags and flags.get(name):
            return Settled(value=flags[name], source="flag")
        variable = variable_of(name)
        if os.environ.get(variable):
            return Settled(value=os.environ[variable], source=variable)
        for file in files:
            if file.settings.get(name):
                value = _whole(name, file.settings[name])
                return Settled(value=value, source=str(file.path))
        return Settled(value=defaults.get(name, ""), source="default")

    return {name: settled(name) for name in SETTINGS}


def _whole(name: str, value: str) -> str:
    """Put the home folder in for ``~``, which no shell does in a file."""
    is_path = name in _PATHS or (name == "journal" and "://" not in value)
    return str(Path(value).expanduser()) if is_path and value.startswith("~/") else value


def load_settings(*, city: str = "", inventory: str = "", journal: str = "") -> Settings:
    """Settle every setting by the order of precedence.

    Parameters
    ----------
    city, inventory, journal : str
        Flags as given; empty if not.

    Returns
    -------
    Settings
        The settled values.

    Raises
    ------
    InputError
        A settings file is broken or holds an unknown setting, or a value is none.
    """
    flags = {"city": city, "inventory": inventory, "journal": journal}
    settled = Settings(**{name: found.value for name, found in settle(flags).items()})
    if settled.four_eyes not in ("yes", "no"):
        raise InputError(
            f"setting four_eyes is {quoted(settled.four_eyes)}", hint="write yes or no"
        )
    for window in settled.window_list:
        parse_window(window)
    return settled


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run a user id that has no name
        return f"uid {os.getuid()}"
