"""P.1812 against its reference values, and what must hold for any path."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path as FilePath

import numpy as np
import pytest
from clear_air_paths import random_paths
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.model.errors import ModelRangeError
from twin.radio.check import p1812 as check
from twin.radio.check.table import read_table
from twin.radio.itu import p1812
from twin.radio.itu.clear_air import tail_quantile
from twin.radio.itu.clear_air_inputs import Path, RadioClimate, Terminals, Zone
from twin.radio.itu.clear_air_path import longest_run_m, path_centre_latitude_deg, zone_share
from twin.radio.itu.diffraction import bullington_db, edge_loss_db
from twin.radio.itu.normal import normal_quantile
from twin.radio.itu.p526 import knife_edge_db
from twin.radio.itu.p1812_batch import batch_loss_db

VECTORS = FilePath(__file__).parents[2] / "data" / "vectors"
SEEDS = st.integers(0, 2**32 - 1)
D_M = np.linspace(0, 20e3, 201)
HILL = Path(distance_m=D_M, ground_m=100 * np.exp(-(((D_M - 8e3) / 1e3) ** 2)))
FLAT = Path(distance_m=D_M, ground_m=np.full(201, 30.0))
ENDS = Terminals(freq_hz=868e6, tx_height_m=30, rx_height_m=10)
AIR = RadioClimate(latitude_deg=51.4, delta_n=40, n0=325)

# Relative to the ten digits of the log: every value of P.1812 within 1e-6 of it.
DIGITS = 1e-6


def values(losses):
    link, geo, bent = losses.link, losses.link.geometry, losses.diffraction
    return {
        "d (km)": geo.length_m / 1e3,
        "dlt (km)": geo.horizon_tx_m / 1e3,
        "dlr (km)": geo.horizon_rx_m / 1e3,
        "th_t (mrad)": geo.elevation_tx_mrad,
        "th_r (mrad)": geo.elevation_rx_mrad,
        "th (mrad)": geo.angle_mrad,
        "hts (m)": geo.tx_m,
        "hrs (m)": geo.rx_m,
        "w": link.sea_share,
        "dtm (km)": link.land_m / 1e3,
        "dlm (km)": link.inland_m / 1e3,
        "b0 (%)": link.ducting_percent,
        "ae (km)": link.radius_m / 1e3,
        "hst (m)": geo.smooth_tx_m,
        "hsr (m)": geo.smooth_rx_m,
        "hstd (m)": geo.diffraction_tx_m,
        "hsrd (m)": geo.diffraction_rx_m,
        "hte (m)": geo.effective_tx_m,
        "hre (m)": geo.effective_rx_m,
        "hm (m)": geo.roughness_m,
        "Fi": losses.time_factor,
        "Fj": losses.angle_factor,
        "Fk": losses.distance_factor,
        "Lbfs": losses.free_space_db,
        "Lb0p": losses.los_percent_db,
        "Lb0b": losses.los_ducting_db,
        "Lbulla (dB)": bent.actual_db[1],  # the log keeps those of the second radius
        "Lbulls (dB)": bent.smooth_db[1],
        "Ldsph (dB)": bent.spherical_db[1],
        "Ld50 (dB)": bent.median_db,
        "Ldb (dB)": bent.ducting_db,
        "Ldp (dB)": bent.percent_db,
        "Lbd50 (dB)": losses.free_space_db + bent.median_db,
        "Lminb0p (dB)": losses.floor_db,
        "Lba (dB)": losses.ducting_db,
        "Lminbap (dB)": losses.enhanced_db,
        "Lbda (dB)": losses.notional_db,
        "Lbam (dB)": losses.modified_db,
        "Lbs (dB)": losses.scatter_db,
        "Lbc (dB)": losses.median_place_db,
        "Lb (dB)": losses.loss_db,
    }


@pytest.fixture(scope="module")
def table():
    return read_table(VECTORS / "p1812_scenarios.csv")


def test_every_intermediate_value_equals_the_reference(table):
    for i, row in enumerate(table.rows):
        losses = check.losses_of_row(table, i)
        for name, value in values(losses).items():
            want = table.number(i, name)
            assert float(value) == pytest.approx(want, rel=DIGITS, abs=DIGITS), (row["case"], name)


def test_field_strength_follows_from_loss_and_power(table):
    losses = check.losses_of_row(table, 0)
    assert check.field_dbuv_m(table, 0, losses) == pytest.approx(49.84494546, abs=1e-6)
    more = p1812.field_strength_dbuv_m(100.0, 1e9, [1e3, 1e4])
    np.testing.assert_allclose(more, [99.36, 109.36])


def test_the_kernel_equals_the_reference(table):
    for i in range(len(table.rows)):
        link = check.losses_of_row(table, i).link
        path = replace(
            link.path,
            **{
                k: getattr(link.path, k)[None]
                for k in ("distance_m", "ground_m", "clutter_m", "zone")
            },
        )
        ends = Terminals(
            freq_hz=link.freq_hz,
            tx_height_m=table.number(i, "htg (m)"),
            rx_height_m=table.number(i, "hrg (m)"),
            is_vertical=link.is_vertical,
        )
        air = RadioClimate(
            latitude_deg=table.number(i, "phi (deg)"),
            delta_n=table.number(i, "DN"),
            n0=table.number(i, "N0"),
            tx_coast_m=link.tx_coast_m,
            rx_coast_m=link.rx_coast_m,
        )
        loss_db = batch_loss_db(path, ends, air, time_percent=link.percent)
        assert loss_db[0] == pytest.approx(table.number(i, "Lb (dB)"), abs=1e-6)


@given(seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_a_batch_equals_its_paths_one_by_one(seed):
    path, ends, air = random_paths(np.random.default_rng(seed), 3, 20)
    together = p1812.transmission_loss(path, ends, air, time_percent=10).loss_db
    for i in range(3):
        one = Path(
            distance_m=path.distance_m[i],
            ground_m=path.ground_m[i],
            clutter_m=path.clutter_m[i],
            zone=path.zone[i],
        )
        end = Terminals(**{k: np.asarray(getattr(ends, k))[i] for k in (
            "freq_hz", "tx_height_m", "rx_height_m", "is_vertical")})  # fmt: skip
        own = RadioClimate(**{k: np.asarray(getattr(air, k))[i] for k in (
            "latitude_deg", "delta_n", "n0", "tx_coast_m", "rx_coast_m")})  # fmt: skip
        alone = p1812.transmission_loss(one, end, own, time_percent=10).loss_db
        assert float(alone) == pytest.approx(float(together[i]), abs=1e-9)


@given(seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_the_loss_is_finite_and_never_below_line_of_sight(seed):
    path, ends, air = random_paths(np.random.default_rng(seed), 50, 30)
    losses = p1812.transmission_loss(
        path, ends, air, time_percent=5, location_percent=99, location_sigma_db=5
    )
    assert np.isfinite(losses.loss_db).all()
    assert (losses.loss_db >= losses.los_percent_db - 1e-9).all()


@given(seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_more_time_means_more_loss_not_exceeded(seed):
    path, ends, air = random_paths(np.random.default_rng(seed), 20, 30, with_zones=False)
    low, high = (p1812.transmission_loss(path, ends, air, time_percent=p) for p in (1.0, 50.0))
    assert (high.los_percent_db >= low.los_percent_db).all()
    assert (high.ducting_db >= low.ducting_db).all()
    assert (high.scatter_db >= low.scatter_db).all()


@given(seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_exchanging_the_ends_keeps_the_loss(seed):
    path, ends, air = random_paths(np.random.default_rng(seed), 20, 40)
    back = Path(
        distance_m=path.distance_m[:, -1:] - path.distance_m[:, ::-1],
        ground_m=path.ground_m[:, ::-1],
        clutter_m=path.clutter_m[:, ::-1],
        zone=path.zone[:, ::-1],
    )
    swapped = replace(ends, tx_height_m=ends.rx_height_m, rx_height_m=ends.tx_height_m)
    mirror = replace(air, tx_coast_m=air.rx_coast_m, rx_coast_m=air.tx_coast_m)
    there = p1812.transmission_loss(path, ends, air, time_percent=10).loss_db
    again = p1812.transmission_loss(back, swapped, mirror, time_percent=10).loss_db
    np.testing.assert_allclose(there, again, rtol=0, atol=1e-6)


def test_all_shares_of_time_in_one_call_equal_single_calls():
    percent = np.array([1.0, 10.0, 50.0])
    together = p1812.transmission_loss(HILL, ENDS, AIR, time_percent=percent).loss_db
    alone = [
        float(p1812.transmission_loss(HILL, ENDS, AIR, time_percent=p).loss_db) for p in percent
    ]
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-9)


def test_clutter_raises_the_loss_but_not_at_the_ends():
    bare = float(p1812.transmission_loss(FLAT, ENDS, AIR).loss_db)
    ends_only = np.zeros(201)
    ends_only[[0, -1]] = 50.0
    at_ends = replace(FLAT, clutter_m=ends_only)
    covered = replace(FLAT, clutter_m=20.0)
    assert float(p1812.transmission_loss(at_ends, ENDS, AIR).loss_db) == bare
    assert float(p1812.transmission_loss(covered, ENDS, AIR).loss_db) > bare + 3


def test_locations_spread_the_loss_on_land_only():
    def loss(path, share):
        return float(
            p1812.transmission_loss(
                path, ENDS, AIR, location_percent=share, location_sigma_db=5.5
            ).loss_db
        )

    at_sea = replace(HILL, zone=Zone.SEA)
    quantile = float(normal_quantile(0.95))
    assert loss(HILL, 95) - loss(HILL, 50) == pytest.approx(5.5 * quantile, abs=0.01)
    assert loss(HILL, 50) - loss(HILL, 5) == pytest.approx(5.5 * quantile, abs=0.01)
    assert loss(at_sea, 95) == loss(at_sea, 50)


def test_deviation_over_locations_falls_to_nothing_over_the_clutter():
    sigma = p1812.location_sigma_db(1e9, [5.0, 10.0, 15.0, 20.0, 30.0], 10.0, 100.0)
    full = (0.52 + 0.024) * 100**0.28
    np.testing.assert_allclose(sigma, [full, full, full / 2, 0.0, 0.0])


def test_the_tail_quantile_is_that_of_the_normal_distribution():
    x = np.array([1e-6, 0.01, 0.2, 0.5, 0.7, 0.99])
    np.testing.assert_allclose(tail_quantile(x), -normal_quantile(x), rtol=0, atol=4.6e-4)


def test_a_single_edge_is_that_of_p526():
    nu = np.array([-1.0, -0.78, -0.5, 0.0, 3.0])
    np.testing.assert_allclose(edge_loss_db(nu), knife_edge_db(nu), rtol=0, atol=0.02)


def test_bullington_grows_without_a_step_through_the_grazing_edge():
    d = np.array([0.0, 4e3, 5e3, 6e3, 1e4])
    heights = 20.0 + np.array([-1e-9, 0.0, 1e-9]) - 5e3 * 5e3 / (2 * 8.5e6)
    profile = np.stack([np.array([0, 0, h, 0, 0.0]) for h in heights])
    one = np.ones(3)
    loss = bullington_db(d, profile, 20 * one, 20 * one, 8.5e6 * one, 0.5 * one)
    np.testing.assert_allclose(loss, loss[1], rtol=0, atol=1e-6)


def test_zones_meet_halfway_between_points():
    d = np.array([0.0, 1e3, 3e3, 4e3, 6e3])
    sea = np.array([False, True, True, False, True])
    assert zone_share(d, sea) == pytest.approx((1.5e3 + 1.5e3 + 1e3) / 6e3)
    assert longest_run_m(d, sea) == pytest.approx(3.0e3)
    assert zone_share(d, ~sea & False) == 0.0
    assert zone_share(d, sea | True) == 1.0


def test_the_centre_of_a_path_lies_between_its_ends():
    south, north = (48.0, 11.0), (50.0, 11.0)
    assert path_centre_latitude_deg(south, north, 222.4e3) == pytest.approx(49.0, abs=1e-3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"freq_hz": [868e6, 7e9]}, r"frequency \[Hz\]\[1\] is 7e\+09"),
        ({"freq_hz": 29e6}, "frequency"),
        ({"tx_height_m": 0.5}, "tx height"),
        ({"rx_height_m": 3001.0}, "rx height"),
    ],
)
def test_ends_outside_the_recommendation_are_refused(change, words):
    with pytest.raises(ModelRangeError, match=words):
        p1812.transmission_loss(HILL, replace(ENDS, **change), AIR)


@pytest.mark.parametrize(
    "keywords",
    [
        {"time_percent": 0.5},
        {"time_percent": [10, 51]},
        {"location_percent": 0.5},
        {"location_percent": 99.5},
        {"location_sigma_db": -1.0},
    ],
)
def test_shares_outside_the_recommendation_are_refused(keywords):
    with pytest.raises(ModelRangeError):
        p1812.transmission_loss(HILL, ENDS, AIR, **keywords)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"delta_n": 157.0}, "delta N"),
        ({"n0": [325.0, 900.0]}, r"N0 \[N-units\]\[1\]"),
        ({"latitude_deg": 91.0}, "latitude"),
        ({"tx_coast_m": -1.0}, "coast"),
    ],
)
def test_impossible_air_is_refused(change, words):
    with pytest.raises(ModelRangeError, match=words):
        p1812.transmission_loss(HILL, ENDS, replace(AIR, **change))


def test_short_and_long_paths_are_refused():
    for scale in (0.01, 200.0):
        path = Path(distance_m=D_M * scale, ground_m=HILL.ground_m)
        with pytest.raises(ModelRangeError, match="path length"):
            p1812.transmission_loss(path, ENDS, AIR)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"distance_m": [0, 1, 2.0], "ground_m": [0, 0, 0.0]}, "4 or more"),
        ({"distance_m": [0, 1, 3, 2, 4.0], "ground_m": np.zeros(5)}, r"distance_m\[3\]"),
        ({"distance_m": [1, 2, 3, 4.0], "ground_m": np.zeros(4)}, r"distance_m\[0\]: is 1"),
        ({"distance_m": [0, 0, 3, 4.0], "ground_m": np.zeros(4)}, r"distance_m\[1\]"),
        ({"distance_m": [0, 1, 4, 4.0], "ground_m": np.zeros(4)}, r"distance_m\[3\]"),
        ({"distance_m": [0, 1, 2, 3.0], "ground_m": np.zeros(5)}, "do not fit"),
        ({"distance_m": [0, 1, 2, 3.0], "ground_m": 1.0}, "ground_m"),
        ({"distance_m": [0, 1, 2, 3.0], "ground_m": [0, np.nan, 0, 0]}, r"\[1\]: is nan"),
        (
            {"distance_m": [0, 1, 2, 3.0], "ground_m": np.zeros(4), "zone": [0, 1, 3, 0]},
            r"zone\[2\]",
        ),
        ({"distance_m": [], "ground_m": []}, "empty"),
    ],
)
def test_a_bad_profile_is_refused_by_name(arrays, words):
    with pytest.raises(ValueError, match=words):
        Path(**arrays)


def test_clutter_below_ground_is_refused():
    with pytest.raises(ModelRangeError, match=r"clutter \[m\]\[1\]"):
        Path(distance_m=[0, 1, 2, 3.0], ground_m=np.zeros(4), clutter_m=[0, -1, 0, 0])


def test_a_vertical_step_is_a_profile():
    step = Path(distance_m=[0, 400, 400, 900, 1000.0], ground_m=[0, 0, 60, 0, 0.0])
    assert np.isfinite(p1812.transmission_loss(step, ENDS, AIR).loss_db)


def test_shapes_that_do_not_fit_are_named():
    two, three = Terminals(freq_hz=[1e9, 2e9], tx_height_m=[10, 20, 30.0], rx_height_m=2), AIR
    with pytest.raises(ValueError, match=r"tx_height_m \(3,\)"):
        p1812.transmission_loss(HILL, two, three)
    with pytest.raises(ValueError, match="n_profiles"):
        batch_loss_db(HILL, ENDS, AIR)
