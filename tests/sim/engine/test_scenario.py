"""A scenario is checked whole before anything starts, and happens when it says."""

from __future__ import annotations

import pytest

from twin.model.errors import InputError
from twin.model.safe import parse_yaml
from twin.sim.kernel import SimulationError
from twin.sim.scenario import begin_scenario, load_scenario, parse_scenario

DAY_S = 86400.0


def scenario(events: str):
    return parse_scenario(parse_yaml(f"scenario: s\nevents:\n{events}", "s.yaml"))


PAINT = "  - {at: %s, system: toy, do: paint, target: bear%s}\n"


@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        ('"08:10"', 2400.0),  # the start is 7:30 local time
        ('"7:30"', 0.0),
        ('"07:29:59"', DAY_S - 1.0),
        ("+90 min", 5400.0),
        ("+0.5 h", 1800.0),
        ('"2026-01-20T08:10"', 2400.0),
    ],
)
def test_an_event_happens_at_its_moment(simulation, at, seconds):
    begin_scenario(scenario(PAINT % (at, "")), simulation, DAY_S)
    simulation.advance(seconds + 0.001)
    assert simulation.systems["toy"].seen == [(seconds, "painted", "bear", {})]


def test_an_event_with_a_length_ends(simulation):
    begin_scenario(scenario(PAINT % ("+1 min", ", for: 2 min, with: {coats: 2}")), simulation, 9e3)
    simulation.advance(200.0)
    assert simulation.systems["toy"].seen == [
        (60.0, "painted", "bear", {"coats": 2}),
        (180.0, "washed", "bear", {"coats": 2}),
    ]
    assert simulation.context.trace.counts()["scenario_ends"] == 1


@pytest.mark.parametrize(
    ("events", "message"),
    [
        (PAINT % ("noon", ""), r"s.yaml:3:10: at is 'noon'; write a local time such as 08:10"),
        (PAINT % ('"24:10"', ""), "at is '24:10'"),
        (PAINT % ("2026-01-20", ""), "at is '2026-01-20'"),
        (PAINT % ("+-3 h", ""), "write a time span"),
        (PAINT % ("+3 h", ", for: forever"), "for is 'forever'; write a time span"),
        (PAINT % ("+3 h", ", for: 0 s"), "for is '0 s'"),
        ("  - {at: +1 h, system: toy, do: paint}\n", "'target' is missing"),
        ("  - {at: +1 h}\n", "needs either system, do and target, or device and set"),
        ("  - {at: +1 h, device: x, set: {a: 1}, target: y}\n", "needs either"),
        ("  - {at: +1 h, device: x, set: {a: 1}, for: 1 h}\n", "takes neither 'for' nor 'with'"),
        ("  - {at: +1 h, sytem: toy}\n", "sytem"),
        ("  []\n", "events"),
    ],
)
def test_a_file_that_says_nothing_clear_is_refused(events, message):
    with pytest.raises(InputError, match=message) as caught:
        scenario(events)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("events", "message"),
    [
        (PAINT % ("+30 h", ""), r"s.yaml:4: at \+30 h lies after the end of the run; the run is"),
        (PAINT % ('"2026-01-19T08:10"', ""), "has passed"),
        (PAINT.replace("bear", "cow") % ("+1 h", ""), "s.yaml:4: no toy 'cow'"),
        (PAINT.replace("paint", "pant") % ("+1 h", ""), "did you mean 'paint'"),
        (PAINT.replace("toy", "lamps") % ("+1 h", ""), "'lamps' is not simulated in this run"),
        (PAINT % ("+1 h", ", with: {coats: -1}"), "coats is -1, must be at least 1"),
        (PAINT % ("+1 h", ", with: {colour: red}"), "takes no 'colour'; it takes coats"),
        (PAINT.replace("paint", "break") % ("+1 h", ", for: 1 h"), "has no end"),
        ("  - {at: +1 h, device: x, set: {a: 1}}\n", "unknown device 'x'"),
    ],
)
def test_what_does_not_fit_the_city_is_refused_and_nothing_is_scheduled(
    simulation, events, message
):
    with pytest.raises(InputError, match=message) as caught:
        begin_scenario(scenario(PAINT % ("+1 min", "") + events), simulation, DAY_S)
    assert "\n" not in str(caught.value)
    simulation.advance(120.0)
    assert simulation.systems["toy"].seen == []


def test_an_error_in_an_action_names_the_line_and_the_simulated_time(simulation):
    begin_scenario(scenario((PAINT % ("+1 min", "")).replace("paint", "break")), simulation, 9e3)
    with pytest.raises(
        SimulationError, match=r"s.yaml:3 at simulated second 60.000: ZeroDivisionError: stuffing"
    ):
        simulation.advance(100.0)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"none\.yaml"):
        load_scenario(tmp_path / "none.yaml")
