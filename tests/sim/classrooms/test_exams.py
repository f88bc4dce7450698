"""What holds an exam up, and what it helps to serve it first on the line and in the air."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twin.sim.save import branch
from twin.sim.simulation import Simulation

from .conftest import make_city

START = datetime(2026, 1, 20, 8, 30, tzinfo=ZoneInfo("Europe/Berlin"))
CITY = make_city()
FEW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _exam(line_bps, device_share, *, pupils=60, video_percent=100.0, protected=False):
    """Let the school with two access points begin an exam; everything else is as always."""
    simulation = Simulation(CITY, seed=3, start=START, systems=["classrooms"], tick_s=10.0)
    classrooms = simulation.systems["classrooms"]
    register = classrooms.campus.register
    register.line_bps[:] = line_bps
    register.device_share[:] = device_share
    parameters = {"pupils": pupils, "video_percent": video_percent, "protected": protected}
    classrooms.actions()["exam"].begin("30", parameters)
    return simulation


def _lost_min(simulation):
    (exam,) = simulation.systems["classrooms"].exams.held
    return exam.pupil_lost_s / 60.0 / exam.pupils


def _told(simulation):
    story = simulation.systems["classrooms"].story_of("30")
    return [moment.text for moment in story if "stands still" in moment.text]


def test_an_exam_served_first_survives_full_air():
    lost = {}
    for protected in (False, True):
        simulation = _exam(10e9, 1.0, protected=protected)
        simulation.advance(3600.0)
        simulation.check_invariants()
        lost[protected] = _lost_min(simulation)
        at = simulation.systems["classrooms"].campus.air.fleet.stations
        assert bool(at.is_first.any()) is protected
    assert lost[False] > 10.0
    assert lost[True] < 1.0


def test_the_story_blames_the_air_where_the_line_has_room():
    simulation = _exam(10e9, 1.0)
    simulation.advance(3600.0)
    first = _told(simulation)[0]
    assert "the air is full at ap-30-" in first
    assert "line" not in first


def test_the_story_blames_the_line_even_of_an_exam_that_comes_first():
    simulation = _exam(8e6, 0.35, protected=True)
    simulation.advance(1800.0)
    assert "the line is full, " in _told(simulation)[0]
    assert "air" not in _told(simulation)[0]


@FEW
@given(
    line_mbps=st.sampled_from([20, 40, 60, 80, 120, 200, 1000, 10_000]),
    device_share=st.sampled_from([0.2, 0.35, 0.7, 1.0]),
    protected=st.booleans(),
    videos=st.lists(st.sampled_from(range(0, 101, 5)), min_size=3, max_size=3, unique=True),
)
def test_more_videos_never_cost_an_exam_less(line_mbps, device_share, protected, videos):
    lost = []
    for percent in sorted(videos):
        simulation = _exam(
            1e6 * line_mbps, device_share, video_percent=percent, protected=protected
        )
        simulation.advance(2400.0)
        lost.append(_lost_min(simulation))
    assert np.all(np.diff(lost) >= -1e-9), lost


def _relieve(simulation, what):
    """Let two minutes pass with a line, or with air, that is never full; return what is lost."""
    other = branch(simulation)
    campus = other.systems["classrooms"].campus
    (exam,) = other.systems["classrooms"].exams.held
    before_s, now_s = exam.pupil_lost_s, other.now_s
    if what == "line":
        campus.register.line_bps[:] *= 1e4
    for k in range(12):
        if what == "air":
            campus.air.fleet.stations.link_bps[:] = 1e13
        other.advance(now_s + 10.0 * (k + 1))
    return exam.pupil_lost_s - before_s


@FEW
@given(
    line_mbps=st.sampled_from([20, 40, 60, 120, 200, 400, 10_000]),
    device_share=st.sampled_from([0.35, 0.7, 1.0]),
    protected=st.booleans(),
    video_percent=st.sampled_from([50, 100]),
)
def test_the_limit_that_is_named_is_the_one_whose_relief_helps_most(
    line_mbps, device_share, protected, video_percent
):
    simulation = _exam(
        1e6 * line_mbps, device_share, video_percent=video_percent, protected=protected
    )
    until_s = 0.0
    while not _told(simulation) and until_s < 1800.0:
        until_s += 10.0
        simulation.advance(until_s)
    if not _told(simulation):
        return
    text = _told(simulation)[0]
    line_s, air_s, as_is_s = (_relieve(simulation, what) for what in ("line", "air", "nothing"))
    if "the line is full, and the air at" in text:
        assert min(line_s, air_s) >= 0.9 * as_is_s
    elif "the line is full" in text:
        assert line_s <= air_s
    else:
        assert "the air is full at" in text
        assert air_s <= line_s


@pytest.mark.parametrize(("consumer", "kind", "words"), [("30", "power", "no power"),
                                                         ("30", "link", "no link")])  # fmt: skip
def test_an_outage_is_named_before_any_queue(consumer, kind, words):
    simulation = _exam(500e6, 0.35)
    simulation.advance(600.0)
    simulation.context.supply.cut([consumer], kind, "digger")
    simulation.advance(700.0)
    assert _told(simulation)[0].endswith(f"{words}.")
