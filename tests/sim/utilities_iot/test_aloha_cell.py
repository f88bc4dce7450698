"""One LoRa cell against pure ALOHA and the table of LoRaSim, and the sorting behind it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.radio.lora.aloha import delivery_with_capture, load
from twin.sim.utilities_iot.aloha_cell import simulate_cell
from twin.sim.utilities_iot.overlaps import interference_mw, overlapping_pairs

# LoRaSim by Bor and Voigt, adwaitnd/lorasim @392d23a, single channel restored: SF12, 4/8, 20 byte,
# mean 1,000 s between packets, 6e7 ms, 3 seeds: nodes, without capture, with capture
LORASIM = (
    (50, 0.849, 0.946),
    (100, 0.709, 0.891),
    (120, 0.669, 0.875),
    (200, 0.503, 0.796),
    (400, 0.250, 0.639),
    (800, 0.064, 0.435),
    (1000, 0.032, 0.364),
    (1600, 0.004, 0.234),
)


def test_a_frame_of_the_table_lasts_1712_ms():
    assert simulate_cell(50, duration_s=1e4).air_s == pytest.approx(1.7121, abs=1e-4)


@pytest.mark.parametrize(("n", "bare"), [(n, bare) for n, bare, _ in LORASIM])
def test_without_capture_it_is_pure_aloha(n, bare):
    got = simulate_cell(n, capture_db=None)
    assert got.delivery_ratio == pytest.approx(got.aloha, abs=0.01)
    assert got.delivery_ratio == pytest.approx(bare, abs=0.01)


@pytest.mark.parametrize(("n", "captured"), [(n, captured) for n, _, captured in LORASIM])
def test_with_capture_and_its_rule_it_is_lorasim(n, captured):
    got = simulate_cell(n, convention="lorasim")
    assert got.delivery_ratio == pytest.approx(captured, abs=0.02)


@pytest.mark.parametrize(
    ("sf", "n", "channels"), [(7, 3000, 1), (9, 20_000, 8), (10, 500, 1), (12, 900, 3)]
)
def test_other_factors_and_channels_follow_aloha_too(sf, n, channels):
    got = simulate_cell(n, sf=sf, n_channels=channels, capture_db=None)
    assert got.delivery_ratio == pytest.approx(got.aloha, abs=0.01)


@pytest.mark.parametrize(("n", "gap_s"), [(2, 10.0), (5, 20.0), (10, 40.0), (50, 1000.0)])
def test_few_devices_collide_less_since_none_meets_itself(n, gap_s):
    """Renewal theory: each other one pauses (gap of gap + air), and begins nothing for one air."""
    got = simulate_cell(n, mean_gap_s=gap_s, capture_db=None)
    alone = gap_s / (gap_s + got.air_s) * np.exp(-got.air_s / gap_s)
    assert got.delivery_ratio == pytest.approx(alone ** (n - 1), abs=0.005)
    assert got.delivery_ratio > got.aloha


def test_a_thousand_nodes_on_three_channels_lose_about_a_third():
    # Haxhibeqiri 2017, Sensors 17:1193: 32 % at 1,000 nodes a gateway
    got = simulate_cell(1000, n_channels=3, convention="lorasim")
    assert 1.0 - got.delivery_ratio == pytest.approx(0.31, abs=0.02)


def test_hourly_lamps_fit_at_sf7_and_are_hopeless_at_sf12():
    # 46,000 lamps that all hear one another, 20 byte each hour, 8 channels: G 0.091 and 2.1
    options = {"coding_rate": 1, "mean_gap_s": 3600.0, "n_channels": 8, "capture_db": None}
    fast = simulate_cell(46_000, sf=7, **options)
    assert fast.air_s == pytest.approx(0.057, abs=0.001)
    assert fast.delivery_ratio == pytest.approx(0.83, abs=0.01)
    slow = simulate_cell(46_000, sf=12, **options)
    assert slow.load_erlang == pytest.approx(2.1, abs=0.05)
    assert slow.delivery_ratio < 0.03


def test_capture_helps_and_the_physical_rule_is_near_the_closed_form():
    for n in (100, 400):
        got = simulate_cell(n)
        g = load(n, got.air_s, 1000.0)
        form = float(delivery_with_capture(g))
        assert got.delivery_ratio > got.aloha
        # the closed form compares one by one and spares no preamble
        assert got.delivery_ratio == pytest.approx(form, abs=0.03)


def test_the_same_seed_gives_the_same_cell():
    assert simulate_cell(100, seed=5) == simulate_cell(100, seed=5)
    assert simulate_cell(100, seed=5) != simulate_cell(100, seed=6)


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_channels": 0},
        {"mean_gap_s": 0.0},
        {"duration_s": -1.0},
        {"capture_db": -1.0},
        {"sf": 13},
    ],
)
def test_a_wrong_number_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong)) if "sf" not in wrong else "spreading"):
        simulate_cell(10, **wrong)


def test_a_run_too_short_for_a_frame_says_so():
    with pytest.raises(ValueError, match="so short that no frame"):
        simulate_cell(1, mean_gap_s=1e6, duration_s=0.001)


@given(st.integers(0, 10_000), st.integers(1, 60))
def test_sums_over_overlaps_are_those_of_all_pairs(seed, n):
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 3, n)
    start = rng.integers(0, 500, n)
    end = start + rng.integers(1, 120, n)
    factor = rng.integers(0, 6, n)
    power = 10.0 ** rng.uniform(-14, -4, n)
    spare = rng.integers(0, 10, n)
    got = interference_mw(
        group, start, end, factor, power, spare_us=np.minimum(spare, end - start - 1)
    )
    for i in range(n):
        wanted = np.zeros(6)
        for j in range(n):
            late = start[i] + min(spare[i], end[i] - start[i] - 1)
            if i != j and group[i] == group[j] and start[j] < end[i] and end[j] > late:
                wanted[factor[j]] += power[j]
        np.testing.assert_allclose(got[i], wanted, rtol=1e-9, atol=1e-17)


@given(st.integers(0, 10_000), st.integers(1, 60))
def test_pairs_are_all_that_overlap(seed, n):
    rng = np.random.default_rng(seed)
    group, start = rng.integers(0, 3, n), rng.integers(0, 500, n)
    order = np.lexsort((start, group))
    group, start = group[order], start[order]
    end = start + rng.integers(1, 120, n)
    got = {
        (int(i), int(j))
        for a, b in overlapping_pairs(group, start, end)
        for i, j in zip(a, b, strict=True)
    }
    wanted = {
        (i, j)
        for i in range(n)
        for j in range(i + 1, n)
        if group[i] == group[j] and start[j] < end[i]
    }
    assert got == wanted
