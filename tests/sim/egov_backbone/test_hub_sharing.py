"""Homes share their hub: what each sees of its rate, and who is served in the busy hour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.city import WirelessCustomer
from twin.sim.egov_backbone.assumptions import value
from twin.sim.egov_backbone.homes import home_bps
from twin.sim.egov_backbone.hub_sharing import slowdown
from twin.sim.egov_backbone.wireless import Wireless

HOUR_S = 3600.0


def _hub(*homes: int) -> Wireless:
    """Customers 500 m from one hub, so many homes each."""
    customers = [
        WirelessCustomer(id=f"h{k}", hub="hub", x_m=500.0, y_m=k, carrier_hz=26e9, homes=n)
        for k, n in enumerate(homes)
    ]
    return Wireless(customers, {"hub": (0.0, 0.0)})


@pytest.mark.parametrize(
    ("lines", "load", "expected"),
    [
        (1, 0.5, 2.0),  # M/G/1 processor sharing, 1 / (1 - load)
        (1, 0.9, 10.0),
        (2, 0.5, 4.0 / 3.0),  # Erlang's second formula of 2 lines and 1 erlang is 1/3
        (2, 0.75, 1.0 + (9.0 / 14.0) / 0.5),
        (6, 0.0, 1.0),
        (6, 1.0, np.inf),
        (6, 1.7, np.inf),
    ],
)
def test_the_slowdown_is_that_of_erlang(lines, load, expected):
    assert slowdown(np.array([lines]), np.array([load]))[0] == pytest.approx(expected)


@given(st.integers(1, 40), st.floats(0.0, 0.98))
def test_more_load_is_slower_and_more_lines_are_faster(lines, load):
    few, many, fuller = slowdown(
        np.array([lines, lines + 1, lines]), np.array([load, load, load + 0.01])
    )
    assert 1.0 <= many <= few <= fuller


def test_a_queue_step_by_step_lasts_as_long_as_the_formula_says():
    rng, lines, load = np.random.default_rng(2), 6, 0.7
    n = 40_000
    gaps = rng.exponential(1.0 / (lines * load), n)
    sizes = rng.gamma(0.5, 2.0, n)  # mean 1, more variable than exponential
    arrive, left, begun, spent, now, k = np.cumsum(gaps), [], [], 0.0, 0.0, 0
    while k < n or left:
        rate = min(1.0, lines / len(left)) if left else 0.0
        ends = now + min(left) / rate if left else np.inf
        then = min(ends, arrive[k] if k < n else np.inf)
        left = [size - (then - now) * rate for size in left]
        now = then
        if k < n and now == arrive[k]:
            left.append(float(sizes[k]))
            begun.append(now)
            k += 1
        else:
            i = int(np.argmin(left))
            del left[i]
            spent += now - begun.pop(i)
    expected = float(slowdown(np.array([lines]), np.array([load]))[0])
    assert spent / n == pytest.approx(expected, rel=0.03)


def test_few_homes_get_all_and_many_share_until_nobody_is_served():
    busy = home_bps(20)
    rates = []
    for homes in (1, 100, 150, 190, 300):
        hub = _hub(homes)
        rates.append(float(hub.home_rates_bps(busy)[0]))
    assert rates[0] == pytest.approx(value("home_sold_bps"), rel=1e-3)
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == 0.0
    assert _hub(100).served(busy).all()
    assert not _hub(190).served(busy).any()
    assert _hub(190).served(home_bps(4)).all()  # at night the hub has room


def test_homes_are_not_served_in_the_busy_hour_of_a_full_hub(begin, town):
    full = [replace(home, homes=25) for home in town.wireless_customers]  # 200 on one hub
    run = begin(replace(town, wireless_customers=tuple(full)), hour=16)
    figures = run.systems["egov_backbone"].kpis
    assert figures()["served_homes_busy_hour_percent"].value == 0.0  # as it would be
    run.advance(1.0 * HOUR_S)
    assert figures()["served_homes_percent"].value == 100.0
    run.advance(3.0 * HOUR_S)
    assert figures()["served_homes_busy_hour_percent"].value < 5.0
    assert 25.0 < figures()["served_homes_percent"].value < 40.0
    assert run.gauges()["egov_backbone"]["served_homes_percent"] == 0.0
    run.check_invariants()


def test_homes_of_a_hub_with_room_are_served_in_the_busy_hour(begin):
    run = begin(hour=17)
    run.advance(1.0 * HOUR_S)
    found = run.systems["egov_backbone"].kpis()
    assert found["served_homes_busy_hour_percent"].value == 100.0
