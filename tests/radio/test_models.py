"""Path loss, line of sight, pattern, bands: properties and ranges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from twin.model.errors import ModelError, ModelRangeError
from twin.radio.antenna.pattern import pattern_db, wrap_deg
from twin.radio.link.bands import BANDS, band, n_resource_blocks, occupied_hz
from twin.radio.link.noise import noise_dbm
from twin.radio.tr38901 import los
from twin.radio.tr38901.pathloss import SCENARIOS, pathloss_db

HEIGHTS = {"RMa": 35.0, "UMa": 25.0, "UMi": 10.0, "InH": 3.0}
LONGEST = {"RMa": 5000.0, "UMa": 5000.0, "UMi": 5000.0, "InH": 149.0}


@given(
    scenario=st.sampled_from(sorted(SCENARIOS)),
    is_los=st.booleans(),
    shares=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    freq_ghz=st.floats(0.7, 6.0),
)
def test_loss_grows_with_distance_and_frequency(scenario, is_los, shares, freq_ghz):
    near, far = sorted(10.0 + share * (LONGEST[scenario] - 10.0) for share in shares)
    h = HEIGHTS[scenario]
    loss = pathloss_db(scenario, [near, far], freq_ghz * 1e9, h, 1.5, is_los=is_los)
    assert loss[1] >= loss[0] - 0.05  # the branches of RMa meet within 0.03 dB at the breakpoint
    higher = pathloss_db(scenario, near, freq_ghz * 1.1e9, h, 1.5, is_los=is_los)
    slack = 10.0 if scenario != "InH" and is_los else 0.0  # the breakpoint moves out with frequency
    assert higher >= loss[0] - slack


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_no_line_of_sight_is_never_better(scenario):
    d = np.linspace(10.0, LONGEST[scenario], 200)
    h = HEIGHTS[scenario]
    with_los, without = (
        pathloss_db(scenario, d, 2e9, h, 1.5, is_los=is_los) for is_los in (True, False)
    )
    assert (without >= with_los).all()


@given(
    model=st.sampled_from(
        [("UMa", True, 10.0), ("UMi", True, 3.0), ("InH", True, 1.5), ("InH", False, 1.5)]
    ),
    shares=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    d=st.floats(10.0, 148.0),
    stretch=st.floats(1.0, 30.0),
    freq_ghz=st.floats(0.7, 6.0),
)
def test_loss_is_the_same_both_ways(model, shares, d, stretch, freq_ghz):
    """Street and macro models without line of sight favour a high terminal; they are not so."""
    scenario, is_los, low = model
    here, there = (low + share * (22.5 - low) for share in shares)
    d = d if scenario == "InH" else d * stretch
    loss = [
        pathloss_db(scenario, d, freq_ghz * 1e9, *h, is_los=is_los)
        for h in ((here, there), (there, here))
    ]
    assert loss[0] == pytest.approx(loss[1], abs=1e-9)


@pytest.mark.parametrize("scenario", ["UMa", "UMi"])
def test_branches_meet_at_the_breakpoint(scenario):
    h = HEIGHTS[scenario]
    d_break = 4 * (h - 1) * 0.5 * 3.5e9 / 3e8
    loss = pathloss_db(scenario, d_break * np.array([1 - 1e-9, 1 + 1e-9]), 3.5e9, h, is_los=True)
    assert loss[0] == pytest.approx(loss[1], abs=1e-6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"distance_2d_m": 9.9}, "2D distance"),
        ({"distance_2d_m": 5001.0}, "2D distance"),
        ({"distance_2d_m": [100.0, np.nan]}, "2D distance .* is nan"),
        ({"freq_hz": 0.4e9}, "carrier frequency"),
        ({"h_bs_m": 9.0}, "base station height"),
        ({"h_ut_m": 1.0}, "terminal height"),
    ],
)
@pytest.mark.parametrize("is_los", [True, False])
def test_out_of_range_is_refused_saying_the_range(change, words, is_los):
    right = {"distance_2d_m": 100.0, "freq_hz": 2e9, "h_bs_m": 25.0, "h_ut_m": 1.5}
    with pytest.raises(ModelRangeError, match=rf"TR 38.901 .* UMa: {words}.*valid is"):
        pathloss_db("UMa", **(right | change), is_los=is_los)


def test_each_scenario_has_its_own_range():
    assert pathloss_db("RMa", 9000.0, 2e9, 35.0, is_los=True) > 100
    with pytest.raises(ModelRangeError):
        pathloss_db("RMa", 9000.0, 2e9, 35.0, is_los=False)
    with pytest.raises(ModelRangeError):
        pathloss_db("RMa", 900.0, 60e9, 35.0, is_los=True)
    with pytest.raises(ModelRangeError):
        pathloss_db("InH", 200.0, 2e9, 3.0, is_los=True)
    with pytest.raises(ValueError, match="choose of RMa"):
        pathloss_db("Moon", 200.0, 2e9, 3.0, is_los=True)


def test_scalar_and_array_give_the_same():
    d = np.array([50.0, 700.0])
    both = pathloss_db("UMi", d, 2e9, 10.0, is_los=False)
    assert both.shape == (2,)
    assert float(pathloss_db("UMi", 700.0, 2e9, 10.0, is_los=False)) == both[1]
    grid = pathloss_db("UMi", d[:, None], np.array([1e9, 2e9, 3e9]), 10.0, is_los=False)
    assert grid.shape == (2, 3)


@given(
    model=st.sampled_from([los.rma, los.uma, los.umi]),
    d=st.tuples(st.floats(0, 10_000), st.floats(0, 10_000)),
)
def test_line_of_sight_gets_rarer_with_distance(model, d):
    near, far = model(np.sort(d))
    assert 0 <= far <= near <= 1


@given(d=st.floats(0, 5000), h_ut=st.floats(1.5, 23))
@example(d=18.1, h_ut=18.0)
def test_line_of_sight_is_a_probability(d, h_ut):
    assert 0 <= los.uma(d, h_ut) <= 1
    assert 0 <= los.inh_mixed(d) <= 1


def test_line_of_sight_refuses_nonsense():
    for bad in (-1.0, np.nan, np.inf):
        with pytest.raises(ModelRangeError):
            los.umi([10.0, bad])
    with pytest.raises(ModelRangeError, match="terminal height"):
        los.uma(100.0, 24.0)
    with pytest.raises(ValueError, match="choose of"):
        los.los_probability("Moon", 10.0)


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


@pytest.mark.parametrize(
    ("technology", "mhz", "khz", "blocks"),
    [("lte", 10, 15, 50), ("lte", 1.4, 15, 6), ("lte", 20, 15, 100), ("nr", 10, 15, 52),
     ("nr", 90, 30, 245), ("nr", 100, 30, 273), ("nr", 20, 30, 51), ("nr", 100, 60, 135)],
)  # fmt: skip
def test_resource_blocks_are_those_of_the_tables(technology, mhz, khz, blocks):
    assert n_resource_blocks(technology, mhz * 1e6, khz * 1e3) == blocks
    assert occupied_hz(technology, mhz * 1e6, khz * 1e3) <= mhz * 1e6


def test_unknown_width_technology_and_band_are_refused():
    with pytest.raises(ModelRangeError, match=r"36\.101.*channel bandwidth \[MHz\] is 7"):
        n_resource_blocks("lte", 7e6, 15e3)
    with pytest.raises(ModelRangeError, match="no width at this subcarrier spacing"):
        n_resource_blocks("nr", 10e6, 17e3)
    with pytest.raises(ValueError, match="choose of lte, nr"):
        n_resource_blocks("umts", 5e6, 15e3)
    with pytest.raises(ModelError, match="choose of B1"):
        band("n999")
    assert all(entry.low_hz < entry.high_hz for entry in BANDS.values())


def test_noise_of_one_hertz_at_room_temperature():
    assert noise_dbm(1.0, 0.0) == pytest.approx(-173.975, abs=0.001)
    assert noise_dbm(30e3) == pytest.approx(-122.2, abs=0.01)
