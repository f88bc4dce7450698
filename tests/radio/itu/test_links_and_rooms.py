"""P.525, P.530 and P.1238: worked values, properties, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.errors import ModelRangeError
from twin.radio.itu.p525 import free_space_db
from twin.radio.itu.p530 import (
    fade_percent,
    geoclimatic_factor,
    multipath_occurrence_percent,
    rain_attenuation_db,
    rain_outage_percent,
)
from twin.radio.itu.p838 import rain_specific_attenuation_db_km
from twin.radio.itu.p1238 import indoor_db


def test_free_space_at_one_kilometre_and_one_gigahertz() -> None:
    assert free_space_db(1e9, 1000.0) == pytest.approx(92.448, abs=0.001)


def test_rain_on_a_very_short_link_is_two_and_a_half_times_its_length() -> None:
    per_km = rain_specific_attenuation_db_km(80e9, 29.57, 0.0, 90.0)
    ratio = rain_attenuation_db(80e9, [10.0, 20.0], 29.57) / (per_km * [0.01, 0.02])
    assert ratio[0] == pytest.approx(ratio[1])
    assert ratio[0] == pytest.approx(2.5, rel=0.01)


@given(margin=st.floats(0.5, 40), freq=st.floats(5e9, 90e9), km=st.floats(0.5, 20))
def test_outage_by_rain_is_the_inverse_of_attenuation(
    margin: float, freq: float, km: float
) -> None:
    share = rain_outage_percent(margin, freq, km * 1e3, 29.57)
    if 0.0011 < share < 0.99:
        assert rain_attenuation_db(freq, km * 1e3, 29.57, share) == pytest.approx(margin, rel=1e-6)


def test_attenuation_by_rain_falls_with_the_share_of_time() -> None:
    loss = rain_attenuation_db(38e9, 2000.0, 29.57, [0.001, 0.01, 0.1, 1.0])
    assert (np.diff(loss) < 0).all()


@given(p0=st.floats(0.01, 1000.0))
def test_fading_is_continuous_where_deep_fades_begin(p0: float) -> None:
    border = 25.0 + 1.2 * np.log10(p0)
    shares = fade_percent([border - 1e-9, border + 1e-9], p0)
    assert shares[0] == pytest.approx(shares[1], rel=1e-6)


def test_ten_decibels_of_margin_divide_deep_fading_by_ten() -> None:
    k = geoclimatic_factor(-200.0, 20.0)
    p0 = multipath_occurrence_percent(k, 7e9, 30e3, 100.0, 120.0)
    deep = fade_percent([40.0, 50.0], p0)
    assert deep[0] / deep[1] == pytest.approx(10.0)


def test_wall_in_the_way_costs_more_than_sight() -> None:
    seen, _ = indoor_db(5.2e9, 20.0, "office", is_los=True)
    hidden, sigma = indoor_db(5.2e9, 20.0, "office", is_los=False)
    assert hidden > seen
    assert sigma == 5.04


def test_element_out_of_range_is_named() -> None:
    with pytest.raises(ModelRangeError, match=r"time \[%\]\[1\]"):
        rain_attenuation_db(38e9, 1000.0, 30.0, [0.01, 2.0])
    with pytest.raises(ValueError, match="room"):
        indoor_db(5e9, 10.0, "attic", is_los=True)
    with pytest.raises(ModelRangeError, match="distance"):
        free_space_db(1e9, 0.0)
