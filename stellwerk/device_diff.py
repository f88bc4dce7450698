"""A plan as unified diffs: one for each device, between the files that a backup keeps."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence

from controllers.backup import backup_text
from controllers.plan import DevicePlan, Plan
from controllers.ports import Device
from twin.model.attributes import Value, attribute_of

__all__ = ["diff_lines"]


def diff_lines(plan: Plan, devices: Sequence[Device]) -> list[str]:
    """Write a plan as unified diffs, live against wanted.

    Parameters
    ----------
    plan : Plan
        The plan.
    devices : sequence of Device
        The inventory.

    Returns
    -------
    list of str
        Lines as `git diff` prints them; they fit the files of `stellwerk backup`. Empty if nothing
        would change.
    """
    known = {device.id: device for device in devices}
    parts = sorted(plan.devices, key=lambda part: part.device)
    return [line for part in parts for line in _of_device(part, known.get(part.device))]


def _of_device(part: DevicePlan, device: Device | None) -> Iterator[str]:
    live = _text(part, device, {**part.context, **part.undo})
    wanted = _text(part, device, part.state_after())
    name = f"{part.device}.yaml"
    yield f"diff --git a/{name} b/{name}"
    yield from difflib.unified_diff(
        live.splitlines(), wanted.splitlines(), f"a/{name}", f"b/{name}", lineterm=""
    )


def _text(part: DevicePlan, device: Device | None, values: Mapping[str, Value]) -> str:
    # A backup keeps what can be written; what was read for a condition only is not in it.
    kept = {p: v for p, v in values.items() if attribute_of(part.kind, p)[0].writable}
    if device is None:  # a saved plan about a device that this inventory does not have
        device = Device(
            id=part.device, kind=part.kind, profile="unknown", host="", port=0, username=""
        )
    return backup_text(device, kept)
