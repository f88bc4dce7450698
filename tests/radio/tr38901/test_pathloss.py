"""Path loss of TR 38.901: properties, worked values and ranges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.errors import ModelRangeError
from twin.radio.tr38901.inh import inh_nlos_optional_db
from twin.radio.tr38901.pathloss import SCENARIOS, pathloss_db
from twin.radio.tr38901.rma import rma_break_m, rma_los_db, rma_nlos_db
from twin.radio.tr38901.uma import (
    draw_environment_height_m,
    environment_heights_m,
    uma_los_db,
    uma_los_expected_db,
    uma_nlos_optional_db,
    unit_height_probability,
)
from twin.radio.tr38901.umi import umi_nlos_optional_db

INF = ("InF-SL", "InF-DL", "InF-SH", "InF-DH")
HEIGHTS = {"RMa": 35.0, "UMa": 25.0, "UMi": 10.0, "InH": 3.0} | dict.fromkeys(INF, 8.0)
LONGEST = {"RMa": 5000.0, "UMa": 5000.0, "UMi": 5000.0, "InH": 149.0} | dict.fromkeys(INF, 599.0)


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
    slack = (
        10.0 if scenario[:2] != "In" and is_los else 0.0
    )  # the breakpoint moves out with frequency
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


@pytest.mark.parametrize("is_los", [True, False])
@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_what_is_no_number_is_named_by_its_place(scenario, is_los):
    with pytest.raises(ValueError, match=r"2D distance \[m\]\[1\]: is nan"):
        pathloss_db(scenario, [100.0, np.nan], 2e9, HEIGHTS[scenario], is_los=is_los)
    with pytest.raises(ValueError, match="is empty"):
        pathloss_db(scenario, [], 2e9, HEIGHTS[scenario], is_los=is_los)
    with pytest.raises(ModelRangeError, match=r"2D distance \[m\]\[1, 0\] is 99999"):
        pathloss_db(scenario, [[100.0], [99999.0]], 2e9, HEIGHTS[scenario], is_los=is_los)


@pytest.mark.parametrize(
    ("scenario", "loss_db"),
    [("InF-SL", 33.0 + 51.0), ("InF-DL", 18.6 + 71.4), ("InF-SH", 32.4 + 46.0),
     ("InF-DH", 33.63 + 43.8)],
)  # fmt: skip
def test_factory_without_line_of_sight_at_a_hundred_metres_and_a_gigahertz(scenario, loss_db):
    loss = pathloss_db(scenario, 100.0, 1e9, 1.5, 1.5, is_los=False)
    assert loss == pytest.approx(loss_db, abs=1e-9)
    with_los = pathloss_db(scenario, 100.0, 1e9, 1.5, 1.5, is_los=True)
    assert with_los == pytest.approx(31.84 + 43.0, abs=1e-9)


def test_dense_factory_with_low_station_is_never_better_than_a_sparse_one():
    d = np.linspace(1.0, 600.0, 300)
    dense, sparse = (
        pathloss_db(name, d, 3.7e9, 1.5, 1.5, is_los=False) for name in ("InF-DL", "InF-SL")
    )
    assert (dense >= sparse).all()
    assert dense[0] == sparse[0]


def test_optional_formulas_are_those_of_the_table():
    """Slant distance 100 m at 1 GHz."""
    assert uma_nlos_optional_db(100.0, 1e9, 20.0, 20.0) == pytest.approx(32.4 + 60.0)
    assert umi_nlos_optional_db(100.0, 1e9, 10.0, 10.0) == pytest.approx(32.4 + 63.8)
    assert inh_nlos_optional_db(100.0, 1e9, 3.0, 3.0) == pytest.approx(32.4 + 63.8)


def test_rural_streets_and_buildings_matter():
    usual = rma_nlos_db(1000.0, 2e9)
    wide = rma_nlos_db(1000.0, 2e9, street_width_m=40.0)
    assert usual - wide == pytest.approx(7.1 * np.log10(2.0))
    assert rma_nlos_db(1000.0, 2e9, building_height_m=20.0) > usual
    with pytest.raises(ModelRangeError, match="street width"):
        rma_nlos_db(1000.0, 2e9, street_width_m=60.0)


@given(h_bs=st.floats(10, 60), h_ut=st.floats(1, 10), freq_ghz=st.floats(0.5, 6.0))
def test_rural_branches_meet_within_a_few_hundredths_of_a_decibel(h_bs, h_ut, freq_ghz):
    """The document puts the 2D breakpoint where the slant distance belongs."""
    d_break = float(rma_break_m(freq_ghz * 1e9, h_bs, h_ut))
    if 200.0 < d_break < 9_999.0:
        near, far = rma_los_db(d_break * np.array([1 - 1e-9, 1 + 1e-9]), freq_ghz * 1e9, h_bs, h_ut)
        assert near == pytest.approx(far, abs=1.0)


def test_low_terminals_have_an_environment_of_one_metre():
    rng = np.random.default_rng(1)
    d = np.linspace(10, 3000, 50)
    assert (unit_height_probability(d, 12.9) == 1.0).all()
    assert environment_heights_m(13.4) == ()
    assert (draw_environment_height_m(d, 13.4, rng) == 1.0).all()
    np.testing.assert_array_equal(uma_los_expected_db(d, 2e9), uma_los_db(d, 2e9))


def test_high_terminals_draw_their_environment_as_the_note_says():
    d, h_ut = 200.0, 22.5
    c = (9.5 / 10) ** 1.5 * 1.25 * 2.0**3 * np.exp(-200 / 150)
    share = float(unit_height_probability(d, h_ut))
    assert share == pytest.approx(1 / (1 + c), rel=1e-12)
    assert environment_heights_m(h_ut) == (12.0, 15.0, 18.0, 21.0)
    drawn = draw_environment_height_m(np.full(40_000, d), h_ut, np.random.default_rng(3))
    heights, counts = np.unique(drawn, return_counts=True)
    assert heights.tolist() == [1.0, 12.0, 15.0, 18.0, 21.0]
    assert counts[0] / drawn.size == pytest.approx(share, abs=0.01)
    assert counts[1:] / drawn.size == pytest.approx((1 - share) / 4, abs=0.01)


def test_expected_loss_is_the_mean_power_of_the_draws():
    d, h_ut = np.array([300.0, 900.0, 2000.0]), 22.5
    rng = np.random.default_rng(4)
    many = np.broadcast_to(d, (40_000, 3))
    h_e = draw_environment_height_m(many, h_ut, rng)
    power = 10 ** (-uma_los_db(many, 0.8e9, 25.0, h_ut, h_e_m=h_e) / 10)
    expected = uma_los_expected_db(d, 0.8e9, 25.0, h_ut)
    np.testing.assert_allclose(-10 * np.log10(power.mean(axis=0)), expected, atol=0.05)
    assert (expected >= uma_los_db(d, 0.8e9, 25.0, h_ut) - 1e-9).all()


def test_environment_above_the_terminal_is_refused():
    with pytest.raises(ModelRangeError, match="over the environment"):
        uma_los_db(100.0, 2e9, 25.0, 13.0, h_e_m=15.0)


@given(h_e=st.floats(1.0, 20.0), freq_ghz=st.floats(0.5, 6.0))
def test_urban_branches_meet_for_every_environment(h_e, freq_ghz):
    d_break = 4 * (25.0 - h_e) * (22.0 - h_e) * freq_ghz * 1e9 / 3e8
    if 10.1 < d_break < 4999.0:
        d = d_break * np.array([1 - 1e-9, 1 + 1e-9])
        near, far = uma_los_db(d, freq_ghz * 1e9, 25.0, 22.0, h_e_m=h_e)
        assert near == pytest.approx(far, abs=1e-6)
