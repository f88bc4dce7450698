"""Rain has the exceedances of P.837, and links answer it as P.530 says."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from twin.model.city import WirelessCustomer
from twin.model.errors import ModelError
from twin.radio.itu.p530 import rain_attenuation_db
from twin.sim.egov_backbone.rain import Rain, rain_rate_mm_h
from twin.sim.egov_backbone.wireless import STEPS, Wireless, band_of

P837_MM_H = {1.0: 2.2, 0.1: 10.1, 0.03: 18.3, 0.01: 29.6}


@pytest.mark.parametrize(("percent", "rate"), P837_MM_H.items())
def test_the_distribution_goes_through_the_figures_of_p837(percent, rate):
    level = NormalDist().inv_cdf(1.0 - percent / 100.0)
    assert rain_rate_mm_h(np.array([level]))[0] == pytest.approx(rate, rel=1e-9)


def test_it_is_dry_most_of_the_time_and_rates_grow_with_the_level():
    levels = np.linspace(-3.0, 6.0, 500)
    rates = rain_rate_mm_h(levels)
    assert rates[levels < 1.5].max() == 0.0
    assert np.all(np.diff(rates) >= 0.0)
    assert rates.max() <= 150.0


def test_a_long_record_exceeds_each_rate_as_often_as_it_should():
    n = 400  # points far apart are independent years
    rain = Rain(1e7 * np.arange(n), np.zeros(n), np.random.default_rng(5))
    steps = 1500
    counts = dict.fromkeys(P837_MM_H, 0)
    for _ in range(steps):
        rain.step(5000.0)
        rates = rain.rates_mm_h()
        for percent, rate in P837_MM_H.items():
            counts[percent] += int((rates > rate).sum())
    for percent, hits in counts.items():
        share = percent / 100.0
        # neighbouring steps keep 37 % of the level: allow four standard deviations, doubled
        slack = 8.0 * np.sqrt(share * (1.0 - share) / (n * steps))
        assert hits / (n * steps) == pytest.approx(share, abs=slack)


def test_rain_lasts_and_near_points_share_it():
    rain = Rain(np.array([0.0, 500.0, 1e6]), np.zeros(3), np.random.default_rng(1))
    seen = []
    for _ in range(30_000):
        rain.step(60.0)
        seen.append(rain.rates_mm_h())
    wet = np.array(seen) > 0.0
    assert (wet[1:, 0] & wet[:-1, 0]).sum() > 0.8 * wet[1:, 0].sum()
    assert (wet[:, 0] & wet[:, 1]).sum() > 0.6 * wet[:, 0].sum()
    assert (wet[:, 0] & wet[:, 2]).sum() < 0.3 * wet[:, 0].sum()


def test_a_scenario_decides_the_rain_until_it_ends():
    rain = Rain(np.zeros(1), np.zeros(1), np.random.default_rng(1))
    by_chance = rain.rates_mm_h().tolist()
    rain.force(0, 42.0)
    assert rain.rates_mm_h().tolist() == [42.0]
    rain.force(0, None)
    assert rain.rates_mm_h().tolist() == by_chance


def homes(*distances_m: float, carrier_hz: float = 26e9) -> Wireless:
    customers = [
        WirelessCustomer(id=f"h{d}", hub="hub", x_m=d, y_m=0.0, carrier_hz=carrier_hz)
        for d in distances_m
    ]
    return Wireless(customers, {"hub": (0.0, 0.0)})


def test_attenuation_at_r001_is_that_of_p530():
    wireless = homes(500.0, 2000.0)
    expected = rain_attenuation_db(26e9, [500.0, 2000.0], 29.6, 0.01)
    np.testing.assert_allclose(wireless.rain_db(np.array([29.6])), expected)
    assert not wireless.rain_db(np.array([0.0])).any()


def test_rain_lowers_the_rate_step_by_step_until_the_link_is_gone():
    wireless = homes(1800.0)
    rates = []
    for rate in np.linspace(0.0, 150.0, 60):
        wireless.update(np.array([rate]))
        rates.append(float(wireless.rate_bps[0]))
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == pytest.approx(56e6 * STEPS[-1][1])
    assert rates[-1] == 0.0
    assert len(set(rates)) >= 4


def test_farther_homes_go_first():
    wireless = homes(500.0, 4500.0)
    wireless.update(np.array([60.0]))
    assert wireless.served(1e6).tolist() == [True, False]
    assert wireless.served_percent(1e6) == 50.0


def test_a_dark_hub_serves_nobody():
    wireless = homes(500.0)
    wireless.hub_up[0] = False
    wireless.update(np.zeros(1))
    assert wireless.served_percent(1e6) == 0.0


def test_oxygen_is_part_of_a_60_ghz_budget():
    near, far = homes(100.0, 1100.0, carrier_hz=60e9).snr_dry_db
    assert near - far > 20.0 * np.log10(11.0) + 14.0


def test_airtime_is_demand_over_rate():
    wireless = homes(500.0, 600.0)
    wireless.update(np.zeros(1))
    assert wireless.airtime(1e6)[0] == pytest.approx((1e6 / wireless.rate_bps).sum())


def test_a_customer_of_nobody_and_a_strange_carrier_are_refused():
    with pytest.raises(ModelError, match="its hub 'mast' is no site"):
        Wireless([WirelessCustomer(id="h", hub="mast", x_m=0.0, y_m=0.0, carrier_hz=26e9)], {})
    with pytest.raises(ModelError, match="no fixed wireless equipment is known for 200 GHz"):
        band_of(200e9)


@pytest.mark.parametrize("distance_m", [1000.0, 2500.0])
@pytest.mark.parametrize("percent", [1.0, 0.3, 0.1, 0.03, 0.01, 0.003])
def test_attenuation_is_exceeded_as_often_as_p530_says(distance_m, percent):
    levels = np.linspace(1.4, 5.0, 40_001)
    rates = rain_rate_mm_h(levels)
    levels, rates = levels[rates > 0.0], rates[rates > 0.0]
    loss_db = rain_attenuation_db(26e9, distance_m, rates, 0.01)
    deep_db = float(rain_attenuation_db(26e9, distance_m, 29.6, percent))
    found = 100.0 * (1.0 - NormalDist().cdf(float(levels[np.searchsorted(loss_db, deep_db)])))
    # the recommendation scales from 0.01 %, the process goes through the rain itself
    assert found == pytest.approx(percent, rel=0.2)
