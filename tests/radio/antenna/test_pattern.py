"""The sector pattern: worked values and properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.radio.antenna.pattern import pattern_db, wrap_deg


def test_pattern_is_three_decibels_down_at_half_the_width():
    assert pattern_db(0.0, 0.0) == 0.0
    assert pattern_db(32.5, 0.0) == pytest.approx(-3.0)
    assert pattern_db(-32.5, 0.0) == pytest.approx(-3.0)
    assert pattern_db(0.0, 10.0, tilt_deg=6.0, beamwidth_v_deg=8.0) == pytest.approx(-3.0)
    assert pattern_db(350.0, 6.0, boresight_deg=10.0, tilt_deg=6.0) == pytest.approx(
        -12 * (20 / 65) ** 2
    )


@given(st.floats(-720, 720), st.floats(-90, 90), st.floats(0, 360), st.floats(0, 15))
def test_pattern_stays_between_boresight_and_the_floor(azimuth, depression, boresight, tilt):
    gain = pattern_db(azimuth, depression, boresight_deg=boresight, tilt_deg=tilt)
    assert -30.0 <= gain <= 0.0
    turned = pattern_db(azimuth + 360, depression, boresight_deg=boresight, tilt_deg=tilt)
    assert turned == pytest.approx(gain, abs=1e-6)


def test_omnidirectional_antenna_has_no_pattern():
    gain = pattern_db(np.arange(0, 360, 30.0), 20.0, beamwidth_h_deg=360, beamwidth_v_deg=180)
    np.testing.assert_array_equal(gain, np.zeros(12))
    with pytest.raises(ValueError, match="must be positive"):
        pattern_db(0.0, 0.0, beamwidth_h_deg=0.0)


@given(st.floats(-1e4, 1e4))
def test_wrapped_angle_is_the_same_direction(angle):
    wrapped = wrap_deg(angle)
    assert -180 <= wrapped < 180
    assert np.cos(np.radians(wrapped)) == pytest.approx(np.cos(np.radians(angle)), abs=1e-6)
