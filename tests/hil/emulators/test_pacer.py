"""The pace of a world: on time, late, and what is said about it."""

import asyncio
import logging

import pytest

from hil.emulators.pacer import Pacer


class Wall:
    """A clock and a world that takes as long as told to move."""

    def __init__(self):
        self.now_s = 1000.0
        self.takes_s = 0.0
        self.moved_to = []

    def __call__(self):
        return self.now_s

    def advance(self, until_s):
        self.moved_to.append(until_s)
        self.now_s += self.takes_s


@pytest.fixture
def wall():
    return Wall()


def _go(pacer, wall, n_steps, late_by_s=0.0):
    for _ in range(n_steps):
        wall.now_s += pacer.wait_s() + late_by_s
        pacer.step()


def test_a_world_on_time_is_moved_at_whole_steps(wall):
    pacer = Pacer(wall.advance, step_s=0.5, clock=wall)
    _go(pacer, wall, 4)
    assert wall.moved_to == [0.5, 1.0, 1.5, 2.0]
    report = pacer.report()
    assert (report.steps, report.late, report.missed) == (4, 0, 0)
    assert report.behind_max_ms == report.busy_percent == 0.0


def test_a_wake_up_that_is_late_does_not_shift_the_next(wall):
    pacer = Pacer(wall.advance, step_s=0.5, clock=wall)
    _go(pacer, wall, 1, late_by_s=0.25)
    _go(pacer, wall, 2)
    assert wall.moved_to == [0.75, 1.0, 1.5]
    report = pacer.report()
    assert (report.late, report.missed) == (0, 0)
    assert report.behind_max_ms == 250.0
    assert report.behind_p50_ms == 0.0


def test_work_of_a_step_counts_as_being_behind_and_as_busy(wall):
    pacer = Pacer(wall.advance, step_s=0.5, clock=wall)
    wall.takes_s = 0.125
    _go(pacer, wall, 8)
    assert wall.moved_to == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0]
    report = pacer.report()
    assert report.behind_p50_ms == report.behind_p99_ms == 125.0
    assert report.busy_percent == pytest.approx(100.0 * 8 * 0.125 / 4.125, abs=0.01)


def test_steps_whose_time_has_passed_are_missed_and_their_time_is_not_lost(wall):
    pacer = Pacer(wall.advance, step_s=0.5, clock=wall)
    wall.takes_s = 1.75  # the steps of 1, 1.5 and 2 s fall into the first
    _go(pacer, wall, 1)
    wall.takes_s = 0.0
    _go(pacer, wall, 2)
    assert wall.moved_to == [0.5, 2.25, 2.5]
    report = pacer.report()
    assert (report.steps, report.late, report.missed) == (3, 2, 2)
    assert report.steps + report.missed == 2.5 / 0.5
    assert report.behind_max_ms == 1750.0


def test_a_world_that_cannot_keep_up_is_told_once_a_minute(wall, caplog):
    pacer = Pacer(wall.advance, clock=wall)
    wall.takes_s = 0.3
    with caplog.at_level(logging.WARNING):
        while wall.now_s < 1055.0:
            _go(pacer, wall, 1)
        assert len(caplog.records) == 1
        assert "real time is not kept" in caplog.text
        while wall.now_s < 1100.0:
            _go(pacer, wall, 1)
    assert len(caplog.records) == 2


def test_a_single_late_step_is_not_worth_a_warning(wall, caplog):
    pacer = Pacer(wall.advance, clock=wall)
    with caplog.at_level(logging.WARNING):
        _go(pacer, wall, 1, late_by_s=0.4)
        _go(pacer, wall, 300)
    assert not caplog.records
    assert pacer.report().late == 1


def test_before_the_first_step_there_is_nothing_to_report(wall):
    report = Pacer(wall.advance, clock=wall).report()
    assert (report.steps, report.busy_percent, report.behind_p99_ms) == (0, 0.0, 0.0)
    assert set(report.as_dict()) >= {"late", "missed", "behind_p99_ms"}


def test_a_pacer_runs_until_cancelled():
    moved = []

    async def play():
        task = asyncio.create_task(Pacer(moved.append, step_s=0.001).run())
        while len(moved) < 5:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(play())
    assert moved == sorted(moved)


def test_a_step_without_length_is_refused(wall):
    with pytest.raises(ValueError, match="step_s"):
        Pacer(wall.advance, step_s=0.0, clock=wall)
