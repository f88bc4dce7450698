"""When a user changes its cell, and when it loses its link: event A3 and the radio link timers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from twin.sim.mobility.assumptions import assumed

__all__ = ["HandoverPolicy"]

_MOST_ERROR_DB = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverPolicy:
    """Settings of handover and of radio link monitoring.

    Parameters
    ----------
    offset_db, hysteresis_db : float
        A neighbour enters event A3 while its filtered level exceeds that of the server by more than
        both together. Their sum must not be negative. [dB]
    time_to_trigger_s : float
        For how long without a break, before the user reports it. [s]
    preparation_s, execution_s : float
        From report to command, and from command to service by the target; without service during
        the second. [s]
    shortest_stay_s : float
        A return to the old cell sooner than this counts as ping-pong. [s]
    soon_s : float
        A return sooner than this counts as a return soon. [s]
    q_out_db, q_in_db, t310_s : float
        The link is lost when the SINR falls below the first and does not rise above the second
        within the time. [dB], [dB], [s]
    reestablishment_s : float
        Without service after a lost link. [s]
    filter_k : float
        Coefficient of layer 3: a new sample weighs 2^(-k/4) each `sample_s`.
    sample_s : float
        Time between the samples of layer 1 that `filter_k` speaks of. [s]
    measurement_error_db : float
        Standard deviation of the error of one such sample, which is another for each user, cell
        and sample. Less than 10. [dB]
    has_fading : bool
        Whether the fast fading that a sample does not average out adds to that error.

    References
    ----------
    .. [1] 3GPP TS 36.331 V17, 5.5.3.2 (filter) and 5.5.4.4 (event A3); TS 38.331 alike.
    .. [2] 3GPP TR 36.839 V11.1.0 (2012), 5.2: states of handover, failures, ping-pong.
    """

    offset_db: float = field(default=0.0, metadata={"unit": "dB"})
    hysteresis_db: float = field(default=assumed("a3_hysteresis_db"), metadata={"unit": "dB"})
    time_to_trigger_s: float = field(default=assumed("time_to_trigger_s"), metadata={"unit": "s"})
    preparation_s: float = field(default=assumed("handover_preparation_s"), metadata={"unit": "s"})
    execution_s: float = field(default=assumed("handover_execution_s"), metadata={"unit": "s"})
    shortest_stay_s: float = field(default=assumed("shortest_stay_s"), metadata={"unit": "s"})
    soon_s: float = field(default=assumed("soon_s"), metadata={"unit": "s"})
    q_out_db: float = field(default=assumed("q_out_db"), metadata={"unit": "dB"})
    q_in_db: float = field(default=assumed("q_in_db"), metadata={"unit": "dB"})
    t310_s: float = field(default=assumed("t310_s"), metadata={"unit": "s"})
    reestablishment_s: float = field(default=assumed("reestablishment_s"), metadata={"unit": "s"})
    filter_k: float = field(default=assumed("l3_filter_coefficient"), metadata={"unit": ""})
    sample_s: float = field(default=assumed("l1_sample_s"), metadata={"unit": "s"})
    measurement_error_db: float = field(
        default=assumed("measurement_error_db"), metadata={"unit": "dB"}
    )
    has_fading: bool = True

    def __post_init__(self) -> None:
        if not 0.0 <= self.offset_db + self.hysteresis_db < math.inf:
            raise ValueError("offset_db + hysteresis_db: must be 0 dB or more and finite")
        times = (self.time_to_trigger_s, self.preparation_s, self.execution_s, self.t310_s,
                 self.shortest_stay_s, self.soon_s, self.reestablishment_s)  # fmt: skip
        if not all(0.0 <= time < math.inf for time in times):
            raise ValueError("times of a handover policy: must not be negative, and finite")
        if self.preparation_s + self.execution_s <= 0.0 or self.sample_s <= 0.0:
            raise ValueError("preparation_s + execution_s and sample_s: must be positive")
        if not -math.inf < self.q_out_db <= self.q_in_db < math.inf or self.filter_k < 0.0:
            raise ValueError("q_out_db: must not exceed q_in_db; filter_k: must not be negative")
        if not 0.0 <= self.measurement_error_db < _MOST_ERROR_DB:
            raise ValueError(
                f"measurement_error_db: is {self.measurement_error_db}, not 0 to {_MOST_ERROR_DB:g}"
            )

    def smoothing(self, step_s: float) -> tuple[float, float]:
        """Turn the filter of layer 3 into one for reports of any distance.

        Parameters
        ----------
        step_s : float
            Time between reports. [s]  Must be > 0.

        Returns
        -------
        memory, lag : float
            With e = (1 - a)^(step / sample), a = 2^(-k/4), and the time constant tau =
            -sample / ln(1 - a): e and tau (1 - e) / step.

        Notes
        -----
        The filtered level after a report is F' = M' + e (F - M) - lag (M' - M): what a filter of
        the same memory in seconds (as TS 36.331 5.5.3.2 asks of other sampling rates) makes of a
        level that went in a straight line from M to M'. A plain F + (1 - e) (M' - F) would have no
        delay at all at reports of a second, and 0.3 s less than at reports of 40 ms.
        """
        if self.filter_k == 0.0:
            return 0.0, 0.0
        kept = 1.0 - 2.0 ** (-self.filter_k / 4.0)
        memory = kept ** (step_s / self.sample_s)
        tau_s = -self.sample_s / math.log(kept)
        return memory, tau_s * (1.0 - memory) / step_s

    def rules(self) -> tuple[float, ...]:
        """Return the numbers in the order of `cext._mobility.RULES`."""
        return (
            self.offset_db + self.hysteresis_db,
            self.time_to_trigger_s,
            self.preparation_s,
            self.execution_s,
            self.reestablishment_s,
            self.shortest_stay_s,
            self.soon_s,
            self.q_out_db,
            self.q_in_db,
            self.t310_s,
        )
