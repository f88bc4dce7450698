"""Hours of service and what a service level agreement counts."""

from __future__ import annotations

from datetime import timedelta

from twin.sim.clock import Clock
from twin.sim.egov_backbone.assumptions import value
from twin.sim.holidays import is_workday

__all__ = ["ServiceMeter", "service_s"]


def service_s(clock: Clock, from_s: float, to_s: float) -> float:
    """Count the seconds of a span that lie in the agreed hours of service.

    Parameters
    ----------
    clock : Clock
        Local time.
    from_s, to_s : float
        Begin and end. [s]

    Returns
    -------
    float
        Seconds between 7 and 18 h, Monday to Friday, public holidays excepted. [s]
    """
    total_s = 0.0
    day = clock.local(from_s).replace(hour=12, minute=0, second=0, microsecond=0)
    begin_min, end_min = round(60 * value("sla_from_h")), round(60 * value("sla_to_h"))
    while True:
        begin_s = clock.seconds_on(day, begin_min)
        if begin_s >= to_s:
            return total_s
        if is_workday(day.date()):
            end_s = clock.seconds_on(day, end_min)
            total_s += max(min(end_s, to_s) - max(begin_s, from_s), 0.0)
        day += timedelta(days=1)


class ServiceMeter:
    """How long a service worked within the agreed hours.

    Parameters
    ----------
    clock : Clock
        Local time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since_s = 0.0
        self.is_up = True
        self.agreed_s = 0.0
        self.up_s = 0.0
        self.failures = 0

    def change(self, now_s: float, *, is_up: bool) -> None:
        """Take note of the state from now on; ask it before reading the sums."""
        span_s = service_s(self._clock, self._since_s, now_s)
        self.agreed_s += span_s
        self.up_s += span_s if self.is_up else 0.0
        self.failures += int(self.is_up and not is_up)
        self._since_s, self.is_up = now_s, is_up

    def availability_percent(self) -> float:
        """Share of the agreed hours with service; 100 before the first of them. [%]."""
        return 100.0 * self.up_s / self.agreed_s if self.agreed_s else 100.0
