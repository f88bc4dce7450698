"""How often handovers go wrong, by the way people move: statistics for ticks of 10 s."""

from __future__ import annotations

from dataclasses import dataclass, field

from twin.sim.cellular.assumptions import assumed

__all__ = ["HandoverRates"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverRates:
    """Rates of a dynamic run with ticks of 40 ms, used where a tick is 10 s.

    Parameters
    ----------
    ping_pong : tuple of float
        Share of handovers that go back to the old cell within 1 s: on foot, by car, by tram. Those
        who stay at one place change cells only as the network changes, and never go back at once.
    radio_link_failure : tuple of float
        Radio-link failures per handover, in the same order.
    reestablished : float
        Share of failed links whose connection goes on at another cell.
    source : str
        Where the rates come from.
    """

    ping_pong: tuple[float, float, float] = field(
        default_factory=lambda: (
            assumed("ping_pong_pedestrian"),
            assumed("ping_pong_car"),
            assumed("ping_pong_tram"),
        )
    )
    radio_link_failure: tuple[float, float, float] = field(
        default_factory=lambda: (assumed("rlf_pedestrian"), assumed("rlf_car"), assumed("rlf_tram"))
    )
    reestablished: float = field(default_factory=lambda: assumed("reestablished"))
    source: str = "assumed; not calibrated by a dynamic run"
