"""Chooses canaries: the devices whose change does least harm if it is a bad one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from controllers.ports import Device, HarmPredictor

if TYPE_CHECKING:
    from controllers.plan import DevicePlan

__all__ = ["choose_canaries"]


def choose_canaries(
    units: Sequence[tuple[str, ...]],
    n_canaries: int,
    parts: Sequence[DevicePlan],
    by_id: Mapping[str, Device],
    harm: HarmPredictor | None,
) -> list[tuple[str, ...]]:
    """Choose the units that go first.

    Parameters
    ----------
    units : sequence of tuple of str
        Devices that are switched together, most of them one.
    n_canaries : int
        Devices wanted; a unit that is larger than what is left is no canary.
    parts : sequence of DevicePlan
        What changes.
    by_id : mapping
        The inventory.
    harm : HarmPredictor or None
        What each device may do at worst. Without one all are alike, and the first are chosen.

    Returns
    -------
    list of tuple of str
        Of the units that feed no other planned device those of least harm, and of different kinds
        before two of one: a canary of each kind says more than two of the same.
    """
    if not n_canaries:
        return []
    of_device = {part.device: part for part in parts}
    feeding = _feeding(of_device, by_id)
    free = [unit for unit in units if not feeding & set(unit) and len(unit) <= n_canaries]
    changes = {name: of_device[name].changes for unit in free for name in unit}
    harms = harm.harm(changes) if harm is not None else {}
    ranked = sorted(free, key=lambda unit: sum(harms.get(name, 0.0) for name in unit))
    chosen: list[tuple[str, ...]] = []
    kinds: set[str] = set()
    n_left = n_canaries
    for is_new_kind in (True, False):
        for unit in ranked:
            kind = of_device[unit[0]].kind
            if unit in chosen or len(unit) > n_left or (is_new_kind and kind in kinds):
                continue
            chosen.append(unit)
            kinds.add(kind)
            n_left -= len(unit)
    return chosen


def _feeding(planned: Mapping[str, DevicePlan], by_id: Mapping[str, Device]) -> set[str]:
    """Collect the devices that another planned device hangs on."""
    found: set[str] = set()
    for name in planned:
        seen = {name}
        here = name
        while (up := by_id[here].upstream) and up in by_id and up not in seen:
            seen.add(up)
            here = up
        found |= seen - {name}
    return found
