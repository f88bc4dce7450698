"""Delays as a walk that traffic pushes on and slack in the timetable pulls back."""

from __future__ import annotations

import math

import numpy as np

from twin.sim.transit_wifi.assumptions import figure

__all__ = ["LATE_S", "Delays"]

LATE_S = 360.0
"""A departure of less than 6 min delay is punctual (DVG). [s]"""

_BEYOND = 0.5826  # -zeta(1/2) / sqrt(2 pi): how far a walk jumps beyond its border, in steps


class Delays:
    """Delays of one mode.

    Between two stops a uniform step is added whose mean is negative, the slack; nobody leaves
    early. Such a reflected walk has an exponential distribution in the long run, and its slack is
    set so that the known share of departures is punctual.

    Parameters
    ----------
    punctual_percent : float
        Departures of less than `LATE_S`. [%]
    rng : Generator
        For the steps.

    References
    ----------
    .. [1] D. Siegmund, "Sequential Analysis", Springer 1985, 8.5 and 10.4 (reflected walk and
       overshoot of the border).
    """

    def __init__(self, punctual_percent: float, rng: np.random.Generator) -> None:
        self._rng, self._sigma_s = rng, figure("delay_step_s")
        late = 1.0 - punctual_percent / 100.0
        scale_s = (LATE_S + _BEYOND * self._sigma_s) / -math.log(late)
        self._slack_s = self._sigma_s**2 / (2.0 * scale_s)
        self._scale_s = scale_s

    def first(self) -> float:
        """Delay of a departure from the terminus. [s]."""
        delay_s = float(self._rng.exponential(self._scale_s)) - _BEYOND * self._sigma_s
        return max(delay_s, 0.0)

    def next(self, delay_s: float) -> float:
        """Delay at the next stop. [s]."""
        widest_s = math.sqrt(3.0) * self._sigma_s
        step_s = float(self._rng.uniform(-widest_s, widest_s)) - self._slack_s
        return max(delay_s + step_s, 0.0)
