"""The policy file: how severe a rule is here, and the numbers an operator chooses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt

from twin.model.regulatory.findings import Severity
from twin.model.safe import load_yaml, parse_model

__all__ = [
    "EFFECT_FLOORS",
    "LAW",
    "CellsDown",
    "EffectFloor",
    "PolicySettings",
    "load_policy_settings",
]

LAW = frozenset(
    {"channel", "placement", "eirp", "density", "dfs", "emf", "site-certificate", "erp",
     "duty-cycle", "sub-band"}
)  # fmt: skip
"""Rules of law and ordinance: an operator may make them stricter, never milder."""

_WEIGHT: Mapping[str, int] = {"info": 0, "warning": 1, "error": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class CellsDown:
    """How many cells may be off at once.

    Parameters
    ----------
    per_site : int
        At one site.
    per_neighbourhood : int
        Within `neighbourhood_m` of a cell that is switched off, that cell among them.
    neighbourhood_m : float
        Radius. [m]
    """

    per_site: int = 3
    per_neighbourhood: int = 6
    neighbourhood_m: float = field(default=1000.0, metadata={"unit": "m"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectFloor:
    """What a predicted figure must not fall to.

    Parameters
    ----------
    figure, scope : str
        Globs of the name and the scope of a row of the predicted effect.
    lowest : float or None
        The figure must not fall below it; one that is there already must not fall further.
    most_loss : float or None
        The figure must not fall by more.
    severity : str
        ``error``, ``warning`` or ``info``.
    """

    figure: str
    scope: str = "*"
    lowest: float | None = None
    most_loss: float | None = None
    severity: Severity = "warning"


EFFECT_FLOORS: tuple[EffectFloor, ...] = (
    EffectFloor(figure="coverage share*", scope="*district*", lowest=0.95, most_loss=0.02),
    EffectFloor(figure="mean throughput*", scope="*district*", lowest=5.0),
    EffectFloor(figure="RSRP outdoors*", scope="*school*", lowest=-110.0),
    EffectFloor(figure="throughput*", scope="*school*", lowest=5.0),
    EffectFloor(figure="points served*", most_loss=0.1),
)
"""Coverage and capacity of districts and schools; numbers of the product, not of a law."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySettings:
    """Numbers and severities that an operator has chosen.

    Parameters
    ----------
    severities : mapping
        Severity by rule, in place of its own.
    cells_down : CellsDown
        How many cells may be off at once.
    effect_floors : tuple of EffectFloor
        What predicted figures must not fall to.
    """

    severities: Mapping[str, Severity] = field(default_factory=dict)
    cells_down: CellsDown = field(default_factory=CellsDown)
    effect_floors: tuple[EffectFloor, ...] = EFFECT_FLOORS

    def severity(self, rule: str, own: Severity) -> Severity:
        """Give the severity of a finding.

        Parameters
        ----------
        rule : str
            Its rule.
        own : str
            The severity it comes with.

        Returns
        -------
        str
            That of the settings if they name the rule; for a rule of law never a milder one.
        """
        wanted = self.severities.get(rule, own)
        return own if rule in LAW and _WEIGHT[wanted] < _WEIGHT[own] else wanted


_Severity = Literal["error", "warning", "info"]
_Number = StrictFloat | StrictInt


class _CellsDownFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    per_site: Annotated[StrictInt, Field(ge=0)] = CellsDown().per_site
    per_neighbourhood: Annotated[StrictInt, Field(ge=0)] = CellsDown().per_neighbourhood
    neighbourhood_m: Annotated[_Number, Field(gt=0, le=100_000)] = CellsDown().neighbourhood_m


class _FloorFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    figure: Annotated[str, Field(min_length=1, max_length=200)]
    scope: Annotated[str, Field(min_length=1, max_length=200)] = "*"
    lowest: _Number | None = None
    most_loss: Annotated[_Number, Field(ge=0)] | None = None
    severity: _Severity = "warning"


class _SettingsFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Literal[1]
    severities: dict[str, _Severity] = Field(default_factory=dict)
    cells_down: _CellsDownFile = Field(default_factory=_CellsDownFile)
    effect_floors: Annotated[list[_FloorFile], Field(max_length=1000)] | None = None


def load_policy_settings(path: Path) -> PolicySettings:
    """Read a policy file.

    Parameters
    ----------
    path : Path
        YAML file.

    Returns
    -------
    PolicySettings
        Its content; floors of the file stand in place of the usual ones.

    Raises
    ------
    InputError
        The file is wrong, or makes a rule of law milder; positioned.
    """
    document = load_yaml(path)
    file = parse_model(_SettingsFile, document)
    for rule, severity in file.severities.items():
        if rule in LAW and severity != "error":
            raise document.error(
                f"{rule} is a rule of law and cannot be made a {severity}",
                "severities", rule, hint="it may only be made an error",
            )  # fmt: skip
    for i, floor in enumerate(file.effect_floors or ()):
        if floor.lowest is None and floor.most_loss is None:
            raise document.error(
                f"floor of {floor.figure!r} has no number",
                "effect_floors", i, hint="add lowest or most_loss",
            )  # fmt: skip
    floors = EFFECT_FLOORS
    if file.effect_floors is not None:
        floors = tuple(EffectFloor(**entry.model_dump()) for entry in file.effect_floors)
    return PolicySettings(
        severities=dict(file.severities),
        cells_down=CellsDown(**file.cells_down.model_dump()),
        effect_floors=floors,
    )
