"""Transfers that arrive at random: Poisson moments, sizes of a law."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from twin.sim.flows.cell import FlowCell

__all__ = ["PoissonSource", "Sizes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Law of the sizes of transfers.

    Parameters
    ----------
    law : {"fixed", "exponential", "lognormal", "pareto"}
        Kind.
    mean_bit : float
        Mean. [bit]
    shape : float
        Lognormal: standard deviation of the logarithm; Pareto: exponent, above 1.
    """

    law: Literal["fixed", "exponential", "lognormal", "pareto"]
    mean_bit: float
    shape: float = 1.0

    def __post_init__(self) -> None:
        if self.law not in ("fixed", "exponential", "lognormal", "pareto"):
            raise ValueError(f"law: {self.law!r} is unknown")
        if not 0.0 < self.mean_bit < math.inf:
            raise ValueError(f"mean_bit: is {self.mean_bit}, must be positive and finite")
        if self.law == "pareto" and not self.shape > 1.0:
            raise ValueError(
                f"shape: is {self.shape}, a Pareto law of finite mean needs more than 1"
            )

    def draw_bit(self, rng: np.random.Generator) -> float:
        """Draw a size. [bit]."""
        if self.law == "exponential":
            return float(rng.exponential(self.mean_bit))
        if self.law == "lognormal":
            return float(self.mean_bit * math.exp(rng.normal(-0.5 * self.shape**2, self.shape)))
        if self.law == "pareto":
            least = self.mean_bit * (self.shape - 1.0) / self.shape
            return float(least * (1.0 + rng.pareto(self.shape)))
        return self.mean_bit


class PoissonSource:
    """Transfers at Poisson moments into one cell, FTP model 1 of TR 36.814 among them.

    Parameters
    ----------
    cell : FlowCell
        Where they go.
    per_s : float
        Mean arrivals. [1/s]
    sizes : Sizes
        Law of the sizes.
    rate_bps : float
        Rate of each transfer alone. [bit/s]
    rng : numpy.random.Generator
        Source of randomness.
    until_s : float
        No arrival later than this. [s]

    References
    ----------
    .. [1] 3GPP TR 36.814 V9.2.0 (2017), A.2.1.3.1.
    """

    def __init__(
        self,
        cell: FlowCell,
        *,
        per_s: float,
        sizes: Sizes,
        rate_bps: float,
        rng: np.random.Generator,
        until_s: float = math.inf,
    ) -> None:
        if not 0.0 < per_s < math.inf:
            raise ValueError(f"per_s: is {per_s}, must be positive and finite")
        self.cell, self._per_s, self._sizes, self._rng = cell, per_s, sizes, rng
        self._rate_bps, self._until_s = rate_bps, until_s

    def start(self) -> None:
        """Schedule the first arrival."""
        kernel = self.cell.kernel
        gap_s = float(self._rng.exponential(1.0 / self._per_s))
        if kernel.now_s + gap_s <= self._until_s:
            kernel.after(gap_s, self.cell.name, self._arrive)

    def _arrive(self) -> None:
        self.cell.arrive(self._sizes.draw_bit(self._rng), self._rate_bps)
        self.start()
