"""Octets are conserved, queues follow the textbooks, and volumes follow the regulator's report."""

from __future__ import annotations

import heapq

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.sim.cellular.assumptions import assumed
from twin.sim.cellular.traffic import (
    TrafficClass,
    arrivals,
    fair_rate_bps,
    traffic_classes,
    transfer,
)

OCTETS = st.lists(st.integers(0, 10**12), min_size=3, max_size=3)


@given(queued=OCTETS, arrived=OCTETS, capacity=OCTETS, most=OCTETS)
def test_no_octet_is_lost(queued, arrived, capacity, most):
    q, a, c, m = (np.array(values, dtype=np.int64) for values in (queued, arrived, capacity, most))
    moved = transfer(q, a, c, m)
    assert np.array_equal(q + a, moved.served + moved.dropped + moved.queued)
    assert (moved.served >= 0).all()
    assert (moved.served <= c).all()
    assert (moved.dropped >= 0).all()
    assert (moved.queued >= 0).all()
    assert (moved.queued <= m).all()


def test_a_sim_moves_its_volume_of_a_month():
    classes = traffic_classes()
    assert sum(kind.session_share for kind in classes) == pytest.approx(1.0)
    data_bps = sum(k.session_share * k.rate_bps for k in classes if k.name != "voice")
    month_octets = data_bps * assumed("connected_share") * 30.4 * 86400.0 / 8.0
    assert month_octets == pytest.approx(7.4e9)
    voice = next(kind for kind in classes if kind.name == "voice")
    minutes = voice.session_share * assumed("connected_share") * 30.4 * 1440.0
    assert minutes == pytest.approx(115.0)


def _mean_queue(variation, load, rng):
    """Mean octets waiting in many cells, with steps of a twentieth of a service time."""
    kind = TrafficClass(
        name="x", session_share=1.0, rate_bps=1.0, unit_octets=1e6, variation=variation
    )
    n, steps, warm = 600, 12_000, 4_000
    capacity_bps = 8e6  # one unit takes a second
    dt_s = 0.05
    demand = np.full(n, load * capacity_bps)
    capacity = np.full(n, round(capacity_bps * dt_s / 8.0), dtype=np.int64)
    endless = np.full(n, 10**15, dtype=np.int64)
    queued = np.zeros(n, dtype=np.int64)
    total = 0.0
    for step in range(steps):
        arrived = arrivals(demand, kind, dt_s, rng)
        queued = transfer(queued, arrived, capacity, endless).queued
        if step >= warm:
            total += float(queued.mean())
    return total / (steps - warm)


@pytest.mark.parametrize(("variation", "load"), [(1.0, 0.6), (0.0, 0.6)], ids=["M/M/1", "M/D/1"])
def test_the_queue_of_one_cell_follows_pollaczek_and_khinchine(variation, load):
    # Mean work in an M/G/1 queue: rho E[S] (1 + c^2) / (2 (1 - rho)), times the rate.
    expected = load * 1e6 * (1.0 + variation**2) / (2.0 * (1.0 - load))
    measured = _mean_queue(variation, load, np.random.default_rng(1))
    assert measured == pytest.approx(expected, rel=0.06)


def _processor_sharing(load, shape, n, rng):
    """Mean time in the system over mean size of an M/G/1-PS queue with rate 1, event by event."""
    arrivals_s, sizes = np.cumsum(rng.exponential(1.0 / load, n)), rng.gamma(shape, 1.0 / shape, n)
    present: list[float] = []  # attained service at which each job is done, as a heap
    now = attained = spent = 0.0
    for arrival_s, size in zip([*arrivals_s, np.inf], [*sizes, 0.0], strict=True):
        while present and now + (present[0] - attained) * len(present) <= arrival_s:
            step = (present[0] - attained) * len(present)
            spent += step * len(present)
            now += step
            attained = heapq.heappop(present)
        if np.isfinite(arrival_s):
            spent += (arrival_s - now) * len(present)
            attained += (arrival_s - now) / len(present) if present else 0.0
            now = arrival_s
            heapq.heappush(present, attained + size)
    return spent / sizes.sum()


@pytest.mark.parametrize("shape", [1.0, 0.5], ids=["exponential", "more varied"])
def test_users_of_a_loaded_cell_get_the_rate_of_processor_sharing(shape):
    load = 0.6
    slowdown = _processor_sharing(load, shape, 60_000, np.random.default_rng(2))
    rate = fair_rate_bps(np.array([1e6]), np.array([load]), np.array([50.0]))[0]
    assert 1e6 / rate == pytest.approx(slowdown, rel=0.1)


def test_a_full_cell_is_shared_among_all():
    rate = fair_rate_bps(np.array([1e6]), np.array([1.0]), np.array([9.0]))
    assert rate[0] == pytest.approx(1e5)


def test_arrivals_have_the_mean_of_the_demand():
    rng = np.random.default_rng(3)
    for kind in traffic_classes():
        demand = np.full(4000, 20.0 * kind.rate_bps)
        octets = arrivals(demand, kind, 10.0, rng)
        assert octets.mean() * 8.0 / 10.0 == pytest.approx(20.0 * kind.rate_bps, rel=0.05)
        assert octets.dtype == np.int64
