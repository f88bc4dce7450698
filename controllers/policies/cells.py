"""Not too many cells are off at once: neither at a site nor in a neighbourhood."""

from __future__ import annotations

import math
from collections.abc import Mapping

from controllers.plan import Plan, PlanFinding
from controllers.policies.facts import CellPlace, SiteFacts
from controllers.policies.settings import CellsDown
from twin.model.regulatory import Finding

__all__ = ["cells_down_policy"]

_ON = "UNLOCKED"


def cells_down_policy(plan: Plan, facts: SiteFacts, limits: CellsDown) -> tuple[PlanFinding, ...]:
    """Find sites and neighbourhoods in which a plan leaves too few cells.

    Parameters
    ----------
    plan : Plan
        The plan; cells it does not touch are as the planner knows them.
    facts : SiteFacts
        Where cells stand.
    limits : CellsDown
        How many may be off.

    Returns
    -------
    tuple of PlanFinding
        One for each site that is over, and one for each neighbourhood of cells beyond it.
    """
    going = sorted(
        change.device
        for part in plan.devices
        if part.kind == "cell"
        for change in part.changes
        if change.path == "admin_state" and change.before == _ON and change.after != _ON
    )
    if not going:
        return ()
    places = facts.cells()
    down = _down(plan, places)
    found = []
    named: set[frozenset[str]] = set()
    for name in going:
        here = places.get(name)
        if here is None:
            continue
        site = frozenset(i for i in down if places[i].site == here.site)
        near = frozenset(i for i in down if _distance_m(places[i], here) <= limits.neighbourhood_m)
        around = f"within {limits.neighbourhood_m:g} m of {name}"
        for cells, n_most, where in (
            (site, limits.per_site, f"at site {here.site}"),
            (near, limits.per_neighbourhood, around),
        ):
            if len(cells) > n_most and not any(cells <= other for other in named):
                named.add(cells)
                found.append(PlanFinding(device=name, finding=_finding(cells, n_most, where)))
    return tuple(found)


def _down(plan: Plan, places: Mapping[str, CellPlace]) -> set[str]:
    """Collect the cells that are off once the plan is done."""
    down = {name for name, place in places.items() if not place.is_on}
    for part in plan.devices:
        state = part.state_after().get("admin_state")
        if part.device in places and state is not None:
            (down.discard if state == _ON else down.add)(part.device)
    return down


def _distance_m(a: CellPlace, b: CellPlace) -> float:
    return math.hypot(a.x_m - b.x_m, a.y_m - b.y_m)


def _finding(cells: frozenset[str], n_most: int, where: str) -> Finding:
    shown = ", ".join(sorted(cells)[:4]) + (", ..." if len(cells) > 4 else "")
    return Finding(
        rule="cells-down",
        severity="error",
        message=(
            f"{len(cells)} cells would be off at once {where} ({shown}), at most {n_most} may; "
            "switch them off one after the other, or raise cells_down in the policy file"
        ),
        reference="cells-down policy",
    )
