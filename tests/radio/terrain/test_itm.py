"""Irregular Terrain Model against the tables of NTIA, its properties, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.model.errors import ModelRangeError
from twin.radio.check.registry import check_table, find_check
from twin.radio.check.table import read_table
from twin.radio.terrain.itm import CLIMATES, MDVAR, ItmSetting, itm_area_db, itm_p2p_db

VECTORS = Path(__file__).parents[2] / "data/vectors"


def hills(seed: int, n: int = 300, roughness_m: float = 3.0) -> np.ndarray:
    """A random walk, as terrain is rough at every scale."""
    return 200.0 + np.cumsum(np.random.default_rng(seed).normal(0, roughness_m, n))


@pytest.mark.parametrize(
    ("file", "model"),
    [("itm_p2p_ntia.csv", "point-to-point"), ("itm_area_ntia.csv", "area")],
)
def test_every_row_of_the_reference_is_met(file: str, model: str) -> None:
    table = read_table(VECTORS / file)
    assert table is not None
    check = find_check(table)
    assert check is not None
    assert model in check.model
    result = check_table(check, table)
    assert result.rows == len(table.rows)
    assert result.within == result.rows


def test_profiles_of_a_batch_do_not_see_each_other() -> None:
    heights = np.stack([hills(seed) for seed in range(37)])
    together = itm_p2p_db(heights, 50.0, 20.0, 1.5, 800e6)
    alone = [itm_p2p_db(row, 50.0, 20.0, 1.5, 800e6) for row in heights]
    assert np.array_equal(together, alone)


def test_single_precision_of_heights_costs_less_than_a_thousandth_of_a_db() -> None:
    heights = np.stack([hills(seed) for seed in range(300)])
    exact = itm_p2p_db(heights, 50.0, 20.0, 1.5, 800e6)
    single = itm_p2p_db(heights.astype(np.float32), 50.0, 20.0, 1.5, 800e6)
    assert np.abs(exact - single).max() < 0.001


@given(seed=st.integers(0, 10_000), tx=st.floats(2, 100), rx=st.floats(2, 100))
@settings(max_examples=30, deadline=None)
def test_loss_is_the_same_in_both_directions(seed: int, tx: float, rx: float) -> None:
    heights = hills(seed)
    there = itm_p2p_db(heights, 90.0, tx, rx, 450e6)
    back = itm_p2p_db(heights[::-1], 90.0, rx, tx, 450e6)
    # resampling of the irregularity begins at one end, hence a little is left
    assert there == pytest.approx(back, abs=0.5)


@given(seed=st.integers(0, 10_000), climate=st.integers(1, 7), mdvar=st.sampled_from(MDVAR))
@settings(max_examples=40, deadline=None)
def test_loss_grows_with_the_share_of_time_it_holds_for(
    seed: int, climate: int, mdvar: int
) -> None:
    heights = hills(seed)
    loss = [
        float(
            itm_p2p_db(
                heights,
                300.0,
                20.0,
                2.0,
                900e6,
                setting=ItmSetting(climate=climate, mdvar=mdvar, time_percent=q),
            )
        )
        for q in (1.0, 10.0, 50.0, 90.0, 99.0)
    ]
    assert np.all(np.diff(loss) >= -1e-9)


@pytest.mark.parametrize("climate", range(1, len(CLIMATES) + 1))
@pytest.mark.parametrize("is_vertical", [False, True])
def test_loss_beyond_the_horizon_grows_with_distance(climate: int, is_vertical: bool) -> None:
    setting = ItmSetting(climate=climate, is_vertical=is_vertical)
    loss = itm_area_db(np.geomspace(60e3, 900e3, 60), 90.0, 10.0, 2.0, 300e6, setting=setting)
    assert np.all(np.diff(loss) > -1.5)  # median of some climates is not monotonic
    assert loss[-1] > loss[0] + 40.0


def test_better_sites_lose_less() -> None:
    loss = [float(itm_area_db(20e3, 90.0, 3.0, 2.0, 300e6, siting=(tx, tx))) for tx in (0, 1, 2)]
    assert loss[0] > loss[1] > loss[2]


def test_inputs_are_broadcast() -> None:
    loss = itm_area_db(np.array([[10e3], [20e3]]), np.array([0.0, 90.0, 200.0]), 30.0, 2.0, 1e9)
    assert loss.shape == (2, 3)
    assert loss[1, 2] == itm_area_db(20e3, 200.0, 30.0, 2.0, 1e9)


def test_a_height_that_is_no_number_is_named() -> None:
    heights = np.stack([hills(1), hills(2)])
    heights[1, 7] = np.nan
    with pytest.raises(ValueError, match=r"heights_m\[1, 7\]: is nan"):
        itm_p2p_db(heights, 50.0, 20.0, 1.5, 800e6)
    with pytest.raises(ValueError, match="row 1, column 7 is nan"):
        itm_p2p_db(heights.astype(np.float32), 50.0, 20.0, 1.5, 800e6)


@pytest.mark.parametrize("shape", [(2,), (3, 2), (2, 3, 4), (0, 5)])
def test_a_wrong_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="heights_m"):
        itm_p2p_db(np.zeros(shape), 50.0, 20.0, 1.5, 800e6)


@pytest.mark.parametrize(
    ("tx", "freq", "words"),
    [
        ([20.0, 0.4], 800e6, r"tx antenna height \[m\]\[1\] is 0.4"),
        (20.0, [800e6, 19e6], r"frequency \[Hz\]\[1\]"),
        (20.0, 21e9, "frequency"),
        (3001.0, 800e6, "antenna"),
    ],
)
def test_an_input_outside_its_range_is_named(tx: object, freq: object, words: str) -> None:
    with pytest.raises(ModelRangeError, match=words):
        itm_p2p_db(np.zeros((2, 10)), 50.0, tx, 1.5, freq)  # type: ignore[arg-type]


def test_another_number_of_antennas_than_profiles_is_refused() -> None:
    with pytest.raises(ValueError, match="tx_height_m"):
        itm_p2p_db(np.zeros((3, 10)), 50.0, [20.0, 30.0], 1.5, 800e6)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("climate", 0),
        ("climate", 8),
        ("mdvar", 4),
        ("mdvar", 34),
        ("n0", 249.0),
        ("n0", 401.0),
        ("epsilon_r", 0.9),
        ("sigma_s_per_m", 0.0),
        ("time_percent", 0.0),
        ("location_percent", 100.0),
        ("situation_percent", -1.0),
    ],
)
def test_a_setting_outside_its_range_is_refused(field: str, value: float) -> None:
    with pytest.raises(ModelRangeError):
        ItmSetting(**{field: value})


def test_a_percentage_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="time"):
        ItmSetting(time_percent=float("nan"))


def test_ground_that_leaves_the_range_of_the_model_is_named() -> None:
    with pytest.raises(ModelRangeError, match=r"heights_m\[0\]: impedance of the ground"):
        itm_p2p_db(
            np.zeros((1, 300)),
            50.0,
            20.0,
            1.5,
            100e6,
            setting=ItmSetting(epsilon_r=1.0, sigma_s_per_m=5.0, is_vertical=False),
        )
