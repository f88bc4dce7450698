"""Lamps that follow motion: when each is bright, exact for every order of events."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.sim.lamps.motion import Chain, Mode, along_polyline, covered_s, lit_intervals

MODE = Mode(base_percent=10.0, hold_s=90.0, ahead=2)
PATH_M = 28.0 * np.arange(16)  # Datteln: 16 lamps on 450 m


def _chain(now_s=0.0):
    return Chain("path", np.arange(16), PATH_M, MODE, now_s)


def test_a_walker_lights_the_lamp_and_the_next_two_and_each_holds_90_s():
    on, off = lit_intervals(np.array([100.0]), np.array([1.4]), PATH_M, ahead=2, hold_s=90.0)
    passes = 100.0 + PATH_M / 1.4
    assert on[0, :3] == pytest.approx([100.0, 100.0, 100.0])
    assert on[0, 3:] == pytest.approx(passes[1:-2])
    assert off[0] == pytest.approx(passes + 90.0)


def test_a_second_walker_within_the_hold_only_prolongs_it():
    chain = _chain()
    chain.detect(0.0, 1.4)
    chain.detect(60.0, 1.4)
    alone = 90.0 + 2 * 28.0 / 1.4
    assert chain.settle(3600.0)[5] == pytest.approx(alone + 60.0)
    assert chain.detections == 2


def test_walkers_far_apart_are_counted_each():
    chain = _chain()
    chain.detect(0.0, 1.4)
    chain.detect(1000.0, 1.4)
    assert chain.settle(9999.0)[5] == pytest.approx(2 * (90.0 + 2 * 28.0 / 1.4))


def test_what_is_bright_now_is_around_the_walker():
    chain = _chain()
    chain.detect(0.0, 1.4)
    bright = chain.is_bright(200.0)  # at 280 m, lamp 10; lamps since 154 m hold
    assert np.flatnonzero(bright).tolist() == [6, 7, 8, 9, 10, 11, 12]


@given(
    st.lists(st.tuples(st.floats(0, 900), st.floats(1, 20)), max_size=12),
    st.lists(st.floats(0, 1500), max_size=5),
)
def test_bright_time_does_not_hang_on_when_it_is_asked(passes, asked):
    once, often = _chain(), _chain()
    for at_s, speed in sorted(passes):
        once.detect(at_s, speed)
        often.detect(at_s, speed)
    total = np.zeros(16)
    for now_s in [*sorted(asked), 2000.0]:
        total += often.settle(now_s)
    assert total == pytest.approx(once.settle(2000.0), abs=1e-6)


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 20)), min_size=1, max_size=20))
def test_the_union_of_intervals_is_that_of_a_fine_clock(spans):
    on = np.array([[a] for a, _ in spans])
    off = np.array([[a + length] for a, length in spans])
    points = np.sort(np.concatenate([on[:, 0], off[:, 0], [5.0, 60.0]]))
    middle, widths = (points[1:] + points[:-1]) / 2, np.diff(points)
    inside = ((on <= middle) & (middle < off)).any(axis=0) & (middle > 5.0) & (middle < 60.0)
    assert covered_s(on, off, 5.0, 60.0)[0] == pytest.approx(widths[inside].sum(), abs=1e-9)


def test_points_find_their_place_along_a_bent_line():
    line = np.array([(0.0, 0.0), (100.0, 0.0), (100.0, 50.0)])
    at, off = along_polyline(np.array([10.0, 120.0, 95.0]), np.array([5.0, 0.0, 40.0]), line)
    assert at == pytest.approx([10.0, 100.0, 140.0])
    assert off == pytest.approx([5.0, 20.0, 5.0])
