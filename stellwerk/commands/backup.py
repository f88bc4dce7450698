"""`stellwerk backup`: keep configurations in git, and make an intent of what was kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from controllers.adopt import Survey, intent_of, survey
from controllers.backup import Repository, backup_text, read_backup
from controllers.drivers import make_driver
from controllers.inventory import load_inventory, select
from controllers.ports import Device
from stellwerk.change import InventoryOption
from stellwerk.exits import Exit
from stellwerk.output import JsonOption, notes, print_json, waiting
from stellwerk.settings import load_settings
from twin.model.errors import DeviceUnreachable, InputError

__all__ = ["backup"]


def backup(
    git: Annotated[Path, typer.Option("--git", help="Folder of the repository; made if missing.")],
    *,
    inventory: InventoryOption = "",
    limit: Annotated[str, typer.Option("--limit", help="Narrow to a selection.")] = "",
    run: Annotated[
        str, typer.Option("--run", help="Run after which it is taken; names the commit.")
    ] = "",
    raw: Annotated[
        bool, typer.Option("--raw", help="Keep the whole configuration too, secrets masked.")
    ] = False,
    restore: Annotated[
        Path | None,
        typer.Option("--restore", help="Write an intent of what was kept; reads no device."),
    ] = None,
    at: Annotated[str, typer.Option("--at", help="Commit to restore from.")] = "HEAD",
    force: Annotated[bool, typer.Option("--force", help="Replace the intent file.")] = False,
    json: JsonOption = False,
) -> None:
    """Read devices and commit what changed, one file for each; or make an intent of it."""
    settings = load_settings(inventory=inventory)
    devices = select(load_inventory(Path(settings.inventory)), limit)
    repository = Repository(git)
    if restore is not None:
        _restore(repository, devices, restore, at, force=force, json=json)
        return
    repository.open()
    with waiting(f"reading {len(devices)} devices"):
        found = survey(devices, make_driver, is_known=True, with_configuration=raw)
    texts = {
        f"{device.id}.yaml": backup_text(
            device, found.values[device.id], found.configurations.get(device.id, "")
        )
        for device in found.devices
        if device.id in found.values
    }
    now = datetime.now(UTC).isoformat(timespec="seconds")
    changed = repository.keep(texts, f"run {run}" if run else f"backup at {now}")
    failed = {name: err.reason for name, err in found.failed.items()}
    if json:
        print_json({"read": len(texts), "changed": list(changed), "failed": failed})
    else:
        for name, reason in failed.items():
            notes.print(f"not read: {name}: {reason}", markup=False)
        notes.print(f"{len(texts)} devices read, {len(changed)} changed in {git}", markup=False)
    _leave(found)


def _leave(found: Survey) -> None:
    if any(isinstance(err, DeviceUnreachable) for err in found.failed.values()):
        raise typer.Exit(Exit.TRY_LATER)
    if found.failed:
        raise typer.Exit(Exit.ERROR)


def _restore(
    repository: Repository,
    devices: Sequence[Device],
    path: Path,
    commit: str,
    *,
    force: bool,
    json: bool,
) -> None:
    if path.exists() and not force:
        raise InputError("exists already", str(path), hint="name another file, or say --force")
    known = {device.id: device for device in devices}
    asked, values, notes_of = [], {}, {}
    for name, data in repository.files(commit).items():
        kept = read_backup(data, f"{repository.folder / name}@{commit}")
        device = known.get(kept.device)
        if device is None:
            continue
        if device.kind != kept.kind:
            notes_of[kept.device] = f"was a {kept.kind} then and is a {device.kind} now"
            continue
        asked.append(replace(device, instances={**kept.instances, **device.instances}))
        values[kept.device] = kept.values
        if kept.masked:
            notes_of[kept.device] = f"masked in the backup: {', '.join(kept.masked)}"
    if not asked:
        raise InputError("keeps none of these devices", str(repository.folder))
    found = Survey(devices=tuple(asked), values=values)
    text = intent_of(found, name=f"restore {commit}", comment=f"from {repository.folder}")
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as err:
        raise InputError("cannot be written", str(path), hint=str(err.strerror)) from err
    missing = {name: "not in the backup" for name in known if name not in values}
    reasons = missing | notes_of
    if json:
        print_json({"intent": str(path), "devices": list(values), "left_out": reasons})
        return
    for name, reason in reasons.items():
        notes.print(f"{name}: {reason}", markup=False)
    notes.print(
        f"wrote {path} for {len(values)} devices; see it with stellwerk plan {path}", markup=False
    )
