"""Light on the street: worked examples, and the tables of EN 13201-2:2015."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.model.city import Lamp
from twin.sim.lamps.lighting_classes import LADDERS, RUNGS, highest_met, is_met, lower
from twin.sim.lamps.photometry import (
    intensity_cd,
    mean_and_uniformity,
    segment_figures,
    street_illuminance_lx,
)
from twin.sim.lamps.quality import ClassCheck, nearest_on_feeder

FLUX_LM = 56.0 * 130.0


@pytest.mark.parametrize(
    ("height_m", "mean_lx", "uniformity"), [(8.0, 11.9, 0.51), (6.0, 16.3, 0.34)]
)
def test_worked_examples_of_a_row_of_lamps_25_m_apart(height_m, mean_lx, uniformity):
    candela = intensity_cd(np.array(FLUX_LM))
    mean, u0 = mean_and_uniformity(street_illuminance_lx(height_m, 25.0) * candela)
    assert mean == pytest.approx(mean_lx, abs=0.05)
    assert u0 == pytest.approx(uniformity, abs=0.005)


def test_under_a_single_lamp_the_light_is_intensity_over_height_squared():
    grid = street_illuminance_lx(8.0, 1e6)
    assert grid[0, 0] == pytest.approx(1.0 / 64.0)


@given(st.floats(4.0, 14.0), st.floats(12.0, 60.0))
def test_wider_spacing_gives_less_light_and_less_even_light(height_m, spacing_m):
    near = street_illuminance_lx(height_m, spacing_m)
    far = street_illuminance_lx(height_m, spacing_m * 1.2)
    assert far.mean() < near.mean()
    assert far.min() / far.mean() <= near.min() / near.mean() + 1e-9


def test_rows_beside_the_lamps_get_less():
    grid = street_illuminance_lx(6.0, 25.0, (0.0, 3.0, 6.0))
    assert (np.diff(grid.mean(axis=1)) < 0.0).all()


def test_many_segments_equal_one_after_the_other():
    heights, spacings = np.array([6.0, 8.0, 6.0]), np.array([25.2, 30.0, 25.0])
    mean, least = segment_figures(heights, spacings, (1.0, 3.0))
    for i, (h, s) in enumerate(zip(heights, np.rint(spacings), strict=True)):
        grid = street_illuminance_lx(float(h), float(s), (1.0, 3.0))
        assert (mean[i], least[i]) == (grid.mean(), grid.min())


@pytest.mark.parametrize(("height_m", "spacing_m"), [(0.0, 25.0), (8.0, 0.0), (-1.0, 25.0)])
def test_impossible_streets_are_refused(height_m, spacing_m):
    with pytest.raises(ValueError, match="must be above 0"):
        street_illuminance_lx(height_m, spacing_m)


def test_the_classes_are_those_of_the_standard():
    rung = {r.name: r for r in RUNGS}
    luminance = [rung[f"M{k}"].mean_lx * 0.07 for k in range(1, 7)]
    assert luminance == pytest.approx([2.0, 1.5, 1.0, 0.75, 0.5, 0.3])
    assert [rung[f"M{k}"].uniformity for k in range(1, 7)] == [0.4, 0.4, 0.4, 0.4, 0.35, 0.35]
    assert [rung[f"C{k}"].mean_lx for k in range(6)] == [50, 30, 20, 15, 10, 7.5]
    assert {rung[f"C{k}"].uniformity for k in range(6)} == {0.4}
    assert [rung[f"P{k}"].mean_lx for k in range(1, 7)] == [15, 10, 7.5, 5, 3, 2]
    assert [rung[f"P{k}"].least_lx for k in range(1, 7)] == [3, 2, 1.5, 1, 0.6, 0.4]


def _index(name):
    return next(i for i, rung in enumerate(RUNGS) if rung.name == name)


@pytest.mark.parametrize("name", [rung.name for rung in RUNGS])
def test_a_class_is_met_at_its_limits_and_not_below(name):
    rung = RUNGS[_index(name)]
    least = max(rung.least_lx, rung.uniformity * rung.mean_lx)
    which = np.array([_index(name)])
    mean = np.array([rung.mean_lx])
    assert is_met(which, mean, np.array([least])).all()
    assert not is_met(which, mean * 0.999, np.array([least])).any()
    assert not is_met(which, mean, np.array([least * 0.999])).any()


@given(st.sampled_from("MCP"), st.floats(0.5, 60.0), st.floats(0.01, 1.0))
def test_the_highest_class_met_is_met_and_the_one_above_is_not(series, mean, evenness):
    names = np.array([series])
    mean_lx, least_lx = np.array([mean]), np.array([mean * evenness])
    rung = highest_met(names, mean_lx, least_lx)
    ladder = LADDERS[series]
    if rung[0] == -1:
        assert not any(is_met(np.array([r]), mean_lx, least_lx)[0] for r in ladder)
        return
    assert is_met(rung, mean_lx, least_lx)[0]
    above = ladder[: ladder.index(rung[0])]
    assert not any(is_met(np.array([r]), mean_lx, least_lx)[0] for r in above)


@pytest.mark.parametrize(
    ("series", "name", "there"),
    [("M", "M3", "M5"), ("M", "M6", "P6"), ("C", "C5", "P5"), ("P", "P4", "P6"), ("P", "P6", "P6")],
)
def test_two_classes_lower_ends_at_p6(series, name, there):
    result = lower(np.array([series]), np.array([_index(name)]), 2)
    assert RUNGS[result[0]].name == there


def test_neighbours_are_sought_on_the_same_cabinet():
    x, y = np.array([0.0, 20.0, 21.0, 60.0, 500.0]), np.zeros(5)
    nearest, distance = nearest_on_feeder(x, y, np.array([0, 0, 1, 1, 2]))
    assert nearest.tolist() == [1, 0, 3, 2, 4]
    assert distance.tolist() == [20.0, 20.0, 39.0, 39.0, 60.0]


def _row(n=6, height_m=8.0):
    return [
        Lamp(
            id=f"l{k}", cabinet="c", x_m=25.0 * k, y_m=0.0, height_m=height_m, power_w=56.0,
            kind="led",
        )
        for k in range(n)
    ]  # fmt: skip


def _check(n=6):
    return ClassCheck(_row(n), np.zeros(n, dtype=np.int64), np.full(n, 56.0))


def test_a_new_row_meets_its_class_by_day_and_dimmed_by_night():
    check, ones, yes, no = _check(), np.ones(6), np.ones(6, bool), np.zeros(6, bool)
    assert check.met(ones, ones, yes, no, no).all()
    assert check.met(0.5 * ones, ones, yes, yes, no).all()
    assert not check.met(0.5 * ones, ones, yes, no, no).any()


def test_a_dead_lamp_takes_its_neighbours_segment_along():
    check, ones, no = _check(), np.ones(6), np.zeros(6, bool)
    works = np.ones(6, bool)
    works[0] = False
    met = check.met(ones, ones, works, no, no)
    assert met.tolist() == [False, False, True, True, True, True]


def test_at_the_least_light_p6_is_met_and_below_it_is_not():
    check, ones, yes, no = _check(), np.ones(6), np.ones(6, bool), np.zeros(6, bool)
    least = check.least_light(ones)
    assert (least < 0.3).all()
    assert check.met(least * 1.0001, ones, yes, yes, yes).all()
    assert not check.met(least * 0.99, ones, yes, yes, yes).any()
    assert not check.met(least, ones, yes, no, no).any()
