"""Loss into buildings and cars: worked values, properties and ranges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.errors import ModelRangeError
from twin.radio.tr38901 import o2i


@pytest.mark.parametrize(
    ("material", "loss_db"),
    [("glass", 2.7), ("irr glass", 24.05), ("concrete", 19.0), ("wood", 5.27)],
)
def test_materials_at_three_and_a_half_gigahertz(material, loss_db):
    assert o2i.material_loss_db(material, 3.5e9) == pytest.approx(loss_db, abs=1e-12)


def test_walls_are_the_mixture_of_their_materials():
    """At 10 GHz: glass 4, coated glass 26, concrete 45 dB."""
    low = 5 - 10 * np.log10(0.3 * 10**-0.4 + 0.7 * 10**-4.5)
    high = 5 - 10 * np.log10(0.7 * 10**-2.6 + 0.3 * 10**-4.5)
    assert o2i.wall_loss_db("low", 10e9) == pytest.approx(low, abs=1e-9)
    assert o2i.wall_loss_db("high", 10e9) == pytest.approx(high, abs=1e-9)
    assert o2i.building_entry_loss_db("low", 10e9, 10.0) == pytest.approx(low + 5.0, abs=1e-9)


@given(st.floats(0.5, 100), st.floats(0.5, 100), st.floats(0, 25))
def test_loss_grows_with_frequency_and_coated_glass_is_worse(f1, f2, depth):
    f = np.sort([f1, f2]) * 1e9
    for building in ("low", "high"):
        loss = o2i.building_entry_loss_db(building, f, depth)
        assert loss[1] >= loss[0] - 1e-9
    low, high = (o2i.building_entry_loss_db(b, f, depth) for b in ("low", "high"))
    assert (high > low).all()


def test_legacy_and_car_losses_are_those_of_the_document():
    assert o2i.legacy_entry_loss_db(2e9, [0.0, 25.0]).tolist() == [20.0, 32.5]
    assert o2i.car_entry_loss_db([0.6e9, 60e9]).tolist() == [9.0, 9.0]
    assert o2i.car_entry_loss_db(2e9, is_metallised=True) == 20.0
    assert o2i.SIGMA_P_DB == {"low": 4.4, "high": 6.5, "legacy": 0.0, "car": 5.0}


def test_draws_have_mean_and_spread_of_the_table():
    rng = np.random.default_rng(7)
    loss = o2i.draw_building_entry_loss_db("high", np.full(40_000, 3.5e9), 5.0, rng)
    mean = o2i.building_entry_loss_db("high", 3.5e9, 5.0)
    assert loss.mean() == pytest.approx(mean, abs=0.15)
    assert loss.std() == pytest.approx(6.5, abs=0.1)
    depth = o2i.draw_indoor_distance_m("UMa", 40_000, rng)
    assert depth.mean() == pytest.approx(25 / 3, abs=0.15)
    assert depth.min() >= 0
    assert depth.max() <= 25
    assert o2i.draw_indoor_distance_m("RMa", 1000, rng).max() <= 10


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="choose of glass"):
        o2i.material_loss_db("paper", 2e9)
    with pytest.raises(ValueError, match="choose of low, high"):
        o2i.wall_loss_db("tent", 2e9)
    with pytest.raises(ValueError, match="choose of UMa"):
        o2i.draw_indoor_distance_m("InH", 3, np.random.default_rng(1))
    with pytest.raises(ModelRangeError, match=r"indoor 2D distance \[m\]\[1\] is 30"):
        o2i.building_entry_loss_db("low", 2e9, [1.0, 30.0])
    with pytest.raises(ModelRangeError, match="carrier frequency"):
        o2i.legacy_entry_loss_db(7e9)
    with pytest.raises(ModelRangeError, match="carrier frequency"):
        o2i.car_entry_loss_db(0.5e9)
