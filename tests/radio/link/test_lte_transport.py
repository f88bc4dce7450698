"""Transport blocks of LTE: published sizes, peak rates, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.errors import ModelRangeError
from twin.radio.link import lte_transport
from twin.radio.link.lte_tbs import TRANSPORT_BLOCK_BITS
from twin.radio.link.overhead import lte_downlink_overhead
from twin.radio.link.throughput import MCS_TABLES

mcs_and_blocks = st.tuples(st.integers(0, 28), st.integers(1, 110))


@pytest.mark.parametrize(
    ("mcs", "blocks", "bits"),
    [(0, 1, 16), (6, 1, 328), (28, 6, 4392), (28, 15, 11064), (28, 25, 18336), (28, 50, 36696),
     (28, 75, 55056), (28, 100, 75376), (28, 110, 75376), (9, 50, 7992), (10, 50, 7992),
     (17, 100, 30576), (0, 100, 2792)],
)  # fmt: skip
def test_sizes_are_those_of_the_table(mcs, blocks, bits):
    assert lte_transport.lte_transport_block_bits(mcs, blocks) == bits


def test_the_table_rises_with_index_and_blocks():
    table = TRANSPORT_BLOCK_BITS.astype(int)
    assert np.all(np.diff(table, axis=1)[np.arange(27) != 6] >= 0)
    assert np.all(np.diff(table[6, 1:]) >= 0)  # one block of index 6 has 328 bit, for speech
    assert np.all(np.diff(table[:, 1:], axis=0) > 0)
    assert np.all(table % 8 == 0)


def test_the_peak_rate_of_category_3_and_4():
    """Two codewords of 75,376 bit in each millisecond: 150 Mbit/s at 20 MHz."""
    assert lte_transport.lte_rate_bps(28, 100, layers=2) == 150.752e6
    assert lte_transport.lte_rate_bps(20, 100, "uplink") == pytest.approx(43.816e6)


def test_tables_of_both_directions_change_modulation_where_the_standard_does():
    mcs = np.arange(29)
    down = lte_transport.lte_modulation_order(mcs)
    up = lte_transport.lte_modulation_order(mcs, "uplink")
    assert np.flatnonzero(np.diff(down)).tolist() == [9, 16]
    assert np.flatnonzero(np.diff(up)).tolist() == [10, 20]
    for direction, order in (("downlink", down), ("uplink", up)):
        index = lte_transport.lte_tbs_index(mcs, direction)
        assert index[0] == 0
        assert index[-1] == 26
        assert np.array_equal(np.diff(index) == 0, np.diff(order) > 0)  # the size stays


@given(mcs_and_blocks, st.sampled_from(["downlink", "uplink"]))
def test_a_higher_scheme_never_carries_less(pair, direction):
    mcs, blocks = pair
    if (mcs, blocks) in {(6, 1), (7, 1)}:
        return
    lower = max(mcs - 1, 0) if blocks > 1 else 0
    sizes = lte_transport.lte_transport_block_bits([lower, mcs], blocks, direction)
    assert sizes[0] <= sizes[1]


def test_sizes_lie_near_the_efficiencies_nr_took_over():
    """Sizes are made for 120 resource elements of data; NR's first MCS table kept the steps."""
    order, rate = np.array(MCS_TABLES[1][:28]).T
    bits = lte_transport.lte_transport_block_bits(np.arange(28), 100)
    assert bits / (120 * 100) == pytest.approx(order * rate / 1024, rel=0.025)


def test_code_rate_stays_under_what_a_terminal_must_decode():
    overhead = lte_downlink_overhead(100, ports=2, control_symbols=1)
    rates = lte_transport.lte_code_rate(np.arange(29), 100, overhead)
    assert rates[27] < 0.93
    assert np.all(rates > 0.09)


@pytest.mark.parametrize(
    ("args", "what"),
    [((29, 10), "MCS"), (([3, -1], 10), r"MCS\[1\]"), ((3, 0), "resource blocks"),
     ((3, [1, 111]), r"resource blocks\[1\]")],
)  # fmt: skip
def test_what_the_tables_do_not_have_is_refused(args, what):
    with pytest.raises(ModelRangeError, match=what):
        lte_transport.lte_transport_block_bits(*args)


def test_what_is_no_index_is_refused():
    with pytest.raises(ValueError, match="whole"):
        lte_transport.lte_transport_block_bits(2.5, 10)
    with pytest.raises(ValueError, match="direction: 'side'"):
        lte_transport.lte_tbs_index(3, "side")
    with pytest.raises(ModelRangeError, match="layers"):
        lte_transport.lte_rate_bps(3, 10, layers=4)
    with pytest.raises(ModelRangeError, match="overhead"):
        lte_transport.lte_code_rate(3, 10, 1.0)
