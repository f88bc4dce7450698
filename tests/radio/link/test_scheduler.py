"""Shares of a loaded cell, and resource elements without data."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.errors import ModelRangeError
from twin.radio.link import overhead, scheduler

rates = st.lists(st.floats(1e3, 1e9), min_size=1, max_size=20)


@given(rates, st.floats(0, 50))
def test_shares_add_up_to_one(users, fairness):
    share = scheduler.fair_time_shares(users, fairness)
    assert share.sum() == pytest.approx(1.0)
    assert np.all(share >= 0)


@given(rates)
def test_proportional_fairness_is_equal_time(users):
    assert scheduler.fair_time_shares(users) == pytest.approx(1 / len(users))


@given(rates)
def test_infinite_fairness_is_equal_rate(users):
    got = scheduler.fair_rates_bps(users, math.inf)
    assert got == pytest.approx(1 / np.sum(1 / np.array(users)))


def test_no_fairness_serves_the_fastest():
    assert scheduler.fair_time_shares([1e6, 3e6, 3e6], 0).tolist() == [0, 0.5, 0.5]


@given(st.lists(st.floats(1e4, 1e8), min_size=2, max_size=8), st.floats(0.3, 5))
def test_more_fairness_costs_the_sum_and_helps_the_slowest(users, fairness):
    before = scheduler.fair_rates_bps(users, fairness)
    after = scheduler.fair_rates_bps(users, 2 * fairness)
    assert after.sum() <= before.sum() * (1 + 1e-9)
    assert after.min() >= before.min() * (1 - 1e-9)


def test_diversity_gain_is_the_mean_of_the_greatest():
    assert scheduler.diversity_gain(1) == 1
    assert scheduler.diversity_gain(4) == pytest.approx(25 / 12)
    drawn = np.random.default_rng(1).exponential(size=(200_000, 4)).max(axis=1).mean()
    assert scheduler.diversity_gain(4) == pytest.approx(drawn, rel=0.01)


def test_gain_of_diversity_stops_at_the_peak():
    got = scheduler.fair_rates_bps([1e6, 9e6], has_diversity=True, peak_bps=10e6)
    assert got.tolist() == [0.75e6, 5e6]


def test_a_user_without_rate_gets_no_time():
    assert scheduler.fair_time_shares([0.0, 1e6]).tolist() == [0, 1]


def test_a_further_user_shares_with_the_others_while_they_talk():
    assert scheduler.further_user_bps(12e6, [0, 1, 2]).tolist() == [12e6, 6e6, 4e6]
    assert scheduler.further_user_bps(12e6, 2, load=0.5) == pytest.approx(8e6)


@pytest.mark.parametrize("bad", [[], [np.nan], [0.0], [[1.0]]])
def test_bad_rates_are_refused(bad):
    with pytest.raises(ValueError, match="rate"):
        scheduler.fair_time_shares(bad)


def test_values_outside_are_refused():
    with pytest.raises(ModelRangeError, match=r"\[1\]"):
        scheduler.fair_time_shares([1.0, -1.0])
    with pytest.raises(ModelRangeError, match="fairness"):
        scheduler.fair_time_shares([1.0], -1)
    with pytest.raises(ModelRangeError, match="users"):
        scheduler.diversity_gain(0)
    with pytest.raises(ModelRangeError, match="load"):
        scheduler.further_user_bps(1.0, 1, load=1.5)
    with pytest.raises(ValueError, match="negative"):
        scheduler.further_user_bps(1.0, -1)


def test_peak_rate_of_a_100_mhz_carrier_is_as_published():
    assert overhead.nr_peak_rate_bps(100e6, 30e3) == pytest.approx(2.337e9, rel=1e-3)


def test_lte_overhead_counts_by_hand():
    # two ports, two symbols, 50 blocks: 24 + 12 per pair, 288 + 264 in the centre
    assert overhead.lte_downlink_overhead(50) == pytest.approx((36 * 500 + 552) / 84000)
    assert overhead.lte_downlink_overhead(50, 4, 1) == pytest.approx((32 * 500 + 528) / 84000)
    assert overhead.lte_downlink_overhead(6, 1, 4) == pytest.approx((54 * 60 + 564) / 10080)


@given(st.integers(11, 99), st.sampled_from([1, 2, 4]), st.integers(1, 2))
def test_wider_carriers_and_fewer_symbols_waste_less(n, ports, symbols):
    now = overhead.lte_downlink_overhead(n, ports, symbols)
    assert overhead.lte_downlink_overhead(n + 1, ports, symbols) < now
    assert overhead.lte_downlink_overhead(n, ports, symbols + 1) > now


@pytest.mark.parametrize("arguments", [(5,), (101,), (50, 3), (50, 2, 4), (6, 2, 1)])
def test_carriers_the_standard_does_not_have_are_refused(arguments):
    with pytest.raises(ModelRangeError):
        overhead.lte_downlink_overhead(*arguments)


def test_peak_rates_the_standard_does_not_have_are_refused():
    with pytest.raises(ModelRangeError, match="layers"):
        overhead.nr_peak_rate_bps(100e6, 30e3, layers=9)
    with pytest.raises(ModelRangeError, match="order"):
        overhead.nr_peak_rate_bps(100e6, 30e3, order=5)
    with pytest.raises(ValueError, match="direction"):
        overhead.nr_peak_rate_bps(100e6, 30e3, direction="side")


@given(st.lists(st.floats(1e3, 1e9), min_size=1, max_size=8), st.floats(-3, 3))
def test_weighted_shares_give_the_rates_of_crrm(rates, p):
    """CRRM: a S^(1 - p), a = bandwidth / sum(S^-p)."""
    rate = np.array(rates)
    expected = rate ** (1 - p) / np.sum(rate**-p)
    assert scheduler.weighted_time_shares(rates, p) * rate == pytest.approx(expected, rel=1e-9)


@given(st.lists(st.floats(1e3, 1e9), min_size=1, max_size=8), st.floats(0.1, 20))
def test_weights_under_one_are_alpha_fair(rates, fairness):
    ours = scheduler.weighted_time_shares(rates, 1.0 - 1.0 / fairness)
    assert ours == pytest.approx(scheduler.fair_time_shares(rates, fairness), rel=1e-6, abs=1e-12)


def test_weights_leave_out_who_has_no_rate():
    assert scheduler.weighted_time_shares([0.0, 1e6, 1e6], 2.0).tolist() == [0.0, 0.5, 0.5]
    with pytest.raises(ValueError, match="exponent"):
        scheduler.weighted_time_shares([1.0], np.nan)
    with pytest.raises(ValueError, match="no user"):
        scheduler.weighted_time_shares([0.0], 1.0)
    with pytest.raises(ModelRangeError, match=r"rate \[bit/s\]\[1\]"):
        scheduler.weighted_time_shares([1.0, -1.0], 1.0)
