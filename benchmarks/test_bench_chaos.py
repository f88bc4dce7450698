"""How many fault schedules one core carries: all classes, all faults, the chain of every record."""

from __future__ import annotations

import pytest

from hil.chaos.report import run_chaos

N_SCHEDULES = 1000


@pytest.mark.benchmark(group="chaos, a thousand schedules")
def test_schedules(benchmark):
    found = benchmark.pedantic(run_chaos, args=(N_SCHEDULES, 0), rounds=5, warmup_rounds=1)
    assert not found.violations
    benchmark.extra_info["schedules_per_second"] = round(N_SCHEDULES / benchmark.stats.stats.min)
