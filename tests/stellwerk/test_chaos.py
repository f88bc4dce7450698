"""`stellwerk chaos`: its numbers, its exit codes, and the command that shows a failure again."""

from __future__ import annotations

import json
import shlex

import pytest

from stellwerk import cli
from stellwerk.commands import chaos as command
from stellwerk.exits import Exit


def run(capsys, *words):
    code = cli.run(["chaos", *words])
    out, err = capsys.readouterr()
    return code, out, err


def test_sound_engine_ends_with_zero_and_counts(capsys):
    code, out, _ = run(capsys, "--schedules", "40", "--seed", "3", "--json")
    found = json.loads(out)
    assert code == Exit.OK
    assert (found["schedules"], found["violations"], found["failures"]) == (40, 0, [])
    assert found["schedules_per_second"] > 0
    assert 0 < found["edges_reached"] < found["edges_total"]
    assert found["fault_kinds_reached"]
    assert found["replay"] == "stellwerk chaos --seed 3 --schedules 40"


def test_violation_of_a_mutant_ends_with_one_and_its_replay_shows_it_again(capsys):
    code, out, _ = run(capsys, "--schedules", "60", "--mutant", "forgets-discard", "--json")
    found = json.loads(out)
    assert code == Exit.ERROR
    assert found["violations"] > 0
    assert found["failures"][0]["invariant"] == "I3"
    replay = shlex.split(found["replay"])[2:]
    code, first, _ = run(capsys, *replay)
    assert code == Exit.ERROR
    assert found["failures"][0]["what"] in first
    assert run(capsys, *replay)[1].splitlines()[1:] == first.splitlines()[1:]


def test_text_names_seed_invariant_and_replay(capsys):
    _, out, _ = run(capsys, "--schedules", "5", "--mutant", "sends-first")
    assert "5 schedules, 5 violations" in out
    assert "seed 1: I4: lock to d0 without a durable record" in out
    assert "replay: stellwerk chaos --seed 1 --schedules 1 --mutant sends-first" in out


def test_trace_counts_schedules_from_the_seed(capsys):
    code, out, _ = run(capsys, "--seed", "10", "--trace", "4")
    assert code == Exit.OK
    assert "seed 14" in out.splitlines()[0]
    assert out == run(capsys, "--seed", "14", "--trace", "0")[1]
    lines = json.loads(run(capsys, "--seed", "14", "--trace", "0", "--json")[1])
    assert len(lines) == len(out.splitlines())


def test_unknown_mutant_is_one_line_that_names_the_others(capsys):
    code, out, err = run(capsys, "--mutant", "perfect")
    assert code == Exit.ERROR
    assert not out
    assert err.startswith("error: no mutant 'perfect'")
    assert "forgets-cancel" in err


def test_many_schedules_that_reach_too_little_fail_by_name(capsys, monkeypatch):
    monkeypatch.setattr(command, "N_FOR_COVERAGE", 5)
    code, out, _ = run(capsys, "--schedules", "5")
    assert code == Exit.ERROR
    assert "not reached: result: gate, rearm, silence" in out
    assert run(capsys, "--schedules", "5", "--mutant", "forgets-rearm")[0] == Exit.OK


@pytest.mark.parametrize("words", [("--schedules", "0"), ("--trace", "-1")])
def test_nonsense_is_a_usage_error(capsys, words):
    assert run(capsys, *words)[0] == Exit.USAGE
