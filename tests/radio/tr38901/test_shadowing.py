"""Shadowing: its spread, and how values at points close by agree."""

from __future__ import annotations

import numpy as np
import pytest

from twin.model.errors import ModelRangeError
from twin.radio.tr38901 import shadowing


def test_every_state_has_a_spread_and_a_distance():
    assert set(shadowing.SIGMA_SF_DB) == set(shadowing.CORRELATION_DISTANCE_M)
    assert shadowing.sigma_sf_db("UMi", "NLOS", [1.0, 9.0]).tolist() == [7.82, 7.82]
    assert shadowing.sigma_sf_db("InF-DL", "NLOS") == 7.2
    assert shadowing.LOS_CORRELATION_DISTANCE_M["InF-SL"] == 5.0
    with pytest.raises(ValueError, match="InH O2I is unknown"):
        shadowing.sigma_sf_db("InH", "O2I")


def test_rural_line_of_sight_scatters_more_beyond_the_breakpoint():
    d_break = 2 * np.pi * 35 * 1.5 * 2e9 / 3e8
    sigma = shadowing.sigma_sf_db("RMa", "LOS", [d_break - 1, d_break + 1], 2e9, 35.0, 1.5)
    assert sigma.tolist() == [4.0, 6.0]
    with pytest.raises(ModelRangeError, match="2D distance"):
        shadowing.sigma_sf_db("RMa", "LOS", -1.0)


@pytest.mark.parametrize("most_exact", [1500, 0], ids=["exact", "waves"])
def test_correlation_falls_by_e_within_the_correlation_distance(most_exact):
    """Twenty places that are far from each other, each with shifts of 0 to 3 distances."""
    rng = np.random.default_rng(11)
    shift = np.array([0.0, 10.0, 50.0, 100.0, 150.0])
    x = np.add.outer(np.arange(20) * 5000.0, shift).ravel()
    draws = np.stack(
        [
            shadowing.correlated_normal(x, 0 * x, 50.0, rng, most_exact=most_exact)
            for _ in range(200)
        ]
    ).reshape(-1, 5)
    assert draws.mean() == pytest.approx(0.0, abs=0.05)
    assert draws.var() == pytest.approx(1.0, abs=0.05)
    measured = (draws * draws[:, :1]).mean(axis=0)
    np.testing.assert_allclose(measured, np.exp(-shift / 50.0), atol=0.06)


@pytest.mark.parametrize("most_exact", [1500, 0], ids=["exact", "waves"])
def test_same_seed_gives_the_same_map_and_same_place_the_same_value(most_exact):
    x = np.array([0.0, 40.0, 0.0, 7.0])
    one, two = (
        shadowing.correlated_normal(x, x, 13.0, np.random.default_rng(5), most_exact=most_exact)
        for _ in range(2)
    )
    np.testing.assert_array_equal(one, two)
    assert one[0] == pytest.approx(one[2], abs=1e-9)


def test_plane_waves_are_nearly_normal_on_a_large_map():
    rng = np.random.default_rng(2)
    x, y = rng.random((2, 5000)) * 20_000.0
    z = shadowing.correlated_normal(x, y, 50.0, rng)
    assert z.std() == pytest.approx(1.0, abs=0.06)
    assert np.mean(z**4) == pytest.approx(3.0, abs=0.35)
    assert np.mean(np.abs(z) < 1.0) == pytest.approx(0.683, abs=0.03)


def test_sectors_of_a_site_agree_and_sites_agree_by_half():
    rng = np.random.default_rng(3)
    x = np.arange(300) * 1000.0
    db = np.concatenate(
        [
            shadowing.shadowing_db(
                x, 0 * x, ["a", "a", "b"], sigma_db=6.0, distance_m=50.0, rng=rng
            )
            for _ in range(30)
        ],
        axis=1,
    )
    np.testing.assert_array_equal(db[0], db[1])
    correlation = np.corrcoef(db)
    assert correlation[0, 2] == pytest.approx(0.5, abs=0.04)
    assert db.std(axis=1) == pytest.approx([6.0] * 3, abs=0.2)


def test_line_of_sight_is_drawn_with_its_probability_and_alike_close_by():
    rng = np.random.default_rng(8)
    x = np.repeat(np.arange(400) * 1000.0, 2)
    x[1::2] += 1.0
    p = np.repeat(np.linspace(0.0, 1.0, 400), 2)
    drawn = np.stack([shadowing.draw_is_los(p, x, 0 * x, 50.0, rng) for _ in range(20)])
    assert drawn.mean() == pytest.approx(0.5, abs=0.03)
    assert not drawn[:, 0].any()
    assert drawn[:, -1].all()
    assert (drawn[:, ::2] == drawn[:, 1::2]).mean() > 0.9


def test_what_does_not_fit_is_refused():
    rng = np.random.default_rng(1)
    good = {"sigma_db": 6.0, "distance_m": 50.0, "rng": rng}
    with pytest.raises(ValueError, match=r"x_m\[1\]: is nan"):
        shadowing.correlated_normal([0.0, np.nan], [0.0, 1.0], 50.0, rng)
    with pytest.raises(ValueError, match="as long as each other"):
        shadowing.correlated_normal([0.0, 1.0], [0.0], 50.0, rng)
    with pytest.raises(ValueError, match="distance_m: is 0"):
        shadowing.correlated_normal([0.0], [0.0], 0.0, rng)
    with pytest.raises(ValueError, match="site_of_cell: is empty"):
        shadowing.shadowing_db([0.0], [0.0], [], **good)
    with pytest.raises(ValueError, match="site_correlation: is 2"):
        shadowing.shadowing_db([0.0], [0.0], ["a"], **good, site_correlation=2.0)
    with pytest.raises(ValueError, match="sigma_db: is -1"):
        shadowing.shadowing_db([0.0], [0.0], ["a"], **(good | {"sigma_db": -1.0}))
    with pytest.raises(ModelRangeError, match=r"probability\[0\] is 2"):
        shadowing.draw_is_los([2.0], [0.0], [0.0], 50.0, rng)
    with pytest.raises(ValueError, match="must be of shape"):
        shadowing.draw_is_los(0.5, [0.0], [0.0], 50.0, rng)
