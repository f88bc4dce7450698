"""When a user changes its cell, and when it loses its link: event A3 and the radio link timers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from twin.model.city import Assumption

__all__ = ["ASSUMPTIONS", "HandoverPolicy"]

ASSUMPTIONS: tuple[Assumption, ...] = (
    Assumption(key="a3_hysteresis_db", value=3.0, unit="dB", mark="R",
               source="ns-3 a3-rsrp-handover-algorithm.cc, default", used_by="mobility"),
    Assumption(key="time_to_trigger_s", value=0.256, unit="s", mark="R",
               source="ns-3 a3-rsrp-handover-algorithm.cc, default", used_by="mobility"),
    Assumption(key="handover_preparation_s", value=0.05, unit="s", mark="K",
               source="TR 36.839, from memory", used_by="mobility"),
    Assumption(key="handover_execution_s", value=0.04, unit="s", mark="K",
               source="TR 36.839, from memory", used_by="mobility"),
    Assumption(key="shortest_stay_s", value=1.0, unit="s", mark="K",
               source="TR 36.839, from memory: a return sooner is a ping-pong", used_by="mobility"),
    Assumption(key="t310_s", value=1.0, unit="s", mark="K",
               source="TR 36.839, from memory", used_by="mobility"),
    Assumption(key="q_out_db", value=-8.0, unit="dB", mark="K",
               source="TR 36.839, from memory", used_by="mobility"),
    Assumption(key="q_in_db", value=-6.0, unit="dB", mark="K",
               source="TR 36.839, from memory", used_by="mobility"),
    Assumption(key="reestablishment_s", value=0.2, unit="s", mark="K",
               source="cell selection, random access and RRC re-establishment; a guess",
               used_by="mobility"),
    Assumption(key="l3_filter_coefficient", value=4.0, unit="", mark="K",
               source="TS 36.331 5.5.3.2: default fc4, half of a new sample each 200 ms",
               used_by="mobility"),
    Assumption(key="l1_sample_s", value=0.2, unit="s", mark="K",
               source="TS 36.133: measurement period of RSRP without gaps", used_by="mobility"),
)  # fmt: skip
"""Figures of handover that nobody measured in this city."""

_VALUE = {item.key: item.value for item in ASSUMPTIONS}


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
    q_out_db, q_in_db, t310_s : float
        The link is lost when the SINR falls below the first and does not rise above the second
        within the time. [dB], [dB], [s]
    reestablishment_s : float
        Without service after a lost link. [s]
    filter_k : float
        Coefficient of layer 3: a new sample weighs 2^(-k/4) each `sample_s`.
    sample_s : float
        Time between the samples of layer 1 that `filter_k` speaks of. [s]

    References
    ----------
    .. [1] 3GPP TS 36.331 V17, 5.5.3.2 (filter) and 5.5.4.4 (event A3); TS 38.331 alike.
    .. [2] 3GPP TR 36.839 V11.1.0 (2012), 5.2: states of handover, failures, ping-pong.
    """

    offset_db: float = field(default=0.0, metadata={"unit": "dB"})
    hysteresis_db: float = field(default=_VALUE["a3_hysteresis_db"], metadata={"unit": "dB"})
    time_to_trigger_s: float = field(default=_VALUE["time_to_trigger_s"], metadata={"unit": "s"})
    preparation_s: float = field(default=_VALUE["handover_preparation_s"], metadata={"unit": "s"})
    execution_s: float = field(default=_VALUE["handover_execution_s"], metadata={"unit": "s"})
    shortest_stay_s: float = field(default=_VALUE["shortest_stay_s"], metadata={"unit": "s"})
    q_out_db: float = field(default=_VALUE["q_out_db"], metadata={"unit": "dB"})
    q_in_db: float = field(default=_VALUE["q_in_db"], metadata={"unit": "dB"})
    t310_s: float = field(default=_VALUE["t310_s"], metadata={"unit": "s"})
    reestablishment_s: float = field(default=_VALUE["reestablishment_s"], metadata={"unit": "s"})
    filter_k: float = field(default=_VALUE["l3_filter_coefficient"], metadata={"unit": ""})
    sample_s: float = field(default=_VALUE["l1_sample_s"], metadata={"unit": "s"})

    def __post_init__(self) -> None:
        if not 0.0 <= self.offset_db + self.hysteresis_db < math.inf:
            raise ValueError("offset_db + hysteresis_db: must be 0 dB or more and finite")
        times = (self.time_to_trigger_s, self.preparation_s, self.execution_s, self.t310_s,
                 self.shortest_stay_s, self.reestablishment_s)  # fmt: skip
        if not all(0.0 <= time < math.inf for time in times):
            raise ValueError("times of a handover policy: must not be negative, and finite")
        if self.preparation_s + self.execution_s <= 0.0 or self.sample_s <= 0.0:
            raise ValueError("preparation_s + execution_s and sample_s: must be positive")
        if not -math.inf < self.q_out_db <= self.q_in_db < math.inf or self.filter_k < 0.0:
            raise ValueError("q_out_db: must not exceed q_in_db; filter_k: must not be negative")

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
            self.q_out_db,
            self.q_in_db,
            self.t310_s,
        )
