"""Deals the devices of a plan out to waves and steps: canaries, leaves first, meshes together."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from controllers.canary import choose_canaries
from controllers.ports import Device, HarmPredictor
from controllers.rollout import Rollout
from controllers.selection import select
from twin.model.errors import InputError

if TYPE_CHECKING:
    from controllers.plan import DevicePlan

__all__ = ["MOST_TOGETHER", "depth_of", "in_waves", "meshes_of"]

MOST_TOGETHER = 64
"""Devices that are switched in the same instant at most: each needs a thread of its own."""

_RANK: Mapping[str, int] = {"D": 0, "C": 0, "B": 1, "E": 1, "A": 2}
_MOVES = ("channel", "bandwidth_mhz")


def depth_of(device: str, by_id: Mapping[str, Device]) -> int:
    """Count the devices between this one and the core; a loop ends the count.

    Parameters
    ----------
    device : str
        Its id.
    by_id : mapping
        The inventory.

    Returns
    -------
    int
        0 for a device that nobody feeds.
    """
    seen = {device}
    while (up := by_id[device].upstream) and up in by_id and up not in seen:
        seen.add(up)
        device = up
    return len(seen) - 1


def meshes_of(
    parts: Sequence[DevicePlan], devices: Sequence[Device], together: Sequence[str]
) -> tuple[frozenset[str], ...]:
    """Find the devices that must be switched in the same instant.

    Parameters
    ----------
    parts : sequence of DevicePlan
        What changes.
    devices : sequence of Device
        The inventory; devices with the same option ``mesh`` hear each other on one channel.
    together : sequence of str
        Selections of further devices.

    Returns
    -------
    tuple of frozenset of str
        Groups of two and more planned devices; groups that share a device are one.

    Raises
    ------
    InputError
        A group is larger than can be switched at once, or a selection is none.
    """
    planned = {part.device for part in parts}
    moving = {
        part.device
        for part in parts
        if any(c.path.startswith("radio/") and c.path.endswith(_MOVES) for c in part.changes)
    }
    found: dict[str, set[str]] = {}
    for device in devices:
        if device.id in moving and device.options.get("mesh"):
            found.setdefault(device.options["mesh"], set()).add(device.id)
    groups = [*found.values()]
    groups += [{d.id for d in select(devices, text) if d.id in planned} for text in together]
    merged: list[set[str]] = []
    for group in groups:
        touching = [other for other in merged if other & group]
        merged = [other for other in merged if not other & group]
        merged.append(group.union(*touching))
    for group in merged:
        if len(group) > MOST_TOGETHER:
            raise InputError(
                f"{len(group)} devices are to be switched together, at most {MOST_TOGETHER} can",
                hint="choose fewer in rollout: together, or split the mesh",
            )
    return tuple(frozenset(group) for group in merged if len(group) > 1)


def in_waves(
    parts: Sequence[DevicePlan],
    devices: Sequence[Device],
    rollout: Rollout,
    *,
    wave_size: int | None,
    harm: HarmPredictor | None = None,
) -> tuple[DevicePlan, ...]:
    """Give every device its wave, and its place in it.

    Leaves come before what feeds them. Inside a wave armed commits come first and class A last;
    the devices of a mesh share the place of the last of them.

    Parameters
    ----------
    parts : sequence of DevicePlan
        What changes.
    devices : sequence of Device
        The inventory.
    rollout : Rollout
        Canaries, waves and what goes together.
    wave_size : int, optional
        Size of each wave where the rollout names none.
    harm : HarmPredictor, optional
        Says what the change may do at worst, to choose canaries.

    Returns
    -------
    tuple of DevicePlan
        In the order they are written.

    Raises
    ------
    InputError
        A mesh does not fit into one wave.
    """
    by_id = {device.id: device for device in devices}
    depth = {part.device: depth_of(part.device, by_id) for part in parts}
    meshes = meshes_of(parts, devices, rollout.together)
    ordered = sorted(parts, key=lambda part: (-depth[part.device], part.device))
    units = _units([part.device for part in ordered], meshes)
    n_canaries = min(rollout.canaries, (not rollout.waves and wave_size) or rollout.canaries)
    chosen = choose_canaries(units, n_canaries, parts, by_id, harm)
    units = [unit for unit in units if unit not in chosen]
    waves = [[name for unit in chosen for name in unit]] if chosen else []
    waves += _dealt(units, len(parts), len(parts) - sum(map(len, units)), rollout, wave_size)
    wave_of = {name: i for i, wave in enumerate(waves) for name in wave}
    mesh_of = {name: min(mesh) for mesh in meshes for name in mesh}
    keys = {p.device: (_RANK[p.device_class], -depth[p.device]) for p in parts}
    for mesh in meshes:
        keys |= dict.fromkeys(mesh, max(keys[name] for name in mesh))
    steps = [sorted({keys[name] for name in wave}) for wave in waves]
    placed = []
    for part in ordered:
        wave = wave_of[part.device]
        order, mesh_name = steps[wave].index(keys[part.device]), mesh_of.get(part.device, "")
        placed.append(replace(part, wave=wave, order=order, mesh=mesh_name))
    return tuple(sorted(placed, key=lambda part: (part.wave, part.order, part.device)))


def _units(names: Sequence[str], meshes: Sequence[Collection[str]]) -> list[tuple[str, ...]]:
    """Put a mesh where the last of its devices stands, for what hangs on it goes first."""
    mesh_of = {name: mesh for mesh in meshes for name in mesh}
    units: list[tuple[str, ...]] = []
    for i, name in enumerate(names):
        mesh = mesh_of.get(name, (name,))
        if len(mesh) == 1 or not any(other in mesh for other in names[i + 1 :]):
            units.append(tuple(sorted(mesh)))
    return units


def _dealt(
    units: Sequence[tuple[str, ...]],
    n_devices: int,
    done: int,
    rollout: Rollout,
    wave_size: int | None,
) -> list[list[str]]:
    """Fill the waves; a unit that does not fit any more begins the next one."""
    left = list(units)
    waves: list[list[str]] = []
    i_wave = 0
    while left:
        n_free = _room(i_wave, n_devices, done, rollout, wave_size)
        wave: list[str] = []
        while left and len(left[0]) <= n_free - len(wave):
            wave += left.pop(0)
        if not wave and i_wave > len(rollout.waves):
            raise InputError(
                f"{len(left[0])} devices go together, {', '.join(left[0][:3])} among them, and a "
                f"wave has {n_free}",
                hint="make the waves larger",
            )
        waves += [wave] if wave else []
        done += len(wave)
        i_wave += 1
    return waves


def _room(i_wave: int, n_devices: int, done: int, rollout: Rollout, wave_size: int | None) -> int:
    """Count the devices a wave may have."""
    if i_wave < len(rollout.waves):
        entry = rollout.waves[i_wave]
        if isinstance(entry, int):
            return entry
        return math.ceil(int(entry[:-1]) * n_devices / 100) - done
    return n_devices - done if rollout.waves or not wave_size else wave_size
