"""Field strength around sites and what it uses of the limits."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.errors import ModelRangeError
from twin.model.regulatory import emf_sum
from twin.radio.emf import (
    EmfSource,
    exhaustion,
    exhaustion_map,
    field_strength_v_per_m,
    power_density_w_per_m2,
    safety_distance_m,
)
from twin.radio.grid import Grid
from twin.radio.itu.p525 import free_space_db

MAST = EmfSource(height_m=30.0, eirp_dbm=60.0, freq_hz=900e6)
SECTOR = replace(MAST, azimuth_deg=90.0, tilt_deg=6.0, beamwidth_h_deg=65.0, beamwidth_v_deg=7.0)


def test_a_kilowatt_at_a_hundred_metres():
    """E = sqrt(30 x 1000) / 100 = 1.732 V/m."""
    e = field_strength_v_per_m(1000.0, [100.0, 10.0])
    assert e == pytest.approx([1.7320508, 17.320508])
    assert power_density_w_per_m2(e[0]) == pytest.approx(1000.0 / (4 * math.pi * 100.0**2))


@given(st.floats(1e-3, 1e5), st.floats(1.0, 1e5), st.floats(30e6, 100e9))
def test_the_field_is_that_of_free_space_loss(eirp_w, distance_m, freq_hz):
    """Power received isotropically: density times wavelength^2 / 4 pi."""
    density = power_density_w_per_m2(field_strength_v_per_m(eirp_w, distance_m))
    wavelength = 299792458.0 / freq_hz
    loss_db = 10 * math.log10(eirp_w / (density * wavelength**2 / (4 * math.pi)))
    assert loss_db == pytest.approx(float(free_space_db(freq_hz, distance_m)), abs=0.02)


def test_perfect_ground_doubles_the_field():
    assert field_strength_v_per_m(10.0, 5.0, reflection=1.0) == pytest.approx(
        2.0 * field_strength_v_per_m(10.0, 5.0)
    )


@pytest.mark.parametrize(
    ("eirp_w", "freq_mhz", "metres"),
    [
        (1000.0, 900.0, 173.205 / 41.25),  # by the electric field
        (1000.0, 3600.0, 173.205 / 376.991 / 0.16),  # by the magnetic field
        (1.0, 2437.0, 5.4772 / 376.991 / 0.16),
    ],
)
def test_safety_distance_of_one_source(eirp_w, freq_mhz, metres):
    assert safety_distance_m([eirp_w], [freq_mhz * 1e6]) == pytest.approx(metres, rel=1e-5)


@given(
    st.lists(st.tuples(st.floats(1.0, 1e5), st.floats(10e6, 300e9)), min_size=1, max_size=5),
    st.floats(0.0, 1.0),
)
def test_at_the_safety_distance_the_limit_is_just_used_up(sources, reflection):
    eirp, freqs = zip(*sources, strict=True)
    at = safety_distance_m(eirp, freqs, reflection=reflection)
    fields = field_strength_v_per_m(eirp, max(at, 1e-3), reflection=reflection)
    assert max(emf_sum(freqs, fields.tolist())) == pytest.approx(1.0, rel=1e-3)


def test_exhaustion_is_the_sum_rule_over_the_sources():
    other = EmfSource(x_m=40.0, height_m=20.0, eirp_dbm=55.0, freq_hz=3.6e9)
    used = exhaustion([MAST, other], 10.0, 25.0, 1.5)
    distances = (math.dist((10, 25, 1.5), (0, 0, 30)), math.dist((10, 25, 1.5), (40, 0, 20)))
    watts = (1000.0, 10**2.5)
    fields = [float(field_strength_v_per_m(w, d)) for w, d in zip(watts, distances, strict=True)]
    assert used == pytest.approx(math.sqrt(max(emf_sum([900e6, 3.6e9], fields))), rel=1e-9)


def test_a_sector_radiates_where_it_looks():
    ahead, behind, below = (exhaustion([SECTOR], x, 0.0, z) for x, z in
                            ((100, 20), (-100, 20), (0, 20)))  # fmt: skip
    assert ahead > 20 * behind
    at_beam = exhaustion([SECTOR], 100.0, 0.0, 30.0 - 100.0 * math.tan(math.radians(6.0)))
    slant = 100.0 / math.cos(math.radians(6.0))
    assert at_beam == pytest.approx(math.sqrt(30e3) / slant / 41.25, rel=1e-6)
    assert below < exhaustion([replace(MAST)], 0, 0, 20)


@given(
    st.floats(-200, 200), st.floats(-200, 200), st.floats(0, 60),
    st.floats(30, 63), st.floats(0, 10),
)  # fmt: skip
def test_a_further_or_stronger_source_never_lowers_exposure(x, y, z, eirp, more):
    one = replace(SECTOR, eirp_dbm=eirp)
    before = exhaustion([one], x, y, z)
    assert exhaustion([one, replace(one, azimuth_deg=200.0)], x, y, z) >= before
    louder = exhaustion([replace(one, eirp_dbm=eirp + more)], x, y, z)
    assert louder == pytest.approx(before * 10 ** (more / 20), rel=1e-9)


def test_close_to_an_antenna_the_field_at_one_metre_holds():
    assert exhaustion([MAST], 0.0, 0.0, 30.0) == exhaustion([MAST], 1.0, 0.0, 30.0)


def test_map_is_the_function_at_the_centres():
    grid = Grid(x0_m=-20.0, y0_m=-10.0, step_m=10.0, n_x=5, n_y=3)
    used = exhaustion_map([SECTOR, MAST], grid, 1.5)
    assert used.shape == grid.shape
    assert used[2, 4] == exhaustion([SECTOR, MAST], 20.0, 10.0, 1.5)
    roofs = np.zeros(grid.shape)
    roofs[0, 0] = 25.0
    assert exhaustion_map([MAST], grid, roofs)[0, 0] > exhaustion_map([MAST], grid, 0.0)[0, 0]


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: field_strength_v_per_m(1.0, [1.0, 0.0]), r"distance \[m\]\[1\]"),
        (lambda: field_strength_v_per_m([-1.0], 1.0), r"EIRP \[W\]\[0\]"),
        (lambda: field_strength_v_per_m(1.0, 1.0, reflection=1.5), "reflection"),
        (lambda: safety_distance_m([1.0], [1e6]), "Annex 1b"),
        (lambda: exhaustion([replace(MAST, freq_hz=1e6)], 0, 0), "Annex 1b"),
    ],
)
def test_what_is_out_of_range_is_named(call, what):
    with pytest.raises(ModelRangeError, match=what):
        call()


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: exhaustion([], 0, 0), "sources: is empty"),
        (lambda: exhaustion([MAST], [0.0, np.nan], 0), r"x_m\[1\]"),
        (lambda: exhaustion([MAST], [], 0), "x_m: is empty"),
        (lambda: exhaustion([MAST], [0.0, 1.0], [0.0, 1.0, 2.0]), "shape"),
        (lambda: exhaustion([MAST, replace(MAST, eirp_dbm=np.nan)], 0, 0), r"eirp_dbm.*\[1\]"),
        (lambda: power_density_w_per_m2(np.nan), "e_v_per_m"),
        (lambda: field_strength_v_per_m(1.0, np.nan), r"distance \[m\]"),
    ],
)
def test_what_is_no_number_is_named(call, what):
    with pytest.raises(ValueError, match=what):
        call()
