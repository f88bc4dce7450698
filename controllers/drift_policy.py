"""What is to be done about drift: rules by class, device and path; the first that fits decides."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from controllers.drift import Drift, DriftClass
from controllers.inventory import select
from controllers.ports import Device
from twin.model.errors import InputError
from twin.model.safe import load_yaml, parse_model

__all__ = ["DEFAULT_RULES", "Remedy", "Rule", "load_rules", "remedy_of"]


class Remedy(StrEnum):
    """What to do: say nothing, say so, write what is wanted, or want what is there."""

    IGNORE = "ignore"
    REPORT = "report"
    RECONCILE = "reconcile"
    ADOPT = "adopt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Parameters
    ----------
    classes : frozenset of DriftClass
        Which classes it is for; empty for all.
    devices : frozenset of str or None
        Which devices; None for all.
    path : str
        Glob of attribute paths.
    remedy : Remedy
        What to do.
    """

    classes: frozenset[DriftClass] = frozenset()
    devices: frozenset[str] | None = None
    path: str = "*"
    remedy: Remedy

    def fits(self, drift: Drift) -> bool:
        """Say whether the rule is about a drift."""
        return (
            (not self.classes or drift.drift_class in self.classes)
            and (self.devices is None or drift.device in self.devices)
            and fnmatch.fnmatchcase(drift.path, self.path)
        )


DEFAULT_RULES = (
    Rule(classes=frozenset((DriftClass.LEGAL,)), remedy=Remedy.IGNORE),
    Rule(remedy=Remedy.REPORT),
)
"""Without a policy nothing is changed; what the law made a device do is no fault."""


def remedy_of(drift: Drift, rules: Sequence[Rule]) -> Remedy:
    """Find what is to be done about a drift.

    Parameters
    ----------
    drift : Drift
        The drift.
    rules : sequence of Rule
        The first that fits decides; if none does, it is reported.
    """
    return next((rule.remedy for rule in rules if rule.fits(drift)), Remedy.REPORT)


_Class = Literal["operator", "reverted", "pending", "added", "legal", "unknown"]


class _RuleFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    classes: list[_Class] = Field(default_factory=list, alias="class")
    select: Annotated[str, Field(max_length=1000)] = ""
    path: Annotated[str, Field(min_length=1, max_length=200)] = "*"
    do: Literal["ignore", "report", "reconcile", "adopt"]


class _PolicyFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Literal[1]
    rules: Annotated[list[_RuleFile], Field(min_length=1, max_length=1000)]


def load_rules(path: Path, devices: Sequence[Device]) -> tuple[Rule, ...]:
    """Read a drift policy.

    Parameters
    ----------
    path : Path
        YAML file.
    devices : sequence of Device
        The inventory its selections are about.

    Returns
    -------
    tuple of Rule
        In the order of the file.

    Raises
    ------
    InputError
        The file is wrong, or selects what is not there; positioned.
    """
    document = load_yaml(path)
    file = parse_model(_PolicyFile, document)
    rules = []
    for i, entry in enumerate(file.rules):
        chosen = None
        if entry.select:
            try:
                chosen = frozenset(device.id for device in select(devices, entry.select))
            except InputError as err:
                raise document.error(err.what, "rules", i, "select", hint=err.hint) from err
        rules.append(
            Rule(
                classes=frozenset(map(DriftClass, entry.classes)),
                devices=chosen,
                path=entry.path,
                remedy=Remedy(entry.do),
            )
        )
    return tuple(rules)
