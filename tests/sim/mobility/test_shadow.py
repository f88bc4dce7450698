"""The frozen field of shadowing: spread, correlation along a path and between sites."""

from __future__ import annotations

import numpy as np
import pytest

from twin.sim.mobility import MobilitySimulation, hexagonal_layer, straight_walk
from twin.sim.mobility.shadow import make_field


def shadowing(sigma_db, x_m, y_m, seed):
    """Shadowing of 6 sites along points: levels with it less levels without."""
    cells, size_m = hexagonal_layer(3, 2, 1500.0)
    levels = []
    for sigma in (sigma_db, 0.0):
        walk = straight_walk(len(x_m), 0.0, size_m, np.random.default_rng(0))
        walk.x_m[:], walk.y_m[:] = x_m, y_m
        sim = MobilitySimulation(cells, walk, np.random.default_rng(seed), sigma_db=sigma,
                                 correlation_m=50.0)  # fmt: skip
        levels.append(sim.level_dbm().astype(np.float64))
    return (levels[0] - levels[1])[:, ::3]


def test_spread_and_correlation_between_sites_are_those_asked_for():
    x, y = np.random.default_rng(5).uniform(0.0, 2500.0, (2, 4000))
    fields = np.concatenate([shadowing(6.0, x, y, seed) for seed in range(4)])
    assert fields.std() == pytest.approx(6.0, rel=0.05)
    between = np.corrcoef(fields.T)[np.triu_indices(6, 1)]
    assert between.mean() == pytest.approx(0.5, abs=0.08)


def test_correlation_falls_exponentially_along_a_path():
    step_m = 12.5
    x = 10.0 + np.arange(128) * step_m
    values = [shadowing(6.0, x, np.full(128, y), seed)
              for seed, y in enumerate(np.linspace(50.0, 2400.0, 12))]  # fmt: skip
    field = np.stack(values) / 6.0
    for lag in (1, 2, 4, 8):
        wanted = np.exp(-lag * step_m / 50.0)
        found = float((field[:, lag:] * field[:, :-lag]).mean() / (field**2).mean())
        assert found == pytest.approx(wanted, abs=0.09)


@pytest.mark.parametrize("wrong", [{"sigma_db": -1.0}, {"correlation_m": 0.0},
                                   {"site_correlation": 1.5}])  # fmt: skip
def test_wrong_field_is_refused(wrong):
    given = {"sigma_db": 6.0, "correlation_m": 50.0} | wrong
    with pytest.raises(ValueError, match=r"range|valid"):
        make_field(3, rng=np.random.default_rng(0), **given)
