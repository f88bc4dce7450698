"""Policies: what a plan must not do, whoever wants it."""

from controllers.policies.check import check_plan
from controllers.policies.facts import CityFacts, SiteFacts
from controllers.policies.levels import FLOORS, Floor, level_policy
from controllers.policies.paths import path_policy
from controllers.policies.radio import radio_policy

__all__ = [
    "FLOORS",
    "CityFacts",
    "Floor",
    "SiteFacts",
    "check_plan",
    "level_policy",
    "path_policy",
    "radio_policy",
]
