"""Regulatory lint: no plan puts a radio where the law does not allow it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from controllers.channels import band_of, require_width
from controllers.plan import DevicePlan, Plan, PlanFinding
from controllers.policies.facts import SiteFacts
from twin.model.attributes import Value
from twin.model.errors import ModelError
from twin.model.regulatory import Finding, radio_findings

__all__ = ["radio_policy"]

_RULE = "radio policy"
_NEEDED = ("channel", "tx_power_dbm")
_MOVES = frozenset({"channel", "bandwidth_mhz", "enabled"})


def radio_policy(plan: Plan, facts: SiteFacts) -> tuple[PlanFinding, ...]:
    """Check every radio of an access point that a plan touches, as it will be.

    Parameters
    ----------
    plan : Plan
        The plan.
    facts : SiteFacts
        Placement and antenna gain.

    Returns
    -------
    tuple of PlanFinding
        Errors forbid the plan. What cannot be checked is a warning.
    """
    return tuple(
        PlanFinding(device=part.device, finding=finding)
        for part in plan.devices
        if part.kind == "ap"
        for finding in _findings(part, facts)
    )


def _findings(part: DevicePlan, facts: SiteFacts) -> Iterator[Finding]:
    state = part.state_after()
    touched = {c.path.split("/")[1] for c in part.changes if c.path.startswith("radio/")}
    for radio in sorted(touched):
        values = {
            path.rsplit("/", 1)[1]: value
            for path, value in state.items()
            if path.startswith(f"radio/{radio}/")
        }
        if values.get("enabled") is False:
            continue
        changed = {c.path.rsplit("/", 1)[1] for c in part.changes if f"radio/{radio}/" in c.path}
        for finding in _radio(part.device, radio, values, facts):
            # The radar check is due when the radio moves, not when its power changes.
            if finding.rule != "dfs" or changed & _MOVES:
                yield finding


def _radio(
    device: str, radio: str, values: Mapping[str, Value], facts: SiteFacts
) -> tuple[Finding, ...]:
    width = values.get("bandwidth_mhz", 20)
    try:
        require_width("ap", radio, values.get("channel"), width)
    except ModelError as err:
        return (_no_channel(f"radio {radio}: {err}"),)
    missing = [name for name in _NEEDED if name not in values]
    if missing:
        return (_unchecked(radio, f"its {' and '.join(missing)} could not be read"),)
    placement, gain_dbi = facts.placement(device), facts.antenna_gain_dbi(device, radio)
    band = band_of("ap", radio)
    if not placement or gain_dbi is None or not band:
        why = "its place, band or antenna is not known; add it to the city file"
        return (_unchecked(radio, why),)
    try:
        return radio_findings(
            placement,
            band,
            int(values["channel"]),
            int(width),
            float(values["tx_power_dbm"]),
            gain_dbi,
        )
    except ModelError as err:
        return (_unchecked(radio, str(err)),)


def _no_channel(what: str) -> Finding:
    return Finding(
        rule="channel",
        severity="error",
        message=what,
        reference="IEEE Std 802.11-2020 table E-4",
    )


def _unchecked(radio: str, why: str) -> Finding:
    return Finding(
        rule="radio-unchecked",
        severity="warning",
        message=f"radio {radio} could not be checked against the radio rules: {why}",
        reference=_RULE,
    )
