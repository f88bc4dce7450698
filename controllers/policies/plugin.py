"""What a policy is: a function of a plan and what is known around it; found by entry points."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Protocol

from controllers.plan import Plan, PlanFinding
from controllers.policies.facts import SiteFacts
from controllers.policies.settings import PolicySettings
from controllers.ports import Device, ExposurePredictor
from twin.model.errors import InputError
from twin.model.regulatory import Finding

__all__ = ["GROUP", "Policy", "PolicyContext", "findings_of", "installed_policies"]

log = logging.getLogger(__name__)

GROUP = "stellwerk.policies"
"""Entry points of this group are policies; see docs/how-to/write-a-policy.md."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyContext:
    """What a policy may look at.

    Parameters
    ----------
    plan : Plan
        The plan; its predicted effect is None as long as nobody has asked the twin.
    devices : sequence of Device
        The inventory.
    facts : SiteFacts
        Where devices stand.
    settings : PolicySettings
        Numbers an operator has chosen.
    exposure : ExposurePredictor or None
        Fields around sites; None if nobody can say.
    """

    plan: Plan
    devices: Sequence[Device]
    facts: SiteFacts
    settings: PolicySettings = field(default_factory=PolicySettings)
    exposure: ExposurePredictor | None = None


class Policy(Protocol):
    """A policy."""

    def __call__(self, context: PolicyContext, /) -> Iterable[PlanFinding]:
        """Say what a plan must not do, or what a person should look at.

        Each finding names its rule, where the rule comes from, the device, and what to do.
        """


def installed_policies() -> Mapping[str, Policy]:
    """Load the policies of installed packages.

    Returns
    -------
    mapping
        Policy by name of its entry point, in order of names.

    Raises
    ------
    InputError
        One cannot be loaded: a plan is never judged by fewer policies than are installed.
    """
    found: dict[str, Policy] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            policy = entry.load()
        except Exception as err:
            log.debug("policy %s cannot be loaded", entry.name, exc_info=err)
            raise InputError(
                f"policy {entry.name} ({entry.value}) cannot be loaded: {type(err).__name__}",
                hint="mend or remove the package it comes from (see -vv)",
            ) from err
        if not callable(policy):
            raise InputError(
                f"policy {entry.name} ({entry.value}) is no function",
                hint="see docs/how-to/write-a-policy.md",
            )
        found[entry.name] = policy
    return found


def findings_of(name: str, policy: Policy, context: PolicyContext) -> tuple[PlanFinding, ...]:
    """Ask a policy that somebody else has written.

    Parameters
    ----------
    name : str
        Its name.
    policy : Policy
        The policy.
    context : PolicyContext
        The plan.

    Returns
    -------
    tuple of PlanFinding
        What it found; an error if it failed, for then nobody knows.
    """
    try:
        return tuple(policy(context))
    except Exception as err:
        log.debug("policy %s failed", name, exc_info=err)
        what = f"the policy failed ({type(err).__name__}), so it did not agree; mend it (see -vv)"
        finding = Finding(rule=name, severity="error", message=what, reference=f"plug-in {name}")
        return (PlanFinding(device="", finding=finding),)
