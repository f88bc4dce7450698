"""Maintenance windows: days, zones, changes of the clock, and what is refused or taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from planning_memory import CELLS, FAST, boxes, plan_of

from controllers.hold import Operator
from controllers.journal import Journal
from controllers.plan import reverse_plan
from controllers.plan_text import render_plan
from controllers.runner import apply
from controllers.steps import Outcome
from controllers.windows import closing_of, needed_s, parse_window
from stellwerk.exits import Exit, exit_of
from twin.model.errors import InputError, OutsideWindow

WEDNESDAY_NOON = datetime(2026, 3, 25, 12, tzinfo=UTC)
NIGHTS = "Mon-Fri 01:00-05:00 Europe/Berlin"


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "now", "closes"),
    [
        (NIGHTS, "2026-03-25 00:30", "2026-03-25 04:00"),  # 01:30 in winter
        ("Mon-Fri 01:00-05:00 UTC", "2026-03-25 01:00", "2026-03-25 05:00"),
        ("Fri-Mon 22:00-02:00 UTC", "2026-03-24 01:59", "2026-03-24 02:00"),  # since Monday
        ("22:00-06:00 Europe/Berlin", "2026-07-01 20:00", "2026-07-02 04:00"),
        ("Sun 01:00-05:00 Europe/Berlin", "2026-03-29 02:59", "2026-03-29 03:00"),  # 3 hours long
        ("Sun 01:00-05:00 Europe/Berlin", "2026-10-24 23:00", "2026-10-25 04:00"),  # 5 hours long
        ("2026-03-25 11:00 - 2026-03-26 11:00 UTC", "2026-03-25 12:00", "2026-03-26 11:00"),
    ],
)
def test_a_window_closes_by_the_clock_of_its_zone(window, now, closes):
    assert closing_of([[window]], at(now)) == at(closes)


@pytest.mark.parametrize(
    ("window", "now", "says"),
    [
        (NIGHTS, "2026-03-25 12:00", "the next opens Thu 2026-03-26 01:00 Europe/Berlin"),
        (NIGHTS, "2026-03-27 04:00", "the next opens Mon 2026-03-30 01:00 Europe/Berlin"),
        ("2026-03-01 11:00 - 2026-03-02 11:00 UTC", "2026-03-25 12:00", "does not come again"),
    ],
)
def test_outside_it_is_said_when_the_next_one_opens(window, now, says):
    with pytest.raises(OutsideWindow, match=says) as caught:
        closing_of([[window]], at(now))
    assert exit_of(caught.value) is Exit.TRY_LATER


def test_one_window_of_each_group_must_be_open_and_the_first_to_close_counts():
    groups = [["11:00-13:00 UTC", "11:00-14:00 UTC"], ["12:00-12:30 UTC"], []]
    assert closing_of(groups, WEDNESDAY_NOON) == WEDNESDAY_NOON + timedelta(minutes=30)
    with pytest.raises(OutsideWindow):
        closing_of([*groups, ["20:00-21:00 UTC"]], WEDNESDAY_NOON)
    assert closing_of([], WEDNESDAY_NOON) is None


@pytest.mark.parametrize(
    "text",
    ["", "at night", "01:00-05:00", "Mon 01:00-05:00 Mars/Base", "Mon 25:00-05:00 UTC",
     "Day 01:00-05:00 UTC", "2026-03-02 11:00 - 2026-03-01 11:00 UTC", "01:00-05:00 ../etc/x",
     "2026-13-02 11:00 - 2027-03-01 11:00 UTC", "Mon- 01:00-05:00 Europe/Berlin\n"],
)  # fmt: skip
def test_what_is_no_window_is_refused(text):
    if text.startswith("Mon-"):
        assert parse_window(text).days == (0,)
        return
    with pytest.raises(InputError):
        parse_window(text)


@pytest.fixture
def bench(tmp_path):
    made = boxes("cell-1", "cell-2")
    with Journal(tmp_path / "journal.db") as journal:

        def run(rollout, now, **options):
            plan = plan_of(made, CELLS, rollout=rollout)
            who = Operator(name="ada", clock=lambda: now)
            return apply(
                plan, made.devices, made.make_driver, journal, limits=FAST, operator=who, **options
            )

        yield SimpleNamespace(made=made, journal=journal, run=run)


def test_outside_its_window_no_device_is_asked_anything(bench):
    with pytest.raises(OutsideWindow):
        bench.run(f"{{windows: [{NIGHTS!r}]}}", WEDNESDAY_NOON)
    assert all(set(box.calls) == {"read"} for box in bench.made.values())
    assert bench.journal.runs() == ()


def test_inside_it_a_plan_is_applied_and_the_journal_says_by_whom(bench):
    result = bench.run(f"{{windows: [{NIGHTS!r}]}}", at("2026-03-25 01:00"))
    assert result.outcome is Outcome.CONFIRMED
    assert bench.journal.records(result.run)[0].payload["applied_by"] == "ada"


def test_what_may_not_end_in_time_is_refused_before_the_first_write(bench):
    plan = plan_of(bench.made, CELLS)
    need_s = needed_s(plan, FAST, 16)
    late = at("2026-03-25 04:00") - timedelta(seconds=need_s - 1)
    with pytest.raises(OutsideWindow, match="does not fit"):
        bench.run(f"{{windows: [{NIGHTS!r}]}}", late)
    assert all("lock" not in box.calls for box in bench.made.values())
    just = late - timedelta(seconds=2)
    assert bench.run(f"{{windows: [{NIGHTS!r}]}}", just).outcome is Outcome.CONFIRMED


def test_more_devices_need_more_time():
    few = plan_of(boxes("cell-1", "cell-2"), CELLS)
    many = plan_of(boxes(*(f"cell-{i}" for i in range(40))), CELLS)
    assert needed_s(many, FAST, 16) > needed_s(few, FAST, 16)
    assert needed_s(many, FAST, 16) > needed_s(many, FAST, 64)


def test_the_way_back_is_free_at_any_hour_and_the_text_names_the_window():
    plan = plan_of(boxes("cell-1"), CELLS, rollout=f"{{windows: [{NIGHTS!r}]}}")
    assert f"  only in the window {NIGHTS}" in render_plan(plan)
    assert reverse_plan(plan).windows == ()


def test_a_bad_window_in_an_intent_is_named_with_its_place():
    with pytest.raises(InputError, match=r"intent.yaml:4.*no maintenance window"):
        plan_of(boxes("cell-1"), CELLS, rollout="{windows: ['at night']}")
