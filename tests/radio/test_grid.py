"""The raster."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon

from twin.model.errors import InputError
from twin.radio.grid import Grid

SQUARE = ((0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0), (0.0, 0.0))
HOLE = ((20.0, 20.0), (60.0, 20.0), (60.0, 60.0), (20.0, 60.0))


def test_grid_over_an_outline_covers_it_on_multiples_of_the_step():
    grid = Grid.over((((3.0, 7.0), (98.0, 7.0), (98.0, 49.0)),), 25.0)
    assert (grid.x0_m, grid.y0_m, grid.n_x, grid.n_y) == (12.5, 12.5, 4, 2)
    assert grid.shape == (2, 4)


def test_mask_knows_holes_by_the_even_odd_rule_open_or_closed():
    grid = Grid.over((SQUARE,), 10.0)
    assert grid.mask((SQUARE,)).all()
    inside = grid.mask((SQUARE, HOLE))
    assert inside.sum() == 100 - 16
    assert not inside[3, 3]
    assert inside[0, 0]


@given(
    points=st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), min_size=3, max_size=7),
    shift=st.floats(0.01, 0.4),
)
@settings(max_examples=60)
def test_mask_agrees_with_shapely(points, shift):
    polygon = Polygon([(x + shift, y + 0.37 * shift) for x, y in points]).buffer(0)
    if polygon.area < 1:
        return
    parts = polygon.geoms if isinstance(polygon, MultiPolygon) else [polygon]
    rings = [tuple(ring.coords) for part in parts for ring in (part.exterior, *part.interiors)]
    grid = Grid(x0_m=0.5, y0_m=0.5, step_m=4.0, n_x=25, n_y=25)
    inside = grid.mask(rings)
    x_m, y_m = grid.centres()
    for row, column in np.ndindex(inside.shape):
        point = Point(x_m[column], y_m[row])
        if polygon.boundary.distance(point) > 1e-6:
            assert inside[row, column] == polygon.contains(point)


def test_index_finds_the_cell_of_a_point():
    grid = Grid(x0_m=5.0, y0_m=5.0, step_m=10.0, n_x=3, n_y=2)
    rows, columns, is_on = grid.index(
        np.array([0.0, 29.9, 30.1, 5.0]), np.array([0.0, 19.9, 5.0, -1.0])
    )
    assert rows[:2].tolist() == [0, 1]
    assert columns[:2].tolist() == [0, 2]
    assert is_on.tolist() == [True, True, False, False]


@pytest.mark.parametrize("step_m", [0.0, -5.0, float("nan")])
def test_step_that_is_no_length_is_refused(step_m):
    with pytest.raises(InputError, match="use a positive number"):
        Grid.over((SQUARE,), step_m)
    with pytest.raises(InputError, match="use positive numbers"):
        Grid(x0_m=0, y0_m=0, step_m=step_m, n_x=1, n_y=1)


def test_grid_of_nothing_or_of_too_much_is_refused():
    with pytest.raises(InputError, match="outline"):
        Grid.over((), 25.0)
    with pytest.raises(InputError, match="larger step"):
        Grid(x0_m=0, y0_m=0, step_m=0.001, n_x=100_000, n_y=100_000)
