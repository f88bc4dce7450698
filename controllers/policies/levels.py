"""Floors: a street that is lit is lit enough, and a radio that is on can be heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from controllers.plan import Plan, PlanFinding
from twin.model.attributes import attribute_of
from twin.model.regulatory import Finding

__all__ = ["FLOORS", "Floor", "level_policy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """The lowest value an attribute may be set to.

    Parameters
    ----------
    kind, template : str
        Device kind and attribute.
    lowest : float
        Lowest value, in the unit of the attribute.
    off : float or None
        Value that means off, and is allowed.
    switch : str
        Boolean attribute that, when false, lifts the floor; empty for none.
    severity : str
        ``error`` or ``warning``.
    reason : str
        Why.
    """

    kind: str
    template: str
    lowest: float
    off: float | None = None
    switch: str = ""
    severity: Literal["error", "warning"] = "error"
    reason: str


FLOORS: tuple[Floor, ...] = (
    Floor(
        kind="lamp_cabinet",
        template="normal_level_percent",
        lowest=30,
        off=0,
        reason="a lit street below this is neither safe nor dark",
    ),
    Floor(
        kind="lamp_cabinet",
        template="night_level_percent",
        lowest=10,
        off=0,
        reason="below it a street counts as unlit",
    ),
    Floor(
        kind="ap",
        template="radio/{radio}/tx_power_dbm",
        lowest=3,
        switch="radio/{radio}/enabled",
        severity="warning",
        reason="a class in an exam loses the network; switch the radio off if that is meant",
    ),
)


def level_policy(plan: Plan, floors: tuple[Floor, ...] = FLOORS) -> tuple[PlanFinding, ...]:
    """Find values below a floor that are not off.

    Parameters
    ----------
    plan : Plan
        The plan.
    floors : tuple of Floor
        The floors; the defaults are a policy of the product, not a law.

    Returns
    -------
    tuple of PlanFinding
        What is below.
    """
    found = []
    for part in plan.devices:
        state = part.state_after()
        for change in part.changes:
            attribute, instances = attribute_of(part.kind, change.path)
            floor = _floor(floors, part.kind, attribute.template)
            if floor is None or isinstance(change.after, bool | str):
                continue
            is_lifted = floor.switch and state.get(floor.switch.format(**instances)) is False
            if floor.off == change.after or change.after >= floor.lowest or is_lifted:
                continue
            message = (
                f"{change.path} = {change.after} {attribute.unit} is below {floor.lowest:g} "
                f"{attribute.unit}: {floor.reason}"
            )
            finding = Finding(
                rule="level",
                severity=floor.severity,
                message=message,
                reference="level policy",
            )
            found.append(PlanFinding(device=part.device, finding=finding))
    return tuple(found)


def _floor(floors: tuple[Floor, ...], kind: str, template: str) -> Floor | None:
    return next((f for f in floors if f.kind == kind and f.template == template), None)
