"""Where things are: flag, then STELLWERK_* variable, then ./stellwerk.toml, then the default."""

from __future__ import annotations

import getpass
import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from controllers.windows import parse_window
from twin.model.errors import InputError
from twin.model.quote import quoted

__all__ = ["Settings", "load_settings"]

_FILE = Path("stellwerk.toml")


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


def _state_folder() -> Path:
    home = os.environ.get("STELLWERK_HOME")
    if home:
        return Path(home)
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "stellwerk"


def _from_file() -> dict[str, str]:
    try:
        text = _FILE.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as err:
        raise InputError("cannot be read", str(_FILE), hint=str(err)) from err
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        raise InputError(f"not valid TOML: {err}", str(_FILE)) from err
    known = {field.name for field in fields(Settings)}
    for key, value in content.items():
        if key not in known or not isinstance(value, str):
            raise InputError(
                f"setting {key!r} is not known or not text",
                str(_FILE),
                hint=f"known settings: {', '.join(sorted(known))}",
            )
    return content


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
        ``stellwerk.toml`` is broken or holds an unknown setting, or a value is none.
    """
    file = _from_file()
    defaults = {
        "city": "duisburg",
        "inventory": "inventory.yaml",
        "journal": str(_state_folder() / "journal.db"),
        "author": _user(),
        "four_eyes": "no",
    }
    flags = {"city": city, "inventory": inventory, "journal": journal}

    def settle(name: str) -> str:
        variable = os.environ.get(f"STELLWERK_{name.upper()}", "")
        return flags.get(name) or variable or file.get(name) or defaults.get(name, "")

    settled = Settings(**{field.name: settle(field.name) for field in fields(Settings)})
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
