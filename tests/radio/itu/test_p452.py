"""P.452 against its reference values, and what must hold for any path."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path as FilePath

import numpy as np
import pytest
from clear_air_paths import random_paths
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.model.errors import InputError, ModelRangeError
from twin.radio.check import p452 as check
from twin.radio.check.registry import check_table, find_check
from twin.radio.check.table import ReferenceTable, read_table
from twin.radio.itu import p452
from twin.radio.itu.clear_air_inputs import Path, RadioClimate, Terminals
from twin.radio.itu.p676 import specific_attenuation_db_km

VECTORS = FilePath(__file__).parents[2] / "data" / "vectors"
SEA_NAME = "test_profile_b2iseac_eqdist_no_clutter.csv"
SEEDS = st.integers(0, 2**32 - 1)
FLAT = Path(distance_m=np.linspace(0, 60e3, 121), ground_m=np.full(121, 30.0))
ENDS = Terminals(freq_hz=3.6e9, tx_height_m=30, rx_height_m=10)
AIR = RadioClimate(latitude_deg=51.4, delta_n=40, n0=325)


def values(losses):
    link, geo, bent = losses.link, losses.link.geometry, losses.diffraction
    return {
        "ae": link.radius_m / 1e3,
        "dtot": geo.length_m / 1e3,
        "hts": geo.tx_m,
        "hrs": geo.rx_m,
        "theta_t": geo.elevation_tx_mrad,
        "theta_r": geo.elevation_rx_mrad,
        "theta": geo.angle_mrad,
        "hm": geo.roughness_m,
        "hte": geo.effective_tx_m,
        "hre": geo.effective_rx_m,
        "hstd": geo.diffraction_tx_m,
        "hsrd": geo.diffraction_rx_m,
        "dlt": geo.horizon_tx_m / 1e3,
        "dlr": geo.horizon_rx_m / 1e3,
        "dtm": link.land_m / 1e3,
        "dlm": link.inland_m / 1e3,
        "b0": link.ducting_percent,
        "omega": link.sea_share,
        "Lbfsg": losses.free_space_db,
        "Lb0p": losses.los_percent_db,
        "Lb0b": losses.los_ducting_db,
        "Ldsph": bent.spherical_db[0],
        "Ld50": bent.median_db,
        "Ldp": bent.percent_db,
        "Lbs": losses.scatter_db,
        "Lba": losses.ducting_db,
        "Lb": losses.loss_db,
    }


@pytest.fixture(scope="module")
def table():
    return read_table(VECTORS / "p452_18_results.csv")


def test_every_intermediate_value_equals_the_reference(table):
    for i, row in enumerate(table.rows):
        losses = check.losses_of_row(table, i, check.find_profile(table, i))
        hidden = row["path"] == "Trans-Horizon"
        assert bool(losses.link.geometry.is_transhorizon) == hidden
        for name, value in values(losses).items():
            want = table.number(i, name)  # DN, which leads to ae, has six decimals
            assert float(value) == pytest.approx(want, rel=1e-6, abs=2e-5), (i, name)


def test_rows_over_land_that_name_the_path_over_sea_use_the_path_over_land(table):
    rows = [i for i, row in enumerate(table.rows) if row["profile"] == SEA_NAME]
    over_land = [i for i in rows if table.number(i, "omega") == 0.0]
    assert len(rows) == 70
    assert len(over_land) == 35
    named = check.read_profile(VECTORS / check.PROFILES / SEA_NAME)
    land_name = SEA_NAME.replace("b2iseac", "b2iseac_land")
    land = check.read_profile(VECTORS / check.PROFILES / land_name)
    for i in rows:
        assert check.find_profile(table, i) is (land if i in over_land else named)


def test_a_row_that_no_profile_fits_is_left_out_by_name(table):
    row = dict(table.rows[0], omega="0.5", profile=SEA_NAME)
    result = check_table(
        find_check(table), ReferenceTable(path=table.path, header=table.header, rows=(row,))
    )
    assert result.rows == 0
    assert SEA_NAME in result.excluded[0].reason


def test_a_missing_profile_is_named(table):
    row = dict(table.rows[0], profile="nowhere.csv")
    with pytest.raises(InputError, match=r"nowhere\.csv"):
        check_table(
            find_check(table), ReferenceTable(path=table.path, header=table.header, rows=(row,))
        )


def test_gases_are_those_of_p676_where_that_begins():
    dry, wet = specific_attenuation_db_km([1e9, 22e9], 1013.0, 7.5, 288.15)
    ones = np.ones(2)
    own = p452.gases_db_km(7.5 * ones, np.array([1e9, 22e9]), 1013.0 * ones, 288.15 * ones)
    np.testing.assert_allclose(own, dry + wet)


@given(seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_the_loss_is_finite_for_every_share_of_time(seed):
    rng = np.random.default_rng(seed)
    path, ends, air = random_paths(rng, 50, 30, freq_hz=(0.1e9, 50e9))
    percent = rng.choice([0.001, 0.01, 1, 20, 50.0], 50)
    losses = p452.transmission_loss(path, ends, air, time_percent=percent)
    assert np.isfinite(losses.loss_db).all()
    assert (losses.loss_db <= losses.scatter_db + 1e-9).all()


@given(seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_exchanging_the_ends_keeps_the_loss_but_for_the_angle_factor(seed):
    path, ends, air = random_paths(np.random.default_rng(seed), 20, 40, freq_hz=(0.1e9, 50e9))
    back = Path(
        distance_m=path.distance_m[:, -1:] - path.distance_m[:, ::-1],
        ground_m=path.ground_m[:, ::-1],
        clutter_m=path.clutter_m[:, ::-1],
        zone=path.zone[:, ::-1],
    )
    swapped = replace(ends, tx_height_m=ends.rx_height_m, rx_height_m=ends.tx_height_m)
    mirror = replace(air, tx_coast_m=air.rx_coast_m, rx_coast_m=air.tx_coast_m)
    there = p452.transmission_loss(path, ends, air, time_percent=1)
    again = p452.transmission_loss(back, swapped, mirror, time_percent=1)
    for name in ("free_space_db", "ducting_db", "scatter_db", "floor_db", "notional_db"):
        np.testing.assert_allclose(getattr(there, name), getattr(again, name), rtol=0, atol=1e-6)


def test_clutter_counts_from_fifty_metres_off_the_ends():
    path = Path(distance_m=[0, 49, 50, 500, 950, 951, 1000.0], ground_m=np.zeros(7), clutter_m=9.0)
    np.testing.assert_array_equal(p452.surface_m(path), [0, 0, 9, 9, 9, 0, 0])


def test_gain_towards_the_horizon_only_couples_the_scatter():
    keen = replace(ENDS, tx_gain_dbi=20.0, rx_gain_dbi=30.0)
    plain, sharp = (p452.transmission_loss(FLAT, e, AIR, time_percent=10) for e in (ENDS, keen))
    want = 0.051 * (np.exp(0.055 * 50) - 1)
    assert float(sharp.scatter_db - plain.scatter_db) == pytest.approx(want)
    assert float(sharp.ducting_db) == float(plain.ducting_db)


def test_gases_take_their_share_near_the_oxygen_line_and_water_line():
    low, high = (
        p452.transmission_loss(FLAT, replace(ENDS, freq_hz=f), AIR) for f in (10e9, 22.235e9)
    )
    excess = high.free_space_db - low.free_space_db - 20 * np.log10(2.2235)
    assert 8.0 < float(excess) < 15.0


@pytest.mark.parametrize(
    ("change", "keywords"),
    [
        ({"freq_hz": 0.09e9}, {}),
        ({"freq_hz": 51e9}, {}),
        ({"tx_height_m": 0.0}, {}),
        ({}, {"time_percent": 0.0005}),
        ({}, {"time_percent": [1, 60.0]}),
        ({}, {"pressure_hpa": 2000.0}),
        ({}, {"temperature_k": 15.0}),
    ],
)
def test_inputs_outside_the_recommendation_are_refused(change, keywords):
    with pytest.raises(ModelRangeError):
        p452.transmission_loss(FLAT, replace(ENDS, **change), AIR, **keywords)


def test_the_element_out_of_range_is_named():
    with pytest.raises(ModelRangeError, match=r"share of time \[%\]\[1\] is 60"):
        p452.transmission_loss(FLAT, ENDS, AIR, time_percent=[1, 60.0])
    with pytest.raises(ValueError, match=r"\[0\]: is nan"):
        p452.transmission_loss(FLAT, replace(ENDS, freq_hz=[np.nan, 1e9]), AIR)
