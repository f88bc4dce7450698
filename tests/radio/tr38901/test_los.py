"""P(LOS) of TR 38.901: properties, worked values and ranges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from twin.model.errors import ModelRangeError
from twin.radio.tr38901 import los
from twin.radio.tr38901.inf import Clutter


@given(
    model=st.sampled_from([los.rma, los.uma, los.umi, los.inh_open]),
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
    with pytest.raises(ModelRangeError, match=r"2D distance \[m\]\[1\] is -1"):
        los.umi([10.0, -1.0])
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match=r"2D distance \[m\]\[1\]: is"):
            los.umi([10.0, bad])
    with pytest.raises(ModelRangeError, match="terminal height"):
        los.uma(100.0, 24.0)
    with pytest.raises(ValueError, match="choose of"):
        los.los_probability("Moon", 10.0)


@given(
    name=st.sampled_from(["InF-SL", "InF-DL", "InF-SH", "InF-DH"]),
    d=st.tuples(st.floats(0, 600), st.floats(0, 600)),
    size=st.floats(0.5, 20),
    density=st.floats(0.01, 0.95),
    height=st.floats(2.0, 10.0),
)
def test_factory_hides_more_with_distance_and_clutter(name, d, size, density, height):
    clutter = Clutter(size_m=size, density=density, height_m=height)
    denser = Clutter(size_m=size, density=density + 0.04, height_m=height)
    near, far = los.inf(name, np.sort(d), 12.0, 1.5, clutter=clutter)
    assert 0 <= far <= near <= 1
    assert los.inf(name, max(d), 12.0, 1.5, clutter=denser) <= far


def test_factory_decay_distances_are_those_of_the_table():
    """k = -size / ln(1 - density), for a high station times (h_BS - h_UT) / (h_c - h_UT)."""
    low = -10.0 / np.log(0.8)
    assert los.inf_subscenario_m("InF-SL", 1.5, 1.5) == pytest.approx(low)
    assert los.inf_subscenario_m("InF-SH", 8.0, 1.5) == pytest.approx(low * 6.5 / 0.5)
    assert los.inf_subscenario_m("InF-DH", 8.0, 1.5) == pytest.approx(
        -2.0 / np.log(0.4) * 6.5 / 4.5
    )
    assert los.los_probability("InF-DL", 20.0) == pytest.approx(np.exp(-20.0 * -np.log(0.4) / 2.0))
    assert (los.los_probability("InF-HH", [1.0, 500.0]) == 1.0).all()


def test_factory_refuses_heights_that_do_not_fit():
    with pytest.raises(ModelRangeError, match="below the clutter"):
        los.inf("InF-SH", 10.0, 8.0, 3.0)
    with pytest.raises(ModelRangeError, match="above the clutter"):
        los.inf("InF-DH", 10.0, 4.0, 1.5)
    with pytest.raises(ModelRangeError, match="clutter density"):
        Clutter(size_m=2.0, density=1.0, height_m=2.0)
    with pytest.raises(ValueError, match="choose of InF-SL"):
        los.inf_subscenario_m("UMa", 25.0, 1.5)


@pytest.mark.parametrize("name", los.LOS_SCENARIOS)
def test_every_scenario_gives_a_probability_that_is_one_nearby(name):
    p = los.los_probability(name, np.array([0.0, 1.0, 10.0, 100.0, 1000.0]), 1.5)
    assert p[0] == 1.0
    assert ((p >= 0) & (p <= 1)).all()


def test_office_meets_its_steps():
    """The document steps at 49 m (open) and 6.5 m (mixed); the steps are below a hundredth."""
    assert los.inh_open(49.0) == pytest.approx(los.inh_open(49.001), abs=0.01)
    assert los.inh_mixed(6.499) == pytest.approx(los.inh_mixed(6.5), abs=0.01)
    assert los.los_probability("InH-open", 5.0) == 1.0
