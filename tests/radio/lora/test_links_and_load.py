"""LoRa links, rate adaptation, and the load a gateway bears."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.errors import ModelRangeError
from twin.radio.lora import adr, aloha, link
from twin.radio.lora.airtime import symbol_s, time_on_air_s

# LoRaSim by M. Bor and T. Voigt (CC BY 4.0), adwaitnd/lorasim at 392d23a with one channel
# restored: 20 byte at SF12 4/8, mean 1000 s between frames, 6e7 ms, mean of three seeds:
# devices, delivered without and with the full collision check (6 dB capture)
LORASIM = (
    (50, 0.849, 0.946), (100, 0.709, 0.891), (120, 0.669, 0.875), (200, 0.503, 0.796),
    (400, 0.250, 0.639), (800, 0.064, 0.435), (1000, 0.032, 0.364), (1600, 0.004, 0.234),
)  # fmt: skip
AIR_S = 1.7121


def test_the_frame_of_the_simulation_lasts_as_long():
    assert time_on_air_s(20, 12, coding_rate=4) == pytest.approx(AIR_S, abs=1e-4)


@pytest.mark.parametrize(("n", "plain", "captured"), LORASIM)
def test_losses_are_those_of_lorasim(n, plain, captured):
    g = aloha.load(n, AIR_S, 1000.0)
    assert aloha.delivery(g) == pytest.approx(plain, abs=0.01)
    # There only a later frame destroys an earlier one (the mark of the arriving frame is
    # overwritten), and three symbols of its preamble may overlap.
    window = 1.0 - 3.0 * float(symbol_s(12)) / AIR_S
    ours = aloha.delivery_with_capture(
        g, exponent=aloha.LORASIM_EXPONENT, vulnerable_airtimes=window
    )
    assert ours == pytest.approx(captured, abs=0.02)


@pytest.mark.parametrize("n", [50, 400, 1600])
def test_drawn_frames_agree_with_the_closed_form(n):
    rng = np.random.default_rng(7)
    g = aloha.load(n, AIR_S, 1000.0)
    drawn = [aloha.simulate_delivery(n, AIR_S, 1000.0, n_periods=60, rng=rng) for _ in range(5)]
    assert np.mean(drawn) == pytest.approx(float(aloha.delivery_with_capture(g)), abs=0.02)


@given(st.floats(0, 20), st.floats(2, 5), st.floats(0, 20))
def test_capture_never_makes_it_worse(g, exponent, capture):
    plain = aloha.delivery(g)
    ours = aloha.delivery_with_capture(g, exponent=exponent, capture_db=capture)
    assert plain - 1e-12 <= ours <= 1.0


def test_bad_loads_are_refused():
    with pytest.raises(ModelRangeError, match=r"load \[erlang\]\[1\] is -1"):
        aloha.delivery([0.1, -1.0])
    with pytest.raises(ValueError, match="no frame"):
        aloha.simulate_delivery(1, 1.0, 1e9, n_periods=1e-12, rng=np.random.default_rng(1))


def test_snr_limits_fall_by_two_and_a_half_decibels():
    assert np.diff(link.required_snr_db(np.arange(7, 13))).tolist() == [-2.5] * 5
    assert link.noise_dbm() + link.required_snr_db(12) == pytest.approx(-137.0, abs=0.1)


def test_own_factor_needs_capture_and_others_are_rejected():
    assert link.survives(-100.0, 7, [-107.0], [7])
    assert not link.survives(-100.0, 7, [-105.0], [7])
    assert link.survives(-100.0, 7, [-85.0], [8])
    assert not link.survives(-100.0, 7, [-83.0], [8])


def test_interferers_of_one_factor_add_up_in_milliwatts():
    assert link.survives(-100.0, 9, [-107.0], [9])
    assert not link.survives(-100.0, 9, [-107.0, -107.0], [9, 9])


def test_best_factor_is_the_fastest_that_works():
    assert link.best_sf([0.0, -8.0, -20.0, -20.1]).tolist() == [7, 8, 12, 0]


def test_link_budget_counts_erp_as_eirp_less_a_dipole():
    assert link.link_margin_db(14.0, 146.15, 7) == pytest.approx(0.0)
    assert link.link_margin_db(14.0, 140.15, 7, at_gateway=False) == pytest.approx(0.0)


@pytest.mark.parametrize("sf", [6, 13, 7.5])
def test_factor_out_of_range_is_refused(sf):
    with pytest.raises(ValueError, match=r"sf|spreading factor"):
        link.is_received(-120.0, sf)


@pytest.mark.parametrize(
    ("snr", "sf", "power", "expected"),
    [
        (-10.0, 12, 14, (12, 14)),  # margin 0
        (-4.0, 12, 14, (10, 14)),  # two steps: factor
        (15.0, 12, 14, (7, 8)),  # eight: five of factor, three of power
        (40.0, 7, 16, (7, 2)),  # no lower than the lowest
        (-3.0, 7, 8, (7, 12)),  # 5.5 dB short: floor gives two steps up
        (-30.0, 12, 14, (12, 16)),  # the factor is never raised
    ],
)
def test_rate_adaptation_steps(snr, sf, power, expected):
    after = adr.adapt([snr - 5.0, snr], adr.Setting(sf=sf, power_dbm=power))
    assert (after.sf, after.power_dbm) == expected


@given(st.lists(st.floats(-30, 20), min_size=1, max_size=30), st.integers(7, 12),
       st.sampled_from(adr.POWERS_DBM))  # fmt: skip
def test_a_better_link_is_never_told_to_be_slower_or_louder(snr, sf, power):
    now = adr.Setting(sf=sf, power_dbm=power)
    worse, better = adr.adapt(snr, now), adr.adapt([s + 3.0 for s in snr], now)
    assert better.sf <= worse.sf
    assert better.power_dbm <= worse.power_dbm or better.sf < worse.sf


@given(st.floats(-20, 20), st.integers(7, 12))
def test_adaptation_settles(snr_at_16_dbm, sf):
    now = adr.Setting(sf=sf, power_dbm=16)
    for _ in range(12):
        now = adr.adapt([snr_at_16_dbm - 16 + now.power_dbm], now)
    power = {adr.adapt([snr_at_16_dbm - 16 + now.power_dbm], now).power_dbm, now.power_dbm}
    assert max(power) - min(power) <= 2


def test_bad_history_and_setting_are_refused():
    with pytest.raises(ValueError, match="snr_db: is empty"):
        adr.adapt([], adr.Setting(sf=7, power_dbm=14))
    with pytest.raises(ModelRangeError, match="power"):
        adr.Setting(sf=7, power_dbm=15)
