"""`stellwerk drift` and `blame`: what devices are and nobody wanted, and who made them so."""

from __future__ import annotations

import json as json_
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from controllers.adopt import instances_beyond
from controllers.adoption import adopted
from controllers.drift import Drift, DriftClass, find_drift, paths_of_drift, wanted_by_claims
from controllers.drift_policy import DEFAULT_RULES, Remedy, load_rules, remedy_of
from controllers.drivers import make_driver
from controllers.intent import Intent, Want, load_intent
from controllers.inventory import select
from controllers.journal import Journal
from controllers.live import Live, read_live
from controllers.ownership import Claims, claims_in
from controllers.ports import Device
from controllers.profiles import profile_of
from controllers.profiles.profile import expand
from controllers.verify import differences
from stellwerk.change import (
    InventoryOption,
    JournalOption,
    YesOption,
    carry_out,
    existing_journal,
    finish,
    settled_desk,
)
from stellwerk.commands.city import CityOption
from stellwerk.exits import Exit
from stellwerk.output import JsonOption, columns, notes, print_json, print_line, waiting
from stellwerk.settings import Settings, load_settings
from stellwerk.workflow import Desk
from twin.model.attributes import Value
from twin.model.errors import InputError
from twin.model.quote import quoted
from twin.model.safe import Document

__all__ = ["blame", "drift"]

_Wanted = Mapping[str, Mapping[str, Want]]
_MAX_BASELINE_BYTES = 200_000_000


def drift(
    intent: Annotated[
        Path | None,
        typer.Argument(help="Intent file; without it what the journal has confirmed is wanted."),
    ] = None,
    *,
    city: CityOption = "",
    inventory: InventoryOption = "",
    journal: JournalOption = "",
    limit: Annotated[str, typer.Option("--limit", help="Narrow to a selection.")] = "",
    policy: Annotated[
        Path | None, typer.Option("--policy", help="Rules (YAML): what to do about which drift.")
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option("--baseline", help="Configuration taken earlier: shows what was added."),
    ] = None,
    save_baseline: Annotated[
        Path | None, typer.Option("--save-baseline", help="Save the configuration of now.")
    ] = None,
    reconcile: Annotated[
        bool, typer.Option("--reconcile", help="Write what is wanted, as one transaction.")
    ] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Put what devices have into the intent file.")
    ] = False,
    instances: Annotated[
        bool, typer.Option("--instances", help="Look for ports, radios the inventory lacks.")
    ] = False,
    yes: YesOption = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 if there is drift.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show where devices are not as they were wanted, and whose doing it looks like."""
    if reconcile and adopt:
        raise InputError(
            "--reconcile and --adopt exclude each other", hint="give a --policy to do both in turn"
        )
    settings = load_settings(city=city, inventory=inventory, journal=journal)
    wish = load_intent(intent) if intent else None
    desk = settled_desk(settings)
    rules = load_rules(policy, desk.devices) if policy else DEFAULT_RULES
    known = _baseline(baseline) if baseline else {}
    claims = _claims(settings, is_needed=wish is None)
    wants = desk.wants(wish, limit) if wish else _wants_of(claims, desk.devices, limit)
    live = _read(desk.devices, wants)
    found = _found(desk.devices, wants, live, claims, known if baseline else None)
    if instances:
        found += _beyond_the_inventory([d for d in desk.devices if d.id in live.values])
    if save_baseline:
        _save_baseline(save_baseline, live)
    remedies = [remedy_of(item, rules) for item in found]
    shown = [(i, r) for i, r in zip(found, remedies, strict=True) if r is not Remedy.IGNORE]
    if json:
        print_json(_data(found, remedies, live))
    else:
        _show(shown, live, n_ignored=len(found) - len(shown))
    if adopt:
        chosen = _chosen(found, remedies, Remedy.ADOPT, has_policy=policy is not None)
        _adopt(wish, intent, wants, desk.devices, chosen)
    elif reconcile:
        chosen = _chosen(found, remedies, Remedy.RECONCILE, has_policy=policy is not None)
        _reconcile(chosen, wish, desk, settings, yes=yes)
    elif shown and detailed_exitcode:
        raise typer.Exit(Exit.CHANGES)
    if live.unreachable:
        raise typer.Exit(Exit.TRY_LATER)


def _claims(settings: Settings, *, is_needed: bool) -> Claims:
    if not is_needed and not Journal(settings.journal).store.exists():
        return {}
    with existing_journal(settings, read_only=True) as book:
        book.verify()
        return claims_in(book)


def _wants_of(claims: Claims, devices: Sequence[Device], limit: str) -> dict[str, dict[str, Want]]:
    """Want what was last confirmed, of devices that are still in the inventory."""
    chosen = {device.id for device in select(devices, limit)}
    wants = {
        device: {
            path: Want(value=value, when={}, change=claims[device][path].plan, i_change=0)
            for path, value in values.items()
        }
        for device, values in wanted_by_claims(claims).items()
        if device in chosen
    }
    if not wants:
        raise InputError(
            "the journal has confirmed nothing on these devices",
            hint="name an intent: stellwerk drift INTENT",
        )
    return wants


def _mapped(device: Device) -> dict[str, str]:
    return {path: template for template, path, _ in expand(profile_of(device), device)}


def _read(devices: Sequence[Device], wants: _Wanted) -> Live:
    asked = [device for device in devices if device.id in wants]
    paths = {}
    for device in asked:
        of_device = wants[device.id]
        conditions = {path for want in of_device.values() for path in want.when}
        chosen = paths_of_drift(device, {p: w.value for p, w in of_device.items()}, _mapped(device))
        paths[device.id] = (*chosen, *sorted(conditions - set(chosen)))
    with waiting(f"reading {len(asked)} devices"):
        return read_live(asked, make_driver, paths=paths)


def _found(
    devices: Sequence[Device],
    wants: _Wanted,
    live: Live,
    claims: Claims,
    baseline: Mapping[str, Mapping[str, Value]] | None,
) -> list[Drift]:
    found: list[Drift] = []
    for device in devices:
        if device.id not in live.values:
            continue
        read = live.values[device.id]
        wanted = {
            path: want.value
            for path, want in wants[device.id].items()
            if not differences(device.kind, want.when, read)
        }
        found += find_drift(
            device,
            wanted,
            read,
            claims=claims.get(device.id),
            baseline=None if baseline is None else baseline.get(device.id, {}),
        )
    return found


def _beyond_the_inventory(devices: Sequence[Device]) -> list[Drift]:
    with waiting(f"looking for instances of {len(devices)} devices"):
        return [
            Drift(
                device=device.id,
                path=f"{kind}/{name}",
                wanted=None,
                found=name,
                drift_class=DriftClass.ADDED,
                reason=f"the inventory lists no such {kind}",
            )
            for device, kind, name in instances_beyond(devices, make_driver)
        ]


def _baseline(path: Path) -> dict[str, dict[str, Value]]:
    try:
        if path.stat().st_size > _MAX_BASELINE_BYTES:
            raise InputError("is too large for a baseline", str(path))
        data = json_.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as err:
        raise InputError(
            f"cannot be read as a baseline ({err.__class__.__name__})",
            str(path),
            hint="make it by stellwerk drift --save-baseline",
        ) from err
    devices = data.get("devices") if isinstance(data, dict) else None
    if not isinstance(devices, dict) or not all(isinstance(v, dict) for v in devices.values()):
        raise InputError(
            "is not a baseline", str(path), hint="make it by stellwerk drift --save-baseline"
        )
    return devices


def _save_baseline(path: Path, live: Live) -> None:
    data = {"taken": _now(), "devices": {name: dict(v) for name, v in live.values.items()}}
    _write(path, json_.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    notes.print(f"baseline of {len(live.values)} devices in {path}", markup=False)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _write(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as err:
        raise InputError("cannot be written", str(path), hint=str(err.strerror)) from err


def _data(found: Sequence[Drift], remedies: Sequence[Remedy], live: Live) -> dict[str, Any]:
    return {
        "read": len(live.values),
        "unreachable": dict(live.unreachable),
        "counts": dict(Counter(str(item.drift_class) for item in found)),
        "drift": [
            {
                "device": item.device,
                "path": item.path,
                "wanted": item.wanted,
                "found": item.found,
                "class": str(item.drift_class),
                "reason": item.reason,
                "remedy": str(remedy),
                "claim": asdict(item.claim) if item.claim else None,
            }
            for item, remedy in zip(found, remedies, strict=True)
        ],
    }


def _show(shown: Sequence[tuple[Drift, Remedy]], live: Live, *, n_ignored: int) -> None:
    for name, reason in live.unreachable.items():
        notes.print(f"warning: {name} was not read: {reason}", markup=False)
    if shown:
        heads = ["device", "path", "wanted", "found", "class", "because", "remedy"]
        rows = [
            [
                item.device,
                item.path,
                "-" if item.wanted is None else quoted(item.wanted),
                "-" if item.found is None else quoted(item.found),
                str(item.drift_class),
                item.reason,
                str(remedy),
            ]
            for item, remedy in shown
        ]
        columns("Drift", heads, rows)
    counts = Counter(str(item.drift_class) for item, _ in shown)
    words = ", ".join(f"{n} {name}" for name, n in sorted(counts.items())) or "none"
    ignored = f"; {n_ignored} ignored" if n_ignored else ""
    print_line(f"Drift: {words} on {len(live.values)} devices read{ignored}.")


_NOT_BY_DEFAULT = ("legal", "added")


def _chosen(
    found: Sequence[Drift], remedies: Sequence[Remedy], remedy: Remedy, *, has_policy: bool
) -> list[Drift]:
    """Choose what a flag acts on: what the policy says, or all that somebody may have changed."""
    if has_policy:
        return [item for item, said in zip(found, remedies, strict=True) if said is remedy]
    return [item for item in found if str(item.drift_class) not in _NOT_BY_DEFAULT]


def _adopt(
    wish: Intent | None,
    path: Path | None,
    wants: _Wanted,
    devices: Sequence[Device],
    chosen: Sequence[Drift],
) -> None:
    if wish is None or path is None:
        raise InputError("there is no intent to adopt into", hint="stellwerk drift INTENT --adopt")
    kinds = {device.id: device.kind for device in devices}
    text = path.read_text(encoding="utf-8")
    result = adopted(wish, text, wants, kinds, chosen)
    if result.text != text:
        _write(path, result.text)
    for reason in result.refused:
        notes.print(f"not adopted: {reason}", markup=False)
    notes.print(f"adopted {len(result.taken)} values into {path}", markup=False)
    if result.refused:
        raise typer.Exit(Exit.ERROR)


def _reconcile(
    chosen: Sequence[Drift], wish: Intent | None, desk: Desk, settings: Settings, *, yes: bool
) -> None:
    wants: dict[str, dict[str, Want]] = {}
    for item in chosen:
        if item.wanted is not None and item.found is not None:
            wants.setdefault(item.device, {})[item.path] = Want(
                value=item.wanted, when={}, change="drift", i_change=0
            )
    intent = wish or Intent(
        name=f"drift of {_now()}",
        comment="back to what was confirmed",
        ticket="",
        atomic="network",
        changes=(),
        document=Document(data={}, source="journal"),
    )
    with Journal(settings.journal) as book:
        book.verify()
        made = desk.plan_wants(intent, wants)
        result = carry_out(made, desk, book, question="write what is wanted?", yes=yes)
    if result is not None:
        finish(result, made, desk, None, json=False)


def blame(
    device: Annotated[str, typer.Argument(help="Device id, or a selection.")],
    *,
    inventory: InventoryOption = "",
    journal: JournalOption = "",
    path: Annotated[str, typer.Option("--path", help="One attribute path only.")] = "",
    json: JsonOption = False,
) -> None:
    """Say for each attribute which run made it what it is, when, why and by whom."""
    settings = load_settings(inventory=inventory, journal=journal)
    with existing_journal(settings, read_only=True) as book:
        book.verify()
        claims = claims_in(book)
    found = [
        claim
        for name, of_device in sorted(claims.items())
        if name == device
        for claim_path, claim in sorted(of_device.items())
        if path in ("", claim_path)
    ]
    if not found:
        known = ", ".join(sorted(claims)[:8]) or "none"
        raise InputError(
            f"the journal has confirmed nothing on {quoted(device)}{f' {path}' if path else ''}",
            hint=f"devices it knows: {known}",
        )
    if json:
        print_json({"claims": [asdict(claim) for claim in found]})
        return
    heads = ["path", "value", "before", "run", "begun", "plan", "ticket", "by"]
    columns(
        device,
        heads,
        [
            [
                claim.path,
                quoted(claim.value),
                quoted(claim.before),
                claim.run,
                claim.begun[:19],
                claim.plan,
                claim.ticket,
                claim.author,
            ]
            for claim in found
        ],
    )
