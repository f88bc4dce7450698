"""The plan for eyes: lines of text with the usual signs, no colours."""

from __future__ import annotations

import json

from controllers.plan import DevicePlan, Plan
from controllers.ports import EffectRow
from twin.model.attributes import Value, attribute_of

__all__ = ["render_plan", "summary_line"]

_CLASS_WORDS = {
    "A": "no transaction, undo by stored values",
    "B": "candidate, undo by stored values",
    "C": "confirmed commit",
    "D": "candidate, validate, confirmed commit",
}


def summary_line(plan: Plan) -> str:
    """Say in one line how much a plan changes, and how many devices it knows nothing of."""
    if plan.is_settled:
        return "Plan: nothing to change, every device is as the intent wants it."
    n_lost = len(plan.unreachable)
    lost = f"; {_devices(n_lost)} {'were' if n_lost > 1 else 'was'} not reached" if n_lost else ""
    if plan.no_op:
        return f"Plan: nothing to change on devices that were read{lost}."
    return (
        f"Plan: 0 to add, {len(plan.changes)} to change, 0 to destroy on "
        f"{_devices(len(plan.devices))}{lost}."
    )


def _devices(n_devices: int) -> str:
    return f"{n_devices} device{'s' if n_devices != 1 else ''}"


def render_plan(plan: Plan, *, with_undo: bool = True) -> tuple[str, ...]:
    """Render a plan.

    Parameters
    ----------
    plan : Plan
        The plan.
    with_undo : bool
        Print the undo of each device under its changes.

    Returns
    -------
    tuple of str
        Lines; ``+`` sets what was empty, ``-`` empties, ``~`` changes.
    """
    title = f"{plan.name} ({plan.ticket})" if plan.ticket else plan.name
    lines = [title] + ([f"  {plan.comment}"] if plan.comment else [])
    n_waves = len({part.wave for part in plan.devices})
    wave = None
    for part in plan.devices:
        if n_waves > 1 and part.wave != wave:
            wave = part.wave
            lines.append(f"wave {part.wave + 1} of {n_waves}")
        lines += _device(part, with_undo=with_undo)
    for device, reason in plan.unreachable.items():
        lines.append(f"! {device}: not reached ({reason}), {plan.on_unreachable}")
    for finding in plan.findings:
        mark = {"error": "!", "warning": "!"}.get(finding.finding.severity, " ")
        lines.append(f"{mark} {finding.finding.severity}: {finding.device}: {finding.finding}")
    if not plan.no_op:
        lines += [f"Atomic: {text}" for text in plan.atomicity]
    if plan.effect is not None:
        lines += ["Predicted effect"] + [_effect(row) for row in plan.effect.rows]
        lines += [f"  assumed: {text}" for text in plan.effect.assumptions]
    lines.append(summary_line(plan))
    return tuple(lines)


def _device(part: DevicePlan, *, with_undo: bool) -> list[str]:
    lines = [
        f"{part.device} ({part.kind}, {part.origin}, class {part.device_class}: "
        f"{_CLASS_WORDS[part.device_class]}; place {part.order + 1})"
    ]
    for change in part.changes:
        unit = attribute_of(part.kind, change.path)[0].unit
        lines.append(
            f"  {_sign(change.before, change.after)} {change.path}: "
            f"{_shown(change.before)} -> {_shown(change.after)}{' ' + unit if unit else ''}"
        )
    if with_undo and part.changes:
        undo = ", ".join(f"{path} = {_shown(value)}" for path, value in part.undo.items())
        lines.append(f"    undo: {undo}")
    return lines


def _sign(before: Value, after: Value) -> str:
    if before == "" and after != "":
        return "+"
    return "-" if after == "" else "~"


def _shown(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def _effect(row: EffectRow) -> str:
    unit = f" {row.unit}" if row.unit else ""
    return (
        f"  {row.name} ({row.scope}): {row.before:.4g} -> {row.after:.4g}{unit} "
        f"({row.after - row.before:+.3g}, {row.label})"
    )
