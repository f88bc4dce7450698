"""Rates of handover for simulations too coarse to see one: a table made by exact runs.

`tools/calibrate_handover.py` makes the table; between its corners rates are linear (spacing of
sites and handovers by their logarithm), outside of it those of the nearest corner count.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from twin.sim.mobility.policy import HandoverPolicy
from twin.sim.mobility.rate_table import AXES, RATES

__all__ = ["MobilityRates", "mobility_rates"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MobilityRates:
    """How often users change cells, and how often that goes wrong. Statistical.

    Parameters
    ----------
    handovers_per_km : float
        Handovers that succeed on a kilometre of one user. [1/km]
    ping_pong_share, soon_return_share : float
        Shares of handovers that go back to the old cell within 1 s, and within 5 s.
    failure_share : float
        Share of handovers tried that fail.
    link_losses_per_km : float
        Links lost outside of a handover on a kilometre. [1/km]
    """

    handovers_per_km: float = field(metadata={"unit": "1/km"})
    ping_pong_share: float
    soon_return_share: float
    failure_share: float
    link_losses_per_km: float = field(metadata={"unit": "1/km"})

    @property
    def lost_links_per_handover(self) -> float:
        """Links that fail, in a handover or outside of one, per handover that succeeds."""
        if self.handovers_per_km <= 0.0:
            return 0.0
        tried = self.handovers_per_km / max(1.0 - self.failure_share, 1e-9)
        return (tried * self.failure_share + self.link_losses_per_km) / self.handovers_per_km


def mobility_rates(
    isd_m: float,
    speed_m_s: float,
    *,
    load: float = 0.3,
    policy: HandoverPolicy | None = None,
) -> MobilityRates:
    """Look up rates.

    Parameters
    ----------
    isd_m : float
        Distance between sites. [m]  Must be > 0.
    speed_m_s : float
        Speed of the users. [m/s]
    load : float
        Share of time and band on the air in the cells around, 0 to 1.
    policy : HandoverPolicy, optional
        Hysteresis with offset, and time to trigger; the rest of it as in the table.

    Returns
    -------
    MobilityRates
        Statistical rates.

    Raises
    ------
    ValueError
        A distance that is not positive, a negative speed, a load outside 0 to 1.

    Notes
    -----
    Macro sites with three sectors over a city, 2.1 GHz, shadowing of TR 38.901 UMa, errors of
    measurement and residual fast fading of `HandoverPolicy`. The SINR does not fade: links lost
    to fast fading alone are missing.
    """
    if not 0.0 < isd_m < math.inf or not 0.0 <= speed_m_s < math.inf or not 0.0 <= load <= 1.0:
        raise ValueError(f"isd_m {isd_m}, speed_m_s {speed_m_s} or load {load} is out of range")
    rules = policy or HandoverPolicy()
    asked = {
        "load": load,
        "isd_m": isd_m,
        "speed_km_h": 3.6 * speed_m_s,
        "hysteresis_db": rules.offset_db + rules.hysteresis_db,
        "time_to_trigger_s": rules.time_to_trigger_s,
    }
    sides = [_between(AXES[name], value, is_log=name == "isd_m") for name, value in asked.items()]
    found = [0.0] * 5
    for corner in itertools.product(*sides):
        weight = math.prod(share for _, share in corner)
        handovers, *rest = RATES[_row([i for i, _ in corner])]
        for k, rate in enumerate((math.log(handovers), *rest)):
            found[k] += weight * rate
    return MobilityRates(
        handovers_per_km=math.exp(found[0]),
        ping_pong_share=found[1],
        soon_return_share=found[2],
        failure_share=found[3],
        link_losses_per_km=found[4],
    )


def _between(
    axis: Sequence[float], value: float, *, is_log: bool
) -> tuple[tuple[int, float], tuple[int, float]]:
    """Two neighbours on an axis and their weights."""
    places = [math.log(place) for place in axis] if is_log else list(axis)
    at = min(max(math.log(value) if is_log else value, places[0]), places[-1])
    i = max(k for k in range(len(axis) - 1) if places[k] <= at)
    share = (at - places[i]) / (places[i + 1] - places[i])
    return (i, 1.0 - share), (i + 1, share)


def _row(corner: Sequence[int]) -> int:
    row = 0
    for index, axis in zip(corner, AXES.values(), strict=True):
        row = row * len(axis) + index
    return row
