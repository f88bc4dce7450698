"""Laws of conservation for any traffic: offered = delivered + dropped + queued; every flow ends."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.sim.flows import FlowCell
from twin.sim.kernel import Kernel

arrivals = st.lists(
    st.tuples(
        st.floats(0.0, 100.0),
        st.floats(1.0, 1e9),
        st.floats(1e5, 1e9),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(
    flows=arrivals,
    looks=st.lists(st.floats(0.0, 200.0), max_size=5),
    most=st.one_of(st.none(), st.integers(1, 5)),
    off=st.one_of(st.none(), st.tuples(st.floats(0.0, 100.0), st.floats(0.1, 50.0))),
)
def test_no_bit_is_lost_and_every_transfer_ends(flows, looks, most, off):
    kernel = Kernel()
    cell = FlowCell(kernel, "cell", most_flows=most)
    for time_s, size_bit, rate_bps in flows:
        kernel.at(time_s, "user", cell.arrive, size_bit, rate_bps)
    if off:
        kernel.at(off[0], "crew", switch, cell, False)
        kernel.at(off[0] + off[1], "crew", switch, cell, True)
    for look_s in sorted(looks):
        kernel.advance(look_s)
        cell.check_invariants()
        assert cell.queued_bit >= 0.0
    kernel.advance(1e6)
    cell.check_invariants()
    assert cell.n_flows == 0
    assert cell.queued_bit == 0.0
    assert cell.n_served + cell.n_dropped == len(flows)
    assert cell.n_served == len(cell.delay_s)
    # nobody is served faster than alone, and the cell is never busier than time allows
    assert all(t >= ideal * (1 - 1e-9) - 1e-9
               for t, ideal in zip(cell.delay_s, cell.ideal_s, strict=True))  # fmt: skip
    if not off and most is None:
        assert cell.delivered_bit == pytest.approx(math.fsum(size for _, size, _ in flows))


def switch(cell, is_on):
    cell.switch(is_on=is_on)


def test_two_transfers_share_and_the_shorter_leaves_first():
    kernel = Kernel()
    cell = FlowCell(kernel, "cell")
    cell.arrive(10.0, 1.0)
    cell.arrive(4.0, 1.0)
    kernel.advance(100.0)
    # both at half the rate until 8 s, then the longer one has 6 bits left
    assert cell.delay_s == pytest.approx([8.0, 14.0])
    assert cell.busy_s == pytest.approx(14.0)


def test_invariants_speak_up():
    cell = FlowCell(Kernel(), "cell-3")
    cell.offered_bit = 5.0
    with pytest.raises(AssertionError, match="cell-3"):
        cell.check_invariants()
    cell.offered_bit, cell.n_offered = 0.0, 1
    with pytest.raises(AssertionError, match="do not add up"):
        cell.check_invariants()
