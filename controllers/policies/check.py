"""Runs all policies over a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from controllers.plan import Plan
from controllers.policies.facts import SiteFacts
from controllers.policies.levels import FLOORS, Floor, level_policy
from controllers.policies.paths import path_policy
from controllers.policies.radio import radio_policy
from controllers.ports import Device

__all__ = ["check_plan"]


def check_plan(
    plan: Plan,
    devices: Sequence[Device],
    facts: SiteFacts,
    *,
    floors: tuple[Floor, ...] = FLOORS,
) -> Plan:
    """Check a plan against every policy.

    Parameters
    ----------
    plan : Plan
        The plan.
    devices : sequence of Device
        The inventory.
    facts : SiteFacts
        Where devices stand.
    floors : tuple of Floor
        Lowest values.

    Returns
    -------
    Plan
        The same plan with its findings; with an error among them it is not applyable and
        `controllers.runner.apply` raises `PolicyRefused`.
    """
    findings = (
        *radio_policy(plan, facts),
        *path_policy(plan, devices, facts),
        *level_policy(plan, floors),
    )
    return replace(plan, findings=findings)
