"""Policies: what a plan must not do, whoever wants it."""

from controllers.policies.check import POLICIES, check_plan
from controllers.policies.facts import CellPlace, CityFacts, SiteFacts
from controllers.policies.levels import FLOORS, Floor, level_policy
from controllers.policies.paths import path_policy
from controllers.policies.plugin import GROUP, Policy, PolicyContext, installed_policies
from controllers.policies.radio import radio_policy
from controllers.policies.settings import (
    CellsDown,
    EffectFloor,
    PolicySettings,
    load_policy_settings,
)

__all__ = [
    "FLOORS",
    "GROUP",
    "POLICIES",
    "CellPlace",
    "CellsDown",
    "CityFacts",
    "EffectFloor",
    "Floor",
    "Policy",
    "PolicyContext",
    "PolicySettings",
    "SiteFacts",
    "check_plan",
    "installed_policies",
    "level_policy",
    "load_policy_settings",
    "path_policy",
    "radio_policy",
]
