"""Offsets, bands and platoons."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.sim.signals.greenwave import (
    dispersion_factor,
    one_way_offsets_s,
    progression_band_s,
    two_way_offsets_s,
)


def test_a_wave_in_one_direction_passes_the_shortest_green():
    travel = np.array([0.0, 25.0, 61.0, 104.0])
    green = np.array([40.0, 30.0, 45.0, 38.0])
    offsets = one_way_offsets_s(travel, 80.0)
    np.testing.assert_allclose(offsets, [0.0, 25.0, 61.0, 24.0])
    assert progression_band_s(offsets, green, travel, 80.0) == pytest.approx(30.0)


def test_half_a_cycle_apart_both_directions_have_the_full_band():
    travel, green = np.array([0.0, 40.0, 80.0]), np.full(3, 36.0)
    offsets = two_way_offsets_s(travel, green, 80.0)
    assert np.mod(np.diff(offsets), 80.0) == pytest.approx(40.0)
    for way in (travel, -travel):
        assert progression_band_s(offsets, green, way, 80.0) == pytest.approx(36.0)


@given(
    st.lists(st.floats(5.0, 60.0), min_size=1, max_size=6),
    st.lists(st.floats(15.0, 60.0), min_size=7, max_size=7),
    st.sampled_from([60.0, 80.0, 100.0]),
)
def test_both_directions_have_the_same_band_and_none_beats_one_way(steps, greens, cycle_s):
    travel = np.concatenate([[0.0], np.cumsum(steps)])
    green = np.minimum(np.array(greens[: travel.size]), cycle_s - 12.0)
    offsets = two_way_offsets_s(travel, green, cycle_s)
    there = progression_band_s(offsets, green, travel, cycle_s)
    back = progression_band_s(offsets, green, -travel, cycle_s)
    assert there == pytest.approx(back, abs=1e-6)
    one_way = progression_band_s(one_way_offsets_s(travel, cycle_s), green, travel, cycle_s)
    assert there <= one_way + 1e-6
    assert one_way == pytest.approx(green.min())


def test_half_cycle_choice_is_as_good_as_trying_every_one():
    rng = np.random.default_rng(7)
    for _ in range(20):
        travel = np.concatenate([[0.0], rng.uniform(10.0, 50.0, 4).cumsum()])
        green = rng.uniform(25.0, 50.0, 5)
        bands = []
        for choice in np.ndindex(2, 2, 2, 2, 2):
            offsets = np.mod(40.0 * np.array(choice) - green / 2.0, 80.0)
            bands.append(progression_band_s(offsets, green, travel, 80.0))
        found = two_way_offsets_s(travel, green, 80.0)
        # the phase of the band is searched by whole seconds
        assert progression_band_s(found, green, travel, 80.0) >= max(bands) - 1.0


def test_offsets_against_the_wave_close_the_band():
    assert progression_band_s([0.0, 40.0], [30.0, 30.0], [0.0, 80.0], 80.0) == 0.0


def test_platoons_spread_with_the_way_and_keep_their_mean_time():
    factor = float(dispersion_factor(40.0, 0.35, 0.8))
    assert factor == pytest.approx(1.0 / (1.0 + 0.28 * 40.0))
    # lag beta T and a geometric tail: mean 0.8 T + (1 - F) / F = 1.08 T
    assert 0.8 * 40.0 + (1.0 - factor) / factor == pytest.approx(1.08 * 40.0)
