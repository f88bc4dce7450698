"""Element and panel: worked values, tilt, power over the sphere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.radio.antenna.element import (
    PanelArray,
    array_gain_dbi,
    element_fields,
    element_gain_dbi,
    field_components,
    mean_gain,
    to_local,
)


def test_element_is_that_of_the_table():
    assert element_gain_dbi(90.0, 0.0) == 8.0
    assert element_gain_dbi(90.0, 32.5) == pytest.approx(5.0)
    assert element_gain_dbi(122.5, 0.0) == pytest.approx(5.0)
    assert element_gain_dbi(90.0, 180.0) == -22.0


@given(
    st.floats(1, 179), st.floats(-180, 180),
    st.floats(-180, 180), st.floats(-30, 30), st.floats(-90, 90),
)  # fmt: skip
def test_turning_is_the_rotation_of_the_document(theta, phi, alpha, beta, gamma):
    a, b, g, t, p = np.radians([alpha, beta, gamma, theta, phi])
    c, s = np.cos, np.sin
    turn = (
        np.array([[c(a), -s(a), 0], [s(a), c(a), 0], [0, 0, 1]])
        @ np.array([[c(b), 0, s(b)], [0, 1, 0], [-s(b), 0, c(b)]])
        @ np.array([[1, 0, 0], [0, c(g), -s(g)], [0, s(g), c(g)]])
    )
    x, y, z = turn.T @ np.array([s(t) * c(p), s(t) * s(p), c(t)])
    t1, p1 = np.radians(to_local(theta, phi, bearing_deg=alpha, downtilt_deg=beta, slant_deg=gamma))
    np.testing.assert_allclose([s(t1) * c(p1), s(t1) * s(p1), c(t1)], [x, y, z], atol=1e-7)


@given(st.floats(-60, 60), st.integers(1, 16))
def test_isotropic_column_at_half_a_wave_radiates_what_it_is_fed(tilt, n):
    array = PanelArray(n_rows=n, tilt_deg=tilt, is_isotropic=True)
    assert mean_gain(array, 61) == pytest.approx(1.0, abs=1e-6)


def test_beam_has_the_gain_of_all_elements():
    array = PanelArray(n_rows=8, n_columns=4, tilt_deg=0.0)
    assert array_gain_dbi(array, 90.0, 0.0) == pytest.approx(8 + 10 * np.log10(32))
    tilted = PanelArray(n_rows=8, tilt_deg=10.0, is_isotropic=True)
    assert array_gain_dbi(tilted, 100.0, 0.0) == pytest.approx(10 * np.log10(8))


def test_mechanical_tilt_lifts_the_back_and_electrical_tilt_does_not():
    theta = np.linspace(60.0, 120.0, 6001)
    electrical = PanelArray(n_rows=8, tilt_deg=8.0, is_isotropic=True)
    plain = PanelArray(n_rows=8, is_isotropic=True)
    for phi, beam_e, beam_m in ((0.0, 98.0, 98.0), (180.0, 98.0, 82.0)):
        gain_e = array_gain_dbi(electrical, theta, phi)
        gain_m = array_gain_dbi(plain, theta, phi, downtilt_deg=8.0)
        assert theta[gain_e.argmax()] == pytest.approx(beam_e, abs=0.02)
        assert theta[gain_m.argmax()] == pytest.approx(beam_m, abs=0.02)


def test_slanted_fields_hold_the_power():
    for slant in (0.0, 45.0, -45.0):
        f_theta, f_phi = field_components(5.0, slant)
        assert f_theta**2 + f_phi**2 == pytest.approx(10**0.5)
    with pytest.raises(ValueError, match="at least 1"):
        PanelArray(n_rows=0)
    with pytest.raises(ValueError, match="theta_deg: is nan"):
        element_gain_dbi(np.nan, 0.0)


@given(st.floats(1, 179), st.floats(-180, 180), st.floats(-90, 90))
def test_element_slanted_as_a_body_holds_its_power(theta, phi, slant):
    f_theta, f_phi = element_fields(theta, phi, slant)
    gain_dbi = element_gain_dbi(*to_local(theta, phi, slant_deg=slant))
    assert f_theta**2 + f_phi**2 == pytest.approx(10 ** (gain_dbi / 10))


def test_both_models_of_polarisation_agree_at_boresight():
    for slant in (0.0, 45.0, -45.0):
        expected = field_components(8.0, slant)
        assert np.array(element_fields(90.0, 0.0, slant)) == pytest.approx(np.array(expected))


@given(st.floats(0, 180), st.floats(-180, 180))
def test_panels_side_by_side_without_a_gap_are_one_large_panel(theta, phi):
    four = PanelArray(n_rows=4, n_columns=2, n_panel_rows=2, n_panel_columns=2, tilt_deg=5.0)
    one = PanelArray(n_rows=8, n_columns=4, tilt_deg=5.0)
    power = [10 ** (array_gain_dbi(a, theta, phi) / 10) for a in (four, one)]
    assert power[0] == pytest.approx(power[1], abs=1e-6)
