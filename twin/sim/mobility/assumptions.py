"""Figures of handover that nobody measured in this city, each in one place."""

from __future__ import annotations

from twin.model.assumptions import reader_of
from twin.model.city import Assumption

__all__ = ["ASSUMPTIONS", "assumed"]


def _figure(key: str, value: float, unit: str, mark: str, source: str) -> Assumption:
    return Assumption(
        key=f"mobility.{key}", value=value, unit=unit, mark=mark, source=source, used_by="mobility"
    )


_NS3 = "ns-3 a3-rsrp-handover-algorithm.cc, default"
_TR36839 = "TR 36.839, from memory"

ASSUMPTIONS: tuple[Assumption, ...] = (
    _figure("a3_hysteresis_db", 3.0, "dB", "R", _NS3),
    _figure("time_to_trigger_s", 0.256, "s", "R", _NS3),
    _figure("handover_preparation_s", 0.05, "s", "K", _TR36839),
    _figure("handover_execution_s", 0.04, "s", "K", _TR36839),
    _figure("shortest_stay_s", 1.0, "s", "K", _TR36839 + ": a return sooner is a ping-pong"),
    _figure("soon_s", 5.0, "s", "K", "a return sooner counts as a needless handover"),
    _figure("t310_s", 1.0, "s", "K", _TR36839),
    _figure("q_out_db", -8.0, "dB", "K", _TR36839),
    _figure("q_in_db", -6.0, "dB", "K", _TR36839),
    _figure(
        "reestablishment_s", 0.2, "s", "K",
        "cell selection, random access and RRC re-establishment; a guess",
    ),
    _figure(
        "l3_filter_coefficient", 4.0, "1", "K",
        "TS 36.331 5.5.3.2: default fc4, half of a new sample each 200 ms",
    ),
    _figure("l1_sample_s", 0.2, "s", "K", "TS 36.133: measurement period of RSRP without gaps"),
    _figure(
        "measurement_error_db", 1.216, "dB", "K",
        "TS 36.133 9.1.2: relative accuracy 2 dB, as the middle 90 % of a normal law; from memory",
    ),
    _figure("l1_looks", 5.0, "1", "K", "a terminal looks at a neighbour each 40 ms or so"),
    _figure(
        "l1_branches", 3.0, "1", "K", "two antennas, and 1.1 MHz holds one and a half fades"
    ),
)  # fmt: skip
"""All of them; marks as in `twin.model.city.Assumption`."""

assumed = reader_of("mobility", ASSUMPTIONS)
"""Reads a figure by its key without ``mobility.``, in the unit given above."""
