"""Fair shares of a line, guarantees and caps of its networks, and what a log-on costs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.sim.classrooms.ledger import Ledger
from twin.sim.classrooms.sharing import fair_level_bps, share_line
from twin.sim.classrooms.standstill import page_load_s
from twin.sim.classrooms.story import Stories

PEAKS = np.array([150e3, 300e3, 3e6, 4e6])
EXAM_BPS = 100e3
EXAM_PEAKS = np.array([EXAM_BPS, 4e6])


def exam(n=0, n_logon=0, *, is_own=False):
    return np.array([[float(n), float(n_logon)]]), EXAM_PEAKS, np.array([is_own])


def test_a_level_by_hand():
    # 10 Mbit/s for 20 small flows (3 Mbit/s in all) and 4 large ones: 7/4 Mbit/s each
    level = fair_level_bps(np.array([10e6]), np.array([[20.0, 0.0, 4.0, 0.0]]), PEAKS)
    assert level[0] == pytest.approx(7e6 / 4.0)
    level = fair_level_bps(np.array([1e6]), np.array([[20.0, 0.0, 4.0, 0.0]]), PEAKS)
    assert level[0] == pytest.approx(1e6 / 24.0)


def test_room_for_all_has_no_level():
    flows = np.array([[1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    assert np.isinf(fair_level_bps(np.array([1e9, 0.0]), flows, PEAKS)).all()


@given(
    capacity=st.floats(0.0, 1e9),
    flows=st.lists(st.integers(0, 500), min_size=4, max_size=4),
)
def test_a_level_uses_the_whole_line_or_gives_all_their_peak(capacity, flows):
    counts = np.array([flows], dtype=np.float64)
    level = fair_level_bps(np.array([capacity]), counts, PEAKS)
    used = float((counts * np.minimum(PEAKS, level[:, None])).sum())
    if np.isinf(level[0]):
        assert float((counts * PEAKS).sum()) <= capacity * (1.0 + 1e-12) + 1e-6
    else:
        assert used == pytest.approx(capacity, rel=1e-9)


@given(
    capacity=st.floats(0.0, 1e9),
    admin=st.floats(0.0, 1e9),
    guest=st.floats(0.0, 1e9),
    flows=st.lists(st.integers(0, 300), min_size=4, max_size=4),
    n_exam=st.integers(0, 200),
    n_logon=st.integers(0, 50),
    is_own=st.booleans(),
)
def test_no_line_gives_more_than_it_has(capacity, admin, guest, flows, n_exam, n_logon, is_own):
    counts, one = np.array([flows], dtype=np.float64), np.ones(1)
    shares = share_line(
        capacity * one, admin * one, guest * one, counts, PEAKS,
        exam=exam(n_exam, n_logon, is_own=is_own),
    )  # fmt: skip
    used = float((counts * np.minimum(PEAKS, shares.level_bps[:, None])).sum())
    used += n_exam * min(float(shares.exam_bps[0]), EXAM_BPS)
    used += n_logon * min(float(shares.exam_bps[0]), 4e6)
    used += float(shares.admin_bps[0] + shares.guest_bps[0])
    assert used <= capacity * (1.0 + 1e-9) + 1e-3
    assert shares.admin_bps[0] >= min(admin, 0.15 * capacity) - 1e-6
    assert shares.guest_bps[0] <= 0.1 * capacity + 1e-6
    assert shares.new_bps[0] >= 0.0


def test_an_exam_of_its_own_network_gets_what_it_needs_from_a_full_line():
    counts, one = np.array([[0.0, 0.0, 400.0, 0.0]]), np.ones(1)
    granted = {}
    for is_own in (False, True):
        shares = share_line(
            20e6 * one, 0.0 * one, 0.0 * one, counts, PEAKS,
            exam=exam(50, is_own=is_own),
        )  # fmt: skip
        granted[is_own] = float(shares.exam_bps[0])
    assert granted[True] > EXAM_BPS
    assert granted[False] == pytest.approx(20e6 / 450.0)


def test_what_one_network_leaves_the_others_may_take():
    one = np.ones(1)
    shares = share_line(
        100e6 * one, 90e6 * one, 50e6 * one, np.zeros((1, 4)), PEAKS,
        exam=exam(),
    )  # fmt: skip
    assert shares.admin_bps[0] == 90e6  # far above its guarantee of 15
    assert shares.guest_bps[0] == 10e6  # its cap, and all that is left


def test_a_page_takes_its_bits_over_the_narrowest_place_and_waits_in_full_buffers():
    air, queued = np.array([1e6, 50e6, 50e6]), np.array([False, False, True])
    # 4 Mbit over 1 and 2 Mbit/s, 0.8 s for round trips, 3 s in a full buffer
    assert page_load_s(2e6, air, queued) == pytest.approx([4.8, 2.8, 5.8])


def test_quantiles_of_log_ons():
    ledger = Ledger(2)
    assert ledger.logon_quantile_s(0.5) == 0.0
    ledger.log_on(np.array([0, 0, 0, 1]), np.array([10.2, 20.0, 30.0, 5000.0]))
    assert ledger.logon_quantile_s(0.5) == 20.0
    assert ledger.logon_quantile_s(1.0) == 1200.0  # the last bin is open
    assert ledger.logon_quantile_s(1.0, np.array([0])) == 30.0


def test_a_state_is_told_when_it_begins_and_ends():
    stories = Stories()
    for at_s, is_so in ((0.0, False), (60.0, True), (90.0, True), (150.0, False)):
        stories.follow("s", "x", at_s, is_so=is_so, begins="dark", ends="light after {minutes}")
    assert [(moment.at_s, moment.text) for moment in stories.of("s")] == [
        (60.0, "dark"),
        (150.0, "light after 1.5 min"),
    ]
    assert stories.of_all() == stories.of("s")


def test_routine_is_only_told_of_schools_with_an_exam():
    stories = Stories()
    for school in ("a", "b"):
        stories.tell(school, 1.0, "a lesson", is_routine=True)
    assert stories.of_all() == ()
    stories.tell_exam("b", 2.0, "an exam")
    assert [moment.text for moment in stories.of_all()] == ["a lesson", "an exam"]
