"""From SINR to rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.radio.link.throughput import (
    efficiency_bps_hz,
    rank_efficiency_bps_hz,
    resource_elements_per_s,
    throughput_bps,
)

NR = {"technology": "nr", "bandwidth_hz": 90e6, "scs_hz": 30e3, "mimo_layers": 4}


@given(st.floats(-30, 50), st.floats(0, 10), st.sampled_from([1, 2]))
def test_better_signal_is_never_slower(sinr, more, table):
    slow, fast = efficiency_bps_hz([sinr, sinr + more], table)
    assert 0 <= slow <= fast <= 7.4064
    slow, fast = rank_efficiency_bps_hz([sinr, sinr + more], 4, table)
    assert slow <= fast


@given(st.floats(-30, 50), st.integers(1, 7), st.sampled_from([1, 2]))
def test_a_further_layer_never_harms_and_never_beats_shannon(sinr, n_layers, table):
    fewer, more = (rank_efficiency_bps_hz(sinr, n, table) for n in (n_layers, n_layers + 1))
    assert fewer <= more
    n = n_layers + 1
    assert more <= n * np.log2(1 + 10 ** (sinr / 10) / n) + 1e-12


def test_efficiency_ends_below_ten_decibels_under_noise():
    assert efficiency_bps_hz(-10.1) == 0.0
    assert efficiency_bps_hz(-9.9) > 0.0
    with pytest.raises(ValueError, match="no curve"):
        efficiency_bps_hz(0.0, 3)
    with pytest.raises(ValueError, match="less than 1"):
        rank_efficiency_bps_hz(0.0, 0)


def test_peak_rate_is_that_of_the_formula_of_ts_38_306():
    """Four layers, 245 blocks of 30 kHz, 256-QAM 948/1024, 14 % overhead, all slots downlink."""
    peak = throughput_bps(np.array([45.0], np.float32), **NR)
    symbol_s = 1e-3 / (14 * 2)
    assert peak[0] == pytest.approx(4 * 8 * 948 / 1024 * 245 * 12 / symbol_s * (1 - 0.14), rel=1e-6)
    assert resource_elements_per_s("lte", 20e6, 15e3) == 100 * 12 * 14 * 1000


@given(st.floats(-20, 45), st.integers(1, 4))
def test_read_off_curve_equals_the_function(sinr, n_layers):
    sinr = np.float32(np.round(sinr, 2))
    rate = throughput_bps(np.array([sinr]), **(NR | {"mimo_layers": n_layers}))[0]
    scale = resource_elements_per_s("nr", 90e6, 30e3) * 0.86
    low, high = (
        scale * rank_efficiency_bps_hz(float(sinr) + step, n_layers) for step in (-0.02, 0.02)
    )
    assert low * (1 - 1e-5) <= rate <= high * (1 + 1e-5)


def test_load_takes_its_share_and_no_signal_is_no_rate():
    sinr = np.array([20.0, np.nan, -30.0], np.float32)
    full, half, none = (throughput_bps(sinr, **NR, load=load) for load in (0.0, 0.5, 1.0))
    assert half[0] == pytest.approx(full[0] / 2)
    assert full[1] == full[2] == 0.0
    assert (none == 0.0).all()
    assert full.dtype == np.float32
