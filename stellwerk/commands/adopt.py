"""`stellwerk adopt`: take over a network that runs already."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from controllers.adopt import Survey, adoptable, intent_of, survey
from controllers.drivers import make_driver
from controllers.inventory import dump_inventory, load_inventory, select
from controllers.ports import Device
from stellwerk.change import InventoryOption
from stellwerk.exits import Exit
from stellwerk.output import JsonOption, notes, print_json, waiting
from stellwerk.settings import load_settings
from twin.model.errors import DeviceUnreachable, InputError

__all__ = ["adopt"]


def adopt(
    folder: Annotated[Path, typer.Argument(help="Folder for inventory.yaml and intent.yaml.")],
    *,
    inventory: InventoryOption = "",
    limit: Annotated[str, typer.Option("--limit", help="Narrow to a selection.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    json: JsonOption = False,
) -> None:
    """Read live devices; write what they have as inventory and intent. Nothing is changed."""
    files = (folder / "inventory.yaml", folder / "intent.yaml")
    for path in files:
        if path.exists() and not force:
            raise InputError("exists already", str(path), hint="name a new folder, or say --force")
    devices = select(load_inventory(Path(load_settings(inventory=inventory).inventory)), limit)
    with waiting(f"asking {len(devices)} devices"):
        found = survey(devices, make_driver)
    if not found.values:
        raise next(iter(found.failed.values()), InputError("the inventory has no devices"))
    today = datetime.now(UTC).isoformat(timespec="seconds")
    text = intent_of(found, name="as found", comment=f"taken from the devices at {today}")
    _write(folder, found.devices, text)
    _tell(found, files, json=json)
    if any(isinstance(err, DeviceUnreachable) for err in found.failed.values()):
        raise typer.Exit(Exit.TRY_LATER)
    if found.failed:
        raise typer.Exit(Exit.ERROR)


def _write(folder: Path, devices: Sequence[Device], text: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for own in {device.base / "profiles" for device in devices}:
            if own.is_dir() and own.resolve() != (folder / "profiles").resolve():
                shutil.copytree(own, folder / "profiles", dirs_exist_ok=True)
        names = {device.id for device in devices}
        # What feeds a device may not be among those asked.
        kept = [d if d.upstream in names else replace(d, upstream="") for d in devices]
        dump_inventory(kept, folder / "inventory.yaml")
        part = folder / "intent.yaml.part"
        part.write_text(text, encoding="utf-8")
        part.replace(folder / "intent.yaml")
    except OSError as err:
        raise InputError("cannot be written", str(folder), hint=str(err.strerror)) from err


def _tell(found: Survey, files: Sequence[Path], *, json: bool) -> None:
    refused = [
        {"device": device.id, "path": path, "value": value, "reason": reason}
        for device in found.devices
        if device.id in found.values
        for path, value, reason in adoptable(device, found.values[device.id]).refused
    ]
    if json:
        print_json(
            {
                "files": [str(path) for path in files],
                "devices": {
                    device.id: {kind: list(names) for kind, names in device.instances.items()}
                    for device in found.devices
                    if device.id in found.values
                },
                "values": sum(len(values) for values in found.values.values()) - len(refused),
                "refused": refused,
                "failed": {name: err.reason for name, err in found.failed.items()},
            }
        )
        return
    for name, err in found.failed.items():
        notes.print(f"not read: {name}: {err.reason}", markup=False)
    for one in refused:
        notes.print(f"not adopted: {one['device']} {one['path']}: {one['reason']}", markup=False)
    n_values = sum(len(values) for values in found.values.values()) - len(refused)
    notes.print(
        f"adopted {n_values} values of {len(found.values)} devices into "
        f"{' and '.join(map(str, files))}",
        markup=False,
    )
