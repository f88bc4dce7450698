"""Published formulae of delay: values by hand, limits and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.errors import ModelRangeError
from twin.sim.signals.delay import (
    capacity_veh_h,
    control_delay_s,
    los_class,
    pedestrian_delay_s,
    progression_factor,
    saturation_flow_veh_h,
    time_dependent_delay_s,
    uniform_delay_s,
    webster_cycle_s,
    webster_delay_s,
)
from twin.sim.signals.priority import adams_delay_s, siegloch_capacity_veh_h

_VECTORS = {
    60: {300: 13.79, 500: 16.70, 700: 27.92},
    80: {300: 16.51, 500: 19.49, 700: 26.48},
    100: {300: 19.33, 500: 22.55, 700: 28.64},
}


@pytest.mark.parametrize(("ratio", "cycle_s"), [(0.4, 38), (0.5, 46), (0.6, 58), (0.7, 77)])
def test_best_cycle_of_webster(ratio, cycle_s):
    # 57.5 and 76.7 s are given as whole seconds
    assert webster_cycle_s(12.0, ratio) == pytest.approx(cycle_s, abs=0.51)
    assert webster_cycle_s(12.0, ratio) == pytest.approx(23.0 / (1.0 - ratio))


@pytest.mark.parametrize("cycle_s", _VECTORS)
def test_delay_of_webster(cycle_s):
    flows = list(_VECTORS[cycle_s])
    green = (cycle_s - 12.0) / 2.0 / cycle_s
    delays = webster_delay_s(cycle_s, green, flows, 2000.0)
    np.testing.assert_allclose(delays, list(_VECTORS[cycle_s].values()), atol=0.01)


def test_formulae_refuse_what_they_do_not_hold_for():
    with pytest.raises(ModelRangeError, match=r"Webster 1958.*flow_ratio is 1"):
        webster_cycle_s(12.0, 1.0)
    with pytest.raises(ModelRangeError, match="degree of saturation is 1"):
        webster_delay_s(60.0, 0.4, [300.0, 800.0], 2000.0)
    with pytest.raises(ModelRangeError, match="flow_veh_h"):
        webster_delay_s(60.0, 0.4, 0.0, 2000.0)
    with pytest.raises(ModelRangeError, match="capacity"):
        time_dependent_delay_s(0.9, 0.0)
    with pytest.raises(ModelRangeError, match="arrivals_on_green is 1"):
        progression_factor(1.2, 0.5)


def test_time_dependent_delay_above_saturation():
    # 900 T [(x - 1) + sqrt((x - 1)^2 + 8 k x / (c T))] by hand: T = 0.25 h, k = 0.5, c = 800 veh/h
    assert time_dependent_delay_s(1.0, 800.0) == pytest.approx(225.0 * (4.0 / 200.0) ** 0.5)
    by_hand = 225.0 * (0.2 + (0.04 + 4.0 * 1.2 / 200.0) ** 0.5)
    assert time_dependent_delay_s(1.2, 800.0) == pytest.approx(by_hand)
    # far above saturation half of the surplus waits through the period: 1800 T (x - 1)
    assert time_dependent_delay_s(3.0, 800.0, period_h=1.0) == pytest.approx(3600.0, rel=0.01)


def test_control_delay_joins_both_sides_of_saturation():
    below, at, above = control_delay_s(80.0, 0.45, [899.0, 900.0, 901.0], 2000.0)
    assert below < at < above < below + 1.0
    assert control_delay_s(80.0, 0.45, 900.0, 2000.0) == pytest.approx(
        22.0 + 225.0 * (4 / 225) ** 0.5
    )


@given(
    st.floats(30.0, 120.0),
    st.floats(0.15, 0.85),
    st.floats(0.05, 0.85),
)
def test_webster_and_the_manual_agree_below_saturation(cycle_s, ratio, x):
    flow = x * ratio * 2000.0
    webster = float(webster_delay_s(cycle_s, ratio, flow, 2000.0))
    manual = float(control_delay_s(cycle_s, ratio, flow, 2000.0, period_h=1.0))
    uniform = float(uniform_delay_s(cycle_s, ratio, x))
    assert webster == pytest.approx(manual, rel=0.25, abs=3.0)
    assert manual >= uniform
    # Webster's third term takes off more than chance adds where cycles are long and flow is low
    assert webster >= 0.8 * uniform


def test_capacity_and_saturation_flow():
    assert saturation_flow_veh_h() == pytest.approx(2000.0)
    assert capacity_veh_h(2000.0, 24.0, 60.0) == pytest.approx(800.0)


def test_progression_and_pedestrians():
    assert progression_factor(0.4, 0.4) == pytest.approx(1.0)
    assert progression_factor(1.0, 0.4) == pytest.approx(0.0)
    assert progression_factor(0.7, 0.5, platoon_factor=1.15) == pytest.approx(0.69)
    assert pedestrian_delay_s(80.0, 10.0) == pytest.approx(0.5 * 70.0**2 / 80.0)


def test_levels_of_service():
    delays = [0.0, 20.0, 20.1, 35.0, 50.0, 70.0, 70.1, 100.0, 101.0]
    assert "".join("ABCDEF"[i] for i in los_class(delays)) == "AABBCDEEF"


def test_priority_rules():
    # q (t_g - t_f / 2) = 0.2 * 4.75
    assert siegloch_capacity_veh_h(720.0, 6.5, 3.5) == pytest.approx(3600 / 3.5 * np.exp(-0.95))
    assert siegloch_capacity_veh_h(0.0, 6.5, 3.5) == pytest.approx(1028.57, abs=0.01)
    assert adams_delay_s(720.0, 8.0) == pytest.approx((np.exp(1.6) - 2.6) / 0.2)


@given(st.floats(1.0, 3000.0), st.floats(2.0, 12.0))
def test_wait_for_a_gap_grows_with_traffic(flow, gap_s):
    assert 0.0 <= adams_delay_s(flow, gap_s) <= adams_delay_s(flow * 1.1, gap_s) + 1e-9


def test_wait_for_a_gap_is_what_random_traffic_does():
    rng = np.random.default_rng(5)
    rate_s, gap_s = 0.2, 8.0
    waits = np.zeros(20_000)
    for i in range(waits.size):
        while (step := rng.exponential(1.0 / rate_s)) < gap_s:
            waits[i] += step
    assert waits.mean() == pytest.approx(float(adams_delay_s(720.0, gap_s)), rel=0.03)
