"""The exam day that users get as a scenario: what it tells, and that it adds up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from stellwerk.cli import run as stellwerk
from twin.sim.run import DEFAULT_START, Run
from twin.sim.scenario import load_scenario
from twin.sim.simulation import Simulation

pytestmark = [pytest.mark.slow, pytest.mark.long]

SHARED, SERVED_FIRST = "158719", "158744"  # two Realschulen with lines of 250 Mbit/s
SYSTEMS = ["classrooms", "egov_backbone", "dependencies"]
HOURS = 4.0
EXAM_S = 45.0 * 60.0  # 8:15, the run begins at 7:30
CUT_S = EXAM_S + 125.0 * 60.0
END_S = EXAM_S + 3.0 * 3600.0


def _simulate(city, scenario):
    start = DEFAULT_START + timedelta(hours=7.5)
    run = Run(
        Simulation(city, seed=1, start=start, systems=SYSTEMS), hours=HOURS, scenario=scenario
    )
    run.advance(HOURS * 3600.0)
    return run


def _stood_still_min(result, school):
    (text,) = [m.text for m in result.moments if m.who == school and "exam ends" in m.text]
    return float(text.partition("stood still for ")[2].partition(" min")[0])


@pytest.fixture(scope="module")
def scenario(scenarios):
    return load_scenario(scenarios / "exam-day.yaml")


@pytest.fixture(scope="module")
def run(duisburg, scenario):
    return _simulate(duisburg, scenario)


@pytest.fixture(scope="module")
def result(run):
    return run.result()


def _of(result, school):
    return [(m.at_s, m.text) for m in result.moments if m.who == school]


def test_both_exams_begin_at_a_quarter_past_eight(result):
    for school, how in ((SHARED, "in the network of all lessons"), (SERVED_FIRST, "served first")):
        assert (EXAM_S, f"An exam begins: 50 pupils, {how}.") in _of(result, school)


def test_the_pupils_of_the_exams_log_on_within_the_storm(result):
    logging_on = dict(
        zip(result.at_s, result.curves["classrooms"]["devices_exam_logon"], strict=True)
    )
    writing = dict(zip(result.at_s, result.curves["classrooms"]["devices_exam"], strict=True))
    assert logging_on[EXAM_S + 600.0] <= 5.0
    assert writing[EXAM_S + 600.0] >= 95.0
    assert writing[END_S + 300.0] == 0.0


def test_the_shared_exam_stands_still_and_it_is_told_why(result):
    stalls = [(at_s, text) for at_s, text in _of(result, SHARED) if "stands still" in text]
    at_s, text = stalls[0]
    assert EXAM_S <= at_s < EXAM_S + 600.0
    assert "the air is full at ap-school-158719-" in text
    assert "videos in other lessons" in text


@pytest.mark.parametrize("school", [SHARED, SERVED_FIRST])
def test_every_stall_ends_before_the_next_and_before_the_exam(result, school):
    marks = [
        (at_s, "stands still" in text)
        for at_s, text in _of(result, school)
        if "stands still" in text or "exam goes on" in text
    ]
    assert [is_stall for _, is_stall in marks] == [True, False] * (len(marks) // 2)
    assert marks[0][0] >= EXAM_S
    assert marks[-1][0] <= END_S
    summed = sum(end - begin for (begin, _), (end, _) in zip(marks[::2], marks[1::2], strict=True))
    told = _stood_still_min(result, school)
    # a stall is told at the end of its first step of 10 s and ends at the end of its last
    assert told == pytest.approx(summed / 60.0, abs=0.2 * len(marks) + 0.1)


@pytest.mark.parametrize("school", [SHARED, SERVED_FIRST])
def test_a_cut_fibre_stops_every_pupil_whatever_the_priority(result, school):
    told = _of(result, school)
    assert (CUT_S, "The fibre is cut: the school is offline.") in told
    assert any(
        CUT_S <= at_s <= CUT_S + 10.0 and text == "The exam stands still for 50 pupils: no link."
        for at_s, text in told
    )
    (back_s,) = [at_s for at_s, text in told if text.startswith("The fibre is back after 15.0")]
    assert back_s == CUT_S + 900.0
    assert any(back_s < at_s <= back_s + 60.0 and "goes on" in text for at_s, text in told)


def test_each_exam_loses_at_least_the_cut_and_the_figures_are_their_sum(result):
    shared, first = (_stood_still_min(result, school) for school in (SHARED, SERVED_FIRST))
    assert 15.0 <= first < 30.0
    assert 30.0 < shared < 180.0
    figures = result.systems["classrooms"]
    assert figures["exams"].value == 2.0
    assert figures["exam_interrupted_min"].value == pytest.approx(shared + first, abs=0.2)


def test_the_line_is_never_blamed_for_an_exam_that_it_serves_first(result):
    stalls = [text for _, text in _of(result, SERVED_FIRST) if "stands still" in text]
    assert stalls
    assert not any("the line is full" in text for text in stalls)


def test_without_videos_and_cut_the_exam_hardly_stands_still(duisburg, scenario):
    (exam,) = [e for e in scenario.events if e.verb == "exam" and e.target == SHARED]
    calm = replace(exam, parameters={"pupils": 50, "video_percent": 8})
    again = _simulate(duisburg, replace(scenario, events=(calm,))).result()
    assert _stood_still_min(again, SHARED) < 5.0


def test_served_first_the_same_exam_loses_nothing_but_the_cut(duisburg, scenario):
    events = tuple(
        replace(e, parameters={**e.parameters, "protected": True}) if e.verb == "exam" else e
        for e in scenario.events
    )
    again = _simulate(duisburg, replace(scenario, events=events)).result()
    assert 15.0 <= _stood_still_min(again, SHARED) < 16.0


def test_invariants_hold_at_the_end_of_the_morning(run):
    run.simulation.check_invariants()


def test_the_report_tells_the_exam(scenarios, tmp_path, capsys):
    code = stellwerk(
        ["simulate", "--city", "duisburg", "--start", "2026-01-13T07:30", "--hours", "4",
         "--seed", "1", "--systems", ",".join(SYSTEMS), "--json", "--out", str(tmp_path),
         "--scenario", str(scenarios / "exam-day.yaml")]
    )  # fmt: skip
    assert code == 0, capsys.readouterr().err
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for words in (
        "exam-day",
        "An exam begins: 50 pupils, served first.",
        "the air is full at",
        "The fibre is cut: the school is offline.",
        "The exam goes on after",
        "The exam ends; it stood still for",
        SHARED,
        SERVED_FIRST,
    ):
        assert words in page, words
