"""Floors of the predicted effect: schools and districts keep their coverage and capacity."""

from __future__ import annotations

import math
from fnmatch import fnmatchcase

from controllers.plan import Plan, PlanFinding
from controllers.policies.settings import EffectFloor
from controllers.ports import EffectRow
from twin.model.regulatory import Finding

__all__ = ["effect_policy"]

_TOLERANCE = 1e-6


def effect_policy(plan: Plan, floors: tuple[EffectFloor, ...]) -> tuple[PlanFinding, ...]:
    """Find predicted figures that fall too far.

    Parameters
    ----------
    plan : Plan
        The plan with its predicted effect; without one nothing is found.
    floors : tuple of EffectFloor
        What they must not fall to.

    Returns
    -------
    tuple of PlanFinding
        One for each figure and floor; they are about the plan, not about one of its devices.
    """
    if plan.effect is None:
        return ()
    return tuple(
        PlanFinding(device="", finding=_finding(row, floor, what))
        for row in plan.effect.rows
        for floor in floors
        if _fits(row, floor) and (what := _wrong(row, floor))
    )


def _fits(row: EffectRow, floor: EffectFloor) -> bool:
    return fnmatchcase(row.name, floor.figure) and fnmatchcase(row.scope, floor.scope)


def _wrong(row: EffectRow, floor: EffectFloor) -> str:
    loss = row.before - row.after
    # A figure of nothing is not a number: service is gone, which is the greatest loss.
    is_gone = math.isnan(row.after) and not math.isnan(row.before)
    if not is_gone and not loss > _TOLERANCE:
        return ""
    if floor.lowest is not None and (is_gone or row.after < floor.lowest):
        return f"the floor is {floor.lowest:g}"
    if floor.most_loss is not None and (is_gone or loss > floor.most_loss + _TOLERANCE):
        return f"it may lose {floor.most_loss:g} at most"
    return ""


def _finding(row: EffectRow, floor: EffectFloor, what: str) -> Finding:
    unit = f" {row.unit}" if row.unit else ""
    return Finding(
        rule="effect-floor",
        severity=floor.severity,
        message=(
            f"{row.name} ({row.scope}) is predicted to fall from {row.before:.4g} to "
            f"{row.after:.4g}{unit}, {what}; change less, or make up for it in the same plan"
        ),
        reference="floors of coverage and capacity policy",
    )
