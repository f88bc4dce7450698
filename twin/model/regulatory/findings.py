"""What a rule has to say about a planned setting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "Severity"]

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One statement of one rule.

    Parameters
    ----------
    rule : str
        Short name of the rule, such as ``eirp``.
    severity : str
        ``error``: the law forbids it. ``warning``: a person must look. ``info``: follows from it.
    message : str
        What is wrong and what would be allowed.
    reference : str
        The order or act the rule comes from.
    """

    rule: str
    severity: Severity
    message: str
    reference: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.message} ({self.reference})"
