"""Light lost with age, power that makes up for it, and the risk of failing."""

from __future__ import annotations

import numpy as np
import pytest

from twin.sim.lamps.ageing import (
    constant_light_drive,
    depreciation_per_h,
    failures_per_h,
    light_left,
    weibull_scale_h,
    worn_share,
)

LED, SODIUM = np.array([False]), np.array([True])


def test_l80b10_one_luminaire_in_ten_is_below_80_percent_at_70000_h():
    rates = depreciation_per_h(200_000, np.random.default_rng(1))
    left = light_left(np.full(rates.size, 70_000.0), rates, np.zeros(rates.size, bool))
    assert (left < 0.8).mean() == pytest.approx(0.10, abs=0.003)
    assert np.median(left) > 0.85


def test_sodium_lamps_lose_ten_percent_until_they_are_replaced():
    assert light_left(np.array([16_000.0]), np.zeros(1), SODIUM)[0] == pytest.approx(0.9)
    assert light_left(np.array([1e6]), np.zeros(1), SODIUM)[0] == 0.5


def test_constant_light_adds_one_over_maintenance_up_to_a_quarter():
    left = np.array([1.0, 0.9, 0.8, 0.6])
    assert constant_light_drive(left) == pytest.approx([1.0, 1 / 0.9, 1.25, 1.25])


def test_five_percent_of_sodium_lamps_have_failed_at_group_replacement():
    assert worn_share(np.array([16_000.0]))[0] == pytest.approx(0.05)
    assert worn_share(np.array([weibull_scale_h()]))[0] == pytest.approx(1 - np.exp(-1))


def test_the_risk_of_sodium_lamps_adds_up_to_the_share_that_fails():
    ages = np.arange(0.0, 16_000.0, 10.0) + 5.0
    risk = failures_per_h(ages, np.ones(ages.size, bool), 1.0)
    assert 1.0 - np.exp(-risk.sum() * 10.0) == pytest.approx(0.05, abs=1e-4)


def test_the_risk_of_led_is_a_bathtub():
    young, middle, old = failures_per_h(
        np.array([100.0, 20_000.0, 100_000.0]), np.zeros(3, bool), 0.46
    )
    assert young == pytest.approx(3 * middle, rel=0.02)
    assert old > 4 * middle
    assert middle * 8760.0 == pytest.approx(0.0075, rel=0.01)
