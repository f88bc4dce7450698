"""Uplink: power control, SINR, rate and balance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.errors import ModelError, ModelRangeError
from twin.radio.link import uplink
from twin.radio.link.uplink import PRESETS

names = st.sampled_from(sorted(PRESETS))
losses = st.floats(40, 180)


def test_power_follows_the_formula_below_the_limit():
    # 4 blocks of 30 kHz: -80 + 10 log10(8) + 0.8 * 100
    assert uplink.terminal_power_dbm(100.0, PRESETS["nr"]) == pytest.approx(9.0309, abs=1e-4)


@given(names, losses, st.floats(0, 30))
def test_power_rises_with_loss_up_to_the_limit(name, loss, more):
    ends = PRESETS[name]
    first, second = uplink.terminal_power_dbm([loss, loss + more], ends)
    assert first <= second <= ends.terminal_power_dbm
    assert (uplink.power_headroom_db(loss, ends) <= 0) == (first == ends.terminal_power_dbm)


@given(names, losses, st.floats(0.1, 30))
def test_more_loss_never_helps(name, loss, more):
    ends = PRESETS[name]
    sinr = uplink.uplink_sinr_db([loss, loss + more], ends)
    assert sinr[1] <= sinr[0] + 1e-9
    covered = uplink.is_covered([loss, loss + more], ends)
    assert covered[0] >= covered[1]


def test_full_compensation_keeps_the_sinr_until_the_limit():
    ends = replace(PRESETS["lte"], alpha=1.0)
    sinr = uplink.uplink_sinr_db([60.0, 70.0, 80.0], ends)
    assert np.ptp(sinr) == pytest.approx(0.0, abs=1e-9)


@given(names, losses)
def test_balance_is_the_difference_of_margins(name, loss):
    ends = PRESETS[name]
    gap = uplink.uplink_margin_db(loss, ends) - uplink.downlink_margin_db(loss, ends)
    assert uplink.balance_db(ends) == pytest.approx(float(gap), abs=1e-9)


def test_the_uplink_of_a_cell_ends_first():
    assert uplink.balance_db(PRESETS["nr"]) < 0
    assert uplink.balance_db(PRESETS["lte"]) < 0
    assert uplink.balance_db(PRESETS["lora"]) == pytest.approx(0.0)


def test_a_strong_terminal_reaches_farther():
    weak = replace(PRESETS["lte450"], terminal_power_dbm=23.0)
    gain = uplink.uplink_margin_db(150, PRESETS["lte450"]) - uplink.uplink_margin_db(150, weak)
    assert gain == pytest.approx(8.0)


def test_rates_fall_with_loss_and_end():
    for name in ("nr", "lte", "lte450"):
        rate = uplink.uplink_rate_bps(np.linspace(80, 190, 30), PRESETS[name])
        assert np.all(np.diff(rate) <= 1e-6)
        assert rate[0] > 0
    assert uplink.uplink_rate_bps(200.0, PRESETS["nr"]) == 0


def test_noise_rise_costs_its_decibels():
    ends = PRESETS["lte"]
    assert uplink.uplink_sinr_db(150, ends) - uplink.uplink_sinr_db(150, ends, 3.0) == (
        pytest.approx(3.0)
    )


def test_shapes_broadcast():
    assert uplink.uplink_sinr_db(np.full((3, 1), 120.0), PRESETS["nr"], [0, 3]).shape == (3, 2)


def test_bad_inputs_are_refused():
    with pytest.raises(ValueError, match=r"coupling loss \[dB\]\[1\]"):
        uplink.uplink_sinr_db([100.0, np.nan], PRESETS["nr"])
    with pytest.raises(ModelRangeError, match="alpha"):
        uplink.terminal_power_dbm(100.0, replace(PRESETS["nr"], alpha=1.2))
    with pytest.raises(ModelRangeError, match="resource blocks"):
        uplink.uplink_sinr_db(100.0, replace(PRESETS["lte"], uplink_blocks=101))
    with pytest.raises(ModelError, match="lora"):
        uplink.uplink_rate_bps(100.0, PRESETS["lora"])


@given(names, st.floats(0, 10), st.floats(0, 10))
def test_a_place_is_covered_up_to_the_lesser_of_both_losses(name, up_rise, down_rise):
    ends = PRESETS[name]
    most = min(uplink.max_coupling_loss_db(ends, up_rise, down_rise))
    near = most + np.array([-0.01, 0.01])
    assert uplink.is_covered(near, ends, up_rise, down_rise).tolist() == [True, False]


def test_losses_that_the_presets_bear():
    """LoRa: 14 dBm over -174 + 51 + 6 dBm of noise, less 20 dB."""
    up_db, down_db = uplink.max_coupling_loss_db(PRESETS["lora"])
    assert up_db == pytest.approx(14 + 173.975 - 50.969 - 6 + 20, abs=0.01)
    assert up_db == down_db
    assert uplink.max_coupling_loss_db(PRESETS["lte450"])[0] == pytest.approx(149.4, abs=0.1)
