"""The ledger agrees with a plain list of interruptions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.sim.dependencies.ledger import Ledger

changes = st.lists(
    st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 1000)), min_size=1, max_size=30
)


def test_it_begins_with_nothing_out():
    ledger = Ledger(np.array([10.0, 20.0]))
    assert ledger.customers_out() == 0.0
    assert ledger.longest_until_s(100.0) == 0.0


@given(changes)
def test_it_agrees_with_a_list_of_interruptions(changes):
    ledger = Ledger(np.array([10.0, 20.0, 30.0, 40.0]))
    began: dict[int, float] = {}
    lasted: list[tuple[int, float]] = []
    now_s = 0.0
    for unit, goes_out, gap_s in changes:
        now_s += gap_s
        if goes_out:
            ledger.put_out(np.array([unit]), now_s)
            began.setdefault(unit, now_s)
        else:
            ledger.put_in(np.array([unit]), now_s)
            if unit in began:
                lasted.append((unit, now_s - began.pop(unit)))
    everything = lasted + [(unit, now_s - since_s) for unit, since_s in began.items()]
    for unit in range(4):
        mine = [s for u, s in everything if u == unit]
        assert ledger.lost_s(now_s)[unit] == pytest.approx(sum(mine))
        assert ledger.counted_s(now_s)[unit] == pytest.approx(sum(s for s in mine if s > 180.0))
        assert ledger.counted(now_s)[unit] == sum(s > 180.0 for s in mine)
    assert ledger.longest_until_s(now_s) == max((s for _, s in everything), default=0.0)
    assert ledger.customers_out() == sum(10.0 * (unit + 1) for unit in began)
