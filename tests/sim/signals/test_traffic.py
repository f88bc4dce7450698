"""Queues against theory and against single vehicles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sim.signals.microsim import Street
from tests.sim.signals.towns import signal, town
from twin.sim.signals.assumptions import assumed
from twin.sim.signals.cycles import Cycles
from twin.sim.signals.delay import control_delay_s, progression_factor, webster_delay_s
from twin.sim.signals.layout import INBOUND, Layout, lay_out
from twin.sim.signals.queues import draw_arrivals, poisson_tails, serve
from twin.sim.signals.traffic import Demand, Traffic

INBOUND_ONLY = Demand(vehicles=1.0, walkers=0.0, inbound=1.0)
DAY = 1  # row of the 80 s programme
SATURATION = 2000.0 / 3600.0 * assumed("adjustment")


def _layout(n: int, flow: float, **fields: object) -> Layout:
    signals = [signal(k, corridor="main", corridor_m=300.0 * k, flow_veh_h=flow) for k in range(n)]
    layout = lay_out(town(), signals, np.random.default_rng(1))
    # one lane and the same green everywhere: what the formulae speak of
    lanes = np.ones_like(layout.lanes)
    saturation = layout.saturation_s / layout.lanes
    greens = {"main_s": np.full((4, n), 38), "side_s": np.full((4, n), 30)}
    return replace(layout, lanes=lanes, saturation_s=saturation, **(greens | fields))


def _flow(layout: Layout, hours: float, *, warm_s: int = 1800, seed: int = 2):
    """Run inbound traffic alone; return mean delay, vehicles and share on green by signal."""
    n = len(layout.ids)
    cycles = Cycles(layout)
    cycles.wanted[:] = DAY
    cycles.settle(0)
    traffic = Traffic(layout, np.ones(n), np.random.default_rng(seed))
    traffic.set_demand(INBOUND_ONLY, 0.0)
    waited, arrived, platoon, on_green = np.zeros(n), np.zeros(n), 0.0, 0.0
    for t in range(0, int(hours * 3600) + warm_s, 10):
        main, side = cycles.greens(t, 10)
        flow = traffic.step(t, main, side, np.zeros(n, dtype=bool))
        if t >= warm_s:
            waited += flow.waited_s[INBOUND]
            arrived += flow.arrived[INBOUND]
            platoon += flow.platoon
            on_green += flow.platoon_on_green
    return waited / arrived, arrived, on_green / max(platoon, 1e-9)


@pytest.mark.parametrize("x", [0.3, 0.6, 0.85])
def test_a_signal_alone_has_the_delay_of_webster(x):
    capacity = SATURATION * 3600.0 * 38.0 / 80.0
    flow = x * capacity / (1.0 - assumed("side_share"))
    delay, arrived, _ = _flow(_layout(1, flow), 12.0)
    assert arrived[0] == pytest.approx(12.0 * x * capacity, rel=0.03)
    webster = webster_delay_s(80.0, 38.0 / 80.0, x * capacity, 3600.0 * SATURATION)
    assert delay[0] == pytest.approx(float(webster), rel=0.08)


def test_over_saturation_grows_as_the_manual_says():
    per_s = SATURATION * 38.0 / 80.0
    layout = _layout(1, 1.1 * per_s * 3600.0 / (1.0 - assumed("side_share")))
    waited, arrived = 0.0, 0.0
    for seed in range(60):  # eleven cycles, each time from an empty street
        cycles = Cycles(layout)
        cycles.wanted[:] = DAY
        cycles.settle(0)
        traffic = Traffic(layout, np.ones(1), np.random.default_rng(seed))
        traffic.set_demand(INBOUND_ONLY, 0.0)
        start = int(layout.offset_s[DAY, 0])
        cycles.greens(0, start)
        for t in range(start, start + 880, 10):
            flow = traffic.step(t, *cycles.greens(t, 10), np.zeros(1, dtype=bool))
            waited += float(flow.waited_s[INBOUND, 0])
            arrived += float(flow.arrived[INBOUND, 0])
        # the manual counts the wait of those still there until they have left
        waited += float(traffic.queue[INBOUND, 0]) ** 2 / (2.0 * per_s)
    expected = control_delay_s(
        80.0, 38.0 / 80.0, 1.1 * per_s * 3600.0, 3600.0 * SATURATION, period_h=880.0 / 3600.0
    )
    assert waited / arrived == pytest.approx(float(expected), rel=0.12)


def _two(offset_s: int) -> Layout:
    layout = _layout(2, 1000.0)
    far, near = 1, 0  # inbound traffic meets the far one first
    offsets = np.zeros((4, 2), dtype=np.int64)
    offsets[:, near] = offset_s
    assert layout.upstream[INBOUND, near] == far
    return replace(layout, offset_s=offsets)


def test_a_green_wave_of_two_signals_helps_as_much_as_the_platoon_factor_says():
    travel_s = 300.0 / assumed("progression_speed")
    delays, shares = {}, {}
    for name, offset in (("wave", round(travel_s)), ("against", round(travel_s) + 40)):
        delay, _, share = _flow(_two(offset), 4.0)
        delays[name], shares[name] = delay[0], share
    assert shares["wave"] > 0.85 > 0.4 > shares["against"]
    assert delays["wave"] < 0.5 * delays["against"]
    alone, _, _ = _flow(_layout(1, 1000.0), 4.0)
    through = assumed("through_share")
    for name in ("wave", "against"):
        on_green = through * shares[name] + (1.0 - through) * 38.0 / 80.0
        factor = float(progression_factor(on_green, 38.0 / 80.0))
        assert delays[name] == pytest.approx(factor * alone[0], rel=0.35, abs=2.0)


def test_the_street_counted_by_second_agrees_with_single_vehicles():
    # three signals, 11 veh/min, offsets that are neither good nor bad; mean delay within 15 %
    layout = _layout(3, 950.0)
    offsets = np.zeros((4, 3), dtype=np.int64)
    offsets[:, :] = [20, 50, 0]
    layout = replace(layout, offset_s=offsets)
    delay, arrived, _ = _flow(layout, 20.0)
    main_s = 950.0 * (1.0 - assumed("side_share")) / 3600.0
    through = assumed("through_share")
    travel = 300.0 / assumed("progression_speed")
    street = Street(
        rng=np.random.default_rng(11),
        cycle_s=80.0,
        green_s=[38.0] * 3,
        offset_s=[0.0, 50.0, 20.0],  # from the far end
        entry_s=[main_s, main_s * (1.0 - through), main_s * (1.0 - through)],
        travel_s=[0.0, travel, travel],
        through=through,
        headway_s=1.0 / SATURATION,
    )
    street.kernel.advance(20.0 * 3600.0)
    np.testing.assert_allclose(arrived[::-1], street.n, rtol=0.03)
    np.testing.assert_allclose(delay[::-1], street.delay_s / street.n, rtol=0.15)


def test_arrivals_have_the_mean_and_variance_of_poisson():
    rates = np.array([0.0, 0.02, 0.3, 1.1])
    drawn = draw_arrivals(np.random.default_rng(4), 200_000, poisson_tails(rates))
    np.testing.assert_allclose(drawn.mean(axis=0), rates, rtol=0.03)
    np.testing.assert_allclose(drawn.var(axis=0), rates, rtol=0.04)
    assert drawn[:, 0].max() == 0.0


def test_how_seconds_are_cut_does_not_change_what_is_drawn():
    tails = poisson_tails(np.full((5, 7), 0.2))
    one = draw_arrivals(np.random.default_rng(4), 10, tails)
    rng = np.random.default_rng(4)
    parts = [draw_arrivals(rng, n, tails) for n in (3, 1, 6)]
    np.testing.assert_array_equal(one, np.concatenate(parts))


@given(
    st.lists(st.tuples(st.floats(0, 5), st.floats(0, 3)), min_size=1, max_size=40),
    st.floats(0, 50),
)
def test_queues_follow_the_recursion_and_lose_nobody(seconds, start):
    arrivals = np.array([[a] for a, _ in seconds])
    capacity = np.array([[c] for _, c in seconds])
    queues = serve(np.array([start]), arrivals, capacity)
    waiting = start
    for k, (a, c) in enumerate(seconds):
        waiting = max(waiting + a - c, 0.0)
        assert queues[k, 0] == pytest.approx(waiting, abs=1e-9)
    left = start + arrivals.sum() - queues[-1, 0]
    assert -1e-9 <= left <= capacity.sum() + 1e-9
