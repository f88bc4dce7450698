"""Seeded fault schedules: no promise is broken, every edge is reached, each replays the same."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from hil.chaos.edges import EDGES
from hil.chaos.faults import FaultKind
from hil.chaos.report import run_chaos
from hil.chaos.run import run_schedule
from hil.chaos.schedule import make_schedule
from hil.chaos.trace import trace_schedule


def test_a_thousand_schedules_break_no_promise():
    found = run_chaos(1000, 7_000_000)
    assert not found.failures
    assert found.edges_reached > 0.8 * found.edges_total
    assert not found.edges_unknown


@pytest.mark.long
def test_ten_thousand_schedules_break_no_promise_and_reach_every_edge_and_fault():
    found = run_chaos(10_000, 1_000_000)
    assert not found.failures
    assert found.edges_missing == found.edges_unknown == found.fault_kinds_missing == ()
    assert found.is_covered
    assert found.edges_reached == found.edges_total == len(EDGES)
    assert found.fault_kinds_reached == tuple(FaultKind)


def test_run_of_few_schedules_says_what_it_did_not_reach():
    found = run_chaos(3, 1)
    assert not found.is_covered
    assert len(found.edges_missing) == found.edges_total - found.edges_reached
    assert "power-cut" in {*found.fault_kinds_missing, *found.fault_kinds_reached}


def test_same_seed_gives_the_same_log_and_another_seed_another():
    assert run_chaos(60, 40).log_hash == run_chaos(60, 40).log_hash
    assert run_chaos(60, 40).log_hash != run_chaos(60, 41).log_hash
    assert make_schedule(40) == make_schedule(40)


def test_log_does_not_depend_on_the_order_of_sets(project_root):
    program = "from hil.chaos.report import run_chaos; print(run_chaos(60, 40).log_hash)"
    hashes = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=project_root,
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert hashes == {run_chaos(60, 40).log_hash + "\n"}


def test_trace_is_the_same_twice_and_ends_with_the_log():
    lines = trace_schedule(12)
    assert lines == trace_schedule(12)
    assert lines[0].what == "seed 12"
    assert lines[-1].what == f"good; log {run_schedule(12)}"
    assert [line.at_s for line in lines] == sorted(line.at_s for line in lines)
    kinds = {line.what.split()[0] for line in lines}
    assert {"record", "sent", "lock"} <= kinds


def test_listening_changes_nothing():
    heard = []
    for seed in range(20):
        quiet = run_schedule(seed)
        assert run_schedule(seed, tell=lambda *what: heard.append(what)) == quiet
    assert heard


def test_knobs_differ_from_seed_to_seed():
    schedules = [make_schedule(seed) for seed in range(300)]
    for knob in ("step_s", "patience_s", "margin_s", "pause_s"):
        assert len({getattr(each.limits, knob) for each in schedules}) > 1, knob
    for knob in ("by_wave", "may_skip", "has_gate", "n_faults", "onset", "confirm_timeout_s"):
        assert len({getattr(each, knob) for each in schedules}) > 1, knob
    classes = {spec.device_class for each in schedules for spec in each.specs}
    assert sorted(classes) == ["A", "B", "C", "D", "E"]
    assert max(len(each.specs) for each in schedules) > 5
