"""The plan for eyes: lines of text with the usual signs, no colours."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from controllers.plan import DevicePlan, Plan
from controllers.plan_words import counted, refused, some_of
from controllers.ports import Effect, EffectRow
from twin.model.attributes import Value, attribute_of

__all__ = ["render_plan", "summary_line"]

_CLASS_WORDS = {
    "A": "no transaction, undo by stored values",
    "B": "candidate, undo by stored values",
    "C": "confirmed commit",
    "D": "candidate, validate, confirmed commit",
    "E": "buffer that outlives us, undo by stored values",
}
_SEVERITY_SIGNS: Mapping[str, str] = MappingProxyType({"error": "!", "warning": "?", "info": "i"})
_N_SHOWN = 3


def summary_line(plan: Plan) -> str:
    """Say how much a plan changes, how many devices it knows nothing of, and what forbids it.

    Parameters
    ----------
    plan : Plan
        The plan.

    Returns
    -------
    str
        One line; that of a forbidden plan ends with ``REFUSED`` and how much is wrong.
    """
    if plan.is_settled:
        return "Plan: nothing to change, every device is as the intent wants it."
    n_lost = len(plan.unreachable)
    was = "were" if n_lost > 1 else "was"
    lost = f"; {counted(n_lost, 'device')} {was} not reached" if n_lost else ""
    if plan.no_op:
        return f"Plan: nothing to change on devices that were read{lost}."
    end = f" REFUSED: {refused(plan)}" if plan.blockers else ""
    signs = Counter(_sign(change.before, change.after) for change in plan.changes)
    return (
        f"Plan: {signs['+']} to add, {signs['~']} to change, {signs['-']} to destroy on "
        f"{counted(len(plan.devices), 'device')}{lost}.{end}"
    )


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
        Lines; ``+`` sets what was empty, ``-`` empties, ``~`` changes. Findings come with the
        worst first: ``!`` forbids, ``?`` needs a look, ``i`` follows from the plan.
    """
    title = f"{plan.name} ({plan.ticket})" if plan.ticket else plan.name
    lines = [title] + ([f"  {plan.comment}"] if plan.comment else [])
    lines += [f"  planned by {plan.author}"] if plan.author else []
    lines += [f"  approved by {plan.approved_by}"] if plan.approved_by else []
    lines += [f"  only in the window {' or '.join(group)}" for group in plan.windows]
    n_waves = len({part.wave for part in plan.devices})
    wave = None
    n_steps = max((part.order for part in plan.devices), default=0) + 1
    for members in _groups(plan):
        if n_waves > 1 and members[0].wave != wave:
            wave = members[0].wave
            lines.append(f"wave {wave + 1} of {n_waves}")
        lines += _alike(members, n_steps, with_undo=with_undo)
    for device, reason in plan.unreachable.items():
        lines.append(f"! {device}: not reached ({reason}), {plan.on_unreachable}")
    lines += _findings(plan)
    if not plan.no_op:
        lines += [f"Atomic: {text}" for text in plan.atomicity]
    if plan.effect is not None:
        lines += _effect(plan.effect)
    lines.append(summary_line(plan))
    return tuple(lines)


def _groups(plan: Plan) -> list[list[DevicePlan]]:
    """Put devices together that are changed alike in the same step, in the order of the plan."""
    groups: dict[object, list[DevicePlan]] = {}
    for part in plan.devices:
        changes = tuple((change.path, change.before, change.after) for change in part.changes)
        key = (part.wave, part.order, part.mesh, part.kind, part.origin, part.device_class, changes)
        groups.setdefault(key, []).append(part)
    return list(groups.values())


def _alike(members: list[DevicePlan], n_steps: int, *, with_undo: bool) -> list[str]:
    part = members[0]
    names = ", ".join(member.device for member in members)
    many = f"{len(members)} devices, " if len(members) > 1 else ""
    mesh = ", all in the same instant" if part.mesh else ""
    lines = [
        f"{names} ({many}{part.kind}, {part.origin}, class {part.device_class}: "
        f"{_CLASS_WORDS[part.device_class]}; step {part.order + 1} of {n_steps}{mesh})"
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


def _findings(plan: Plan) -> list[str]:
    """One line for what a rule says, however many devices it is about."""
    groups: dict[tuple[str, str], dict[str, None]] = {}
    for found in plan.findings:
        key = (found.finding.severity, str(found.finding))
        groups.setdefault(key, {})[found.device] = None
    lines = []
    for wanted, sign in _SEVERITY_SIGNS.items():
        for (severity, text), devices in groups.items():
            if severity == wanted:
                lines.append(f"{sign} {severity}: {text}{_where([d for d in devices if d])}")
    return lines


def _where(devices: list[str]) -> str:
    if not devices:
        return ""
    return f" on {counted(len(devices), 'device')}: {some_of(devices, _N_SHOWN)}"


def _effect(effect: Effect) -> list[str]:
    lines = [_row(row) for row in effect.rows]
    head = "Predicted effect" if lines else "Predicted effect: none that the twin can predict"
    return [head, *lines, *(f"  assumed: {text}" for text in effect.assumptions)]


def _row(row: EffectRow) -> str:
    unit = f" {row.unit}" if row.unit else ""
    change = row.after - row.before
    return (
        f"  {row.name} ({row.scope}): {_figure(row.before)} -> {_figure(row.after)}{unit} "
        f"({'+' if change >= 0 else ''}{_figure(change)}, {row.label})"
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
