"""A narrow line slows its stations down before they take the air."""

from __future__ import annotations

import numpy as np
import pytest

from twin.model.city import AccessPoint, Radio, Ssid
from twin.sim.wifi.fleet import PUBLIC, WifiFleet

AP = AccessPoint(
    id="ap", site="s", x_m=0.0, y_m=0.0, height_m=4.0, placement="outdoor_fixed",
    radios=(
        Radio(index="2", channel=36, bandwidth_mhz=20, tx_power_dbm=20, antenna_gain_dbi=3.0),
    ),
    ssids=(Ssid(name="n"),),
)  # fmt: skip


def _fleet(line_bps, rate_bps=2e6):
    """One access point, 20 stations, a minute of it."""
    names = ("arrivals", "places", "traffic", "lessons", "air", "users", "roaming")
    rngs = {name: np.random.default_rng(k) for k, name in enumerate(names)}
    fleet = WifiFleet((AP,), [PUBLIC], (np.zeros(1), np.zeros(1), np.zeros(1)), rngs)
    fleet.set_backhaul("s", line_bps)
    fleet.add(
        np.zeros(20, dtype=np.int64), (np.zeros(20), np.full(20, 1e6)), np.full(20, rate_bps),
        ssid="n",
    )  # fmt: skip
    return fleet


def _live(fleet):
    for k in range(1, 13):
        fleet.step(5.0 * k, 5.0)
    return fleet


def _day(line_bps):
    fleet = _live(_fleet(line_bps))
    return float(fleet.traffic.served_bps[0]), float(fleet.traffic.airtime[0, 1])


def test_air_time_follows_what_the_line_lets_through():
    free, narrow, thin = (_day(bps) for bps in (np.inf, 20e6, 5e6))
    assert free[0] == pytest.approx(40e6, rel=0.1)
    assert narrow[0] == pytest.approx(20e6, rel=0.01)
    assert thin[0] == pytest.approx(5e6, rel=0.01)
    assert free[1] > narrow[1] > thin[1]
    assert narrow[1] == pytest.approx(free[1] * 0.5, rel=0.2)


@pytest.mark.parametrize("line_bps", [np.inf, 8e6])
def test_who_is_marked_as_first_gets_what_it_wants_of_full_air_and_line(line_bps):
    served = {}
    for marked in (False, True):
        fleet = _fleet(line_bps, rate_bps=30e6)
        at = fleet.stations
        at.rate_bps[:5] = 100e3
        at.is_first[:5] = marked
        served[marked] = _live(fleet).stations.served_bits[:5].sum() / 60.0
    assert served[True] == pytest.approx(500e3, rel=0.01)
    assert served[False] < 0.7 * served[True]


def test_trying_other_rates_changes_nothing_and_tells_what_would_get_through():
    fleet = _live(_fleet(np.inf))
    before = fleet.stations.backlog_bits.copy(), fleet.traffic.now
    tried = fleet.try_rates(np.full(20, 30e6))
    assert tried.part[0].min() < 0.5
    assert tried.utilization.max() > 0.94
    assert fleet.traffic.now is before[1]
    np.testing.assert_array_equal(fleet.stations.backlog_bits, before[0])
    same = fleet.try_rates(fleet.stations.rate_bps)
    np.testing.assert_allclose(same.granted, fleet.traffic.airtime)


def test_nothing_is_dropped_where_line_and_air_have_room():
    fleet = _live(_fleet(30e6, rate_bps=777_777.7))
    fleet.end(np.ones(20, dtype=bool), 60.0)
    fleet.step(65.0, 5.0)
    assert fleet.traffic.offered_bits.sum() > 0.0
    assert fleet.traffic.dropped_bits.sum() == 0.0
