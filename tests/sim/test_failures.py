"""Failures and drills as actions: rates, repairs, and the same future after saving."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest

from tests.sim.saved import stored
from twin.sim.failures import Drill, FailureRate, Failures
from twin.sim.kernel import Kernel


class Bulbs:
    """Some bulbs that work or do not, and a log of what happened to them."""

    def __init__(self, kernel: Kernel, n: int) -> None:
        self.kernel = kernel
        self.works = [True] * n
        self.log: list[tuple[float, str, int]] = []

    def count(self) -> int:
        return sum(self.works)

    def fail(self, k: int) -> int:
        bulb = [i for i, works in enumerate(self.works) if works][k]
        self.works[bulb] = False
        self.log.append((self.kernel.now_s, "failed", bulb))
        return bulb

    def fail_first(self) -> int:
        return self.fail(0)

    def repair(self, bulb: int) -> None:
        self.works[bulb] = True
        self.log.append((self.kernel.now_s, "repaired", bulb))


Bulbs.__module__ = "twin.sim.bulbs"  # as if it were one of ours


@pytest.fixture(autouse=True)
def _bulbs_are_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("twin.sim.bulbs")
    module.Bulbs = Bulbs  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "twin.sim.bulbs", module)


def _failures(bulbs: Bulbs, per_hour: float, repair_s: tuple[float, float], factor: float = 1.0):
    return Failures(
        bulbs.kernel,
        "bulbs",
        np.random.default_rng(1),
        FailureRate(per_hour=per_hour, repair_s=repair_s),
        factor,
        count=bulbs.count,
        fail=bulbs.fail,
        repair=bulbs.repair,
    )


def test_failures_come_at_their_rate_and_are_repaired_in_their_time():
    bulbs = Bulbs(Kernel(), 100)
    _failures(bulbs, 0.01, (60.0, 120.0)).start()
    bulbs.kernel.advance(1000 * 3600.0)
    failed = [entry for entry in bulbs.log if entry[1] == "failed"]
    assert len(failed) == pytest.approx(1000, abs=4 * 1000**0.5)
    open_since = {}
    for at_s, what, bulb in bulbs.log:
        if what == "failed":
            open_since[bulb] = at_s
        else:
            assert 60.0 <= at_s - open_since.pop(bulb) <= 120.0


def test_a_factor_makes_failures_frequent_and_repairs_fast():
    bulbs = Bulbs(Kernel(), 100)
    _failures(bulbs, 0.01, (60.0, 60.0), factor=10.0).start()
    bulbs.kernel.advance(100 * 3600.0)
    assert len(bulbs.log) == pytest.approx(2000, abs=8 * 1000**0.5)
    first = bulbs.log[0]
    repaired = next(e for e in bulbs.log if e[1] == "repaired" and e[2] == first[2])
    assert repaired[0] - first[0] == pytest.approx(6.0)


def test_with_nothing_left_to_fail_it_waits_for_a_repair():
    bulbs = Bulbs(Kernel(), 1)
    _failures(bulbs, 3600.0, (7200.0, 7200.0)).start()
    bulbs.kernel.advance(50 * 3600.0)
    assert 10 <= len(bulbs.log) <= 50
    assert [what for _, what, _ in bulbs.log[:4]] == ["failed", "repaired", "failed", "repaired"]


def test_saved_failures_have_the_same_future():
    bulbs = Bulbs(Kernel(), 10)
    _failures(bulbs, 1.0, (60.0, 600.0)).start()
    bulbs.kernel.advance(3 * 3600.0)
    other = stored(bulbs)
    for each in (bulbs, other):
        each.kernel.advance(30 * 3600.0)
    assert other.log == bulbs.log
    assert len(bulbs.log) > 100


def test_the_drill_breaks_after_15_s_repairs_after_45_s_and_comes_again():
    bulbs = Bulbs(Kernel(), 3)
    Drill(bulbs.kernel, "drill", bulbs.fail_first, bulbs.repair).start()
    bulbs.kernel.advance(10.0)
    bulbs = stored(bulbs)
    bulbs.kernel.advance(200.0)
    assert bulbs.log == [
        (15.0, "failed", 0),
        (45.0, "repaired", 0),
        (135.0, "failed", 0),
        (165.0, "repaired", 0),
    ]


def test_a_factor_of_zero_is_refused():
    with pytest.raises(ValueError, match="factor is 0"):
        _failures(Bulbs(Kernel(), 1), 1.0, (1.0, 1.0), factor=0.0)
