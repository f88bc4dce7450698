"""Which programme runs when, splits, and the change from one to the next."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sim.signals.towns import run, signal, town
from twin.sim.signals.cycles import State
from twin.sim.signals.flows import inbound_share, relative_flow, relative_walkers
from twin.sim.signals.programme import PATTERNS, is_off_at, pattern_at, split_greens_s


@pytest.mark.parametrize(
    ("hour", "workday", "free_day"),
    [
        (0, 60, 60), (5.9, 60, 60), (6, 100, 80), (8.9, 100, 80), (9, 80, 80), (14.9, 80, 80),
        (15.25, 80, 80), (15.5, 100, 80), (18.9, 100, 80), (19, 80, 80), (20.9, 80, 80),
        (21, 60, 60), (23.9, 60, 60),
    ],
)  # fmt: skip
def test_cycles_of_duisburg(hour, workday, free_day):
    minute = round(hour * 60)
    assert PATTERNS[pattern_at(minute, is_workday=True)].cycle_s == workday
    assert PATTERNS[pattern_at(minute, is_workday=False)].cycle_s == free_day


def test_waves_follow_the_commuters():
    assert PATTERNS[pattern_at(7 * 60, is_workday=True)].wave == "inbound"
    assert PATTERNS[pattern_at(17 * 60, is_workday=True)].wave == "outbound"


def test_pause_at_night():
    assert [is_off_at(m, is_pedestrian=True) for m in (1199, 1200, 389, 390)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert [is_off_at(m, is_pedestrian=False) for m in (1379, 1380, 299, 300)] == [
        False, True, True, False,
    ]  # fmt: skip


@given(
    st.sampled_from([60, 80, 100]),
    st.lists(st.floats(0.0, 0.9), min_size=3, max_size=3),
    st.lists(st.floats(0.0, 0.9), min_size=3, max_size=3),
)
def test_greens_fill_the_cycle_and_never_fall_short(cycle_s, main_ratio, side_ratio):
    main, side = split_greens_s(cycle_s, np.array(main_ratio), np.array(side_ratio))
    assert np.all(main + side == cycle_s - 12)
    assert np.all(main >= 10)
    assert np.all(side >= 10)


def test_a_pattern_begins_at_the_end_of_the_cycle_and_is_in_step_after_three():
    context, system = run()
    before = dict(system.read_signal("signal-1"))
    rest_s = before["cycle_s"] - before["cycle_timer_s"]
    system.set_pattern("signal-1", 3)
    context.kernel.advance(context.kernel.now_s + rest_s - 1)
    assert system.read_signal("signal-1")["pattern_in_effect"] == 2
    context.kernel.advance(context.kernel.now_s + 2)
    assert system.read_signal("signal-1")["pattern_in_effect"] == 3
    context.kernel.advance(context.kernel.now_s + 3 * 120)
    now = system.read_signal("signal-1")
    assert now["cycle_s"] == 100
    begin_s = round(context.kernel.now_s) - now["cycle_timer_s"]
    assert (begin_s - now["offset_s"]) % 100 == 0
    system.set_pattern("signal-1", 0)
    context.kernel.advance(context.kernel.now_s + 101)
    assert system.read_signal("signal-1")["pattern_in_effect"] == 2


@given(st.integers(0, 99), st.sampled_from([0, 1, 2, 3]), st.integers(0, 2))
def test_any_change_is_in_step_within_three_cycles(phase_s, row, kind):
    kinds = ("junction", "t_junction", "pedestrian")
    _, system = run(town(signal(1, kinds[kind])))
    cycles = system.cycles
    cycles.begin_s[0] -= phase_s % 60
    cycles.wanted[0] = row
    lengths, t = [], 0
    while t < 500:
        cycles.greens(t, 10)
        t += 10
        if not lengths or lengths[-1][0] != cycles.begin_s[0]:
            lengths.append((int(cycles.begin_s[0]), int(cycles.length_s[0])))
            assert cycles.main_s[0] >= 10
            assert cycles.side_s[0] >= 10
            assert cycles.main_s[0] + cycles.side_s[0] + 12 == cycles.length_s[0]
    cycle = PATTERNS[row].cycle_s
    settled = [begin for begin, length in lengths[4:]]
    assert all((begin - system.layout.offset_s[row, 0]) % cycle == 0 for begin in settled)
    assert all(length <= cycle * 7 / 6 + 1 for _, length in lengths[1:])


def test_the_pause_at_night_begins_with_a_finished_cycle_and_ends_with_red_for_all():
    context, system = run(hour=22, minute=59)
    while system.cycles.state[7] == State.RUNNING:
        at_end = system.cycles.begin_s[7] + system.cycles.length_s[7]
        context.kernel.advance(context.kernel.now_s + 1.0)
        system.catch_up()
    assert 60 <= context.kernel.now_s <= 121
    assert at_end + 1 == context.kernel.now_s
    context, system = run(hour=4, minute=59)
    assert system.cycles.state[7] == State.OFF
    context.kernel.advance(63.0)
    assert system.cycles.state[7] == State.ALL_RED
    context.kernel.advance(67.0)
    assert system.cycles.state[7] == State.RUNNING


@pytest.mark.parametrize(("month", "day"), [(3, 28), (10, 24)])
def test_nights_in_which_the_clock_changes_stop_nothing(month, day):
    city = town(signal(1), signal(2, is_off_at_night=True))
    context, system = run(city, hour=22, month=month, day=day)
    context.kernel.advance(9.5 * 3600)  # to half past six or half past eight of a Sunday
    assert system.read_signal("signal-1")["pattern_in_effect"] == 2
    assert system.read_signal("signal-2")["operational_state"] == "RUNNING"


def test_traffic_follows_commuters():
    tuesday, sunday = datetime(2026, 1, 20), datetime(2026, 1, 25)
    by_hour = [relative_flow(tuesday.replace(hour=h, minute=30)) for h in range(24)]
    assert max(by_hour) == by_hour[16] == 1.0
    assert max(by_hour[:4]) < 0.15
    assert by_hour[7] > by_hour[10]
    assert relative_flow(sunday.replace(hour=7)) < 0.5 * relative_flow(tuesday.replace(hour=7))
    # no step at midnight between equal days
    before, after = (
        relative_flow(tuesday.replace(hour=h, minute=m)) for h, m in ((23, 59), (0, 0))
    )
    assert before == pytest.approx(after, abs=0.01)
    shares = [inbound_share(tuesday.replace(hour=h)) for h in (3, 7, 12, 17)]
    assert shares == [0.5, 0.62, 0.5, pytest.approx(0.38)]
    assert inbound_share(sunday.replace(hour=7)) == 0.5
    assert 0.0 < relative_walkers(tuesday.replace(hour=3)) < 0.1
