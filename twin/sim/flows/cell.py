"""A cell as a server that all transfers share: equal time for each, at its own rate.

Egalitarian processor sharing is what proportional fairness comes to over times long against fading.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field

from twin.sim.kernel import Due, Kernel

__all__ = ["FlowCell"]


@dataclass(slots=True, order=True)
class _Flow:
    """A transfer: done once every flow of the cell got `end_s` seconds of time since the start."""

    end_s: float
    number: int
    size_bit: float = field(compare=False)
    rate_bps: float = field(compare=False)
    since_s: float = field(compare=False)


class FlowCell:
    """Transfers in a cell.

    Parameters
    ----------
    kernel : Kernel
        Simulated time.
    name : str
        Who it is, in errors.
    most_flows : int, optional
        Transfers beyond so many are turned away.

    Notes
    -----
    The cell keeps the time each flow got alone since the start. It grows by 1/n of simulated time
    while n flows are there, and a flow of size s and rate r is done s/r later: one event for each
    flow, whatever n is.

    References
    ----------
    .. [1] L. Kleinrock, Queueing Systems, vol. 2 (1976), 4.4: processor sharing.
    """

    def __init__(self, kernel: Kernel, name: str, *, most_flows: int | None = None) -> None:
        self.kernel, self.name, self._most = kernel, name, most_flows
        self._flows: list[_Flow] = []
        self._due: Due | None = None
        self._is_on = True
        self._got_s = 0.0
        self._seen_s = kernel.now_s
        self._sum_rate_bps = 0.0
        self._number = 0
        self.offered_bit = self.delivered_bit = self.dropped_bit = 0.0
        self.n_offered = self.n_served = self.n_dropped = 0
        self.busy_s = self.flow_s = 0.0
        self.delay_s: list[float] = []
        self.ideal_s: list[float] = []

    @property
    def n_flows(self) -> int:
        """Transfers there are now."""
        return len(self._flows)

    @property
    def queued_bit(self) -> float:
        """What is still to be sent. [bit]."""
        self._pass_time()
        return math.fsum((flow.end_s - self._got_s) * flow.rate_bps for flow in self._flows)

    def arrive(self, size_bit: float, rate_bps: float) -> bool:
        """Begin a transfer.

        Parameters
        ----------
        size_bit : float
            What is to be sent. [bit]
        rate_bps : float
            Rate if the user had the cell alone. [bit/s]

        Returns
        -------
        bool
            False if it was turned away: there are too many, or the cell is off.

        Raises
        ------
        ValueError
            A size or rate that is not positive and finite.
        """
        if not 0.0 < size_bit < math.inf or not 0.0 < rate_bps < math.inf:
            raise ValueError(f"{self.name}: transfer of {size_bit} bit at {rate_bps} bit/s")
        self._pass_time()
        self.n_offered += 1
        self.offered_bit += size_bit
        if not self._is_on or (self._most is not None and self.n_flows >= self._most):
            self.n_dropped += 1
            self.dropped_bit += size_bit
            return False
        self._number += 1
        end_s = self._got_s + size_bit / rate_bps
        flow = _Flow(end_s, self._number, size_bit, rate_bps, self.kernel.now_s)
        heapq.heappush(self._flows, flow)
        self._sum_rate_bps += rate_bps
        self._expect()
        return True

    def switch(self, *, is_on: bool) -> None:
        """Turn the cell on or off; what is under way when it goes off is lost."""
        self._pass_time()
        if not is_on:
            left = [(flow.end_s - self._got_s) * flow.rate_bps for flow in self._flows]
            self.dropped_bit += math.fsum(left)
            self.n_dropped += len(left)
            self._flows.clear()
            self._sum_rate_bps = 0.0
        self._is_on = is_on
        self._expect()

    def check_invariants(self) -> None:
        """Raise `AssertionError` unless offered is delivered, dropped and queued."""
        queued_bit = self.queued_bit
        gap = self.offered_bit - self.delivered_bit - self.dropped_bit - queued_bit
        if abs(gap) > 1e-6 * max(1.0, self.offered_bit):
            raise AssertionError(
                f"{self.name}: {gap} bit of {self.offered_bit} are unaccounted for"
            )
        if self.n_offered != self.n_served + self.n_dropped + self.n_flows:
            raise AssertionError(f"{self.name}: {self.n_offered} transfers do not add up")

    def _pass_time(self) -> None:
        """Share the time since the last event."""
        passed_s = self.kernel.now_s - self._seen_s
        self._seen_s = self.kernel.now_s
        if not self._flows or passed_s <= 0.0:
            return
        each_s = passed_s / len(self._flows)
        self._got_s += each_s
        self.delivered_bit += self._sum_rate_bps * each_s
        self.busy_s += passed_s
        self.flow_s += passed_s * len(self._flows)

    def _expect(self) -> None:
        """Schedule the next end."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if self._flows:
            left_s = max(0.0, self._flows[0].end_s - self._got_s) * len(self._flows)
            self._due = self.kernel.after(left_s, self.name, self._finish)

    def _finish(self) -> None:
        self._due = None
        self._pass_time()
        flow = heapq.heappop(self._flows)
        # the clock is rounded: what is left or over of this flow is a matter of the last digit
        self.delivered_bit += (flow.end_s - self._got_s) * flow.rate_bps
        self._sum_rate_bps = self._sum_rate_bps - flow.rate_bps if self._flows else 0.0
        self.n_served += 1
        self.delay_s.append(self.kernel.now_s - flow.since_s)
        self.ideal_s.append(flow.size_bit / flow.rate_bps)
        if not self._flows:
            self._got_s = 0.0
        self._expect()
