"""`stellwerk doctor` and `stellwerk init`: is everything here, and where do I begin."""

from __future__ import annotations

import importlib.util
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from cext import _isa
from hil.daemons import available
from stellwerk.exits import Exit
from stellwerk.output import JsonOption, notes, print_json, print_line
from stellwerk.settings import load_settings
from twin.model.errors import InputError

__all__ = ["doctor", "init"]

_LIBRARIES = ("numpy", "simpy", "pysnmp", "ncclient", "netmiko", "paramiko", "lxml", "sqlalchemy")
_EXTRAS = {
    "asyncssh": "emulate",
    "matplotlib": "report",
    "pyarrow": "parquet",
    "pynetbox": "netbox",
    "keyring": "keyring",
    "textual": "top",
}
_PACKAGES = ("stellwerk", "twin", "controllers", "hil", "cext")


def _check(
    name: str, *, ok: bool, found: str, remedy: str = "", needed: bool = True
) -> dict[str, object]:
    state = "ok" if ok else ("missing" if needed else "optional")
    return {"check": name, "state": state, "found": found, "remedy": "" if ok else remedy}


def _library(name: str, extra: str = "") -> dict[str, object]:
    try:
        return _check(name, ok=True, found=version(name))
    except PackageNotFoundError:
        remedy = f"pip install 'stellwerk[{extra}]'" if extra else "pip install stellwerk"
        return _check(name, ok=False, found="-", remedy=remedy, needed=not extra)


def _shadowed(name: str) -> dict[str, object]:
    home = Path(__file__).resolve().parents[2]
    spec = importlib.util.find_spec(name)
    origin = Path(spec.origin).resolve() if spec and spec.origin else None
    ok = origin is not None and origin.is_relative_to(home)
    return _check(
        f"package {name}",
        ok=ok,
        found=str(origin),
        remedy=f"another package {name!r} comes first on sys.path; use an environment of its own",
    )


def _kernels() -> dict[str, object]:
    try:
        return _check("kernels", ok=True, found=_isa.active_isa())
    except ValueError as err:
        return _check("kernels", ok=False, found="-", remedy=str(err))


def _findings() -> list[dict[str, object]]:
    good = sys.version_info >= (3, 11)
    rows = [
        _check("python", ok=good, found=platform.python_version(), remedy="Python 3.11 or newer")
    ]
    rows += [_library(name) for name in _LIBRARIES]
    rows += [_library(name, extra) for name, extra in _EXTRAS.items()]
    rows += [_shadowed(name) for name in _PACKAGES]
    rows.append(_kernels())
    for daemon, reason in available().items():
        rows.append(
            _check(f"daemon {daemon}", ok=not reason, found="installed" if not reason else "-",
                   remedy=reason, needed=False)
        )  # fmt: skip
    return rows


def doctor(*, json: JsonOption = False) -> None:
    """Say what is installed, what is missing, and which package name is shadowed."""
    rows = _findings()
    if json:
        print_json({"settings": {"journal": load_settings().journal}, "checks": rows})
    else:
        for row in rows:
            remedy = f"  ({row['remedy']})" if row["remedy"] else ""
            print_line(f"{row['state']:9} {row['check']:22} {row['found']}{remedy}")
    if any(row["state"] == "missing" for row in rows):
        raise typer.Exit(Exit.ERROR)


_INTENT = """\
# What you want, not how: `stellwerk plan intent.yaml` shows what would change.
version: 1
name: my-first-change
comment: contact on every switch
atomic: network
changes:
  - name: contact
    select: "kind:switch"
    set:
      contact: "noc-${site}@example.org"
"""

_INVENTORY = """\
# The devices. Secrets are references (env:, file:, keyring:, vault:), never values.
# What is nearer to a device goes first: itself, its role, its groups, the defaults.
defaults:
  username: stellwerk
  secrets: {auth: "env:SW_AUTH", priv: "env:SW_PRIV"}
groups:
  example: {site: example}
roles:
  access-switch:
    kind: switch
    profile: poe-switch
    port: 161
    instances: {port: ["1", "2"]}
devices:
  - {id: sw-example, role: access-switch, groups: [example], host: 127.0.0.1}
"""

_SETTINGS = """\
city = "duisburg"
inventory = "inventory.yaml"
"""


def init(
    folder: Annotated[Path, typer.Argument(help="Folder to make.")] = Path(),
    *,
    json: JsonOption = False,
) -> None:
    """Write a first intent, inventory and settings file; never overwrites."""
    files = {
        "intent.yaml": _INTENT,
        "inventory.yaml": _INVENTORY,
        "stellwerk.toml": _SETTINGS,
    }
    for name in files:
        if (folder / name).exists():
            raise InputError("exists already", str(folder / name), hint="choose an empty folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as err:
        raise InputError("cannot be written", str(folder), hint=str(err.strerror)) from err
    if json:
        print_json({"folder": str(folder), "files": list(files)})
    else:
        notes.print(f"wrote {', '.join(files)} to {folder}", markup=False)
