"""The yardstick does the work that it claims to do."""

from __future__ import annotations

import numpy as np
import pytest

from cext import _isa, _limit


def sums(x, n_rounds):
    return ((x[:, None].astype(float) + np.arange(n_rounds)) ** -2.0).sum(axis=1)


@pytest.mark.parametrize("isa", _isa.isas())
@pytest.mark.parametrize("n", [1, 255, 256, 700])
def test_every_row_holds_its_sum_of_powers(monkeypatch, isa, n):
    monkeypatch.setenv("STELLWERK_ISA", isa)
    x = np.random.default_rng(n).uniform(1, 1e6, n).astype(np.float32)
    out = np.full(n, np.nan, np.float32)
    _limit.log2_exp2(x, out, n_rounds=20, n_threads=2)
    np.testing.assert_allclose(out, sums(x, 20), rtol=1e-5)


def test_no_row_is_no_work():
    _limit.log2_exp2(np.empty(0, np.float32), np.empty(0, np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.5, -1.0])
def test_a_value_outside_the_range_is_named(value):
    x = np.array([2.0, value], np.float32)
    with pytest.raises(ValueError, match="x: row 1 is"):
        _limit.log2_exp2(x, x.copy())


def test_bad_sizes_are_refused():
    x = np.ones(3, np.float32)
    with pytest.raises(ValueError, match="out: has 2 rows, must have 3"):
        _limit.log2_exp2(x, x[:2].copy())
    with pytest.raises(ValueError, match="n_rounds: 0"):
        _limit.log2_exp2(x, x.copy(), n_rounds=0)
