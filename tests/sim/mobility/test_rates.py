"""The table of rates: true to exact runs at and between its corners, and sane in direction."""

from __future__ import annotations

import math

import numpy as np
import pytest

from twin.sim.mobility import (
    HandoverPolicy,
    MobilitySimulation,
    hexagonal_layer,
    mobility_rates,
    straight_walk,
)
from twin.sim.mobility.rate_table import AXES, RATES

CAR_M_S = 30.0 / 3.6


def exact(isd_m, speed_m_s, load, policy, seed=11):
    cells, size_m = hexagonal_layer(6, 6, isd_m, load=load)
    walk = straight_walk(384, speed_m_s, size_m, np.random.default_rng(seed))
    sim = MobilitySimulation(
        cells, walk, np.random.default_rng(seed + 1), policy=policy, has_full_buffer=False
    )
    sim.run(math.ceil(150e3 / (384 * speed_m_s) / 0.2), 0.2)
    return sim.counts()


@pytest.mark.parametrize(
    ("isd_m", "speed_m_s", "load", "policy"),
    [
        (500.0, CAR_M_S, 0.3, HandoverPolicy()),
        (390.0, 11.0, 0.3, HandoverPolicy(hysteresis_db=2.0, time_to_trigger_s=0.16)),
        (700.0, CAR_M_S, 0.45, HandoverPolicy(hysteresis_db=4.0, time_to_trigger_s=0.4)),
    ],
)
def test_rates_are_those_of_exact_runs_with_other_seeds(isd_m, speed_m_s, load, policy):
    found = exact(isd_m, speed_m_s, load, policy)
    wanted = mobility_rates(isd_m, speed_m_s, load=load, policy=policy)
    assert found.handovers_per_km == pytest.approx(wanted.handovers_per_km, rel=0.15)
    # failures rise steeply with load: the line between corners says too many, not too few
    assert -0.02 < wanted.failure_share - found.failure_share < 0.08
    assert found.ping_pong_share == pytest.approx(wanted.ping_pong_share, abs=0.02)
    # convex in hysteresis and time to trigger: the line between corners says too many
    assert -0.02 < wanted.soon_return_share - found.soon_return_share < 0.06


def test_table_has_a_row_for_every_corner_and_sane_numbers():
    assert len(RATES) == math.prod(len(axis) for axis in AXES.values())
    table = np.array(RATES).reshape(*(len(axis) for axis in AXES.values()), 5)
    assert (table >= 0.0).all()
    assert (table[..., 1:4] <= 1.0).all()
    handovers = table[..., 0]
    # wider spacing, fewer handovers, unless they fail before they are done
    assert (np.diff(handovers[0, :, :, :2], axis=0) < 0.0).all()
    assert (np.diff(handovers, axis=3) < 0.0).all()  # more hysteresis, fewer
    assert (np.diff(table[..., 3], axis=0) > -0.01).all()  # more load, more failures


def test_corners_are_kept_and_outside_the_nearest_counts():
    policy = HandoverPolicy(hysteresis_db=1.0, time_to_trigger_s=0.04)
    first = mobility_rates(300.0, 3.0 / 3.6, load=0.3, policy=policy)
    assert (first.handovers_per_km, first.ping_pong_share) == pytest.approx(RATES[0][:2])
    assert first.soon_return_share == pytest.approx(RATES[0][2])
    assert mobility_rates(100.0, 0.0, load=0.0, policy=policy) == first
    last = HandoverPolicy(hysteresis_db=9.0, time_to_trigger_s=5.12)
    far = mobility_rates(5000.0, 40.0, load=1.0, policy=last)
    assert far.handovers_per_km == pytest.approx(RATES[-1][0])
    assert far.lost_links_per_handover > 0.1


@pytest.mark.parametrize("wrong", [{"isd_m": 0.0}, {"speed_m_s": -1.0}, {"load": 1.5}])
def test_figures_out_of_range_are_refused(wrong):
    given = {"isd_m": 500.0, "speed_m_s": 1.0, "load": 0.3} | wrong
    with pytest.raises(ValueError, match="out of range"):
        mobility_rates(given["isd_m"], given["speed_m_s"], load=given["load"])
