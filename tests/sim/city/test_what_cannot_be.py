"""What a small city says of impossible scenarios, and of systems that fail while they run."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from stellwerk.when import local_start
from twin.geo.cityfile import load_city
from twin.model.errors import InputError
from twin.model.safe import parse_yaml
from twin.sim.dependencies import system as dependencies
from twin.sim.kernel import SimulationError
from twin.sim.lamps import system as lamps
from twin.sim.registry import SYSTEM_NAMES
from twin.sim.run import simulate
from twin.sim.scenario import parse_scenario
from twin.sim.signals import supervision as signals_supervision

SMALL = Path(__file__).resolve().parents[2] / "data" / "cities" / "kleinstadt"
MORNING = datetime(2026, 1, 13, 7, 30, tzinfo=ZoneInfo("Europe/Berlin"))
_CUT = '  - {at: "+1 min", system: dependencies, do: cut, target: "%s", for: %d min}\n'
EXAM = '  - {at: "+%d min", system: classrooms, do: exam, target: "1001", for: 10 min}\n'


@pytest.fixture(scope="module")
def town():
    return load_city(SMALL)


def run(town, events, *, systems, start=MORNING, hours=0.5):
    scenario = parse_scenario(parse_yaml(f"scenario: s\nevents:\n{events}", "s.yaml"))
    return simulate(town, hours=hours, seed=1, start=start, systems=systems, scenario=scenario)


def _do(system, verb, target, at="+1 min"):
    return f'  - {{at: "{at}", system: {system}, do: {verb}, target: "{target}"}}\n'


@pytest.mark.parametrize(
    ("events", "message"),
    [
        (_do("lamps", "fail_cabinet", "cab-001"), "'cab-001'; there are 2; did you mean 'cab-0"),
        (_do("lamp", "fail_cabinet", "cab-0001"), "did you mean 'lamps'"),
        (
            '  - {at: "+1 min", device: cab-001, set: {contact: x}}\n',
            "unknown device 'cab-001'; .*did you mean 'cab-0001'",
        ),
        (_do("lamps", "fail_cabinet", "cab-0001", "0001-01-01T00:00"), "lies in the year 1"),
        (_do("lamps", "fail_cabinet", "cab-0001", "9999-12-31T23:59"), "lies in the year 9999"),
    ],
)
def test_it_says_what_may_have_been_meant(town, events, message):
    with pytest.raises(InputError, match=rf"^s\.yaml:3: .*{message}") as caught:
        run(town, events, systems=["lamps"])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("at", ["02:30", "2026-03-29T02:30", "2026-03-29T02:00"])
def test_a_time_over_which_clocks_go_forward_does_not_exist(town, at):
    start = datetime(2026, 3, 28, 22, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    with pytest.raises(InputError, match=r"s\.yaml:3: at .* does not exist, clocks go forward"):
        run(town, _do("lamps", "surge", "cab-0001", at), systems=["lamps"], start=start, hours=9)
    with pytest.raises(InputError, match="does not exist, clocks go forward"):
        local_start("2026-03-29T02:30", town)


def test_a_gap_that_has_passed_troubles_nobody(town):
    start = datetime(2026, 3, 29, 8, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    with pytest.raises(InputError, match="lies after the end of the run"):
        run(town, _do("lamps", "surge", "cab-0001", "02:30"), systems=["lamps"], start=start)


def test_a_time_that_comes_twice_is_the_first(town):
    assert local_start("2026-10-25T02:30", town).utcoffset().total_seconds() == 7200.0


def test_events_that_exclude_one_another_name_the_line_and_the_time(town):
    with pytest.raises(SimulationError) as caught:
        run(town, EXAM % 5 + EXAM % 7, systems=["classrooms"])
    text = str(caught.value)
    assert text.startswith("s.yaml:4: an exam is running at school 1001")
    assert "at 07:37:00 (simulated second 420)" in text


@pytest.mark.parametrize(
    ("owner", "method", "events", "message"),
    [
        (signals_supervision.Supervision, "_show_red", _CUT % ("signal-1", 1), r"^signal-1 at"),
        (lamps.Lamps, "_boot", _CUT % ("cab-0001", 1), r"^cab-0001 at"),
        (dependencies.Dependencies, "_restore", _CUT % ("ns-1", 1), r"^\S+ at"),
    ],
)
def test_a_failure_inside_a_process_names_who_and_when(
    town, monkeypatch, owner, method, events, message
):
    def break_down(*_):
        raise ZeroDivisionError("nothing left")

    monkeypatch.setattr(owner, method, break_down)
    with pytest.raises(SimulationError) as caught:
        run(town, events, systems=["signals", "lamps", "dependencies"], hours=6)
    text = str(caught.value)
    assert re.search(message + r" simulated second \d+\.\d{3}: ZeroDivisionError: nothing", text)
    assert "\n" not in text


def test_lamps_of_no_watts_give_no_light_and_no_warning(town):
    dark = replace(town, lamps=tuple(replace(lamp, power_w=0.0) for lamp in town.lamps))
    result = simulate(dark, hours=0.1, seed=1, start=MORNING, systems=["lamps"])
    assert result.systems["lamps"]["energy_kwh"].value == 0.0


@pytest.mark.parametrize("seed", [0, 2**70])
def test_a_town_without_anything_lives_too(town, seed):
    names = [f.name for f in fields(town) if isinstance(getattr(town, f.name), tuple)]
    bare = replace(town, **{name: () for name in names if name not in ("outline", "districts")})
    result = simulate(bare, hours=0.1, seed=seed)
    assert set(result.systems) == set(SYSTEM_NAMES)


@pytest.mark.parametrize("method", ["gauges", "kpis", "kpis_by_district"])
def test_a_figure_that_cannot_be_told_names_the_time(town, monkeypatch, method):
    def break_down(*_):
        raise KeyError("no such lamp")

    monkeypatch.setattr(lamps.Lamps, method, break_down)
    with pytest.raises(SimulationError) as caught:
        simulate(town, hours=0.1, seed=1, start=MORNING, systems=["lamps"])
    text = str(caught.value)
    assert re.search(r"break_down at simulated second 3\d0\.000: KeyError: 'no such lamp'", text)
