"""Residuals: what the planning twin predicts against what devices report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

__all__ = ["Residual", "ResidualSummary", "summarise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """One figure of one device, predicted and observed.

    Parameters
    ----------
    device, quantity, unit : str
        Which figure of which device.
    predicted : float
        From the planning twin.
    observed : float
        Read from the device over the wire.
    """

    device: str
    quantity: str
    unit: str
    predicted: float
    observed: float

    @property
    def value(self) -> float:
        """Observed minus predicted."""
        return self.observed - self.predicted


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualSummary:
    """Residuals of one quantity over many devices.

    Parameters
    ----------
    quantity, unit : str
        Which figure.
    n_devices : int
        How many devices reported it.
    mean, rms : float
        Mean and root mean square of observed minus predicted.
    """

    quantity: str
    unit: str
    n_devices: int
    mean: float
    rms: float


def summarise(residuals: Iterable[Residual]) -> tuple[ResidualSummary, ...]:
    """Sum residuals up by quantity.

    Parameters
    ----------
    residuals : iterable of Residual
        Residuals of any quantities.

    Returns
    -------
    tuple of ResidualSummary
        One for each quantity, in order of first appearance.
    """
    groups: dict[tuple[str, str], list[float]] = {}
    for residual in residuals:
        groups.setdefault((residual.quantity, residual.unit), []).append(residual.value)
    return tuple(
        ResidualSummary(
            quantity=quantity,
            unit=unit,
            n_devices=len(values),
            mean=sum(values) / len(values),
            rms=sqrt(sum(value * value for value in values) / len(values)),
        )
        for (quantity, unit), values in groups.items()
    )
