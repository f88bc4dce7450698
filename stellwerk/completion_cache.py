"""What the TAB key needs, kept in the cache folder: the commands, and names of the inventory."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:  # a TAB key that finds its answers in the cache must not wait for these
    from typer.core import TyperCommand, TyperGroup

__all__ = ["command_tree", "inventory_names"]

_HERE = Path(__file__).parent
_HELP_LENGTH = 60


def _folder() -> Path:
    home = os.environ.get("STELLWERK_HOME")
    if home:
        return Path(home) / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stellwerk"


def command_tree() -> Mapping[str, Any]:
    """Give the commands with their options and arguments as plain data.

    Returns
    -------
    mapping
        ``help``, ``commands`` by name, ``options`` and ``arguments``.
    """
    files = [
        *_HERE.glob("*.py"),
        *(_HERE / "commands").glob("*.py"),
        *(_HERE.parent / "controllers" / "profiles" / "data").glob("*.yaml"),
    ]
    return _kept("commands", _stamps(files), _read_tree)


def inventory_names(path: Path) -> Mapping[str, Sequence[str]]:
    """Give the names an inventory holds.

    Parameters
    ----------
    path : Path
        Inventory file.

    Returns
    -------
    mapping
        Sorted names by the field of a selection: ``id``, ``site``, ``kind``, ...
    """
    # Files that it includes lie beside it or below: any change there makes us look again.
    key = sha256(str(path.absolute()).encode()).hexdigest()[:16]
    files = {path, *path.parent.glob("*.y*ml"), *path.parent.glob("*/*.y*ml")}
    return _kept(f"inventory-{key}", _stamps(files), lambda: _read_names(path))


def _stamps(files: Sequence[Path] | set[Path]) -> list[list[Any]]:
    found = []
    for path in sorted(files):
        with contextlib.suppress(OSError):
            status = path.stat()
            found.append([str(path), status.st_mtime_ns, status.st_size])
    return found


def _kept(name: str, stamps: object, read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Give what the cache holds for these stamps, or read it anew and keep it."""
    path = _folder() / f"{name}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["stamps"] == stamps and isinstance(kept["data"], dict):
            return dict(kept["data"])
    data = read()
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        fresh.write_text(json.dumps({"stamps": stamps, "data": data}), encoding="utf-8")
        fresh.replace(path)
    return data


def _read_names(path: Path) -> dict[str, Any]:
    from controllers.inventory import load_inventory  # noqa: PLC0415

    devices = load_inventory(path)
    names: dict[str, set[str]] = {
        "id": {device.id for device in devices},
        "site": {device.site for device in devices},
        "kind": {device.kind for device in devices},
        "profile": {device.profile for device in devices},
        "role": {device.role for device in devices},
        "group": {group for device in devices for group in device.groups},
    }
    return {field: sorted(found - {""}) for field, found in names.items() if found - {""}}


def _read_tree() -> dict[str, Any]:
    from typer.core import TyperGroup  # noqa: PLC0415

    from hil.chaos.mutants import MUTANTS  # noqa: PLC0415
    from stellwerk.cli import program  # noqa: PLC0415

    profiles = sorted(
        path.stem for path in (_HERE.parent / "controllers/profiles/data").glob("*.yaml")
    )
    known = {"mutant": list(MUTANTS), "profile": profiles}

    def node(command: TyperGroup | TyperCommand) -> dict[str, Any]:
        children = command.commands if isinstance(command, TyperGroup) else {}
        return {
            "help": _short(command.help),
            "commands": {name: node(child) for name, child in children.items()},  # type: ignore[arg-type]
            "options": [_entry(p, known) for p in command.params if p.param_type_name == "option"],
            "arguments": [
                _entry(p, known) for p in command.params if p.param_type_name == "argument"
            ],
        }

    return node(program())


def _entry(parameter: Any, known: Mapping[str, Sequence[str]]) -> dict[str, Any]:  # noqa: ANN401
    is_option = parameter.param_type_name == "option"
    flag = getattr(parameter, "is_flag", False) or getattr(parameter, "count", False)
    return {
        "name": parameter.name,
        "opts": sorted(parameter.opts, key=len, reverse=True) if is_option else [],
        "takes": not flag,
        "hidden": bool(parameter.hidden),
        "help": _short(parameter.help),
        "choices": list(_choices(parameter) or known.get(parameter.name, ())),
    }


def _choices(parameter: Any) -> list[str]:  # noqa: ANN401
    annotation = parameter.type_descriptor.annotation
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [str(item.value) for item in annotation]
    return [word for word in get_args(annotation) if isinstance(word, str)]


def _short(text: str | None) -> str:
    line = " ".join((text or "").split())
    return line if len(line) <= _HELP_LENGTH else line[: _HELP_LENGTH - 3] + "..."
