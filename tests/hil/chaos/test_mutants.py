"""Broken engines: chaos finds what is wrong with every one of them."""

from __future__ import annotations

import pytest

from hil.chaos.invariants import Violation
from hil.chaos.mutants import MUTANTS
from hil.chaos.report import run_chaos
from hil.chaos.run import run_schedule
from hil.chaos.trace import trace_schedule

N_ENOUGH = 1000


def first_caught(name, start):
    """Find the first seed that shows what is wrong."""
    for seed in range(start, start + N_ENOUGH):
        try:
            run_schedule(seed, MUTANTS[name])
        except Violation as err:
            return seed, err
    return None


def test_there_are_a_dozen_and_more():
    assert len(MUTANTS) >= 12
    assert all(engine.about for engine in MUTANTS.values())


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_caught(name):
    assert first_caught(name, 0), MUTANTS[name].about


@pytest.mark.parametrize("name", ["guesses", "forgets-discard", "shares-lease"])
def test_violation_is_replayed_byte_for_byte(name):
    seed, err = first_caught(name, 0)
    again = run_chaos(1, seed, engine=MUTANTS[name])
    assert again.violations == 1
    assert again.replay == f"stellwerk chaos --seed {seed} --schedules 1 --mutant {name}"
    assert again.failures[0].replay == again.replay
    assert (again.failures[0].invariant, again.failures[0].what) == (err.invariant, err.what)
    assert again.log_hash == run_chaos(1, seed, engine=MUTANTS[name]).log_hash
    trace = trace_schedule(seed, MUTANTS[name])
    assert trace == trace_schedule(seed, MUTANTS[name])
    assert trace[-1].what == f"VIOLATION {err}"
