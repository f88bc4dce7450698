"""Runs all policies over a plan: those of the product, then those of installed packages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from controllers.plan import Plan, PlanFinding
from controllers.policies.access import access_policy
from controllers.policies.cells import cells_down_policy
from controllers.policies.effects import effect_policy
from controllers.policies.exposure import exposure_policy
from controllers.policies.facts import SiteFacts
from controllers.policies.levels import FLOORS, Floor, level_policy
from controllers.policies.lora import lora_policy
from controllers.policies.paths import path_policy
from controllers.policies.plugin import Policy, PolicyContext, findings_of, installed_policies
from controllers.policies.radio import radio_policy
from controllers.policies.settings import PolicySettings
from controllers.ports import Device, ExposurePredictor

__all__ = ["POLICIES", "check_plan"]

POLICIES: Mapping[str, Policy] = MappingProxyType(
    {
        "radio": lambda c: radio_policy(c.plan, c.facts),
        "lora": lambda c: lora_policy(c.plan),
        "exposure": lambda c: exposure_policy(c.plan, c.exposure),
        "paths": lambda c: path_policy(c.plan, c.devices, c.facts),
        "cells": lambda c: cells_down_policy(c.plan, c.facts, c.settings.cells_down),
        "access": lambda c: access_policy(c.plan, c.devices),
        "effects": lambda c: effect_policy(c.plan, c.settings.effect_floors),
    }
)
"""Policies of the product; a package adds its own by the entry points ``stellwerk.policies``."""


def check_plan(
    plan: Plan,
    devices: Sequence[Device],
    facts: SiteFacts,
    *,
    floors: tuple[Floor, ...] = FLOORS,
    settings: PolicySettings | None = None,
    exposure: ExposurePredictor | None = None,
) -> Plan:
    """Check a plan against every policy.

    Parameters
    ----------
    plan : Plan
        The plan; what rests on its predicted effect is checked if it has one.
    devices : sequence of Device
        The inventory.
    facts : SiteFacts
        Where devices stand.
    floors : tuple of Floor
        Lowest values.
    settings : PolicySettings, optional
        What an operator has chosen; without it the usual numbers and severities.
    exposure : ExposurePredictor, optional
        Says what fields there are around sites.

    Returns
    -------
    Plan
        The same plan with its findings; with an error among them it is not applyable and
        `controllers.runner.apply` raises `PolicyRefused`.

    Raises
    ------
    InputError
        An installed policy cannot be loaded.
    """
    chosen = settings or PolicySettings()
    context = PolicyContext(
        plan=plan, devices=devices, facts=facts, settings=chosen, exposure=exposure
    )
    findings = [found for policy in POLICIES.values() for found in policy(context)]
    findings += level_policy(plan, floors)
    for name, policy in installed_policies().items():
        findings += findings_of(name, policy, context)
    return replace(plan, findings=tuple(_weighed(found, chosen) for found in findings))


def _weighed(found: PlanFinding, settings: PolicySettings) -> PlanFinding:
    own = found.finding
    severity = settings.severity(own.rule, own.severity)
    if severity == own.severity:
        return found
    return replace(found, finding=replace(own, severity=severity))
